//! Two sides in, why they cannot be compared out; and how another mix of clients is weighed as one.

use super::batches::{Batches, batches};
use super::estimate::{MOST_RUNS, Sample};
use super::judge::Subject;
use super::run::{Reading, Registration, Run};
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
/// More creates than this share cut off at the log's end, and what is slow is missing; more requests without a start
/// where it begins, and the first ones are.
const CUT: f64 = 0.05;
/// The log begins in the middle of the storm where its first create comes within so many mean distances of two creates,
/// between these bounds: logs tell whole seconds, and hosts that come all day are no storm.
const AT_ONCE: f64 = 3.0;
const AT_ONCE_US: (f64, f64) = (2e6, 30e6);

/// Why there is no verdict.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Too few values in a run.
    #[error("{found} {} in a run; {needed} are needed", counted(*found, of))]
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
    /// Only successes have it, and there are none.
    #[error(
        "no attempt of the side {side} succeeded; failed attempts and registered/s tell what came of them"
    )]
    NoneSucceeded {
        /// `before` or `after`.
        side: &'static str,
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
        "another mix of groups or client releases, which cannot be split here; run both with the same hosts"
    )]
    AnotherMix,
    /// Exact here, inferred there.
    #[error(
        "{:.0} % of it is inferred before, {:.0} % after; give both the same logs and the inventory (-i)",
        before * 100.0, after * 100.0
    )]
    AnotherEvidence {
        /// Share of the values that are inferred.
        before: f64,
        /// Share of the values that are inferred.
        after: f64,
    },
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
    /// The log begins in the middle of the storm.
    #[error(
        "the log was cut: it begins in the middle of the storm, where {orphaned} requests have no start; read the log \
         before it as well"
    )]
    CutBefore {
        /// Requests without a start.
        orphaned: u64,
    },
    /// What is counted lacks lines.
    #[error(
        "journald dropped {lines} lines, so that what is counted is too low; read production.log, or let journald keep \
         all of them (RateLimitBurst=0)"
    )]
    Lost {
        /// Of all runs.
        lines: u64,
    },
}

// `1 slice of time`, `20 slices of time`
fn counted(n: usize, of: &str) -> String {
    match (n, of.split_once(' ')) {
        (1, Some((thing, rest))) => format!("{} {rest}", thing.trim_end_matches('s')),
        (1, None) => of.trim_end_matches('s').to_owned(),
        _ => of.to_owned(),
    }
}

/// Why the runs cannot be compared at all. The load is that of all groups together: what a group has of it is an outcome.
pub fn refusal(before: &[Run], after: &[Run]) -> Option<Refusal> {
    let runs = || before.iter().chain(after);
    let few = || {
        let found = runs().map(|run| run.registrations.len()).min().unwrap_or(0);
        (found < FEWEST).then_some(Refusal::TooFew { found, needed: FEWEST, of: "registrations" })
    };
    let load = || another_load(before, after).or_else(|| other_batches(before, after));
    runs().find_map(cut).or_else(load).or_else(few)
}

fn cut(run: &Run) -> Option<Refusal> {
    let orphaned = run.reading.orphaned;
    let all = run.cut + run.registrations.len() as u64;
    match () {
        () if many(run.cut, all) => Some(Refusal::Cut { cut: run.cut, all }),
        () if many(orphaned, all) && begins_within(run) => Some(Refusal::CutBefore { orphaned }),
        () => None,
    }
}

/// Creates without an end or requests without a start, of all registrations: too many to judge what is left.
pub fn many(n: u64, all: u64) -> bool {
    n as f64 > CUT * all as f64
}

/// Whether the log begins in the middle of the storm: requests have no start, and hosts register from its first line on.
pub fn begins_within(run: &Run) -> bool {
    let (Some(begins), [first, .., last]) = (run.reading.begins, run.registrations.as_slice()) else {
        return false;
    };
    let storm = (first.started_us, last.started_us);
    run.reading.orphaned > 0 && at_once(begins.0, storm, run.registrations.len() as u64)
}

/// Whether hosts register from the start of the log on; `storm` is from the first of so many registrations to the last.
pub fn at_once(log_us: i64, storm: (i64, i64), registrations: u64) -> bool {
    let pace = (storm.1 - storm.0) as f64 / registrations as f64;
    (storm.0 - log_us) as f64 <= (AT_ONCE * pace).clamp(AT_ONCE_US.0, AT_ONCE_US.1)
}

