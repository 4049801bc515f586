//! Capsules and pools as the wire has them.

use super::{DistributionJson, Number};
use crate::metrics::answer::{Answered, CacheAnswer, CapsuleAnswer, PairsAnswer, PoolAnswer};
use crate::registration::session::{Evidence, Group};
use crate::timestamp::{Timestamp, UtcOffset};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub struct CapsuleJson<'a> {
    name: Option<&'a str>,
    group: Option<Group>,
    load_balancer: Option<&'a str>,
    utc_offset: Option<UtcOffset>,
    utc_offset_from: Option<&'static str>,
    window_start: Option<Timestamp>,
    window_end: Option<Timestamp>,
    script: AnsweredJson,
    host_register: AnsweredJson,
    probes: u64,
    other_requests: u64,
    unfinished: u64,
    doubled: u64,
    script_cache: CacheJson,
    pairs: PairsJson,
    clock_ahead: Option<SkewJson>,
}

impl<'a> CapsuleJson<'a> {
    pub fn of(c: &'a CapsuleAnswer) -> Self {
        Self {
            name: c.name.as_deref(),
            group: c.group,
            load_balancer: c.load_balancer.as_deref(),
            utc_offset: c.offset.map(|(offset, _)| offset),
            utc_offset_from: c.offset.map(|(_, from)| from.name()),
            window_start: c.window.map(|(start, _)| start),
            window_end: c.window.map(|(_, end)| end),
            script: AnsweredJson::of(&c.script),
            host_register: AnsweredJson::of(&c.host_register),
            probes: c.probes,
            other_requests: c.others,
            unfinished: c.unfinished,
            doubled: c.doubled,
            script_cache: CacheJson::of(&c.cache),
            pairs: PairsJson::of(&c.pairs),
            clock_ahead: c.skew.map(|s| SkewJson {
                median_ms: Number(Some(s.median_ms)),
                p10_ms: Number(Some(s.spread_ms.0)),
                p90_ms: Number(Some(s.spread_ms.1)),
                count: s.pairs,
                from: if s.of_pairs { "pairs" } else { "durations" },
                evidence: Evidence::Inferred,
            }),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct PoolJson<'a> {
    load_balancer: &'a str,
    capsules: &'a [String],
    unread: &'a [String],
    script_cache: CacheJson,
}

impl<'a> PoolJson<'a> {
    pub fn of(p: &'a PoolAnswer) -> Self {
        Self {
            load_balancer: &p.load_balancer,
            capsules: &p.capsules,
            unread: &p.unread,
            script_cache: CacheJson::of(&p.cache),
        }
    }
}

#[derive(Debug, Serialize)]
struct AnsweredJson {
    count: u64,
    failed: u64,
    ms: DistributionJson,
}

impl AnsweredJson {
    const fn of(a: &Answered) -> Self {
        Self { count: a.count, failed: a.failed, ms: DistributionJson::of(&a.ms) }
    }
}

#[derive(Debug, Serialize)]
struct CacheJson {
    requests: u64,
    hits: u64,
    hit_rate: Number,
    evidence: Evidence,
    first_hit: Option<Timestamp>,
    misses_before_first_hit: Option<u64>,
    step_seconds: i64,
    steps: Vec<StepJson>,
}

#[derive(Debug, Serialize)]
struct StepJson {
    start: Timestamp,
    requests: u64,
    hits: u64,
}

impl CacheJson {
    fn of(c: &CacheAnswer) -> Self {
        let steps = c.steps.iter().map(|s| StepJson { start: s.start, requests: s.requests, hits: s.hits });
        Self {
            requests: c.requests,
            hits: c.hits,
            hit_rate: Number(c.hit_rate()),
            evidence: c.evidence,
            first_hit: c.first_hit,
            misses_before_first_hit: c.misses_before,
            step_seconds: c.step_secs,
            steps: steps.collect(),
        }
    }
}

#[derive(Debug, Serialize)]
struct PairsJson {
    by_request_id: u64,
    by_time: u64,
    in_capsule_ms: DistributionJson,
    waiting_ms: DistributionJson,
    mean_in_capsule_ms: Number,
}

impl PairsJson {
    const fn of(p: &PairsAnswer) -> Self {
        Self {
            by_request_id: p.by_request_id,
            by_time: p.by_time,
            in_capsule_ms: DistributionJson::of(&p.in_capsule_ms),
            waiting_ms: DistributionJson::of(&p.waiting_ms),
            mean_in_capsule_ms: Number(p.mean_in_capsule_ms),
        }
    }
}

#[derive(Debug, Serialize)]
struct SkewJson {
    median_ms: Number,
    p10_ms: Number,
    p90_ms: Number,
    count: u64,
    from: &'static str,
    evidence: Evidence,
}
