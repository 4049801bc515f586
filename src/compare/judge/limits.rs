//! What two sides differ by in, the intervals of their difference and of their ratio out: of means, shares and rates.
//!
//! Each side has limits of its own, which are put together by how far they lie from its figure: of shares Wilson's, which
//! gives Newcombe's interval of the difference (R. G. Newcombe 1998, method 10), of all else Student's. The ratio is that
//! of A. Donner and G. Y. Zou (2012) from the same limits: it counts that before is not known either, and says that
//! nothing has changed where the difference does. Values that are alike count for fewer: a share's number of values is
//! divided by how much more it varies than independent ones would.

use crate::compare::estimate::{Difference, Known};
use crate::compare::statistics::{t_quantile, wilson};

/// A side's figure and its limits.
#[derive(Clone, Copy)]
struct Side {
    low: f64,
    at: f64,
    high: f64,
}

/// Value, lower and upper limit.
type Three = (f64, f64, f64);

/// What the sides differ by.
pub(super) struct Limits {
    /// After less before.
    pub difference: Three,
    /// After over before; none where before may be 0.
    pub ratio: Option<Three>,
}

impl Limits {
    /// The limits that leave out `tail` at each end; `shares`: the figures are shares of their values.
    pub fn of(difference: &Difference, shares: bool, tail: f64) -> Self {
        let [before, after] = if shares { of_shares(difference, tail) } else { of_means(difference, tail) };
        let less = (after.at - after.low).hypot(before.high - before.at);
        let more = (after.high - after.at).hypot(before.at - before.low);
        let at = difference.at;
        Self { difference: (at, at - less, at + more), ratio: ratio(before, after) }
    }
}

fn of_means(difference: &Difference, tail: f64) -> [Side; 2] {
    let z = t_quantile(tail, difference.df);
    difference.sides.map(|Known { at, variance, .. }| {
        let wide = z * variance.sqrt();
        Side { low: at - wide, at, high: at + wide }
    })
}

fn of_shares(difference: &Difference, tail: f64) -> [Side; 2] {
    let sides = difference.sides.map(|side| (side.at.clamp(0.0, 1.0), side.n.max(1) as f64));
    let of_one = |share: f64| share * (1.0 - share);
    let pooled = sides.iter().map(|(at, n)| at * n).sum::<f64>() / sides.iter().map(|(_, n)| n).sum::<f64>();
    // as the test has it: what one side alone shows is not known of the other
    let independent: f64 = sides.iter().map(|(at, n)| of_one(*at).max(of_one(pooled)) / n).sum();
    // where both sides have none, or all, nothing varies, and nothing tells how values are alike
    let (alike, df) = if independent > 0.0 {
        ((difference.error.powi(2) / independent).max(1.0), difference.df)
    } else {
        (1.0, f64::INFINITY)
    };
    let z = t_quantile(tail, df);
    sides.map(|(at, n)| {
        let (low, high) = wilson(at, n / alike, z);
        Side { low, at, high }
    })
}

fn ratio(before: Side, after: Side) -> Option<Three> {
    if before.low <= 0.0 {
        return None;
    }
    let product = before.at * after.at;
    // of a side, what the limit leaves of its square
    let left = |at: f64, limit: f64| limit * (2.0 * at - limit);
    let root = |of: f64| (product.powi(2) - of).max(0.0).sqrt();
    let least = left(after.at, after.low.max(0.0));
    let low = if least > 0.0 { least / (product + root(least * left(before.at, before.high))) } else { 0.0 };
    let most = left(before.at, before.low);
    let high = (product + root(most * left(after.at, after.high))) / most;
    Some((after.at / before.at, low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    // of so many of so many; `alike`: how much more they vary than independent ones
    fn shares(before: (u32, u32), after: (u32, u32), alike: f64) -> Limits {
        let known = |(found, n): (u32, u32)| {
            let at = f64::from(found) / f64::from(n);
            Known { at, variance: alike * at * (1.0 - at) / f64::from(n), n: n as usize }
        };
        let sides = [known(before), known(after)];
        let error = (sides[0].variance + sides[1].variance).sqrt();
        let at = sides[1].at - sides[0].at;
        Limits::of(&Difference { sides, at, error, df: 1e6, by_runs: false }, true, 0.025)
    }

    fn near(found: Three, low: f64, high: f64) {
        assert!((found.1 - low).abs() < 1e-4 && (found.2 - high).abs() < 1e-4, "{found:?}");
    }

    #[test]
    fn the_interval_is_that_of_the_paper() {
        // Newcombe 1998, table II, method 10: 56/70 - 48/80, 9/10 - 3/10, 0/10 - 0/20, 10/10 - 0/20
        near(shares((48, 80), (56, 70), 1.0).difference, 0.0524, 0.3339);
        near(shares((3, 10), (9, 10), 1.0).difference, 0.1705, 0.8090);
        near(shares((0, 20), (0, 10), 1.0).difference, -0.1611, 0.2775);
        near(shares((0, 20), (10, 10), 1.0).difference, 0.6791, 1.0);
    }

    #[test]
    fn values_that_are_alike_widen_it_and_none_is_narrower_than_independent_ones() {
        let wide = |limits: Limits| limits.difference.2 - limits.difference.1;
        let alone = wide(shares((30, 600), (36, 600), 1.0));
        assert_eq!(alone, wide(shares((30, 600), (36, 600), 0.2)));
        let crowded = wide(shares((30, 600), (36, 600), 4.0));
        assert!((1.8..2.3).contains(&(crowded / alone)), "{crowded} {alone}");
    }

    #[test]
    fn a_ratio_has_no_change_where_the_difference_has_none_and_is_never_below_nothing() {
        for after in 0..60 {
            let limits = shares((12, 255), (after, 244), 1.0);
            let ((_, less, more), (at, low, high)) = (limits.difference, limits.ratio.unwrap());
            assert!(0.0 <= low && low <= at && at <= high && high < 100.0, "{after}: {low} {at} {high}");
            assert_eq!((less > 0.0, more < 0.0), (low > 1.0, high < 1.0), "{after}");
        }
        assert!(shares((0, 255), (3, 244), 1.0).ratio.is_none());
    }

    #[test]
    fn means_have_the_interval_of_students_t() {
        let known = |at: f64| Known { at, variance: 0.04, n: 50 };
        let sides = [known(2.0), known(3.0)];
        let difference = Difference { sides, at: 1.0, error: 0.08f64.sqrt(), df: 98.0, by_runs: false };
        let (low, high) = difference.interval(0.025);
        let limits = Limits::of(&difference, false, 0.025);
        near(limits.difference, low, high);
        // 1.25 to 1.75 if the 2 were known
        let (at, low, high) = limits.ratio.unwrap();
        assert!(at == 1.5 && (1.1..1.2).contains(&low) && (1.9..2.05).contains(&high), "{low} {high}");
    }
}
