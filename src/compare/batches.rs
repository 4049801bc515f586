//! Starts of a run's hosts in, how many hosts its batches have out: where they come in batches for all to see.
//!
//! Batches are clusters of starts with long pauses between them: nearly all of one size, each over in less than half of
//! the time until the next one. What they wait for between batches and how long a batch takes are outcomes; how many
//! hosts it has is what was asked for. Pauses of a slow Satellite are neither as long nor as regular, and a Satellite so
//! slow that batches run into each other shows none at all.

use super::comparable::{LOAD, SAME_LOAD};
use super::run::Run;
use crate::kept::requests::Call;
use crate::registration::session::Group;
use std::cmp::Ordering;
use std::fmt;

/// A pause between batches: so many mean distances of two starts, and longer than the whole seconds of logs.
const MEANS: f64 = 4.0;
const LEAST_PAUSE_US: f64 = 2_500_000.0;
/// Hosts in a batch at least.
const FEWEST: usize = 8;
/// Whole batches before the last one, which may have what is left.
const WHOLE: usize = 2;
/// Of the batches, so many have nearly the same size: this far from it.
const MOST: f64 = 0.8;
const NEAR: f64 = 0.15;
/// Clusters below this share of a batch are hosts that tried again; there may be so many of them.
const STRAY: f64 = 0.25;
const STRAYS: f64 = 0.1;

/// Scripts below this share of the hosts are what a warm cache, or a capsule without a log, left of them.
const ENOUGH_SCRIPTS: f64 = 0.9;

/// What runs say of the size of their batches, where no label says what load was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Batches {
    /// The sides differ: hosts of a batch before and after, of each side a size that the other lacks where it has one.
    Differ(usize, usize),
    /// Sizes do not differ, and one side shows batches in fewer of its runs: in none, or in some where the other does in all.
    Partly {
        /// The side that shows more.
        has: Side,
        /// The side that shows fewer.
        lacks: Side,
    },
}

/// The batches of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// `before` or `after`.
    pub name: &'static str,
    /// How many it has.
    pub runs: usize,
    /// Hosts of a batch, of each run that shows batches; the smallest first.
    pub sizes: Vec<usize>,
}

impl Side {
    /// What its runs show.
    pub fn of(name: &'static str, runs: &[Run]) -> Self {
        let mut sizes: Vec<usize> = runs.iter().filter_map(batch_size).collect();
        sizes.sort_unstable();
        Self { name, runs: runs.len(), sizes }
    }

    /// Runs that show no batches.
    pub fn unseen(&self) -> usize {
        self.runs - self.sizes.len()
    }

    /// Each size once: those within a quarter count as the smallest of them.
    pub fn distinct(&self) -> Vec<usize> {
        let mut distinct = self.sizes.clone();
        distinct.dedup_by(|size, smallest| same(*size, *smallest));
        distinct
    }

    // a size that the other side has not been seen to have
    fn alone(&self, other: &Self) -> Option<usize> {
        self.sizes.iter().copied().find(|size| !other.sizes.iter().any(|of_other| same(*size, *of_other)))
    }

    // in any run, in every run: none, some and all in this order
    fn extent(&self) -> (bool, bool) {
        (!self.sizes.is_empty(), self.unseen() == 0)
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let distinct: Vec<String> = self.distinct().iter().map(usize::to_string).collect();
        match distinct.split_last() {
            None => return f.write_str("none seen"),
            Some((last, [])) => write!(f, "about {last}")?,
            Some((last, others)) => write!(f, "about {} and {last}", others.join(", "))?,
        }
        match self.unseen() {
            0 => Ok(()),
            unseen => write!(f, " (none seen in {unseen} of {} runs)", self.runs),
        }
    }
}

fn same(a: usize, b: usize) -> bool {
    a.max(b) as f64 <= SAME_LOAD * a.min(b) as f64
}

/// Compares the batches of both sides; none where they are the same, or nowhere seen.
pub fn batches(before: &[Run], after: &[Run]) -> Option<Batches> {
    let all = || before.iter().chain(after);
    let labelled = LOAD.iter().any(|key| all().all(|run| run.labels.contains_key(*key)));
    if labelled || before.is_empty() || after.is_empty() {
        return None;
    }
    compare(Side::of("before", before), Side::of("after", after))
}

