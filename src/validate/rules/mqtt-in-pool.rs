//! MQTT behind a load balancer.

use super::*;
use crate::inventory::RexMode;

pub(super) const RULE: Rule = Rule {
    id: "mqtt-in-pool",
    severity: Severity::Warning,
    needs: Needs::Inventory,
    about: "a load-balanced capsule has rex_mode mqtt, which is not supported",
    check: Check::Inventory(check),
};

fn check(facts: &Facts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let capsules =
        facts.topology.capsules.iter().filter(|c| c.load_balancer.is_some() && c.rex_mode == RexMode::Mqtt);
    for capsule in capsules {
        let message = format!(
            "{} is behind a load balancer and has rex_mode mqtt, which is not supported",
            capsule.name
        );
        let finding = at_host(facts, context, &capsule.name, Some("rex_mode"), message);
        found.push(finding.way_out("write rex_mode=ssh, or take the capsule out of the pool"));
    }
}
