//! Two load balancers of one location.

use super::*;
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule {
    id: "load-balancers-two",
    severity: Severity::Error,
    needs: Needs::Inventory,
    about: "a location has two load balancers, and its capsules one cache",
    check: Check::Inventory(check),
};

fn check(facts: &Facts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    for lb in &facts.topology.load_balancers {
        let Some(location) = &lb.location else { continue };
        let known = *first.entry(location).or_insert(&lb.name);
        if known != lb.name {
            let message = format!(
                "location {location} has the load balancer {known} already: its capsules use that one's cache"
            );
            let finding = at_host(facts, context, &lb.name, Some("location"), message);
            found.push(finding.way_out("give one of them another location, or take it out of [capsule_lbs]"));
        }
    }
}
