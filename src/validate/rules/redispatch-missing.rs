//! A dead capsule in rotation that clients notice.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "redispatch-missing",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "a connection that a dead capsule does not take is not sent to the next one",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    for backend in all_registration_backends(config, context) {
        if backend.servers().len() < 2 {
            continue;
        }
        if backend.find(&["option", "redispatch"]).is_none() {
            let message = format!(
                "{} has no redispatch: each registration that comes to a dead capsule waits and fails",
                backend.shown()
            );
            found.push(
                Finding::at(header(&backend), message)
                    .way_out("write 'option redispatch 1': only connecting is tried again, no request is sent twice")
                    .fix("option redispatch 1", vec![insert(context.files, &backend, "option redispatch 1")]),
            );
        } else if let Some(none) = backend.find(&["retries", "0"]) {
            let message = format!("{} has retries 0: redispatch has no second try", backend.shown());
            let finding = Finding::at(super::registration_timeout_short::place(&backend, none), message);
            found.push(finding.way_out("write 'retries 2' in this backend"));
        }
    }
}
