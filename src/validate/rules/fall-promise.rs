//! A high `fall` that is to keep a failing capsule in rotation, and does not.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "fall-promise",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "a high fall does not keep a failing capsule in rotation by itself",
    check: Check::Haproxy(check),
};

/// From here on nobody means to take a capsule out.
const NEVER: u64 = 100;

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    let port = registration_port(config, context);
    for frontend in config.frontends_on(port) {
        let routes = frontend.routes();
        let open = |name: &str| {
            let counts =
                |r: &Route<'_>| r.condition.as_ref().is_some_and(|c| c.backend.as_deref() == Some(name));
            routes.iter().any(counts)
        };
        for backend in routes.iter().filter_map(|r| r.backend).filter(|b| !open(b.name())) {
            for server in backend.servers().iter().filter(|s| s.is_checked()) {
                let Some((_, fall)) = server.options.value("fall") else { continue };
                let starts_up = server.options.value("init-state").is_some_and(|(_, v)| v.text == "fully-up");
                if fall.text.parse::<u64>().is_ok_and(|n| n >= NEVER) && !starts_up {
                    found.push(finding(fall, backend.name(), backend.servers().len()));
                }
            }
        }
    }
}

fn finding(fall: &Word, backend: &str, servers: usize) -> Finding {
    let message = format!(
        "fall {} does not keep a failing capsule: HAProxy starts every server one failed check from DOWN, and a start or \
         reload is followed by one",
        fall.text
    );
    Finding::at(fall.span, message).way_out(format!(
        "add a backend of the same servers without check, and in the frontend 'use_backend THAT if {{ nbsrv({backend}) lt \
         {servers} }}'"
    ))
}
