//! Values of both sides in, what they differ by out: the whole distribution, and its tail.

use super::sides::{OF_THE_WHOLE, Steadiness};
use super::{Figure, Subject, TAIL};
use crate::compare::comparable::{self, Refusal};
use crate::compare::estimate::{
    Difference, Estimate, Roughly, Sample, TooVariable, What, estimate, estimate_from, roughly, share_scale,
};
use crate::compare::statistics::{mean, quantile};

/// What is shown of timings.
const MEDIAN: f64 = 0.5;
/// A change past the threshold that should have been found.
const OF_INTEREST: f64 = 0.10;

/// What is measured.
pub(super) struct Measured<'a, 'b> {
    pub sides: &'a [Vec<Sample<'b>>; 2],
    pub what: What,
    pub subject: Subject,
    pub steadiness: Steadiness,
}

/// Why there is no difference.
pub(super) enum NoDifference {
    Variable(TooVariable),
    AnotherMix,
}

impl NoDifference {
    /// `tail` is the probability at which a test counts, `before` the figure that a change is a share of.
    pub fn told(self, what: What, before: f64, threshold: f64, tail: f64) -> Refusal {
        match self {
            Self::AnotherMix => Refusal::AnotherMix,
            Self::Variable(variable) => {
                let size = threshold + OF_INTEREST;
                let (past, tail) = match what {
                    What::Typical => (size.ln_1p() - threshold.ln_1p(), tail * OF_THE_WHOLE),
                    // no test of a tail takes a part of it
                    What::Mean => (OF_INTEREST * before, tail),
                };
                Refusal::TooVariable { size, runs: variable.runs_needed(past, tail) }
            }
        }
    }
}

/// What the sides differ by.
pub(super) fn differ(measured: &Measured<'_, '_>) -> Result<Difference, NoDifference> {
    let Measured { sides, what, subject, steadiness } = *measured;
    let weights = comparable::weights(sides).map_err(|_| NoDifference::AnotherMix)?;
    let logs;
    let sides = match what {
        What::Typical => {
            logs = sides.each_ref().map(|side| side.iter().map(Sample::logs).collect::<Vec<_>>());
            &logs
        }
        What::Mean => sides,
    };
    let rough = sides.iter().flatten().map(|sample| roughly(sample, what, &weights));
    let Some(mut rough) = rough.collect::<Option<Vec<_>>>() else { return Err(NoDifference::AnotherMix) };
    share_scale(&mut rough);
    let (rough_before, rough_after) = rough.split_at(sides[0].len());
    // a storm that comes faster or slower for a while does so by itself
    let phased = steadiness.phased && subject != Subject::Throughput;
    let of = |side: &[Sample<'_>], rough: &[Roughly<'_>]| -> Option<Vec<Estimate>> {
        let of_run = |(sample, rough): (&Sample<'_>, &Roughly<'_>)| {
            let mut found = estimate_from(sample, rough, &weights, phased)?;
            found.spread.unsettled |= steadiness.unsettled && what == What::Typical;
            Some(found)
        };
        side.iter().zip(rough).map(of_run).collect()
    };
    let (Some(before), Some(after)) = (of(&sides[0], rough_before), of(&sides[1], rough_after)) else {
        return Err(NoDifference::AnotherMix);
    };
    // the variance of one value, at least
    let of_one = match subject {
        // the score of no difference: a share of 0 on one side is not known to be 0
        Subject::ErrorRate => {
            let all = sides.iter().flatten().flat_map(|s| s.values.iter().copied());
            let share = mean(&all.collect::<Vec<_>>());
            share * (1.0 - share)
        }
        Subject::Throughput | Subject::CreatesUnderWay => 0.0,
        // milliseconds of a second, on the scale of logarithms; calls are whole
        Subject::Metric(_) if what == What::Typical => 1e-6,
        Subject::Metric(_) => 1.0 / 12.0,
    };
    Difference::of(&at_least(before, of_one), &at_least(after, of_one)).map_err(NoDifference::Variable)
}

// no figure is known better than its values are
fn at_least(mut runs: Vec<Estimate>, of_one: f64) -> Vec<Estimate> {
    for run in &mut runs {
        run.spread.variance = run.spread.variance.max(of_one / run.n.max(1) as f64);
    }
    runs
}

/// Whether the share of slow ones has changed: of values above the percentile `p` of both sides together. Where runs
/// differ by more than chance as a whole (`by_runs`), so do their tails, though fewer values may not show it.
pub(super) fn tails(
    sides: &[Vec<Sample<'_>>; 2],
    p: f64,
    threshold: f64,
    phased: bool,
    by_runs: bool,
) -> (f64, f64) {
    let pooled: Vec<f64> = sides.iter().flatten().flat_map(|s| s.values.iter().copied()).collect();
    let Some(limit) = quantile::quantile(&pooled, p, TAIL, false) else { return (1.0, 1.0) };
    let Ok(weights) = comparable::weights(sides) else { return (1.0, 1.0) };
    let share = |side: &Vec<Sample<'_>>, scale: f64| -> Option<Vec<Estimate>> {
        let above = |s: &Sample<'_>| {
            let values = s.values.iter().map(|v| f64::from(v * scale > limit.at)).collect();
            let of_run = Sample { values, parts: s.parts.clone() };
            let mut found = estimate(&of_run, What::Mean, &weights, phased)?;
            found.spread.unsettled |= by_runs;
            Some(found)
        };
        side.iter().map(above).collect()
    };
    let tail = |before: f64, after: f64| {
        let of = |side: usize, scale: f64| Some(at_least(share(&sides[side], scale)?, p * (1.0 - p)));
        let difference = of(0, before).zip(of(1, after)).and_then(|(b, a)| Difference::of(&b, &a).ok());
        difference.map_or((1.0, 1.0), |d| d.tails(0.0))
    };
    let more = 1.0 + threshold;
    (tail(1.0, 1.0 / more).0, tail(1.0 / more, 1.0).1)
}

/// Medians of timings, means of all else: what the table of metrics shows.
pub(super) fn figure(side: &[Sample<'_>], what: What, phased: bool) -> Figure {
    let values = all(side);
    let n = values.len();
    if what == What::Typical {
        let Figure { value, interval, .. } = percentile(side, MEDIAN, phased);
        // the middle one of a few values is shown, though nothing tells how far another run's would be
        return Figure { value: value.or_else(|| quantile::nearest_rank(&values, MEDIAN)), interval, n };
    }
    Figure { value: (n > 0).then(|| mean(&values)), interval: None, n }
}

/// A percentile of all values of a side.
pub(super) fn percentile(side: &[Sample<'_>], p: f64, phased: bool) -> Figure {
    let values = all(side);
    let found = quantile::quantile(&values, p, TAIL, phased);
    Figure { value: found.map(|q| q.at), interval: found.map(|q| q.interval), n: values.len() }
}

fn all(side: &[Sample<'_>]) -> Vec<f64> {
    side.iter().flat_map(|s| s.values.iter().copied()).collect()
}
