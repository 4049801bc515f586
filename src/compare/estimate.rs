//! A figure of each run in, a side's figure and what is known of it out; two sides in, the probability that nothing
//! has changed out.

use super::statistics::location::location;
use super::statistics::spread::{self, Spread};
use super::statistics::{f_tail, mean, t_quantile, t_tail, variance};
use std::collections::BTreeMap;

/// Runs of a side that differ more than they do inside, below this probability, are taken as they differ.
const RUNS_DIFFER: f64 = 0.05;

/// Nobody makes more runs of a side.
pub const MOST_RUNS: usize = 100;

/// What is estimated of values in the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Where logarithms of timings lie: a difference of two is a ratio.
    Typical,
    /// The mean of calls a registration.
    Mean,
}

/// A figure of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The figure.
    pub at: f64,
    /// How it would vary from run to run, as far as this run tells.
    pub spread: Spread,
    /// Values behind it.
    pub n: usize,
}

/// Values of one run in the order of time, each with the part of the mix that it belongs to.
#[derive(Clone, Debug, Default)]
pub struct Sample<'a> {
    /// Values.
    pub values: Vec<f64>,
    /// The part of each.
    pub parts: Vec<&'a str>,
}

/// The figure of one run, `phased` where it is known to have slow phases; `weights` of the parts where the mix of the sides differs, empty where it does not.
/// None where a part that counts has no value.
pub fn estimate(
    sample: &Sample<'_>,
    what: What,
    weights: &BTreeMap<&str, f64>,
    phased: bool,
) -> Option<Estimate> {
    let n = sample.values.len();
    let values: Vec<f64> = match what {
        // 0 ms is less than a half
        What::Typical => sample.values.iter().map(|v| v.max(0.5).ln()).collect(),
        What::Mean => sample.values.clone(),
    };
    if weights.is_empty() {
        let (at, influence) = one_part(&values, what)?;
        return Some(Estimate { at, spread: within_parts(&influence, &sample.parts, phased), n });
    }
    let mut at = 0.0;
    let mut influence = vec![0.0; n];
    for (part, weight) in weights {
        let places: Vec<usize> = (0..n).filter(|i| sample.parts[*i] == *part).collect();
        let (here, of_part) = one_part(&places.iter().map(|i| values[*i]).collect::<Vec<_>>(), what)?;
        at += weight * here;
        // a part that counts for more than its share of the run does so in the error as well
        let scale = weight * n as f64 / places.len() as f64;
        for (place, value) in places.iter().zip(of_part) {
            influence[*place] = scale * value;
        }
    }
    Some(Estimate { at, spread: spread::of_mean(&influence, phased), n })
}

// parts that come one after the other are no slow phases: what lies between them is no matter of time
fn within_parts(influence: &[f64], parts: &[&str], phased: bool) -> Spread {
    let mut of_part: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for (value, part) in influence.iter().zip(parts) {
        let (sum, n) = of_part.entry(part).or_default();
        *sum += value;
        *n += 1.0;
    }
    if of_part.len() < 2 {
        return spread::of_mean(influence, phased);
    }
    let inside = |(value, part): (&f64, &&str)| value - of_part.get(part).map_or(0.0, |(sum, n)| sum / n);
    let inside: Vec<f64> = influence.iter().zip(parts).map(inside).collect();
    let mut spread = spread::of_mean(&inside, phased);
    // another run draws its hosts anew
    let between = (variance(influence) - variance(&inside)).max(0.0);
    spread.variance += between / influence.len() as f64;
    spread
}

fn one_part(values: &[f64], what: What) -> Option<(f64, Vec<f64>)> {
    match what {
        What::Typical => location(values).map(|l| (l.at, l.influence)),
        What::Mean if values.is_empty() => None,
        What::Mean => {
            let at = mean(values);
            Some((at, values.iter().map(|v| v - at).collect()))
        }
    }
}

/// What two sides differ by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// After less before.
    pub at: f64,
    /// Its standard error.
    pub error: f64,
    /// Degrees of freedom with which that is known.
    pub df: f64,
    /// The error is what runs of a side differ by.
    pub by_runs: bool,
}

/// Why two sides cannot be told apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TooVariable {
    /// The standard deviation of one run's figure.
    pub of_a_run: f64,
}

