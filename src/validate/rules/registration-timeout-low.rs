//! Time-outs that are long enough for one registration, and not for a storm of them.

use super::registration_timeout_short::{CAPSULE_WAITS, longer, place, registration_timeouts};
use super::*;

pub(super) const RULE: Rule = Rule {
    id: "registration-timeout-low",
    severity: Severity::Advice,
    needs: Needs::Nothing,
    about: "under storm load registrations need time-outs of 5 minutes",
    check: Check::Haproxy(check),
};

const STORM: Duration = Duration::of_seconds(300);

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    for (proxy, name, statement, value) in registration_timeouts(config, context) {
        if (CAPSULE_WAITS..STORM).contains(&value) {
            let message = format!(
                "{}: timeout {name} is {value}: under storm load 5 minutes were needed",
                proxy.shown()
            );
            let finding = Finding::at(place(&proxy, statement), message);
            found.push(longer(&proxy, name, statement, finding, context));
        }
    }
}
