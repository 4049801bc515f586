//! A host of a pool without a private address.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "private-ip-missing",
    severity: Severity::Error,
    needs: Needs::Inventory,
    about: "a host of a pool has no private_ip",
    check: Check::Inventory(check),
};

fn check(facts: &Facts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let pools = facts.topology.load_balancers.iter().filter(|lb| !lb.pool.is_empty());
    for name in pools.flat_map(|lb| std::iter::once(&lb.name).chain(&lb.pool)) {
        if facts.text(name, "private_ip").is_none() {
            let message =
                format!("{name} has no private_ip: its pool reaches it over {} instead", facts.address(name));
            let way_out = "write private_ip=ADDRESS behind the host: the cache is bound to it, and the firewall opened for it";
            found.push(at_host(facts, context, name, None, message).way_out(way_out));
        }
    }
}
