//! A server that no host of the inventory is.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "server-not-in-inventory",
    severity: Severity::Warning,
    needs: Needs::Inventory,
    about: "a server is no host of the inventory",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    let Some(facts) = context.facts else { return };
    for server in pool_servers(config, context) {
        let Some(endpoint) = server.endpoint.as_ref().filter(|e| facts.topology.by_host(&e.host).is_none())
        else {
            continue;
        };
        let message = format!("no host of the inventory has the address {}", endpoint.host);
        let way_out = "correct the address, or give the capsule its private_ip in the inventory";
        found.push(Finding::at(server.address.span, message).way_out(way_out));
    }
}
