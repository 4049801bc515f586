//! Registrations request by request, a table each: when it began, how long it took, what brought it to the registration.

use crate::log::request::Kind;
use crate::registration::session::Evidence;
use crate::report::durations::millis;
use crate::report::page::parts::{Cell, Table, Tone, shown};
use crate::report::page::svg::bar;
use crate::trace::phase::{Phase, route};
use crate::trace::{Step, Trace};

/// Bars that only waterfalls have: class in the page, name.
pub const OTHER: (&str, &str) = ("s-other", "other requests");
pub const FAILED: (&str, &str) = ("s-failed", "failed, or no answer");

/// Requests of one registration that are shown.
const MOST: usize = 200;

/// The table of a registration, folded.
pub fn table(trace: &Trace<'_>, number: usize) -> Table {
    let host = shown(trace.host().unwrap_or("a host without a name"));
    let span = trace.span_ms();
    let mut caption = format!("{host}: {} requests in {}", trace.steps.len(), millis(span as f64));
    if trace.steps.len() > MOST {
        caption.push_str(&format!(", the first {MOST}"));
    }
    if trace.shared_address {
        caption.push_str(", without calls that carry no key");
    }
    let heads = ["Request", "%When", "#started after", "#took", "#gap before", "Status", "Phase", "Known by"];
    let mut table = Table::new(&format!("waterfall-{number}"), &caption, &heads);
    table.folded = true;
    table.rows = trace.steps.iter().take(MOST).map(|step| row(step, span)).collect();
    table
}

fn row(step: &Step<'_>, span: i64) -> Vec<Cell> {
    let took = step.took_ms.map(f64::from);
    let ms = |value: f64| Cell::number(value, millis(value));
    let words = match took {
        Some(took) => format!("{} after {}", millis(took), millis(step.placed_ms as f64)),
        None => format!("no answer, after {}", millis(step.placed_ms as f64)),
    };
    let class = if step.failed() { FAILED.0 } else { bar_of(step.kind) };
    let place = bar::placed(class, (step.placed_ms as f64, took.unwrap_or(0.0)), span as f64, &words);
    let status = step.status.map_or_else(|| step.outcome.name().to_owned(), |status| status.to_string());
    vec![
        Cell::text(route(step.kind)),
        Cell { svg: Some(place), ..Cell::default() },
        ms(step.placed_ms as f64),
        took.map_or_else(|| Cell::text("-").toned(Tone::Quiet), ms),
        ms(step.gap_ms as f64),
        Cell::text(status).toned(if step.failed() { Tone::Bad } else { Tone::Plain }),
        Cell::text(Phase::of(step.kind).label()),
        match step.evidence {
            Evidence::Exact => Cell::text("key"),
            other => Cell::text(format!("~ {}", other.name())).toned(Tone::Caution),
        },
    ]
}

// as the bars of the slowest are coloured
const fn bar_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Script => "s-script",
        Kind::Create => "s-create",
        Kind::Facts => "s-facts",
        Kind::HostRegister => "s-host",
        _ => OTHER.0,
    }
}
