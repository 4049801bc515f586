//! One capsule twice in a backend.

use super::*;
use std::collections::HashMap;

pub(super) const RULE: Rule = Rule {
    id: "server-twice",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "a backend has a server twice, by name or by address and port",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    for backend in config.backends() {
        let (mut names, mut places) = (HashMap::new(), HashMap::new());
        for server in backend.servers() {
            let line = |span: Span| context.files.get(span.file).line_of(span.start);
            if let Some(first) = names.insert(server.name.text.clone(), server.name.span) {
                let message =
                    format!("a server named {} stands in line {} already", server.name.text, line(first));
                found.push(
                    Finding::at(server.name.span, message).way_out("give each server a name of its own"),
                );
            }
            if let Some(first) = places.insert(server.key(), server.address.span) {
                let message = format!(
                    "{} stands in line {} already: it gets twice its share",
                    server.address.text,
                    line(first)
                );
                found.push(
                    Finding::at(server.address.span, message)
                        .way_out("take one of them away, or correct the address"),
                );
            }
        }
    }
}
