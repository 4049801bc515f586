//! What capsules saw, beside what the Satellite saw of it.
//!
//! Capsules' logs and the Satellite's GET and POST /register in; requests of each capsule in UTC, the pairs of both
//! sides and the difference of their clocks out. A request id that both sides wrote pairs surely; else a pair is made
//! only where no other is possible, and labelled inferred. Clocks are compared, never set right: times of a capsule
//! stay its own, durations need no clock.

mod clock;
mod lag;
mod pair;
mod place;

pub use clock::{LocalClock, OffsetFrom};
pub use pair::{Pair, PairedBy};

use super::session::{Evidence, Group, Ms, NameId, Names, Session, Uuid};
use crate::inventory::topology::Topology;
use crate::log::address::Address;
use crate::log::proxy::{Asked, CapsuleLog, Finished, UNTIMED};
use hashbrown::HashMap;

/// A GET or POST /register that reached the Satellite.
#[derive(Clone, Copy, Debug)]
pub struct Forwarded {
    /// Start in microseconds since 1970.
    pub at_us: i64,
    /// Duration; 0 where there was no answer.
    pub ms: u32,
    /// HTTP status; 0 where there was no answer.
    pub status: u16,
    /// Script or host registration.
    pub asked: Asked,
    /// First 8 hex digits of its id.
    pub id: u64,
    /// `url` parameter.
    pub url: NameId,
    /// Source address.
    pub address: Address,
    /// The group of its `url`.
    pub group: Group,
    /// The consumer of a host registration; of a script the one that it was given to (inferred).
    pub uuid: Uuid,
    /// Its place among the scripts, where it is one.
    pub script: u32,
}

/// A capsule's log and whose it is.
#[derive(Clone, Debug, Default)]
pub struct NamedLog {
    /// The capsule's name, where path, source or journal tell it.
    pub name: Option<String>,
    /// Its requests.
    pub log: CapsuleLog,
    /// Seconds east of UTC of lines that do not tell theirs, where the sosreport around them does.
    pub offset: Option<i32>,
}

/// What the Satellite's log says of time; of several Satellites what all logs say.
#[derive(Clone, Debug, Default)]
pub struct SatelliteTime {
    /// The user's word on lines that do not tell their offset.
    pub user_offset: Option<i32>,
    /// Offsets of its lines and the microsecond from which each counts; of several Satellites those of the first.
    pub offsets: Vec<(i64, i32)>,
    /// Satellites are in different zones: none of their offsets is known to be a capsule's.
    pub zones_differ: bool,
    /// First and last request, microseconds since 1970.
    pub span: Option<(i64, i64)>,
}

impl SatelliteTime {
    /// The log covers this time too.
    pub fn widen(&mut self, span: Option<(i64, i64)>) {
        self.span = match (self.span, span) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
    }

    /// Adds another Satellite's.
    pub fn add(&mut self, other: Self) {
        self.widen(other.span);
        self.zones_differ |= other.zones_differ;
        if self.offsets.is_empty() {
            self.offsets = other.offsets;
        } else if !other.offsets.is_empty() {
            self.zones_differ |= !of_one_zone(&self.offsets, &other.offsets);
        }
    }
}

// a log that is shorter has some of the changes only
fn of_one_zone(one: &[(i64, i32)], other: &[(i64, i32)]) -> bool {
    let changes = |offsets: &[(i64, i32)]| {
        let mut changes: Vec<i32> = offsets.iter().map(|(_, offset)| *offset).collect();
        changes.dedup();
        changes
    };
    let (one, other) = (changes(one), changes(other));
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    long.windows(short.len().max(1)).any(|part| part == short)
}

/// A GET or POST /register as a capsule saw it, times by the capsule's clock in UTC.
#[derive(Clone, Copy, Debug)]
pub struct CapsuleRequest {
    /// End in microseconds since 1970; whole seconds where `whole_seconds` of its capsule says so.
    pub end_us: i64,
    /// What the line says.
    pub line: Finished,
}

