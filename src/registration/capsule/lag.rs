//! How far a capsule's times are ahead of the Satellite's: the distance at which most of their requests fit each other.
//!
//! Where ids match they tell it. Else durations do: a request takes on the capsule what it takes on the Satellite and
//! a little more, so pairs of like durations pile up at one distance, and at all others only by chance.

use super::{CapsuleRequest, Forwarded, Skew};
use crate::log::proxy::{Cached, UNTIMED};
use hashbrown::HashMap;

/// Which side's times are whole seconds.
#[derive(Clone, Copy, Debug)]
pub struct Precision {
    /// The capsule's.
    pub capsule: bool,
    /// The Satellite's.
    pub satellite: bool,
}

impl Precision {
    /// Microseconds that the capsule's times may be later than they say.
    pub const fn capsule_us(self) -> i64 {
        if self.capsule { 999_999 } else { 0 }
    }

    /// Microseconds that the Satellite's times may be later than they say.
    pub const fn satellite_us(self) -> i64 {
        if self.satellite { 999_999 } else { 0 }
    }

    /// Microseconds between the middles of a request on both sides.
    pub fn distance(self, request: &CapsuleRequest, forwarded: &Forwarded) -> i64 {
        let capsule = request.end_us + self.capsule_us() / 2 - i64::from(request.line.took_us) / 2;
        let satellite = forwarded.at_us + self.satellite_us() / 2 + i64::from(forwarded.ms) * 500;
        capsule - satellite
    }
}

/// What was found.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Microseconds.
    pub lag_us: i64,
    spread_us: (i64, i64),
    matches: u64,
}

impl Found {
    /// As a difference of clocks, once the offset is taken from it.
    pub fn skew(&self, lag_us: i64) -> Skew {
        let shift = self.lag_us - lag_us;
        let ms = |us: i64| (us - shift) as f64 / 1000.0;
        Skew {
            median_ms: ms(self.lag_us),
            spread_ms: (ms(self.spread_us.0), ms(self.spread_us.1)),
            pairs: self.matches,
            of_pairs: false,
        }
    }
}

/// Offsets reach from -12 to +14 hours: no two clocks on Earth are further apart.
const FURTHEST_US: i64 = 26 * 3_600_000_000;
/// Requests of the capsule that vote.
const VOTERS: usize = 400;
/// Votes below which nothing is said.
const FEWEST: u64 = 5;
/// Matching ids below which they may be chance: 8 hex digits of 16,000 requests meet 16,000 others once in 17 storms.
const FEWEST_IDS: usize = 2;

/// The distance, where it can be told.
pub fn find(requests: &[CapsuleRequest], reached: &[&Forwarded], precision: Precision) -> Option<Found> {
    by_ids(requests, reached, precision)
        .or_else(|| by_durations(requests, reached, precision, (30_000, 50)))
        .or_else(|| by_durations(requests, reached, precision, (500_000, 4)))
}

fn by_ids(requests: &[CapsuleRequest], reached: &[&Forwarded], precision: Precision) -> Option<Found> {
    let ids: HashMap<u64, &Forwarded> = reached.iter().filter(|f| f.id != 0).map(|f| (f.id, *f)).collect();
    let same = |r: &&CapsuleRequest| r.line.id != 0 && r.line.took_us != UNTIMED;
    let distances = requests.iter().filter(same).filter_map(|r| {
        let forwarded = ids.get(&r.line.id).filter(|f| f.asked == r.line.asked && f.status != 0)?;
        Some(precision.distance(r, forwarded)).filter(|us| us.abs() <= FURTHEST_US)
    });
    let distances: Vec<i64> = distances.collect();
    // chance scatters over the whole log; ids that are passed on agree
    let found = middle(distances, FEWEST_IDS)?;
    (found.spread_us.1 - found.spread_us.0 < 5_000_000).then_some(found)
}

fn by_durations(
    requests: &[CapsuleRequest],
    reached: &[&Forwarded],
    precision: Precision,
    (more_us, share): (i64, i64),
) -> Option<Found> {
    let mut sorted: Vec<&Forwarded> = reached.iter().filter(|f| f.status != 0).copied().collect();
    sorted.sort_unstable_by_key(|f| (f.asked, f.ms, f.at_us));
    let voters: Vec<&CapsuleRequest> = requests
        .iter()
        .filter(|r| r.line.took_us != UNTIMED && r.line.cached != Cached::Hit && r.line.asked.is_register())
        .collect();
    let step = voters.len().div_ceil(VOTERS).max(1);
    let voters: Vec<&CapsuleRequest> = voters.into_iter().step_by(step).collect();
    let mut votes: HashMap<i32, u64> = HashMap::new();
    let like = |r: &CapsuleRequest| {
        let took = i64::from(r.line.took_us);
        let least = ((took - more_us - took / share) / 1000).max(0);
        let from = sorted.partition_point(|f| (f.asked, i64::from(f.ms)) < (r.line.asked, least));
        let to = sorted.partition_point(|f| (f.asked, i64::from(f.ms)) <= (r.line.asked, took / 1000));
        from..to.max(from)
    };
    for request in &voters {
        for forwarded in &sorted[like(request)] {
            let us = precision.distance(request, forwarded);
            if us.abs() <= FURTHEST_US {
                *votes.entry(us.div_euclid(1_000_000) as i32).or_default() += 1;
            }
        }
    }
    // times of whole seconds scatter over two neighbours
    let around = |bin: i32| (bin - 1..=bin + 1).map(|b| votes.get(&b).copied().unwrap_or(0)).sum::<u64>();
    let (best, most) =
        votes.keys().map(|bin| (*bin, around(*bin))).max_by_key(|(bin, n)| (*n, -bin.abs(), *bin))?;
    let rival = votes.keys().filter(|bin| bin.abs_diff(best) > 3).map(|bin| around(*bin)).max().unwrap_or(0);
    if most < FEWEST || most * 10 < voters.len() as u64 * 3 || most < rival * 2 {
        return None;
    }
    let mut near: Vec<i64> = Vec::new();
    for request in &voters {
        let distances = sorted[like(request)].iter().map(|f| precision.distance(request, f));
        near.extend(distances.filter(|us| (us.div_euclid(1_000_000) as i32).abs_diff(best) <= 1));
    }
    middle(near, FEWEST as usize)
}

fn middle(mut distances: Vec<i64>, fewest: usize) -> Option<Found> {
    if distances.len() < fewest.max(1) {
        return None;
    }
    distances.sort_unstable();
    let at = |share: usize| distances[(distances.len() * share / 100).min(distances.len() - 1)];
    Some(Found { lag_us: at(50), spread_us: (at(10), at(90)), matches: distances.len() as u64 })
}
