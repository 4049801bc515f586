//! Two sides in, a row a group and figure out: both values, what they differ by, and the verdict.
//!
//! First every test is made (`sides`, `measure`), then the false-discovery rate is held over all of them together
//! (`together`): in one family for all registrations and in one for the groups, since the groups are parts of the same
//! registrations. Levels of load are compared each by itself; their tests are in the same two families.

mod averages;
mod limits;
mod measure;
mod sides;
mod together;

use super::comparable::{self, Refusal};
use super::estimate::{Difference, What};
use super::run::Run;
use crate::at_once::{cores, in_order};
use crate::metrics::answer::Metric;
use crate::registration::session::Group;
use limits::Limits;
use sides::{Sides, Steadiness};
use std::collections::BTreeMap;
pub use together::moves_alike;

/// Work has moved where one grew by at least this share of what the other shrank by.
const MOVED: f64 = 0.25;
/// Outside of an interval, at each end.
pub const TAIL: f64 = 0.025;
/// Of timings, the percentile that is shown and judged beside the whole distribution where nobody names another.
pub const PERCENTILE: f64 = 0.95;

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A metric.
    Metric(Metric),
    /// Failed attempts of all attempts.
    ErrorRate,
    /// Successful registrations a second, while the middle 95 % of them came.
    Throughput,
    /// Successful creates at the same time, meanwhile.
    CreatesUnderWay,
}

impl Subject {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Metric(metric) => metric.name(),
            Self::ErrorRate => "error_rate",
            Self::Throughput => "throughput",
            Self::CreatesUnderWay => "creates_under_way",
        }
    }

    /// Whether more of it is worse; of a hit rate and of throughput more is better.
    pub const fn more_is_worse(self) -> bool {
        !matches!(self, Self::Metric(Metric::ScriptCacheHitRate) | Self::Throughput)
    }

    /// Whether it is a share, which is told in per cent, and its changes in points.
    pub const fn is_share(self) -> bool {
        match self {
            Self::Metric(metric) => metric.is_share(),
            Self::ErrorRate => true,
            Self::Throughput | Self::CreatesUnderWay => false,
        }
    }

    /// Whether slices of time tell it, of which a short storm has too few.
    pub const fn is_of_slices(self) -> bool {
        matches!(self, Self::Throughput | Self::CreatesUnderWay)
    }

    /// Whether exact values may stand against inferred ones: the cache that was deployed writes the lines by which its
    /// hit rate is exact.
    pub const fn bears_any_evidence(self) -> bool {
        matches!(self, Self::Metric(Metric::ScriptCacheHitRate))
    }

    /// The first figure of the same requests: what changes these may change every figure of them.
    pub const fn of_requests(self) -> Self {
        match self {
            Self::Metric(Metric::FactUpdateMs | Metric::CreateAndFactsMs) | Self::CreatesUnderWay => {
                Self::Metric(Metric::ConsumerCreateMs)
            }
            Self::Metric(Metric::CapsuleHostRegisterMs) => Self::Metric(Metric::HostRegisterMs),
            Self::Metric(
                Metric::CapsuleScriptFetchMs | Metric::ScriptFetches | Metric::ScriptCacheHitRate,
            ) => Self::Metric(Metric::ScriptFetchMs),
            other => other,
        }
    }

    /// Whether it is a time; else a mean, a share or a rate.
    pub const fn is_timing(self) -> bool {
        matches!(self, Self::Metric(metric) if metric.is_timing())
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
    /// Work went from the create to the fact update, or back: `create_and_facts_ms` says what was gained.
    Moved,
    /// No verdict, and why.
    NotComparable(Refusal),
}

impl Verdict {
    /// Something changed.
    pub const fn is_change(&self) -> bool {
        matches!(self, Self::Improved | Self::Regressed | Self::Moved)
    }

    /// One got better, the other worse.
    pub const fn is_opposite(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Improved, Self::Regressed) | (Self::Regressed, Self::Improved))
    }
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
    /// Median of timings, mean of counts, share of failures or hits, rate of throughput.
    pub before: Figure,
    /// See `before`.
    pub after: Figure,
    /// The percentile of `Options` on both sides, of timings.
    pub tail: Option<(Figure, Figure)>,
    /// After over before, with its interval; of counts, shares and rates none where before may be 0.
    pub ratio: Option<(f64, f64, f64)>,
    /// After less before, with its interval; of timings what the ratio makes of the median before, in milliseconds.
    pub difference: Option<(f64, f64, f64)>,
    /// The probability of so large a change by chance, over all tests of the family.
    pub probability: Option<f64>,
    /// Whether any value is inferred.
    pub inferred: bool,
    /// What came of it.
    pub verdict: Verdict,
    /// The percentile whose test decided, where the whole distribution alone would not have.
    pub by_tail: Option<f64>,
    /// Of a create or a fact update that changed, what came of both together.
    pub together: Option<Verdict>,
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

