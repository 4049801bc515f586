//! Findings for people: what, where, the line with carets below what is meant, the way out.

use super::shown_line;
use crate::report::table::TableStyle;
use crate::report::table::text::{Tone, escaped, paint, wrap};
use crate::validate::rules::by_id;
use crate::validate::{Files, Finding, Severity};
use std::fmt::Write;

/// Narrower ones hold no line of a configuration.
const MIN_WIDTH: usize = 40;
/// Wider ones are hard to follow.
const MAX_WIDTH: usize = 120;

/// All findings, each ended by an empty line.
pub fn text(files: &Files, findings: &[Finding], style: &TableStyle) -> String {
    let style = TableStyle { width: style.width.clamp(MIN_WIDTH, MAX_WIDTH), ..*style };
    let mut out = String::new();
    for finding in findings {
        one(files, finding, style, &mut out);
        out.push('\n');
    }
    out
}

const fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Error => Tone::Bad,
        Severity::Warning => Tone::Caution,
        Severity::Advice => Tone::Title,
    }
}

fn one(files: &Files, finding: &Finding, style: TableStyle, out: &mut String) {
    let title = format!("{}[{}]", finding.severity.name(), finding.rule);
    let head = format!("{title}: {}", escaped(&finding.message));
    for (at, line) in wrap(&head, style.width, 0, 2).into_iter().enumerate() {
        match line.strip_prefix(title.as_str()).filter(|_| at == 0) {
            Some(rest) => _ = writeln!(out, "{}{rest}", paint(style, tone(finding.severity), &title)),
            None => _ = writeln!(out, "{line}"),
        }
    }
    let file = files.get(finding.span.file);
    let (line, column) = file.place(finding.span.start);
    let name = escaped(&file.name);
    let gutter = if finding.whole { 1 } else { line.to_string().len() };
    let place = if finding.whole { name.to_string() } else { format!("{name}:{line}:{column}") };
    let _ = writeln!(out, "{}{} {place}", " ".repeat(gutter), paint(style, Tone::Quiet, "-->"));
    if !finding.whole {
        snippet(files, finding, style, gutter, out);
    }
    let mut note = |words: &str| {
        let first = format!("{} = ", " ".repeat(gutter));
        for (at, line) in wrap(words, style.width, gutter + 3, gutter + 3).into_iter().enumerate() {
            let body = line.trim_start();
            let lead = if at == 0 { first.clone() } else { " ".repeat(gutter + 3) };
            let _ = writeln!(out, "{lead}{body}");
        }
    };
    if !finding.way_out.is_empty() {
        note(&escaped(&finding.way_out));
    }
    if let Some(fix) = finding.fix.as_ref().filter(|f| f.sure && !f.edits.is_empty()) {
        note(&format!("--fix does it: {}", escaped(&fix.title)));
    }
    if let Some(rule) = by_id(finding.rule) {
        note(&rule.help());
    }
}

/// The line, and carets below the span; a line that is too long is cut around it.
fn snippet(files: &Files, finding: &Finding, style: TableStyle, gutter: usize, out: &mut String) {
    let file = files.get(finding.span.file);
    let (line, column) = file.place(finding.span.start);
    let whole: Vec<char> = shown_line(file, line).chars().map(plain).collect();
    let (last_line, last_column) = file.place(finding.span.end);
    let start = column - 1;
    let end = if last_line == line { last_column - 1 } else { whole.len() }.max(start + 1);
    let room = style.width.saturating_sub(gutter + 3);
    let from = if end <= room { 0 } else { start.saturating_sub(room / 3) };
    let mut shown: Vec<char> = whole.iter().skip(from).take(room).copied().collect();
    if from > 0 {
        shown.splice(..shown.len().min(3), "...".chars());
    }
    if whole.len() > from + room {
        let keep = shown.len().saturating_sub(3);
        shown.splice(keep.., "...".chars());
    }
    let carets = end.saturating_sub(start).min(room.saturating_sub(start - from)).max(1);
    let bar = paint(style, Tone::Quiet, "|");
    let number = paint(style, Tone::Quiet, &line.to_string());
    let text: String = shown.into_iter().collect();
    let marks = paint(style, tone(finding.severity), &"^".repeat(carets));
    let pad = " ".repeat(gutter);
    let _ = writeln!(out, "{pad} {bar}");
    let _ = writeln!(out, "{number} {bar} {}", text.trim_end());
    let _ = writeln!(out, "{pad} {bar} {}{marks}", " ".repeat(start - from));
}

/// A tab takes one column here, and nothing controls the terminal.
fn plain(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

/// `2 errors, 1 warning in 3 files; --fix corrects 1 of them`.
pub fn closing(findings: &[Finding], looked_at: usize, style: &TableStyle) -> String {
    let count = |severity: Severity| findings.iter().filter(|f| f.severity == severity).count();
    let files = format!("{looked_at} {}", if looked_at == 1 { "file" } else { "files" });
    let mut parts = Vec::new();
    for (severity, several) in
        [(Severity::Error, "errors"), (Severity::Warning, "warnings"), (Severity::Advice, "advice")]
    {
        match count(severity) {
            0 => {}
            1 => parts.push(format!("1 {}", severity.name())),
            n => parts.push(format!("{n} {several}")),
        }
    }
    if parts.is_empty() {
        return format!("nothing found in {files}\n");
    }
    let sure =
        findings.iter().filter(|f| f.fix.as_ref().is_some_and(|f| f.sure && !f.edits.is_empty())).count();
    let fixes = if sure == 0 { String::new() } else { format!("; --fix corrects {sure} of them") };
    let words = format!("{} in {files}{fixes}", parts.join(", "));
    wrap(&words, style.width.clamp(MIN_WIDTH, MAX_WIDTH), 0, 2).join("\n") + "\n"
}
