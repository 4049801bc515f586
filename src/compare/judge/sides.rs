//! One group of both sides in, a row and its test out.

use super::measure::{Measured, differ, figure, percentile, tails};
use super::{Options, Row, Subject, Test, Verdict, together};
use crate::compare::comparable::{self, FEWEST, Refusal, another_evidence};
use crate::compare::estimate::{Difference, Sample, What, estimate, log_of_ms};
use crate::compare::run::{Answered, Registration, Run};
use crate::compare::slices;
use crate::kept::requests::Call;
use crate::metrics::answer::Metric;
use crate::registration::session::Group;
use std::collections::BTreeMap;

/// Of a timing's two tests, what the one of the whole distribution counts for; the rest is the tail's.
pub(super) const OF_THE_WHOLE: f64 = 0.8;
/// Values above a percentile that are needed for it.
const ABOVE: f64 = 5.0;
/// Sessions that must have a figure of their own, or the group's average is taken.
const MOST: f64 = 0.8;

/// Timings that a registration tells for itself, no two of the same request.
const TIMINGS: [Metric; 3] = [Metric::ConsumerCreateMs, Metric::HostRegisterMs, Metric::FactUpdateMs];

/// What the runs are like: a server's slow phases touch every timing of every group.
#[derive(Clone, Copy, Default)]
pub(super) struct Steadiness {
    /// Any run has slow phases.
    pub phased: bool,
    /// So long ones that it does not tell how another run would be.
    pub unsettled: bool,
}

impl Steadiness {
    pub fn of<'a>(runs: impl Iterator<Item = &'a Run>) -> Self {
        let mut found = Self::default();
        for run in runs {
            let of = |value: &dyn Fn(&Registration) -> Option<f64>| {
                let told =
                    run.registrations.iter().filter_map(|r| Some((log_of_ms(value(r)?), r.part.as_ref())));
                let (values, parts) = told.unzip();
                let sample = Sample { values, parts };
                estimate(&sample, What::Typical, &BTreeMap::new(), false).map(|of_run| of_run.spread)
            };
            let alone = TIMINGS.map(|metric| of(&|r| r.value(metric)));
            // what touches all timings alike stands out of their mean, in which the noise of each is smaller
            let together = of(&geometric_mean);
            for spread in alone.into_iter().chain([together]).flatten() {
                found.phased |= spread.inflation > 1.0;
                found.unsettled |= spread.unsettled;
            }
        }
        found
    }
}

// none where a timing is missing
fn geometric_mean(registration: &Registration) -> Option<f64> {
    let mut product = 1.0;
    for metric in TIMINGS {
        product *= registration.value(metric)?.max(0.5);
    }
    Some(product.powf(1.0 / TIMINGS.len() as f64))
}

pub(super) struct Sides<'a> {
    pub steadiness: Steadiness,
    pub before: &'a [Run],
    pub after: &'a [Run],
    pub group: Option<Group>,
    pub refused: Option<Refusal>,
    /// Levels of load that are compared together with this one, and it.
    pub levels: usize,
    pub options: &'a Options,
}

impl<'a> Sides<'a> {
    pub fn of(&self, run: &'a Run) -> impl Iterator<Item = &'a Registration> + Clone {
        let group = self.group;
        run.registrations.iter().filter(move |r| group.is_none_or(|g| r.group == g))
    }

    pub fn attempts(&self, side: &'a [Run]) -> usize {
        side.iter().map(|run| self.of(run).count()).sum()
    }

    /// Why a row has no verdict of which one side has no value.
    pub fn one_sided(&self, row: &Row) -> Option<Refusal> {
        let (lacks, side) = match (row.before.n, row.after.n) {
            (0, _) => ("before", self.before),
            (_, 0) => ("after", self.after),
            _ => return None,
        };
        // a failed attempt fetched its script too: where there is none of it, its log is missing
        let of_failed = matches!(
            row.subject,
            Subject::Metric(
                Metric::ScriptFetchMs | Metric::CapsuleScriptFetchMs | Metric::ScriptCacheHitRate
            )
        );
        let mut attempts = side.iter().flat_map(|run| self.of(run)).peekable();
        let none = !of_failed && attempts.peek().is_some() && attempts.all(|attempt| !attempt.success);
        Some(if none { Refusal::NoneSucceeded { side: lacks } } else { Refusal::OneSided { lacks } })
    }

    pub fn runs(&self) -> impl Iterator<Item = &'a Run> {
        self.before.iter().chain(self.after)
    }

