//! Two sides in, a row a group and figure out: both values, what they differ by, and the verdict.
//!
//! First every test is made, then the false-discovery rate is held over all of them together: in one family for all
//! registrations and in one for the groups, since the groups are parts of the same registrations.

use super::comparable::{self, Refusal};
use super::estimate::{Difference, Estimate, Sample, TooVariable, What, estimate};
use super::run::{Registration, Run};
use super::statistics::{discovery, quantile};
use crate::metrics::answer::Metric;
use crate::registration::session::Group;
use std::collections::BTreeMap;

/// The chance of any false alarm where nothing has changed: worse and better together, all registrations and groups.
const FALSE_ALARMS: [f64; 2] = [0.06, 0.02];
/// Of a timing's two tests, what the one of the whole distribution counts for; the rest is the tail's.
const OF_THE_WHOLE: f64 = 0.8;
/// Outside of an interval, at each end.
pub const TAIL: f64 = 0.025;
/// Fewer values a run say nothing.
const FEWEST: usize = 20;
/// A change that should have been found, where nobody says which matter.
const OF_INTEREST: f64 = 0.10;

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A metric.
    Metric(Metric),
    /// Failed attempts of all attempts.
    ErrorRate,
}

impl Subject {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Metric(metric) => metric.name(),
            Self::ErrorRate => "error_rate",
        }
    }

    /// Whether more of it is worse; of a hit rate more is better.
    pub const fn more_is_worse(self) -> bool {
        !matches!(self, Self::Metric(Metric::ScriptCacheHitRate))
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Better by more than the threshold.
    Improved,
    /// Worse by more than the threshold.
    Regressed,
    /// Nothing that stands out; the interval says what may be hidden.
    NoChangeSeen,
    /// Work went from the create to the fact update, or back: nothing was gained.
    Moved,
    /// No verdict, and why.
    NotComparable(Refusal),
}

/// One side's figure.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figure {
    /// The value; none where there is none.
    pub value: Option<f64>,
    /// Its interval.
    pub interval: Option<(f64, f64)>,
    /// Values behind it.
    pub n: usize,
}

/// A group's figure on both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// None is `all`.
    pub group: Option<Group>,
    /// What it is.
    pub subject: Subject,
    /// Median of timings, mean of counts, share of failures.
    pub before: Figure,
    /// See `before`.
    pub after: Figure,
    /// The 95th percentile on both sides, of timings.
    pub p95: Option<(Figure, Figure)>,
    /// After over before, with its interval; of counts and shares none where before is 0.
    pub ratio: Option<(f64, f64, f64)>,
    /// After less before, with its interval, of counts and shares.
    pub difference: Option<(f64, f64, f64)>,
    /// The probability of so large a change by chance, over all tests of the family.
    pub probability: Option<f64>,
    /// Whether any value is inferred.
    pub inferred: bool,
    /// What came of it.
    pub verdict: Verdict,
}

/// What counts as a change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Thresholds {
    /// Of every metric that has none of its own, as a share (0.05 is 5 %).
    pub all: f64,
    /// By name of the subject.
    pub of: BTreeMap<String, f64>,
}

impl Thresholds {
    /// That of a subject.
    pub fn get(&self, subject: Subject) -> f64 {
        self.of.get(subject.name()).copied().unwrap_or(self.all)
    }
}

/// Compares two sides.
pub fn compare(before: &[Run], after: &[Run], thresholds: &Thresholds) -> Vec<Row> {
    let steadiness = Steadiness::of(before.iter().chain(after));
    let refused = comparable::refusal(before, after);
    let groups = std::iter::once(None).chain(Group::ALL.into_iter().map(Some));
    let mut rows = Vec::new();
    let mut tests = Vec::new();
    for group in groups {
        let sides = Sides { before, after, group, refused: refused.clone(), steadiness };
        if sides.attempts(before) == 0 && sides.attempts(after) == 0 {
            continue;
        }
        for subject in SUBJECTS {
            if let Some((row, test)) = sides.row(subject, thresholds) {
                rows.push(row);
                tests.push(test);
            }
        }
    }
    hold_discoveries(&mut rows, &tests);
    tell_moved_work(&mut rows);
    rows
}

