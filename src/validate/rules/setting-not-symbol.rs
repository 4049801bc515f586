//! A key that is text where smart-proxy's are symbols.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "setting-not-symbol",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "a key is plain text, and smart-proxy's settings are symbols",
    check: Check::Registration(check),
};

fn check(file: &Registration, context: &Context<'_>, found: &mut Vec<Finding>) {
    for entry in file.entries.iter().filter(|e| !e.symbol && !e.key.is_empty()) {
        let key = entry.key.trim_start_matches(':');
        let written = context.files.text_of(entry.key_span);
        let message =
            format!("the key {written} is plain text, and smart-proxy's settings are symbols (:{key})");
        let finding = Finding::at(entry.key_span, message).way_out(format!("write ':{key}:'"));
        let simple = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let twice = file.entries.iter().any(|e| e.symbol && e.key == key);
        found.push(if simple && !twice {
            finding.fix(format!(":{key}"), vec![Edit::replace(entry.key_span, format!(":{key}"))])
        } else {
            finding
        });
    }
}
