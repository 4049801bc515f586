//! How long each step took: distributions by way in, and every figure of the answer beside them; calls, too.

use super::{capital, class_of, count_cell, figure, figure_text, label_of, marked};
use crate::compare::run::Run;
use crate::metrics::answer::{Metric, Statistic};
use crate::report::durations::{count, millis};
use crate::report::page::Report;
use crate::report::page::parts::{Cell, Chart, Key, Section, Table, Tone, shown};
use crate::report::page::series::{self, Sorted};
use crate::report::page::svg::shares::{self, Line};
use crate::report::table::short_label;

/// Values that a way in must have for a line of its own, and a headline for a P95; fewer say nothing of a tail.
pub const LEAST: usize = 20;

pub fn section(report: &Report<'_>) -> Section {
    let mut section = Section::new("timings", "How long each step took");
    let words = "Each line says what share of the requests was answered within a time: the further left, the faster; a long way to \
         the top right is a slow tail. Dots mark P50 and P95 of all. Times are of requests that succeeded, along an axis on \
         which each factor of ten is as wide as the next. A way in with fewer than";
    section.explain(format!("{words} {LEAST} values has no line of its own."));
    let timings = || Metric::ALL.into_iter().filter(|m| m.is_timing());
    section.charts = timings().filter_map(|metric| chart(report, metric)).collect();
    section.tables.push(timings_table(report));
    section.tables.push(calls_table(report));
    section
}

fn chart(report: &Report<'_>, metric: Metric) -> Option<Chart> {
    let found = series::sorted(report.run, metric);
    let all = found.last()?;
    let before = report.comparison.and_then(|c| together(c.before, metric));
    let n = all.values.len();
    let half = millis(all.percentile(50));
    let mut title = format!("{}: half of {} within {half}", capital(short_label(metric)), count(n as u64));
    if n >= LEAST {
        title += &format!(", 95 % within {}", millis(all.percentile(95)));
    }
    let classes: Vec<String> = found.iter().map(|s| class_of(s.group)).collect();
    // where one way in is all there is, its line would lie below that of all
    let drawn = |s: &Sorted| s.group.is_none() || (found.len() > 2 && s.values.len() >= LEAST);
    let mut lines: Vec<Line<'_>> = found
        .iter()
        .zip(&classes)
        .filter(|(s, _)| drawn(s))
        .map(|(sorted, class)| Line { class, label: label_of(sorted.group), sorted })
        .collect();
    if let Some(before) = &before {
        let at = lines.len().saturating_sub(1);
        lines.insert(at, Line { class: "g-before", label: "All, before", sorted: before });
    }
    let told: Vec<String> = lines
        .iter()
        .map(|line| {
            format!(
                "{}: {} values, P50 {}, P95 {}",
                line.label,
                count(line.sorted.values.len() as u64),
                millis(line.sorted.percentile(50)),
                millis(line.sorted.percentile(95))
            )
        })
        .collect();
    let id = format!("shares-{}", metric.name().replace('_', "-"));
    let keys = lines.iter().map(|line| Key::new(line.class, line.label, true)).collect();
    Some(Chart {
        svg: shares::draw(&id, &title, &told.join(". "), &lines),
        id,
        title,
        keys,
        ..Chart::default()
    })
}

// all values of the runs before
fn together(runs: &[Run], metric: Metric) -> Option<Sorted> {
    let mut values: Vec<f64> =
        runs.iter().filter_map(|run| series::sorted(run, metric).pop()).flat_map(|s| s.values).collect();
    values.sort_unstable_by(f64::total_cmp);
    (!values.is_empty()).then_some(Sorted { group: None, values })
}

fn timings_table(report: &Report<'_>) -> Table {
    let heads = ["Step", "Way in", "#n", "#min", "#avg", "#P50", "#P90", "#P95", "#P99", "#max"];
    let mut table = Table::new("timings-table", "Timings by step and way in", &heads);
    table.filter = true;
    let named = Metric::ALL
        .into_iter()
        .filter(|m| m.is_timing())
        .map(|m| (m.name(), capital(short_label(m))))
        .chain([("failed_create_ms", "Failed creates".to_owned())]);
    for (name, label) in named {
        for group in &report.answer.groups {
            let distribution = group.named(name);
            if distribution.count == 0 {
                continue;
            }
            let mut row = vec![
                Cell::text(label.clone()),
                Cell::text(shown(&group.label)),
                marked(count_cell(group, name, &distribution), &distribution),
            ];
            row.extend(Statistic::ALL.into_iter().map(|s| figure(group, name, s, &millis)));
            table.rows.push(row);
        }
    }
    table
}

fn calls_table(report: &Report<'_>) -> Table {
    let heads = [
        "Calls a registration",
        "Way in",
        "#n",
        "#avg",
        "#target",
        "Target met",
        "+What would bring it there",
    ];
    let mut table =
        Table::new("calls-table", "Calls and shares by way in, held against their targets", &heads);
    table.filter = true;
    for metric in Metric::ALL.into_iter().filter(|m| !m.is_timing()) {
        for group in &report.answer.groups {
            let distribution = group.metric(metric);
            if distribution.count == 0 {
                continue;
            }
            let target = report
                .answer
                .targets
                .iter()
                .find(|t| t.group == group.group && t.metric == metric.name() && t.statistic == "avg");
            let (met, tone) = match target.and_then(|t| t.met) {
                Some(true) => ("met", Tone::Good),
                Some(false) => ("not met", Tone::Bad),
                None => ("none set", Tone::Quiet),
            };
            let bound = target.and_then(|t| t.target);
            table.rows.push(vec![
                Cell::text(capital(short_label(metric))),
                Cell::text(shown(&group.label)),
                count_cell(group, metric.name(), &distribution),
                marked(
                    figure(group, metric.name(), Statistic::Avg, &|v| figure_text(metric, v)),
                    &distribution,
                ),
                bound.map_or_else(Cell::default, |v| Cell::number(v, figure_text(metric, v))),
                Cell::text(met).toned(tone),
                Cell::text(
                    target
                        .map_or_else(String::new, |t| format!("{} ({})", shown(&t.change), shown(&t.state))),
                ),
            ]);
        }
    }
    table
}
