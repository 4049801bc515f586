//! Registrations, creates under way, their durations and failures over time, and who came which way.

use super::{class_of, clock, label_of, mix, split};
use crate::registration::session::{ErrorClass, Group};
use crate::report::durations::{calls, count, millis, share, step, tenths};
use crate::report::page::Report;
use crate::report::page::parts::{Cell, Chart, Key, Section, Table, Tone, shown};
use crate::report::page::series::{self, Step, Steps};
use crate::report::page::svg::steps::{Layer, OverTime, Span};
use crate::timestamp::Timestamp;

/// Creates that begin in a step, so that their median is told in words.
const ENOUGH_CREATES: usize = 5;

pub fn section(report: &Report<'_>, steps: Option<&Steps>) -> Section {
    let mut section = Section::new("time", "Over time, and by way in");
    if let Some(steps) = steps {
        section.explain(format!("Each bar or point is {}. Times are UTC.", step(steps.seconds())));
        if steps.endless > 0 {
            let creates = count(steps.endless);
            section
                .explain(format!("Creates whose end is not known are not counted as under way: {creates}."));
        }
        section.charts = vec![registrations(steps), under_way(steps), durations(steps)];
        section.charts.extend(failures(steps));
        section.charts.extend(by_way_in(steps));
    }
    section.tables.push(groups(report));
    section.tables.extend(steps.map(table));
    section
}

// where one way in is all there is, its charts would be those of all
fn by_way_in(steps: &Steps) -> Vec<Chart> {
    if steps.groups.len() < 2 {
        return Vec::new();
    }
    let parts = steps.groups.iter().map(|part| split::Part {
        name: part.of.label().to_owned(),
        class: class_of(Some(part.of)),
        steps: &part.steps,
    });
    split::charts("by-way-in", "way in", steps, &parts.collect::<Vec<_>>())
}

pub fn span(steps: &Steps) -> Span {
    Span { start_us: steps.start_us, step_us: steps.step_us, count: steps.steps.len() }
}

fn layer(steps: &Steps, class: String, label: &str, value: impl Fn(&Step) -> f64) -> Layer {
    Layer { class, label: label.to_owned(), values: steps.steps.iter().map(value).collect() }
}

fn keys(layers: &[Layer], line: bool) -> Vec<Key> {
    layers.iter().map(|l| Key::new(&l.class, l.label.as_str(), line)).collect()
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.filter(|v| v.is_finite()).fold(0.0, f64::max)
}

fn registrations(steps: &Steps) -> Chart {
    let of_group = |part: &series::Part<Group>| Layer {
        class: class_of(Some(part.of)),
        label: part.of.label().to_owned(),
        values: part.steps.iter().map(|s| s.attempts as f64).collect(),
    };
    let layers: Vec<Layer> = steps.groups.iter().map(of_group).collect();
    let most = largest(steps.steps.iter().map(|s| s.attempts as f64));
    let title = format!("Registrations started: up to {} in {}", count(most as u64), step(steps.seconds()));
    bars("time-registrations", title, steps, &layers, whole)
}

/// Classes that some attempt failed with, each with its place in `Step::failed`.
fn classes(steps: &Steps) -> impl Iterator<Item = (usize, ErrorClass)> {
    ErrorClass::ALL.into_iter().enumerate().filter(|(at, _)| steps.steps.iter().any(|s| s.failed[*at] > 0))
}

fn failures(steps: &Steps) -> Option<Chart> {
    let layers: Vec<Layer> = classes(steps)
        .map(|(at, class)| layer(steps, format!("e-{at}"), class.name(), |s| s.failed[at] as f64))
        .collect();
    let most = largest(steps.steps.iter().map(|s| s.failures() as f64));
    let title =
        format!("Failed attempts by class: up to {} in {}", count(most as u64), step(steps.seconds()));
    (!layers.is_empty()).then(|| bars("time-failures", title, steps, &layers, whole))
}

fn bars(id: &str, title: String, steps: &Steps, layers: &[Layer], shown: fn(f64) -> String) -> Chart {
    let sums: Vec<String> =
        layers.iter().map(|l| format!("{}: {}", l.label, shown(l.values.iter().sum()))).collect();
    let chart = OverTime {
        id,
        title: &title,
        description: &format!("All together {}.", sums.join(", ")),
        span: span(steps),
        layers,
        lines: false,
        at_least: 0.0,
        shown,
    };
    Chart { id: id.to_owned(), svg: chart.draw(), keys: keys(layers, false), title, ..Chart::default() }
}

pub fn whole(value: f64) -> String {
    // half a registration is none
    if value.fract() == 0.0 { count(value as u64) } else { String::new() }
}

