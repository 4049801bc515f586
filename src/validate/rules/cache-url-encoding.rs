//! A password whose characters mean something else in a URL.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "cache-url-encoding",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "the password in the cache's URL needs percent-encoding",
    check: Check::Registration(check),
};

fn check(file: &Registration, context: &Context<'_>, found: &mut Vec<Finding>) {
    for (entry, raw, _) in cache_urls(file) {
        let Some((before, rest)) = raw.split_once("://") else { continue };
        let Some((credentials, _)) = rest.rsplit_once('@') else { continue };
        let Some((user, password)) = credentials.split_once(':') else { continue };
        let bad: Vec<(usize, char)> =
            password.char_indices().filter(|(at, c)| must_be_encoded(password, *at, *c)).collect();
        if bad.is_empty() || is_placeholder(password) {
            continue;
        }
        // the characters themselves would give a part of the password away
        let message = format!("{} of the password's characters must be percent-encoded in a URL", bad.len());
        let finding = Finding::at(entry.value_span, message).way_out(
            "encode them: python3 -c 'import urllib.parse as u; print(u.quote(input(), safe=\"\"))'",
        );
        // only where the file holds the very bytes of the value
        let written = context.files.text_of(entry.value_span);
        let Some(at) = written.find(raw) else {
            found.push(finding);
            continue;
        };
        let start = entry.value_span.start + at + before.len() + 3 + user.len() + 1;
        let edits = bad.iter().map(|(at, c)| {
            let place = Span { start: start + at, end: start + at + c.len_utf8(), ..entry.value_span };
            Edit::replace(place, encoded(*c))
        });
        found.push(finding.fix("percent-encode them", edits.collect()));
    }
}

fn must_be_encoded(password: &str, at: usize, c: char) -> bool {
    let hex = |n: usize| password.as_bytes().get(at + n).is_some_and(u8::is_ascii_hexdigit);
    match c {
        '%' => !(hex(1) && hex(2)),
        c => !c.is_ascii_alphanumeric() && !"-._~!$&'()*+,;=".contains(c),
    }
}

fn encoded(c: char) -> String {
    let mut buffer = [0; 4];
    c.encode_utf8(&mut buffer).bytes().map(|b| format!("%{b:02X}")).collect()
}
