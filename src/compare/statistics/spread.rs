//! Influences of values in the order of time in, the variance of their mean from run to run out.
//!
//! A server has slow phases: sessions of one storm are not independent, and a variance that takes them for it makes
//! false alarms. Whether there are such phases is told from means of batches in time (an F test at several lengths of
//! batch); where there are, the variance comes from batches and their autocorrelation (W. K. Newey, K. D. West 1987),
//! with as few degrees of freedom as there are batches that count by themselves. A short run has the wider of both. Where
//! these are too few, one run cannot tell how much the next one would differ.

use super::{f_tail, mean, variance};

/// Batches at which phases are looked for.
const SCALES: [usize; 4] = [64, 32, 16, 8];
/// Values in a batch at least.
const FEWEST: usize = 5;
/// Below it, at any scale, values near in time are alike: four tests, of several figures of a run.
const ALIKE: f64 = 0.002;
/// Below it, batches of a short run are taken for what they are, with as few degrees of freedom.
const ALIKE_IN_SHORT: f64 = 0.05;
/// Batches from which the variance is taken where they are.
const BATCHES: usize = 32;
/// Below so many values the F tests see little: batches of `SHORT_BATCH` widen what they can.
const SHORT: usize = 250;
const SHORT_BATCH: usize = 10;
/// Batches that must count by themselves, or one run is not enough.
const ENOUGH: f64 = 12.0;

/// How an estimate would vary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Variance of the estimate.
    pub variance: f64,
    /// Degrees of freedom with which it is known.
    pub df: f64,
    /// By how much larger it is than if values were independent; 1 where they are taken for that.
    pub inflation: f64,
    /// Phases so long that this run does not tell how another would differ.
    pub unsettled: bool,
}

/// The spread of the mean of the values; `phased`: something else of the run told already that it has slow phases.
pub fn of_mean(influence: &[f64], phased: bool) -> Spread {
    let n = influence.len();
    let independent = variance(influence) / n.max(1) as f64;
    let alone =
        Spread { variance: independent, df: (n as f64 - 1.0).max(1.0), inflation: 1.0, unsettled: false };
    if n < FEWEST * SCALES[SCALES.len() - 1]
        || independent <= 0.0
        || !(phased || phases(influence, independent))
    {
        let short = (4 * SHORT_BATCH..SHORT).contains(&n);
        return if short { of_a_short_run(influence, alone) } else { alone };
    }
    let batches = means(influence, BATCHES.min(n / FEWEST));
    let count = batches.len() as f64;
    let own = variance(&batches);
    // few batches tell little of how alike neighbours are: that may widen what they vary by, not more
    let least = if batches.len() < BATCHES { own } else { own / 2.0 };
    let long_run = newey_west(&batches).max(least);
    let by_themselves = count * (own / long_run).min(1.0);
    // phases nearly as long as the run: a half of it is the longest piece that can be compared with another
    let halves = variance(&means(influence, 4)) / 2.0;
    let variance = (long_run / count).max(independent);
    let unsettled = by_themselves < ENOUGH;
    Spread {
        variance: if unsettled { variance.max(halves) } else { variance },
        df: (by_themselves - 1.0).max(1.0),
        inflation: variance / independent,
        unsettled,
    }
}

// not told to be phased, and not known to be flat: the wider of both variances
fn of_a_short_run(influence: &[f64], alone: Spread) -> Spread {
    let batches = means(influence, influence.len() / SHORT_BATCH);
    let count = batches.len() as f64;
    let own = variance(&batches) / count;
    let wider = Spread { variance: own.max(alone.variance), ..alone };
    let differ = f_tail(own / alone.variance.max(f64::MIN_POSITIVE), count - 1.0, alone.df);
    if differ < ALIKE_IN_SHORT { Spread { df: count - 1.0, ..wider } } else { wider }
}

// whether means of batches vary more than independent values would make them
fn phases(influence: &[f64], independent: f64) -> bool {
    let n = influence.len();
    SCALES.into_iter().filter(|batches| n / batches >= FEWEST).any(|batches| {
        let between = variance(&means(influence, batches)) / batches as f64;
        f_tail(between / independent, (batches - 1) as f64, (n - batches) as f64) < ALIKE
    })
}

// means of so many batches of nearly the same length
fn means(values: &[f64], batches: usize) -> Vec<f64> {
    let n = values.len();
    (0..batches).map(|i| mean(&values[i * n / batches..(i + 1) * n / batches])).collect()
}

// the variance of one batch's mean as if it stood alone, its neighbours' likeness counted in
fn newey_west(batches: &[f64]) -> f64 {
    let lags = (batches.len() / 7).max(1);
    let middle = mean(batches);
    let covariance = |lag: usize| {
        let pairs = batches.iter().zip(&batches[lag..]);
        pairs.map(|(a, b)| (a - middle) * (b - middle)).sum::<f64>() / (batches.len() - 1) as f64
    };
    let weighted = |lag: usize| (1.0 - lag as f64 / (lags + 1) as f64) * covariance(lag);
    covariance(0) + 2.0 * (1..=lags).map(weighted).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, Normal};

    // `level` of each of `phases` phases is drawn anew
    fn run(seed: u64, n: usize, phases: usize, level: f64) -> Vec<f64> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let (noise, levels) = (Normal::new(0.0, 1.0).unwrap(), Normal::new(0.0, level).unwrap());
        let drawn: Vec<f64> = (0..phases).map(|_| levels.sample(&mut random)).collect();
        (0..n).map(|i| drawn[i * phases / n] + noise.sample(&mut random)).collect()
    }

    fn spreads(n: usize, phases: usize, level: f64) -> (f64, f64, f64) {
        let runs: Vec<Vec<f64>> = (0..300).map(|seed| run(seed, n, phases, level)).collect();
        let real = variance(&runs.iter().map(|r| mean(r)).collect::<Vec<_>>());
        let found: Vec<Spread> = runs.iter().map(|r| of_mean(r, false)).collect();
        let told = mean(&found.iter().map(|s| s.variance).collect::<Vec<_>>());
        let unsettled = found.iter().filter(|s| s.unsettled).count() as f64 / 300.0;
        (told / real, unsettled, real)
    }

    #[test]
    fn independent_values_are_taken_for_that() {
        let (ratio, unsettled, _) = spreads(1500, 1500, 0.0);
        assert!((0.8..1.25).contains(&ratio) && unsettled < 0.02, "{ratio} {unsettled}");
    }

    #[test]
    fn short_phases_widen_it_and_long_ones_are_too_much_for_one_run() {
        let (ratio, unsettled, _) = spreads(3000, 60, 0.5);
        assert!((0.6..1.6).contains(&ratio) && unsettled < 0.3, "{ratio} {unsettled}");
        let (_, unsettled, _) = spreads(3000, 4, 0.5);
        assert!(unsettled > 0.85, "{unsettled}");
    }

    #[test]
    fn few_or_equal_values_do_no_harm() {
        assert_eq!(of_mean(&[], false).variance, 0.0);
        assert_eq!(of_mean(&[1.0], false).df, 1.0);
        assert_eq!(of_mean(&[0.0; 1000], false).variance, 0.0);
    }
}
