//! Traces as data (docs/trace.schema.json).

use super::Report;
use crate::registration::session::{Evidence, Group};
use crate::report::json::{DistributionJson, Number};
use crate::trace::aggregate::{GroupTimes, PhaseTimes};
use crate::trace::phase::{Phase, route};
use crate::trace::{CapsuleStep, Step, Trace};
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
        "traces": report.traces.iter().map(trace).collect::<Vec<_>>(),
        "groups": report.groups.iter().map(group).collect::<Vec<_>>(),
        "resolution_ms": if report.whole_seconds { 1000 } else { 1 },
        "complete": report.complete,
        "notes": report.notes,
    });
    Ok(serde_json::to_string_pretty(&whole)? + "\n")
}

fn trace(trace: &Trace<'_>) -> Value {
    let session = trace.session;
    let phases = Phase::ALL.into_iter().map(|p| (p, trace.phase(p))).filter(|(_, sum)| sum.requests > 0);
    let phases = phases.map(|(phase, sum)| {
        json!({
            "phase": phase.name(),
            "requests": sum.requests,
            "unanswered": sum.unanswered,
            "request_ms": sum.request_ms,
            "gap_ms": sum.gap_ms,
            "evidence": evidence(sum.inferred),
        })
    });
    json!({
        "consumer_uuid": session.uuid.is_some().then(|| session.uuid.to_string()),
        "host": trace.host(),
        "attempt": session.attempt,
        "group": session.group,
        "group_evidence": session.group_evidence,
        "load_balancer": trace.load_balancer(),
        "capsule": trace.capsule(),
        "client_os": trace.names.get(session.client_os),
        "outcome": trace.ended().name(),
        "error_class": session.error.filter(|_| !trace.cut),
        "started_at": trace.started(),
        "span_ms": trace.span_ms(),
        "resolution_ms": if trace.whole_seconds { 1000 } else { 1 },
        "unkeyed_calls": if trace.shared_address { Evidence::Missing } else { Evidence::Inferred },
        "requests": trace.steps.iter().map(step).collect::<Vec<_>>(),
        "phases": phases.collect::<Vec<_>>(),
    })
}

const fn evidence(inferred: bool) -> Evidence {
    if inferred { Evidence::Inferred } else { Evidence::Exact }
}

fn step(step: &Step<'_>) -> Value {
    json!({
        "request": route(step.kind),
        "phase": Phase::of(step.kind).name(),
        "request_id": step.id.map(|id| format!("{id:08x}")),
        "started_at": step.at,
        "offset_ms": step.offset_ms,
        "placed_ms": step.placed_ms,
        "gap_ms": step.gap_ms,
        "duration_ms": step.took_ms,
        "status": step.status,
        "answer": step.outcome.name(),
        "evidence": step.evidence,
        "on_capsule": step.on_capsule.as_ref().map(on_capsule),
    })
}

fn on_capsule(seen: &CapsuleStep<'_>) -> Value {
    json!({
        "capsule": seen.name,
        "started_at": seen.at,
        "duration_ms": seen.took_ms,
        "status": seen.status,
        "evidence": seen.evidence,
    })
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
