//! A load balancer without capsules.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "load-balancer-alone",
    severity: Severity::Warning,
    needs: Needs::Inventory,
    about: "a load balancer has no capsule in its location",
    check: Check::Inventory(check),
};

fn check(facts: &Facts, context: &Context<'_>, found: &mut Vec<Finding>) {
    for lb in facts.topology.load_balancers.iter().filter(|lb| lb.pool.is_empty()) {
        let Some(location) = &lb.location else { continue };
        let message = format!("the load balancer {} has no capsule in its location ({location})", lb.name);
        let finding = at_host(facts, context, &lb.name, Some("location"), message);
        found.push(finding.way_out("give capsules that location, or take the host out of [capsule_lbs]"));
    }
}
