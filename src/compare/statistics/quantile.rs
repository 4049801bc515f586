//! A percentile and its interval, where values near in time may be alike.
//!
//! R. S. Woodruff 1952: an interval of the share at or below the percentile, turned into values through the order of
//! the values themselves. No density is estimated.

use super::spread::{Spread, of_mean};
use super::t_quantile;

/// A percentile and what is known of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantile {
    /// Nearest rank.
    pub at: f64,
    /// Its interval.
    pub interval: (f64, f64),
    /// The spread of the share at or below it.
    pub spread: Spread,
}

/// The percentile at the share `p` (0 to 1) of values in the order of time, with the interval that leaves out `tail` at
/// each end. None where fewer than `5 / min(p, 1 - p)` values would decide.
pub fn quantile(values: &[f64], p: f64, tail: f64, phased: bool) -> Option<Quantile> {
    let n = values.len();
    if (n as f64) * p.min(1.0 - p) < 5.0 {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = sorted[rank(n, p)];
    let spread = above(values, at, phased);
    let wide = t_quantile(tail, spread.df) * spread.variance.sqrt();
    let low = sorted[rank(n, (p - wide).max(0.0))];
    let high = sorted[rank(n, (p + wide).min(1.0))];
    Some(Quantile { at, interval: (low, high), spread })
}

/// The percentile alone, of however few values, of which no interval is known; none of nothing.
pub fn nearest_rank(values: &[f64], p: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    (!sorted.is_empty()).then(|| sorted[rank(sorted.len(), p)])
}

/// The spread of the share of values above a limit.
pub fn above(values: &[f64], limit: f64, phased: bool) -> Spread {
    let share = share_above(values, limit);
    of_mean(&values.iter().map(|v| f64::from(*v > limit) - share).collect::<Vec<_>>(), phased)
}

/// The share of values above a limit.
pub fn share_above(values: &[f64], limit: f64) -> f64 {
    values.iter().filter(|v| **v > limit).count() as f64 / values.len().max(1) as f64
}

// the smallest value with at least the share `p` at or below it
fn rank(n: usize, p: f64) -> usize {
    ((n as f64 * p).ceil() as usize).clamp(1, n) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn an_interval_holds_the_truth_as_often_as_it_says() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let mut held = 0;
        for _ in 0..400 {
            let values: Vec<f64> = (0..500).map(|_| random.random::<f64>()).collect();
            let (low, high) = quantile(&values, 0.9, 0.025, false).unwrap().interval;
            held += usize::from(low <= 0.9 && 0.9 <= high);
        }
        assert!((370..=396).contains(&held), "{held} of 400");
    }

    #[test]
    fn too_few_values_have_no_percentile() {
        assert!(
            quantile(&[1.0; 99], 0.95, 0.025, false).is_none()
                && quantile(&[1.0; 100], 0.95, 0.025, false).is_some()
        );
    }

    #[test]
    fn a_few_values_have_a_middle_one_that_is_the_one_of_many() {
        assert_eq!(nearest_rank(&[], 0.5), None);
        assert_eq!(nearest_rank(&[7.0], 0.5), Some(7.0));
        assert_eq!(nearest_rank(&[9.0, 1.0, 5.0, 3.0], 0.5), Some(3.0));
        let values: Vec<f64> = (0..40).map(|i| f64::from(i * 17 % 40)).collect();
        let many = quantile(&values, 0.5, 0.025, false).unwrap();
        assert_eq!(nearest_rank(&values, 0.5), Some(many.at));
    }
}
