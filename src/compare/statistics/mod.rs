//! Values in the order of time in; estimates, how far they can be trusted, and probabilities out.
//!
//! Nothing here knows what a registration is. `location` and `quantile` estimate, `spread` says how much an estimate
//! would vary from run to run where values near in time are alike, `discovery` keeps many tests from making false
//! alarms together.

pub mod discovery;
pub mod location;
pub mod quantile;
pub mod spread;
mod tables;

pub use tables::{f_tail, t_quantile, t_tail};

/// The limits of a share of `n` values (which need not be whole), `z` standard errors away (E. B. Wilson 1927).
pub fn wilson(share: f64, n: f64, z: f64) -> (f64, f64) {
    let square = z * z / n;
    let middle = (share + square / 2.0) / (1.0 + square);
    let half = z / (1.0 + square) * (share * (1.0 - share) / n + square / (4.0 * n)).sqrt();
    // of none and of all exactly, whatever is lost in the last digit
    let low = if share > 0.0 { (middle - half).max(0.0) } else { 0.0 };
    let high = if share < 1.0 { (middle + half).min(1.0) } else { 1.0 };
    (low, high)
}

/// Arithmetic mean; 0 of nothing.
pub fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// Variance of the values (n - 1); 0 of fewer than two.
pub fn variance(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = mean(values);
    values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64
}
