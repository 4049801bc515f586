//! A series in, its change points with their probabilities out: E-divisive.
//!
//! D. S. Matteson, N. A. James, A nonparametric approach for multiple change point analysis of multivariate data, 2014.
//! The series is divided where the energy statistic is largest, then the stretch that divides best, and so on, for as
//! long as fewer shuffles than the level allows divide as well. Values are shuffled inside their stretches, by a
//! generator of fixed seed: the same series gives the same answer.

use super::energy::best_split;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Of the shuffles.
pub const SEED: u64 = 20_140_409;
/// Shuffles a test; the least probability that they can show is 1 in one more.
pub const SHUFFLES: u32 = 1999;
/// With so many shuffles that divide as well a test ends early: its probability is known well enough (J. Besag,
/// P. Clifford, Sequential Monte Carlo p-values, 1991).
const ENOUGH: u32 = 50;
/// Equal statistics of the same values in another order differ by rounding alone.
const ROUNDING: f64 = 1.0 - 1e-9;

/// A change point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The first value after it.
    pub at: usize,
    /// Of values that are all alike dividing so well.
    pub probability: f64,
}

/// The best place to divide a series next, between change points that it has already; none where no stretch is long
/// enough or differs in itself.
pub fn next_change(values: &[f64], found: &[Change], least: usize) -> Option<Change> {
    let mut bounds: Vec<usize> = found.iter().map(|c| c.at).chain([0, values.len()]).collect();
    bounds.sort_unstable();
    let best = |values: &[f64]| {
        let splits = bounds.windows(2).filter_map(|w| {
            let split = best_split(values.get(w[0]..w[1])?, least)?;
            Some((w[0] + split.at, split.statistic))
        });
        splits.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
    };
    let (at, statistic) = best(values)?;
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    random.set_stream(found.len() as u64);
    let mut shuffled = values.to_vec();
    let (mut tried, mut as_well) = (0, 0);
    while tried < SHUFFLES && as_well < ENOUGH {
        for w in bounds.windows(2) {
            if let Some(stretch) = shuffled.get_mut(w[0]..w[1]) {
                stretch.shuffle(&mut random);
            }
        }
        tried += 1;
        as_well += u32::from(best(&shuffled).is_some_and(|(_, s)| s >= statistic * ROUNDING));
    }
    let probability = if as_well == ENOUGH {
        f64::from(as_well) / f64::from(tried)
    } else {
        f64::from(as_well + 1) / f64::from(tried + 1)
    };
    Some(Change { at, probability })
}

/// All change points whose probability is at most `level`, in order; `first` is what `next_change` says of the whole
/// series.
pub fn changes(values: &[f64], first: Change, level: f64, least: usize) -> Vec<Change> {
    let mut found = Vec::new();
    let mut next = Some(first);
    while let Some(change) = next.filter(|c| c.probability <= level) {
        found.push(change);
        next = next_change(values, &found, least);
    }
    found.sort_by_key(|c| c.at);
    found
}

/// Values that a series must have before any change in it can be as improbable as `level`: of n values the two halves
/// of a perfect step come up in 2 of the n-choose-half ways to share them out.
pub fn values_needed(level: f64, least: usize) -> usize {
    let mut ways = 1.0;
    let mut n = 0;
    while n < 2 * least.max(2) || 2.0 / ways > level {
        n += 1;
        // C(n, n/2) from the one before
        ways *= n as f64 / n.div_ceil(2) as f64;
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(values: &[f64]) -> Vec<usize> {
        let Some(first) = next_change(values, &[], 3) else { return Vec::new() };
        changes(values, first, 0.05, 3).iter().map(|c| c.at).collect()
    }

    // the same wobble around each level
    fn levels(of: &[(usize, f64)]) -> Vec<f64> {
        let wobble = [0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 1.5];
        let all = of.iter().flat_map(|(n, level)| std::iter::repeat_n(*level, *n));
        all.enumerate().map(|(i, level)| level + wobble[i * 5 % 8]).collect()
    }

    #[test]
    fn a_step_is_found_where_it_is() {
        assert_eq!(found(&levels(&[(12, 100.0), (8, 120.0)])), [12]);
        assert_eq!(found(&levels(&[(10, 100.0), (10, 80.0), (10, 120.0)])), [10, 20]);
    }

    #[test]
    fn values_that_only_wobble_have_no_change() {
        assert_eq!(found(&levels(&[(30, 100.0)])), [0; 0]);
        assert_eq!(found(&[5.0; 30]), [0; 0]);
        assert_eq!(found(&[1.0, 9.0]), [0; 0]);
    }

    #[test]
    fn one_value_far_off_is_no_change() {
        let mut values = levels(&[(24, 100.0)]);
        values[11] = 900.0;
        assert_eq!(found(&values), [0; 0]);
    }

    #[test]
    fn the_same_series_gives_the_same_probability() {
        let values = levels(&[(7, 100.0), (7, 102.0)]);
        let first = next_change(&values, &[], 3).unwrap();
        assert_eq!(next_change(&values, &[], 3), Some(first));
        assert!(first.probability > 0.0 && first.probability <= 1.0);
    }

    // C(8, 4) = 70 and 2/70 = 2.9 %, C(7, 3) = 35 and 5.7 %; C(10, 5) = 252 and 0.8 %, C(9, 4) = 126 and 1.6 %
    #[test]
    fn so_many_values_are_needed() {
        let needed =
            [(0.05, 3), (0.01, 3), (0.05, 6), (0.2, 2)].map(|(level, least)| values_needed(level, least));
        assert_eq!(needed, [8, 10, 12, 5]);
    }
}
