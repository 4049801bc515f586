//! TLS that ends on the load balancer, so that client certificates do not reach the capsules.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "passthrough-bind-ssl",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "TLS ends on the load balancer where client certificates must reach the capsules",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    for port in passthrough_ports(config, context) {
        for bind in config.frontends_on(port).iter().flat_map(Proxy::binds).filter(|b| b.has_port(port)) {
            if let Some(ssl) = bind.options.iter().find(|w| w.text == "ssl") {
                let message =
                    format!("TLS ends here on {port}: client certificates do not reach the capsules");
                let way_out =
                    "take 'ssl' and its certificate away from this bind; mode tcp passes TLS through";
                found.push(Finding::at(ssl.span, message).way_out(way_out));
            }
        }
    }
}
