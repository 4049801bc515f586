//! The answer: what `metrics` found, as the code thinks of it. Reports turn it into words, JSON and files.

pub use super::cache::{CacheAnswer, CacheStep};
pub use super::capsules::{Answered, CapsuleAnswer, PairsAnswer, PoolAnswer};
use crate::registration::session::{ErrorClass, Evidence, Group};
use crate::timestamp::{Timestamp, UtcOffset};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The metrics of a group, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// POST /rhsm/consumers.
    ConsumerCreateMs,
    /// GET /register.
    ScriptFetchMs,
    /// POST /register.
    HostRegisterMs,
    /// PUT /rhsm/consumers/:id.
    FactUpdateMs,
    /// Consumer create and fact update of one session.
    CreateAndFactsMs,
    /// GET /rhsm/consumers/:id/compliance a session.
    ComplianceCalls,
    /// GET /rhsm/status a session.
    StatusCalls,
    /// GET /rhsm/consumers/:id a session.
    RedundantConsumerGets,
    /// GET /register that reached the Satellite, a session.
    ScriptFetches,
    /// GET /register as capsules answered it.
    CapsuleScriptFetchMs,
    /// POST /register as capsules answered it.
    CapsuleHostRegisterMs,
    /// Share of the capsules' GET /register that their script cache answered.
    ScriptCacheHitRate,
}

impl Metric {
    /// Every metric, in the order in which they are shown.
    pub const ALL: [Self; 12] = [
        Self::ConsumerCreateMs,
        Self::ScriptFetchMs,
        Self::HostRegisterMs,
        Self::FactUpdateMs,
        Self::CreateAndFactsMs,
        Self::ComplianceCalls,
        Self::StatusCalls,
        Self::RedundantConsumerGets,
        Self::ScriptFetches,
        Self::CapsuleScriptFetchMs,
        Self::CapsuleHostRegisterMs,
        Self::ScriptCacheHitRate,
    ];

    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConsumerCreateMs => "consumer_create_ms",
            Self::ScriptFetchMs => "script_fetch_ms",
            Self::HostRegisterMs => "host_register_ms",
            Self::FactUpdateMs => "fact_update_ms",
            Self::CreateAndFactsMs => "create_and_facts_ms",
            Self::ComplianceCalls => "compliance_calls",
            Self::StatusCalls => "status_calls",
            Self::RedundantConsumerGets => "redundant_consumer_gets",
            Self::ScriptFetches => "script_fetches",
            Self::CapsuleScriptFetchMs => "capsule_script_fetch_ms",
            Self::CapsuleHostRegisterMs => "capsule_host_register_ms",
            Self::ScriptCacheHitRate => "script_cache_hit_rate",
        }
    }

    /// The row's label in tables.
    pub const fn label(self) -> &'static str {
        match self {
            Self::ConsumerCreateMs => "POST /rhsm/consumers (consumer create)",
            Self::ScriptFetchMs => "GET /register (script)",
            Self::HostRegisterMs => "POST /register (host)",
            Self::FactUpdateMs => "PUT /rhsm/consumers/:id (facts)",
            Self::CreateAndFactsMs => "consumer create + facts",
            Self::ComplianceCalls => "GET compliance",
            Self::StatusCalls => "GET status",
            Self::RedundantConsumerGets => "GET /rhsm/consumers/:id (redundant)",
            Self::ScriptFetches => "GET /register that reached the Satellite",
            Self::CapsuleScriptFetchMs => "GET /register (on the capsule)",
            Self::CapsuleHostRegisterMs => "POST /register (on the capsule)",
            Self::ScriptCacheHitRate => "script cache hit rate",
        }
    }

    /// Whether only capsules' logs tell it.
    pub const fn is_of_capsules(self) -> bool {
        matches!(self, Self::CapsuleScriptFetchMs | Self::CapsuleHostRegisterMs | Self::ScriptCacheHitRate)
    }

    /// Whether it is a share, 0 to 1, of which more is better.
    pub const fn is_share(self) -> bool {
        matches!(self, Self::ScriptCacheHitRate)
    }

    /// Whether it is a time; else it is a share or a count of calls a registration.
    pub const fn is_timing(self) -> bool {
        matches!(
            self,
            Self::ConsumerCreateMs
                | Self::ScriptFetchMs
                | Self::HostRegisterMs
                | Self::FactUpdateMs
                | Self::CreateAndFactsMs
                | Self::CapsuleScriptFetchMs
                | Self::CapsuleHostRegisterMs
        )
    }
}

/// A figure of a distribution that a target can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Statistic {
    /// Smallest value.
    Min,
    /// Arithmetic mean.
    Avg,
    /// Median (nearest rank).
    P50,
    /// 90th percentile (nearest rank).
    P90,
    /// 95th percentile (nearest rank).
    P95,
    /// 99th percentile (nearest rank).
    P99,
    /// Largest value.
    Max,
}