/// What is compared, in the order in which it is shown.
pub const SUBJECTS: [Subject; 11] = [
    Subject::Metric(Metric::ConsumerCreateMs),
    Subject::Metric(Metric::ScriptFetchMs),
    Subject::Metric(Metric::HostRegisterMs),
    Subject::Metric(Metric::FactUpdateMs),
    Subject::Metric(Metric::CreateAndFactsMs),
    Subject::Metric(Metric::CapsuleScriptFetchMs),
    Subject::Metric(Metric::CapsuleHostRegisterMs),
    Subject::Metric(Metric::ComplianceCalls),
    Subject::Metric(Metric::StatusCalls),
    Subject::Metric(Metric::RedundantConsumerGets),
    Subject::ErrorRate,
];

/// Probabilities of so much worse, and of so much better.
type Test = Option<(f64, f64)>;

/// What the runs are like: a server's slow phases touch every timing of every group.
#[derive(Clone, Copy, Default)]
struct Steadiness {
    /// Any run has slow phases.
    phased: bool,
    /// So long ones that it does not tell how another run would be.
    unsettled: bool,
}

impl Steadiness {
    fn of<'a>(runs: impl Iterator<Item = &'a Run>) -> Self {
        let mut found = Self::default();
        for run in runs {
            for metric in [Metric::ConsumerCreateMs, Metric::HostRegisterMs, Metric::FactUpdateMs] {
                let values = run.registrations.iter().filter_map(|r| r.value(metric)).collect();
                let sample = Sample { values, parts: Vec::new() };
                if let Some(of_run) = estimate(&sample, What::Typical, &BTreeMap::new(), false) {
                    found.phased |= of_run.spread.inflation > 1.0;
                    found.unsettled |= of_run.spread.unsettled;
                }
            }
        }
        found
    }
}

struct Sides<'a> {
    steadiness: Steadiness,
    before: &'a [Run],
    after: &'a [Run],
    group: Option<Group>,
    refused: Option<Refusal>,
}

