//! Time-outs that end registrations which a capsule still works on.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "registration-timeout-short",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "HAProxy gives a registration up before the capsule does (60 s)",
    check: Check::Haproxy(check),
};

/// What a capsule waits for Foreman today.
pub(super) const CAPSULE_WAITS: Duration = Duration::of_seconds(60);

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    for (proxy, name, statement, value) in registration_timeouts(config, context) {
        if value < CAPSULE_WAITS {
            let message = format!(
                "{}: timeout {name} is {value}: it ends registrations that the capsule still waits for (60 s)",
                proxy.shown()
            );
            let finding = Finding::at(place(&proxy, statement), message);
            found.push(longer(&proxy, name, statement, finding, context));
        }
    }
}

/// `timeout client` and `timeout server` on the way of host registration, where they are set.
pub(super) fn registration_timeouts<'a>(
    config: &'a Haproxy,
    context: &Context<'_>,
) -> Vec<(Proxy<'a>, &'static str, &'a Statement, Duration)> {
    let port = registration_port(config, context);
    let clients = config.frontends_on(port).into_iter().map(|p| (p, "client"));
    let servers = config.backends_on(port).into_iter().map(|p| (p, "server"));
    let all = clients.chain(servers);
    all.filter_map(|(p, name)| p.timeout(name).map(|(statement, value)| (p, name, statement, value)))
        .collect()
}

/// The statement where the section has it itself, else the section.
pub(super) fn place(proxy: &Proxy<'_>, statement: &Statement) -> Span {
    if proxy.owns(statement) { statement.span } else { header(proxy) }
}

/// Five minutes instead.
pub(super) fn longer(
    proxy: &Proxy<'_>,
    name: &str,
    statement: &Statement,
    finding: Finding,
    context: &Context<'_>,
) -> Finding {
    let wanted = format!("timeout {name} 5m");
    let edit = match statement.words.get(2) {
        Some(word) if proxy.owns(statement) => Edit::replace(word.span, "5m"),
        _ => insert(context.files, proxy, &wanted),
    };
    finding
        .way_out(format!("write '{wanted}': under load a registration needs minutes"))
        .fix(wanted, vec![edit])
}
