//! A figure of each run in, a side's figure and what is known of it out; two sides in, the probability that nothing
//! has changed out.

use super::statistics::location::{Rough, location_from, rough};
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
    /// Where timings lie, given as their logarithms: a difference of two is a ratio.
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

impl Sample<'_> {
    /// Timings on the scale on which they are compared.
    pub fn logs(&self) -> Self {
        Self { values: self.values.iter().map(|ms| log_of_ms(*ms)).collect(), parts: self.parts.clone() }
    }

    fn places(&self, part: &str) -> Vec<usize> {
        (0..self.values.len()).filter(|i| self.parts[*i] == part).collect()
    }

    fn at(&self, places: &[usize]) -> Vec<f64> {
        places.iter().map(|i| self.values[*i]).collect()
    }
}

/// The logarithm of milliseconds; 0 ms is less than a half.
pub fn log_of_ms(ms: f64) -> f64 {
    ms.max(0.5).ln()
}

/// Where a run's values of each part of the mix lie roughly; under "" those of all, where parts are not weighed. Empty
/// where means are asked for.
pub type Roughly<'a> = BTreeMap<&'a str, Rough>;

/// Where the values of a run lie roughly; none where a part that counts has no value.
pub fn roughly<'a>(sample: &Sample<'_>, what: What, weights: &BTreeMap<&'a str, f64>) -> Option<Roughly<'a>> {
    match what {
        What::Mean => Some(Roughly::new()),
        What::Typical if weights.is_empty() => Some(Roughly::from([("", rough(&sample.values)?)])),
        What::Typical => {
            weights.keys().map(|part| Some((*part, rough(&sample.at(&sample.places(part)))?))).collect()
        }
    }
}

/// Gives all runs of both sides the same scale a part, so that what they differ by is not of their scales.
pub fn share_scale(runs: &mut [Roughly<'_>]) {
    let mut common = Roughly::new();
    let n = runs.len() as f64;
    for (part, rough) in runs.iter().flatten() {
        common.entry(*part).or_insert(Rough { median: 0.0, scale: 0.0 }).scale += rough.scale / n;
    }
    for (part, rough) in runs.iter_mut().flatten() {
        rough.scale = common.get(part).map_or(rough.scale, |common| common.scale);
    }
}

/// The figure of one run, `phased` where it is known to have slow phases; `weights` of the parts where the mix of the sides differs, empty where it does not.
/// None where a part that counts has no value.
pub fn estimate(
    sample: &Sample<'_>,
    what: What,
    weights: &BTreeMap<&str, f64>,
    phased: bool,
) -> Option<Estimate> {
    estimate_from(sample, &roughly(sample, what, weights)?, weights, phased)
}

/// The same, from where its values lie roughly.
pub fn estimate_from(
    sample: &Sample<'_>,
    rough: &Roughly<'_>,
    weights: &BTreeMap<&str, f64>,
    phased: bool,
) -> Option<Estimate> {
    let n = sample.values.len();
    if weights.is_empty() {
        let (at, influence) = one_part(&sample.values, rough.get(""))?;
        return Some(Estimate { at, spread: within_parts(&influence, &sample.parts, phased), n });
    }
    let (mut at, mut weighed) = (0.0, 0);
    let mut influence = vec![0.0; n];
    for (part, weight) in weights {
        let places = sample.places(part);
        weighed += places.len();
        let (here, of_part) = one_part(&sample.at(&places), rough.get(part))?;
        at += weight * here;
        // a part that counts for more than its share of the run does so in the error as well
        let scale = weight * n as f64 / places.len() as f64;
        for (place, value) in places.iter().zip(of_part) {
            influence[*place] = scale * value;
        }
    }
    // parts that are left out say nothing
    Some(Estimate { at, spread: spread::of_mean(&influence, phased), n: weighed })
}

// parts that come one after the other are no slow phases: what lies between them is no matter of time
fn within_parts(influence: &[f64], parts: &[&str], phased: bool) -> Spread {
    // there are few
    let mut found: Vec<(&str, f64, f64)> = Vec::new();
    let mut places = Vec::with_capacity(parts.len());
    for (value, part) in influence.iter().zip(parts) {
        let place = found.iter().position(|(name, ..)| name == part).unwrap_or_else(|| {
            found.push((*part, 0.0, 0.0));
            found.len() - 1
        });
        found[place].1 += value;
        found[place].2 += 1.0;
        places.push(place);
    }
    if found.len() < 2 {
        return spread::of_mean(influence, phased);
    }
    let means: Vec<f64> = found.into_iter().map(|(_, sum, n)| sum / n).collect();
    let inside: Vec<f64> = influence.iter().zip(places).map(|(value, place)| value - means[place]).collect();
    let mut spread = spread::of_mean(&inside, phased);
    // another run draws its hosts anew
    let between = (variance(influence) - variance(&inside)).max(0.0);
    spread.variance += between / influence.len() as f64;
    spread
}

// the mean where nothing says where they lie roughly
fn one_part(values: &[f64], rough: Option<&Rough>) -> Option<(f64, Vec<f64>)> {
    if values.is_empty() {
        return None;
    }
    if let Some(rough) = rough {
        let found = location_from(values, *rough);
        return Some((found.at, found.influence));
    }
    let at = mean(values);
    Some((at, values.iter().map(|v| v - at).collect()))
}

/// A side's figure, and what is known of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known {
    /// The mean of its runs' figures.
    pub at: f64,
    /// How it would vary.
    pub variance: f64,
    /// Values behind it.
    pub n: usize,
}

