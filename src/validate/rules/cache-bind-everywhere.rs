//! A cache on every address of its host.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "cache-bind-everywhere",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "the cache listens on every address, the public ones too",
    check: Check::Cache(check),
};

fn check(config: &CacheConfig, _: &Context<'_>, found: &mut Vec<Finding>) {
    let way_out = "write 'bind 127.0.0.1 -PRIVATE_IP': only capsules of the pool have to reach it";
    let message = "the cache listens on every address of the load balancer, the public ones too";
    if let Some(any) = binds(config).iter().find(|b| b.is_any()) {
        found.push(Finding::at(any.word.span, message).way_out(way_out));
    } else if config.last("bind").is_none() && config.is_whole() {
        found.push(Finding::of_file(root(config), format!("{message} (no bind)")).way_out(way_out));
    }
}
