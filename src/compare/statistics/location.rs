//! Where values lie, by Huber's M-estimate: nearly as sharp as the mean where they are normal, and not led away by the
//! few that are far off. P. J. Huber, Robust estimation of a location parameter, 1964.

use super::mean;

/// In units of the scale; 99 % of the mean's efficiency where values are normal.
const TUNING: f64 = 2.0;
/// The median of absolute deviations as a standard deviation, where values are normal.
const NORMAL: f64 = 1.4826;
const STEPS: usize = 50;

/// A location, and what each value adds to its error.
#[derive(Clone, Debug, PartialEq)]
pub struct Location {
    /// Where they lie.
    pub at: f64,
    /// The influence of each value, in the order of the values; their mean is 0, their variance that of one value.
    pub influence: Vec<f64>,
}

/// Where values lie roughly, and how far from each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rough {
    /// The middle value.
    pub median: f64,
    /// The median of absolute deviations, as a standard deviation.
    pub scale: f64,
}

/// Where the values lie roughly; none of nothing.
pub fn rough(values: &[f64]) -> Option<Rough> {
    let middle = median(values.to_vec())?;
    let scale = NORMAL * median(values.iter().map(|v| (v - middle).abs()).collect())?;
    Some(Rough { median: middle, scale })
}

/// The location of the values; none of nothing.
pub fn location(values: &[f64]) -> Option<Location> {
    Some(location_from(values, rough(values)?))
}

/// The location of the values, which are not none. Locations that are held against each other need one scale: its own
/// errors then touch both alike, which no influence tells (of timings with two peaks, such as a cache's, they are large).
pub fn location_from(values: &[f64], rough: Rough) -> Location {
    let Rough { median: start, scale } = rough;
    // more than half of them are the same: what is left to tell is the mean
    if scale <= f64::EPSILON * start.abs().max(1.0) {
        let at = mean(values);
        return Location { at, influence: values.iter().map(|v| v - at).collect() };
    }
    let bound = TUNING * scale;
    let mut at = start;
    for _ in 0..STEPS {
        let step = mean_of(values, |v| (v - at).clamp(-bound, bound)) / inside(values, at, bound);
        at += step;
        if step.abs() < 1e-10 * scale {
            break;
        }
    }
    let share = inside(values, at, bound);
    let influence = values.iter().map(|v| (v - at).clamp(-bound, bound) / share).collect();
    Location { at, influence }
}

fn mean_of(values: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    values.iter().map(|v| of(*v)).sum::<f64>() / values.len() as f64
}

// the share of values that count in full; never 0, since the median is among them
fn inside(values: &[f64], at: f64, bound: f64) -> f64 {
    mean_of(values, |v| f64::from((v - at).abs() <= bound)).max(1.0 / values.len() as f64)
}

/// The middle value; the mean of the two in the middle of an even number.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    let n = values.len();
    if n == 0 {
        return None;
    }
    let (below, middle, _) = values.select_nth_unstable_by(n / 2, f64::total_cmp);
    let middle = *middle;
    if n % 2 == 1 {
        return Some(middle);
    }
    let lower = below.iter().copied().max_by(f64::total_cmp)?;
    Some(f64::midpoint(lower, middle))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, Normal};

    #[test]
    fn few_values_far_off_do_not_lead_it_away() {
        let mut values: Vec<f64> = (0..100).map(f64::from).collect();
        let without = location(&values).unwrap().at;
        values.extend([1e6; 5]);
        assert!((location(&values).unwrap().at - without).abs() < 5.0);
    }

    #[test]
    fn it_varies_as_its_influence_says_and_nearly_as_little_as_the_mean() {
        let normal = Normal::new(3.0, 0.6).unwrap();
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let (mut found, mut told) = (Vec::new(), Vec::new());
        for _ in 0..400 {
            let values: Vec<f64> = (0..200).map(|_| normal.sample(&mut random)).collect();
            let location = location(&values).unwrap();
            found.push(location.at);
            told.push(super::super::variance(&location.influence) / 200.0);
        }
        let real = super::super::variance(&found);
        assert!((mean(&told) / real - 1.0).abs() < 0.2, "{} {real}", mean(&told));
        assert!((real / (0.36 / 200.0) - 1.01).abs() < 0.2, "{real}");
    }

    #[test]
    fn values_that_are_mostly_the_same_have_their_mean() {
        assert_eq!(location(&[2.0, 2.0, 2.0, 6.0]).unwrap().at, 3.0);
        assert_eq!(location(&[]), None);
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), Some(2.5));
    }
}
