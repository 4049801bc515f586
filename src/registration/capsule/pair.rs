//! Requests of a capsule and of the Satellite brought together: by an id that both wrote, else where the time of one
//! lies in the time of the other and no second candidate does on either side.

use super::lag::Precision;
use super::{CapsuleRequest, Forwarded, Skew};
use crate::log::proxy::{Asked, Cached, UNTIMED};
use hashbrown::{HashMap, HashSet};

/// What brought a pair together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairedBy {
    /// An id that stands in both logs.
    RequestId,
    /// Time; no other candidate.
    Time,
}

/// A request of a capsule and the one that it made of it at the Satellite.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// Its place among the capsule's requests.
    pub request: u32,
    /// The Satellite's.
    pub forwarded: Forwarded,
    /// What says so.
    pub by: PairedBy,
}

/// Durations are rounded on both sides.
const ROUNDING_US: i64 = 2_000;
/// How much further off than its neighbours a pair may be that an id names: clocks that were set in between.
const ID_SLACK_US: i64 = 5_000_000;
/// Candidates that are looked at; past it a pair cannot be the only one.
const LOOK: usize = 4096;

/// The pairs, in the order of the capsule's requests. `lag_us`: how far its clock is ahead, where that is known.
pub fn pairs(
    requests: &[CapsuleRequest],
    reached: &[&Forwarded],
    lag_us: Option<i64>,
    precision: Precision,
) -> Vec<Pair> {
    let fit = Fit { lag_us: lag_us.unwrap_or(0), precision };
    let mut pairs = by_id(requests, reached, fit);
    let taken: HashSet<u32> = pairs.iter().map(|(request, _)| *request).collect();
    let gone: HashSet<usize> = pairs.iter().map(|(_, at)| *at).collect();
    let mut made: Vec<Pair> = pairs
        .drain(..)
        .map(|(request, at)| Pair { request, forwarded: *reached[at], by: PairedBy::RequestId })
        .collect();
    for asked in [Asked::Script, Asked::HostRegister] {
        let left: Vec<u32> = (0..requests.len() as u32)
            .filter(|i| {
                let line = &requests[*i as usize].line;
                let can = line.took_us != UNTIMED && line.cached != Cached::Hit;
                line.asked == asked && can && !taken.contains(i)
            })
            .collect();
        let theirs = reached.iter().enumerate();
        let theirs =
            theirs.filter(|(i, f)| f.asked == asked && f.status != 0 && !gone.contains(i)).map(|(_, f)| *f);
        by_time(requests, left, theirs.collect(), fit, &mut made);
    }
    made.sort_unstable_by_key(|pair| pair.request);
    made
}

#[derive(Clone, Copy)]
struct Fit {
    lag_us: i64,
    precision: Precision,
}

impl Fit {
    /// Whether the Satellite's request can lie within the capsule's, `slack` aside.
    fn fits(self, request: &CapsuleRequest, forwarded: &Forwarded, slack: i64) -> bool {
        let start = forwarded.at_us + self.lag_us;
        let end = start + i64::from(forwarded.ms) * 1000;
        let longer = i64::from(request.line.took_us) + ROUNDING_US >= i64::from(forwarded.ms) * 1000;
        let good = |status: u16| matches!(status, 200..=399);
        longer
            && good(request.line.status) == good(forwarded.status)
            && start + self.precision.satellite_us() + slack >= request.start_us()
            && end <= request.end_us + self.precision.capsule_us() + slack
    }
}

// (capsule's request, place in `reached`)
fn by_id(requests: &[CapsuleRequest], reached: &[&Forwarded], fit: Fit) -> Vec<(u32, usize)> {
    let mut ids: HashMap<u64, Vec<usize>> = HashMap::new();
    let own: HashSet<u64> = requests.iter().map(|r| r.line.id).filter(|id| *id != 0).collect();
    for (at, forwarded) in reached.iter().enumerate().filter(|(_, f)| own.contains(&f.id)) {
        ids.entry(forwarded.id).or_default().push(at);
    }
    let mut used = HashSet::new();
    let mut found = Vec::new();
    for (i, request) in requests.iter().enumerate().filter(|(_, r)| r.line.took_us != UNTIMED) {
        let named = ids.get(&request.line.id).into_iter().flatten().copied();
        let mut named = named.filter(|at| {
            let forwarded = reached[*at];
            forwarded.asked == request.line.asked
                && forwarded.status != 0
                && fit.fits(request, forwarded, ID_SLACK_US)
                && !used.contains(at)
        });
        if let (Some(at), None) = (named.next(), named.next()) {
            used.insert(at);
            found.push((i as u32, at));
        }
    }
    found
}

