//! Throughput of levels in, the law that it follows with load, its knee and how sure that is, out.
//!
//! N. J. Gunther's Universal Scalability Law [Guerrilla Capacity Planning, 2007]: X(N) = λN / (1 + σ(N-1) + κN(N-1)).
//! σ = κ = 0 is a system without bounds, κ = 0 Amdahl's law. As N/X(N) = (1 + σ(N-1) + κN(N-1)) / λ it is linear in
//! 1/λ, σ/λ, κ/λ, none of them below 0: weighted least squares of relative errors, exact, without a start to guess. The
//! simplest law that no richer one beats (F test, 5 %) is taken. Intervals are percentiles of a bootstrap of its
//! residuals, scaled for the figures that were fitted; the same levels give the same interval.

use super::answer::LevelAnswer;
use crate::compare::statistics::f_tail;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Fewer levels of different load carry no knee.
const FEWEST: usize = 4;
/// The highest load must be so many times the lowest.
const SPAN: f64 = 3.0;
/// Levels that lie farther than this from every law, as a share (root mean square), follow none.
const SCATTER: f64 = 0.25;
/// A richer law must be so unlikely by chance.
const CHANCE: f64 = 0.05;
/// Bootstrap samples.
const SAMPLES: usize = 2000;
/// The seed of them.
const SEED: u64 = 1;

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

    const fn uses(self) -> [bool; 3] {
        match self {
            Self::Linear => [true, false, false],
            Self::Amdahl => [true, true, false],
            Self::Usl => [true, true, true],
        }
    }
}

/// A figure with its 95 % interval; an end that is open has none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The figure.
    pub at: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end; none where the levels do not bound it.
    pub high: Option<f64>,
}

/// The law of a run's levels.
#[derive(Clone, Debug, PartialEq)]
pub struct Law {
    /// Which.
    pub kind: Kind,
    /// λ: registrations a second and host, of a host that is alone.
    pub lambda: Estimate,
    /// σ: what must wait for its turn.
    pub sigma: Estimate,
    /// κ: what hosts cost each other.
    pub kappa: Estimate,
    /// Load at which a straight line of slope λ reaches the highest throughput that the law has: beyond it hosts wait.
    pub knee: Result<Estimate, String>,
    /// Load of the highest throughput, where there is one: beyond it throughput falls.
    pub peak: Option<Estimate>,
    /// The highest throughput that the law has, registrations a second; none of a straight line.
    pub ceiling: Option<Estimate>,
    /// Root mean square of the relative distance between levels and law.
    pub scatter: f64,
    /// Levels that it rests on.
    pub levels: usize,
}

/// λ, σ, κ.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Fit {
    lambda: f64,
    sigma: f64,
    kappa: f64,
}

impl Fit {
    fn throughput(&self, n: f64) -> f64 {
        self.lambda * n / (1.0 + self.sigma * (n - 1.0) + self.kappa * n * (n - 1.0))
    }

    fn peak(&self) -> Option<f64> {
        (self.kappa > 0.0).then(|| ((1.0 - self.sigma).max(0.0) / self.kappa).sqrt().max(1.0))
    }

    fn ceiling(&self) -> Option<f64> {
        match self.peak() {
            Some(peak) => Some(self.throughput(peak)),
            None => (self.sigma > 0.0).then(|| self.lambda / self.sigma),
        }
    }

    fn knee(&self) -> Option<f64> {
        self.ceiling().map(|ceiling| ceiling / self.lambda)
    }
}

/// Load and throughput of one level.
type Point = (f64, f64);

/// The law of levels, or why there is none.
///
/// # Errors
/// Words: what the levels lack, and what would have to be measured.
pub fn of_levels(levels: &[LevelAnswer]) -> Result<Law, String> {
    let points: Vec<Point> =
        levels.iter().filter_map(|l| Some((f64::from(l.level.load), l.throughput()?))).collect();
    of(&points)
}

