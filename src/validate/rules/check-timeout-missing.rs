//! A check that may hang as long as its interval.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "check-timeout-missing",
    severity: Severity::Advice,
    needs: Needs::Nothing,
    about: "a check that hangs is given up only after its whole interval",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    for backend in registration_backends(config, context) {
        let checked = backend.servers().iter().any(|s| s.is_checked());
        if checked
            && backend.find(&["option", "httpchk"]).is_some()
            && backend.find(&["timeout", "check"]).is_none()
        {
            let message = format!(
                "{} has no timeout check: a check that hangs takes its whole interval",
                backend.shown()
            );
            found.push(
                Finding::at(header(&backend), message)
                    .way_out("write 'timeout check 10s'")
                    .fix("timeout check 10s", vec![insert(context.files, &backend, "timeout check 10s")]),
            );
        }
    }
}
