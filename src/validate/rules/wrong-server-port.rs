//! A service whose servers are those of another.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "wrong-server-port",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "a service's servers have the port of another service",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    let registration = registration_port(config, context);
    for service in &SERVICES {
        let port = if service.port == REGISTRATION { registration } else { service.port };
        for server in config.backends_on(port).iter().flat_map(Proxy::servers) {
            let Some(have) = server.endpoint.as_ref().and_then(|e| e.port) else { continue };
            // another port than usual may be meant; that of another service is not
            let other =
                SERVICES.iter().find(|s| s.server_port == have && s.server_port != service.server_port);
            if let Some(other) = other {
                let message = format!(
                    "{} ({port}) goes to port {have} of {}, which is {}",
                    service.name, server.name.text, other.name
                );
                let way_out = format!("write port {}", service.server_port);
                let written = server
                    .address
                    .text
                    .rsplit_once(':')
                    .map(|(host, _)| format!("{host}:{}", service.server_port));
                let edits =
                    written.map(|text| vec![Edit::replace(server.address.span, text)]).unwrap_or_default();
                found.push(
                    Finding::at(server.address.span, message).way_out(&way_out).proposal(way_out, edits),
                );
            }
        }
    }
}
