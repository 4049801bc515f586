//! Traces for people: a waterfall a registration; without one the times of all.

use super::{Report, distance, notes, times, title, way, when};
use crate::registration::join::Outcome;
use crate::registration::session::Evidence;
use crate::report::durations::{millis, percent};
use crate::report::table::grid::{Cell, Columns, Row};
use crate::report::table::text::{Tone, escaped, paint, wrap};
use crate::report::table::{MAX_WIDTH, MIN_WIDTH, TableStyle};
use crate::trace::phase::{Phase, route, short};
use crate::trace::{Step, Trace};

/// From so many columns on whole paths and request ids are shown.
const WIDE: usize = 110;
/// Columns apart.
const GAP: usize = 2;
/// A waterfall narrower than this says nothing.
const NARROWEST: usize = 8;

/// The report as text, lines ended by newlines.
pub fn render(report: &Report<'_>, style: &TableStyle) -> String {
    let style = TableStyle { width: style.width.clamp(MIN_WIDTH, MAX_WIDTH), ..*style };
    let mut out = String::new();
    if report.traces.is_empty() {
        times::render(&mut out, report, style);
    }
    for (i, trace) in report.traces.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        one(&mut out, trace, style);
    }
    out
}

pub(super) fn push(out: &mut String, style: TableStyle, tone: Tone, text: &str, indent: usize) {
    for line in wrap(text, style.width, indent, indent) {
        out.push_str(&paint(style, tone, &line));
        out.push('\n');
    }
}

fn one(out: &mut String, trace: &Trace<'_>, style: TableStyle) {
    push(out, style, Tone::Title, &title(trace), 0);
    push(out, style, if trace.session.success() { Tone::Plain } else { Tone::Bad }, &way(trace), 2);
    push(out, style, Tone::Plain, &when(trace), 2);
    out.push('\n');
    waterfall(out, trace, style);
    out.push('\n');
    phases(out, trace, style);
    out.push('\n');
    for note in notes(trace) {
        push(out, style, Tone::Quiet, note, 2);
    }
    if trace.steps.iter().any(|s| s.evidence == Evidence::Inferred) {
        push(
            out,
            style,
            Tone::Caution,
            "~ inferred: by an address of its own, or the only candidate; no key says so",
            2,
        );
    }
}

