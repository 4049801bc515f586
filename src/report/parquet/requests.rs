//! The table of requests: those of each session in order, as `trace` shows them.

use super::table::{Cell, Table};
use crate::registration::finish::Registrations;
use crate::registration::traced::Traced;
use crate::trace::phase::{Phase, route};
use crate::trace::{CapsuleStep, Step, Trace};
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
    let mut table = Table::new(out, SCHEMA)?;
    for (traced, number) in traced.get(which.clone()).unwrap_or_default().iter().zip(which.start..) {
        let session = &traced.session;
        let uuid: Cell = session.uuid.is_some().then(|| Cell::text(session.uuid.to_string())).into();
        let group = Cell::word(session.group.name());
        for (step, at) in Trace::of(traced, all).steps.iter().zip(0..) {
            // no run has more (`MOST_SESSIONS`)
            table.push(row([Cell::Int(number as i32), uuid.clone(), group.clone(), Cell::Int(at)], step))?;
        }
    }
    table.finish()
}

fn row([session, uuid, group, at]: [Cell; 4], step: &Step<'_>) -> [Cell; 20] {
    let [capsule, capsule_started_at, capsule_ms, capsule_status, capsule_evidence] =
        step.on_capsule.as_ref().map_or([const { Cell::NoParent }; 5], on_capsule);
    [
        session,
        uuid,
        group,
        at,
        Cell::word(route(step.kind)),
        Cell::word(Phase::of(step.kind).name()),
        step.id.map(|id| Cell::text(format!("{id:08x}"))).into(),
        Cell::Long(step.at.0),
        Cell::Long(step.offset_ms),
        Cell::Long(step.placed_ms),
        Cell::Long(step.gap_ms),
        step.took_ms.into(),
        step.status.into(),
        Cell::word(step.outcome.name()),
        Cell::word(step.evidence.name()),
        capsule,
        capsule_started_at,
        capsule_ms,
        capsule_status,
        capsule_evidence,
    ]
}

fn on_capsule(seen: &CapsuleStep<'_>) -> [Cell; 5] {
    [
        seen.name.map(Cell::text).into(),
        Cell::Long(seen.at.0),
        seen.took_ms.into(),
        seen.status.into(),
        Cell::word(seen.evidence.name()),
    ]
}
