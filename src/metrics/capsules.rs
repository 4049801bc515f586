//! What capsules saw in, figures of each capsule and pool out.

use super::answer::{Distribution, Metric};
use super::cache::{self, CacheAnswer};
use super::distribution;
use crate::log::proxy::Asked;
use crate::registration::capsule::{CapsuleRequest, CapsuleSide, Capsules, OffsetFrom, Pair, PairedBy, Skew};
use crate::registration::finish::{Registrations, Window};
use crate::registration::session::{Evidence, Group};
use crate::timestamp::{Timestamp, UtcOffset};
use std::collections::BTreeMap;

/// GET or POST /register as a capsule answered them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answered {
    /// How many.
    pub count: u64,
    /// Of these, with a status of 400 and more.
    pub failed: u64,
    /// Milliseconds of those that succeeded.
    pub ms: Distribution,
}

/// Requests that are known on both sides.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairsAnswer {
    /// Pairs by an id that both sides wrote.
    pub by_request_id: u64,
    /// Pairs by time, where no other was possible.
    pub by_time: u64,
    /// Milliseconds on the capsule less those on the Satellite.
    pub in_capsule_ms: Distribution,
    /// Milliseconds on the Satellite.
    pub waiting_ms: Distribution,
    /// The mean POST /register on the capsule less the mean on the Satellite, where both sides count the same.
    pub mean_in_capsule_ms: Option<f64>,
}

/// One capsule's figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CapsuleAnswer {
    /// Its name; none where nothing tells.
    pub name: Option<String>,
    /// How its hosts come; none where nothing tells.
    pub group: Option<Group>,
    /// Its load balancer.
    pub load_balancer: Option<String>,
    /// Offset of its lines, and what tells it; none where they are in UTC.
    pub offset: Option<(UtcOffset, OffsetFrom)>,
    /// Start of its first and end of its last request, by its own clock.
    pub window: Option<(Timestamp, Timestamp)>,
    /// GET /register.
    pub script: Answered,
    /// POST /register.
    pub host_register: Answered,
    /// Health checks.
    pub probes: u64,
    /// Other requests.
    pub others: u64,
    /// Started lines of /register without an end.
    pub unfinished: u64,
    /// Requests that stand twice; counted once.
    pub doubled: u64,
    /// Its script cache.
    pub cache: CacheAnswer,
    /// What is known on both sides.
    pub pairs: PairsAnswer,
    /// Its clock against the Satellite's.
    pub skew: Option<Skew>,
}

/// A pool's script cache.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PoolAnswer {
    /// The load balancer.
    pub load_balancer: String,
    /// Capsules whose logs were read.
    pub capsules: Vec<String>,
    /// Capsules of the inventory whose logs were not.
    pub unread: Vec<String>,
    /// Their script cache.
    pub cache: CacheAnswer,
}

/// Figures of every capsule whose log was read, and of pools.
pub fn of(all: &Capsules, window: Window) -> (Vec<CapsuleAnswer>, Vec<PoolAnswer>) {
    let capsules = all.sides.iter().map(|side| of_side(side, all, window)).collect();
    let pools = all.pools.iter().map(|pool| {
        let members: Vec<&CapsuleSide> =
            all.sides.iter().filter(|s| s.load_balancer.as_ref() == Some(&pool.load_balancer)).collect();
        // with a member missing the counts of both sides are not of the same requests
        let reached = pool.unread.is_empty().then_some(pool.reached.as_slice());
        PoolAnswer {
            load_balancer: pool.load_balancer.clone(),
            capsules: members.iter().filter_map(|s| s.name.clone()).collect(),
            unread: pool.unread.clone(),
            cache: cache::of(&members, reached, all, window),
        }
    });
    (capsules, pools.collect())
}

fn of_side(side: &CapsuleSide, all: &Capsules, window: Window) -> CapsuleAnswer {
    let asked = |r: &&CapsuleRequest| window.holds(Timestamp(r.start_us()));
    let requests = || side.requests.iter().filter(asked);
    CapsuleAnswer {
        name: side.name.clone(),
        group: side.group,
        load_balancer: side.load_balancer.clone(),
        offset: side.offset.map(|(secs, from)| (UtcOffset(secs), from)),
        window: requests()
            .map(CapsuleRequest::start_us)
            .min()
            .zip(requests().map(|r| r.end_us).max())
            .map(|(first, last)| (Timestamp(first), Timestamp(last))),
        script: answered(requests(), Asked::Script),
        host_register: answered(requests(), Asked::HostRegister),
        probes: side.probes,
        others: side.others,
        unfinished: side.unfinished,
        doubled: side.doubled,
        cache: cache::of_capsule(side, all, window),
        pairs: pairs(side, window),
        skew: side.skew,
    }
}