fn waterfall(out: &mut String, trace: &Trace<'_>, style: TableStyle) {
    let wide = style.width >= WIDE;
    let mut rows = vec![header(wide)];
    let lines: Vec<Option<&Step<'_>>> = trace
        .steps
        .iter()
        .flat_map(|step| {
            let mut row = cells(trace, step, wide);
            row.inferred = step.evidence == Evidence::Inferred;
            rows.push(row);
            let capsule = capsule_row(step, wide);
            let more = capsule.is_some();
            rows.extend(capsule);
            [Some(step)].into_iter().chain(more.then_some(None))
        })
        .collect();
    let columns = Columns::measure(rows.iter(), GAP);
    let room = style.width.saturating_sub(columns.total() + GAP);
    let span = trace.span_ms().max(1);
    for (i, row) in rows.iter().enumerate() {
        let mut line = columns.line(row, style);
        if let Some(Some(step)) = i.checked_sub(1).and_then(|i| lines.get(i))
            && room >= NARROWEST
        {
            let tone = if step.failed() { Tone::Bad } else { Tone::Good };
            let bare: usize = columns.line(row, TableStyle { color: false, ..style }).chars().count();
            line.push_str(&" ".repeat(columns.total() + GAP - bare.min(columns.total())));
            line.push_str(&bar(step, span, room, style, tone));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

fn header(wide: bool) -> Row {
    let mut names = vec!["request", "http", "offset", "gap", "took"];
    if wide {
        names.push("id");
    }
    Row { inferred: false, cells: names.into_iter().map(|n| Cell::new(n, Tone::Quiet)).collect() }
}

fn cells(trace: &Trace<'_>, step: &Step<'_>, wide: bool) -> Row {
    let label = if wide { route(step.kind) } else { short(step.kind) };
    let tone = if step.failed() { Tone::Bad } else { Tone::Plain };
    let status = match (step.status, step.outcome) {
        (Some(status), _) => status.to_string(),
        (None, Outcome::Cut) => "cut".to_owned(),
        (None, _) => "none".to_owned(),
    };
    let gap = match step.gap_ms {
        0 => String::new(),
        // the log's own grain: there may be none
        ms if trace.whole_seconds && ms < 1000 => "< 1 s".to_owned(),
        ms => distance(ms, trace.whole_seconds),
    };
    let offset = match trace.whole_seconds {
        true => format!("{} s", step.offset_ms / 1000),
        false => distance(step.offset_ms, false),
    };
    let took = step.took_ms.map_or_else(|| "?".to_owned(), |ms| millis(f64::from(ms)));
    let mut cells = vec![
        Cell::new(label, tone),
        Cell::new(status, tone),
        Cell::plain(offset),
        Cell::new(gap, Tone::Quiet),
        Cell::plain(took),
    ];
    if wide {
        cells.push(Cell::new(step.id.map_or(String::new(), |id| format!("{id:08x}")), Tone::Quiet));
    }
    Row { inferred: false, cells }
}

// what the capsule saw of the request before
fn capsule_row(step: &Step<'_>, wide: bool) -> Option<Row> {
    let seen = step.on_capsule.as_ref()?;
    let name = seen.name.map_or_else(|| "a capsule".to_owned(), escaped);
    // a long name would take the room of everything else
    let name = shortened(name, if wide { 40 } else { 18 });
    let took = seen.took_ms.map_or_else(|| "?".to_owned(), |ms| millis(f64::from(ms)));
    let mut cells = vec![
        Cell::new(format!("  on {name}"), Tone::Quiet),
        Cell::new(seen.status.to_string(), Tone::Quiet),
        Cell::plain(""),
        Cell::plain(""),
        Cell::new(took, Tone::Quiet),
    ];
    if wide {
        cells.push(Cell::plain(""));
    }
    Some(Row { inferred: seen.evidence == Evidence::Inferred, cells })
}

fn shortened(name: String, most: usize) -> String {
    match name.char_indices().nth(most) {
        Some(_) => name.chars().take(most.saturating_sub(3)).chain("...".chars()).collect(),
        None => name,
    }
}

// dots where nothing is under way, # where the request is
fn bar(step: &Step<'_>, span_ms: i64, room: usize, style: TableStyle, tone: Tone) -> String {
    let last = room.saturating_sub(1);
    let at = |ms: i64| ((ms.max(0) as f64 / span_ms as f64 * room as f64) as usize).min(last);
    let (gap, from) = (at(step.placed_ms - step.gap_ms), at(step.placed_ms));
    // its end is not a column of its own
    let to = at((step.end_ms() - 1).max(step.placed_ms));
    let dots = paint(style, Tone::Quiet, &".".repeat(from - gap.min(from)));
    let mark = if step.took_ms.is_none() { "?" } else { "#" };
    format!("{}{dots}{}", " ".repeat(gap.min(from)), paint(style, tone, &mark.repeat(to - from.min(to) + 1)))
}

fn phases(out: &mut String, trace: &Trace<'_>, style: TableStyle) {
    let names = ["phase", "requests", "took", "gaps", "share"];
    let mut rows =
        vec![Row { inferred: false, cells: names.into_iter().map(|n| Cell::new(n, Tone::Quiet)).collect() }];
    let sums: Vec<_> =
        Phase::ALL.into_iter().map(|p| (p, trace.phase(p))).filter(|(_, s)| s.requests > 0).collect();
    let all: i64 = sums.iter().map(|(_, s)| s.request_ms + s.gap_ms).sum();
    for (phase, sum) in sums {
        let share = |time: i64| percent(time as f64 / all.max(1) as f64);
        let took =
            if sum.unanswered == sum.requests { "?".to_owned() } else { millis(sum.request_ms as f64) };
        let cells = vec![
            Cell::plain(phase.label()),
            Cell::plain(sum.requests.to_string()),
            Cell::plain(took),
            Cell::plain(if sum.gap_ms == 0 {
                String::new()
            } else {
                distance(sum.gap_ms, trace.whole_seconds)
            }),
            Cell::plain(sum.time_ms().map_or_else(|| "?".to_owned(), share)),
        ];
        rows.push(Row { inferred: sum.inferred, cells });
    }
    let columns = Columns::measure(rows.iter(), GAP);
    for row in &rows {
        out.push_str(&columns.line(row, style));
        out.push('\n');
    }
}