/// Whether all of a run is in it: what was to be read, all lines, the storm's beginning and its end.
pub fn is_complete(run: &Run) -> bool {
    let Reading { unreadable, missing, lines_lost, .. } = &run.reading;
    unreadable.is_empty() && missing.is_empty() && *lines_lost == 0 && cut(run).is_none()
}

/// Why a subject has no verdict where lines are missing: all that is counted is too low, timings are of what is there.
pub fn lost(before: &[Run], after: &[Run], subject: Subject) -> Option<Refusal> {
    let lines = before.iter().chain(after).map(|run| run.reading.lines_lost).sum();
    (lines > 0 && !subject.is_timing()).then_some(Refusal::Lost { lines })
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
        let plural = if each == ["1"] { "" } else { "s" };
        format!("{} host{plural}", each.join(", "))
    };
    Some(Refusal::AnotherLoad { before: words(before), after: words(after) })
}

fn other_batches(before: &[Run], after: &[Run]) -> Option<Refusal> {
    let Some(Batches::Differ(before, after)) = batches(before, after) else { return None };
    let words = |size: usize| format!("batches of about {size} hosts");
    Some(Refusal::AnotherLoad { before: words(before), after: words(after) })
}

/// Values of one side that are inferred and those of the other, as shares; a few among many exact ones change no verdict.
pub fn another_evidence([before, after]: [f64; 2]) -> Option<Refusal> {
    ((before - after).abs() > SAME_EVIDENCE).then_some(Refusal::AnotherEvidence { before, after })
}

/// Script fetches an attempt, of an average over the `n` that succeeded: a failed attempt fetched its script too.
pub fn fetches_an_attempt(average: f64, n: u64, attempts: u64) -> f64 {
    // averages are kept rounded, fetches are whole
    (average * n as f64).round() / attempts.max(1) as f64
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

/// Another mix, and no part of it that every run has enough of.
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

    fn is_rare(&self, names: &[&str]) -> bool {
        let is_rare = |side: usize| {
            let each = || names.iter().map(move |name| self.share(side, name));
            each().all(|share| share <= RARE) && each().sum::<f64>() <= RARE_TOGETHER
        };
        is_rare(0) && is_rare(1)
    }

    // parts that are weighed, since every run has enough of them, and the others; none where both sides have the same mix
    // but for chance, or nearly
    fn split(&self, sides: &[Vec<Sample<'a>>; 2]) -> Option<(Vec<&'a str>, Vec<&'a str>)> {
        let names = self.names();
        if names.iter().all(|name| self.apart(name) <= self.chance(name)) {
            return None;
        }
        let has_enough = |sample: &Sample<'a>, name: &str| {
            sample.parts.iter().filter(|part| **part == name).count() >= ENOUGH_OF_A_PART
        };
        let near = names.iter().all(|name| self.apart(name) <= SAME_MIX);
        let (weighed, others): (Vec<&str>, Vec<&str>) =
            names.into_iter().partition(|name| sides.iter().flatten().all(|s| has_enough(s, name)));
        (!near || self.is_rare(&others)).then_some((weighed, others))
    }
}

/// Whether the mix differs by more than an average over all of it bears.
pub fn another_mix(sides: &[Vec<Sample<'_>>; 2]) -> bool {
    let mix = Mix::of(sides);
    mix.names().into_iter().any(|name| mix.apart(name) > SAME_MIX.max(mix.chance(name)))
}

/// The same of one part, by its share of each side's registrations.
pub fn another_share(shares: [f64; 2], registrations: [f64; 2]) -> bool {
    let shares = shares.map(|share| BTreeMap::from([("", share)]));
    let mix = Mix { shares, values: registrations.map(|n| n.max(1.0)) };
    mix.apart("") > SAME_MIX.max(mix.chance(""))
}

/// Weights of the parts that every run has enough of; empty where both sides have the same mix but for chance. Parts that
/// only one side has enough of are left out: `left_out` names them.
///
/// # Errors
/// No run has enough of a part that the others have enough of.
pub fn weights<'a>(sides: &[Vec<Sample<'a>>; 2]) -> Result<BTreeMap<&'a str, f64>, NotInBoth> {
    let mix = Mix::of(sides);
    let Some((weighed, _)) = mix.split(sides) else { return Ok(BTreeMap::new()) };
    let weight = |name: &'a str| (name, f64::midpoint(mix.share(0, name), mix.share(1, name)));
    let mut weights: BTreeMap<&str, f64> = weighed.into_iter().map(weight).collect();
    let all: f64 = weights.values().sum();
    weights.values_mut().for_each(|weight| *weight /= all);
    if weights.is_empty() { Err(NotInBoth) } else { Ok(weights) }
}