fn answered<'a>(requests: impl Iterator<Item = &'a CapsuleRequest>, asked: Asked) -> Answered {
    let mut found = Answered::default();
    let mut good = Vec::new();
    for request in requests.filter(|r| r.line.asked == asked) {
        found.count += 1;
        found.failed += u64::from(request.line.status >= 400);
        good.extend(request.good_ms());
    }
    found.ms = distribution::of(good, Evidence::Exact);
    found
}

fn pairs(side: &CapsuleSide, window: Window) -> PairsAnswer {
    let request = |p: &Pair| &side.requests[p.request as usize];
    let pairs: Vec<&Pair> =
        side.pairs.iter().filter(|p| window.holds(Timestamp(request(p).start_us()))).collect();
    let by = |key: PairedBy| pairs.iter().filter(|p| p.by == key).count() as u64;
    let (by_request_id, by_time) = (by(PairedBy::RequestId), by(PairedBy::Time));
    let evidence = if by_time == 0 { Evidence::Exact } else { Evidence::Inferred };
    let good = || pairs.iter().filter_map(|p| Some((request(p).good_ms()?, p.forwarded.ms)));
    // the mean needs no pairs: the same requests are counted on both sides
    let whole = window.since == Timestamp::MIN && window.until == Timestamp::MAX;
    let posts: Vec<u64> = side
        .requests
        .iter()
        .filter(|r| r.line.asked == Asked::HostRegister)
        .filter_map(|r| r.good_ms().map(|_| u64::from(r.line.took_us)))
        .collect();
    let mean = side.satellite_mean.filter(|(_, n)| whole && *n == posts.len() as u64);
    PairsAnswer {
        by_request_id,
        by_time,
        in_capsule_ms: distribution::of(
            good().map(|(here, there)| here.saturating_sub(there)).collect(),
            evidence,
        ),
        waiting_ms: distribution::of(good().map(|(_, there)| there).collect(), evidence),
        mean_in_capsule_ms: mean
            .map(|(satellite, n)| posts.iter().sum::<u64>() as f64 / 1000.0 / n as f64 - satellite),
    }
}

/// Adds what capsules saw to a group's metrics; nothing where no capsule's log was read.
pub fn add_to_group(
    all: &Registrations,
    window: Window,
    of_group: &impl Fn(Group) -> bool,
    metrics: &mut BTreeMap<Metric, Distribution>,
) {
    let sides: Vec<&CapsuleSide> =
        all.capsules.sides.iter().filter(|s| of_group(s.group.unwrap_or_default())).collect();
    if sides.is_empty() {
        return;
    }
    let asked = |r: &&CapsuleRequest| window.holds(Timestamp(r.start_us()));
    let times = |asked_for: Asked| {
        let requests = sides.iter().flat_map(|s| &s.requests).filter(asked);
        requests.filter(|r| r.line.asked == asked_for).filter_map(CapsuleRequest::good_ms).collect()
    };
    metrics.insert(Metric::CapsuleScriptFetchMs, distribution::of(times(Asked::Script), Evidence::Exact));
    metrics
        .insert(Metric::CapsuleHostRegisterMs, distribution::of(times(Asked::HostRegister), Evidence::Exact));
    metrics.insert(Metric::ScriptCacheHitRate, hit_rate(&sides, &all.capsules, window));
}

// capsules that stand alone each by itself, those of a pool together
fn hit_rate(sides: &[&CapsuleSide], all: &Capsules, window: Window) -> Distribution {
    let (mut requests, mut hits, mut evidence) = (0, 0, Evidence::Missing);
    let mut add = |cache: &CacheAnswer| {
        if cache.hit_rate().is_some() {
            (requests, hits) = (requests + cache.requests, hits + cache.hits);
            evidence = match (evidence, cache.evidence) {
                (Evidence::Missing | Evidence::Exact, Evidence::Exact) => Evidence::Exact,
                _ => Evidence::Inferred,
            };
        }
    };
    let pooled = |side: &CapsuleSide, name: &str| side.load_balancer.as_deref() == Some(name);
    for pool in &all.pools {
        let members: Vec<&CapsuleSide> =
            sides.iter().copied().filter(|s| pooled(s, &pool.load_balancer)).collect();
        if !members.is_empty() {
            let reached = pool.unread.is_empty().then_some(pool.reached.as_slice());
            add(&cache::of(&members, reached, all, window));
        }
    }
    let alone = |side: &&&CapsuleSide| !all.pools.iter().any(|pool| pooled(side, &pool.load_balancer));
    for side in sides.iter().filter(alone) {
        add(&cache::of_capsule(side, all, window));
    }
    distribution::mean(hits as f64, requests, evidence)
}
