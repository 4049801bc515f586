//! What neither Redis nor Valkey can read.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "cache-unread",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "a quote in the cache's configuration never closes",
    check: Check::Cache(check),
};

fn check(config: &CacheConfig, _: &Context<'_>, found: &mut Vec<Finding>) {
    for (span, words) in &config.problems {
        found.push(Finding::at(*span, *words).way_out("close it: the service does not start with it"));
    }
}
