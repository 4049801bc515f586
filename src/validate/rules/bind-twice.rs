//! Two frontends on one port: the kernel deals connections out between them.

use super::*;
use std::collections::HashMap;

pub(super) const RULE: Rule = Rule {
    id: "bind-twice",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "two frontends listen on the same address and port",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    let mut seen: HashMap<(String, u16), (usize, String, Span)> = HashMap::new();
    for frontend in config.frontends() {
        for bind in frontend.binds() {
            let Some(port) = bind.endpoint.port else { continue };
            let any = bind.endpoint.is_any() && bind.endpoint.host != "::";
            let host = if any { "*".to_owned() } else { bind.endpoint.host.clone() };
            let mine = (frontend.at, frontend.shown(), bind.word.span);
            let first = seen.entry((host, port)).or_insert_with(|| mine.clone());
            if first.0 != frontend.at {
                let line = context.files.get(first.2.file).line_of(first.2.start);
                let message = format!(
                    "{} listens on {} too (line {line}): HAProxy takes both, and the kernel deals connections out at random",
                    first.1,
                    bind.endpoint.shown()
                );
                found.push(
                    Finding::at(bind.word.span, message)
                        .way_out("keep one frontend, with all servers in its backend"),
                );
            }
        }
    }
}
