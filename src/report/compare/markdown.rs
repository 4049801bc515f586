//! A comparison for an issue or a wiki, and as annotations of a GitHub workflow.

use super::{Comparison, because, change, group_label, label, value, verdict_words};
use crate::compare::judge::{Row, Subject, Verdict};
use crate::report::table::text::escaped;

/// A table a group.
pub fn render(comparison: &Comparison<'_>) -> String {
    let mut out = String::new();
    for (side, runs) in [("Before", comparison.before), ("After", comparison.after)] {
        let names: Vec<String> = runs.iter().map(|r| cell(&r.name)).collect();
        out.push_str(&format!("{side}: {}  \n", names.join(", ")));
    }
    if let Some(refusal) = comparison.refusal() {
        out.push_str(&format!("\nNo verdict: {}.\n", cell(&refusal.to_string())));
    }
    for group in comparison.groups() {
        out.push_str(&format!("\n### {}\n\n", group_label(group)));
        let common = comparison.group_refusal(group);
        if let Some(refusal) = common.filter(|_| comparison.refusal().is_none()) {
            out.push_str(&format!("No verdict: {}.\n\n", cell(&refusal.to_string())));
        }
        out.push_str(
            "| | before | after | change | 95 % interval | verdict |\n|---|---:|---:|---:|---:|---|\n",
        );
        for row in comparison.of(group) {
            let (at, interval) = change(row).unwrap_or_else(|| ("-".to_owned(), "-".to_owned()));
            let why = because(row).filter(|_| common.is_none());
            let why = why.map(|why| format!(": {}", cell(&why))).unwrap_or_default();
            let change = comparison.optimisation(row.subject).filter(|_| row.verdict.is_change());
            let change = change.map(|t| format!(" ({})", cell(&t.change))).unwrap_or_default();
            let mark = if row.inferred { "~ " } else { "" };
            out.push_str(&format!(
                "| {mark}{} | {} | {} | {at} | {interval} | {}{change}{why} |\n",
                label(row.subject),
                value(row.subject, &row.before),
                value(row.subject, &row.after),
                verdict_words(&row.verdict)
            ));
        }
    }
    out
}

/// An error a regression, a notice an improvement, a warning where there is no verdict on all registrations: one for all
/// rows that share a reason.
pub fn annotations(comparison: &Comparison<'_>) -> String {
    let mut out = String::new();
    let mut tell = |kind: &str, words: &str| {
        out.push_str(&format!("::{kind} title=reginfra compare::{}\n", data(words)));
    };
    if let Some(refusal) = comparison.refusal().or_else(|| comparison.group_refusal(None)) {
        tell("warning", &format!("All: no verdict: {refusal}"));
        if comparison.refusal().is_some() {
            return out;
        }
    }
    let common = comparison.group_refusal(None).is_some();
    for row in comparison.rows {
        match row.verdict {
            Verdict::Regressed => tell("error", &sentence(comparison, row)),
            Verdict::Improved | Verdict::Moved => tell("notice", &sentence(comparison, row)),
            // of a short storm there is no throughput, and nobody can do anything about it
            Verdict::NotComparable(_)
                if row.group.is_none() && !common && row.subject != Subject::Throughput =>
            {
                tell("warning", &sentence(comparison, row));
            }
            _ => {}
        }
    }
    out
}

fn sentence(comparison: &Comparison<'_>, row: &Row) -> String {
    let change = change(row).map(|(at, interval)| format!(" {at} ({interval})")).unwrap_or_default();
    let why = because(row).map(|why| format!(": {why}")).unwrap_or_default();
    let changed = !matches!(row.verdict, Verdict::NotComparable(_));
    let speaks = comparison.optimisation(row.subject).filter(|_| changed);
    let speaks = speaks.map(|t| format!(", speaks of {}", t.change)).unwrap_or_default();
    format!(
        "{}, {}: {}{change}, {} -> {}{speaks}{why}",
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
    let mut out = escaped(text).replace('<', "&lt;");
    for special in ['|', '`', '[', ']', '*'] {
        out = out.replace(special, &format!("\\{special}"));
    }
    out
}
