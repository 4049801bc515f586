//! Registrations in flight that a failed check kills.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "shutdown-sessions",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "a failed check kills the registrations that are in flight",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    for backend in all_registration_backends(config, context) {
        for server in backend.servers() {
            let Some((name, value)) = server.options.value("on-marked-down") else { continue };
            if value.text != "shutdown-sessions" {
                continue;
            }
            let both = Span { end: value.span.end, ..name.span };
            let gone = Span { start: name.span.start.saturating_sub(1), ..both };
            found.push(
                Finding::at(
                    both,
                    "a capsule that fails its check while it is loaded loses all registrations in flight",
                )
                .way_out("take it away: connections that are open may finish")
                .fix("on-marked-down goes", vec![Edit::replace(gone, "")]),
            );
        }
    }
}
