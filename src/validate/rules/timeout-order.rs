//! Time-outs that are out of order along the chain.

use super::registration_timeout_short::place;
use super::*;

pub(super) const RULE: Rule = Rule {
    id: "timeout-order",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "time-outs of host registration are out of order along the chain",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    for frontend in config.frontends_on(registration_port(config, context)) {
        for backend in frontend.routes().iter().filter_map(|r| r.backend) {
            let server = backend.timeout("server");
            if let (Some((statement, client)), Some((_, server))) = (frontend.timeout("client"), server)
                && client < server
            {
                let message = format!(
                    "timeout client is {client}, and the server's is {server}: the client is hung up on while its capsule \
                     still works"
                );
                found.push(
                    Finding::at(place(&frontend, statement), message)
                        .way_out("make timeout client as long as timeout server of the backend, or longer"),
                );
            }
            if let (Some((statement, connect)), Some((_, server))) = (backend.timeout("connect"), server)
                && connect >= server
            {
                let message =
                    format!("timeout connect is {connect}, and no shorter than timeout server ({server})");
                found.push(
                    Finding::at(place(&backend, statement), message)
                        .way_out("10 s are enough to connect: a dead capsule is then passed over soon"),
                );
            }
        }
    }
}
