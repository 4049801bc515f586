//! Script cache: how many GET /register a capsule or a pool answered without the Satellite, all together and in time.
//!
//! Cache lines tell it request by request. Without them it is the difference of two counts: what the capsules
//! answered less what reached the Satellite, both within the time that both logs cover; that is inferred.

use crate::log::proxy::{Asked, Cached};
use crate::registration::capsule::{CapsuleSide, Capsules};
use crate::registration::finish::Window;
use crate::registration::session::Evidence;
use crate::timestamp::Timestamp;

/// Most steps in time that are shown.
const MOST_STEPS: i64 = 60;
/// Widths of a step in seconds.
const WIDTHS: [i64; 9] = [10, 30, 60, 300, 900, 3600, 14_400, 86_400, 604_800];

/// How a script cache did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CacheAnswer {
    /// GET /register that hits and misses add up to.
    pub requests: u64,
    /// Answered from the cache.
    pub hits: u64,
    /// Exact from cache lines, inferred from the difference of counts, missing where neither tells.
    pub evidence: Evidence,
    /// Time of the first hit; cache lines only.
    pub first_hit: Option<Timestamp>,
    /// Misses before it.
    pub misses_before: Option<u64>,
    /// Seconds of a step in time.
    pub step_secs: i64,
    /// Steps in time that have requests.
    pub steps: Vec<CacheStep>,
}

/// A step in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheStep {
    /// Its start.
    pub start: Timestamp,
    /// Requests that began in it.
    pub requests: u64,
    /// Of these, answered from the cache.
    pub hits: u64,
}

impl CacheAnswer {
    /// Share of requests that the cache answered, 0 to 1.
    pub fn hit_rate(&self) -> Option<f64> {
        (self.requests > 0 && self.evidence != Evidence::Missing)
            .then(|| self.hits as f64 / self.requests as f64)
    }
}

/// The cache of one capsule.
pub fn of_capsule(side: &CapsuleSide, all: &Capsules, window: Window) -> CacheAnswer {
    of(&[side], side.reached.as_deref(), all, window)
}

/// The caches of capsules together; `reached`: GET /register of all of them that reached the Satellite.
pub fn of(sides: &[&CapsuleSide], reached: Option<&[i64]>, all: &Capsules, window: Window) -> CacheAnswer {
    let scripts = || sides.iter().flat_map(|s| &s.requests).filter(|r| r.line.asked == Asked::Script);
    let asked = |us: i64| window.holds(Timestamp(us));
    if sides.iter().all(|s| s.cache_lines || !s.requests.iter().any(|r| r.line.asked == Asked::Script))
        && sides.iter().any(|s| s.cache_lines)
    {
        // where misses are written too, a request without a line is told by nothing; else it is a miss
        let written = scripts().any(|r| r.line.cached == Cached::Miss);
        let told = scripts().filter(|r| asked(r.start_us()) && (!written || r.line.cached != Cached::Untold));
        let all: Vec<i64> = told.map(|r| r.start_us()).collect();
        let named = scripts().filter(|r| r.line.cached == Cached::Hit).map(|r| r.start_us());
        let mut hits: Vec<i64> =
            named.chain(sides.iter().flat_map(|s| s.loose_hits.iter().copied())).collect();
        hits.retain(|us| asked(*us));
        return answer(all, Hits::Times(hits), Evidence::Exact);
    }
    let Some((reached, (first, last))) = reached.zip(all.satellite_span) else {
        return CacheAnswer::default();
    };
    let ours = || scripts().map(|r| r.start_us());
    let (Some(from), Some(to)) = (ours().min(), scripts().map(|r| r.end_us).max()) else {
        return CacheAnswer::default();
    };
    // a second for times that are cut to whole ones, and what the clocks differ
    let apart = sides.iter().filter_map(|s| s.skew).map(|skew| skew.median_ms.abs()).fold(0.0, f64::max);
    let slack = 1_000_000 + (apart * 1000.0) as i64;
    let both = (first.max(from) - slack, last.min(to) + slack);
    let covered = |us: &i64| (both.0..=both.1).contains(us) && asked(*us);
    let misses: Vec<i64> = reached.iter().copied().filter(covered).collect();
    answer(ours().filter(covered).collect(), Hits::AllBut(misses), Evidence::Inferred)
}

enum Hits {
    Times(Vec<i64>),
    AllBut(Vec<i64>),
}

