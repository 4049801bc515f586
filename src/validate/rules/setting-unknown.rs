//! A key that does nothing.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "setting-unknown",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "smart-proxy ignores a key that it does not know, and says nothing",
    check: Check::Registration(check),
};

fn check(file: &Registration, _: &Context<'_>, found: &mut Vec<Finding>) {
    for entry in file.entries.iter().filter(|e| !SETTINGS.contains(&e.key.as_str())) {
        let near = nearest(&entry.key, &SETTINGS).filter(|near| file.get(near).is_none());
        let message = format!("smart-proxy knows no setting '{}', and ignores it without a word", entry.key);
        let finding = Finding::at(entry.key_span, message);
        found.push(match near {
            Some(near) => {
                let name = format!(":{near}");
                finding
                    .severity(Severity::Error)
                    .way_out(format!("did you mean '{name}'?"))
                    .fix(name.clone(), vec![Edit::replace(entry.key_span, name)])
            }
            None => finding.way_out(
                "known are enabled, registration_url, and with the companion change cache_url or redis_url",
            ),
        });
    }
}
