//! A private address that is none.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "private-ip-invalid",
    severity: Severity::Error,
    needs: Needs::Inventory,
    about: "private_ip is no address, or private_ip6 none of IPv6",
    check: Check::Inventory(check),
};

fn check(facts: &Facts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let capsules = facts.topology.capsules.iter().map(|c| &c.name);
    for name in capsules.chain(facts.topology.load_balancers.iter().map(|lb| &lb.name)) {
        for (key, kind, is) in [
            ("private_ip", "address", (|t| t.parse::<std::net::IpAddr>().is_ok()) as fn(&str) -> bool),
            ("private_ip6", "IPv6 address", |t| t.parse::<std::net::Ipv6Addr>().is_ok()),
        ] {
            if let Some(value) = facts.text(name, key).filter(|value| !is(value)) {
                let message = format!("{name}: {key} is {value:?}, which is no {kind}");
                let finding = at_host(facts, context, name, Some(key), message);
                found.push(finding.way_out("write the address alone, without prefix length or name"));
            }
        }
    }
}