impl Difference {
    /// Two sides.
    ///
    /// # Errors
    /// One run a side, with phases so long that another run would differ by nobody knows how much.
    pub fn of(before: &[Estimate], after: &[Estimate]) -> Result<Self, TooVariable> {
        let sides = [before, after];
        let middle = |runs: &[Estimate]| mean(&runs.iter().map(|r| r.at).collect::<Vec<_>>());
        let at = middle(after) - middle(before);
        let within = |runs: &[Estimate]| {
            runs.iter().map(|r| r.spread.variance).sum::<f64>() / (runs.len() * runs.len()) as f64
        };
        let inside = within(before) + within(after);
        // Satterthwaite's
        let weakness = |runs: &[Estimate]| {
            let count = runs.len() as f64;
            runs.iter().map(|r| (r.spread.variance / (count * count)).powi(2) / r.spread.df).sum::<f64>()
        };
        let df_inside = inside.powi(2) / (weakness(before) + weakness(after)).max(f64::MIN_POSITIVE);
        let unsettled = sides.iter().any(|runs| runs.iter().any(|r| r.spread.unsettled));
        let df_between = (before.len() + after.len() - 2) as f64;
        if df_between < 1.0 {
            let worst = before.iter().chain(after).map(|r| r.spread.variance).fold(0.0, f64::max);
            return if unsettled {
                Err(TooVariable { of_a_run: worst.sqrt() })
            } else {
                Ok(Self { at, error: inside.sqrt(), df: df_inside, by_runs: false })
            };
        }
        let squares = |runs: &[Estimate]| {
            let values: Vec<f64> = runs.iter().map(|r| r.at).collect();
            variance(&values) * (values.len() - 1) as f64
        };
        let of_a_run = (squares(before) + squares(after)) / df_between;
        let between = of_a_run * (1.0 / before.len() as f64 + 1.0 / after.len() as f64);
        let differ = f_tail(between / inside.max(f64::MIN_POSITIVE), df_between, df_inside) < RUNS_DIFFER;
        // a run with slow phases bounds what it cannot know: runs that differ by less are believed, down to what
        // independent values would differ by
        let least = |runs: &[Estimate]| {
            let alone = runs.iter().map(|r| r.spread.variance / r.spread.inflation.max(1.0)).sum::<f64>();
            alone / (runs.len() * runs.len()) as f64
        };
        Ok(if unsettled || differ {
            let error = between.max(least(before) + least(after)).sqrt();
            Self { at, error, df: df_between, by_runs: true }
        } else {
            Self { at, error: inside.sqrt(), df: df_inside.min(df_between + 30.0), by_runs: false }
        })
    }

    /// The probability of so large a rise, and of so large a fall, where the truth is no more than `threshold`.
    pub fn tails(&self, threshold: f64) -> (f64, f64) {
        let tail = |distance: f64| match () {
            () if self.error > 0.0 => t_tail(distance / self.error, self.df),
            () if distance > 0.0 => 0.0,
            () => 1.0,
        };
        (tail(self.at - threshold), tail(-self.at - threshold))
    }

    /// The interval that leaves out `tail` at each end.
    pub fn interval(&self, tail: f64) -> (f64, f64) {
        let wide = t_quantile(tail, self.df) * self.error;
        (self.at - wide, self.at + wide)
    }
}

impl TooVariable {
    /// Runs a side that would find a change of `size` in nine of ten comparisons at `tail` in each direction; none
    /// where `MOST_RUNS` would not.
    pub fn runs_needed(&self, size: f64, tail: f64) -> Option<usize> {
        let needed = |runs: usize| {
            let df = (2 * runs - 2) as f64;
            let sure = t_quantile(tail, df) + t_quantile(0.1, df);
            2.0 * (self.of_a_run * sure / size).powi(2)
        };
        (2..=MOST_RUNS).find(|runs| needed(*runs) <= *runs as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, LogNormal};

    fn sample(random: &mut ChaCha8Rng, n: usize, ratio: f64) -> Sample<'static> {
        let timing = LogNormal::new(7.0, 0.6).unwrap();
        Sample {
            values: (0..n).map(|_| (ratio * timing.sample(random)).round()).collect(),
            parts: vec![""; n],
        }
    }

