//! Traces as data (docs/trace.schema.json).

use super::Report;
use crate::kept::traces::TraceLine;
use crate::registration::session::Group;
use crate::report::json::{DistributionJson, Number};
use crate::trace::aggregate::{GroupTimes, PhaseTimes};
use serde_json::{Value, json};

/// Additions only; what is taken away or changed makes it 2.
const SCHEMA_VERSION: u64 = 1;

/// The report as JSON, with a newline at its end.
///
/// # Errors
/// None that comes from the report.
pub fn render(report: &Report<'_>) -> serde_json::Result<String> {
    let whole = json!({
        "schema_version": SCHEMA_VERSION,
        "reginfra_version": env!("CARGO_PKG_VERSION"),
        "traces": report.traces.iter().map(TraceLine::of).collect::<Vec<_>>(),
        "groups": report.groups.iter().map(group).collect::<Vec<_>>(),
        "resolution_ms": if report.whole_seconds { 1000 } else { 1 },
        "complete": report.complete,
        "notes": report.notes,
    });
    Ok(serde_json::to_string_pretty(&whole)? + "\n")
}

fn group(times: &GroupTimes) -> Value {
    json!({
        "group": times.group.map_or("all", Group::name),
        "label": times.group.map_or("All", Group::label),
        "registrations": times.registrations,
        "failed": times.failed,
        "cut": times.cut,
        "shared_address": times.shared_address,
        "span_ms": DistributionJson::of(&times.span_ms),
        "request_ms": DistributionJson::of(&times.request_ms),
        "gap_ms": DistributionJson::of(&times.gap_ms),
        "phases": times.phases.iter().map(phase).collect::<Vec<_>>(),
    })
}

fn phase(times: &PhaseTimes) -> Value {
    json!({
        "phase": times.phase.name(),
        "requests": DistributionJson::of(&times.requests),
        "request_ms": DistributionJson::of(&times.request_ms),
        "gap_ms": DistributionJson::of(&times.gap_ms),
        "share": Number(times.share),
    })
}
