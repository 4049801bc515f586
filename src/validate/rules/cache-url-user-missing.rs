//! A password without a user.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "cache-url-user-missing",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "the cache's URL has a password and no user",
    check: Check::Registration(check),
};

fn check(file: &Registration, context: &Context<'_>, found: &mut Vec<Finding>) {
    for (entry, raw, url) in cache_urls(file) {
        let Ok(url) = url else { continue };
        if url.user.as_deref() == Some("") && url.password.is_some() {
            let message = "a password without a user: redis-cli and valkey-cli refuse this URL, and so do other clients";
            let finding = Finding::at(entry.value_span, message)
                .way_out("write the user: 'default' for requirepass, else the ACL's user");
            // what clients that take it make of it
            let at = context.files.text_of(entry.value_span).find("://:").filter(|_| raw.contains("://:"));
            found.push(match at {
                Some(at) => {
                    let start = entry.value_span.start + at + 3;
                    let place = Span { start, end: start, ..entry.value_span };
                    finding.fix("user default", vec![Edit::replace(place, "default")])
                }
                None => finding,
            });
        }
    }
}
