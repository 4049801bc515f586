//! A limit in front that keeps the pool from ever being full.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "maxconn-order",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "a limit of the frontend or of the whole is lower than that of the pool behind it",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    let number = |s: &Statement| s.word(1).parse::<u64>().ok();
    let globals = config.global(&["maxconn"]);
    let global = globals.last().and_then(|s| number(s).map(|n| (*s, n)));
    for frontend in config.frontends_on(registration_port(config, context)) {
        let pool = frontend.routes().iter().filter_map(|r| r.backend).filter_map(|b| pool_limit(&b)).max();
        let own = frontend.find(&["maxconn"]).and_then(|s| number(s).map(|n| (s, n)));
        if let (Some(pool), Some((statement, limit))) = (pool, own)
            && limit < pool
        {
            let span = if frontend.owns(statement) { statement.span } else { header(&frontend) };
            let message =
                format!("{} takes {limit} connections, and its capsules together {pool}", frontend.shown());
            let way_out = format!(
                "write 'maxconn {pool}' or more in the frontend: more wait unseen in the kernel's queue"
            );
            found.push(Finding::at(span, message).way_out(way_out));
        }
        if let (Some((statement, limit)), Some(wanted)) = (global, own.map(|(_, n)| n).max(pool))
            && limit < wanted
        {
            let message = format!("global maxconn is {limit}, and {} is to take {wanted}", frontend.shown());
            found.push(
                Finding::at(statement.span, message)
                    .way_out(format!("write 'maxconn {}' or more in global", wanted * 2)),
            );
        }
    }
}

/// What all servers of a backend take; none where one has no limit.
fn pool_limit(backend: &Proxy<'_>) -> Option<u64> {
    let servers = backend.servers();
    let limits: Option<Vec<u64>> =
        servers.iter().map(|s| s.options.number("maxconn").filter(|n| *n > 0)).collect();
    limits.filter(|l| !l.is_empty()).map(|l| l.iter().fold(0, |a: u64, b| a.saturating_add(*b)))
}
