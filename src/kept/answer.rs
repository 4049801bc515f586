//! The answer as metrics.json has it, read back: what a page or a history shows is what other programs get.

use super::{AGAIN, ANSWER, KeptError, SCHEMA_VERSION, malformed, no_answer};
use crate::metrics::answer::{Distribution, Metric};
use crate::registration::session::{Evidence, Group};
use crate::source::ssh::is_missing_satellite;
use crate::timestamp::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A group.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeptGroup {
    pub(crate) group: String,
    pub(crate) label: String,
    pub(crate) session_count: u64,
    pub(crate) error_count: u64,
    pub(crate) error_breakdown: BTreeMap<String, u64>,
    pub(crate) cut_count: u64,
    pub(crate) window_start: Option<Timestamp>,
    pub(crate) window_end: Option<Timestamp>,
    pub(crate) client_os: BTreeMap<String, u64>,
    pub(crate) way_in: BTreeMap<String, u64>,
    /// By name; all that is a distribution, also where it is empty.
    #[serde(flatten, deserialize_with = "distributions")]
    metrics: BTreeMap<String, Distribution>,
}

// whatever else a later version adds is none
fn distributions<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Distribution>, D::Error> {
    let all = BTreeMap::<String, Value>::deserialize(deserializer)?;
    let read = |(name, value)| Some((name, serde_json::from_value(value).ok()?));
    Ok(all.into_iter().filter_map(read).collect())
}

impl KeptGroup {
    /// A metric by its name; an empty one where it has none.
    pub fn named(&self, name: &str) -> Distribution {
        self.metrics.get(name).cloned().unwrap_or_default()
    }

    /// A metric; an empty one where it has none.
    pub fn metric(&self, metric: Metric) -> Distribution {
        self.named(metric.name())
    }
}

/// A file that was read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeptSource {
    pub(crate) path: String,
    pub(crate) layout: String,
    pub(crate) compression: String,
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
    pub(crate) skipped: Option<String>,
}

/// Time of the log.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeptWindow {
    pub(crate) start: Option<Timestamp>,
    pub(crate) end: Option<Timestamp>,
}

/// Lines and requests.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeptCoverage {
    pub(crate) complete: bool,
    pub(crate) lines_read: u64,
    pub(crate) lines_parsed: u64,
    pub(crate) lines_skipped: BTreeMap<String, u64>,
    pub(crate) skipped_samples: Vec<String>,
    pub(crate) lines_cut: u64,
    pub(crate) lines_lost: u64,
    pub(crate) lines_doubled: u64,
    pub(crate) requests_matched: u64,
    pub(crate) requests_orphaned: u64,
    pub(crate) requests_cut: u64,
    pub(crate) requests_unanswered: u64,
    pub(crate) requests_doubled: u64,
    pub(crate) unreadable: Vec<String>,
}

/// Requests by evidence.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeptAttribution {
    pub(crate) exact: u64,
    pub(crate) inferred: u64,
    pub(crate) unattributed: u64,
}

/// What belongs to no registration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeptBackground {
    pub(crate) keyed_requests: u64,
    pub(crate) consumers: u64,
    pub(crate) status_calls: u64,
    pub(crate) host_registers: u64,
    pub(crate) other_requests: u64,
}

/// GET or POST /register on a capsule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeptAnswered {
    pub(crate) count: u64,
    pub(crate) failed: u64,
    pub(crate) ms: Distribution,
}

/// A step of a script cache.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeptStep {
    pub(crate) start: Timestamp,
    pub(crate) requests: u64,
    pub(crate) hits: u64,
}

/// A script cache.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeptCache {
    pub(crate) requests: u64,
    pub(crate) hits: u64,
    pub(crate) hit_rate: Option<f64>,
    pub(crate) evidence: Evidence,
    pub(crate) misses_before_first_hit: Option<u64>,
    pub(crate) step_seconds: i64,
    pub(crate) steps: Vec<KeptStep>,
}

