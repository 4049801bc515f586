//! Red Hat's system-wide cipher policy on a system without it.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "profile-system",
    severity: Severity::Error,
    needs: Needs::Target,
    about: "PROFILE=SYSTEM is refused outside of EL",
    check: Check::Haproxy(check),
};

fn check(config: &Haproxy, context: &Context<'_>, found: &mut Vec<Finding>) {
    let Some(target) = context.target.filter(|t| !t.is_el()) else { return };
    for statement in config.sections.iter().flat_map(|s| &s.statements) {
        if let Some(word) = statement.words.iter().find(|w| w.text == "PROFILE=SYSTEM") {
            let message =
                format!("{} has no cipher policy PROFILE=SYSTEM: HAProxy does not start", target.name());
            found.push(
                Finding::at(word.span, message)
                    .way_out("take the line away: the defaults are right")
                    .fix("the line goes", vec![Edit::without_line(statement.span, context.files)]),
            );
        }
    }
}
