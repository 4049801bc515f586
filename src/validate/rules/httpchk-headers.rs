//! Headers inside `option httpchk`, which newer HAProxys refuse.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "httpchk-headers",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "headers inside 'option httpchk' are refused from HAProxy 3.0 on",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    // HAProxy before 2.2 has no other way
    if context.target.is_some_and(|t| t.haproxy() < (2, 2)) {
        return;
    }
    let refused = context.target.is_some_and(|t| t.haproxy() >= (3, 0));
    for section in &config.sections {
        for statement in section.statements.iter().filter(|s| s.begins_with(&["option", "httpchk"])) {
            let Some(version) = statement.words.get(4).filter(|w| w.text.contains("\r\n")) else { continue };
            let what = if refused { "are refused" } else { "warn from 2.2 on, and are refused from 3.0 on" };
            let finding = Finding::at(version.span, format!("headers inside 'option httpchk' {what}"))
                .way_out("send them with 'http-check send ... hdr NAME VALUE'");
            let finding = if refused { finding.severity(Severity::Error) } else { finding };
            found.push(match rewritten(statement, context) {
                Some(edits) => finding.fix("http-check send", edits),
                None => finding,
            });
        }
    }
}

/// `option httpchk`, and the request below it; none where the request has a form that we do not know.
fn rewritten(statement: &Statement, context: &Context<'_>) -> Option<Vec<Edit>> {
    let (method, uri) = (statement.word(2), statement.word(3));
    let rest: Vec<&str> = statement.words.get(4..)?.iter().map(|w| w.text.as_str()).collect();
    let rest = rest.join(" ");
    let mut lines = rest.split("\r\n");
    let version = lines.next()?;
    let mut send = format!("http-check send meth {method} uri {uri} ver {version}");
    for header in lines.filter(|l| !l.is_empty()) {
        let (name, value) = header.split_once(':')?;
        let value = value.trim();
        if value.is_empty() || value.contains(['"', '\\', '\'', ' ', '#', '$']) || name.contains(' ') {
            return None;
        }
        send += &format!(" hdr {name} {value}");
    }
    let file = context.files.get(statement.span.file);
    let line = file.line(file.line_of(statement.span.start));
    let indent: String = line.chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
    let newline = file.newline(statement.span.start);
    Some(vec![Edit::replace(statement.span, format!("option httpchk{newline}{indent}{send}"))])
}
