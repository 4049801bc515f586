//! A registration URL that leads past the load balancer.

use super::*;
use crate::inventory::Role;

pub(super) const RULE: Rule = Rule {
    id: "registration-url-elsewhere",
    severity: Severity::Warning,
    needs: Needs::Inventory,
    about: "registration_url is not that of the capsule's load balancer",
    check: Check::Registration(check),
};

fn check(file: &Registration, context: &Context<'_>, found: &mut Vec<Finding>) {
    let (Some(facts), Some(entry)) = (context.facts, file.get("registration_url")) else { return };
    let Some(text) = entry.text() else { return };
    let at = |message: String| Finding::at(entry.value_span, message);
    let parsed = url::Url::parse(text).ok();
    let Some((parsed, host)) = parsed.as_ref().and_then(|u| Some((u, u.host_str()?))) else {
        found.push(at("registration_url is no URL".to_owned()).way_out("write https://LOAD_BALANCER:9090"));
        return;
    };
    let own = own_balancer(context);
    let way_out = own.map_or_else(
        || "write https://LOAD_BALANCER:9090".to_owned(),
        |lb| format!("write https://{lb}:9090"),
    );
    match facts.topology.by_host(host) {
        Some(Role::LoadBalancer(lb)) if own.is_none_or(|own| own == lb.name) => {
            let port = facts.port(&lb.name, "haproxy_registration_port").unwrap_or(REGISTRATION);
            let asked = parsed.port_or_known_default().unwrap_or(0);
            if asked != port {
                found.push(
                    at(format!("{} takes registrations on {port}, and this is {asked}", lb.name))
                        .way_out(way_out),
                );
            }
        }
        Some(Role::LoadBalancer(lb)) => {
            let own = own.unwrap_or_default();
            found.push(
                at(format!("{host} is {}, and this capsule is behind {own}", lb.name)).way_out(way_out),
            );
        }
        // a name of the service that only DNS knows
        None if !facts.topology.load_balancers.is_empty() => {
            let message =
                format!("no load balancer of the inventory is {host}: hosts are told to register there");
            found.push(at(message).way_out(way_out).severity(Severity::Advice));
        }
        Some(role) if own.is_some() => {
            let message = format!(
                "{host} is {}: hosts go past the load balancer with the rest of their registration",
                role.name()
            );
            found.push(at(message).way_out(way_out));
        }
        _ => {}
    }
}
