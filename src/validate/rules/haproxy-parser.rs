//! What HAProxy itself says of its configuration (`haproxy -c`); asked by `validate::parser`.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "haproxy-parser",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "HAProxy itself refuses the configuration, or warns of it",
    check: Check::Elsewhere,
};
