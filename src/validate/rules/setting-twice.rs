//! A key that stands twice.

use super::*;
use std::collections::HashMap;

pub(super) const RULE: Rule = Rule {
    id: "setting-twice",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "a key stands twice, and only the last one counts",
    check: Check::Registration(check),
};

fn check(file: &Registration, context: &Context<'_>, found: &mut Vec<Finding>) {
    let mut seen: HashMap<(&str, bool), Span> = HashMap::new();
    for entry in &file.entries {
        if let Some(first) = seen.insert((&entry.key, entry.symbol), entry.key_span) {
            let line = context.files.get(first.file).line_of(first.start);
            let message = format!("'{}' stands in line {line} already: only the last one counts", entry.key);
            found.push(Finding::at(entry.key_span, message).way_out("take one of them away"));
        }
    }
}