impl Statistic {
    /// Every statistic, in the order in which they are shown.
    pub const ALL: [Self; 7] = [Self::Min, Self::Avg, Self::P50, Self::P90, Self::P95, Self::P99, Self::Max];

    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Avg => "avg",
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Max => "max",
        }
    }

    /// The heading in tables.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Avg => "avg",
            Self::P50 => "P50",
            Self::P90 => "P90",
            Self::P95 => "P95",
            Self::P99 => "P99",
            Self::Max => "max",
        }
    }
}

/// A distribution; every figure but `count` is missing where `count` is 0.
///
/// Timings are in milliseconds. Where only a total is known (calls that carry no key) `avg` stands alone.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Distribution {
    /// How many values (timings), or how many sessions the average is over (counts).
    pub count: u64,
    /// Smallest value.
    pub min: Option<f64>,
    /// Arithmetic mean.
    pub avg: Option<f64>,
    /// Nearest rank percentiles: the smallest value with at least p % of the values at or below it.
    pub p50: Option<f64>,
    /// See `p50`.
    pub p90: Option<f64>,
    /// See `p50`.
    pub p95: Option<f64>,
    /// See `p50`.
    pub p99: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
    /// What the figures rest on.
    pub evidence: Evidence,
}

impl Distribution {
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
        self.count > 0 && self.evidence == Evidence::Inferred
    }
}

/// One group's figures.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupAnswer {
    /// `None` is `all`, which includes every group.
    pub group: Option<Group>,
    /// Attempts.
    pub session_count: u64,
    /// Attempts that failed.
    pub error_count: u64,
    /// Attempts that failed, by class.
    pub error_breakdown: BTreeMap<ErrorClass, u64>,
    /// Creates that the end of the log (or a hole in it) cut off: neither success nor failure, not in `session_count`.
    pub cut_count: u64,
    /// Start of the first session.
    pub window_start: Option<Timestamp>,
    /// End of the last session.
    pub window_end: Option<Timestamp>,
    /// The metrics, each in `Metric::ALL` once.
    pub metrics: BTreeMap<Metric, Distribution>,
    /// compliance_calls over the sessions that poll at all.
    pub compliance_calls_polling: Distribution,
    /// Durations of failed creates that have a Completed line.
    pub failed_create_ms: Distribution,
    /// Sessions by client release (`rhel-9`); `unknown` where the log does not tell.
    pub client_os: BTreeMap<String, u64>,
    /// What decided the group: `url`, `katello-line`, `address`, `inventory`; `none` for the group `unknown`.
    pub way_in: BTreeMap<String, u64>,
}

impl GroupAnswer {
    /// The name in JSON.
    pub fn name(&self) -> &'static str {
        self.group.map_or("all", Group::name)
    }

    /// The name for people.
    pub fn label(&self) -> &'static str {
        self.group.map_or("All", Group::label)
    }
}

/// Lines and requests of the input, and what could not be used.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coverage {
    /// Everything that was asked for could be read.
    pub complete: bool,
    /// Lines read.
    pub lines_read: u64,
    /// Lines whose layout was understood, continuation lines included.
    pub lines_parsed: u64,
    /// Lines that were skipped, by reason.
    pub lines_skipped: BTreeMap<String, u64>,
    /// The first skipped lines that belong to no known layout: `file:line: text`, cut to a readable length.
    pub skipped_samples: Vec<String>,
    /// Lines cut at a file's start or end, or longer than is kept.
    pub lines_cut: u64,
    /// Lines that journald says it dropped.
    pub lines_lost: u64,
    /// Started and Completed lines that stand twice; counted once.
    pub lines_doubled: u64,
    /// Requests with a Started and a Completed line.
    pub requests_matched: u64,
    /// Completed lines without a Started line.
    pub requests_orphaned: u64,
    /// Requests without a Completed line, cut off by the end of the log or by a hole in it.
    pub requests_cut: u64,
    /// Requests without a Completed line although the log goes on.
    pub requests_unanswered: u64,
    /// Requests that stand twice (copytruncate, overlapping files); counted once.
    pub requests_doubled: u64,
    /// Files or hosts that could not be read, each with the reason.
    pub unreadable: Vec<String>,
}

/// Where bytes came from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceAnswer {
    /// As the user named it, or as it was found in a folder.
    pub path: String,
    /// The layout told from the data, such as `multiline_request_pattern`.
    pub layout: String,
    /// `none`, `gzip`, `xz` or `zstd`.
    pub compression: String,
    /// Lines in it.
    pub lines: u64,
    /// Bytes in it after decompression.
    pub bytes: u64,
    /// Start of its first request.
    pub first: Option<Timestamp>,
    /// Start of its last request.
    pub last: Option<Timestamp>,
    /// Why it was not used, where it was not.
    pub skipped: Option<String>,
}

