//! Traces in, words and pictures out. One file an output.

pub mod chrome;
pub mod json;
pub mod mermaid;
mod sequence;
pub mod svg;
pub mod text;
mod times;

use super::durations::{count, millis};
use super::table::text::{escaped, span_of_time};
use crate::trace::aggregate::GroupTimes;
use crate::trace::{Ended, Trace};

/// What is to be written: single registrations, or the times of all.
pub struct Report<'a> {
    /// Registrations.
    pub traces: Vec<Trace<'a>>,
    /// Where the time of all goes, by group.
    pub groups: Vec<GroupTimes>,
    /// All starts of the logs are whole seconds.
    pub whole_seconds: bool,
    /// All that was asked for could be read.
    pub complete: bool,
    /// What a reader of the log's figures must know.
    pub notes: &'a [String],
}

/// From so many milliseconds on they are shown as seconds.
const SECONDS_FROM: i64 = 10_000;

/// A distance of time: to the tenth of a second where starts are whole seconds, since more is not known.
fn distance(ms: i64, whole_seconds: bool) -> String {
    match whole_seconds || ms >= SECONDS_FROM {
        true => {
            let tenths = (ms.max(0) + 50) / 100;
            format!("{}.{} s", count((tenths / 10).unsigned_abs()), tenths % 10)
        }
        false => millis(ms as f64),
    }
}

/// `host1.example.com, attempt 2`, safe for a terminal.
fn title(trace: &Trace<'_>) -> String {
    let host = trace.host().map_or_else(|| "a host without a name".to_owned(), escaped);
    format!("{host}, attempt {}", trace.session.attempt)
}

/// `registered through capsule1.example.com (Standalone capsules (ssh)), rhel-9`
fn way(trace: &Trace<'_>) -> String {
    let ended = match trace.ended() {
        Ended::Registered => "registered".to_owned(),
        Ended::Failed => format!("FAILED ({})", trace.session.error.map_or("unknown", |e| e.name())),
        Ended::Cut => "cut off by the end of the log".to_owned(),
    };
    let mut through: Vec<String> = trace.load_balancer().into_iter().map(escaped).collect();
    through.extend(trace.capsule().map(escaped));
    let through = if through.is_empty() { String::new() } else { format!(" through {}", through.join(", ")) };
    let os = trace.names.get(trace.session.client_os);
    let os = os.map_or(String::new(), |os| format!(", {}", escaped(os)));
    format!("{ended}{through}; {}{os}", trace.session.group.label())
}

/// `8d1c2f60-..., 2026-04-04 10:00:00 to 10:00:43 UTC (43 s)`
fn when(trace: &Trace<'_>) -> String {
    let times = span_of_time(trace.started(), trace.started().plus_ms(trace.span_ms()));
    match trace.session.uuid.is_some() {
        true => format!("consumer {}, {times}", trace.session.uuid),
        false => times,
    }
}

const WHOLE_SECONDS: &str = "starts are whole seconds in this log: offsets and gaps are right to a second, durations to a millisecond";

/// What a reader must know of one trace's figures.
fn notes(trace: &Trace<'_>) -> Vec<&'static str> {
    let mut notes = Vec::new();
    if trace.whole_seconds {
        notes.push(WHOLE_SECONDS);
    }
    if trace.shared_address {
        notes.push("others share its address: calls without a key (GET /rhsm/status, /rhsm) are not told and lie in the gaps");
    }
    let script = |s: &crate::trace::Step<'_>| s.kind == crate::log::request::Kind::Script;
    if !trace.steps.iter().any(script) {
        notes.push("no GET /register can be told to be its own: a cache answered it, or several hosts fetched theirs at the time");
    }
    if trace.steps.iter().any(|s| s.took_ms.is_none()) {
        notes.push(
            "a request has no answer in the log: how long it took is not known and lies in the gap behind it",
        );
    }
    notes
}
