//! A check that only connects.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "check-tcp-only",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "a plain TCP check writes a stack trace into proxy.log each time, and shows nothing of Foreman",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    for backend in registration_backends(config, context) {
        if backend.find(&["option", "httpchk"]).is_some() {
            continue;
        }
        let plain = |s: &Server<'_>| {
            s.is_checked() && s.options.flag("check-ssl").is_none() && s.options.flag("ssl").is_none()
        };
        let servers = backend.servers();
        let Some(check) = servers.iter().find(|s| plain(s)).and_then(|s| s.options.flag("check")) else {
            continue;
        };
        let message = format!(
            "{} is checked by connecting alone: smart-proxy writes a stack trace each time, and a capsule without Foreman \
             counts as up",
            backend.shown()
        );
        let way_out = "add 'option httpchk', 'http-check send meth GET uri /features ver HTTP/1.1 hdr Host localhost', \
                       'http-check expect status 200', and 'check check-ssl verify none'";
        found.push(Finding::at(check.span, message).way_out(way_out));
    }
}
