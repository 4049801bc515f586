//! Findings as annotations of GitHub's workflows: one line each.

use crate::validate::{Files, Finding, Severity};
use std::io::{self, Write};

/// `::error file=haproxy.cfg,line=3,col=5,title=rule::message`.
///
/// # Errors
/// The writer's.
pub fn github(out: &mut dyn Write, files: &Files, findings: &[Finding]) -> io::Result<()> {
    for finding in findings {
        let file = files.get(finding.span.file);
        let ((line, column), (end_line, end_column)) =
            (file.place(finding.span.start), file.place(finding.span.end));
        let level = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Advice => "notice",
        };
        writeln!(
            out,
            "::{level} file={},line={line},col={column},endLine={end_line},endColumn={end_column},title={}::{}",
            property(&file.name),
            property(finding.rule),
            data(&format!("{}; {}", finding.message, finding.way_out)),
        )?;
    }
    Ok(())
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
