//! Traces in Chrome's trace event format, which Perfetto and chrome://tracing show: a process a registration.
//!
//! Slices of one thread must not overlap unless one holds the other, so what overlaps goes to another thread.

use super::{Report, title, way};
use crate::registration::session::Evidence;
use crate::trace::phase::{Phase, route};
use crate::trace::{Step, Trace};
use serde_json::{Value, json};

/// The events, times in microseconds behind the first request of all.
///
/// # Errors
/// None that comes from the report.
pub fn render(report: &Report<'_>) -> serde_json::Result<String> {
    let begin = report.traces.iter().map(Trace::started).min().unwrap_or_default();
    let mut events = Vec::new();
    for (pid, trace) in (1..).zip(&report.traces) {
        registration(&mut events, pid, trace, trace.started().0 - begin.0);
    }
    let whole = json!({
        "displayTimeUnit": "ms",
        "otherData": {
            "program": concat!("reginfra ", env!("CARGO_PKG_VERSION")),
            "begin": begin,
            "whole_seconds": report.traces.iter().any(|t| t.whole_seconds),
        },
        "traceEvents": events,
    });
    Ok(serde_json::to_string(&whole)? + "\n")
}

const MS_US: i64 = 1000;
/// Threads on the capsule come after those on the Satellite.
const CAPSULE: usize = 100;

fn named(pid: u64, tid: usize, what: &str, name: &str) -> Value {
    json!({ "ph": "M", "pid": pid, "tid": tid, "name": what, "args": { "name": name } })
}

fn registration(events: &mut Vec<Value>, pid: u64, trace: &Trace<'_>, from_us: i64) {
    events.push(named(pid, 0, "process_name", &format!("{}: {}", title(trace), way(trace))));
    let (mut here, mut there) = (Lanes::default(), Lanes::default());
    for step in &trace.steps {
        let tid = 1 + here.of(step.placed_ms, step.end_ms());
        let mut args = json!({
            "phase": Phase::of(step.kind).name(),
            "evidence": step.evidence,
            "started_at": step.at,
            "gap_ms": step.gap_ms,
        });
        args["status"] = json!(step.status);
        args["request_id"] = json!(step.id.map(|id| format!("{id:08x}")));
        let at = from_us + step.placed_ms * MS_US;
        let slice = |tid: usize, at: i64, ms: i64, args: Value| {
            json!({
                "ph": "X", "pid": pid, "tid": tid, "ts": at, "dur": ms * MS_US,
                "name": route(step.kind), "cat": Phase::of(step.kind).name(), "args": args,
            })
        };
        events.push(slice(tid, at, step.end_ms() - step.placed_ms, args));
        if let Some((start, ms, args)) = on_capsule(step) {
            let tid = CAPSULE + there.of(start, start + ms);
            events.push(slice(tid, from_us + start * MS_US, ms, args));
        }
    }
    for lane in 0..here.ends.len() {
        events.push(named(pid, 1 + lane, "thread_name", "Satellite"));
    }
    for lane in 0..there.ends.len() {
        events.push(named(pid, CAPSULE + lane, "thread_name", trace.capsule().unwrap_or("capsule")));
    }
}

// drawn around the Satellite's request: clocks differ, the middles are taken to be one
fn on_capsule(step: &Step<'_>) -> Option<(i64, i64, Value)> {
    let seen = step.on_capsule.as_ref()?;
    let ms = i64::from(seen.took_ms?);
    let here = step.end_ms() - step.placed_ms;
    let evidence: Evidence = seen.evidence;
    let args = json!({ "evidence": evidence, "status": seen.status, "started_at_by_its_clock": seen.at });
    Some((step.placed_ms - (ms - here) / 2, ms, args))
}

/// Where each lane of slices is free again.
#[derive(Default)]
struct Lanes {
    ends: Vec<i64>,
}

impl Lanes {
    fn of(&mut self, start: i64, end: i64) -> usize {
        match self.ends.iter().position(|free| *free <= start) {
            Some(lane) => {
                self.ends[lane] = end;
                lane
            }
            None => {
                self.ends.push(end);
                self.ends.len() - 1
            }
        }
    }
}
