//! Two keys for one thing.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "cache-keys-both",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "cache_url and redis_url stand both in the file",
    check: Check::Registration(check),
};

fn check(file: &Registration, _: &Context<'_>, found: &mut Vec<Finding>) {
    if let (Some(new), Some(old)) = (file.get("cache_url"), file.get("redis_url")) {
        let same = new.text() == old.text();
        let how = if same { "with the same value" } else { "and lead to different places" };
        let message = format!(
            "cache_url and redis_url stand both here {how}: which one counts depends on the smart-proxy"
        );
        found.push(
            Finding::at(old.key_span, message).way_out("keep the one that this capsule's smart-proxy reads"),
        );
    }
}
