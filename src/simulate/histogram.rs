//! Exact distributions of whole numbers in little memory: how often each value was seen.

use serde::Serialize;

/// The figures of a distribution; missing where nothing was counted.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// How many values.
    pub count: u64,
    /// Smallest.
    pub min: Option<u32>,
    /// Mean.
    pub avg: Option<f64>,
    /// Nearest rank: the smallest value with at least p % of the values at or below it.
    pub p50: Option<u32>,
    /// See `p50`.
    pub p90: Option<u32>,
    /// See `p50`.
    pub p95: Option<u32>,
    /// See `p50`.
    pub p99: Option<u32>,
    /// Largest.
    pub max: Option<u32>,
}

/// How often each value was seen.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    seen: Vec<u64>,
    count: u64,
    sum: u64,
}

/// The largest value that is told from its neighbours: an hour and more in milliseconds.
const LARGEST: usize = 4_000_000;

impl Histogram {
    /// Counts a value.
    pub fn add(&mut self, value: u32) {
        let value = (value as usize).min(LARGEST);
        if value >= self.seen.len() {
            self.seen.resize(value + 1, 0);
        }
        self.seen[value] += 1;
        self.count += 1;
        self.sum += value as u64;
    }

    /// Counts everything that another one has counted.
    pub fn merge(&mut self, other: &Self) {
        if self.seen.len() < other.seen.len() {
            self.seen.resize(other.seen.len(), 0);
        }
        for (mine, theirs) in self.seen.iter_mut().zip(&other.seen) {
            *mine += theirs;
        }
        self.count += other.count;
        self.sum += other.sum;
    }

    fn percentile(&self, percent: u64) -> Option<u32> {
        let rank = (percent * self.count).div_ceil(100).max(1);
        let mut below = 0;
        self.seen
            .iter()
            .position(|n| {
                below += n;
                below >= rank
            })
            .map(|value| value as u32)
    }

    /// The figures.
    pub fn figures(&self) -> Figures {
        Figures {
            count: self.count,
            min: self.seen.iter().position(|n| *n > 0).map(|v| v as u32),
            avg: (self.count > 0).then(|| self.sum as f64 / self.count as f64),
            p50: self.percentile(50),
            p90: self.percentile(90),
            p95: self.percentile(95),
            p99: self.percentile(99),
            max: self.seen.iter().rposition(|n| *n > 0).map(|v| v as u32),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_rank() {
        let mut histogram = Histogram::default();
        [15, 20, 35, 40, 50].into_iter().for_each(|v| histogram.add(v));
        let figures = histogram.figures();
        assert_eq!((figures.p50, figures.p90, figures.p99), (Some(35), Some(50), Some(50)));
        assert_eq!((figures.min, figures.max, figures.avg), (Some(15), Some(50), Some(32.0)));
    }

    #[test]
    fn nothing_counted_has_no_figures() {
        let figures = Histogram::default().figures();
        assert_eq!((figures.count, figures.min, figures.p50, figures.avg), (0, None, None, None));
    }
}