impl CapsuleRequest {
    /// Start in microseconds since 1970.
    pub const fn start_us(&self) -> i64 {
        let took = if self.line.took_us == UNTIMED { 0 } else { self.line.took_us as i64 };
        self.end_us - took
    }

    /// Whole milliseconds, where it succeeded and the line tells.
    pub const fn good_ms(&self) -> Option<u32> {
        let good = matches!(self.line.status, 200..=399) && self.line.took_us != UNTIMED;
        if good { Some(self.line.took_us / 1000) } else { None }
    }
}

/// How far a capsule's clock is ahead of the Satellite's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Skew {
    /// Median, milliseconds; negative where it is behind.
    pub median_ms: f64,
    /// The tenth and the ninetieth hundredth.
    pub spread_ms: (f64, f64),
    /// Of so many pairs.
    pub pairs: u64,
    /// Pairs that stand; else requests whose durations are alike at one distance in time.
    pub of_pairs: bool,
}

/// A capsule.
#[derive(Clone, Debug, Default)]
pub struct CapsuleSide {
    /// Its name in the inventory, else as path, source or journal tell it.
    pub name: Option<String>,
    /// How hosts come that register through it; none where nothing tells.
    pub group: Option<Group>,
    /// Its load balancer.
    pub load_balancer: Option<String>,
    /// Seconds east of UTC of its lines, and what tells it; none where its lines are in UTC already.
    pub offset: Option<(i32, OffsetFrom)>,
    /// Its lines have whole seconds.
    pub whole_seconds: bool,
    /// Its requests, in the order of the log.
    pub requests: Vec<CapsuleRequest>,
    /// Cache hits of lines without an id, microseconds since 1970.
    pub loose_hits: Vec<i64>,
    /// Cache lines are written: they tell hits from misses.
    pub cache_lines: bool,
    /// Starts of GET /register that reached the Satellite through it, by the Satellite's clock; none where the
    /// Satellite's log cannot tell this capsule from the others of its pool.
    pub reached: Option<Vec<i64>>,
    /// Mean milliseconds of good POST /register through it on the Satellite, and how many; where it can tell.
    pub satellite_mean: Option<(f64, u64)>,
    /// Pairs.
    pub pairs: Vec<Pair>,
    /// How its clock differs from the Satellite's.
    pub skew: Option<Skew>,
    /// See `CapsuleLog`.
    pub unfinished: u64,
    /// See `CapsuleLog`.
    pub probes: u64,
    /// See `CapsuleLog`.
    pub others: u64,
    /// See `CapsuleLog`.
    pub doubled: u64,
}

/// GET /register of a pool that reached the Satellite.
#[derive(Clone, Debug, Default)]
pub struct PoolSide {
    /// The load balancer.
    pub load_balancer: String,
    /// Capsules of the inventory whose logs were not read.
    pub unread: Vec<String>,
    /// Starts by the Satellite's clock.
    pub reached: Vec<i64>,
}

/// Every capsule whose log was read.
#[derive(Clone, Debug, Default)]
pub struct Capsules {
    /// By name.
    pub sides: Vec<CapsuleSide>,
    /// Pools that any of them belongs to.
    pub pools: Vec<PoolSide>,
    /// First and last request of the Satellite's log.
    pub satellite_span: Option<(i64, i64)>,
}

/// The Satellite's side of the join.
pub struct Satellite<'a> {
    /// GET and POST /register.
    pub forwarded: &'a [Forwarded],
    /// Their urls.
    pub names: &'a Names,
    /// Its clock.
    pub time: &'a SatelliteTime,
}

/// Joins capsules' logs with the Satellite's requests.
pub fn join(logs: Vec<NamedLog>, topology: Option<&Topology>, satellite: &Satellite<'_>) -> Capsules {
    let logs = place::merge_same(logs, topology);
    let places = place::Places::of(&logs, topology, satellite);
    let mut sides: Vec<CapsuleSide> = logs
        .into_iter()
        .enumerate()
        .map(|(i, named)| {
            let reached = places.of_capsule(i, satellite.forwarded);
            side(named, &reached, places.role(i), satellite)
        })
        .collect();
    // a smart-proxy that no host registers through: the Satellite's own
    sides.retain(|side| side.group.is_some() || !side.requests.is_empty());
    sides.sort_by(|a, b| (a.name.is_none(), &a.name).cmp(&(b.name.is_none(), &b.name)));
    let pools = places.pools(satellite.forwarded);
    Capsules { sides, pools, satellite_span: satellite.time.span }
}

