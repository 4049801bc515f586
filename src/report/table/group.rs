//! A block a group: who registered, timings, calls, and the changes that figures lead to.

use super::grid::{Cell, Columns, Row};
use super::text::{Tone, escaped, paint, span_of_time, tied, wrap};
use super::{Labels, TableStyle};
use crate::metrics::answer::{Answer, Distribution, GroupAnswer, Metric, Statistic};
use crate::metrics::targets::Judgement;
use crate::registration::session::{ErrorClass, Evidence};
use crate::report::durations::{calls, count, digits, millis, percent, share};
use std::collections::BTreeMap;

/// A way to fit the tables into the width, the roomiest first.
#[derive(Clone, Copy, Debug)]
struct Layout {
    labels: Labels,
    figures: Figures,
    gap: usize,
    /// The label has a line of its own.
    stacked: bool,
}

/// How a duration is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figures {
    /// `2,345 ms`
    Spaced,
    /// `2,345ms`
    Tight,
    /// `2345ms`
    Bare,
}

impl Figures {
    fn millis(self, ms: f64) -> String {
        let text = millis(ms);
        match self {
            Self::Spaced => text,
            Self::Tight => text.replace(' ', ""),
            Self::Bare => text.replace([' ', ','], ""),
        }
    }
}

const LAYOUTS: [Layout; 7] = [
    Layout { labels: Labels::Full, figures: Figures::Spaced, gap: 2, stacked: false },
    Layout { labels: Labels::Full, figures: Figures::Spaced, gap: 1, stacked: false },
    Layout { labels: Labels::Route, figures: Figures::Spaced, gap: 1, stacked: false },
    Layout { labels: Labels::Short, figures: Figures::Spaced, gap: 1, stacked: false },
    Layout { labels: Labels::Short, figures: Figures::Tight, gap: 1, stacked: false },
    Layout { labels: Labels::Short, figures: Figures::Bare, gap: 1, stacked: false },
    Layout { labels: Labels::Short, figures: Figures::Tight, gap: 1, stacked: true },
];

/// A group with its rows, before widths are known.
struct Block<'a> {
    group: &'a GroupAnswer,
    judged: Vec<&'a Judgement>,
    timings: Vec<Row>,
    calls: Vec<(Row, Option<&'a Judgement>)>,
}

pub fn render(out: &mut String, answer: &Answer, judgements: &[Judgement], style: TableStyle) {
    // one layout for all groups: columns stand under each other from group to group
    let mut chosen = None;
    for layout in LAYOUTS {
        let blocks: Vec<Block<'_>> = answer.groups.iter().map(|g| block(g, judgements, layout)).collect();
        let timings = Columns::measure(blocks.iter().flat_map(|b| &b.timings), layout.gap);
        let fits = timings.total() <= style.width;
        chosen = Some((layout, blocks, timings));
        if fits {
            break;
        }
    }
    let Some((layout, blocks, mut timings)) = chosen else { return };
    let mut calls =
        Columns::measure(blocks.iter().flat_map(|b| b.calls.iter().map(|(row, _)| row)), layout.gap.max(2));
    if !layout.stacked {
        // the labels of both tables share a width where that still fits
        let mut wider = timings.clone();
        wider.align_first(&calls, 2);
        if wider.total() <= style.width {
            timings = wider;
        }
        calls.align_first(&timings, 2);
    }
    for block in &blocks {
        one(out, block, layout, &timings, &calls, style);
    }
}

fn one(
    out: &mut String,
    block: &Block<'_>,
    layout: Layout,
    timings: &Columns,
    calls: &Columns,
    style: TableStyle,
) {
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    line("");
    line(&paint(style, Tone::Title, block.group.label()));
    line(&paint(style, Tone::Quiet, &"-".repeat(block.group.label().len())));
    head(&mut line, block.group, style);
    if block.timings.len() > 1 {
        line("");
        for row in &block.timings {
            if layout.stacked {
                stacked(&mut line, row, style);
            } else {
                line(&timings.line(row, style));
            }
        }
        let has_row =
            |j: &Judgement| !j.metric.is_timing() && !j.metric.is_share() && j.statistic == Statistic::Avg;
        for j in block.judged.iter().filter(|j| !has_row(j)) {
            judged_line(&mut line, j, style);
        }
    } else {
        line(&paint(style, Tone::Quiet, "  no timings: none of these is known to have succeeded"));
    }
    if block.calls.len() > 1 {
        line("");
        for (row, judged) in &block.calls {
            call_line(&mut line, row, *judged, calls, style);
        }
    }
}

