//! Two capsules of a pool with one short name.

use super::*;
use std::collections::HashMap;

pub(super) const RULE: Rule = Rule {
    id: "short-name-shared",
    severity: Severity::Error,
    needs: Needs::Inventory,
    about: "two capsules of a pool have the same short name, by which HAProxy names its servers",
    check: Check::Inventory(check),
};

fn check(facts: &Facts, context: &Context<'_>, found: &mut Vec<Finding>) {
    for lb in &facts.topology.load_balancers {
        let mut seen: HashMap<&str, &str> = HashMap::new();
        for name in &lb.pool {
            let short = name.split('.').next().unwrap_or(name);
            if let Some(first) = seen.insert(short, name) {
                let message = format!("{name} and {first} are both the server '{short}' of {}", lb.name);
                found.push(
                    at_host(facts, context, name, None, message)
                        .way_out("give them names that differ before the first dot"),
                );
            }
        }
    }
}
