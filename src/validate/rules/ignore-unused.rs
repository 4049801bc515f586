//! A comment that ignores nothing; judged by `validate::check`.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "ignore-unused",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "a comment ignores what is not found, or names no rule",
    check: Check::Elsewhere,
};
