//! A capsule or load balancer that belongs to no pool.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "location-missing",
    severity: Severity::Warning,
    needs: Needs::Inventory,
    about: "a capsule or load balancer is in no location",
    check: Check::Inventory(check),
};

fn check(facts: &Facts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let topology = &facts.topology;
    if topology.load_balancers.is_empty() {
        return;
    }
    let capsules = topology.capsules.iter().filter(|c| c.location.is_none()).map(|c| (&c.name, "capsule"));
    let balancers =
        topology.load_balancers.iter().filter(|l| l.location.is_none()).map(|l| (&l.name, "load balancer"));
    for (name, what) in capsules.chain(balancers) {
        let message = format!("the {what} {name} is in no location, so it is in no pool");
        let finding = at_host(facts, context, name, Some("location"), message);
        found.push(finding.way_out("write location=NAME behind the host, or list it in [location_NAME]"));
    }
}