fn compare(before: Side, after: Side) -> Option<Batches> {
    let alone = [before.alone(&after), after.alone(&before)];
    let own = |alone: Option<usize>, side: &Side| alone.or_else(|| side.sizes.first().copied());
    if alone != [None, None]
        && let (Some(before), Some(after)) = (own(alone[0], &before), own(alone[1], &after))
    {
        return Some(Batches::Differ(before, after));
    }
    match before.extent().cmp(&after.extent()) {
        Ordering::Equal => None,
        Ordering::Greater => Some(Batches::Partly { has: before, lacks: after }),
        Ordering::Less => Some(Batches::Partly { has: after, lacks: before }),
    }
}

/// Hosts in a batch of the run; none where it does not come in batches that can be told.
pub fn batch_size(run: &Run) -> Option<usize> {
    let (scripts, creates) = (scripts(run), creates(run));
    let whole = scripts.len() as f64 >= ENOUGH_SCRIPTS * creates.len() as f64;
    // the script is the first thing that a host asks for, and what it asks for later comes at any time
    whole.then_some(scripts).and_then(size_of).or_else(|| size_of(creates))
}

fn creates(run: &Run) -> Vec<i64> {
    run.registrations.iter().filter(|r| r.first).map(|r| r.started_us).collect()
}

// as those who answer the hosts saw them: with a warm cache few reach the Satellite
fn scripts(run: &Run) -> Vec<i64> {
    let all = || run.requests.iter().flatten();
    let capsules = all().any(|r| r.call == Call::CapsuleScript);
    let answers_host = |call: Call, group: Group| match call {
        Call::CapsuleScript => true,
        Call::Script => !capsules || group == Group::SatelliteSsh,
        Call::CapsuleHostRegister => false,
    };
    all().filter(|r| answers_host(r.call, r.group)).map(|r| r.started_us).collect()
}

// the first and last start of a cluster, and how many there are
#[derive(Clone, Copy)]
struct Cluster {
    first: i64,
    last: i64,
    hosts: usize,
}

fn size_of(mut starts: Vec<i64>) -> Option<usize> {
    starts.sort_unstable();
    let n = starts.len();
    let mut clusters = clusters(&starts)?;
    // the batch of the host in the middle: single hosts that tried again do not count for it
    let mut sizes: Vec<usize> = clusters.iter().map(|c| c.hosts).collect();
    sizes.sort_unstable();
    let mut hosts = 0;
    let size = sizes.into_iter().find(|size| {
        hosts += size;
        2 * hosts >= n
    })?;
    clusters.retain(|cluster| cluster.hosts as f64 >= STRAY * size as f64);
    let strays = n - clusters.iter().map(|c| c.hosts).sum::<usize>();
    // the last one has what is left
    let (last, whole) = clusters.split_last()?;
    let near = |cluster: &&Cluster| (cluster.hosts as f64 - size as f64).abs() <= NEAR * size as f64;
    let regular = whole.iter().filter(near).count() as f64 >= MOST * whole.len() as f64;
    let fits = size >= FEWEST && whole.len() >= WHOLE && last.hosts as f64 <= (1.0 + NEAR) * size as f64;
    let over = whole
        .iter()
        .zip(&clusters[1..])
        .filter(|(one, next)| 2 * (one.last - one.first) < next.first - one.first);
    let over = over.count() as f64 >= MOST * whole.len() as f64;
    (fits && regular && over && strays as f64 <= STRAYS * n as f64).then_some(size)
}