impl Known {
    fn of(runs: &[Estimate], variance: f64) -> Self {
        let at = mean(&runs.iter().map(|r| r.at).collect::<Vec<_>>());
        Self { at, variance, n: runs.iter().map(|r| r.n).sum() }
    }
}

/// What two sides differ by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Before and after.
    pub sides: [Known; 2],
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
        let known = |variances: [f64; 2], df: f64, by_runs: bool| {
            let sides = [Known::of(before, variances[0]), Known::of(after, variances[1])];
            let error = (variances[0] + variances[1]).sqrt();
            Self { at: sides[1].at - sides[0].at, error, df, by_runs, sides }
        };
        let within = sides.map(|runs| {
            runs.iter().map(|r| r.spread.variance).sum::<f64>() / (runs.len() * runs.len()) as f64
        });
        let inside = within[0] + within[1];
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
                Ok(known(within, df_inside, false))
            };
        }
        let squares = |runs: &[Estimate]| {
            let values: Vec<f64> = runs.iter().map(|r| r.at).collect();
            variance(&values) * (values.len() - 1) as f64
        };
        let of_a_run = (squares(before) + squares(after)) / df_between;
        let between = sides.map(|runs| of_a_run / runs.len() as f64);
        let sum = |variances: [f64; 2]| variances[0] + variances[1];
        let ratio = sum(between) / inside.max(f64::MIN_POSITIVE);
        let differ = f_tail(ratio, df_between, df_inside) < RUNS_DIFFER;
        // a run with slow phases bounds what it cannot know: runs that differ by less are believed, down to what
        // independent values would differ by
        let least = sides.map(|runs| {
            let alone = runs.iter().map(|r| r.spread.variance / r.spread.inflation.max(1.0)).sum::<f64>();
            alone / (runs.len() * runs.len()) as f64
        });
        Ok(if unsettled || differ {
            known(if sum(between) < sum(least) { least } else { between }, df_between, true)
        } else {
            known(within, df_inside.min(df_between + 30.0), false)
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
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, LogNormal};

    fn sample(random: &mut ChaCha8Rng, n: usize, ratio: f64) -> Sample<'static> {
        let timing = LogNormal::new(7.0, 0.6).unwrap();
        Sample {
            values: (0..n).map(|_| log_of_ms((ratio * timing.sample(random)).round())).collect(),
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
    fn two_peaks_raise_no_more_alarms_than_one() {
        // seven in ten from a cache; how many do not would move the scale as well
        let mut random = ChaCha8Rng::seed_from_u64(12);
        let timing = LogNormal::new(5.7, 0.6).unwrap();
        let none = BTreeMap::new();
        let mut false_ones = [0; 2];
        for _ in 0..400 {
            let sides = [(); 2].map(|()| {
                let of = |i: u32, random: &mut ChaCha8Rng| match random.random::<f64>() < 0.7 {
                    true => f64::from(2 + i % 4),
                    false => timing.sample(random),
                };
                let values = (0..150).map(|i| log_of_ms(of(i, &mut random))).collect();
                Sample { values, parts: vec![""; 150] }
            });
            let mut rough = sides.each_ref().map(|s| roughly(s, What::Typical, &none).unwrap());
            for (shared, false_ones) in false_ones.iter_mut().enumerate() {
                if shared == 1 {
                    share_scale(&mut rough);
                }
                let [before, after] =
                    [0, 1].map(|side| estimate_from(&sides[side], &rough[side], &none, false).unwrap());
                let found = Difference::of(&[before], &[after]).is_ok_and(|d| {
                    let (more, less) = d.tails(0.0);
                    more.min(less) < 0.025
                });
                *false_ones += usize::from(found);
            }
        }
        let [own, shared] = false_ones;
        assert!(shared <= 36 && own > 80, "{shared} of 400, {own} where each has its own scale");
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