/// What verdicts on all registrations are of, where the sides have another mix and not all of it on both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut<'a> {
    /// Parts that are weighed as one mix.
    pub weighed: Vec<&'a str>,
    /// The others, with registrations before and after.
    pub others: Vec<(&'a str, [usize; 2])>,
}

/// Parts of the mix of all registrations that no verdict is of; none where there are no more than rare ones.
pub fn left_out<'a>(before: &'a [Run], after: &'a [Run]) -> Option<LeftOut<'a>> {
    let parts = |run: &'a Run| Sample {
        values: Vec::new(),
        parts: run.registrations.iter().map(|registration| part(registration, None)).collect(),
    };
    let sides = [before, after].map(|runs| runs.iter().map(parts).collect::<Vec<_>>());
    let mix = Mix::of(&sides);
    let (weighed, others) = mix.split(&sides)?;
    if weighed.is_empty() || mix.is_rare(&others) {
        return None;
    }
    let of_side = |side: &[Sample<'a>], name: &str| {
        side.iter().flat_map(|sample| &sample.parts).filter(|part| **part == name).count()
    };
    let others = others.into_iter().map(|name| (name, sides.each_ref().map(|side| of_side(side, name))));
    Some(LeftOut { weighed, others: others.collect() })
}

fn shares<'a>(side: &[Sample<'a>]) -> BTreeMap<&'a str, f64> {
    // there are few parts
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for part in side.iter().flat_map(|sample| &sample.parts) {
        match counts.iter_mut().find(|(name, _)| name == part) {
            Some((_, n)) => *n += 1,
            None => counts.push((*part, 1)),
        }
    }
    let all = counts.iter().map(|(_, n)| n).sum::<usize>().max(1) as f64;
    counts.into_iter().map(|(name, n)| (name, n as f64 / all)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::drawn::{Drawn, FLAT};
    use crate::timestamp::Timestamp;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    // so many registrations of each part
    fn run(parts: &[(&str, usize)]) -> Run {
        let sessions = parts.iter().map(|(_, n)| n).sum();
        let mut run = Drawn { sessions, ..FLAT }.run(&mut ChaCha8Rng::seed_from_u64(1));
        let names = parts.iter().flat_map(|(name, n)| std::iter::repeat_n(name, *n));
        run.registrations.iter_mut().zip(names).for_each(|(r, name)| r.part = (*name).into());
        run
    }

    #[test]
    fn a_part_of_one_side_alone_is_left_out_and_named() {
        let before = [run(&[("lb-ssh rhel-9", 100), ("lb-ssh rhel-10", 100)])];
        let after = [run(&[("lb-ssh rhel-9", 19), ("lb-ssh rhel-10", 181)])];
        let found = left_out(&before, &after).unwrap();
        assert_eq!(found.weighed, ["lb-ssh rhel-10"]);
        assert_eq!(found.others, [("lb-ssh rhel-9", [100, 19])]);
        // with one more of it there are enough
        let enough = [run(&[("lb-ssh rhel-9", 20), ("lb-ssh rhel-10", 180)])];
        assert_eq!(left_out(&before, &enough), None);
        let nothing = [run(&[("lb-ssh rhel-8", 200)])];
        assert_eq!(left_out(&before, &nothing), None);
    }

    #[test]
    fn a_log_that_begins_in_the_middle_of_the_storm_was_cut() {
        // eight a second
        let told = |orphaned: u64, seconds_before: i64| {
            let mut run = run(&[("lb-ssh rhel-9", 400)]);
            let begins = Timestamp(run.registrations[0].started_us - seconds_before * 1_000_000);
            run.reading = Reading { orphaned, begins: Some(begins), ..Reading::default() };
            (begins_within(&run), cut(&run))
        };
        assert_eq!(told(21, 1), (true, Some(Refusal::CutBefore { orphaned: 21 })));
        assert_eq!(told(20, 1), (true, None));
        assert_eq!(told(0, 1), (false, None));
        assert_eq!(told(100, 3), (false, None));
    }

    #[test]
    fn one_of_many_is_told_in_the_singular() {
        let told = |found, of| Refusal::TooFew { found, needed: 20, of }.to_string();
        assert_eq!(told(1, "slices of time"), "1 slice of time in a run; 20 are needed");
        assert_eq!(told(1, "values"), "1 value in a run; 20 are needed");
        assert_eq!(told(2, "registrations"), "2 registrations in a run; 20 are needed");
    }
}
