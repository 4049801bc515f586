//! A capsule of another location in this pool.

use super::*;
use crate::inventory::Role;

pub(super) const RULE: Rule = Rule {
    id: "server-of-other-location",
    severity: Severity::Error,
    needs: Needs::Inventory,
    about: "a server is a capsule of another location, or no capsule",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    let (Some(facts), Some(balancer)) = (context.facts, balancer(config, context)) else { return };
    for server in pool_servers(config, context) {
        let Some(endpoint) = &server.endpoint else { continue };
        let message = match facts.topology.by_host(&endpoint.host) {
            Some(Role::Capsule(capsule)) if capsule.location == balancer.location => continue,
            Some(Role::Capsule(capsule)) => format!(
                "{} is {}, a capsule of {}, and {} is of {}",
                endpoint.host,
                capsule.name,
                located(capsule.location.as_deref()),
                balancer.name,
                located(balancer.location.as_deref())
            ),
            Some(Role::Satellite(host)) => {
                format!("{} is {}, a Satellite and no capsule", endpoint.host, host.name)
            }
            Some(Role::LoadBalancer(host)) => {
                format!("{} is {}, a load balancer and no capsule", endpoint.host, host.name)
            }
            None => continue,
        };
        let way_out = "take it out of the pool, or correct its location in the inventory";
        found.push(Finding::at(server.address.span, message).way_out(way_out));
    }
}

fn located(location: Option<&str>) -> String {
    location.map_or("no location".to_owned(), |l| format!("location {l}"))
}
