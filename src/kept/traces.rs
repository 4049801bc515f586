//! Registrations request by request, one JSON object a line out, and read back: what `reginfra trace --format json` has of
//! each (docs/trace.schema.json). A kept run has those of its slowest registrations.

use super::sessions::known;
use crate::registration::join::Outcome;
use crate::registration::session::{ErrorClass, Evidence, Group};
use crate::timestamp::Timestamp;
use crate::trace::phase::{Phase, route};
use crate::trace::{CapsuleStep, Step, Trace};
use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// A registration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceLine {
    /// None where a failed attempt never got one.
    pub consumer_uuid: Option<String>,
    /// The host's name.
    pub host: Option<String>,
    /// Which attempt of this host, from 1.
    pub attempt: u16,
    /// How it came.
    pub group: Group,
    /// What the group rests on.
    pub group_evidence: Evidence,
    /// Where it came through one that is known.
    pub load_balancer: Option<String>,
    /// Where it came through one that is known.
    pub capsule: Option<String>,
    /// Such as `rhel-9`.
    pub client_os: Option<String>,
    /// `registered`, `failed` or `cut`.
    pub outcome: String,
    /// Why it failed.
    #[serde(default, deserialize_with = "known")]
    pub error_class: Option<ErrorClass>,
    /// Start of the first request, RFC 3339, UTC.
    pub started_at: Timestamp,
    /// From there to the last end, milliseconds.
    pub span_ms: i64,
    /// Starts are no finer.
    pub resolution_ms: u32,
    /// Inferred, or missing because others share the address.
    pub unkeyed_calls: Evidence,
    /// In their order.
    pub requests: Vec<TracedRequest>,
    /// Those that it came to.
    pub phases: Vec<TracedPhase>,
}

/// A request of a registration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TracedRequest {
    /// Method and path; `:id` stands for the consumer.
    pub request: String,
    /// Name of its phase.
    pub phase: String,
    /// First 8 hex digits of its id.
    pub request_id: Option<String>,
    /// As logged.
    pub started_at: Timestamp,
    /// Behind the first request's start, as logged.
    pub offset_ms: i64,
    /// Where it is drawn.
    pub placed_ms: i64,
    /// Nothing of the registration was under way before it for so long.
    pub gap_ms: i64,
    /// None without an answer.
    pub duration_ms: Option<u32>,
    /// HTTP status; none without an answer.
    pub status: Option<u16>,
    /// How it ended.
    pub answer: String,
    /// What brought it to the registration.
    pub evidence: Evidence,
    /// The same request on a capsule.
    pub on_capsule: Option<OnCapsule>,
}

/// A request as a capsule saw it, times by its own clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnCapsule {
    /// The capsule.
    pub capsule: Option<String>,
    /// Start.
    pub started_at: Timestamp,
    /// Milliseconds; none where its line does not say.
    pub duration_ms: Option<u32>,
    /// HTTP status.
    pub status: u16,
    /// What brought both together.
    pub evidence: Evidence,
}

/// What a phase of a registration adds up to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TracedPhase {
    /// Its name.
    pub phase: String,
    /// Requests.
    pub requests: u32,
    /// Those of them without an answer.
    pub unanswered: u32,
    /// Their durations together, milliseconds.
    pub request_ms: i64,
    /// The gaps before them, milliseconds.
    pub gap_ms: i64,
    /// Inferred where some of them are.
    pub evidence: Evidence,
}

impl TraceLine {
    /// The line of a trace.
    pub fn of(trace: &Trace<'_>) -> Self {
        let session = trace.session;
        let text = |name: Option<&str>| name.map(str::to_owned);
        let phases = Phase::ALL.into_iter().map(|p| (p, trace.phase(p))).filter(|(_, sum)| sum.requests > 0);
        let phases = phases.map(|(phase, sum)| TracedPhase {
            phase: phase.name().to_owned(),
            requests: sum.requests,
            unanswered: sum.unanswered,
            request_ms: sum.request_ms,
            gap_ms: sum.gap_ms,
            evidence: if sum.inferred { Evidence::Inferred } else { Evidence::Exact },
        });
        Self {
            consumer_uuid: session.uuid.is_some().then(|| session.uuid.to_string()),
            host: text(trace.host()),
            attempt: session.attempt,
            group: session.group,
            group_evidence: session.group_evidence,
            load_balancer: text(trace.load_balancer()),
            capsule: text(trace.capsule()),
            client_os: text(trace.names.get(session.client_os)),
            outcome: trace.ended().name().to_owned(),
            error_class: session.error.filter(|_| !trace.cut),
            started_at: trace.started(),
            span_ms: trace.span_ms(),
            resolution_ms: if trace.whole_seconds { 1000 } else { 1 },
            unkeyed_calls: if trace.shared_address { Evidence::Missing } else { Evidence::Inferred },
            requests: trace.steps.iter().map(TracedRequest::of).collect(),
            phases: phases.collect(),
        }
    }
}

impl TracedRequest {
    fn of(step: &Step<'_>) -> Self {
        Self {
            request: route(step.kind).to_owned(),
            phase: Phase::of(step.kind).name().to_owned(),
            request_id: step.id.map(|id| format!("{id:08x}")),
            started_at: step.at,
            offset_ms: step.offset_ms,
            placed_ms: step.placed_ms,
            gap_ms: step.gap_ms,
            duration_ms: step.took_ms,
            status: step.status,
            answer: step.outcome.name().to_owned(),
            evidence: step.evidence,
            on_capsule: step.on_capsule.as_ref().map(OnCapsule::of),
        }
    }

    /// It was not answered, or with an error.
    pub fn failed(&self) -> bool {
        self.status.map_or(self.answer != Outcome::Cut.name(), |status| status >= 400)
    }
}

impl OnCapsule {
    fn of(seen: &CapsuleStep<'_>) -> Self {
        Self {
            capsule: seen.name.map(str::to_owned),
            started_at: seen.at,
            duration_ms: seen.took_ms,
            status: seen.status,
            evidence: seen.evidence,
        }
    }
}

/// Writes them, one JSON object a line.
///
/// # Errors
/// What the writer says.
pub fn write_lines(out: &mut dyn Write, lines: &[TraceLine]) -> io::Result<()> {
    for line in lines {
        serde_json::to_writer(&mut *out, line)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