fn under_way(steps: &Steps) -> Chart {
    let layers = [layer(steps, "g-all".to_owned(), "creates under way", |s| steps.under_way(s))];
    let most = largest(layers[0].values.iter().copied());
    lines(
        "time-under-way",
        format!("Consumer creates under way: up to {}, the mean of {}", tenths(most), step(steps.seconds())),
        steps,
        &layers,
        tenths,
    )
}

fn durations(steps: &Steps) -> Chart {
    let percentile = |p: usize| move |s: &Step| s.percentile(p).unwrap_or(f64::NAN);
    let layers = [
        layer(steps, "p-95".to_owned(), "P95", percentile(95)),
        layer(steps, "g-all".to_owned(), "P50", percentile(50)),
    ];
    // the median of a few that came late stands for nobody else
    let enough = |s: &&Step| s.creates.len() >= ENOUGH_CREATES;
    let most = steps.steps.iter().filter(enough).filter_map(|s| s.percentile(50)).fold(f64::NAN, f64::max);
    let each = step(steps.seconds());
    let title = match most.is_finite() {
        true => format!(
            "Consumer create by its start: P50 up to {} ({ENOUGH_CREATES} or more in {each})",
            millis(most)
        ),
        false => "Consumer create by its start: P50 and P95".to_owned(),
    };
    lines("time-durations", title, steps, &layers, seconds)
}

pub fn seconds(ms: f64) -> String {
    format!("{} s", calls((ms / 10.0).round() / 100.0))
}

fn lines(id: &str, title: String, steps: &Steps, layers: &[Layer], shown: fn(f64) -> String) -> Chart {
    let told: Vec<String> = layers
        .iter()
        .map(|l| format!("{}: up to {}", l.label, shown(largest(l.values.iter().copied()))))
        .collect();
    let chart = OverTime {
        id,
        title: &title,
        description: &told.join(". "),
        span: span(steps),
        layers,
        lines: true,
        at_least: 0.0,
        shown,
    };
    Chart { id: id.to_owned(), svg: chart.draw(), keys: keys(layers, true), title, ..Chart::default() }
}

fn groups(report: &Report<'_>) -> Table {
    let heads = ["Way in", "#attempts", "#failed", "#share", "#cut off", "+Clients", "+Way in told by"];
    let mut table = Table::new("groups-table", "Who came which way", &heads);
    for group in &report.answer.groups {
        let failed = Cell::count(group.error_count);
        let rate = group.error_count as f64 / group.session_count.max(1) as f64;
        table.rows.push(vec![
            Cell::text(shown(&group.label)),
            Cell::count(group.session_count),
            if group.error_count > 0 { failed.toned(Tone::Bad) } else { failed },
            Cell::number(rate, share(group.error_count, group.session_count)),
            Cell::count(group.cut_count),
            Cell::text(mix(&group.client_os, 8)),
            Cell::text(mix(&group.way_in, 8)),
        ]);
    }
    table
}

/// The charts as figures.
fn table(steps: &Steps) -> Table {
    let of_classes: Vec<String> = classes(steps).map(|(_, class)| format!("#{}", class.name())).collect();
    let mut heads = vec!["Time (UTC)", "Way in", "#started", "#failed"];
    heads.extend(of_classes.iter().map(String::as_str));
    heads.extend(["#creates under way", "#create P50", "#create P95"]);
    let mut table = Table::new("steps-table", "The charts over time as figures", &heads);
    table.folded = true;
    table.rows = step_rows(steps, None, &steps.steps);
    if steps.groups.len() > 1 {
        table.filter = true;
        table.rows.extend(steps.groups.iter().flat_map(|part| step_rows(steps, Some(part.of), &part.steps)));
    }
    table
}

fn step_rows(all: &Steps, group: Option<Group>, steps: &[Step]) -> Vec<Vec<Cell>> {
    let row = |(at, step): (usize, &Step)| {
        let time = Timestamp(all.start_us + at as i64 * all.step_us);
        let ms = |p| match step.percentile(p) {
            Some(ms) => Cell::number(ms, crate::report::durations::millis(ms)),
            None => Cell::text("-"),
        };
        let under_way = all.under_way(step);
        let mut row = vec![
            Cell::text(clock(&time.to_string())),
            Cell::text(label_of(group)),
            Cell::count(step.attempts),
            Cell::count(step.failures()),
        ];
        row.extend(classes(all).map(|(at, _)| Cell::count(step.failed[at])));
        row.extend([Cell::number(under_way, tenths(under_way)), ms(50), ms(95)]);
        row
    };
    steps.iter().enumerate().map(row).collect()
}