/// Who registered, when, what failed, with what clients, told by what.
fn head(line: &mut impl FnMut(&str), group: &GroupAnswer, style: TableStyle) {
    let mut words = format!("{} registrations", count(group.session_count));
    if group.session_count == 1 {
        words.pop();
    }
    if group.error_count > 0 {
        let classes: Vec<String> = ErrorClass::ALL
            .iter()
            .filter_map(|c| group.error_breakdown.get(c).filter(|n| **n > 0).map(|n| (c.name(), *n)))
            .map(|(name, n)| tied(name, &count(n)))
            .collect();
        let failed = share(group.error_count, group.session_count);
        words += &format!(", {} failed ({failed}): {}", count(group.error_count), classes.join(", "));
    } else {
        words += ", none failed";
    }
    if group.cut_count > 0 {
        words += &format!("; {} more cut off by the end of the log", count(group.cut_count));
    }
    let tone = if group.error_count > 0 { Tone::Caution } else { Tone::Plain };
    for text in wrap(&words, style.width, 2, 4) {
        line(&paint(style, tone, &text));
    }
    if let (Some(start), Some(end)) = (group.window_start, group.window_end) {
        for text in wrap(&span_of_time(start, end), style.width, 2, 4) {
            line(&text);
        }
    }
    let told = [("clients", &group.client_os), ("way in told by", &group.way_in)];
    let told: Vec<String> =
        told.iter().filter(|(_, m)| !m.is_empty()).map(|(w, m)| format!("{w}: {}", mix(m))).collect();
    for text in wrap(&told.join("; "), style.width, 2, 4) {
        line(&paint(style, Tone::Quiet, &text));
    }
}

/// `rhel-9 8,229, rhel-8 4,115`, the most frequent first.
fn mix(parts: &BTreeMap<String, u64>) -> String {
    let mut parts: Vec<(&String, u64)> = parts.iter().map(|(k, v)| (k, *v)).collect();
    parts.sort_by_key(|(name, n)| (std::cmp::Reverse(*n), *name));
    let shown: Vec<String> = parts.iter().map(|(k, n)| tied(&escaped(k), &count(*n))).collect();
    shown.join(", ")
}

fn block<'a>(group: &'a GroupAnswer, judgements: &'a [Judgement], layout: Layout) -> Block<'a> {
    let judged: Vec<&Judgement> = judgements.iter().filter(|j| j.group == group.group).collect();
    Block { group, timings: timing_rows(group, layout), calls: call_rows(group, &judged, layout), judged }
}

fn timing_rows(group: &GroupAnswer, layout: Layout) -> Vec<Row> {
    let quiet = |text: &str| Cell::new(text, Tone::Quiet);
    let mut rows = vec![Row {
        inferred: false,
        cells: ["timing", "n"]
            .into_iter()
            .chain(Statistic::ALL.iter().map(|s| s.label()))
            .map(quiet)
            .collect(),
    }];
    let timings = Metric::ALL.into_iter().filter(|m| m.is_timing());
    let found: Vec<(Metric, &Distribution)> =
        timings.filter_map(|m| group.metrics.get(&m).map(|d| (m, d))).collect();
    if found.iter().any(|(_, d)| d.count > 0) {
        rows.extend(found.iter().map(|(m, d)| timing_row(layout.labels.of(*m), d, layout, Tone::Plain)));
    }
    if group.failed_create_ms.count > 0 {
        let label =
            if layout.labels == Labels::Full { "POST /rhsm/consumers, failed" } else { "failed creates" };
        rows.push(timing_row(label, &group.failed_create_ms, layout, Tone::Caution));
    }
    rows
}

fn timing_row(label: &str, d: &Distribution, layout: Layout, tone: Tone) -> Row {
    let figure = |statistic: &Statistic| {
        let text = d.get(*statistic).map_or_else(|| "-".to_owned(), |ms| layout.figures.millis(ms));
        let strong = matches!(statistic, Statistic::P50) && tone == Tone::Plain;
        Cell::new(text, if strong { Tone::Strong } else { tone })
    };
    let cells = [Cell::new(label, tone), Cell::new(count(d.count), Tone::Quiet)];
    Row {
        inferred: d.evidence == Evidence::Inferred && d.count > 0,
        cells: cells.into_iter().chain(Statistic::ALL.iter().map(figure)).collect(),
    }
}

fn call_rows<'a>(
    group: &GroupAnswer,
    judged: &[&'a Judgement],
    layout: Layout,
) -> Vec<(Row, Option<&'a Judgement>)> {
    let quiet = |text: &str| Cell::new(text, Tone::Quiet);
    let title = if layout.labels == Labels::Short { "calls" } else { "calls a registration" };
    let cells = [title, "n", "avg", "target", ""].into_iter().map(quiet).collect();
    let mut rows = vec![(Row { inferred: false, cells }, None)];
    for metric in Metric::ALL.into_iter().filter(|m| !m.is_timing() && !m.is_share()) {
        let Some(d) = group.metrics.get(&metric).filter(|d| d.count > 0) else { continue };
        let judgement = judged.iter().copied().find(|j| j.metric == metric && j.statistic == Statistic::Avg);
        rows.push((call_row(layout.labels.of(metric), d, judgement), judgement));
        if metric == Metric::ComplianceCalls {
            let polling = &group.compliance_calls_polling;
            let label =
                if layout.labels == Labels::Short { "  of those polling" } else { "  over those that poll" };
            let mut row = call_row(label, polling, None);
            row.cells.truncate(3);
            rows.push((row, None));
        }
    }
    rows
}

