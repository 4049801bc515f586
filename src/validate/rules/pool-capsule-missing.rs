//! A capsule of the location that the load balancer does not know.

use super::*;
use crate::inventory::Role;
use std::collections::HashSet;

pub(super) const RULE: Rule = Rule {
    id: "pool-capsule-missing",
    severity: Severity::Warning,
    needs: Needs::Inventory,
    about: "a capsule of the load balancer's location is in no backend of a service",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    let (Some(facts), Some(balancer)) = (context.facts, balancer(config, context)) else { return };
    for port in [80, 443, registration_port(config, context)] {
        for backend in config.backends_on(port) {
            let servers = backend.servers();
            if servers.is_empty() || servers.iter().any(|s| s.template || s.endpoint.is_none()) {
                continue;
            }
            let known: HashSet<&str> = servers
                .iter()
                .filter_map(|s| facts.topology.by_host(&s.endpoint.as_ref()?.host))
                .filter(|role| matches!(role, Role::Capsule(_)))
                .map(Role::name)
                .collect();
            let missing: Vec<String> =
                balancer.pool.iter().filter(|name| !known.contains(name.as_str())).cloned().collect();
            if !missing.is_empty() {
                let message =
                    format!("{} of port {port} lacks {} of its pool", backend.shown(), some(&missing));
                let way_out = "add a server line for each: the others carry their load";
                found.push(Finding::at(header(&backend), message).way_out(way_out));
            }
        }
    }
}
