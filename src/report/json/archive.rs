//! An archive's levels as the wire has them.

use super::{DistributionJson, GroupJson, Number};
use crate::archive::answer::{ArchiveAnswer, ClientAnswer, LevelAnswer};
use crate::archive::law::{Estimate, Law};
use crate::timestamp::Timestamp;

/// The key `archive`.
#[derive(Debug, serde::Serialize)]
pub struct ArchiveJson<'a> {
    name: &'a str,
    levels: Vec<LevelJson<'a>>,
    law: Option<LawJson<'a>>,
    law_refused: Option<&'a str>,
    sessions_outside: u64,
}

impl<'a> ArchiveJson<'a> {
    /// As it is written.
    pub fn of(archive: &'a ArchiveAnswer) -> Self {
        Self {
            name: &archive.name,
            levels: archive.levels.iter().map(LevelJson::of).collect(),
            law: archive.law.as_ref().ok().map(LawJson::of),
            law_refused: archive.law.as_ref().err().map(String::as_str),
            sessions_outside: archive.outside,
        }
    }
}

#[derive(Debug, serde::Serialize)]
struct LevelJson<'a> {
    level: u32,
    log: &'a str,
    since: Timestamp,
    until: Timestamp,
    seconds: Number,
    katello: Option<&'a str>,
    satellite: Option<&'a str>,
    throughput_per_second: Number,
    first_tries: FirstTriesJson,
    retries: RetriesJson,
    failures: FailuresJson,
    client: ClientJson,
    groups: Vec<GroupJson<'a>>,
    monitoring: Vec<MonitoredJson<'a>>,
}

impl<'a> LevelJson<'a> {
    fn of(found: &'a LevelAnswer) -> Self {
        let (level, tries, retries, failures) =
            (&found.level, found.first_tries, found.retries, found.failures);
        Self {
            level: level.load,
            log: &level.log,
            since: level.since,
            until: level.until,
            seconds: Number(Some(level.seconds())),
            katello: level.katello.as_deref(),
            satellite: level.satellite.as_deref(),
            throughput_per_second: Number(found.throughput()),
            first_tries: FirstTriesJson {
                hosts: tries.hosts,
                passed: tries.passed,
                failed: tries.failed,
                from: tries.from.name(),
            },
            retries: RetriesJson {
                tries: retries.tries,
                passed: retries.passed,
                failed: retries.failed,
                given_up: retries.given_up,
                from: retries.from.name(),
            },
            failures: FailuresJson {
                fast: failures.fast,
                slow: failures.slow,
                unanswered: failures.unanswered,
                later_step: failures.later_step,
                border_ms: Number(failures.border_ms),
            },
            client: ClientJson::of(&found.client),
            groups: found.groups.iter().map(GroupJson).collect(),
            monitoring: found
                .monitored
                .iter()
                .map(|m| MonitoredJson {
                    name: &m.name,
                    mean: Number(Some(m.mean)),
                    p95: Number(m.p95),
                    max: Number(m.max),
                    samples: m.samples,
                })
                .collect(),
        }
    }
}

#[derive(Debug, serde::Serialize)]
struct FirstTriesJson {
    hosts: u64,
    passed: u64,
    failed: u64,
    from: &'static str,
}

#[derive(Debug, serde::Serialize)]
struct RetriesJson {
    tries: u64,
    passed: u64,
    failed: u64,
    given_up: u64,
    from: &'static str,
}

#[derive(Debug, serde::Serialize)]
struct FailuresJson {
    fast: u64,
    slow: u64,
    unanswered: u64,
    later_step: u64,
    border_ms: Number,
}

#[derive(Debug, serde::Serialize)]
struct ClientJson {
    client_ms: DistributionJson,
    satellite_ms: DistributionJson,
    elsewhere_ms: DistributionJson,
    with_host_register: u64,
    joined_by_uuid: u64,
    joined_by_host: u64,
    joined_by_time: u64,
    unjoined: u64,
}

impl ClientJson {
    const fn of(client: &ClientAnswer) -> Self {
        Self {
            client_ms: DistributionJson::of(&client.client_ms),
            satellite_ms: DistributionJson::of(&client.satellite_ms),
            elsewhere_ms: DistributionJson::of(&client.elsewhere_ms),
            with_host_register: client.with_host_register,
            joined_by_uuid: client.by_uuid,
            joined_by_host: client.by_host,
            joined_by_time: client.by_time,
            unjoined: client.unjoined,
        }
    }
}

#[derive(Debug, serde::Serialize)]
struct MonitoredJson<'a> {
    name: &'a str,
    mean: Number,
    p95: Number,
    max: Number,
    samples: Option<u64>,
}

#[derive(Debug, serde::Serialize)]
struct LawJson<'a> {
    kind: &'static str,
    lambda: EstimateJson,
    sigma: Option<EstimateJson>,
    kappa: Option<EstimateJson>,
    knee: Option<EstimateJson>,
    knee_refused: Option<&'a str>,
    peak: Option<EstimateJson>,
    ceiling_per_second: Option<EstimateJson>,
    scatter: f64,
    levels: usize,
}

impl<'a> LawJson<'a> {
    fn of(law: &'a Law) -> Self {
        let of =
            |estimate: &Estimate| EstimateJson { at: estimate.at, low: estimate.low, high: estimate.high };
        Self {
            kind: law.kind.name(),
            lambda: of(&law.lambda),
            sigma: law.sigma.as_ref().map(of),
            kappa: law.kappa.as_ref().map(of),
            knee: law.end.as_ref().ok().map(|end| of(&end.knee)),
            knee_refused: law.end.as_ref().err().map(String::as_str),
            peak: law.peak.as_ref().map(of),
            ceiling_per_second: law.end.as_ref().ok().map(|end| of(&end.ceiling)),
            scatter: law.scatter,
            levels: law.levels,
        }
    }
}

/// As it is: kappa has its digits far behind the point.
#[derive(Debug, serde::Serialize)]
struct EstimateJson {
    at: f64,
    low: f64,
    high: Option<f64>,
}