fn call_row(label: &str, d: &Distribution, judgement: Option<&Judgement>) -> Row {
    let avg = d.avg.map_or_else(|| "-".to_owned(), |avg| average(avg, judgement));
    let target = judgement.map_or("", |_| "none set").to_owned();
    let target = judgement.and_then(|j| j.target).map_or(target, calls);
    Row {
        inferred: d.evidence == Evidence::Inferred && d.count > 0,
        cells: vec![
            Cell::plain(label),
            Cell::new(count(d.count), Tone::Quiet),
            Cell::new(avg, Tone::Strong),
            Cell::plain(target),
            verdict(judgement),
        ],
    }
}

/// Two digits behind the point, so that points stand under each other; more where a missed target would look met.
fn average(avg: f64, judgement: Option<&Judgement>) -> String {
    let text = digits(avg, 2);
    let target = judgement.and_then(|j| j.target.filter(|_| j.met == Some(false)));
    if target.is_some_and(|t| digits(t, 2) == text) { digits(avg, 3) } else { text }
}

fn verdict(judgement: Option<&Judgement>) -> Cell {
    match judgement.map(|j| (j.met, j.target)) {
        Some((Some(true), _)) => Cell::new("met", Tone::Good),
        Some((Some(false), _)) => Cell::new("NOT MET", Tone::Bad),
        Some((None, Some(_))) => Cell::new("no figure", Tone::Quiet),
        _ => Cell::default(),
    }
}

/// A row of calls with its change behind it, wrapped in its own column; under the row where that is too narrow.
fn call_line(
    line: &mut impl FnMut(&str),
    row: &Row,
    judged: Option<&Judgement>,
    columns: &Columns,
    style: TableStyle,
) {
    let text = columns.line(row, style);
    let Some(j) = judged else { return line(&text) };
    let change = escaped(&format!("{} ({})", j.change, j.state));
    let start = columns.total() + 2;
    if style.width < start + 20 {
        line(&text);
        wrap(&change, style.width, 6, 6).iter().for_each(|l| line(&paint(style, Tone::Quiet, l)));
        return;
    }
    let used: usize = columns.line(row, TableStyle { color: false, ..style }).chars().count();
    for (i, part) in wrap(&change, style.width, start, start).iter().enumerate() {
        let part = paint(style, Tone::Quiet, part);
        // the first line's indentation is the row itself
        if i == 0 { line(&format!("{text}{}", &part[used.min(start)..])) } else { line(&part) }
    }
}

/// A judged timing, which has no column to stand in.
fn judged_line(line: &mut impl FnMut(&str), j: &Judgement, style: TableStyle) {
    let show = |v: f64| match j.metric {
        metric if metric.is_timing() => millis(v),
        metric if metric.is_share() => percent(v),
        _ => calls(v),
    };
    let name = Labels::Short.of(j.metric);
    let what =
        if j.metric.is_share() { name.to_owned() } else { format!("{} of {name}", j.statistic.label()) };
    let value = j.value.map_or_else(|| "no figure".to_owned(), show);
    let (target, tone) = match (j.target.map(show), j.met) {
        (Some(target), Some(true)) => (format!("target {target} met"), Tone::Good),
        (Some(target), Some(false)) => (format!("target {target} NOT MET"), Tone::Bad),
        (Some(target), None) => (format!("target {target}"), Tone::Quiet),
        (None, _) => ("no target set".to_owned(), Tone::Quiet),
    };
    let text = format!("{what}: {value}, {target}; {} ({})", j.change, j.state);
    wrap(&escaped(&text), style.width, 4, 6).iter().for_each(|l| line(&paint(style, tone, l)));
}

/// For terminals too narrow for any row: the label, and what belongs to it in pairs below.
fn stacked(line: &mut impl FnMut(&str), row: &Row, style: TableStyle) {
    let heads = ["n"].into_iter().chain(Statistic::ALL.iter().map(|s| s.label()));
    let mut cells = row.cells.iter();
    let Some(label) = cells.next().filter(|l| l.text != "timing") else { return };
    line(&format!("{} {}", if row.inferred { "~" } else { " " }, paint(style, label.tone, &label.text)));
    let pairs: Vec<String> = heads.zip(cells).map(|(head, c)| tied(head, &c.text)).collect();
    wrap(&pairs.join(", "), style.width, 4, 4).iter().for_each(|l| line(l));
}
