//! Findings as JSON (docs/validate.schema.json).

use super::{is_secret, starred};
use crate::validate::rules::by_id;
use crate::validate::{Edit, Files, Finding, Severity, Target};
use serde::Serialize;
use std::io::{self, Write};

/// The schema's version; keys are only added within one.
pub const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Answer<'a> {
    schema_version: u32,
    reginfra_version: &'static str,
    target: Option<&'static str>,
    files: Vec<&'a str>,
    counts: Counts,
    findings: Vec<Entry<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Counts {
    error: usize,
    warning: usize,
    advice: usize,
}

#[derive(Serialize)]
struct Entry<'a> {
    rule: &'a str,
    severity: &'static str,
    file: &'a str,
    /// Null where it is about the file as a whole.
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    start_byte: usize,
    end_byte: usize,
    text: String,
    message: &'a str,
    way_out: &'a str,
    help: Option<String>,
    fix: Option<FixEntry<'a>>,
}

#[derive(Serialize)]
struct FixEntry<'a> {
    title: &'a str,
    sure: bool,
    edits: Vec<EditEntry<'a>>,
}

#[derive(Serialize)]
struct EditEntry<'a> {
    file: &'a str,
    start_byte: usize,
    end_byte: usize,
    replacement: &'a str,
    /// It touches a password: what it replaces is shown nowhere.
    secret: bool,
}

/// Writes all findings.
///
/// # Errors
/// The writer's.
pub fn json(
    out: &mut dyn Write,
    files: &Files,
    looked_at: &[&str],
    findings: &[Finding],
    target: Option<Target>,
    notes: &[String],
) -> io::Result<()> {
    let count = |severity: Severity| findings.iter().filter(|f| f.severity == severity).count();
    let answer = Answer {
        schema_version: SCHEMA_VERSION,
        reginfra_version: env!("CARGO_PKG_VERSION"),
        target: target.map(Target::name),
        files: looked_at.to_vec(),
        counts: Counts {
            error: count(Severity::Error),
            warning: count(Severity::Warning),
            advice: count(Severity::Advice),
        },
        findings: findings.iter().map(|f| entry(files, f)).collect(),
        notes,
    };
    serde_json::to_writer_pretty(&mut *out, &answer)?;
    writeln!(out)
}

fn entry<'a>(files: &'a Files, finding: &'a Finding) -> Entry<'a> {
    let file = files.get(finding.span.file);
    let here = |offset: usize| Some(file.place(offset)).filter(|_| !finding.whole);
    let (start, end) = (here(finding.span.start), here(finding.span.end));
    Entry {
        rule: finding.rule,
        severity: finding.severity.name(),
        file: &file.name,
        line: start.map(|p| p.0),
        column: start.map(|p| p.1),
        end_line: end.map(|p| p.0),
        end_column: end.map(|p| p.1),
        start_byte: finding.span.start,
        end_byte: finding.span.end,
        text: starred(file, finding.span.range()),
        message: &finding.message,
        way_out: &finding.way_out,
        help: by_id(finding.rule).map(crate::validate::rules::Rule::help),
        fix: finding.fix.as_ref().map(|fix| FixEntry {
            title: &fix.title,
            sure: fix.sure,
            edits: fix.edits.iter().map(|e| edit(files, e)).collect(),
        }),
    }
}

fn edit<'a>(files: &'a Files, edit: &'a Edit) -> EditEntry<'a> {
    EditEntry {
        file: &files.get(edit.file).name,
        start_byte: edit.range.0,
        end_byte: edit.range.1,
        replacement: &edit.text,
        secret: is_secret(files, edit),
    }
}
