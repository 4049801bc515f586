//! HTTP mode where there is TLS to pass through.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "passthrough-mode-http",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "mode http where TLS must go through untouched",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    for port in passthrough_ports(config, context) {
        let backends = config.backends_on(port);
        for proxy in config.frontends_on(port).into_iter().chain(backends) {
            if let Some(mode) = proxy.find(&["mode", "http"]).filter(|_| proxy.mode() == "http") {
                found.push(finding(&proxy, port, mode, context));
            }
        }
    }
}

fn finding(proxy: &Proxy<'_>, port: u16, mode: &Statement, context: &Context<'_>) -> Finding {
    let own = proxy.owns(mode);
    let from = if own { "" } else { " (from its defaults)" };
    let message =
        format!("{} has mode http{from}: TLS of port {port} is no HTTP that HAProxy can read", proxy.shown());
    let finding =
        Finding::at(if own { mode.span } else { header(proxy) }, message).way_out("write 'mode tcp'");
    let edit = match mode.words.get(1) {
        Some(word) if own => Edit::replace(word.span, "tcp"),
        _ => insert(context.files, proxy, "mode tcp"),
    };
    // what is for HTTP only would be refused in mode tcp
    let http = |s: &Statement| {
        let word = s.word(0);
        word.starts_with("http-") && word != "http-check"
            || matches!(s.word(1), "httplog" | "forwardfor" | "httpclose")
    };
    if proxy.section.statements.iter().any(http) {
        finding.proposal("mode tcp", vec![edit])
    } else {
        finding.fix("mode tcp", vec![edit])
    }
}