fn side(
    named: NamedLog,
    reached: &place::Reached<'_>,
    role: place::RoleOf,
    satellite: &Satellite<'_>,
) -> CapsuleSide {
    let log = named.log;
    let whole = |us: i64| us % 1_000_000 == 0;
    let seconds = satellite.forwarded.iter().all(|f| whole(f.at_us));
    let mut read = clock::read(&log, named.offset, satellite.time);
    let cache_lines = !log.loose_hits.is_empty()
        || log.loose_misses > 0
        || log.requests.iter().any(|r| r.cached != crate::log::proxy::Cached::Untold);
    let precision = lag::Precision { capsule: read.whole_seconds, satellite: seconds };
    let found = lag::find(&read.requests, &reached.mine, precision);
    let lag = read.settle(found.map(|f| f.lag_us));
    let pairs = pair::pairs(&read.requests, &reached.mine, lag, precision);
    let of_pairs = pair::skew(&read.requests, &pairs, precision);
    let of_durations = found.map(|f| f.skew(lag.unwrap_or_default()));
    // in a storm few pairs are sure, and whole seconds scatter
    let enough =
        |pairs: &Skew| pairs.pairs >= 20 || of_durations.is_none_or(|other| pairs.pairs >= other.pairs);
    let skew = of_pairs.filter(enough).or(of_durations);
    let good: Vec<u64> = reached
        .mine
        .iter()
        .filter(|f| f.asked == Asked::HostRegister && (200..400).contains(&f.status))
        .map(|f| u64::from(f.ms))
        .collect();
    let mean = good.iter().sum::<u64>() as f64 / good.len().max(1) as f64;
    CapsuleSide {
        name: named.name,
        group: role.group,
        load_balancer: role.load_balancer,
        offset: read.offset,
        whole_seconds: read.whole_seconds,
        requests: read.requests,
        loose_hits: read.loose_hits,
        cache_lines,
        reached: reached.tellable.then(|| reached.scripts()),
        satellite_mean: (reached.tellable && !good.is_empty()).then_some((mean, good.len() as u64)),
        pairs,
        skew,
        unfinished: log.unfinished,
        probes: log.probes,
        others: log.others,
        doubled: log.doubled,
    }
}

/// Gives sessions the capsule's times of their requests, where pairs bring them together.
pub fn give_to_sessions(capsules: &Capsules, sessions: &mut [Session]) {
    let mut by_uuid: HashMap<u128, u32> = HashMap::new();
    let any = capsules.sides.iter().any(|side| !side.pairs.is_empty());
    if any {
        let keyed = sessions.iter().enumerate().filter(|(_, s)| s.uuid.is_some());
        by_uuid.extend(keyed.map(|(i, s)| (s.uuid.0, i as u32)));
    }
    for side in &capsules.sides {
        for pair in &side.pairs {
            let request = &side.requests[pair.request as usize];
            let Some(ms) = request.good_ms() else { continue };
            let ms = Ms::some(u64::from(ms));
            let evidence = match pair.by {
                PairedBy::RequestId => Evidence::Exact,
                PairedBy::Time => Evidence::Inferred,
            };
            let there = Some(pair.forwarded.ms);
            let session = by_uuid.get(&pair.forwarded.uuid.0).and_then(|i| sessions.get_mut(*i as usize));
            let Some(session) = session else { continue };
            // the request that the session's own figure is of
            match request.line.asked {
                Asked::HostRegister if session.host_register.get() == there => {
                    (session.capsule_host_register, session.capsule_register_evidence) = (ms, evidence);
                }
                Asked::Script if session.script_fetch.get() == there => session.capsule_script_fetch = ms,
                _ => {}
            }
        }
    }
}
