//! A cache that no capsule can reach.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "cache-bind-local",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "the cache listens on loopback only: no capsule reaches it",
    check: Check::Cache(check),
};

fn check(config: &CacheConfig, _: &Context<'_>, found: &mut Vec<Finding>) {
    let bound = binds(config);
    if let Some(directive) = config.last("bind")
        && !bound.is_empty()
        && bound.iter().all(Bound::is_loopback)
    {
        let message = "the cache listens on loopback only: no capsule reaches it";
        found.push(
            Finding::at(directive.span, message)
                .way_out("add the load balancer's private_ip: 'bind 127.0.0.1 -PRIVATE_IP'"),
        );
    }
}
