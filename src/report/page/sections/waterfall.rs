//! Registrations request by request, a table each: when it began, how long it took, what brought it to the registration.

use crate::kept::traces::{TraceLine, TracedRequest};
use crate::registration::session::Evidence;
use crate::report::durations::{count, millis};
use crate::report::page::parts::{Cell, Table, Tone, shown};
use crate::report::page::svg::bar;
use crate::trace::phase::Phase;

/// Bars that only waterfalls have: class in the page, name.
pub const OTHER: (&str, &str) = ("s-other", "other requests");
pub const FAILED: (&str, &str) = ("s-failed", "failed, or no answer");

/// Requests of one registration that are shown.
const MOST: usize = 200;

/// The table of a registration, folded.
pub fn table(trace: &TraceLine, number: usize) -> Table {
    let heads = ["Request", "%When", "#started after", "#took", "#gap before", "Status", "Phase", "Known by"];
    let mut table = Table::new(&format!("waterfall-{number}"), &caption(trace), &heads);
    table.folded = true;
    table.rows = trace.requests.iter().take(MOST).map(|request| row(request, trace.span_ms)).collect();
    table
}

fn caption(trace: &TraceLine) -> String {
    let host = trace.host.as_deref().map_or_else(|| "a host without a name".to_owned(), shown);
    let requests = trace.requests.len();
    let mut caption =
        format!("{host}: {} requests in {}", count(requests as u64), millis(trace.span_ms as f64));
    if requests > MOST {
        caption.push_str(&format!(", the first {MOST}"));
    }
    if trace.unkeyed_calls == Evidence::Missing {
        caption.push_str(", without calls that carry no key");
    }
    let client = trace.client_os.as_deref().map(shown);
    let consumer = trace.consumer_uuid.as_deref().map(|uuid| format!("consumer {}", shown(uuid)));
    let about = client.into_iter().chain([format!("attempt {}", trace.attempt)]).chain(consumer);
    format!("{caption}; {}", about.collect::<Vec<_>>().join(", "))
}

fn row(request: &TracedRequest, span: i64) -> Vec<Cell> {
    let took = request.duration_ms.map(f64::from);
    let words = match took {
        Some(took) => format!("{} after {}", millis(took), millis(request.placed_ms as f64)),
        None => format!("no answer, after {}", millis(request.placed_ms as f64)),
    };
    let class = if request.failed() { FAILED.0 } else { bar_of(&request.phase) };
    let place = bar::placed(class, (request.placed_ms as f64, took.unwrap_or(0.0)), span as f64, &words);
    let [when, took, gap] = times(&[request]);
    vec![
        Cell::text(shown(&request.request)),
        Cell { svg: Some(place), ..Cell::default() },
        when,
        took,
        gap,
        status(request),
        Cell::text(phase_label(&request.phase)),
        match request.evidence {
            Evidence::Exact => Cell::text("key"),
            other => Cell::text(format!("~ {}", other.name())).toned(Tone::Caution),
        },
    ]
}

/// The same in few rows and words: what follows each other and is alike stands in one.
pub fn brief(trace: &TraceLine, number: usize) -> Table {
    let heads = ["Request", "#started after", "#took", "#gap before", "Status"];
    let mut table = Table::new(&format!("requests-{number}"), &caption(trace), &heads);
    table.only_markdown = true;
    let alike = |a: &TracedRequest, b: &TracedRequest| {
        (&a.request, a.status, &a.answer, a.evidence) == (&b.request, b.status, &b.answer, b.evidence)
    };
    let shown_of = &trace.requests[..trace.requests.len().min(MOST)];
    table.rows = shown_of.chunk_by(alike).map(brief_row).collect();
    table
}

fn brief_row(alike: &[TracedRequest]) -> Vec<Cell> {
    let first = &alike[0];
    let mark = if first.evidence == Evidence::Exact { "" } else { "~ " };
    let often = if alike.len() > 1 { format!(", {} times", alike.len()) } else { String::new() };
    let [when, took, gap] = times(&alike.iter().collect::<Vec<_>>());
    vec![Cell::text(format!("{mark}{}{often}", shown(&first.request))), when, took, gap, status(first)]
}

// when the first began; how long they took, and the gaps before them, together
fn times(requests: &[&TracedRequest]) -> [Cell; 3] {
    let ms = |value: f64| Cell::number(value, millis(value));
    let began = requests.first().map_or(0, |r| r.placed_ms);
    let took = requests.iter().filter_map(|r| r.duration_ms).map(f64::from).reduce(|a, b| a + b);
    let gap: f64 = requests.iter().map(|r| r.gap_ms as f64).sum();
    [ms(began as f64), took.map_or_else(|| Cell::text("-").toned(Tone::Quiet), ms), ms(gap)]
}

fn status(request: &TracedRequest) -> Cell {
    let text = request.status.map_or_else(|| shown(&request.answer), |status| status.to_string());
    Cell::text(text).toned(if request.failed() { Tone::Bad } else { Tone::Plain })
}

// as a later version may name one that is not known here
fn phase_label(name: &str) -> String {
    let known = Phase::ALL.into_iter().find(|phase| phase.name() == name);
    known.map_or_else(|| shown(name), |phase| phase.label().to_owned())
}

// as the bars of the slowest are coloured
fn bar_of(phase: &str) -> &'static str {
    match Phase::ALL.into_iter().find(|known| known.name() == phase) {
        Some(Phase::ScriptDelivery) => "s-script",
        Some(Phase::ConsumerCreation) => "s-create",
        Some(Phase::Facts) => "s-facts",
        Some(Phase::HostRegistration) => "s-host",
        _ => OTHER.0,
    }
}