    /// The row of a subject; none where neither side has any of it.
    pub fn row(&self, subject: Subject) -> Option<(Row, Test)> {
        match subject {
            Subject::Metric(metric @ (Metric::ScriptFetches | Metric::ScriptCacheHitRate)) => {
                self.row_of_averages(metric)
            }
            Subject::Metric(Metric::StatusCalls) if !self.sessions_tell(Metric::StatusCalls) => {
                self.row_of_averages(Metric::StatusCalls)
            }
            _ => self.row_of_values(subject),
        }
    }

    fn sessions_tell(&self, metric: Metric) -> bool {
        self.runs().all(|run| {
            let successes = || self.of(run).filter(|r| r.success);
            let told = successes().filter(|r| r.value(metric).is_some()).count();
            told as f64 >= MOST * successes().count() as f64
        })
    }

    fn row_of_values(&self, subject: Subject) -> Option<(Row, Test)> {
        let sides = [self.samples(self.before, subject), self.samples(self.after, subject)];
        let what = if subject.is_timing() { What::Typical } else { What::Mean };
        let phased = self.steadiness.phased;
        let [before, after] = [figure(&sides[0], what, phased), figure(&sides[1], what, phased)];
        if before.n == 0 && after.n == 0 {
            return None;
        }
        let inferred = [self.inferred(self.before, subject), self.inferred(self.after, subject)];
        let mut row = Row {
            inferred: inferred.iter().any(|s| *s > 0.0),
            ..Row::of(self.group, subject, before, after)
        };
        if what == What::Typical {
            let shown = self.options.shown();
            row.tail = Some((percentile(&sides[0], shown, phased), percentile(&sides[1], shown, phased)));
        }
        let refused = self
            .refused
            .clone()
            .or_else(|| self.one_sided(&row))
            .or_else(|| self.thinned(subject))
            .or_else(|| few(&sides, subject))
            .or_else(|| self.few_for_percentile(&sides, what))
            .or_else(|| another_evidence(inferred))
            .or_else(|| self.other_shares(subject));
        if let Some(refusal) = refused {
            row.verdict = Verdict::NotComparable(refusal);
            return Some((row, None));
        }
        let threshold = self.options.thresholds.get(subject);
        let measured = Measured { sides: &sides, what, subject, steadiness: self.steadiness };
        let difference = match differ(&measured) {
            Ok(difference) => difference,
            Err(none) => {
                row.verdict = Verdict::NotComparable(none.told(
                    what,
                    before.value.unwrap_or(0.0),
                    threshold,
                    together::tail_of_the_first(self.group, subject, self.levels),
                ));
                return Some((row, None));
            }
        };
        let mut test = test_of(&mut row, &difference, what, threshold);
        if what == What::Typical {
            // a tail that grows alone counts as well: two tests share the chance of a false alarm
            let tail = tails(&sides, self.options.shown(), threshold, phased, difference.by_runs);
            let either =
                |whole: f64, tail: f64| (whole / OF_THE_WHOLE).min(tail / (1.0 - OF_THE_WHOLE)).min(1.0);
            let [whole, tail_alone] = [test, tail].map(|(worse, better)| worse.min(better));
            row.by_tail =
                (tail_alone / (1.0 - OF_THE_WHOLE) < whole / OF_THE_WHOLE).then(|| self.options.shown());
            test = (either(test.0, tail.0), either(test.1, tail.1));
        }
        Some((row, Some(test)))
    }

