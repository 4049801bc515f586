//! Nothing listens on the port of host registration.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "registration-missing",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "nothing listens on the port of host registration",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    let port = registration_port(config, context);
    if config.frontends_on(port).is_empty() {
        let finding = Finding::of_file(
            config.first_file(),
            format!("no frontend listens on {port}: hosts cannot register"),
        );
        found.push(
            finding.way_out(format!(
                "add a frontend with 'bind *:{port}' and a backend of all capsules on 9090"
            )),
        );
    }
}
