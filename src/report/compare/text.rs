//! A comparison for people: a block a group, `all` last; of levels of load a table of them, then those groups of each
//! in which something changed. A figure has two lines: values and change in per cent, then how many values they are of and
//! the change as a difference. Fits 80 columns; wider ones get a high percentile too.

use super::levels;
use super::{
    ALONE, Comparison, Comparisons, because, difference, group_label, label, percentile_name, ratio,
    stands_out_alone, tails, times, value, verdict_words,
};
use crate::compare::judge::{Row, Subject, Verdict};
use crate::compare::levels::Pair;
use crate::compare::run::Run;
use crate::registration::session::Group;
use crate::report::durations::{count, counted, percent};
use crate::report::table::grid::{Cell, Columns, Row as Line};
use crate::report::table::text::{Tone, escaped, paint, wrap};
use crate::report::table::{MAX_WIDTH, MIN_WIDTH, TableStyle};
use std::collections::BTreeSet;

/// From so many columns on percentiles stand beside the medians.
const WIDE: usize = 110;
/// Heads of a figure's two lines.
const HEADS: [[&str; 5]; 2] =
    [["", "before", "after", "change", "95 % interval"], ["", "n", "n", "difference", "95 % interval"]];
/// The longest name, where lines have no room for it.
const SHORTER: (Subject, &str) = (Subject::CreatesUnderWay, "creates underway");

/// The comparison as text, lines ended by newlines.
pub fn render(comparisons: &Comparisons<'_>, style: &TableStyle) -> String {
    let style = TableStyle { width: style.width.clamp(MIN_WIDTH, MAX_WIDTH), ..*style };
    let mut out = String::new();
    let sides = [comparisons.names(|pair: &Pair| &pair.before), comparisons.names(|pair: &Pair| &pair.after)];
    for (side, names) in ["Before: ", "After:  "].into_iter().zip(sides) {
        let names: Vec<String> = names.into_iter().map(escaped).collect();
        paragraph(&mut out, style, Tone::Strong, &format!("{side}{}", names.join(", ")), 0, 8);
    }
    for note in comparisons.notes() {
        paragraph(&mut out, style, Tone::Caution, &format!("Note: {}.", escaped(&note)), 0, 2);
    }
    if let Some(whole) = comparisons.whole() {
        if let Some(refusal) = whole.refusal() {
            out.push('\n');
            paragraph(&mut out, style, Tone::Caution, &format!("No verdict: {refusal}."), 0, 2);
        }
        for group in whole.groups() {
            block(&mut out, &whole, group, style, &mut BTreeSet::new());
        }
    } else {
        let each: Vec<Comparison<'_>> = comparisons.each().collect();
        overview(&mut out, &each, style);
        let mut told = BTreeSet::new();
        // what has no verdict at all has been told
        for level in each.iter().filter(|one| one.lacks().is_none() && one.refusal().is_none()) {
            let (shown, others) = levels::shown(level);
            for group in shown {
                block(&mut out, level, group, style, &mut told);
            }
            let others: Vec<&str> = others.into_iter().map(group_label).collect();
            if !others.is_empty() {
                let words =
                    format!("no change seen in {} (--format json has the figures)", others.join(", "));
                paragraph(&mut out, style, Tone::Quiet, &words, 2, 2);
            }
        }
    }
    tail(&mut out, comparisons, style);
    out
}

