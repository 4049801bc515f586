//! Registrations, failures, creates under way and their durations over time, once for each way in or capsule.

use super::over_time::{seconds, span, whole};
use crate::report::durations::{self, count, millis, share, tenths};
use crate::report::page::parts::{Chart, Key};
use crate::report::page::series::{Step, Steps, nearest_rank};
use crate::report::page::svg::panels::{Panel, Panels};
use crate::report::page::svg::steps::Layer;

/// A way in or a capsule.
pub struct Part<'a> {
    pub name: String,
    /// Its colour elsewhere on the page.
    pub class: String,
    pub steps: &'a [Step],
}

/// What each set of charts shows of the parts.
struct Shown<'a> {
    id: &'a str,
    title: String,
    lines: bool,
    shown: fn(f64) -> String,
}

/// The charts; `by` says of what, such as `way in`. Each measure has one scale for all parts.
pub fn charts(id: &str, by: &str, steps: &Steps, parts: &[Part<'_>]) -> Vec<Chart> {
    let each = durations::step(steps.seconds());
    let largest = |value: &dyn Fn(&Step) -> f64| {
        let values = parts.iter().flat_map(|p| p.steps).map(value);
        values.filter(|v| v.is_finite()).fold(0.0, f64::max)
    };
    let most = |value: &dyn Fn(&Step) -> f64| count(largest(value) as u64);
    let (started, failed) = (|s: &Step| s.attempts as f64, |s: &Step| s.failures() as f64);
    let under_way = |s: &Step| steps.under_way(s);
    let titled = |id, title, lines, shown| Shown { id, title, lines, shown };
    let of = format!("by {by}: up to");
    let mut charts = vec![
        titled("started", format!("Registrations started {of} {} in {each}", most(&started)), false, whole)
            .chart(id, steps, parts, |part| {
                panel(part, attempts_of(part), &[(&part.class, "started", &started)])
            }),
        titled("under-way", format!("Creates under way {of} {}", tenths(largest(&under_way))), false, tenths)
            .chart(id, steps, parts, |part| {
                let peak = part.steps.iter().map(under_way).fold(0.0, f64::max);
                panel(
                    part,
                    format!("up to {}", tenths(peak)),
                    &[(&part.class, "creates under way", &under_way)],
                )
            }),
        titled("durations", format!("Consumer create P50 and P95 by {by}"), true, seconds)
            .chart(id, steps, parts, durations),
    ];
    if largest(&failed) > 0.0 {
        let title = format!("Failed attempts {of} {} in {each}", most(&failed));
        let chart = titled("failed", title, false, whole);
        charts.push(
            chart.chart(id, steps, parts, |part| {
                panel(part, failures_of(part), &[("bad", "failed", &failed)])
            }),
        );
    }
    if let Some(first) = charts.first_mut() {
        first.starts_row = true;
    }
    charts
}

impl Shown<'_> {
    fn chart(self, of: &str, steps: &Steps, parts: &[Part<'_>], panel: impl Fn(&Part<'_>) -> Panel) -> Chart {
        let id = format!("{of}-{}", self.id);
        let panels: Vec<Panel> = parts.iter().map(panel).collect();
        let drawn = Panels {
            id: &id,
            title: &self.title,
            span: span(steps),
            panels: &panels,
            lines: self.lines,
            shown: self.shown,
        };
        let svg = drawn.draw();
        // where there is one layer its words stand in the title
        let layers = panels.first().map(|p| p.layers.as_slice()).filter(|l| l.len() > 1).unwrap_or_default();
        let keys = layers.iter().map(|l| Key::new(&l.class, l.label.as_str(), true)).collect();
        Chart { svg, keys, title: self.title, id, ..Chart::default() }
    }
}

/// Class, label and value of a layer.
type Measure<'a> = (&'a str, &'a str, &'a dyn Fn(&Step) -> f64);

fn panel(part: &Part<'_>, told: String, layers: &[Measure<'_>]) -> Panel {
    let layer = |(class, label, value): &Measure<'_>| Layer {
        class: (*class).to_owned(),
        label: (*label).to_owned(),
        values: part.steps.iter().map(value).collect(),
    };
    Panel { name: part.name.clone(), told, layers: layers.iter().map(layer).collect() }
}

fn durations(part: &Part<'_>) -> Panel {
    let of = |p: usize| move |s: &Step| s.percentile(p).unwrap_or(f64::NAN);
    let mut creates: Vec<f64> = part.steps.iter().flat_map(|s| s.creates.iter().copied()).collect();
    creates.sort_unstable_by(f64::total_cmp);
    let told = |p| nearest_rank(&creates, p).map_or_else(|| "-".to_owned(), millis);
    let told = format!("P50 {}, P95 {}", told(50), told(95));
    panel(part, told, &[("p-95", "P95", &of(95)), ("g-all", "P50", &of(50))])
}

fn attempts_of(part: &Part<'_>) -> String {
    count(part.steps.iter().map(|s| s.attempts).sum())
}

fn failures_of(part: &Part<'_>) -> String {
    let attempts = part.steps.iter().map(|s| s.attempts).sum();
    let failed = part.steps.iter().map(Step::failures).sum();
    format!("{} of {} ({})", count(failed), count(attempts), share(failed, attempts))
}
