//! Findings as SARIF 2.1.0, which code hosts and editors read.

use crate::validate::rules::{ALL, Rule};
use crate::validate::{Edit, FileId, Files, Finding, Severity};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Writes all findings as one run.
///
/// # Errors
/// The writer's.
pub fn sarif(out: &mut dyn Write, files: &Files, findings: &[Finding]) -> io::Result<()> {
    let rules: Vec<Value> = ALL.iter().map(rule).collect();
    let results: Vec<Value> = findings.iter().map(|f| result(files, f)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "reginfra",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "note",
    }
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": { "text": rule.about },
        "helpUri": rule.help(),
        "defaultConfiguration": { "level": level(rule.severity) },
    })
}

fn result(files: &Files, finding: &Finding) -> Value {
    let message = if finding.way_out.is_empty() {
        finding.message.clone()
    } else {
        format!("{}; {}", finding.message, finding.way_out)
    };
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": { "text": message },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(files, finding.span.file) },
            "region": region(files, finding),
        }}],
    });
    if let Some(at) = ALL.iter().position(|rule| rule.id == finding.rule) {
        result["ruleIndex"] = at.into();
    }
    if let Some(fix) = finding.fix.as_ref().filter(|f| f.sure && !f.edits.is_empty()) {
        result["fixes"] = json!([{
            "description": { "text": fix.title },
            "artifactChanges": changes(files, &fix.edits),
        }]);
    }
    result
}

fn region(files: &Files, finding: &Finding) -> Value {
    let file = files.get(finding.span.file);
    let ((line, column), (end_line, end_column)) =
        (file.place(finding.span.start), file.place(finding.span.end));
    json!({ "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column })
}

fn changes(files: &Files, edits: &[Edit]) -> Vec<Value> {
    let mut ids: Vec<FileId> = edits.iter().map(|e| e.file).collect();
    ids.sort_unstable();
    ids.dedup();
    let of = |id: FileId| {
        let replacements: Vec<Value> = edits
            .iter()
            .filter(|e| e.file == id)
            .map(|e| {
                json!({
                    "deletedRegion": { "byteOffset": e.range.0, "byteLength": e.range.1 - e.range.0 },
                    "insertedContent": { "text": e.text },
                })
            })
            .collect();
        json!({ "artifactLocation": { "uri": uri(files, id) }, "replacements": replacements })
    };
    ids.into_iter().map(of).collect()
}

/// A path as a URI reference: what may not stand in one is encoded.
fn uri(files: &Files, id: FileId) -> String {
    let name = &files.get(id).name;
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(byte.into())
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