    fn found(n: usize, ratio: f64, tail: f64) -> usize {
        let mut random = ChaCha8Rng::seed_from_u64(11);
        let none = BTreeMap::new();
        let mut pair = || {
            let before = estimate(&sample(&mut random, n, 1.0), What::Typical, &none, false).unwrap();
            let after = estimate(&sample(&mut random, n, ratio), What::Typical, &none, false).unwrap();
            Difference::of(&[before], &[after]).is_ok_and(|d| d.tails(0.0).0 < tail)
        };
        (0..400).filter(|_| pair()).count()
    }

    #[test]
    fn alarms_come_as_often_as_they_may_and_changes_are_found() {
        let false_ones = found(1500, 1.0, 0.025);
        assert!((3..=18).contains(&false_ones), "{false_ones} of 400");
        assert!(found(1500, 1.1, 0.002) >= 370);
        assert!(found(300, 1.25, 0.004) >= 385);
    }

    #[test]
    fn another_mix_is_weighed_as_one_mix() {
        let values = vec![100.0, 100.0, 100.0, 1000.0];
        let mixed = Sample { values, parts: vec!["rhel-9", "rhel-9", "rhel-9", "rhel-10"] };
        let half = BTreeMap::from([("rhel-9", 0.5), ("rhel-10", 0.5)]);
        assert_eq!(estimate(&mixed, What::Mean, &half, false).unwrap().at, 550.0);
        assert!(estimate(&mixed, What::Mean, &BTreeMap::from([("rhel-8", 1.0)]), false).is_none());
    }

    #[test]
    fn runs_that_differ_are_taken_as_they_differ() {
        let run = |at: f64| Estimate {
            at,
            spread: Spread { variance: 1e-4, df: 1000.0, inflation: 1.0, unsettled: false },
            n: 1000,
        };
        let calm = Difference::of(&[run(1.0), run(1.01)], &[run(1.1), run(1.11)]).unwrap();
        let wild = Difference::of(&[run(1.0), run(1.3)], &[run(1.1), run(1.4)]).unwrap();
        assert!(calm.error < 0.02 && calm.df > 10.0, "{calm:?}");
        assert!(wild.error > 0.1 && wild.df == 2.0, "{wild:?}");
    }

    #[test]
    fn runs_that_agree_are_believed_whatever_each_could_not_know() {
        let spread = Spread { variance: 0.04, df: 3.0, inflation: 400.0, unsettled: true };
        let run = |at: f64| Estimate { at, spread, n: 1000 };
        let alike =
            Difference::of(&[run(1.0), run(1.01), run(0.99)], &[run(1.1), run(1.11), run(1.09)]).unwrap();
        assert!(alike.by_runs && alike.df == 4.0 && alike.tails(0.0).0 < 0.001, "{alike:?}");
        let same = Difference::of(&[run(1.0), run(1.0)], &[run(1.001), run(1.001)]).unwrap();
        assert!((same.error - 0.01).abs() < 1e-9, "{same:?}");
    }

    #[test]
    fn what_one_run_cannot_tell_says_how_many_would() {
        let long = Estimate {
            at: 1.0,
            spread: Spread { variance: 0.01, df: 3.0, inflation: 50.0, unsettled: true },
            n: 1000,
        };
        let none = Difference::of(std::slice::from_ref(&long), std::slice::from_ref(&long)).unwrap_err();
        let runs = none.runs_needed(0.1f64.ln_1p(), 0.025).unwrap();
        assert!((20..40).contains(&runs), "{runs}");
        assert_eq!(none.runs_needed(0.01, 0.025), None);
    }

    #[test]
    fn as_many_runs_as_are_told_find_it_in_nine_of_ten() {
        let (of_a_run, size, tail) = (0.1, 0.2, 0.001);
        let runs = TooVariable { of_a_run }.runs_needed(size, tail).unwrap();
        let mut random = ChaCha8Rng::seed_from_u64(4);
        let noise = rand_distr::Normal::new(0.0, of_a_run).unwrap();
        let spread = Spread { variance: of_a_run.powi(2), df: 3.0, inflation: 9.0, unsettled: true };
        let mut side = |at: f64| -> Vec<Estimate> {
            (0..runs).map(|_| Estimate { at: at + noise.sample(&mut random), spread, n: 900 }).collect()
        };
        let found =
            (0..1000).filter(|_| Difference::of(&side(0.0), &side(size)).unwrap().tails(0.0).0 < tail);
        let found = found.count();
        assert!((870..=960).contains(&found), "{found} of 1000 with {runs} runs");
    }
}
