//! A backend without any server.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "backend-empty",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "a backend that a frontend uses has no server",
    check: Check::Haproxy(check),
};

/// What answers without a server.
const ANSWERS: [&[&str]; 8] = [
    &["http-request", "redirect"],
    &["http-request", "return"],
    &["http-request", "deny"],
    &["http-request", "use-service"],
    &["redirect"],
    &["stats"],
    &["dispatch"],
    &["option", "transparent"],
];

fn check(config: &Haproxy, _: &Context<'_>, found: &mut Vec<Finding>) {
    for frontend in config.frontends() {
        for route in frontend.routes() {
            let Some(backend) = route.backend.filter(|b| b.servers().is_empty()) else { continue };
            // a listen or frontend may answer itself (statistics)
            let answers = |p: &Proxy<'_>| ANSWERS.iter().any(|words| !p.all(words).is_empty());
            if !answers(&backend) && !answers(&frontend) {
                let message = format!("{} has no server: each connection to it is refused", backend.shown());
                found
                    .push(Finding::at(header(&backend), message).way_out("add its servers, or take it away"));
            }
        }
    }
}
