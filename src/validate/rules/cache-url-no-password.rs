//! A capsule that has no password for the cache.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "cache-url-no-password",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "capsules without credentials need a cache that serves them without a password",
    check: Check::Registration(check),
};

fn check(file: &Registration, _: &Context<'_>, found: &mut Vec<Finding>) {
    for (entry, _, url) in cache_urls(file) {
        if url.is_ok_and(|url| url.password.is_none()) {
            let message = "no user and password: the cache must serve the pool's addresses without one";
            let way_out =
                "write redis://USER:PASSWORD@..., or set registration_cache_open_to_pool for the cache";
            found.push(Finding::at(entry.value_span, message).way_out(way_out));
        }
    }
}
