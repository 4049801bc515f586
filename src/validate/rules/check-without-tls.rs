//! A check that speaks plain HTTP to a port that speaks TLS.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "check-without-tls",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "the check speaks plain HTTP to a TLS port, and always fails",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    for port in [registration_port(config, context), 443] {
        for backend in main_backends(config, port) {
            let Some(httpchk) = backend.find(&["option", "httpchk"]) else { continue };
            let connects = backend.all(&["http-check", "connect"]);
            if connects.iter().any(|s| s.find("ssl").is_some() || s.find("default").is_some()) {
                continue;
            }
            for server in backend.servers().iter().filter(|s| s.is_checked()) {
                let tls = ["check-ssl", "ssl"].iter().any(|name| server.options.flag(name).is_some());
                if tls || server.options.value("port").is_some() {
                    continue;
                }
                let Some(check) = server.options.flag("check") else { continue };
                let verify = if server.options.value("verify").is_some() { "" } else { " verify none" };
                let message = format!(
                    "the check of {} asks in plain HTTP on port {port}, which speaks TLS: it always fails ({})",
                    server.name.text,
                    httpchk.word(1)
                );
                found.push(
                    Finding::at(check.span, message).way_out("write 'check check-ssl verify none'").fix(
                        "check-ssl verify none",
                        vec![Edit::behind(check.span, format!(" check-ssl{verify}"))],
                    ),
                );
            }
        }
    }
}
