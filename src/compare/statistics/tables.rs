//! Tails and quantiles of the distributions that tests need.

use statrs::distribution::{ContinuousCDF, FisherSnedecor, StudentsT};

/// Past so many degrees of freedom nothing changes in any digit that is shown.
const MANY: f64 = 1e6;

fn student(df: f64) -> Option<StudentsT> {
    StudentsT::new(0.0, 1.0, df.clamp(1.0, MANY)).ok()
}

/// The probability of a value above `t` under Student's t.
pub fn t_tail(t: f64, df: f64) -> f64 {
    if t.is_nan() {
        return 1.0;
    }
    student(df).map_or(1.0, |d| d.sf(t))
}

/// The value that is exceeded with the probability `tail` under Student's t.
pub fn t_quantile(tail: f64, df: f64) -> f64 {
    student(df).map_or(f64::INFINITY, |d| d.inverse_cdf(1.0 - tail.clamp(1e-12, 0.5)))
}

/// The probability of a ratio of variances above `f`.
pub fn f_tail(f: f64, df1: f64, df2: f64) -> f64 {
    if !f.is_finite() {
        return 0.0;
    }
    FisherSnedecor::new(df1.max(1.0), df2.clamp(1.0, MANY)).map_or(1.0, |d| d.sf(f.max(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_of_printed_tables() {
        assert!((t_quantile(0.025, 10.0) - 2.228).abs() < 1e-3);
        assert!((t_quantile(0.005, 1e9) - 2.576).abs() < 1e-3);
        assert!((t_tail(1.812, 10.0) - 0.05).abs() < 1e-4);
        assert!((f_tail(3.10, 3.0, 20.0) - 0.05).abs() < 1e-3);
        assert_eq!((t_tail(f64::NAN, 5.0), f_tail(f64::INFINITY, 1.0, 1.0)), (1.0, 0.0));
    }
}
