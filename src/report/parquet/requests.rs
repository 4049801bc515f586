//! The table of requests: those of each session in order, as `trace` shows them.

use super::table::{Cell, Row, Table};
use crate::registration::finish::Registrations;
use crate::registration::traced::Traced;
use crate::trace::phase::{Phase, route};
use crate::trace::{Step, Trace};
use std::io::{self, Write};
use std::ops::Range;

pub(super) const SCHEMA: &str = "message request {
  required int32 session;
  optional binary consumer_uuid (string);
  required binary group (string);
  required int32 step;
  required binary request (string);
  required binary phase (string);
  optional binary request_id (string);
  required int64 started_at (timestamp(micros,true));
  required int64 offset_ms;
  required int64 placed_ms;
  required int64 gap_ms;
  optional int64 duration_ms;
  optional int32 status;
  required binary answer (string);
  required binary evidence (string);
  optional group on_capsule {
    optional binary capsule (string);
    required int64 started_at (timestamp(micros,true));
    optional int64 duration_ms;
    required int32 status;
    required binary evidence (string);
  }
}";

/// Writes the requests of these sessions of a run.
///
/// # Errors
/// What the system says.
pub(super) fn write(
    out: &mut (dyn Write + Send),
    all: &Registrations,
    traced: &[&Traced],
    which: Range<usize>,
) -> io::Result<()> {
    let mut table = Table::new(out, SCHEMA, &["request_id"])?;
    for (traced, number) in traced.get(which.clone()).unwrap_or_default().iter().zip(which.start..) {
        let session = &traced.session;
        let uuid = session.uuid.is_some().then(|| session.uuid.to_string());
        let group = session.group.name();
        for (step, at) in Trace::of(traced, all).steps.iter().zip(0i32..) {
            table.row(|row| {
                // no run has more (`MOST_SESSIONS`)
                row.add(number as i32);
                row.add(uuid.as_deref().map(Cell::text));
                row.add(group);
                row.add(at);
                add(row, step);
            })?;
        }
    }
    table.finish()
}

fn add(row: &mut Row<'_>, step: &Step<'_>) {
    row.add(route(step.kind));
    row.add(Phase::of(step.kind).name());
    row.add(step.id.map(hex).as_ref().map(|id| Cell::Text(id)));
    row.add(step.at.0);
    row.add(step.offset_ms);
    row.add(step.placed_ms);
    row.add(step.gap_ms);
    row.add(step.took_ms);
    row.add(step.status);
    row.add(step.outcome.name());
    row.add(step.evidence.name());
    match &step.on_capsule {
        Some(seen) => {
            row.add(seen.name.map(Cell::text));
            row.add(seen.at.0);
            row.add(seen.took_ms);
            row.add(seen.status);
            row.add(seen.evidence.name());
        }
        None => (0..5).for_each(|_| row.add(Cell::NoParent)),
    }
}

// as the log has it
fn hex(id: u32) -> [u8; 8] {
    [0, 1, 2, 3, 4, 5, 6, 7].map(|at| b"0123456789abcdef"[(id >> (28 - 4 * at) & 15) as usize])
}
