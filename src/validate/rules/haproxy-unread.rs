//! What no HAProxy can read.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "haproxy-unread",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "a quote that never closes, an .if without .endif, a statement outside any section",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, _: &Context<'_>, found: &mut Vec<Finding>) {
    for (span, words) in &config.problems {
        found.push(Finding::at(*span, *words).way_out("HAProxy does not start with it"));
    }
}
