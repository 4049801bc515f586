//! A history for people: a line a figure with its course, what changed below it.

use super::sparkline::{Signs, sparkline};
use super::{Shown, change, figure_name, sure, value};
use crate::compare::judge::Verdict;
use crate::history::divisive::values_needed;
use crate::history::judge::{Finding, Judged};
use crate::history::runs::KeptRun;
use crate::registration::session::Group;
use crate::report::compare::{group_label, meaning, verdict_words};
use crate::report::durations::{count, counted, percent};
use crate::report::table::grid::{Cell, Columns, Row};
use crate::report::table::text::{Tone, escaped, from_to, paint, wrap};
use crate::report::table::{MAX_WIDTH, MIN_WIDTH, TableStyle};
use crate::timestamp::Timestamp;

/// More than a day's run for two months says no more in one line.
const WIDEST_COURSE: usize = 60;

/// The history as text, lines ended by newlines.
pub fn render(shown: &Shown<'_>, style: &TableStyle, signs: Signs) -> String {
    let style = TableStyle { width: style.width.clamp(MIN_WIDTH, MAX_WIDTH), ..*style };
    let mut out = String::new();
    if let (Some(first), Some(last)) = (shown.runs.first(), shown.runs.last()) {
        let runs = counted(shown.runs.len() as u64, "run");
        let words = format!("History of {runs}, {}", from_to(first.time, last.time));
        paragraph(&mut out, style, Tone::Strong, &words, 0, 2);
    }
    let mut groups: Vec<Option<Group>> = Vec::new();
    for judged in &shown.history.judged {
        if !groups.contains(&judged.series.key.group) {
            groups.push(judged.series.key.group);
        }
    }
    for group in groups {
        out.push('\n');
        out.push_str(&paint(style, Tone::Title, group_label(group)));
        out.push('\n');
        let of_group: Vec<&Judged> =
            shown.history.judged.iter().filter(|j| j.series.key.group == group).collect();
        block(&mut out, shown, &of_group, style, signs);
    }
    tail(&mut out, shown, style);
    out
}

fn block(out: &mut String, shown: &Shown<'_>, all: &[&Judged], style: TableStyle, signs: Signs) {
    const GAP: usize = 2;
    let head = ["", "runs", "first", "last", "changes"].map(|h| Cell::new(h, Tone::Quiet));
    let head = Row { inferred: false, cells: head.into() };
    let rows: Vec<Row> = all.iter().map(|judged| row(judged)).collect();
    let columns = Columns::measure(rows.iter().chain([&head]), GAP);
    let room = style.width.saturating_sub(columns.total() + GAP).clamp(8, WIDEST_COURSE);
    out.push_str(&columns.line(&head, style));
    out.push('\n');
    for (judged, row) in all.iter().zip(&rows) {
        let values: Vec<f64> = judged.series.points.iter().map(|p| p.value).collect();
        out.push_str(&columns.line(row, style));
        out.push_str(&format!("{}{}\n", " ".repeat(GAP), sparkline(&values, room, signs)));
        for finding in judged.findings.iter().filter(|f| f.acknowledged.is_none()) {
            tell(out, shown, judged, finding, style);
        }
    }
}

fn row(judged: &Judged) -> Row {
    let series = &judged.series;
    let key = series.key;
    let shown = |point: Option<&crate::history::series::Point>| {
        Cell::plain(point.map_or_else(|| "-".to_owned(), |p| value(key.subject, p.value)))
    };
    let known = judged.findings.iter().filter(|f| f.acknowledged.is_some()).count();
    let news: Vec<&Finding> = judged.findings.iter().filter(|f| f.acknowledged.is_none()).collect();
    let (words, tone) = match (judged.needed, news.len(), known) {
        (Some(_), ..) => ("too short".to_owned(), Tone::Caution),
        (None, 0, 0) => ("none".to_owned(), Tone::Quiet),
        (None, 0, known) => (format!("{known} known"), Tone::Quiet),
        (None, new, known) => {
            let tones = news.iter().map(|f| tone(&f.verdict));
            let tone = tones.max_by_key(|t| SEVERITY.iter().position(|s| s == t)).unwrap_or(Tone::Plain);
            (if known == 0 { new.to_string() } else { format!("{new}, {known} known") }, tone)
        }
    };
    Row {
        inferred: series.evidence() != "exact",
        cells: vec![
            Cell::plain(figure_name(key)),
            Cell::plain(count(series.points.len() as u64)),
            shown(series.points.first()),
            shown(series.points.last()),
            Cell::new(words, tone),
        ],
    }
}

