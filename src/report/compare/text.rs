//! A comparison for people: a block a group, `all` last. Fits 80 columns; wider ones get the 95th percentiles too.

use super::{Comparison, because, change, group_label, label, optimisation, value, verdict_words};
use crate::compare::judge::{Row, Verdict};
use crate::report::durations::{count, percent};
use crate::report::table::grid::{Cell, Columns, Row as Line};
use crate::report::table::text::{Tone, escaped, paint, wrap};
use crate::report::table::{MAX_WIDTH, MIN_WIDTH, TableStyle};

/// From so many columns on the 95th percentiles stand beside the medians.
const WIDE: usize = 110;

/// The comparison as text, lines ended by newlines.
pub fn render(comparison: &Comparison<'_>, style: &TableStyle) -> String {
    let style = TableStyle { width: style.width.clamp(MIN_WIDTH, MAX_WIDTH), ..*style };
    let mut out = String::new();
    for (side, runs) in [("Before: ", comparison.before), ("After:  ", comparison.after)] {
        let names: Vec<String> = runs.iter().map(|r| escaped(&r.name)).collect();
        paragraph(&mut out, style, Tone::Strong, &format!("{side}{}", names.join(", ")), 0, 8);
    }
    for group in comparison.groups() {
        let rows: Vec<&Row> = comparison.of(group).collect();
        out.push('\n');
        let attempts = |runs: &[crate::compare::run::Run]| {
            let of = |r: &crate::compare::run::Run| {
                r.registrations.iter().filter(|s| group.is_none_or(|g| s.group == g)).count() as u64
            };
            count(runs.iter().map(of).sum())
        };
        let heading = format!(
            "{}: {} attempts before, {} after",
            group_label(group),
            attempts(comparison.before),
            attempts(comparison.after)
        );
        out.push_str(&paint(style, Tone::Title, &heading));
        out.push('\n');
        block(&mut out, &rows, style);
    }
    tail(&mut out, comparison, style);
    out
}

fn block(out: &mut String, rows: &[&Row], style: TableStyle) {
    let wide = style.width >= WIDE;
    let mut heads = vec!["", "before", "after", "change", "95 % interval"];
    if wide {
        heads.extend(["P95 before", "P95 after"]);
    }
    heads.push("verdict");
    let head = Line { inferred: false, cells: heads.iter().map(|h| Cell::new(*h, Tone::Quiet)).collect() };
    let lines: Vec<(Line, &Row)> = rows.iter().map(|row| (line(row, wide), *row)).collect();
    let columns =
        Columns::measure(lines.iter().map(|(line, _)| line).chain([&head]), if wide { 2 } else { 1 });
    out.push_str(&columns.line(&head, style));
    out.push('\n');
    for (line, row) in &lines {
        out.push_str(&columns.line(line, style));
        out.push('\n');
        if let Some(why) = because(row) {
            paragraph(out, style, Tone::Caution, &why, 4, 4);
        }
        let told = matches!(row.verdict, Verdict::Improved | Verdict::Regressed);
        if let Some(target) = optimisation(row.subject).filter(|_| told) {
            paragraph(
                out,
                style,
                Tone::Quiet,
                &format!("speaks of {} ({})", target.change, target.state),
                4,
                4,
            );
        }
    }
}

fn line(row: &Row, wide: bool) -> Line {
    let (at, interval) = change(row).unwrap_or_else(|| ("-".to_owned(), "-".to_owned()));
    let tone = match row.verdict {
        Verdict::Improved => Tone::Good,
        Verdict::Regressed => Tone::Bad,
        Verdict::NotComparable(_) | Verdict::Moved => Tone::Caution,
        Verdict::NoChangeSeen => Tone::Quiet,
    };
    let mut cells = vec![
        Cell::plain(label(row.subject)),
        Cell::plain(value(row.subject, &row.before)),
        Cell::plain(value(row.subject, &row.after)),
        Cell::plain(at),
        Cell::new(interval, Tone::Quiet),
    ];
    if wide {
        let p95 = |figure: &crate::compare::judge::Figure| Cell::plain(value(row.subject, figure));
        let (before, after) = row.p95.unwrap_or_default();
        cells.extend([p95(&before), p95(&after)]);
    }
    cells.push(Cell::new(verdict_words(&row.verdict), tone));
    Line { inferred: row.inferred, cells }
}

fn tail(out: &mut String, comparison: &Comparison<'_>, style: TableStyle) {
    let threshold = match (comparison.thresholds.all, comparison.thresholds.of.is_empty()) {
        (0.0, true) => "Any change counts (--threshold).".to_owned(),
        (all, _) => format!("Changes up to {} count as none (--threshold).", percent(all)),
    };
    let words = format!(
        "Timings: medians; their change is where the whole distribution went, so it can differ from that of the medians. \
         Calls: means. {threshold} Where nothing has changed, some verdict is wrong in fewer than 8 of 100 comparisons; \
         docs/compare.md has the rates. ~ marks what is inferred."
    );
    out.push('\n');
    paragraph(out, style, Tone::Quiet, &words, 0, 0);
}

fn paragraph(out: &mut String, style: TableStyle, tone: Tone, words: &str, first: usize, rest: usize) {
    for line in wrap(words, style.width, first, rest) {
        out.push_str(&paint(style, tone, &line));
        out.push('\n');
    }
}
