//! Passwords in clear.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "cache-clear-password",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "a password stands in the file in clear",
    check: Check::Cache(check),
};

fn check(config: &CacheConfig, _: &Context<'_>, found: &mut Vec<Finding>) {
    for user in config.users() {
        for word in user.clear.iter().filter(|w| !is_placeholder(w.text.trim_start_matches('>'))) {
            let message = format!("the password of {} stands here in clear", user.name.text);
            let way_out = "write '#' and its sha256 in hexadecimal: printf %s PASSWORD | sha256sum";
            found.push(Finding::at(word.span, message).way_out(way_out));
        }
    }
    for name in ["requirepass", "masterauth"] {
        if let Some(directive) =
            config.last(name).filter(|d| !d.word(1).is_empty() && !is_placeholder(d.word(1)))
        {
            let span = directive.words.first().map_or(directive.span, |w| w.span);
            let message = format!("{name}: the password stands here in clear");
            found.push(
                Finding::at(span, message)
                    .way_out("use 'user NAME on #SHA256 ...' instead, which needs no clear one"),
            );
        }
    }
}
