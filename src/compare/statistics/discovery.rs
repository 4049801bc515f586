//! Many tests in, those that stand together out: the false-discovery rate is kept below a share.
//!
//! Y. Benjamini, Y. Hochberg, Controlling the false discovery rate, 1995. Where nothing has changed at all, any finding
//! is a false one, so that the share is then the chance of any false alarm. Metrics of the same sessions go up and down
//! together, which the procedure bears (Benjamini, Yekutieli 2001).

/// For each probability the smallest share at which it still stands; NaN counts as 1.
pub fn adjusted(probabilities: &[f64]) -> Vec<f64> {
    let n = probabilities.len();
    let p = |i: usize| if probabilities[i].is_nan() { 1.0 } else { probabilities[i] };
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| p(*b).total_cmp(&p(*a)));
    let mut adjusted = vec![1.0; n];
    let mut least = 1.0f64;
    for (from_the_end, index) in order.into_iter().enumerate() {
        least = least.min(p(index) * n as f64 / (n - from_the_end) as f64);
        adjusted[index] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_that_of_the_paper() {
        let p = [0.01, 0.04, 0.03, 0.5];
        let got = adjusted(&p);
        for (got, want) in got.iter().zip([0.04, 0.0533333, 0.0533333, 0.5]) {
            assert!((got - want).abs() < 1e-6, "{got} {want}");
        }
        assert!(adjusted(&[]).is_empty());
        assert_eq!(adjusted(&[f64::NAN, 0.9]), [1.0, 1.0]);
    }
}
