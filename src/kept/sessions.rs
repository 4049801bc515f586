//! Sessions in, one JSON object a line out (docs/sessions.schema.json), and read back. No path of a source gets in, so
//! that the same bytes read another way give the same file.

use crate::registration::session::{ErrorClass, Evidence, Group, Ms, Names, Session, WayIn};
use crate::timestamp::Timestamp;
use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::io::{self, Write};

/// A line of the sessions file; keys stand in this order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionLine<'a> {
    /// None where a failed attempt never got one.
    pub consumer_uuid: Option<String>,
    /// The host's name.
    pub host: Option<Cow<'a, str>>,
    /// How it came.
    pub group: Group,
    /// None where it came straight, or only the load balancer is known.
    pub capsule: Option<Cow<'a, str>>,
    /// Which attempt of this host, from 1.
    pub attempt: u16,
    /// Such as `rhel-9`.
    pub client_os: Option<Cow<'a, str>>,
    /// Start of the create, RFC 3339, UTC.
    pub started_at: Timestamp,
    /// HTTP status of the create; none without a Completed line.
    pub consumer_create_status: Option<u16>,
    /// Milliseconds, where it succeeded.
    pub consumer_create_ms: Option<u32>,
    /// Milliseconds, where it was answered with an error; lines that an earlier version wrote have none.
    #[serde(default)]
    pub failed_create_ms: Option<u32>,
    /// Milliseconds, where only one candidate was possible.
    pub script_fetch_ms: Option<u32>,
    /// Milliseconds, where it succeeded.
    pub host_register_ms: Option<u32>,
    /// Milliseconds of the script as the capsule answered it, where a pair tells.
    pub capsule_script_fetch_ms: Option<u32>,
    /// Milliseconds of the host's registration as the capsule answered it, where a pair tells.
    pub capsule_host_register_ms: Option<u32>,
    /// Milliseconds of the first successful PUT after the create.
    pub fact_update_ms: Option<u32>,
    /// Milliseconds, consumer create and fact update together.
    pub create_and_facts_ms: Option<u32>,
    /// Calls; none without a UUID.
    pub compliance_calls: Option<u16>,
    /// Calls, where only one candidate was possible.
    pub status_calls: Option<u16>,
    /// Calls; none without a UUID.
    pub redundant_consumer_gets: Option<u16>,
    /// The registration succeeded.
    pub success: bool,
    /// Why it did not.
    #[serde(default, deserialize_with = "known")]
    pub error_class: Option<ErrorClass>,
    /// What decided the group.
    #[serde(default, deserialize_with = "known")]
    pub way_in: Option<WayIn>,
    /// What each figure rests on.
    #[serde(default)]
    pub evidence: LineEvidence,
}

// a word of a later version is none of ours
pub(super) fn known<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(serde_json::Value::deserialize(deserializer)?).ok())
}

/// What each figure of a line rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LineEvidence {
    /// Of `consumer_create_ms`.
    pub consumer_create_ms: Evidence,
    /// Of `script_fetch_ms`.
    pub script_fetch_ms: Evidence,
    /// Of `host_register_ms`.
    pub host_register_ms: Evidence,
    /// Of `capsule_script_fetch_ms`.
    pub capsule_script_fetch_ms: Evidence,
    /// Of `capsule_host_register_ms`.
    pub capsule_host_register_ms: Evidence,
    /// Of `fact_update_ms`.
    pub fact_update_ms: Evidence,
    /// Of `create_and_facts_ms`.
    pub create_and_facts_ms: Evidence,
    /// Of `compliance_calls`.
    pub compliance_calls: Evidence,
    /// Of `status_calls`.
    pub status_calls: Evidence,
    /// Of `redundant_consumer_gets`.
    pub redundant_consumer_gets: Evidence,
    /// Of `group`.
    pub group: Evidence,
}

impl<'a> SessionLine<'a> {
    /// The line of a session.
    pub fn of(session: &Session, names: &'a Names) -> Self {
        let keyed = session.uuid.is_some();
        // an attempt that failed has no consumer that could call; one whose consumer is not known could
        let counted = keyed || !session.success();
        let status_calls = (session.status_calls != Session::NO_COUNT).then_some(session.status_calls);
        let exact = |has: bool| if has { Evidence::Exact } else { Evidence::Missing };
        let inferred = |has: bool| if has { Evidence::Inferred } else { Evidence::Missing };
        let has = |ms: Ms| ms.get().is_some();
        let name = |id| names.get(id).map(Cow::Borrowed);
        Self {
            consumer_uuid: keyed.then(|| session.uuid.to_string()),
            host: name(session.host),
            group: session.group,
            capsule: name(session.capsule),
            attempt: session.attempt,
            client_os: name(session.client_os),
            started_at: session.started_at,
            consumer_create_status: (session.create_status != 0).then_some(session.create_status),
            consumer_create_ms: session.consumer_create.get(),
            failed_create_ms: session.failed_create_ms(),
            script_fetch_ms: session.script_fetch.get(),
            host_register_ms: session.host_register.get(),
            capsule_script_fetch_ms: session.capsule_script_fetch.get(),
            capsule_host_register_ms: session.capsule_host_register.get(),
            fact_update_ms: session.fact_update.get(),
            create_and_facts_ms: session.create_and_facts(),
            compliance_calls: counted.then_some(session.compliance_calls),
            status_calls,
            redundant_consumer_gets: counted.then_some(session.redundant_consumer_gets),
            success: session.success(),
            error_class: session.error,
            way_in: session.way_in,
            evidence: LineEvidence {
                consumer_create_ms: exact(has(session.consumer_create)),
                script_fetch_ms: inferred(has(session.script_fetch)),
                host_register_ms: exact(has(session.host_register)),
                capsule_script_fetch_ms: inferred(has(session.capsule_script_fetch)),
                capsule_host_register_ms: session.capsule_register_evidence,
                fact_update_ms: exact(has(session.fact_update)),
                create_and_facts_ms: exact(session.create_and_facts().is_some()),
                compliance_calls: exact(counted),
                status_calls: inferred(status_calls.is_some()),
                redundant_consumer_gets: exact(counted),
                group: session.group_evidence,
            },
        }
    }
}

/// Writes sessions, in the order given, one JSON object a line.
///
/// # Errors
/// What the writer says.
pub fn write_lines(out: &mut dyn Write, sessions: &[Session], names: &Names) -> io::Result<()> {
    let mut line = Vec::with_capacity(1024);
    for session in sessions {
        line.clear();
        serde_json::to_writer(&mut line, &SessionLine::of(session, names))?;
        line.push(b'\n');
        out.write_all(&line)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn keys_stand_in_the_order_of_the_schema() {
        let (sessions, names) = samples::sessions();
        let mut out = Vec::new();
        write_lines(&mut out, &sessions, &names).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap());
    }
}
