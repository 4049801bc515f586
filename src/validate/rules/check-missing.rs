//! Capsules that nobody looks after.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "check-missing",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "servers of host registration are not checked",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    for backend in registration_backends(config, context) {
        let unchecked: Vec<_> = backend.servers().into_iter().filter(|s| !s.is_checked()).collect();
        let Some(first) = unchecked.first() else { continue };
        let names: Vec<String> = unchecked.iter().map(|s| s.name.text.clone()).collect();
        let message = format!(
            "{} without check in {}: the statistics show nothing of a dead capsule",
            some(&names),
            backend.shown()
        );
        let way_out = "write 'default-server check check-ssl verify none' and 'option httpchk'";
        found.push(Finding::at(first.name.span, message).way_out(way_out));
    }
}
