//! Points in, the law that fits them by least squares out, and which of the laws that is.

use crate::compare::statistics::f_tail;

/// A richer law must be so unlikely by chance.
const CHANCE: f64 = 0.05;

/// Which law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// X = λN.
    Linear,
    /// κ = 0.
    Amdahl,
    /// Both.
    Usl,
}

impl Kind {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Amdahl => "amdahl",
            Self::Usl => "usl",
        }
    }

    /// Whether λ, σ and κ are fitted.
    pub const fn uses(self) -> [bool; 3] {
        match self {
            Self::Linear => [true, false, false],
            Self::Amdahl => [true, true, false],
            Self::Usl => [true, true, true],
        }
    }
}

/// λ, σ, κ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// λ.
    pub lambda: f64,
    /// σ.
    pub sigma: f64,
    /// κ.
    pub kappa: f64,
}

impl Fit {
    /// Registrations a second at a load.
    pub fn throughput(&self, n: f64) -> f64 {
        self.lambda * n / (1.0 + self.sigma * (n - 1.0) + self.kappa * n * (n - 1.0))
    }

    /// Load of the highest throughput, where throughput falls beyond it.
    pub fn peak(&self) -> Option<f64> {
        (self.kappa > 0.0).then(|| ((1.0 - self.sigma).max(0.0) / self.kappa).sqrt().max(1.0))
    }

    /// The highest throughput; none of a straight line.
    pub fn ceiling(&self) -> Option<f64> {
        match self.peak() {
            Some(peak) => Some(self.throughput(peak)),
            None => (self.sigma > 0.0).then(|| self.lambda / self.sigma),
        }
    }

    /// Load at which a straight line of slope λ reaches the ceiling.
    pub fn knee(&self) -> Option<f64> {
        self.ceiling().map(|ceiling| ceiling / self.lambda)
    }
}

/// Load and throughput of one level.
pub type Point = (f64, f64);

/// The simplest law that no richer one beats.
pub fn kind(points: &[Point]) -> Kind {
    let rss = |kind: Kind| squares(points, fit(points, kind));
    let beats = |richer: Kind, more: usize, simple: Kind| {
        let parameters = richer.uses().iter().filter(|used| **used).count();
        let Some(free) = points.len().checked_sub(parameters).filter(|free| *free > 0) else { return false };
        let (of_simple, of_richer) = (rss(simple), rss(richer).max(1e-12));
        let f = (of_simple - of_richer).max(0.0) / more as f64 / (of_richer / free as f64);
        f_tail(f, more as f64, free as f64) < CHANCE
    };
    let bounded = if beats(Kind::Amdahl, 1, Kind::Linear) { Kind::Amdahl } else { Kind::Linear };
    match bounded {
        Kind::Amdahl if beats(Kind::Usl, 1, Kind::Amdahl) => Kind::Usl,
        Kind::Linear if beats(Kind::Usl, 2, Kind::Linear) => Kind::Usl,
        simple => simple,
    }
}

/// Sum of squares of relative errors.
pub fn squares(points: &[Point], fit: Fit) -> f64 {
    points.iter().map(|(n, x)| (x / fit.throughput(*n)).ln().powi(2)).sum()
}

/// The law's figures; every set of parts that may be above 0 is tried: with three there are four.
pub fn fit(points: &[Point], kind: Kind) -> Fit {
    let mut best: Option<([f64; 3], f64)> = None;
    for set in 0..4 {
        let used = [true, set & 1 != 0, set & 2 != 0];
        if used.iter().zip(kind.uses()).any(|(used, may)| *used && !may) {
            continue;
        }
        let Some(parts) =
            solve(points, used).filter(|parts| parts[0] > 0.0 && parts.iter().all(|p| *p >= 0.0))
        else {
            continue;
        };
        let error = |(n, x): &Point| {
            let fitted: f64 = causes(*n).iter().zip(parts).map(|(cause, part)| cause * part).sum();
            (fitted * x / n - 1.0).powi(2)
        };
        let error: f64 = points.iter().map(error).sum();
        if best.is_none_or(|(_, least)| error < least) {
            best = Some((parts, error));
        }
    }
    // one part alone always fits: every throughput is above 0
    let ([a, b, c], _) = best.unwrap_or(([1.0, 0.0, 0.0], 0.0));
    Fit { lambda: 1.0 / a, sigma: b / a, kappa: c / a }
}

fn causes(n: f64) -> [f64; 3] {
    [1.0, n - 1.0, n * (n - 1.0)]
}

// normal equations of (N/X)(fitted / (N/X) - 1), by Gauss with pivots; none where parts cannot be told apart
fn solve(points: &[Point], used: [bool; 3]) -> Option<[f64; 3]> {
    let mut a = [[0.0; 4]; 3];
    for (n, x) in points {
        let row = causes(*n).map(|cause| cause * x / n);
        for i in 0..3 {
            for j in 0..3 {
                a[i][j] += if used[i] && used[j] { row[i] * row[j] } else { 0.0 };
            }
            a[i][3] += if used[i] { row[i] } else { 0.0 };
        }
    }
    for i in (0..3).filter(|i| !used[*i]) {
        a[i][i] = 1.0;
    }
    for at in 0..3 {
        let pivot = (at..3).max_by(|x, y| a[*x][at].abs().total_cmp(&a[*y][at].abs()))?;
        a.swap(at, pivot);
        if a[at][at].abs() < 1e-300 {
            return None;
        }
        let top = a[at];
        for (_, row) in a.iter_mut().enumerate().filter(|(i, _)| *i != at) {
            let factor = row[at] / top[at];
            for (value, above) in row.iter_mut().zip(top) {
                *value -= factor * above;
            }
        }
    }
    let parts = [a[0][3] / a[0][0], a[1][3] / a[1][1], a[2][3] / a[2][2]];
    parts.iter().all(|p| p.is_finite()).then_some(parts)
}
