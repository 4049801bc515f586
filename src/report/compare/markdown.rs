//! A comparison for an issue or a wiki, and as annotations of a GitHub workflow.

use super::{Comparison, because, change, group_label, label, value, verdict_words};
use crate::compare::judge::{Row, Verdict};
use crate::report::table::text::escaped;

/// A table a group.
pub fn render(comparison: &Comparison<'_>) -> String {
    let mut out = String::new();
    for (side, runs) in [("Before", comparison.before), ("After", comparison.after)] {
        let names: Vec<String> = runs.iter().map(|r| cell(&r.name)).collect();
        out.push_str(&format!("{side}: {}  \n", names.join(", ")));
    }
    for group in comparison.groups() {
        out.push_str(&format!("\n### {}\n\n", group_label(group)));
        out.push_str(
            "| | before | after | change | 95 % interval | verdict |\n|---|---:|---:|---:|---:|---|\n",
        );
        for row in comparison.of(group) {
            let (at, interval) = change(row).unwrap_or_else(|| ("-".to_owned(), "-".to_owned()));
            let why = because(row).map(|why| format!(": {}", cell(&why))).unwrap_or_default();
            let mark = if row.inferred { "~ " } else { "" };
            out.push_str(&format!(
                "| {mark}{} | {} | {} | {at} | {interval} | {}{why} |\n",
                label(row.subject),
                value(row.subject, &row.before),
                value(row.subject, &row.after),
                verdict_words(&row.verdict)
            ));
        }
    }
    out
}

/// An error a regression, a notice an improvement, a warning where all registrations have no verdict.
pub fn annotations(comparison: &Comparison<'_>) -> String {
    let mut out = String::new();
    for row in comparison.rows {
        let kind = match row.verdict {
            Verdict::Regressed => "error",
            Verdict::Improved => "notice",
            Verdict::NotComparable(_) if row.group.is_none() => "warning",
            _ => continue,
        };
        out.push_str(&format!("::{kind} title=reginfra compare::{}\n", data(&sentence(row))));
    }
    out
}

fn sentence(row: &Row) -> String {
    let change = change(row).map(|(at, interval)| format!(" {at} ({interval})")).unwrap_or_default();
    let why = because(row).map(|why| format!(": {why}")).unwrap_or_default();
    format!(
        "{}, {}: {}{change}, {} -> {}{why}",
        group_label(row.group),
        label(row.subject),
        verdict_words(&row.verdict),
        value(row.subject, &row.before),
        value(row.subject, &row.after)
    )
}

// GitHub's own escapes of a command's data
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn cell(text: &str) -> String {
    escaped(text).replace('|', "\\|").replace('<', "&lt;")
}