// starts between which there is no pause; none of too few
fn clusters(starts: &[i64]) -> Option<Vec<Cluster>> {
    let (first, last) = (*starts.first()?, *starts.last()?);
    let pause = (MEANS * (last - first) as f64 / starts.len() as f64).max(LEAST_PAUSE_US);
    let mut found = vec![Cluster { first, last: first, hosts: 0 }];
    for at in starts {
        match found.last_mut().filter(|cluster| ((at - cluster.last) as f64) < pause) {
            Some(cluster) => {
                cluster.last = *at;
                cluster.hosts += 1;
            }
            None => found.push(Cluster { first: *at, last: *at, hosts: 1 }),
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::drawn::{Drawn, FLAT};
    use crate::compare::run::Answered;
    use rand::{Rng, RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    const SECOND: f64 = 1e6;

    fn whole_seconds(starts: impl IntoIterator<Item = f64>) -> Vec<i64> {
        starts.into_iter().map(|at| (at / SECOND).floor() as i64 * 1_000_000).collect()
    }

    // batches of `size` every `period` seconds; hosts of one come within `spread` seconds, some of them once more later
    fn in_batches(random: &mut impl Rng, n: usize, size: usize, period: f64, spread: f64) -> Vec<i64> {
        let mut starts = Vec::new();
        for i in 0..n {
            let at = (i / size) as f64 * period + random.random::<f64>() * spread;
            starts.push(at * SECOND);
            if random.random::<f64>() < 0.02 {
                starts.push((at + 5.0 + 35.0 * random.random::<f64>()) * SECOND);
            }
        }
        whole_seconds(starts)
    }

    #[test]
    fn batches_are_told_however_long_they_take() {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        for size in [10, 50, 200] {
            for (period, spread) in [(30.0, 5.0), (60.0, 5.0), (60.0, 20.0), (300.0, 60.0)] {
                for n in [3 * size, 10 * size - size / 3] {
                    let found = size_of(in_batches(&mut random, n, size, period, spread));
                    let near = found.is_some_and(|f| (f as f64 / size as f64 - 1.0).abs() <= 0.1);
                    assert!(near, "{n} in batches of {size} every {period} s: {found:?}");
                }
            }
        }
    }

    #[test]
    fn a_smooth_storm_never_comes_in_batches() {
        let mut random = ChaCha8Rng::seed_from_u64(6);
        for n in [20, 100, 300, 1500, 5000] {
            for rate in [0.2, 2.0, 8.0, 200.0] {
                for _ in 0..60 {
                    let even = (0..n).map(|i| (i as f64 + random.random::<f64>()) / rate * SECOND);
                    let even = whole_seconds(even.collect::<Vec<_>>());
                    let mut at = 0.0;
                    let by_chance = (0..n).map(|_| {
                        at -= random.random::<f64>().max(1e-12).ln() / rate;
                        at * SECOND
                    });
                    let by_chance = whole_seconds(by_chance.collect::<Vec<_>>());
                    assert_eq!(size_of(even), None, "{n} at {rate}");
                    assert_eq!(size_of(by_chance), None, "{n} at {rate}, by chance");
                }
            }
        }
    }

    #[test]
    fn a_satellite_that_stands_still_for_a_while_makes_no_batches() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        for stalls in 1..8 {
            for _ in 0..100 {
                let mut waits: Vec<(f64, f64)> = (0..stalls)
                    .map(|_| (600.0 * random.random::<f64>(), 3.0 + 27.0 * random.random::<f64>()))
                    .collect();
                waits.sort_by(|a, b| a.0.total_cmp(&b.0));
                // who comes meanwhile is answered at its end
                let answered = |at: f64| {
                    let wait = waits.iter().filter(|(from, took)| *from <= at && at < from + took);
                    wait.map(|(from, took)| from + took).fold(at, f64::max) * SECOND
                };
                let starts = (0..1500).map(|i| answered(f64::from(i) * 0.4));
                assert_eq!(size_of(whole_seconds(starts)), None, "{waits:?}");
            }
        }
    }

    fn drawn(burst: usize, ratio: f64) -> Run {
        Drawn { sessions: 1000, burst, ratio, ..FLAT }.run(&mut ChaCha8Rng::seed_from_u64(9))
    }

    #[test]
    fn sides_are_held_against_each_other() {
        let [small, large, smooth] = [50, 200, 0].map(|burst| drawn(burst, 1.0));
        let of =
            |before: &Run, after: &Run| batches(std::slice::from_ref(before), std::slice::from_ref(after));
        assert_eq!(of(&small, &large), Some(Batches::Differ(50, 200)));
        assert_eq!(of(&large, &small), Some(Batches::Differ(200, 50)));
        let [none, some] = [side("before", 1, &[]), side("after", 1, &[200])];
        assert_eq!(of(&smooth, &large), Some(Batches::Partly { has: some, lacks: none }));
        assert_eq!(of(&smooth, &smooth), None);
        assert_eq!(of(&small, &drawn(50, 3.0)), None);
        let labelled = |run: &Run, batch: &str| {
            let labels = [("batch".to_owned(), batch.to_owned())].into();
            Run { labels, ..run.clone() }
        };
        assert_eq!(of(&labelled(&small, "1"), &labelled(&large, "1")), None);
    }

    fn side(name: &'static str, runs: usize, sizes: &[usize]) -> Side {
        Side { name, runs, sizes: sizes.to_vec() }
    }

    #[test]
    fn sides_that_mix_sizes_alike_are_the_same_load() {
        let of = |before: &[usize], after: &[usize]| {
            compare(side("before", before.len(), before), side("after", after.len(), after))
        };
        assert_eq!(of(&[50, 200], &[50, 200]), None);
        assert_eq!(of(&[50, 50, 200], &[52, 190]), None);
        // each side is told with a size of its own
        assert_eq!(of(&[50, 200], &[50]), Some(Batches::Differ(200, 50)));
        assert_eq!(of(&[50], &[50, 200]), Some(Batches::Differ(50, 200)));
        assert_eq!(of(&[50, 100, 200], &[50, 200]), Some(Batches::Differ(100, 50)));
        let [small, large] = [50, 200].map(|burst| drawn(burst, 1.0));
        let mixed = [small.clone(), large.clone()];
        assert_eq!(batches(&mixed, &[large, small.clone()]), None);
        assert_eq!(batches(&mixed, &[small]), Some(Batches::Differ(200, 50)));
        assert_eq!(batches(&mixed, &[]), None);
    }

    #[test]
    fn the_side_that_shows_fewer_batches_is_named() {
        let lacks = |before: (usize, &[usize]), after: (usize, &[usize])| {
            let [before, after] = [side("before", before.0, before.1), side("after", after.0, after.1)];
            compare(before, after).map(|found| match found {
                Batches::Partly { has, lacks } => (has.to_string(), lacks.name),
                Batches::Differ(before, after) => (format!("{before} and {after} differ"), "none"),
            })
        };
        let told = |has: &str, lacks| Some((has.to_owned(), lacks));
        assert_eq!(lacks((2, &[50]), (1, &[50])), told("about 50", "before"));
        assert_eq!(lacks((1, &[50]), (2, &[50])), told("about 50", "after"));
        assert_eq!(lacks((1, &[]), (2, &[50, 200])), told("about 50 and 200", "before"));
        assert_eq!(lacks((2, &[50]), (1, &[])), told("about 50 (none seen in 1 of 2 runs)", "after"));
        assert_eq!(lacks((2, &[50]), (3, &[50, 50])), None);
        assert_eq!(lacks((2, &[50, 50]), (1, &[50])), None);
        assert_eq!(lacks((2, &[]), (1, &[])), None);
    }

    #[test]
    fn a_side_lists_each_of_its_sizes_once() {
        assert_eq!(side("before", 5, &[50, 55, 60, 200, 400]).to_string(), "about 50, 200 and 400");
        assert_eq!(side("before", 2, &[]).to_string(), "none seen");
    }

    #[test]
    fn scripts_that_a_cache_or_a_missing_log_thinned_are_no_batches() {
        let whole = drawn(50, 1.0);
        for call in [Call::Script, Call::CapsuleScript] {
            let half = whole.registrations.iter().step_by(2).map(|r| Answered {
                started_us: r.started_us,
                group: Group::LbSsh,
                call,
                ms: 300.0,
                inferred: false,
            });
            let thinned = Run { requests: Some(half.collect()), ..whole.clone() };
            assert_eq!(size_of(scripts(&thinned)), Some(25), "{call:?}");
            assert_eq!(batch_size(&thinned), Some(50), "{call:?}");
            assert_eq!(batches(std::slice::from_ref(&whole), &[thinned]), None, "{call:?}");
        }
        // where all are there, they tell what creates no longer do
        let mut late = whole;
        for (at, registration) in (0..).zip(&mut late.registrations) {
            registration.started_us = at * 125_000;
        }
        assert_eq!(size_of(creates(&late)), None);
        assert_eq!(batch_size(&late), Some(50));
    }
}
