//! Where the time of all registrations goes, for people: a block a group, `all` last.

use super::text::push;
use super::{Report, WHOLE_SECONDS};
use crate::metrics::answer::Distribution;
use crate::registration::session::{Evidence, Group};
use crate::report::durations::{calls, count, counted, millis, percent};
use crate::report::table::TableStyle;
use crate::report::table::grid::{Cell, Columns, Row};
use crate::report::table::text::{Tone, escaped};
use crate::trace::aggregate::GroupTimes;

pub(super) fn render(out: &mut String, report: &Report<'_>, style: TableStyle) {
    for (i, group) in report.groups.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        one(out, group, style);
    }
    out.push('\n');
    let shared = report.groups.iter().any(|g| g.shared_address > 0);
    let inferred = report.groups.iter().any(|g| g.span_ms.evidence == Evidence::Inferred);
    if report.whole_seconds {
        push(out, style, Tone::Quiet, WHOLE_SECONDS, 2);
    }
    push(out, style, Tone::Quiet, READING, 2);
    if shared {
        push(out, style, Tone::Quiet, SHARED, 2);
    }
    if inferred {
        push(
            out,
            style,
            Tone::Caution,
            "~ some of it inferred: by an address of its own, or the only candidate",
            2,
        );
    }
    for note in report.notes {
        push(out, style, Tone::Plain, &escaped(note), 2);
    }
}

const READING: &str = "of registrations that succeeded; gaps are where nothing of a registration was under way before the \
    requests of a phase; a phase that a registration lacks counts as 0; percentiles are nearest rank";
const SHARED: &str = "where hosts share an address, calls without a key (GET /rhsm/status, /rhsm) are not told: their \
    time is part of the gaps";

/// Columns apart.
const GAP: usize = 2;

fn label(group: Option<Group>) -> &'static str {
    group.map_or("All", Group::label)
}

fn one(out: &mut String, group: &GroupTimes, style: TableStyle) {
    let label = label(group.group);
    push(out, style, Tone::Title, label, 0);
    push(out, style, Tone::Quiet, &"-".repeat(label.len()), 0);
    let mut words = format!("{} that succeeded", counted(group.registrations, "registration"));
    if group.failed + group.cut > 0 {
        words += &format!("; left out: {} failed, {} cut off", count(group.failed), count(group.cut));
    }
    if group.shared_address > 0 {
        words += &format!("; {} on shared addresses", count(group.shared_address));
    }
    push(out, style, Tone::Plain, &words, 2);
    if group.registrations == 0 {
        return;
    }
    out.push('\n');
    let names = ["phase", "requests", "took avg", "P95", "gaps avg", "P95", "share"];
    let mut rows =
        vec![Row { inferred: false, cells: names.into_iter().map(|n| Cell::new(n, Tone::Quiet)).collect() }];
    for phase in &group.phases {
        rows.push(row(
            phase.phase.label(),
            &phase.requests,
            [&phase.request_ms, &phase.gap_ms],
            phase.share,
            Tone::Plain,
        ));
    }
    rows.push(row(
        "all of it",
        &Distribution::default(),
        [&group.request_ms, &group.gap_ms],
        None,
        Tone::Strong,
    ));
    rows.push(row(
        "first to last",
        &Distribution::default(),
        [&group.span_ms, &Distribution::default()],
        None,
        Tone::Strong,
    ));
    if Columns::measure(rows.iter(), GAP).total() > style.width {
        // the means and the shares are what one reads first
        for row in &mut rows {
            let mut column = 0..;
            row.cells.retain(|_| !matches!(column.next(), Some(3 | 5)));
        }
    }
    let columns = Columns::measure(rows.iter(), GAP);
    for row in &rows {
        out.push_str(&columns.line(row, style));
        out.push('\n');
    }
}

fn row(
    label: &str,
    requests: &Distribution,
    times: [&Distribution; 2],
    share: Option<f64>,
    tone: Tone,
) -> Row {
    let mut cells = vec![Cell::new(label, tone), Cell::plain(requests.avg.map_or(String::new(), calls))];
    for times in times {
        for value in [times.avg, times.p95] {
            cells.push(Cell::plain(value.map_or(String::new(), millis)));
        }
    }
    cells.push(Cell::plain(share.map_or(String::new(), percent)));
    Row { inferred: times[0].evidence == Evidence::Inferred, cells }
}