fn tell(out: &mut String, shown: &Shown<'_>, judged: &Judged, finding: &Finding, style: TableStyle) {
    let key = judged.series.key;
    let words = format!(
        "{} {}: {} -> {} ({} sure)",
        verdict_words(&finding.verdict),
        change(key, finding),
        value(key.subject, finding.before),
        value(key.subject, finding.after),
        sure(finding.probability)
    );
    let tone = tone(&finding.verdict);
    paragraph(out, style, tone, &words, 4, 6);
    if let Some(why) = meaning(&finding.verdict, finding.together.as_ref()) {
        paragraph(out, style, tone, &why, 6, 8);
    }
    if let Some((before, after)) = shown.sides(judged, finding) {
        paragraph(out, style, Tone::Plain, &format!("since {}", named(after)), 6, 8);
        paragraph(out, style, Tone::Quiet, &format!("before: {}", named(before)), 6, 8);
    }
    paragraph(out, style, Tone::Quiet, &format!("id {}", finding.id), 6, 8);
}

// from what matters least
const SEVERITY: [Tone; 3] = [Tone::Good, Tone::Caution, Tone::Bad];

const fn tone(verdict: &Verdict) -> Tone {
    match verdict {
        Verdict::Improved => Tone::Good,
        Verdict::Regressed => Tone::Bad,
        Verdict::Moved | Verdict::NoChangeSeen | Verdict::NotComparable(_) => Tone::Caution,
    }
}

// `runs/12, 2026-04-12 10:00:00 UTC (commit=abc, satellite=6.18)`
fn named(run: &KeptRun) -> String {
    let time = Timestamp::from_secs(run.time.secs()).to_string();
    let labels: Vec<String> = run.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let labels = if labels.is_empty() { String::new() } else { format!(" ({})", labels.join(", ")) };
    escaped(&format!("{}, {} UTC{labels}", run.name, time.trim_end_matches('Z').replacen('T', " ", 1)))
}

fn tail(out: &mut String, shown: &Shown<'_>, style: TableStyle) {
    let mut words = Vec::new();
    match shown.unreadable.len() {
        0 => {}
        n => words.push(format!(
            "Left out: {} that could not be read or holds nothing; warnings say why.",
            counted(n as u64, "path")
        )),
    }
    let needed = values_needed(shown.options.significance, shown.options.min_segment);
    if shown.history.judged.iter().any(|j| j.needed.is_some()) {
        words.push(format!(
            "Too short: with fewer than {needed} runs no change can be told from chance at --significance {} and \
             --min-segment {}; keep more runs.",
            percent(shown.options.significance),
            shown.options.min_segment
        ));
    }
    let known = shown.history.judged.iter().flat_map(|j| &j.findings).filter(|f| f.acknowledged.is_some());
    match known.count() {
        0 => {}
        n => words.push(format!("Acknowledged and not told again: {n}.")),
    }
    words.push(format!(
        "A sign a run, from the lowest value to the highest; fewer where there is no room. Values of a change are medians of \
         the runs before and after it. Of histories in which nothing has changed, {} have a finding all the same; \
         docs/history.md has what was measured. ~ marks what is inferred.",
        percent(shown.options.significance)
    ));
    out.push('\n');
    paragraph(out, style, Tone::Quiet, &words.join(" "), 0, 0);
}

fn paragraph(out: &mut String, style: TableStyle, tone: Tone, words: &str, first: usize, rest: usize) {
    for line in wrap(words, style.width, first, rest) {
        out.push_str(&paint(style, tone, &line));
        out.push('\n');
    }
}
