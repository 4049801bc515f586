//! Values in, a distribution out: exact, by sorting.

use super::answer::Distribution;
use crate::registration::session::Evidence;

/// The distribution of whole numbers (milliseconds, calls). `evidence` is that of the values; none of them is missing.
pub fn of(mut values: Vec<u32>, evidence: Evidence) -> Distribution {
    if values.is_empty() {
        return Distribution::default();
    }
    values.sort_unstable();
    let sum: u64 = values.iter().map(|v| u64::from(*v)).sum();
    let n = values.len();
    let at = |p: usize| Some(f64::from(nearest_rank(&values, p)));
    Distribution {
        count: n as u64,
        min: Some(f64::from(values[0])),
        avg: Some(sum as f64 / n as f64),
        p50: at(50),
        p90: at(90),
        p95: at(95),
        p99: at(99),
        max: Some(f64::from(values[n - 1])),
        evidence,
    }
}

/// A mean that stands alone: `total` over `count` sessions.
pub fn mean(total: f64, count: u64, evidence: Evidence) -> Distribution {
    if count == 0 {
        return Distribution::default();
    }
    Distribution { count, avg: Some(total / count as f64), evidence, ..Distribution::default() }
}

// the smallest value with at least p % of the values at or below it
fn nearest_rank(sorted: &[u32], p: usize) -> u32 {
    let rank = (sorted.len() * p).div_ceil(100).max(1);
    sorted[rank - 1]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn percentiles_are_nearest_rank() {
        let d = of((1..=100).rev().collect(), Evidence::Exact);
        assert_eq!((d.p50, d.p90, d.p99, d.max), (Some(50.0), Some(90.0), Some(99.0), Some(100.0)));
        let one = of(vec![7], Evidence::Exact);
        assert_eq!((one.min, one.avg, one.p50, one.p99), (Some(7.0), Some(7.0), Some(7.0), Some(7.0)));
        assert_eq!(of(vec![], Evidence::Exact), Distribution::default());
    }

    proptest! {
        #[test]
        fn a_percentile_has_its_share_at_or_below_it(values in proptest::collection::vec(0u32..1000, 1..300)) {
            let d = of(values.clone(), Evidence::Exact);
            for (p, value) in [(50, d.p50), (90, d.p90), (95, d.p95), (99, d.p99)] {
                let value = value.unwrap();
                let below = values.iter().filter(|v| f64::from(**v) <= value).count();
                let strictly = values.iter().filter(|v| f64::from(**v) < value).count();
                prop_assert!(below * 100 >= values.len() * p && strictly * 100 < values.len() * p);
            }
        }
    }
}
