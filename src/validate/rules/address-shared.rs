//! Two hosts with one address.

use super::*;
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule {
    id: "address-shared",
    severity: Severity::Error,
    needs: Needs::Inventory,
    about: "two hosts have the same address",
    check: Check::Inventory(check),
};

const KEYS: [&str; 4] = ["private_ip", "private_ip6", "public_ip", "public_ip6"];

fn check(facts: &Facts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let topology = &facts.topology;
    let satellites = topology.satellites.iter().map(|h| (&h.name, &h.addresses));
    let capsules = topology.capsules.iter().map(|c| (&c.name, &c.addresses));
    let balancers = topology.load_balancers.iter().map(|l| (&l.name, &l.addresses));
    let mut owners: BTreeMap<std::net::IpAddr, &str> = BTreeMap::new();
    for (name, addresses) in satellites.chain(capsules).chain(balancers) {
        for ip in addresses {
            let owner = *owners.entry(*ip).or_insert(name);
            if owner != name {
                let same = |key: &&&str| facts.text(name, key).and_then(|t| t.parse().ok()) == Some(*ip);
                let key = KEYS.iter().find(same).copied();
                let message = format!("{name} and {owner} have both the address {ip}");
                found.push(at_host(facts, context, name, key, message).way_out("correct one of them"));
            }
        }
    }
}
