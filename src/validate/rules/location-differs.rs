//! A location that differs from the group's.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "location-differs",
    severity: Severity::Warning,
    needs: Needs::Inventory,
    about: "a host's location is another than that of its group, or it is in the groups of two",
    check: Check::Inventory(check),
};

fn check(facts: &Facts, context: &Context<'_>, found: &mut Vec<Finding>) {
    let capsules = facts.topology.capsules.iter().map(|c| &c.name);
    for name in capsules.chain(facts.topology.load_balancers.iter().map(|lb| &lb.name)) {
        let Some(host) = facts.inventory.host(name) else { continue };
        let groups = host.groups();
        let mut groups: Vec<&str> =
            groups.iter().filter_map(|g| g.strip_prefix("location_")).filter(|g| !g.is_empty()).collect();
        groups.sort_unstable();
        let same = |a: &str, b: &str| {
            a.to_lowercase().replace([' ', '-'], "_") == b.to_lowercase().replace('-', "_")
        };
        let message = match (facts.text(name, "location"), groups.as_slice()) {
            (Some(location), [first, ..]) if !groups.iter().any(|g| same(&location, g)) => {
                format!(
                    "{name}: its location is {location}, its group is location_{first}: {location} counts"
                )
            }
            (_, [first, second, ..]) => format!("{name} is in location_{first} and in location_{second}"),
            _ => continue,
        };
        let finding = at_host(facts, context, name, Some("location"), message);
        found.push(finding.way_out("make them the same, or take the variable away"));
    }
}
