//! Keywords that the target's HAProxy does not have yet.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "keyword-too-new",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "a keyword is newer than the HAProxy that is to read it",
    check: Check::Haproxy(check),
};

/// Words that a statement begins with, and since when there are such.
const STATEMENTS: [(&[&str], Version); 10] = [
    (&["http-check", "send"], (2, 2)),
    (&["http-check", "connect"], (2, 2)),
    (&["http-check", "comment"], (2, 2)),
    (&["http-check", "set-var"], (2, 2)),
    (&["tcp-check", "set-var"], (2, 2)),
    (&["http-request", "return"], (2, 2)),
    (&["http-after-response"], (2, 2)),
    (&["http-error"], (2, 2)),
    (&["http-request", "use-service", "prometheus-exporter"], (2, 0)),
    (&["tcp-request", "content", "set-var"], (1, 9)),
];

/// Options of `server` and `default-server`.
const OPTIONS: [(&str, Version); 4] =
    [("init-state", (3, 1)), ("log-proto", (2, 4)), ("check-via-socks4", (2, 0)), ("ws", (2, 5))];

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    // without a target: what none of them has
    let (have, whose) = context.target.map_or(((3, 0), "every target"), |t| (t.haproxy(), t.name()));
    let mut tell = |word: Span, name: &str, since: Version| {
        if since > have {
            let message = format!(
                "'{name}' is of HAProxy {}.{}, and {whose} has {}.{}{}",
                since.0,
                since.1,
                have.0,
                have.1,
                if context.target.is_none() { " at most" } else { "" }
            );
            found.push(Finding::at(word, message).way_out(way_out(name)));
        }
    };
    for statement in config.sections.iter().flat_map(|s| &s.statements) {
        for (words, since) in STATEMENTS.iter().filter(|(words, _)| statement.begins_with(words)) {
            tell(statement.span, &words.join(" "), *since);
        }
        if matches!(statement.word(0), "server" | "default-server" | "server-template") {
            for (name, since) in OPTIONS {
                if let Some(word) = statement.find(name) {
                    tell(word.span, name, since);
                }
            }
        }
    }
}

fn way_out(name: &str) -> &'static str {
    match name {
        "http-check send" => "put the request behind 'option httpchk', or use EL 9 or newer",
        "init-state" => "an unchecked twin backend keeps the promise on every version (rule fall-promise)",
        _ => "leave it out, or use a newer system",
    }
}
