//! Two sides in, why they cannot be compared out; and how another mix of clients is weighed as one.

use super::batches::{Batches, batches};
use super::estimate::{MOST_RUNS, Sample};
use super::run::{Registration, Run};
use crate::registration::session::Group;
use std::collections::{BTreeMap, BTreeSet};

/// Hosts of one run over those of another: outside of it another load was asked for.
pub const SAME_LOAD: f64 = 1.25;
/// Labels of the load that was asked for; where all runs have the first one, hosts are not counted.
pub const LOAD: [&str; 3] = ["level", "concurrency", "batch"];
/// Values of one side that are inferred and those of the other, as shares: further apart, another evidence.
const SAME_EVIDENCE: f64 = 0.05;
/// What reached the Satellite on one side over the other's: outside of it a script cache hides some.
const SAME_FETCHES: f64 = 1.1;
/// A part of the mix whose share differs by more is another mix, where it is more than chance gives: so many standard
/// errors of the difference.
const SAME_MIX: f64 = 0.05;
const BY_CHANCE: f64 = 3.5;
/// Values of a part of the mix that are needed on each side to weigh it.
const ENOUGH_OF_A_PART: usize = 20;
/// Parts with fewer values are left out of the mix that is weighed, where each of them and all together are rare.
const RARE: f64 = 0.02;
const RARE_TOGETHER: f64 = 0.05;
/// Fewer values a run say nothing.
pub const FEWEST: usize = 20;
/// More creates than this share cut off at the log's end, and what is slow is missing.
const CUT: f64 = 0.05;

/// Why there is no verdict.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Too few values in a run.
    #[error("{found} {of} in a run; {needed} are needed")]
    TooFew {
        /// What there is.
        found: usize,
        /// What there must be.
        needed: usize,
        /// Of what, in words.
        of: &'static str,
    },
    /// Too few values for the percentile that was asked for.
    #[error(
        "{found} values in a run; P{} needs {needed}: register more hosts, or ask for a lower --percentile",
        (percentile * 1000.0).round() / 10.0
    )]
    TooFewForPercentile {
        /// 0 to 1.
        percentile: f64,
        /// What there is.
        found: usize,
        /// What there must be.
        needed: usize,
    },
    /// One side has nothing of it.
    #[error("the side {lacks} has none of it; give both the same logs and inventory")]
    OneSided {
        /// `before` or `after`.
        lacks: &'static str,
    },
    /// A script cache answers on one side what the Satellite answers on the other.
    #[error(
        "{before:.2} script fetches a registration reached the Satellite before, {after:.2} after: a script cache \
         answered the rest, and what is left is no sample of the same requests; judged by {}script fetches and hit rate{}",
        if *pairs_only { "" } else { "capsule script, " },
        if *pairs_only { "; keep both runs with this version for capsule script" } else { "" }
    )]
    Thinned {
        /// Script fetches a registration.
        before: f64,
        /// Script fetches a registration.
        after: f64,
        /// The runs were kept without the requests that capsules answered.
        pairs_only: bool,
    },
    /// One run a side with long slow phases.
    #[error("too variable: {} runs a side are needed to see {:.0} %{}", match runs {
        Some(runs) => runs.to_string(),
        None => format!("more than {MOST_RUNS}"),
    }, size * 100.0, if runs.is_none() { "; longer storms vary less" } else { "" })]
    TooVariable {
        /// The change that should be seen, as a share.
        size: f64,
        /// Runs a side; none where `MOST_RUNS` are too few.
        runs: Option<usize>,
    },
    /// Another load was asked for.
    #[error("another load: {before} on one side, {after} on the other; run both at the same load")]
    AnotherLoad {
        /// In words.
        before: String,
        /// In words.
        after: String,
    },
    /// Groups or client releases are others.
    #[error(
        "another mix of groups or client releases; read the groups by themselves, or run both with the same hosts"
    )]
    AnotherMix,
    /// Exact here, inferred there.
    #[error("exact on one side, inferred on the other; give both the same logs and inventory")]
    AnotherEvidence,
    /// The log ends in the middle of the storm.
    #[error(
        "the log was cut: {cut} of {all} creates have no end; read a log that goes on until the last one was answered"
    )]
    Cut {
        /// Creates without an end.
        cut: u64,
        /// All of a run.
        all: u64,
    },
}

/// Why the runs cannot be compared at all. The load is that of all groups together: what a group has of it is an outcome.
pub fn refusal(before: &[Run], after: &[Run]) -> Option<Refusal> {
    for run in before.iter().chain(after) {
        let all = run.cut + run.registrations.len() as u64;
        if run.cut as f64 > CUT * all as f64 {
            return Some(Refusal::Cut { cut: run.cut, all });
        }
    }
    another_load(before, after).or_else(|| other_batches(before, after)).or_else(|| {
        let found = before.iter().chain(after).map(|run| run.registrations.len()).min().unwrap_or(0);
        (found < FEWEST).then_some(Refusal::TooFew { found, needed: FEWEST, of: "registrations" })
    })
}

