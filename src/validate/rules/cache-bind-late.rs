//! An address that may not be there yet when the service starts.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "cache-bind-late",
    severity: Severity::Advice,
    needs: Needs::Nothing,
    about: "an address that is not there yet at boot stops the cache's start",
    check: Check::Cache(check),
};

fn check(config: &CacheConfig, _: &Context<'_>, found: &mut Vec<Finding>) {
    for bound in binds(config).iter().filter(|b| !b.is_any() && !b.is_loopback() && !b.optional()) {
        let message = format!("where {} is not there yet at boot, the cache does not start", bound.address());
        let fixed = format!("-{}", bound.address());
        found.push(
            Finding::at(bound.word.span, message)
                .way_out(format!("write '{fixed}': the dash lets the start go on without it"))
                .fix(fixed.clone(), vec![Edit::replace(bound.word.span, fixed)]),
        );
    }
}
