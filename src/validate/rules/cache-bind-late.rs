//! An address that may not be there yet when the service starts.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "cache-bind-late",
    severity: Severity::Advice,
    needs: Needs::Nothing,
    about: "an address that is not there yet at boot stops the cache's start",
    check: Check::Cache(check),
};

const ROLES_FILE: &str = "# Made by satperf.reginfra.registration_cache;";

fn check(config: &CacheConfig, context: &Context<'_>, found: &mut Vec<Finding>) {
    for bound in binds(config).iter().filter(|b| !b.is_any() && !b.is_loopback() && !b.optional()) {
        // its unit starts again until the address is there; with the dash the cache would go on without it
        if context.files.get(bound.word.span.file).line(1).starts_with(ROLES_FILE) {
            continue;
        }
        let message = format!("where {} is not there yet at boot, the cache does not start", bound.address());
        let fixed = format!("-{}", bound.address());
        found.push(
            Finding::at(bound.word.span, message)
                .way_out(format!("write '{fixed}': the dash lets the start go on without it"))
                .fix(fixed.clone(), vec![Edit::replace(bound.word.span, fixed)]),
        );
    }
}
