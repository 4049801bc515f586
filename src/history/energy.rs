//! Values in the order of runs in, the place where they divide best out: the energy statistic of two stretches.
//!
//! G. J. Szekely, M. L. Rizzo, Energy statistics, 2013, with the exponent 1: how much further values of different
//! stretches are from each other than values of the same. It sees any change of the distribution, not of the mean alone.

/// Two stretches side by side, from the start to `at` and from there to `end`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// The first value of the second stretch.
    pub at: usize,
    /// Behind its last value.
    pub end: usize,
    /// The larger, the more the stretches differ.
    pub statistic: f64,
}

/// Sums of the distances between values, so that any two stretches are compared in constant time.
#[derive(Clone, Debug)]
struct Distances {
    n: usize,
    // row a, column b: the sum over all i < a, j < b of |x_i - x_j|
    sums: Vec<f64>,
}

impl Distances {
    fn of(values: &[f64]) -> Self {
        let n = values.len();
        let mut sums = vec![0.0; (n + 1) * (n + 1)];
        for (a, x) in values.iter().enumerate() {
            let (before, this) = sums.split_at_mut((a + 1) * (n + 1));
            let before = &before[a * (n + 1)..];
            let mut row = 0.0;
            for (b, y) in values.iter().enumerate() {
                row += (x - y).abs();
                this[b + 1] = before[b + 1] + row;
            }
        }
        Self { n, sums }
    }

    fn to(&self, a: usize, b: usize) -> f64 {
        self.sums[a * (self.n + 1) + b]
    }

    // over all pairs in from..to, each once
    fn within(&self, from: usize, to: usize) -> f64 {
        (self.to(to, to) - 2.0 * self.to(from, to) + self.to(from, from)) / 2.0
    }

    fn statistic(&self, at: usize, end: usize) -> f64 {
        let (n, m) = (at as f64, (end - at) as f64);
        let between = self.to(at, end) - self.to(at, at);
        let mean = |sum: f64, size: f64| sum / (size * (size - 1.0) / 2.0);
        let energy = 2.0 * between / (n * m) - mean(self.within(0, at), n) - mean(self.within(at, end), m);
        n * m / (n + m) * energy
    }
}

/// Where the values divide best, with at least `least` (2 or more) on either side; none where they are too few or do
/// not differ at all. The second stretch may end before the values do, so that a change which goes back is seen too.
pub fn best_split(values: &[f64], least: usize) -> Option<Split> {
    let least = least.max(2);
    if values.len() < 2 * least {
        return None;
    }
    let distances = Distances::of(values);
    let mut best: Option<Split> = None;
    for at in least..=values.len() - least {
        for end in at + least..=values.len() {
            let statistic = distances.statistic(at, end);
            if best.is_none_or(|b| statistic > b.statistic) {
                best = Some(Split { at, end, statistic });
            }
        }
    }
    best.filter(|b| b.statistic > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    // 1 1 2 | 5 6 6: between 4+5+5 + 4+5+5 + 3+4+4 = 39, so 2 * 39 / 9 = 26/3; within 1+1 of 3 pairs = 2/3 on either
    // side; energy 26/3 - 4/3 = 22/3, times 3 * 3 / 6
    #[test]
    fn the_statistic_is_the_one_computed_by_hand() {
        let distances = Distances::of(&[1.0, 1.0, 2.0, 5.0, 6.0, 6.0]);
        assert!((distances.statistic(3, 6) - 11.0).abs() < 1e-12, "{}", distances.statistic(3, 6));
        // 1 1 | 2 5: between 1+4+1+4 = 10, 2 * 10 / 4 = 5, within 0 and 3: 2, times 2 * 2 / 4
        assert!((distances.statistic(2, 4) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_step_divides_where_it_is() {
        let split = best_split(&[1.0, 1.0, 2.0, 5.0, 6.0, 6.0], 2).unwrap();
        assert_eq!((split.at, split.end), (3, 6));
        // up and back again: the second stretch ends where the values go back
        let up_and_back = [1.0, 1.1, 0.9, 1.0, 5.0, 5.1, 4.9, 5.0, 1.0, 1.1, 0.9, 1.0];
        let split = best_split(&up_and_back, 2).unwrap();
        assert_eq!((split.at, split.end), (4, 8));
    }

    #[test]
    fn what_is_short_or_constant_does_not_divide() {
        assert_eq!(best_split(&[1.0, 1.0, 9.0], 2), None);
        assert_eq!(best_split(&[7.0; 20], 3), None);
        assert_eq!(best_split(&[], 0), None);
    }
}
