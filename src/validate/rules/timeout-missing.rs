//! Time-outs without which a connection may hang for ever.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "timeout-missing",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "no time-out: connections that hang stay for ever",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    for proxy in config.proxies() {
        let has_servers = !proxy.servers().is_empty();
        let takes = proxy.is_frontend() && !proxy.binds().is_empty();
        for (name, wanted, value) in
            [("connect", has_servers, "10s"), ("server", has_servers, "5m"), ("client", takes, "5m")]
        {
            if !wanted || proxy.find(&["timeout", name]).is_some() {
                continue;
            }
            let text = format!("timeout {name} {value}");
            let message =
                format!("{} has no timeout {name}: a connection that hangs stays for ever", proxy.shown());
            let finding =
                Finding::at(header(&proxy), message).way_out(format!("write '{text}' here or in defaults"));
            found.push(finding.fix(&text, vec![insert(context.files, &proxy, &text)]));
        }
    }
}