/// What is asked of a comparison.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// What counts as a change.
    pub thresholds: Thresholds,
    /// The percentile of timings (0 to 1) that must have a verdict; without it `PERCENTILE`, where values suffice.
    pub percentile: Option<f64>,
}

impl Options {
    /// The percentile that is shown.
    pub fn shown(&self) -> f64 {
        self.percentile.unwrap_or(PERCENTILE)
    }
}

/// Compares two sides.
pub fn compare(before: &[Run], after: &[Run], options: &Options) -> Vec<Row> {
    compare_all(&[(before, after)], options).pop().unwrap_or_default()
}

/// Compares the sides of each level, and holds the false-discovery rate over all of them together. A level that one
/// side lacks has no rows.
pub fn compare_all(levels: &[(&[Run], &[Run])], options: &Options) -> Vec<Vec<Row>> {
    let in_both = levels.iter().filter(|(before, after)| !before.is_empty() && !after.is_empty()).count();
    let mut tests = Vec::new();
    let mut rows: Vec<Vec<Row>> = Vec::new();
    for (before, after) in levels {
        let (own, of_own) = if before.is_empty() || after.is_empty() {
            (Vec::new(), Vec::new())
        } else {
            tested(before, after, in_both, options)
        };
        rows.push(own);
        tests.extend(of_own);
    }
    together::hold_discoveries(&mut rows.iter_mut().flatten().collect::<Vec<_>>(), &tests);
    rows.iter_mut().for_each(|rows| together::tell_moved_work(rows));
    rows
}

// rows of one level and their tests; verdicts of tests are still to come
fn tested(before: &[Run], after: &[Run], levels: usize, options: &Options) -> (Vec<Row>, Vec<Test>) {
    let steadiness = Steadiness::of(before.iter().chain(after));
    let refused = comparable::refusal(before, after);
    let groups: Vec<Option<Group>> = std::iter::once(None).chain(Group::ALL.into_iter().map(Some)).collect();
    let many = before.iter().chain(after).map(|run| run.registrations.len()).sum::<usize>() >= MANY;
    let found = in_order(&groups, if many { cores() } else { 1 }, |_, group| {
        let sides = Sides { before, after, group: *group, refused: None, levels, steadiness, options };
        if sides.attempts(before) == 0 && sides.attempts(after) == 0 {
            return Vec::new();
        }
        let refused = |subject| refused.clone().or_else(|| comparable::lost(before, after, subject));
        let row = |subject| (Sides { refused: refused(subject), ..sides }).row(subject);
        SUBJECTS.into_iter().filter_map(row).collect()
    });
    found.into_iter().flatten().unzip()
}

/// From so many registrations on groups are compared at the same time.
const MANY: usize = 8192;

/// What is compared, in the order in which it is shown.
pub const SUBJECTS: [Subject; 15] = [
    Subject::Metric(Metric::ConsumerCreateMs),
    Subject::Metric(Metric::FactUpdateMs),
    Subject::Metric(Metric::CreateAndFactsMs),
    Subject::Metric(Metric::HostRegisterMs),
    Subject::Metric(Metric::CapsuleHostRegisterMs),
    Subject::Metric(Metric::ScriptFetchMs),
    Subject::Metric(Metric::CapsuleScriptFetchMs),
    Subject::Metric(Metric::ScriptFetches),
    Subject::Metric(Metric::ScriptCacheHitRate),
    Subject::Metric(Metric::ComplianceCalls),
    Subject::Metric(Metric::StatusCalls),
    Subject::Metric(Metric::RedundantConsumerGets),
    Subject::ErrorRate,
    Subject::Throughput,
    Subject::CreatesUnderWay,
];

/// Probabilities of so much worse, and of so much better.
type Test = Option<(f64, f64)>;

impl Row {
    /// What both sides are; all else is still to be told.
    pub const fn of(group: Option<Group>, subject: Subject, before: Figure, after: Figure) -> Self {
        Self {
            group,
            subject,
            before,
            after,
            tail: None,
            by_tail: None,
            ratio: None,
            difference: None,
            probability: None,
            inferred: false,
            verdict: Verdict::NoChangeSeen,
            together: None,
        }
    }

    // fills in what the sides differ by; what of it is the threshold, on the scale of the test
    fn tell(&mut self, difference: &Difference, what: What, threshold: f64) -> f64 {
        let before = self.before.value.unwrap_or(0.0);
        if what == What::Typical {
            let (low, high) = difference.interval(TAIL);
            let ratio = [difference.at, low, high].map(f64::exp);
            self.ratio = Some(ratio.into());
            self.difference = Some(ratio.map(|ratio| before * (ratio - 1.0)).into());
            return threshold.ln_1p();
        }
        let limits = Limits::of(difference, self.subject.is_share(), TAIL);
        self.difference = Some(limits.difference);
        self.ratio = limits.ratio;
        threshold * before
    }
}

#[cfg(test)]
mod tests;