fn of(points: &[Point]) -> Result<Law, String> {
    let mut loads: Vec<f64> = points.iter().map(|(n, _)| *n).collect();
    loads.sort_by(f64::total_cmp);
    loads.dedup();
    let (Some(lowest), Some(highest)) = (loads.first(), loads.last()) else {
        return Err("no level has a throughput".to_owned());
    };
    if loads.len() < FEWEST {
        let what = if loads.len() == 1 { "level of load has" } else { "levels of different load have" };
        return Err(format!(
            "{} {what} a throughput, and a law with a knee takes {FEWEST}: run more levels",
            loads.len()
        ));
    }
    if *highest < SPAN * lowest {
        return Err(format!(
            "the levels reach from {lowest} to {highest}: less than {SPAN} times the lowest shows no law; run \
             levels that lie farther apart"
        ));
    }
    let kind = kind(points);
    let fitted = fit(points, kind);
    let scatter = (squares(points, fitted) / points.len() as f64).sqrt();
    if scatter > SCATTER {
        return Err(format!(
            "the levels lie {:.0} % from the nearest law: something other than the load decides their throughput; \
             run them again, or longer",
            scatter * 100.0
        ));
    }
    Ok(law(points, kind, fitted, scatter, *highest))
}

fn law(points: &[Point], kind: Kind, fitted: Fit, scatter: f64, highest: f64) -> Law {
    let samples = bootstrap(points, kind, fitted);
    let sure = |of: &dyn Fn(&Fit) -> Option<f64>| {
        let at = of(&fitted)?;
        let values: Vec<f64> = samples.iter().map(|s| of(s).unwrap_or(f64::INFINITY)).collect();
        Some(interval(at, values))
    };
    let of = |figure: fn(&Fit) -> f64| {
        let values = samples.iter().map(figure).collect();
        interval(figure(&fitted), values)
    };
    let beyond = |knee: &f64| *knee > highest;
    let knee = match fitted.knee() {
        None => Err(format!(
            "throughput grows with the load up to the highest level, {highest}: the knee lies beyond it"
        )),
        Some(knee) if beyond(&knee) => Err(format!(
            "it would lie at {knee:.0}, beyond the highest level, {highest}: run higher levels to see it"
        )),
        Some(_) => sure(&Fit::knee).ok_or_else(String::new),
    };
    Law {
        kind,
        lambda: of(|f| f.lambda),
        sigma: of(|f| f.sigma),
        kappa: of(|f| f.kappa),
        knee,
        // a peak that no level has passed is the formula's, not the run's
        peak: fitted.peak().filter(|peak| *peak <= highest).and_then(|_| sure(&Fit::peak)),
        ceiling: sure(&Fit::ceiling),
        scatter,
        levels: points.len(),
    }
}

