//! The feature is off.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "registration-disabled",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "the registration feature is off on this capsule",
    check: Check::Registration(check),
};

fn check(file: &Registration, _: &Context<'_>, found: &mut Vec<Finding>) {
    let way_out = "write ':enabled: https'";
    match file.get("enabled") {
        Some(entry) => {
            let off = match &entry.value {
                Value::Scalar { text, plain } => {
                    *plain
                        && matches!(
                            text.to_ascii_lowercase().as_str(),
                            "false" | "no" | "off" | "" | "~" | "null"
                        )
                }
                Value::Other => false,
            };
            if off {
                found.push(
                    Finding::at(entry.value_span, "the registration feature is off here").way_out(way_out),
                );
            }
        }
        None if file.problem.is_none() => {
            let finding =
                Finding::of_file(file.file, "no ':enabled:': the registration feature is off by default");
            found.push(finding.way_out(way_out));
        }
        None => {}
    }
}
