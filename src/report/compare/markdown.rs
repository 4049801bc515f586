//! A comparison for an issue or a wiki, and as annotations of a GitHub workflow.

use super::{
    Comparison, Comparisons, because, change, difference, group_label, label, levels, ratio, value,
    verdict_words,
};
use crate::compare::comparable::Refusal;
use crate::compare::judge::{Row, Verdict};
use crate::compare::levels::Pair;
use crate::registration::session::Group;
use crate::report::durations::count;
use crate::report::markup;
use crate::report::table::text::escaped;

const HEAD: &str = "| | before | n | after | n | change | 95 % interval | difference | 95 % interval | verdict |\n\
                    |---|---:|---:|---:|---:|---:|---:|---:|---:|---|\n";

/// A table a group; of levels of load a table of them, then those groups of each in which something changed.
pub fn render(comparisons: &Comparisons<'_>) -> String {
    let mut out = String::new();
    let sides = [comparisons.names(|pair: &Pair| &pair.before), comparisons.names(|pair: &Pair| &pair.after)];
    for (side, names) in ["Before", "After"].into_iter().zip(sides) {
        let names: Vec<String> = names.into_iter().map(cell).collect();
        out.push_str(&format!("{side}: {}  \n", names.join(", ")));
    }
    for note in comparisons.notes() {
        out.push_str(&format!("\nNote: {}.\n", cell(&note)));
    }
    if let Some(whole) = comparisons.whole() {
        if let Some(refusal) = whole.refusal() {
            out.push_str(&format!("\nNo verdict: {}.\n", cell(&refusal.to_string())));
        }
        whole.groups().into_iter().for_each(|group| table(&mut out, &whole, group));
        return out;
    }
    let each: Vec<Comparison<'_>> = comparisons.each().collect();
    out.push_str(&format!("\n| {} |\n|---:|---:|---:|---:|---:|---|\n", levels::HEADS.join(" | ")));
    for one in &each {
        out.push_str(&format!("| {} |\n", levels::cells(one).join(" | ")));
    }
    for sentence in levels::without_verdict(&each) {
        out.push_str(&format!("\n{}.\n", cell(&sentence)));
    }
    for level in each.iter().filter(|one| one.lacks().is_none() && one.refusal().is_none()) {
        levels::shown(level).0.into_iter().for_each(|group| table(&mut out, level, group));
    }
    out
}

fn table(out: &mut String, comparison: &Comparison<'_>, group: Option<Group>) {
    out.push_str(&format!("\n### {}\n\n", title(comparison, group)));
    let common = comparison.group_refusal(group);
    if let Some(refusal) = common.filter(|_| comparison.refusal().is_none()) {
        out.push_str(&format!("No verdict: {}.\n\n", cell(&refusal.to_string())));
    }
    out.push_str(HEAD);
    for row in levels::rows(comparison, group) {
        let [(at, interval), (by, by_interval)] = [ratio(row), difference(row)]
            .map(|told| told.unwrap_or_else(|| ("-".to_owned(), "-".to_owned())));
        let why = because(row).filter(|_| common.is_none());
        let why = why.map(|why| format!(": {}", cell(&why))).unwrap_or_default();
        let change = comparison.optimisation(row).filter(|_| row.verdict.is_change());
        let change = change.map(|t| format!(" ({})", cell(&t.change))).unwrap_or_default();
        let mark = if row.inferred { "~ " } else { "" };
        out.push_str(&format!(
            "| {mark}{} | {} | {} | {} | {} | {at} | {interval} | {by} | {by_interval} | {}{change}{why} |\n",
            label(row.subject),
            value(row.subject, &row.before),
            count(row.before.n as u64),
            value(row.subject, &row.after),
            count(row.after.n as u64),
            verdict_words(&row.verdict)
        ));
    }
}

// `All`, `Level 64, All`
fn title(comparison: &Comparison<'_>, group: Option<Group>) -> String {
    let level = comparison.level.map(|level| format!("Level {level}, ")).unwrap_or_default();
    format!("{level}{}", group_label(group))
}

/// An error a regression, a notice an improvement, a warning where there is no verdict on all registrations: one for all
/// rows that share a reason.
pub fn annotations(comparisons: &Comparisons<'_>) -> String {
    let mut out = String::new();
    let mut tell = |kind: &str, words: &str| {
        out.push_str(&format!("::{kind} title=reginfra compare::{}\n", data(words)));
    };
    comparisons.cautions().iter().for_each(|note| tell("warning", note));
    comparisons.remarks().iter().for_each(|note| tell("notice", note));
    let each: Vec<Comparison<'_>> = comparisons.each().collect();
    match comparisons.whole().as_ref().map(Comparison::refusal) {
        Some(Some(refusal)) => tell("warning", &format!("All: no verdict: {refusal}")),
        Some(None) => {}
        None => levels::without_verdict(&each).iter().for_each(|words| tell("warning", words)),
    }
    each.iter().filter(|one| one.refusal().is_none()).for_each(|one| annotate(one, &mut tell));
    out
}

fn annotate(comparison: &Comparison<'_>, tell: &mut impl FnMut(&str, &str)) {
    if let Some(refusal) = comparison.group_refusal(None) {
        tell("warning", &format!("{}: no verdict: {refusal}", title(comparison, None)));
    }
    let common = comparison.group_refusal(None).is_some();
    for row in comparison.rows {
        match row.verdict {
            Verdict::Regressed => tell("error", &sentence(comparison, row)),
            Verdict::Improved | Verdict::Moved => tell("notice", &sentence(comparison, row)),
            // of a short storm there are few slices of time, of a low level no more values: nobody can do anything about it
            Verdict::NotComparable(ref refusal)
                if row.group.is_none()
                    && !(common || row.subject.is_of_slices())
                    && (comparison.level.is_none() || !matches!(refusal, Refusal::TooFew { .. })) =>
            {
                tell("warning", &sentence(comparison, row));
            }
            _ => {}
        }
    }
}

fn sentence(comparison: &Comparison<'_>, row: &Row) -> String {
    let change = change(row).map(|(at, interval)| format!(" {at} ({interval})")).unwrap_or_default();
    let why = because(row).map(|why| format!(": {why}")).unwrap_or_default();
    let changed = !matches!(row.verdict, Verdict::NotComparable(_));
    let speaks = comparison.optimisation(row).filter(|_| changed);
    let speaks = speaks.map(|t| format!(", speaks of {}", t.change)).unwrap_or_default();
    format!(
        "{}, {}: {}{change}, {} -> {}{speaks}{why}",
        title(comparison, row.group),
        label(row.subject),
        verdict_words(&row.verdict),
        value(row.subject, &row.before),
        value(row.subject, &row.after)
    )
}

// GitHub's own escape of a command's data, which is no Markdown; it has no lines
fn data(text: &str) -> String {
    escaped(text).replace('%', "%25")
}

fn cell(text: &str) -> String {
    markup::escape(&escaped(text))
}
