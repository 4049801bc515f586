//! A cache that is not that of the capsule's load balancer.

use super::*;
use crate::inventory::Role;

pub(super) const RULE: Rule = Rule {
    id: "cache-url-elsewhere",
    severity: Severity::Error,
    needs: Needs::Inventory,
    about: "the cache's URL leads to no cache of the inventory, or to another pool's",
    check: Check::Registration(check),
};

fn check(file: &Registration, context: &Context<'_>, found: &mut Vec<Finding>) {
    let Some(facts) = context.facts else { return };
    for (entry, _, url) in cache_urls(file) {
        let Ok(url) = url else { continue };
        let Some(Role::LoadBalancer(balancer)) = facts.topology.by_host(&url.host) else {
            let message =
                format!("no load balancer of the inventory is {}: no cache answers there", url.host);
            found.push(Finding::at(entry.value_span, message).way_out(expected(context)));
            continue;
        };
        let own = own_balancer(context);
        if let Some(own) = own.filter(|own| *own != balancer.name) {
            let message = format!("{} is {}, and this capsule is behind {own}", url.host, balancer.name);
            found.push(Finding::at(entry.value_span, message).way_out(expected(context)));
            continue;
        }
        let port = facts.port(&balancer.name, "registration_cache_port").unwrap_or(6379);
        let asked = url.port.unwrap_or(6379);
        if asked != port {
            let message =
                format!("the cache of {} listens on {port}, and this asks on {asked}", balancer.name);
            found.push(Finding::at(entry.value_span, message).way_out(format!("write port {port}")));
        }
    }
}

fn expected(context: &Context<'_>) -> String {
    let address = context.facts.zip(own_balancer(context)).map(|(facts, name)| facts.address(name));
    address.map_or_else(
        || "write the private_ip of the load balancer of the capsule's location".to_owned(),
        |address| format!("write {address}, its load balancer"),
    )
}
