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

/// What runs say of the size of their batches, where no label says what load was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batches {
    /// Two runs that differ, one of each side where there are such.
    Differ(usize, usize),
    /// Seen in some runs, of this size, and not in others; `before` has some.
    Partly {
        /// Hosts of a batch.
        size: usize,
        /// Seen in runs of the side before.
        before: bool,
    },
}

/// Compares the batches of both sides; none where they are the same, or nowhere seen.
pub fn batches(before: &[Run], after: &[Run]) -> Option<Batches> {
    let runs = || before.iter().chain(after);
    if LOAD.iter().any(|key| runs().all(|run| run.labels.contains_key(*key))) {
        return None;
    }
    let sizes = |side: &[Run]| -> Vec<Option<usize>> { side.iter().map(batch_size).collect() };
    let [before, after] = [sizes(before), sizes(after)];
    let all = || before.iter().chain(&after).flatten().copied();
    let (least, most) = (all().min()?, all().max()?);
    if most as f64 > SAME_LOAD * least as f64 {
        let least_first = before.iter().flatten().min() <= after.iter().flatten().min();
        return Some(if least_first { Batches::Differ(least, most) } else { Batches::Differ(most, least) });
    }
    let unseen = before.iter().chain(&after).any(Option::is_none);
    unseen.then_some(Batches::Partly { size: most, before: before.iter().any(Option::is_some) })
}

/// Hosts in a batch of the run; none where it does not come in batches that can be told.
pub fn batch_size(run: &Run) -> Option<usize> {
    // the script is the first thing that a host asks for, and what it asks for later comes at any time
    size_of(scripts(run)).or_else(|| size_of(creates(run)))
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
        assert_eq!(of(&smooth, &large), Some(Batches::Partly { size: 200, before: false }));
        assert_eq!(of(&smooth, &smooth), None);
        assert_eq!(of(&small, &drawn(50, 3.0)), None);
        let labelled = |run: &Run, batch: &str| {
            let labels = [("batch".to_owned(), batch.to_owned())].into();
            Run { labels, ..run.clone() }
        };
        assert_eq!(of(&labelled(&small, "1"), &labelled(&large, "1")), None);
    }
}
