//! The table of sessions: the columns of the sessions file, and their number in the run.

use super::table::{Cell, Row, Table};
use crate::kept::sessions::SessionLine;
use crate::registration::finish::Registrations;
use crate::registration::session::{ErrorClass, WayIn};
use std::io::{self, Write};
use std::ops::Range;

pub(super) const SCHEMA: &str = "message session {
  required int32 session;
  optional binary consumer_uuid (string);
  optional binary host (string);
  required binary group (string);
  optional binary capsule (string);
  required int32 attempt;
  optional binary client_os (string);
  required int64 started_at (timestamp(micros,true));
  optional int32 consumer_create_status;
  optional int64 consumer_create_ms;
  optional int64 failed_create_ms;
  optional int64 script_fetch_ms;
  optional int64 host_register_ms;
  optional int64 capsule_script_fetch_ms;
  optional int64 capsule_host_register_ms;
  optional int64 fact_update_ms;
  optional int64 create_and_facts_ms;
  optional int32 compliance_calls;
  optional int32 status_calls;
  optional int32 redundant_consumer_gets;
  required boolean success;
  optional binary error_class (string);
  optional binary way_in (string);
  required group evidence {
    required binary consumer_create_ms (string);
    required binary script_fetch_ms (string);
    required binary host_register_ms (string);
    required binary capsule_script_fetch_ms (string);
    required binary capsule_host_register_ms (string);
    required binary fact_update_ms (string);
    required binary create_and_facts_ms (string);
    required binary compliance_calls (string);
    required binary status_calls (string);
    required binary redundant_consumer_gets (string);
    required binary group (string);
  }
}";

/// Writes these sessions of a run.
///
/// # Errors
/// What the system says.
pub(super) fn write(
    out: &mut (dyn Write + Send),
    all: &Registrations,
    which: Range<usize>,
) -> io::Result<()> {
    let mut table = Table::new(out, SCHEMA, &["consumer_uuid", "host"])?;
    for (session, number) in all.sessions.get(which.clone()).unwrap_or_default().iter().zip(which.start..) {
        table.row(|row| add(row, number, SessionLine::of(session, &all.names)))?;
    }
    table.finish()
}

fn add(row: &mut Row<'_>, number: usize, line: SessionLine<'_>) {
    // no run has more (`MOST_SESSIONS`)
    row.add(number as i32);
    row.add(line.consumer_uuid.as_deref().map(Cell::text));
    row.add(line.host.as_deref().map(Cell::text));
    row.add(line.group.name());
    row.add(line.capsule.as_deref().map(Cell::text));
    row.add(line.attempt);
    row.add(line.client_os.as_deref().map(Cell::text));
    row.add(line.started_at.0);
    row.add(line.consumer_create_status);
    row.add(line.consumer_create_ms);
    row.add(line.failed_create_ms);
    row.add(line.script_fetch_ms);
    row.add(line.host_register_ms);
    row.add(line.capsule_script_fetch_ms);
    row.add(line.capsule_host_register_ms);
    row.add(line.fact_update_ms);
    row.add(line.create_and_facts_ms);
    row.add(line.compliance_calls);
    row.add(line.status_calls);
    row.add(line.redundant_consumer_gets);
    row.add(line.success);
    row.add(line.error_class.map(ErrorClass::name));
    row.add(line.way_in.map(WayIn::name));
    let e = line.evidence;
    for evidence in [
        e.consumer_create_ms,
        e.script_fetch_ms,
        e.host_register_ms,
        e.capsule_script_fetch_ms,
        e.capsule_host_register_ms,
        e.fact_update_ms,
        e.create_and_facts_ms,
        e.compliance_calls,
        e.status_calls,
        e.redundant_consumer_gets,
        e.group,
    ] {
        row.add(evidence.name());
    }
}
