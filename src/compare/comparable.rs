//! Two sides in, why they cannot be compared out; and how another mix of clients is weighed as one.

use super::estimate::Sample;
use super::run::{Registration, Run};
use crate::registration::session::Group;
use std::collections::BTreeMap;

/// Attempts of one side over those of the other: outside of it another load was asked for.
const SAME_LOAD: f64 = 1.25;
/// A part of the mix whose share differs by more is another mix, where it is more than chance gives: so many standard
/// errors of the difference.
const SAME_MIX: f64 = 0.05;
const BY_CHANCE: f64 = 3.5;
/// Values of a part of the mix that are needed on each side to weigh it.
const ENOUGH_OF_A_PART: usize = 20;
/// More creates than this share cut off at the log's end, and what is slow is missing.
const CUT: f64 = 0.05;

/// Why there is no verdict.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Too few values in a run.
    #[error("{found} values in a run; {needed} are needed")]
    TooFew {
        /// What there is.
        found: usize,
        /// What there must be.
        needed: usize,
    },
    /// One run a side with long slow phases.
    #[error("too variable: {runs} runs a side are needed to see {:.0} %", size * 100.0)]
    TooVariable {
        /// The change that should be seen, as a share.
        size: f64,
        /// Runs a side.
        runs: usize,
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
    let level = |runs: &[Run]| -> Option<String> {
        runs.first().and_then(|r| r.labels.get("level").cloned()).map(|level| format!("level {level}"))
    };
    match (level(before), level(after)) {
        (Some(before), Some(after)) if before == after => return None,
        (Some(before), Some(after)) => return Some(Refusal::AnotherLoad { before, after }),
        _ => {}
    }
    let attempts = |runs: &[Run]| {
        runs.iter().map(|run| run.registrations.len()).sum::<usize>() as f64 / runs.len().max(1) as f64
    };
    let (a, b) = (attempts(before), attempts(after));
    let words = |n: f64| format!("{n:.0} attempts a run");
    (a.max(b) > SAME_LOAD * a.min(b).max(1.0))
        .then(|| Refusal::AnotherLoad { before: words(a), after: words(b) })
}

/// The part of the mix that a registration belongs to: its release, of all registrations its group as well.
pub fn part(registration: &Registration, group: Option<Group>) -> &str {
    if group.is_some() { &registration.client_os } else { &registration.part }
}

/// Another mix, with a part that one side has and the other has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotInBoth;

/// Weights of the parts; empty where both sides have the same mix.
///
/// # Errors
/// A part that only one side has enough of.
pub fn weights<'a>(sides: &[Vec<Sample<'a>>; 2]) -> Result<BTreeMap<&'a str, f64>, NotInBoth> {
    let shares = [shares(&sides[0]), shares(&sides[1])];
    let names = shares[0].keys().chain(shares[1].keys()).copied();
    let of = |side: usize, name: &str| shares[side].get(name).copied().unwrap_or(0.0);
    let count = |side: usize| sides[side].iter().map(|s| s.parts.len()).sum::<usize>().max(1) as f64;
    let one_each = 1.0 / count(0) + 1.0 / count(1);
    let same = |name: &str| {
        let pooled = (of(0, name) * count(0) + of(1, name) * count(1)) / (count(0) + count(1));
        let chance = BY_CHANCE * (pooled * (1.0 - pooled) * one_each).sqrt();
        (of(0, name) - of(1, name)).abs() <= SAME_MIX.max(chance)
    };
    if names.clone().all(same) {
        return Ok(BTreeMap::new());
    }
    let enough = |name: &str| {
        sides.iter().flatten().all(|s| s.parts.iter().filter(|p| **p == name).count() >= ENOUGH_OF_A_PART)
    };
    let mut weights = BTreeMap::new();
    for name in names {
        if !enough(name) {
            return Err(NotInBoth);
        }
        weights.insert(name, f64::midpoint(of(0, name), of(1, name)));
    }
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