    fn samples(&self, side: &'a [Run], subject: Subject) -> Vec<Sample<'a>> {
        let call = match subject {
            Subject::Metric(metric) => call_of(metric).filter(|_| self.has_requests()),
            Subject::Throughput => return side.iter().map(|run| slices::rates(self.of(run))).collect(),
            Subject::CreatesUnderWay => {
                return side.iter().map(|run| slices::under_way(self.of(run))).collect();
            }
            Subject::ErrorRate => None,
        };
        if let Some(call) = call {
            return side.iter().map(|run| self.requests(run, call)).collect();
        }
        let value = |r: &Registration| match subject {
            Subject::Metric(metric) => r.value(metric),
            Subject::ErrorRate | Subject::Throughput | Subject::CreatesUnderWay => {
                Some(f64::from(!r.success))
            }
        };
        side.iter()
            .map(|run| {
                let (values, parts) =
                    self.of(run).filter_map(|r| Some((value(r)?, comparable::part(r, self.group)))).unzip();
                Sample { values, parts }
            })
            .collect()
    }

    pub fn has_requests(&self) -> bool {
        self.runs().all(|run| run.requests.is_some())
    }

    fn answered(&self, run: &'a Run, call: Call) -> impl Iterator<Item = &'a Answered> {
        let group = self.group;
        let all = run.requests.iter().flatten();
        all.filter(move |r| r.call == call && group.is_none_or(|g| r.group == g))
    }

    fn requests(&self, run: &'a Run, call: Call) -> Sample<'a> {
        let part = |group: Group| if self.group.is_some() { "" } else { group.name() };
        let timed = self.answered(run, call).filter(|r| !r.ms.is_nan());
        let (values, parts) = timed.map(|r| (r.ms, part(r.group))).unzip();
        Sample { values, parts }
    }

    // the share of values that are inferred
    fn inferred(&self, side: &'a [Run], subject: Subject) -> f64 {
        let Subject::Metric(metric) = subject else { return 0.0 };
        match call_of(metric).filter(|_| self.has_requests()) {
            Some(call) => share(side.iter().flat_map(|run| self.answered(run, call)).map(|r| r.inferred)),
            None => share(
                side.iter()
                    .flat_map(|run| self.of(run))
                    .filter(|r| r.value(metric).is_some())
                    .map(|r| r.is_inferred(metric)),
            ),
        }
    }

    fn few_for_percentile(&self, sides: &[Vec<Sample<'_>>; 2], what: What) -> Option<Refusal> {
        let percentile = self.options.percentile.filter(|_| what == What::Typical)?;
        let share = percentile.min(1.0 - percentile);
        let found = sides.iter().flatten().map(|s| s.values.len()).min().unwrap_or(0);
        let needed = (ABOVE / share - 1e-9).ceil() as usize;
        (found < needed).then_some(Refusal::TooFewForPercentile { percentile, found, needed })
    }

    /// Whether the mix of clients differs by more than an average over all of them bears.
    pub fn another_mix(&self) -> bool {
        comparable::another_mix(&[
            self.samples(self.before, Subject::ErrorRate),
            self.samples(self.after, Subject::ErrorRate),
        ])
    }

    // how many hosts a group has was asked for: its throughput follows
    fn other_shares(&self, subject: Subject) -> Option<Refusal> {
        let of_all = Sides { group: None, refused: None, ..*self };
        let asked = subject.is_of_slices() && self.group.is_some();
        (asked && of_all.another_mix()).then_some(Refusal::AnotherMix)
    }
}

const fn call_of(metric: Metric) -> Option<Call> {
    match metric {
        Metric::ScriptFetchMs => Some(Call::Script),
        Metric::CapsuleScriptFetchMs => Some(Call::CapsuleScript),
        Metric::CapsuleHostRegisterMs => Some(Call::CapsuleHostRegister),
        _ => None,
    }
}

pub(super) fn test_of(row: &mut Row, difference: &Difference, what: What, threshold: f64) -> (f64, f64) {
    let limit = row.tell(difference, what, threshold);
    let (rise, fall) = difference.tails(limit);
    if row.subject.more_is_worse() { (rise, fall) } else { (fall, rise) }
}

fn few(sides: &[Vec<Sample<'_>>; 2], subject: Subject) -> Option<Refusal> {
    let found = sides.iter().flatten().map(|s| s.values.len()).min().unwrap_or(0);
    let of = if subject.is_of_slices() { "slices of time" } else { "values" };
    (found < FEWEST).then_some(Refusal::TooFew { found, needed: FEWEST, of })
}

fn share(of: impl Iterator<Item = bool>) -> f64 {
    let (mut all, mut found) = (0usize, 0usize);
    for is in of {
        all += 1;
        found += usize::from(is);
    }
    found as f64 / all.max(1) as f64
}
