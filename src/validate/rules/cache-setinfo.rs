//! A subcommand that Redis before 7.2 does not know, and does not start with.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "cache-setinfo",
    severity: Severity::Error,
    needs: Needs::Target,
    about: "'client|setinfo' in an ACL stops Redis before 7.2",
    check: Check::Cache(check),
};

fn check(config: &CacheConfig, context: &Context<'_>, found: &mut Vec<Finding>) {
    let Some(target) = context.target.filter(|t| t.redis() < (7, 2)) else { return };
    for user in config.users() {
        for word in user.rules.iter().filter(|w| w.text.to_ascii_lowercase().ends_with("client|setinfo")) {
            let gone = Span { start: word.span.start.saturating_sub(1), ..word.span };
            let (major, minor) = target.redis();
            let message = format!(
                "Redis {major}.{minor} of {} does not know client|setinfo, and does not start",
                target.name()
            );
            found.push(
                Finding::at(word.span, message)
                    .way_out("take it away: clients go on without it")
                    .fix("client|setinfo goes", vec![Edit::replace(gone, "")]),
            );
        }
    }
}