/// A host that was read over SSH, or was to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAnswer {
    /// As the inventory names it.
    pub name: String,
    /// `satellite` or `capsule`.
    pub role: &'static str,
    /// `read`, `partly-read` or `failed`.
    pub status: &'static str,
    /// What kind of failure it is.
    pub reason: Option<&'static str>,
    /// What was said.
    pub error: Option<String>,
    /// What to do.
    pub way_out: Option<String>,
    /// Files and journals that were opened.
    pub files: u64,
    /// Bytes of them, decompressed.
    pub bytes: u64,
    /// What was left on the host because of its size.
    pub left: Option<String>,
}

/// What was not counted to any registration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Background {
    /// Requests with a consumer UUID that belong to no session: hosts that were registered already, check-ins after a session's end.
    pub keyed_requests: u64,
    /// How many such consumers there were.
    pub consumers: u64,
    /// GET /rhsm/status that no group counts.
    pub status_calls: u64,
    /// POST /register that no session's keys name.
    pub host_registers: u64,
    /// Requests outside /rhsm and /register.
    pub other_requests: u64,
}

/// Attribution of the requests that a metric is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attribution {
    /// A key named the registration or the group.
    pub exact: u64,
    /// Time or apportioning did.
    pub inferred: u64,
    /// Nothing did.
    pub unattributed: u64,
}

/// A registration that failed, and what the log says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureSample {
    /// Why.
    pub class: ErrorClass,
    /// Start of its create.
    pub started_at: Timestamp,
    /// Its host.
    pub host: Option<String>,
    /// Lines that say what went wrong, and the Completed line, of the request that made it fail.
    pub lines: Vec<String>,
}

/// Everything that `metrics` found.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What was read.
    pub sources: Vec<SourceAnswer>,
    /// Time of the first and last line of the log that was used.
    pub window: Option<(Timestamp, Timestamp)>,
    /// Every UTC offset of the log, in the order in which they came up.
    pub utc_offsets: Vec<UtcOffset>,
    /// Lines and requests.
    pub coverage: Coverage,
    /// Requests by evidence.
    pub attribution: Attribution,
    /// What was not counted to any registration.
    pub background: Background,
    /// Groups that have sessions, in the order of `Group::ALL`, then `all`.
    pub groups: Vec<GroupAnswer>,
    /// The first failures of each class, by start.
    pub failures: Vec<FailureSample>,
    /// The load balancers' caches; none where they were not asked.
    pub cache: Option<Vec<crate::cache::CacheRow>>,
    /// Capsules whose logs were read, by name.
    pub capsules: Vec<CapsuleAnswer>,
    /// Pools of these capsules.
    pub pools: Vec<PoolAnswer>,
    /// Hosts that were read over SSH, or were to be.
    pub hosts: Vec<HostAnswer>,
    /// Levels of load, where a run archive was read.
    pub archive: Option<Box<crate::archive::answer::ArchiveAnswer>>,
    /// Words that a reader must see: what an inventory would add, old layouts, mqtt capsules in a pool.
    pub notes: Vec<String>,
}

/// Files of one reason that are told one by one; `sources` of the JSON has them all.
const TOLD: usize = 3;

/// Sources of which nothing is in the answer, and why: of a reason that many share the first, and how many more.
pub fn unused(sources: &[SourceAnswer]) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    let mut by_reason: BTreeMap<&str, usize> = BTreeMap::new();
    for (source, why) in sources.iter().filter_map(|s| Some((s, s.skipped.as_deref()?))) {
        // what stands behind it is of this file alone
        let reason = why.split_once(';').map_or(why, |(reason, _)| reason);
        let n = by_reason.entry(reason).or_default();
        *n += 1;
        if *n <= TOLD {
            told.push(format!("{}: {why}", source.path));
        }
    }
    let more = by_reason.into_iter().filter(|(_, n)| *n > TOLD);
    let files = |n: usize| if n == 1 { "1 more file".to_owned() } else { format!("{n} more files") };
    told.extend(more.map(|(why, n)| format!("{} of which the same is true: {why}", files(n - TOLD))));
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_files_of_one_reason_are_told_by_their_number() {
        let of = |path: &str, why: Option<&str>| SourceAnswer {
            path: path.to_owned(),
            skipped: why.map(str::to_owned),
            ..SourceAnswer::default()
        };
        let sources: Vec<SourceAnswer> = (0..6)
            .map(|i| of(&format!("{i}"), Some("quiet")))
            .chain([of("6", Some("quiet; its line 1 is \"x\"")), of("used", None), of("odd", Some("binary"))])
            .collect();
        let more = "4 more files of which the same is true: quiet";
        assert_eq!(unused(&sources), ["0: quiet", "1: quiet", "2: quiet", "odd: binary", more]);
        let more = "1 more file of which the same is true: quiet";
        assert_eq!(unused(&sources[..TOLD + 1]), ["0: quiet", "1: quiet", "2: quiet", more]);
    }
}
