//! Registrations in, one JSON object a line out, and read back: GET and POST /register as they were answered.
//!
//! No key joins them to a registration, so they stand in no line of the sessions file; `compare` needs them in the order
//! of time. Each is of the host that answered: the Satellite's scripts, and what capsules answered themselves.

use crate::log::proxy::Asked;
use crate::registration::finish::Registrations;
use crate::registration::session::{Evidence, Group};
use crate::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// Which request, and who answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Call {
    /// GET /register that reached the Satellite.
    Script,
    /// GET /register that a capsule answered.
    CapsuleScript,
    /// POST /register that a capsule answered.
    CapsuleHostRegister,
}

/// A line of requests.jsonl; keys stand in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestLine {
    /// Its start, RFC 3339, UTC; of a capsule by its own clock.
    pub started_at: Timestamp,
    /// How its host comes.
    pub group: Group,
    /// Which request.
    pub call: Call,
    /// Whole milliseconds, where it succeeded and the log tells.
    pub ms: Option<u32>,
    /// What the group rests on.
    #[serde(default)]
    pub evidence: Evidence,
}

/// What compare needs, in the order of time.
pub fn lines(all: &Registrations) -> Vec<RequestLine> {
    let script = |script: &crate::registration::finish::GroupScript| RequestLine {
        started_at: script.at,
        group: script.way.group,
        call: Call::Script,
        ms: script.ms,
        evidence: script.way.evidence,
    };
    let mut lines: Vec<RequestLine> = all.scripts.iter().map(script).collect();
    for side in &all.capsules.sides {
        let group = side.group.unwrap_or_default();
        let evidence = if side.group.is_some() { Evidence::Exact } else { Evidence::Missing };
        for request in &side.requests {
            let started_at = Timestamp(request.start_us());
            if !all.window.holds(started_at) {
                continue;
            }
            let call = match request.line.asked {
                Asked::Script => Call::CapsuleScript,
                Asked::HostRegister => Call::CapsuleHostRegister,
                Asked::Probe | Asked::Other => continue,
            };
            lines.push(RequestLine { started_at, group, call, ms: request.good_ms(), evidence });
        }
    }
    lines.sort_by_key(|line| line.started_at.0);
    lines
}

/// Writes them, one JSON object a line.
///
/// # Errors
/// What the writer says.
pub fn write_lines(out: &mut dyn Write, all: &Registrations) -> io::Result<()> {
    let mut text = Vec::with_capacity(256);
    for line in lines(all) {
        text.clear();
        serde_json::to_writer(&mut text, &line)?;
        text.push(b'\n');
        out.write_all(&text)?;
    }
    Ok(())
}
