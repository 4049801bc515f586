//! A server that wraps the clients' own TLS in a second one.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "passthrough-server-ssl",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "a server line speaks TLS itself where the clients' TLS must go through",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    for port in passthrough_ports(config, context) {
        for server in config.backends_on(port).iter().flat_map(Proxy::servers) {
            let Some(ssl) = server.options.flag("ssl") else { continue };
            let checked = server.is_checked() && server.options.flag("check-ssl").is_none();
            let message =
                format!("'ssl' wraps the clients' own TLS on {port} in a second one: every client fails");
            let finding = Finding::at(ssl.span, message);
            found.push(if checked {
                finding
                    .way_out("'check-ssl' has only the check speak TLS, and lets the clients' through")
                    .fix("ssl becomes check-ssl", vec![Edit::replace(ssl.span, "check-ssl")])
            } else {
                let gone = Span { start: ssl.span.start.saturating_sub(1), ..ssl.span };
                finding
                    .way_out("take 'ssl' away: the statistics say UP all the same, and only a real client shows it")
                    .fix("ssl goes", vec![Edit::replace(gone, "")])
            });
        }
    }
}
