//! A finding that is ignored, and nobody says why; judged by `validate::check`.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "ignore-without-reason",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "a finding is ignored without a reason",
    check: Check::Elsewhere,
};
