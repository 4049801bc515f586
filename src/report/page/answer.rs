//! The answer as metrics.json has it, read back: what a page shows is what other programs get.

use crate::compare::run::RunError;
use crate::metrics::answer::{Answer, Metric, Statistic};
use crate::metrics::targets::Judgement;
use crate::report::json::AnswerJson;
use crate::source::ssh::is_missing_satellite;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A distribution.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeptDistribution {
    pub(crate) count: u64,
    pub(crate) min: Option<f64>,
    pub(crate) avg: Option<f64>,
    pub(crate) p50: Option<f64>,
    pub(crate) p90: Option<f64>,
    pub(crate) p95: Option<f64>,
    pub(crate) p99: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) evidence: String,
}

impl KeptDistribution {
    /// One of its figures.
    pub const fn get(&self, statistic: Statistic) -> Option<f64> {
        match statistic {
            Statistic::Min => self.min,
            Statistic::Avg => self.avg,
            Statistic::P50 => self.p50,
            Statistic::P90 => self.p90,
            Statistic::P95 => self.p95,
            Statistic::P99 => self.p99,
            Statistic::Max => self.max,
        }
    }

    /// It has values, and they are inferred.
    pub fn is_inferred(&self) -> bool {
        self.count > 0 && self.evidence == "inferred"
    }
}

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
    pub(crate) window_start: Option<String>,
    pub(crate) window_end: Option<String>,
    pub(crate) client_os: BTreeMap<String, u64>,
    pub(crate) way_in: BTreeMap<String, u64>,
    /// Metrics by name, and whatever a later version adds.
    #[serde(flatten)]
    metrics: BTreeMap<String, Value>,
}

impl KeptGroup {
    /// A metric by its name; an empty one where it has none.
    pub fn named(&self, name: &str) -> KeptDistribution {
        let found = self.metrics.get(name).cloned();
        found.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default()
    }

    /// A metric; an empty one where it has none.
    pub fn metric(&self, metric: Metric) -> KeptDistribution {
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
    pub(crate) start: Option<String>,
    pub(crate) end: Option<String>,
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
    pub(crate) ms: KeptDistribution,
}

/// A step of a script cache.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeptStep {
    pub(crate) start: String,
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
    pub(crate) evidence: String,
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

    /// What was just found, as it would be kept.
    ///
    /// # Errors
    /// None that comes from the answer.
    pub fn of(answer: &Answer, judgements: &[Judgement]) -> serde_json::Result<Self> {
        serde_json::from_value(serde_json::to_value(AnswerJson::of(answer, judgements))?)
    }

    /// Reads metrics.json of a folder that was kept.
    ///
    /// # Errors
    /// It cannot be read, or holds something else.
    pub fn load(dir: &Path) -> Result<Self, RunError> {
        let path = dir.join("metrics.json");
        let bytes =
            std::fs::read(&path).map_err(|source| RunError::Unreadable { path: path.clone(), source })?;
        serde_json::from_slice(&bytes).map_err(|error| RunError::Malformed {
            path,
            line: error.line(),
            words: error.to_string(),
        })
    }

    /// All registrations together.
    pub fn all(&self) -> Option<&KeptGroup> {
        self.groups.iter().find(|group| group.group == "all")
    }
}
