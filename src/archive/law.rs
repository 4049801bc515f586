//! Throughput of levels in, the law that it follows with load, its knee and how sure that is, out.
//!
//! N. J. Gunther's Universal Scalability Law [Guerrilla Capacity Planning, 2007]: X(N) = λN / (1 + σ(N-1) + κN(N-1)).
//! σ = κ = 0 is a system without bounds, κ = 0 Amdahl's law. As N/X(N) = (1 + σ(N-1) + κN(N-1)) / λ it is linear in
//! 1/λ, σ/λ, κ/λ, none of them below 0: weighted least squares of relative errors, exact, without a start to guess. The
//! simplest law that no richer one beats (F test, 5 %) is taken. Intervals are percentiles of a parametric bootstrap in
//! which the law is chosen anew; the same levels give the same interval.

mod fit;

use super::answer::LevelAnswer;
pub use fit::Kind;
use fit::{Fit, Point, fit, kind, squares};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{ChiSquared, Distribution, StandardNormal};

/// Fewer levels of different load carry no knee.
const FEWEST: usize = 4;
/// The highest load must be so many times the lowest.
const SPAN: f64 = 3.0;
/// Levels that lie farther than this from every law, as a share (root mean square), follow none.
const SCATTER: f64 = 0.25;
/// No level lies so far off, on the scale of logarithms: keeps a sample's throughputs above 0.
const FARTHEST: f64 = 20.0;
/// A ceiling of which no level has reached so much is no figure of the run's.
const NEAR: f64 = 0.8;
/// Bootstrap samples.
const SAMPLES: usize = 2000;
/// The seed of them.
const SEED: u64 = 1;

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
    /// σ: what must wait for its turn; none where the law has none.
    pub sigma: Option<Estimate>,
    /// κ: what hosts cost each other; none where the law has none.
    pub kappa: Option<Estimate>,
    /// Where throughput ends, or why that is not told.
    pub end: Result<End, String>,
    /// Load of the highest throughput, where a level lies beyond it: there throughput falls.
    pub peak: Option<Estimate>,
    /// Root mean square of the relative distance between levels and law.
    pub scatter: f64,
    /// Levels that it rests on.
    pub levels: usize,
}

/// Where throughput ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct End {
    /// The highest throughput that the law has, registrations a second.
    pub ceiling: Estimate,
    /// Load at which a straight line of slope λ reaches it: beyond that hosts wait.
    pub knee: Estimate,
}

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
    let samples = bootstrap(points);
    let sure = |of: &dyn Fn(&Fit) -> Option<f64>| {
        let at = of(&fitted)?;
        let values: Vec<f64> = samples.iter().map(|s| of(s).unwrap_or(f64::INFINITY)).collect();
        Some(interval(at, values))
    };
    let of = |figure: fn(&Fit) -> f64| interval(figure(&fitted), samples.iter().map(figure).collect());
    let [_, has_sigma, has_kappa] = kind.uses();
    let end = unseen(points, fitted).map_or_else(
        || {
            sure(&Fit::ceiling)
                .zip(sure(&Fit::knee))
                .map(|(ceiling, knee)| End { ceiling, knee })
                .ok_or_else(String::new)
        },
        Err,
    );
    Law {
        kind,
        lambda: of(|f| f.lambda),
        sigma: has_sigma.then(|| of(|f| f.sigma)),
        kappa: has_kappa.then(|| of(|f| f.kappa)),
        end,
        // a peak that no level has passed is the formula's, not the run's
        peak: fitted.peak().filter(|peak| *peak <= highest).and_then(|_| sure(&Fit::peak)),
        scatter,
        levels: points.len(),
    }
}

// why the law's ceiling is the formula's, not the run's
fn unseen(points: &[Point], fitted: Fit) -> Option<String> {
    let best = points.iter().map(|(n, _)| (fitted.throughput(*n), *n));
    let (best, load) = best.max_by(|a, b| a.0.total_cmp(&b.0))?;
    let Some(ceiling) = fitted.ceiling() else {
        return Some(format!(
            "throughput grows with the load up to the highest level, {load}: run higher levels"
        ));
    };
    let share = best / ceiling;
    (share < NEAR).then(|| {
        format!(
            "level {load}, where throughput is highest, comes to {:.0} % of the law's ceiling, and below {:.0} % that is \
             a guess: run higher levels",
            share * 100.0,
            NEAR * 100.0
        )
    })
}

// Levels as the richest law has them, each off by chance. How far they lie off is drawn as well, since a few levels
// tell it poorly; for a law that is linear that gives Student's intervals. Which law it is is chosen anew in each sample,
// as it was of the levels: else an interval would not know of the choice.
fn bootstrap(points: &[Point]) -> Vec<Fit> {
    let richest = fit(points, Kind::Usl);
    let parameters = Kind::Usl.uses().len();
    let free = points.len().saturating_sub(parameters).max(1) as f64;
    let off = squares(points, richest);
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let Ok(chi_squared) = ChiSquared::new(free) else { return Vec::new() };
    (0..SAMPLES)
        .map(|_| {
            let off = (off / chi_squared.sample(&mut random)).sqrt().min(FARTHEST);
            let drawn = |(n, _): &Point| {
                let chance: f64 = StandardNormal.sample(&mut random);
                (*n, richest.throughput(*n) * (off * chance).exp())
            };
            let sample: Vec<Point> = points.iter().map(drawn).collect();
            fit(&sample, kind(&sample))
        })
        .collect()
}

fn interval(at: f64, mut values: Vec<f64>) -> Estimate {
    values.sort_by(f64::total_cmp);
    let value = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
    Estimate { at, low: value(0.025).min(at), high: Some(value(0.975).max(at)).filter(|v| v.is_finite()) }
}

#[cfg(test)]
mod tests;
