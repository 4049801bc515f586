//! A queue that gives registrations up before a place is free.

use super::registration_timeout_short::{CAPSULE_WAITS, place};
use super::*;

pub(super) const RULE: Rule = Rule {
    id: "queue-timeout-short",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "registrations that wait for a free place of a capsule are given up too soon",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    for backend in all_registration_backends(config, context) {
        let Some(limit) =
            backend.servers().iter().find_map(|s| s.options.number("maxconn").filter(|n| *n > 0))
        else {
            continue;
        };
        let queue = backend.timeout("queue");
        // without one of its own the queue has the time-out of connecting
        let Some((statement, value)) =
            queue.or_else(|| backend.timeout("connect")).filter(|(_, v)| *v < CAPSULE_WAITS)
        else {
            continue;
        };
        let whose = if queue.is_some() {
            "timeout queue"
        } else {
            "no timeout queue, so that timeout connect counts,"
        };
        let message = format!(
            "{}: {whose} ({value}): past maxconn {limit} a registration is refused after that",
            backend.shown()
        );
        let own = queue.filter(|_| backend.owns(statement)).and_then(|(s, _)| s.words.get(2));
        let edit = match own {
            Some(word) => Edit::replace(word.span, "5m"),
            None => insert(context.files, &backend, "timeout queue 5m"),
        };
        let span = if queue.is_some() { place(&backend, statement) } else { header(&backend) };
        let finding = Finding::at(span, message).way_out("write 'timeout queue 5m' in this backend");
        found.push(finding.fix("timeout queue 5m", vec![edit]));
    }
}
