//! A stand-in backend that serves only when it is too late.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "fail-open-late",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "the unchecked backend serves later than when the first capsule is down",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    for route in config.frontends_on(registration_port(config, context)).iter().flat_map(Proxy::routes) {
        let (Some(statement), Some(condition)) = (route.statement, &route.condition) else { continue };
        let Some(counted) = condition.backend.as_deref().and_then(|name| config.backend(name)) else {
            continue;
        };
        let servers = counted.servers();
        let pool = servers.len() as u64;
        // who throws capsules out on purpose needs a way for when all are out, no more
        let keeps = servers.iter().any(|s| s.options.number("fall").is_some_and(|fall| fall >= 100));
        if !keeps || servers.iter().any(|s| s.template) {
            continue;
        }
        if let Some(fewer) = condition.fewer_than.filter(|n| *n < pool) {
            let message = format!(
                "the unchecked backend serves only when fewer than {fewer} of {pool} servers are up: until then a failing \
                 capsule has lost its share"
            );
            let way_out =
                format!("write {{ nbsrv({}) lt {pool} }}, the number of its servers", counted.name());
            found.push(Finding::at(statement.span, message).way_out(way_out));
        }
    }
}