impl<'a> Sides<'a> {
    fn of(&self, run: &'a Run) -> impl Iterator<Item = &'a Registration> {
        let group = self.group;
        run.registrations.iter().filter(move |r| group.is_none_or(|g| r.group == g))
    }

    fn attempts(&self, side: &'a [Run]) -> usize {
        side.iter().map(|run| self.of(run).count()).sum()
    }

    fn samples(&self, side: &'a [Run], subject: Subject) -> Vec<Sample<'a>> {
        let value = |r: &Registration| match subject {
            Subject::Metric(metric) => r.value(metric),
            Subject::ErrorRate => Some(f64::from(!r.success)),
        };
        side.iter()
            .map(|run| {
                let (values, parts) =
                    self.of(run).filter_map(|r| Some((value(r)?, comparable::part(r, self.group)))).unzip();
                Sample { values, parts }
            })
            .collect()
    }

    fn inferred(&self, side: &'a [Run], subject: Subject) -> bool {
        let Subject::Metric(metric) = subject else { return false };
        side.iter().any(|run| self.of(run).any(|r| r.is_inferred(metric)))
    }

    fn row(&self, subject: Subject, thresholds: &Thresholds) -> Option<(Row, Test)> {
        let sides = [self.samples(self.before, subject), self.samples(self.after, subject)];
        let what = match subject {
            Subject::Metric(metric) if metric.is_timing() => What::Typical,
            _ => What::Mean,
        };
        let phased = self.steadiness.phased;
        let [before, after] = [figure(&sides[0], what, phased), figure(&sides[1], what, phased)];
        if before.n == 0 && after.n == 0 {
            return None;
        }
        let inferred = [self.inferred(self.before, subject), self.inferred(self.after, subject)];
        let mut row = Row {
            group: self.group,
            subject,
            before,
            after,
            p95: (what == What::Typical).then(|| (p95(&sides[0], phased), p95(&sides[1], phased))),
            ratio: None,
            difference: None,
            probability: None,
            inferred: inferred[0] || inferred[1],
            verdict: Verdict::NoChangeSeen,
        };
        let threshold = thresholds.get(subject);
        let refused = self
            .refused
            .clone()
            .or_else(|| few(&sides))
            .or_else(|| (inferred[0] != inferred[1]).then_some(Refusal::AnotherEvidence));
        if let Some(refusal) = refused {
            row.verdict = Verdict::NotComparable(refusal);
            return Some((row, None));
        }
        match differ(&sides, what, subject, self.steadiness) {
            Err(refusal) => {
                row.verdict = Verdict::NotComparable(refusal.told(threshold));
                Some((row, None))
            }
            Ok(difference) => {
                let limit = row.tell(&difference, what, threshold);
                let (rise, fall) = difference.tails(limit);
                let mut test = if subject.more_is_worse() { (rise, fall) } else { (fall, rise) };
                if what == What::Typical {
                    // a tail that grows alone counts as well: two tests share the chance of a false alarm
                    let tail = tails(&sides, threshold, self.steadiness);
                    let either = |whole: f64, tail: f64| {
                        (whole / OF_THE_WHOLE).min(tail / (1.0 - OF_THE_WHOLE)).min(1.0)
                    };
                    test = (either(test.0, tail.0), either(test.1, tail.1));
                }
                Some((row, Some(test)))
            }
        }
    }
}

impl Row {
    // fills in what the sides differ by; what of it is the threshold, on the scale of the test
    fn tell(&mut self, difference: &Difference, what: What, threshold: f64) -> f64 {
        let (low, high) = difference.interval(TAIL);
        if what == What::Typical {
            self.ratio = Some((difference.at.exp(), low.exp(), high.exp()));
            return threshold.ln_1p();
        }
        self.difference = Some((difference.at, low, high));
        let before = self.before.value.unwrap_or(0.0);
        if before > 0.0 {
            self.ratio = Some((
                1.0 + difference.at / before,
                (1.0 + low / before).max(0.0),
                (1.0 + high / before).max(0.0),
            ));
        }
        threshold * before
    }
}

enum NoDifference {
    Variable(TooVariable),
    AnotherMix,
}

impl NoDifference {
    fn told(self, threshold: f64) -> Refusal {
        match self {
            Self::AnotherMix => Refusal::AnotherMix,
            Self::Variable(variable) => {
                let size = threshold.max(OF_INTEREST);
                Refusal::TooVariable { size, runs: variable.runs_needed(size.ln_1p(), TAIL) }
            }
        }
    }
}

fn differ(
    sides: &[Vec<Sample<'_>>; 2],
    what: What,
    subject: Subject,
    steadiness: Steadiness,
) -> Result<Difference, NoDifference> {
    let weights = comparable::weights(sides).map_err(|_| NoDifference::AnotherMix)?;
    let of = |side: &Vec<Sample<'_>>| -> Option<Vec<Estimate>> {
        let of_run = |sample: &Sample<'_>| {
            let mut found = estimate(sample, what, &weights, steadiness.phased)?;
            found.spread.unsettled |= steadiness.unsettled && what == What::Typical;
            Some(found)
        };
        side.iter().map(of_run).collect()
    };
    let (Some(before), Some(after)) = (of(&sides[0]), of(&sides[1])) else {
        return Err(NoDifference::AnotherMix);
    };
    let n = sides.iter().flatten().map(|s| s.values.len()).min().unwrap_or(1).max(1) as f64;
    let floor = match (what, subject) {
        // the score of no difference: a share of 0 is not known to be 0
        (_, Subject::ErrorRate) => {
            let all: Vec<f64> = sides.iter().flatten().flat_map(|s| s.values.iter().copied()).collect();
            let share = super::statistics::mean(&all);
            share * (1.0 - share) / n
        }
        // whole milliseconds, whole calls
        (What::Typical, _) => 1e-8,
        (What::Mean, _) => 1.0 / (12.0 * n),
    };
    Difference::of(&before, &after, floor).map_err(NoDifference::Variable)
}

// whether the share of slow ones has changed: of values above the 95th percentile of both sides together
fn tails(sides: &[Vec<Sample<'_>>; 2], threshold: f64, steadiness: Steadiness) -> (f64, f64) {
    let pooled: Vec<f64> = sides.iter().flatten().flat_map(|s| s.values.iter().copied()).collect();
    let Some(limit) = quantile::quantile(&pooled, 0.95, TAIL, false) else { return (1.0, 1.0) };
    let share = |side: &Vec<Sample<'_>>, scale: f64| -> Vec<Estimate> {
        let above = |s: &Sample<'_>| {
            let scaled: Vec<f64> = s.values.iter().map(|v| v * scale).collect();
            Estimate {
                at: quantile::share_above(&scaled, limit.at),
                spread: quantile::above(&scaled, limit.at, steadiness.phased),
                n: s.values.len(),
            }
        };
        side.iter().map(above).collect()
    };
    let n = sides.iter().flatten().map(|s| s.values.len()).min().unwrap_or(1).max(1) as f64;
    let floor = 0.05 * 0.95 / n;
    let tail = |before: f64, after: f64| {
        Difference::of(&share(&sides[0], before), &share(&sides[1], after), floor)
            .map_or((1.0, 1.0), |d| d.tails(0.0))
    };
    let more = 1.0 + threshold;
    (tail(1.0, 1.0 / more).0, tail(1.0 / more, 1.0).1)
}

