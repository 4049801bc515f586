//! YAML that drops the whole feature.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "registration-yaml",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "the file cannot be read, and smart-proxy goes on without the registration feature",
    check: Check::Registration(check),
};

fn check(file: &Registration, context: &Context<'_>, found: &mut Vec<Finding>) {
    let Some((span, words)) = &file.problem else { return };
    let source = context.files.get(file.file);
    let line = source.line(source.line_of(span.start));
    let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    let message = format!("{words}: smart-proxy goes on without the feature (it is missing in /features)");
    let way_out = if indent.contains('\t') {
        "YAML takes no tab here: write blanks"
    } else if span.start == 0 && span.end == 0 {
        "write ':enabled: https' and ':registration_url: https://LOAD_BALANCER:9090'"
    } else {
        "correct it; a value with ': ' or ' #' in it needs quotes"
    };
    let finding =
        if span.end == 0 { Finding::of_file(file.file, message) } else { Finding::at(*span, message) };
    found.push(finding.way_out(way_out));
}
