//! The table of sessions: the columns of the sessions file, and their number in the run.

use super::table::{Cell, Table};
use crate::kept::sessions::SessionLine;
use crate::registration::finish::Registrations;
use crate::registration::session::Evidence;
use std::borrow::Cow;
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
    let mut table = Table::new(out, SCHEMA)?;
    for (session, number) in all.sessions.get(which.clone()).unwrap_or_default().iter().zip(which.start..) {
        table.push(row(number, SessionLine::of(session, &all.names)))?;
    }
    table.finish()
}

fn row(number: usize, line: SessionLine<'_>) -> [Cell; 33] {
    let text = |text: Option<String>| text.map(Cell::text).into();
    let named = |name: Option<Cow<'_, str>>| text(name.map(Cow::into_owned));
    let evidence = |evidence: Evidence| Cell::word(evidence.name());
    let e = line.evidence;
    [
        // no run has more (`MOST_SESSIONS`)
        Cell::Int(number as i32),
        text(line.consumer_uuid),
        named(line.host),
        Cell::word(line.group.name()),
        named(line.capsule),
        line.attempt.into(),
        named(line.client_os),
        Cell::Long(line.started_at.0),
        line.consumer_create_status.into(),
        line.consumer_create_ms.into(),
        line.script_fetch_ms.into(),
        line.host_register_ms.into(),
        line.capsule_script_fetch_ms.into(),
        line.capsule_host_register_ms.into(),
        line.fact_update_ms.into(),
        line.create_and_facts_ms.into(),
        line.compliance_calls.into(),
        line.status_calls.into(),
        line.redundant_consumer_gets.into(),
        line.success.into(),
        line.error_class.map(|class| Cell::word(class.name())).into(),
        line.way_in.map(|way| Cell::word(way.name())).into(),
        evidence(e.consumer_create_ms),
        evidence(e.script_fetch_ms),
        evidence(e.host_register_ms),
        evidence(e.capsule_script_fetch_ms),
        evidence(e.capsule_host_register_ms),
        evidence(e.fact_update_ms),
        evidence(e.create_and_facts_ms),
        evidence(e.compliance_calls),
        evidence(e.status_calls),
        evidence(e.redundant_consumer_gets),
        evidence(e.group),
    ]
}
