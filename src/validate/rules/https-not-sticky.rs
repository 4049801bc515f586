//! 443 that sends a client now to this capsule, now to that.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "https-not-sticky",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "a client of port 443 does not stay with its capsule",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    for backend in config.backends_on(443) {
        let balance = backend.find(&["balance"]);
        let sticky = balance.is_some_and(|b| matches!(b.word(1), "source" | "hash"))
            || ["stick", "stick-table"].iter().any(|word| !backend.all(&[word]).is_empty());
        let several = backend.servers().iter().map(|s| if s.template { 2 } else { 1 }).sum::<usize>() > 1;
        if sticky || !several {
            continue;
        }
        let how = balance.map_or("roundrobin, HAProxy's default", |b| b.word(1));
        let message = format!(
            "443 is balanced by {how}: each capsule makes its own yum metadata, and what a client reads does not fit together"
        );
        let own = balance.filter(|b| backend.owns(b));
        let finding =
            Finding::at(own.map_or(header(&backend), |b| b.span), message).way_out("write 'balance source'");
        let edit = match own {
            Some(statement) => Edit::replace(statement.span, "balance source"),
            None => insert(context.files, &backend, "balance source"),
        };
        found.push(finding.fix("balance source", vec![edit]));
    }
}
