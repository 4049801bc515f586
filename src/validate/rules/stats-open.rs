//! A statistics page that anybody may read.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "stats-open",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "the statistics page is reachable from other hosts without a password",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, _: &Context<'_>, found: &mut Vec<Finding>) {
    for proxy in config.frontends() {
        let mut places = vec![proxy];
        places.extend(proxy.routes().iter().filter_map(|r| r.backend));
        let shown = places.iter().find_map(|p| ["enable", "uri"].iter().find_map(|w| p.find(&["stats", w])));
        let Some(statement) = shown else { continue };
        let guarded = places.iter().any(|p| {
            [
                &["stats", "auth"][..],
                &["stats", "http-request", "auth"],
                &["stats", "http-request", "deny"],
                &["http-request", "auth"],
            ]
            .iter()
            .any(|words| !p.all(words).is_empty())
        });
        if guarded {
            continue;
        }
        if let Some(bind) = proxy.binds().iter().find(|b| !b.endpoint.is_loopback()) {
            let message =
                format!("the statistics page is open to everybody who reaches {}", bind.endpoint.shown());
            let way_out = "bind it to 127.0.0.1, or write 'stats auth USER:PASSWORD'";
            let span = if proxy.owns(statement) { statement.span } else { bind.word.span };
            found.push(Finding::at(span, message).way_out(way_out));
        }
    }
}
