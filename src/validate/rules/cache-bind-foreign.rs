//! A bind address that the host does not have.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "cache-bind-foreign",
    severity: Severity::Error,
    needs: Needs::Inventory,
    about: "the cache is bound to an address that its host does not have",
    check: Check::Cache(check),
};

fn check(config: &CacheConfig, context: &Context<'_>, found: &mut Vec<Finding>) {
    let Some(facts) = context.facts else { return };
    let balancers = &facts.topology.load_balancers;
    let own: Vec<_> = balancers.iter().filter(|lb| context.host.is_none_or(|host| host == lb.name)).collect();
    if own.is_empty() {
        return;
    }
    for bound in binds(config).iter().filter(|b| !b.is_any() && !b.is_loopback()) {
        let Ok(ip) = bound.address().parse::<std::net::IpAddr>() else { continue };
        if own.iter().any(|lb| lb.addresses.contains(&ip.to_canonical())) {
            continue;
        }
        let whose = match own.as_slice() {
            [only] => only.name.clone(),
            _ => "no load balancer of the inventory".to_owned(),
        };
        let what = if bound.optional() { "it is not listened on" } else { "the service does not start" };
        let verb = if own.len() == 1 { "does not have" } else { "has" };
        let message = format!("{whose} {verb} the address {ip}: {what}");
        let way_out = "write the load balancer's private_ip, or correct it in the inventory";
        found.push(Finding::at(bound.word.span, message).way_out(way_out));
    }
}
