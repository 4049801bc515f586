//! A value that is no address of a cache.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "cache-url-form",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "the cache's URL is none that a Redis client takes",
    check: Check::Registration(check),
};

fn check(file: &Registration, _: &Context<'_>, found: &mut Vec<Finding>) {
    for (entry, _, url) in cache_urls(file) {
        let Err(why) = url else { continue };
        let way_out =
            "write redis://USER:PASSWORD@PRIVATE_IP:6379/0, or rediss:// where the cache speaks TLS";
        found.push(Finding::at(entry.value_span, format!("{}: {why}", entry.key)).way_out(way_out));
    }
}