fn overview(out: &mut String, each: &[Comparison<'_>], style: TableStyle) {
    let plain = |cells: &[String]| Line { inferred: false, cells: cells.iter().map(Cell::plain).collect() };
    let lines: Vec<Line> = each.iter().map(|one| plain(&levels::cells(one))).collect();
    let heads = levels::HEADS.iter().map(|head| Cell::new(*head, Tone::Quiet)).collect();
    let head = Line { inferred: false, cells: heads };
    let columns = Columns::measure(lines.iter().chain([&head]), 2);
    out.push_str(&format!("\n{}\n", paint(style, Tone::Title, "Levels of load")));
    for line in std::iter::once(&head).chain(&lines) {
        out.push_str(&columns.line(line, style));
        out.push('\n');
    }
    for sentence in levels::without_verdict(each) {
        paragraph(out, style, Tone::Caution, &format!("{sentence}."), 2, 4);
    }
}

fn heading(comparison: &Comparison<'_>, group: Option<Group>) -> String {
    let attempts = |runs: &[Run]| -> u64 {
        let of = |run: &Run| {
            run.registrations.iter().filter(|r| group.is_none_or(|g| r.group == g)).count() as u64
        };
        runs.iter().map(of).sum()
    };
    let level = comparison.level.map(|level| format!("Level {level}, ")).unwrap_or_default();
    let (before, after) = (attempts(comparison.before), attempts(comparison.after));
    let before = counted(before, "attempt");
    format!("{level}{}: {before} before, {} after", group_label(group), count(after))
}

// `told` are the words that stand above already
fn block(
    out: &mut String,
    comparison: &Comparison<'_>,
    group: Option<Group>,
    style: TableStyle,
    told: &mut BTreeSet<String>,
) {
    out.push_str(&format!("\n{}\n", paint(style, Tone::Title, &heading(comparison, group))));
    let rows: Vec<&Row> = levels::rows(comparison, group);
    let common = comparison.group_refusal(group);
    if let Some(refusal) = common.filter(|_| comparison.refusal().is_none()) {
        paragraph(out, style, Tone::Caution, &format!("no verdict: {refusal}"), 2, 4);
    }
    let wide = style.width >= WIDE;
    let tail = percentile_name(comparison.options.shown());
    let quiet = |words: &str| Cell::new(words, Tone::Quiet);
    let mut heads = HEADS.map(|cells| Line { inferred: false, cells: cells.map(quiet).into() });
    if wide {
        heads[0].cells.extend(["before", "after"].map(|side| quiet(&format!("{tail} {side}"))));
    }
    if common.is_none() {
        heads[0].cells.push(quiet("verdict"));
    }
    let mut lines: Vec<([Line; 2], &Row)> =
        rows.iter().map(|row| (lines(row, wide, common.is_none()), *row)).collect();
    let columns = fitted(&mut lines, &heads, style.width);
    let print = |out: &mut String, lines: &[Line; 2]| {
        lines.iter().for_each(|line| out.push_str(&format!("{}\n", columns.line(line, style))));
    };
    print(out, &heads);
    for (lines, row) in &lines {
        print(out, lines);
        let asked = comparison.options.percentile.filter(|_| !wide);
        if let Some(words) = asked.and_then(|share| tails(row, share)) {
            paragraph(out, style, Tone::Quiet, &words, 4, 4);
        }
        if let Some(why) = because(row).filter(|_| common.is_none()) {
            // the second row of the same reason need not repeat it
            if told.insert(why.clone()) {
                paragraph(out, style, Tone::Caution, &why, 4, 4);
            }
        }
        if let Some(target) = comparison.optimisation(row).filter(|_| row.verdict.is_change()) {
            let words = format!("speaks of {} ({})", target.change, target.state);
            if told.insert(words.clone()) {
                paragraph(out, style, Tone::Quiet, &words, 4, 4);
            }
        }
    }
}

// wider ones have more between their columns
fn fitted(lines: &mut [([Line; 2], &Row)], heads: &[Line; 2], width: usize) -> Columns {
    let gap = if width >= WIDE { 2 } else { 1 };
    let measured = |lines: &[([Line; 2], &Row)]| {
        Columns::measure(lines.iter().map(|(lines, _)| lines).chain([heads]).flatten(), gap)
    };
    let columns = measured(lines);
    if columns.total() <= width {
        return columns;
    }
    for (lines, _) in lines.iter_mut().filter(|(_, row)| row.subject == SHORTER.0) {
        lines[0].cells[0].text = SHORTER.1.to_owned();
    }
    let columns = measured(lines);
    if columns.total() <= width {
        return columns;
    }
    for (lines, row) in &mut *lines {
        if let Some((at, interval)) = times(row) {
            (lines[0].cells[3].text, lines[0].cells[4].text) = (at, interval);
        }
    }
    measured(lines)
}

// values, change and verdict; then how many values, and the change as a difference
fn lines(row: &Row, wide: bool, judged: bool) -> [Line; 2] {
    let tone = match row.verdict {
        Verdict::Improved => Tone::Good,
        Verdict::Regressed => Tone::Bad,
        Verdict::NotComparable(_) | Verdict::Moved => Tone::Caution,
        Verdict::NoChangeSeen => Tone::Quiet,
    };
    let (at, interval) = ratio(row).unwrap_or_else(|| ("-".to_owned(), "-".to_owned()));
    let mut cells = vec![
        Cell::plain(label(row.subject)),
        Cell::plain(value(row.subject, &row.before)),
        Cell::plain(value(row.subject, &row.after)),
        Cell::plain(at),
        Cell::new(interval, Tone::Quiet),
    ];
    if wide {
        let (before, after) = row.tail.unwrap_or_default();
        cells.extend([before, after].map(|figure| Cell::plain(value(row.subject, &figure))));
    }
    if judged {
        cells.push(Cell::new(verdict_words(&row.verdict), tone));
    }
    let n = [row.before.n, row.after.n].map(|n| count(n as u64));
    let (at, interval) = difference(row).unwrap_or_default();
    let second = [vec![String::new()], n.into(), vec![at, interval]].concat();
    let second = second.into_iter().map(|words| Cell::new(words, Tone::Quiet)).collect();
    [Line { inferred: row.inferred, cells }, Line { inferred: false, cells: second }]
}

fn tail(out: &mut String, comparisons: &Comparisons<'_>, style: TableStyle) {
    let thresholds = &comparisons.options.thresholds;
    let own: Vec<String> =
        thresholds.of.iter().map(|(name, share)| format!("{name} {}", percent(*share))).collect();
    let threshold = match (thresholds.all, own.is_empty()) {
        (0.0, true) => "Any change counts (--threshold).".to_owned(),
        (all, true) => format!("Changes up to {} count as none (--threshold).", percent(all)),
        (all, false) => {
            format!("Changes up to {} count as none (--threshold), of {}.", percent(all), own.join(", "))
        }
    };
    let alone = match comparisons.rows.iter().flatten().any(stands_out_alone) {
        true => format!(" {ALONE}"),
        false => String::new(),
    };
    let words = format!(
        "Timings: medians; their change is where the whole distribution went, so it can differ from that of the medians. \
         Calls: means a registration. n: values; of {} and {}, slices of time. Shares differ in points (pt). {threshold} \
         How often verdicts are wrong: docs/compare.md.{alone} ~ marks what is inferred.",
        label(Subject::Throughput),
        label(Subject::CreatesUnderWay)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::comparable::{FEWEST, Refusal};
    use crate::compare::judge::{Figure, Options};
    use crate::compare::run::{OF_SESSIONS, Registration};
    use crate::metrics::answer::Metric;

    fn run(name: &str, attempts: usize) -> Run {
        let attempt = Registration {
            started_us: 0,
            group: Group::SatelliteSsh,
            client_os: "".into(),
            part: "".into(),
            error: None,
            success: true,
            first: true,
            values: [f64::NAN; OF_SESSIONS.len()],
            inferred: [false; OF_SESSIONS.len()],
        };
        Run { name: name.to_owned(), registrations: vec![attempt; attempts], ..Run::default() }
    }

    fn row(subject: Subject, value: f64, verdict: Verdict) -> Row {
        let figure = Figure { value: Some(value), interval: None, n: 100 };
        Row { verdict, ..Row::of(None, subject, figure, figure) }
    }

    // `highest` is the upper limit of the ratio of failures
    fn shown(highest: f64, width: usize) -> String {
        let few =
            |found| Verdict::NotComparable(Refusal::TooFew { found, needed: FEWEST, of: "slices of time" });
        let create = Subject::Metric(Metric::ConsumerCreateMs);
        let rows = vec![
            row(create, 2461.0, Verdict::NoChangeSeen),
            Row { ratio: Some((2.0, 0.0, highest)), ..row(Subject::ErrorRate, 0.01, Verdict::NoChangeSeen) },
            row(Subject::Throughput, 3.5, few(2)),
            row(Subject::CreatesUnderWay, 9.25, few(1)),
        ];
        let pair = Pair { level: None, before: vec![run("a", 1)], after: vec![run("b", 2)] };
        let comparisons =
            Comparisons { pairs: &[pair], rows: &[rows], options: &Options::default(), targets: &[] };
        let text = render(&comparisons, &TableStyle { width, color: false });
        let long: Vec<&str> = text.lines().filter(|line| line.chars().count() > width).collect();
        assert!(long.is_empty(), "{long:#?}");
        text
    }

    #[test]
    fn a_name_is_cut_only_where_its_line_has_no_room() {
        for (highest, width, name) in [
            (5.0, 80, "creates under way"),
            (8.0, 80, "creates under way"),
            (110.57, 80, "creates underway"),
            (110.57, 110, "creates under way"),
        ] {
            let text = shown(highest, width);
            let line = text.lines().find(|line| line.starts_with("  creates ")).unwrap();
            let cells: Vec<&str> = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
            assert_eq!(cells[0], name, "{highest} at {width}: {text}");
        }
    }

    #[test]
    fn a_rate_of_few_slices_shows_what_there_is_and_why_that_is_too_few() {
        let text = shown(5.0, 80);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let at = lines.iter().position(|line| line.starts_with("registered/s ")).unwrap();
        let words = |line: &str| line.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>();
        assert_eq!(words(lines[at]), ["registered/s", "3.5", "3.5", "-", "-", "no", "verdict"]);
        assert_eq!(lines[at + 2], "2 slices of time in a run; 20 are needed");
        let at = lines.iter().position(|line| line.starts_with("creates under way ")).unwrap();
        assert_eq!(lines[at + 2], "1 slice of time in a run; 20 are needed");
        let n = "n: values; of registered/s and creates under way, slices of time.";
        assert!(lines.join(" ").contains(n), "{text}");
    }

    #[test]
    fn an_interval_that_leaves_out_0_beside_no_verdict_is_explained() {
        let text = |low| {
            let create = Subject::Metric(Metric::ConsumerCreateMs);
            let rows = vec![Row { ratio: Some((1.1, low, 1.2)), ..row(create, 9.0, Verdict::NoChangeSeen) }];
            let pair = Pair { level: None, before: vec![run("a", 1)], after: vec![run("b", 1)] };
            let options = Options::default();
            let all = Comparisons { pairs: &[pair], rows: &[rows], options: &options, targets: &[] };
            render(&all, &TableStyle { width: 200, color: false })
        };
        assert!(text(1.01).contains("An interval is of one figure alone"), "{}", text(1.01));
        assert!(!text(0.99).contains("An interval"), "{}", text(0.99));
    }

    #[test]
    fn one_attempt_is_told_in_the_singular() {
        assert!(shown(5.0, 80).contains("\nAll: 1 attempt before, 2 after\n"));
    }
}
