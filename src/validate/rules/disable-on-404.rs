//! 404 that drains a capsule, whatever is expected.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "disable-on-404",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "a 404 drains the capsule, whatever 'http-check expect' says",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    for backend in all_registration_backends(config, context) {
        for statement in backend.all(&["http-check", "disable-on-404"]) {
            let message = "disable-on-404 wins over 'expect': a capsule without the check's URI gets no new registration";
            found.push(
                Finding::at(statement.span, message)
                    .way_out("take it away")
                    .fix("disable-on-404 goes", vec![Edit::without_line(statement.span, context.files)]),
            );
        }
    }
}