/// A capsule whose log was read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeptCapsule {
    pub(crate) name: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) load_balancer: Option<String>,
    pub(crate) script: KeptAnswered,
    pub(crate) host_register: KeptAnswered,
    pub(crate) probes: u64,
    pub(crate) script_cache: KeptCache,
}

/// A pool of capsules.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeptPool {
    pub(crate) load_balancer: String,
    pub(crate) capsules: Vec<String>,
    pub(crate) unread: Vec<String>,
    pub(crate) script_cache: KeptCache,
}

/// A host that was asked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeptHost {
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) status: String,
    pub(crate) error: Option<String>,
    pub(crate) way_out: Option<String>,
    pub(crate) files: u64,
    pub(crate) bytes: u64,
}

/// A figure held against its target.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeptTarget {
    pub(crate) group: String,
    pub(crate) metric: String,
    pub(crate) statistic: String,
    pub(crate) value: Option<f64>,
    pub(crate) target: Option<f64>,
    pub(crate) met: Option<bool>,
    pub(crate) change: String,
    pub(crate) state: String,
    pub(crate) note: Option<String>,
}

/// What the log says of a registration that failed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeptFailure {
    pub(crate) error_class: String,
    pub(crate) host: Option<String>,
    pub(crate) started_at: String,
    pub(crate) lines: Vec<String>,
}

/// metrics.json.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeptAnswer {
    pub(crate) reginfra_version: String,
    pub(crate) sources: Vec<KeptSource>,
    pub(crate) window: KeptWindow,
    pub(crate) coverage: KeptCoverage,
    pub(crate) attribution: KeptAttribution,
    pub(crate) background: KeptBackground,
    pub(crate) groups: Vec<KeptGroup>,
    pub(crate) failure_samples: Vec<KeptFailure>,
    pub(crate) capsules: Vec<KeptCapsule>,
    pub(crate) capsule_pools: Vec<KeptPool>,
    pub(crate) hosts: Vec<KeptHost>,
    pub(crate) targets: Vec<KeptTarget>,
    pub(crate) notes: Vec<String>,
}

impl KeptAnswer {
    /// Satellites that were to be read and are not in the answer.
    pub fn missing_satellites(&self) -> Vec<&str> {
        self.hosts
            .iter()
            .filter(|h| is_missing_satellite(&h.role, &h.status))
            .map(|h| h.name.as_str())
            .collect()
    }

    /// Reads metrics.json; `path` is for the words of errors.
    ///
    /// # Errors
    /// It is of another version, is damaged, or holds something else.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, KeptError> {
        #[derive(Deserialize)]
        struct Versioned {
            #[serde(default)]
            schema_version: Value,
        }
        let failed = |error| malformed(path, &error, AGAIN);
        // what another version writes need not be of this form
        let version = match serde_json::from_slice::<Versioned>(bytes) {
            // of a list the parser takes the first as the version
            Ok(found) if bytes.trim_ascii_start().starts_with(b"{") => found.schema_version,
            Err(error) if is_damaged(path, bytes, &error) => return Err(failed(error)),
            _ => Value::Null,
        };
        if version.is_null() {
            return Err(no_answer(path));
        }
        if version.as_u64() != Some(SCHEMA_VERSION.into()) {
            return Err(KeptError::Version { path: path.to_owned(), found: version.to_string() });
        }
        serde_json::from_slice(bytes).map_err(failed)
    }

    /// A group, or all registrations together.
    pub fn group(&self, group: Option<Group>) -> Option<&KeptGroup> {
        let name = group.map_or("all", Group::name);
        self.groups.iter().find(|group| group.group == name)
    }

    /// All registrations together.
    pub fn all(&self) -> Option<&KeptGroup> {
        self.group(None)
    }
}

// what is no JSON was an answer, by its name or by its first key
fn is_damaged(path: &Path, bytes: &[u8], error: &serde_json::Error) -> bool {
    const KEY: &[u8] = b"\"schema_version\"";
    !error.is_data() && (path.ends_with(ANSWER) || bytes.windows(KEY.len()).any(|part| part == KEY))
}
