//! Averages that only a group has in, a row and its test out; and where a script cache answers for the Satellite.

use super::sides::{Sides, test_of};
use super::{Figure, Row, Subject, Test, Verdict};
use crate::compare::comparable::{FEWEST, Refusal, another_evidence, fetches_an_attempt, thinned};
use crate::compare::estimate::{Difference, Estimate, What};
use crate::compare::run::{Average, Run};
use crate::compare::statistics::spread::Spread;
use crate::metrics::answer::Metric;
use crate::registration::session::Group;

/// Averages are kept to three decimals: they are so far off at most.
const ROUNDED: f64 = 0.0005;
/// Degrees of freedom of a variance that the counts themselves tell.
const KNOWN: f64 = 1e6;

impl<'a> Sides<'a> {
    fn averages(&self, side: &'a [Run], metric: Metric) -> Vec<Average> {
        let of_run = |run: &'a Run| {
            let average = run.average(self.group, metric)?;
            if metric != Metric::ScriptFetches {
                return Some(average);
            }
            let attempts = self.of(run).count() as u64;
            let at = fetches_an_attempt(average.at, average.n, attempts);
            Some(Average { at, n: attempts, ..average })
        };
        side.iter().map(|run| of_run(run).unwrap_or_default()).collect()
    }

    /// The row of an average: counts and shares as if requests came independently of each other.
    pub fn row_of_averages(&self, metric: Metric) -> Option<(Row, Test)> {
        let sides = [self.averages(self.before, metric), self.averages(self.after, metric)];
        let known = |side: &[Average]| Figure {
            value: pooled(side),
            interval: None,
            n: usize::try_from(side.iter().map(|a| a.n).sum::<u64>()).unwrap_or(usize::MAX),
        };
        let [before, after] = [known(&sides[0]), known(&sides[1])];
        if before.n == 0 && after.n == 0 {
            return None;
        }
        let subject = Subject::Metric(metric);
        let inferred = sides.each_ref().map(|side| {
            let found: u64 = side.iter().filter(|a| a.inferred).map(|a| a.n).sum();
            found as f64 / side.iter().map(|a| a.n).sum::<u64>().max(1) as f64
        });
        let mut row = Row {
            inferred: inferred.iter().any(|s| *s > 0.0),
            ..Row::of(self.group, subject, before, after)
        };
        let fewest = sides.iter().flatten().map(|a| a.n as usize).min().unwrap_or(0);
        let refused = self
            .refused
            .clone()
            .or_else(|| self.one_sided(&row))
            .or_else(|| {
                (fewest < FEWEST).then_some(Refusal::TooFew {
                    found: fewest,
                    needed: FEWEST,
                    of: "registrations",
                })
            })
            .or_else(|| another_evidence(inferred).filter(|_| !subject.bears_any_evidence()))
            .or_else(|| self.another_mix().then_some(Refusal::AnotherMix));
        if let Some(refusal) = refused {
            row.verdict = Verdict::NotComparable(refusal);
            return Some((row, None));
        }
        let together = pooled(&[sides[0].clone(), sides[1].clone()].concat())?;
        let of_one = self.variance_of_one(metric, together);
        let estimates =
            sides.each_ref().map(|side| side.iter().map(|a| of_average(a, of_one)).collect::<Vec<_>>());
        let difference = Difference::of(&estimates[0], &estimates[1]).ok()?;
        let threshold = self.options.thresholds.get(subject);
        let test = test_of(&mut row, &difference, What::Mean, threshold);
        Some((row, Some(test)))
    }

    // `pooled` of both sides, so that none is not known to be none
    fn variance_of_one(&self, metric: Metric, pooled: f64) -> f64 {
        if metric == Metric::ScriptFetches {
            // an attempt fetches its script from the Satellite once or, from a cache, not at all (as many as caches say
            // that they answered, and as are missing); what is more comes by chance
            let from_caches = self.answered_by_caches().max(1.0 - pooled).clamp(0.0, 1.0);
            return from_caches * (1.0 - from_caches) + (pooled - 1.0 + from_caches).max(0.0);
        }
        if metric.is_share() { pooled * (1.0 - pooled) } else { pooled }
    }

    // fetches an attempt that caches answered, of both sides together, where they tell
    fn answered_by_caches(&self) -> f64 {
        let (mut hits, mut attempts) = (0.0, 0usize);
        for run in self.runs() {
            if let Some(rate) = run.average(self.group, Metric::ScriptCacheHitRate) {
                hits += rate.at * rate.n as f64;
                attempts += self.of(run).count();
            }
        }
        hits / attempts.max(1) as f64
    }

    /// Whether a cache answers more on one side: a warm one takes what is quick, and leaves the Satellite the slow ones.
    pub fn thinned(&self, subject: Subject) -> Option<Refusal> {
        let pairs_only = match subject {
            Subject::Metric(Metric::ScriptFetchMs) => false,
            // without the requests themselves there are those only that reached the Satellite as well
            Subject::Metric(Metric::CapsuleScriptFetchMs) if !self.has_requests() => true,
            _ => return None,
        };
        // nothing stands between these hosts and the Satellite
        if self.group == Some(Group::SatelliteSsh) {
            return None;
        }
        let both = |metric: Metric| {
            let of = |side: &'a [Run]| pooled(&self.averages(side, metric));
            of(self.before).zip(of(self.after))
        };
        let (before, after) = both(Metric::ScriptFetches)?;
        thinned((before, after), both(Metric::ScriptCacheHitRate)).then_some(Refusal::Thinned {
            before,
            after,
            pairs_only,
        })
    }
}

fn pooled(side: &[Average]) -> Option<f64> {
    let n: u64 = side.iter().map(|a| a.n).sum();
    (n > 0).then(|| side.iter().map(|a| a.at * a.n as f64).sum::<f64>() / n as f64)
}

fn of_average(average: &Average, of_one: f64) -> Estimate {
    let n = average.n.max(1) as f64;
    // where nothing varies what is left is how it was rounded
    let spread = Spread {
        variance: (of_one + 1.0 / n) / n + ROUNDED.powi(2),
        df: KNOWN,
        inflation: 1.0,
        unsettled: false,
    };
    Estimate { at: average.at, spread, n: average.n as usize }
}