// the simplest that no richer one beats
fn kind(points: &[Point]) -> Kind {
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

// sum of squares of relative errors
fn squares(points: &[Point], fit: Fit) -> f64 {
    points.iter().map(|(n, x)| (x / fit.throughput(*n)).ln().powi(2)).sum()
}

// every set of parts that may be above 0 is tried: with three there are four
fn fit(points: &[Point], kind: Kind) -> Fit {
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

// levels as the law has them, each with the distance of one of them
fn bootstrap(points: &[Point], kind: Kind, fitted: Fit) -> Vec<Fit> {
    let parameters = kind.uses().iter().filter(|used| **used).count();
    let n = points.len() as f64;
    let scale = (n / (n - parameters as f64).max(1.0)).sqrt();
    let distances: Vec<f64> = points.iter().map(|(n, x)| (x / fitted.throughput(*n)).ln() * scale).collect();
    let mean = distances.iter().sum::<f64>() / n;
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let mut drawn = || {
        let at = (u128::from(random.next_u64()) * distances.len() as u128) >> 64;
        distances[at as usize] - mean
    };
    (0..SAMPLES)
        .map(|_| {
            let sample: Vec<Point> =
                points.iter().map(|(n, _)| (*n, fitted.throughput(*n) * drawn().exp())).collect();
            fit(&sample, kind)
        })
        .collect()
}

fn interval(at: f64, mut values: Vec<f64>) -> Estimate {
    values.sort_by(f64::total_cmp);
    let value = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
    Estimate { at, low: value(0.025).min(at), high: Some(value(0.975).max(at)).filter(|v| v.is_finite()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOADS: [f64; 8] = [4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

    // throughputs of a law, each so many per cent off
    fn points(truth: Fit, off: &[f64]) -> Vec<Point> {
        let each = LOADS.iter().zip(off.iter().cycle());
        each.map(|(n, off)| (*n, truth.throughput(*n) * (1.0 + off / 100.0))).collect()
    }

    const USL: Fit = Fit { lambda: 0.025, sigma: 0.01, kappa: 0.000_02 };

    #[test]
    fn a_law_without_noise_is_found_as_it_is() {
        let law = of(&points(USL, &[0.0])).unwrap();
        assert_eq!(law.kind, Kind::Usl);
        assert!(
            (law.lambda.at / USL.lambda - 1.0).abs() < 1e-6 && (law.kappa.at / USL.kappa - 1.0).abs() < 1e-6
        );
        assert!((law.peak.unwrap().at - USL.peak().unwrap()).abs() < 1e-3);
    }

    #[test]
    fn intervals_hold_the_truth_under_noise() {
        let law = of(&points(USL, &[1.5, -2.0, 0.5, 2.0, -1.0, -0.5, 1.0, -1.5])).unwrap();
        assert_eq!(law.kind, Kind::Usl);
        let knee = law.knee.unwrap();
        let truth = USL.knee().unwrap();
        assert!(knee.low <= truth && knee.high.unwrap() >= truth, "{truth}: {knee:?}");
        assert!(knee.high.unwrap() - knee.low > 0.0 && knee.high.unwrap() / knee.low < 1.5, "{knee:?}");
        assert_eq!(of(&points(USL, &[1.5, -2.0])), of(&points(USL, &[1.5, -2.0])));
    }

    #[test]
    fn the_simplest_law_that_fits_is_taken() {
        let noise = [1.0, -1.5, 0.5, 1.2, -0.8, -0.4, 0.9, -1.1];
        let amdahl = Fit { kappa: 0.0, ..USL };
        let law = of(&points(amdahl, &noise)).unwrap();
        assert_eq!((law.kind, law.peak), (Kind::Amdahl, None));
        assert!((law.knee.unwrap().at / 100.0 - 1.0).abs() < 0.1);
        let law = of(&points(Fit { sigma: 0.0, ..amdahl }, &noise)).unwrap();
        assert_eq!((law.kind, law.ceiling), (Kind::Linear, None));
        assert!(law.knee.unwrap_err().contains("beyond it"));
    }

    #[test]
    fn what_the_levels_do_not_carry_is_refused_with_the_reason() {
        let few = |n: usize| of(&points(USL, &[0.0])[..n]).unwrap_err();
        assert!(few(0).contains("no level"));
        assert!(few(1).starts_with("1 level of load has a throughput") && few(3).contains("run more levels"));
        let near: Vec<Point> = [40.0, 50.0, 60.0, 70.0].iter().map(|n| (*n, USL.throughput(*n))).collect();
        assert!(of(&near).unwrap_err().contains("from 40 to 70"));
        let wild = points(USL, &[60.0, -60.0]);
        assert!(of(&wild).unwrap_err().contains("from the nearest law"), "{:?}", of(&wild));
        let low = of(&points(Fit { sigma: 0.0005, kappa: 0.0, ..USL }, &[0.0])).unwrap();
        assert!(low.knee.unwrap_err().contains("beyond the highest level, 512"));
    }

    #[test]
    fn the_interval_holds_the_knee_about_as_often_as_it_says() {
        let (mut held, mut random) = (0, ChaCha8Rng::seed_from_u64(5));
        let mut unit = || (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        for _ in 0..100 {
            let off: Vec<f64> =
                LOADS.iter().map(|_| (0..6).map(|_| unit()).sum::<f64>() * 4.2 - 12.6).collect();
            let Ok(law) = of(&points(USL, &off)) else { continue };
            let Ok(knee) = law.knee else { continue };
            let truth = USL.knee().unwrap();
            held += i32::from(knee.low <= truth && knee.high.is_none_or(|high| high >= truth));
        }
        assert!(held >= 80, "{held} of 100");
    }
}
