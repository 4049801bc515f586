//! Non-negative weighted least squares for counts: what share of calls goes with what cause.

/// Fits calls = sum of parts * causes, parts >= 0, with the weights of counts (variance grows with the mean).
///
/// A part that comes out negative is taken out and the rest fitted again: with a few causes that ends soon.
pub fn fit<const N: usize>(rows: &[([f64; N], f64)]) -> [f64; N] {
    let mut used = [true; N];
    for (i, used) in used.iter_mut().enumerate() {
        *used = rows.iter().any(|(causes, _)| causes[i] != 0.0);
    }
    let mut parts = [0.0; N];
    let mut weights = vec![1.0; rows.len()];
    for _ in 0..6 {
        parts = fit_weighted(rows, &weights, used);
        for (weight, (causes, _)) in weights.iter_mut().zip(rows) {
            let fitted: f64 = causes.iter().zip(&parts).map(|(c, p)| c * p).sum();
            *weight = 1.0 / fitted.max(0.5);
        }
    }
    parts
}

fn fit_weighted<const N: usize>(rows: &[([f64; N], f64)], weights: &[f64], mut used: [bool; N]) -> [f64; N] {
    loop {
        let parts = solve(rows, weights, used);
        let worst =
            (0..N).filter(|i| used[*i] && parts[*i] < 0.0).min_by(|a, b| parts[*a].total_cmp(&parts[*b]));
        match worst {
            Some(i) => used[i] = false,
            None => return parts,
        }
    }
}

// normal equations by Gauss-Jordan with pivots; a cause that cannot be told from others gets 0
fn solve<const N: usize>(rows: &[([f64; N], f64)], weights: &[f64], used: [bool; N]) -> [f64; N] {
    let mut a = [[0.0; N]; N];
    let mut right = [0.0; N];
    for ((causes, calls), weight) in rows.iter().zip(weights) {
        for i in (0..N).filter(|i| used[*i]) {
            for j in (0..N).filter(|j| used[*j]) {
                a[i][j] += weight * causes[i] * causes[j];
            }
            right[i] += weight * causes[i] * calls;
        }
    }
    let scale: Vec<f64> = (0..N).map(|i| a[i][i].max(f64::MIN_POSITIVE)).collect();
    let mut done = [false; N];
    for _ in 0..N {
        let pivot = (0..N)
            .filter(|i| !done[*i])
            .max_by(|x, y| (a[*x][*x] / scale[*x]).total_cmp(&(a[*y][*y] / scale[*y])));
        let Some(p) = pivot else { break };
        if a[p][p] <= scale[p] * 1e-9 {
            break;
        }
        done[p] = true;
        let (row, value) = (a[p], right[p]);
        for (i, other) in a.iter_mut().enumerate().filter(|(i, _)| *i != p) {
            let factor = other[p] / row[p];
            for (x, y) in other.iter_mut().zip(row) {
                *x -= factor * y;
            }
            right[i] -= factor * value;
        }
    }
    let mut parts = [0.0; N];
    for i in 0..N {
        if done[i] {
            parts[i] = right[i] / a[i][i];
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_data_gives_the_parts_back() {
        let rows: Vec<_> = (0..50)
            .map(|i| {
                let causes = [f64::from(i % 7), f64::from(i % 5), f64::from(i % 3 == 0), 1.0];
                (causes, 0.6 * causes[0] + 0.25 * causes[1] + 3.0 * causes[2] + 2.0)
            })
            .collect();
        let parts = fit(&rows);
        for (got, want) in parts.iter().zip([0.6, 0.25, 3.0, 2.0]) {
            assert!((got - want).abs() < 1e-9, "{parts:?}");
        }
    }

    #[test]
    fn a_part_never_comes_out_negative() {
        let rows: Vec<_> =
            (0..20).map(|i| ([f64::from(i), f64::from(20 - i), 0.0, 1.0], f64::from(i))).collect();
        assert!(fit(&rows).iter().all(|p| *p >= 0.0));
        assert_eq!(fit::<4>(&[]), [0.0; 4]);
    }
}