fn by_time(
    requests: &[CapsuleRequest],
    mut left: Vec<u32>,
    mut theirs: Vec<&Forwarded>,
    fit: Fit,
    made: &mut Vec<Pair>,
) {
    left.sort_unstable_by_key(|i| requests[*i as usize].end_us);
    theirs.sort_unstable_by_key(|f| f.at_us);
    let longest = left.iter().map(|i| i64::from(requests[*i as usize].line.took_us)).max().unwrap_or(0);
    for i in &left {
        let request = &requests[*i as usize];
        let from = request.start_us() - fit.precision.satellite_us() - fit.lag_us - ROUNDING_US;
        let to = request.end_us + fit.precision.capsule_us() - fit.lag_us + ROUNDING_US;
        let first = theirs.partition_point(|f| f.at_us < from);
        let last = theirs.partition_point(|f| f.at_us <= to);
        if last - first > LOOK {
            continue;
        }
        let mut candidates = theirs[first..last].iter().filter(|f| fit.fits(request, f, ROUNDING_US));
        let (Some(forwarded), None) = (candidates.next(), candidates.next()) else { continue };
        // the other way round: no other request of the capsule can have made it
        let start = forwarded.at_us + fit.lag_us;
        let first = left.partition_point(|i| {
            requests[*i as usize].end_us < start - fit.precision.capsule_us() - ROUNDING_US
        });
        let end = start + fit.precision.satellite_us() + longest + ROUNDING_US;
        let last = left.partition_point(|i| requests[*i as usize].end_us <= end);
        if last - first > LOOK {
            continue;
        }
        let others =
            left[first..last].iter().filter(|i| fit.fits(&requests[**i as usize], forwarded, ROUNDING_US));
        if others.take(2).count() == 1 {
            made.push(Pair { request: *i, forwarded: **forwarded, by: PairedBy::Time });
        }
    }
}

/// How far the capsule's clock is ahead: the middles of paired requests.
pub fn skew(requests: &[CapsuleRequest], pairs: &[Pair], precision: Precision) -> Option<Skew> {
    let distance = |p: &Pair| precision.distance(&requests[p.request as usize], &p.forwarded);
    let mut distances: Vec<i64> = pairs.iter().map(distance).collect();
    distances.sort_unstable();
    let n = distances.len();
    let at = |share: usize| {
        distances.get((n * share / 100).min(n.saturating_sub(1))).map(|us| *us as f64 / 1000.0)
    };
    Some(Skew { median_ms: at(50)?, spread_ms: (at(10)?, at(90)?), pairs: n as u64, of_pairs: true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::address::Address;
    use crate::log::proxy::Finished;
    use crate::log::proxy::stamp::Stamp;
    use crate::registration::session::{Group, NameId, Uuid};

    const FINE: Precision = Precision { capsule: false, satellite: false };

    fn request(end_ms: i64, took_ms: u32, id: u64) -> CapsuleRequest {
        let line = Finished {
            at: Stamp::Utc(end_ms * 1000),
            took_us: took_ms * 1000,
            status: 200,
            asked: Asked::HostRegister,
            cached: Cached::Untold,
            id,
            client: Address::NONE,
        };
        CapsuleRequest { end_us: end_ms * 1000, line }
    }

    fn forwarded(at_ms: i64, ms: u32, id: u64) -> Forwarded {
        Forwarded {
            at_us: at_ms * 1000,
            ms,
            status: 200,
            asked: Asked::HostRegister,
            id,
            url: NameId::NONE,
            address: Address::NONE,
            group: Group::Unknown,
            uuid: Uuid::NONE,
            script: 0,
        }
    }

    fn shown(
        requests: &[CapsuleRequest],
        theirs: &[Forwarded],
        lag: Option<i64>,
    ) -> Vec<(u32, i64, PairedBy)> {
        let theirs: Vec<&Forwarded> = theirs.iter().collect();
        let pairs = pairs(requests, &theirs, lag, FINE);
        pairs.iter().map(|p| (p.request, p.forwarded.at_us / 1000, p.by)).collect()
    }

    #[test]
    fn a_request_within_another_is_its_pair_where_it_is_alone() {
        let requests = [request(1100, 100, 1), request(9000, 500, 2)];
        let theirs = [forwarded(1005, 90, 7), forwarded(8600, 300, 8)];
        assert_eq!(shown(&requests, &theirs, None), [(0, 1005, PairedBy::Time), (1, 8600, PairedBy::Time)]);
    }

    #[test]
    fn two_candidates_on_either_side_make_no_pair() {
        let one = [request(1100, 100, 1)];
        assert_eq!(shown(&one, &[forwarded(1005, 90, 7), forwarded(1010, 80, 8)], None), []);
        let two = [request(1100, 100, 1), request(1105, 110, 2)];
        assert_eq!(shown(&two, &[forwarded(1005, 90, 7)], None), []);
    }

    #[test]
    fn what_does_not_lie_within_is_no_pair_unless_the_clocks_are_known_to_differ() {
        let (requests, theirs) = ([request(6100, 100, 1)], [forwarded(1005, 90, 7)]);
        assert_eq!(shown(&requests, &theirs, None), []);
        assert_eq!(shown(&requests, &theirs, Some(5_000_000)), [(0, 1005, PairedBy::Time)]);
    }

    #[test]
    fn an_id_in_both_logs_decides_where_time_does_not() {
        let two = [request(1100, 100, 1), request(1105, 110, 2)];
        let theirs = [forwarded(1005, 90, 2), forwarded(1006, 80, 1)];
        assert_eq!(
            shown(&two, &theirs, None),
            [(0, 1006, PairedBy::RequestId), (1, 1005, PairedBy::RequestId)]
        );
    }

    #[test]
    fn the_difference_of_the_clocks_is_the_distance_of_the_middles() {
        let (requests, theirs) = ([request(6100, 100, 1)], [forwarded(1005, 90, 7)]);
        let made = pairs(&requests, &[&theirs[0]], Some(5_000_000), FINE);
        let skew = skew(&requests, &made, FINE).unwrap();
        assert_eq!((skew.median_ms, skew.pairs, skew.of_pairs), (5000.0, 1, true));
    }
}