// the labels that say what was asked for; without them the number of hosts, since attempts are an outcome
fn another_load(before: &[Run], after: &[Run]) -> Option<Refusal> {
    let runs = || before.iter().chain(after);
    let mut labelled = false;
    for key in LOAD {
        let Some(values) = runs().map(|run| run.labels.get(key)).collect::<Option<Vec<_>>>() else {
            continue;
        };
        labelled |= key == LOAD[0];
        if let Some(other) = values.iter().find(|value| **value != values[0]) {
            let words = |value: &str| format!("{key} {value}");
            return Some(Refusal::AnotherLoad { before: words(values[0]), after: words(other) });
        }
    }
    let hosts = |run: &Run| run.registrations.iter().filter(|r| r.first).count();
    let least = runs().map(hosts).min().unwrap_or(0);
    let most = runs().map(hosts).max().unwrap_or(0);
    if labelled || most as f64 <= SAME_LOAD * least.max(1) as f64 {
        return None;
    }
    let words = |runs: &[Run]| {
        let each: Vec<String> = runs.iter().map(|run| hosts(run).to_string()).collect();
        format!("{} hosts", each.join(", "))
    };
    Some(Refusal::AnotherLoad { before: words(before), after: words(after) })
}

fn other_batches(before: &[Run], after: &[Run]) -> Option<Refusal> {
    let Some(Batches::Differ(before, after)) = batches(before, after) else { return None };
    let words = |size: usize| format!("batches of about {size} hosts");
    Some(Refusal::AnotherLoad { before: words(before), after: words(after) })
}

/// Values of one side that are inferred and those of the other, as shares; a few among many exact ones change no verdict.
pub fn another_evidence(inferred: [f64; 2]) -> Option<Refusal> {
    ((inferred[0] - inferred[1]).abs() > SAME_EVIDENCE).then_some(Refusal::AnotherEvidence)
}

/// Whether a script cache answers more on one side: by the hit rate where capsules' logs tell it, else by the script
/// fetches an attempt that reached the Satellite.
pub fn thinned(fetches: (f64, f64), hit_rate: Option<(f64, f64)>) -> bool {
    let (before, after) = hit_rate.map_or(fetches, |(before, after)| (1.0 - before, 1.0 - after));
    before.max(after) > SAME_FETCHES * before.min(after)
}

/// The part of the mix that a registration belongs to: its release, of all registrations its group as well.
pub fn part(registration: &Registration, group: Option<Group>) -> &str {
    if group.is_some() { &registration.client_os } else { &registration.part }
}

/// Another mix, with a part that one side has and the other has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotInBoth;

/// What each part is of both sides, and whether it differs by more than chance gives.
struct Mix<'a> {
    shares: [BTreeMap<&'a str, f64>; 2],
    values: [f64; 2],
}

impl<'a> Mix<'a> {
    fn of(sides: &[Vec<Sample<'a>>; 2]) -> Self {
        let values =
            sides.each_ref().map(|side| side.iter().map(|s| s.parts.len()).sum::<usize>().max(1) as f64);
        Self { shares: [shares(&sides[0]), shares(&sides[1])], values }
    }

    fn names(&self) -> BTreeSet<&'a str> {
        self.shares.iter().flat_map(BTreeMap::keys).copied().collect()
    }

    fn share(&self, side: usize, name: &str) -> f64 {
        self.shares[side].get(name).copied().unwrap_or(0.0)
    }

    fn apart(&self, name: &str) -> f64 {
        (self.share(0, name) - self.share(1, name)).abs()
    }

    fn chance(&self, name: &str) -> f64 {
        let [before, after] = self.values;
        let pooled = (self.share(0, name) * before + self.share(1, name) * after) / (before + after);
        BY_CHANCE * (pooled * (1.0 - pooled) * (1.0 / before + 1.0 / after)).sqrt()
    }
}

/// Whether the mix differs by more than an average over all of it bears.
pub fn another_mix(sides: &[Vec<Sample<'_>>; 2]) -> bool {
    let mix = Mix::of(sides);
    mix.names().into_iter().any(|name| mix.apart(name) > SAME_MIX.max(mix.chance(name)))
}

/// Weights of the parts, rare ones left out; empty where both sides have the same mix but for chance.
///
/// # Errors
/// A part that only one side has enough of.
pub fn weights<'a>(sides: &[Vec<Sample<'a>>; 2]) -> Result<BTreeMap<&'a str, f64>, NotInBoth> {
    let mix = Mix::of(sides);
    if mix.names().into_iter().all(|name| mix.apart(name) <= mix.chance(name)) {
        return Ok(BTreeMap::new());
    }
    let enough = |name: &str| {
        sides.iter().flatten().all(|s| s.parts.iter().filter(|p| **p == name).count() >= ENOUGH_OF_A_PART)
    };
    let mut weights = BTreeMap::new();
    let mut left_out = [0.0; 2];
    for name in mix.names() {
        let here = [mix.share(0, name), mix.share(1, name)];
        if enough(name) {
            weights.insert(name, f64::midpoint(here[0], here[1]));
            continue;
        }
        left_out = [left_out[0] + here[0], left_out[1] + here[1]];
        if here.iter().any(|share| *share > RARE) || left_out.iter().any(|share| *share > RARE_TOGETHER) {
            // what is nearly the same mix needs no weights
            let near = mix.names().into_iter().all(|name| mix.apart(name) <= SAME_MIX);
            return if near { Ok(BTreeMap::new()) } else { Err(NotInBoth) };
        }
    }
    let all: f64 = weights.values().sum();
    weights.values_mut().for_each(|weight| *weight /= all);
    Ok(weights)
}

fn shares<'a>(side: &[Sample<'a>]) -> BTreeMap<&'a str, f64> {
    let all = side.iter().map(|s| s.parts.len()).sum::<usize>().max(1) as f64;
    let mut shares = BTreeMap::new();
    for part in side.iter().flat_map(|s| &s.parts) {
        *shares.entry(*part).or_insert(0.0) += 1.0 / all;
    }
    shares
}