fn few(sides: &[Vec<Sample<'_>>; 2]) -> Option<Refusal> {
    let fewest = sides.iter().flatten().map(|s| s.values.len()).min().unwrap_or(0);
    (fewest < FEWEST).then_some(Refusal::TooFew { found: fewest, needed: FEWEST })
}

// medians of timings, means of all else: what the table of metrics shows
fn figure(side: &[Sample<'_>], what: What, phased: bool) -> Figure {
    let values: Vec<f64> = side.iter().flat_map(|s| s.values.iter().copied()).collect();
    let n = values.len();
    if n == 0 {
        return Figure::default();
    }
    match what {
        What::Typical => percentile(&values, 0.5, phased),
        What::Mean => Figure { value: Some(super::statistics::mean(&values)), interval: None, n },
    }
}

fn p95(side: &[Sample<'_>], phased: bool) -> Figure {
    percentile(&side.iter().flat_map(|s| s.values.iter().copied()).collect::<Vec<_>>(), 0.95, phased)
}

fn percentile(values: &[f64], p: f64, phased: bool) -> Figure {
    let found = quantile::quantile(values, p, TAIL, phased);
    Figure { value: found.map(|q| q.at), interval: found.map(|q| q.interval), n: values.len() }
}

fn hold_discoveries(rows: &mut [Row], tests: &[Test]) {
    for (family, share) in FALSE_ALARMS.into_iter().enumerate() {
        let own = |row: &Row| row.group.is_none() == (family == 0);
        let of: Vec<(usize, (f64, f64))> = tests
            .iter()
            .enumerate()
            .filter(|(i, _)| own(&rows[*i]))
            .filter_map(|(i, t)| Some((i, (*t)?)))
            .collect();
        let both: Vec<f64> =
            of.iter().map(|(_, (worse, better))| (2.0 * worse.min(*better)).min(1.0)).collect();
        for ((index, (worse, better)), probability) in of.iter().zip(discovery::adjusted(&both)) {
            let row = &mut rows[*index];
            row.probability = Some(probability);
            if probability <= share {
                row.verdict = if worse < better { Verdict::Regressed } else { Verdict::Improved };
            }
        }
    }
}

// katello#11701 moves work from the create to the fact update
fn tell_moved_work(rows: &mut [Row]) {
    let groups: Vec<Option<Group>> = rows.iter().map(|r| r.group).collect();
    for group in groups {
        let at = |rows: &[Row], metric: Metric| {
            rows.iter().position(|r| r.group == group && r.subject == Subject::Metric(metric))
        };
        let (Some(create), Some(facts), Some(both)) = (
            at(rows, Metric::ConsumerCreateMs),
            at(rows, Metric::FactUpdateMs),
            at(rows, Metric::CreateAndFactsMs),
        ) else {
            continue;
        };
        let opposite = matches!(
            (&rows[create].verdict, &rows[facts].verdict),
            (Verdict::Improved, Verdict::Regressed) | (Verdict::Regressed, Verdict::Improved)
        );
        if opposite && rows[both].verdict == Verdict::NoChangeSeen {
            rows[create].verdict = Verdict::Moved;
            rows[facts].verdict = Verdict::Moved;
        }
    }
}

#[cfg(test)]
mod tests;