fn answer(mut requests: Vec<i64>, hits: Hits, evidence: Evidence) -> CacheAnswer {
    requests.sort_unstable();
    let (Some(first), Some(last)) = (requests.first(), requests.last()) else {
        return CacheAnswer::default();
    };
    let n = requests.len() as u64;
    let span = (last - first) / 1_000_000 + 1;
    let step_secs =
        WIDTHS.into_iter().find(|w| span / w < MOST_STEPS).unwrap_or(WIDTHS[8]).max(span / MOST_STEPS);
    let step = step_secs * 1_000_000;
    let within =
        |times: &[i64], from: i64| times.iter().filter(|us| us.div_euclid(step) == from).count() as u64;
    let (total, first_hit, hit_times, missed) = match hits {
        Hits::Times(mut hits) => {
            hits.sort_unstable();
            ((hits.len() as u64).min(n), hits.first().copied(), hits, None)
        }
        Hits::AllBut(misses) => {
            let missed = missed(&requests, misses);
            (n - missed.len() as u64, None, Vec::new(), Some(missed))
        }
    };
    let mut steps: Vec<CacheStep> = Vec::new();
    for place in requests.iter().map(|us| us.div_euclid(step)).collect::<std::collections::BTreeSet<_>>() {
        let requests = within(&requests, place);
        let hits = match &missed {
            Some(missed) => requests.saturating_sub(within(missed, place)),
            None => within(&hit_times, place).min(requests),
        };
        steps.push(CacheStep { start: Timestamp(place * step), requests, hits });
    }
    CacheAnswer {
        requests: n,
        hits: total,
        evidence,
        first_hit: first_hit.map(Timestamp),
        misses_before: first_hit.map(|hit| requests.partition_point(|us| *us < hit) as u64),
        step_secs,
        steps,
    }
}

// Starts of the requests that were likely the misses: each reaches the Satellite a little later than the capsule, by two
// clocks, so a step of one is not the same step of the other. Both come in order, and every miss is some request's.
fn missed(requests: &[i64], mut misses: Vec<i64>) -> Vec<i64> {
    misses.sort_unstable();
    let mut at = 0;
    let mut found = Vec::new();
    for (miss, behind) in misses.iter().zip((0..misses.len()).rev()) {
        let nearer = |at: usize| {
            let apart = |at: usize| requests.get(at).map_or(i64::MAX, |us| us.abs_diff(*miss) as i64);
            at + 1 + behind < requests.len() && apart(at + 1) <= apart(at)
        };
        while nearer(at) {
            at += 1;
        }
        found.extend(requests.get(at));
        at += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_warm_up_is_seen_in_time() {
        let requests: Vec<i64> = (0..120).map(|i| i * 1_000_000).collect();
        let hits = requests[15..].to_vec();
        let a = answer(requests.clone(), Hits::Times(hits), Evidence::Exact);
        assert_eq!((a.requests, a.hits, a.misses_before), (120, 105, Some(15)));
        assert_eq!((a.step_secs, a.steps.len()), (10, 12));
        let shown: Vec<u64> = a.steps.iter().take(3).map(|s| s.hits).collect();
        assert_eq!(shown, [0, 5, 10]);
        let b = answer(requests, Hits::AllBut((0..15).map(|i| i * 1_000_000).collect()), Evidence::Inferred);
        assert_eq!((b.hits, b.first_hit, b.steps), (105, None, a.steps));
    }

    #[test]
    fn a_miss_is_of_the_step_in_which_its_request_began() {
        // every request reaches the Satellite, 1.7 s later by its clock
        let requests: Vec<i64> = (0..40).map(|i| i * 500_000).collect();
        let later = |us: &i64| us + 1_700_000;
        let cold =
            answer(requests.clone(), Hits::AllBut(requests.iter().map(later).collect()), Evidence::Inferred);
        assert_eq!((cold.hits, cold.steps.iter().map(|s| s.hits).collect::<Vec<_>>()), (0, vec![0, 0]));
        // the last before a step begins is a miss, the others are hits
        let one = answer(requests.clone(), Hits::AllBut(vec![9_600_000]), Evidence::Inferred);
        assert_eq!((one.hits, one.steps.iter().map(|s| s.hits).collect::<Vec<_>>()), (39, vec![19, 20]));
        // more than requests: a log that lacks some
        let more = answer(requests[..5].to_vec(), Hits::AllBut(requests.clone()), Evidence::Inferred);
        assert_eq!((more.hits, more.steps[0].hits), (0, 0));
    }

    #[test]
    fn nothing_asked_is_no_rate() {
        let none = answer(Vec::new(), Hits::Times(Vec::new()), Evidence::Exact);
        assert_eq!(none.hit_rate(), None);
    }

    #[test]
    fn a_long_log_has_few_steps() {
        let a = answer(
            (0..5000).map(|i| i * 7_000_000_000).collect(),
            Hits::AllBut(Vec::new()),
            Evidence::Inferred,
        );
        assert!(a.steps.len() <= 61, "{}", a.steps.len());
    }
}
