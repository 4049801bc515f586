//! Drawn histories in, how often a change is told where there is none, and found where there is one, out.

use super::acknowledged::Acknowledged;
use super::judge::{Options, judge};
use super::series::{Key, Point, Series};
use crate::compare::judge::Subject;
use crate::metrics::answer::{Metric, Statistic};
use crate::timestamp::Timestamp;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// What histories are drawn with: normal values around 100, independent of each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn {
    /// Runs.
    pub runs: usize,
    /// Figures a run.
    pub figures: usize,
    /// How much of a step the first figure makes, in standard deviations; 0 is none.
    pub step: f64,
    /// The first run after the step.
    pub at: usize,
}

/// What came of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Histories.
    pub histories: usize,
    /// With any finding.
    pub any: usize,
    /// With a finding of the first figure at the step, or a run beside it.
    pub found: usize,
}

impl Drawn {
    /// Draws histories and looks for changes. The same seed gives the same counts.
    pub fn count(self, histories: usize, seed: u64) -> Counts {
        let mut counts = Counts { histories, ..Counts::default() };
        let nothing: [Acknowledged; 0] = [];
        // figures that were not drawn have no value
        let beside = |key| Series { key, points: Vec::new() };
        for history in 0..histories {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(history as u64 + 1);
            let series = (0..self.figures).map(|figure| self.series(figure, &mut random)).collect();
            let judged = judge(series, &[], &beside, &Options::default(), &nothing).judged;
            counts.any += usize::from(judged.iter().any(|j| !j.findings.is_empty()));
            let near = |at: usize| at.abs_diff(self.at) <= 1;
            let first = judged.first();
            counts.found += usize::from(first.is_some_and(|j| j.findings.iter().any(|f| near(f.at))));
        }
        counts
    }

    fn series(self, figure: usize, random: &mut ChaCha8Rng) -> Series {
        let metric = Metric::ALL[figure % Metric::ALL.len()];
        let key = Key { group: None, subject: Subject::Metric(metric), statistic: Statistic::P50 };
        let step = if figure == 0 { self.step } else { 0.0 };
        let mut point = |run: usize| {
            let noise: f64 = StandardNormal.sample(&mut *random);
            let value = 100.0 + noise + if run >= self.at { step } else { 0.0 };
            Point {
                run,
                time: Timestamp::from_secs(86_400 * run as i64),
                value,
                count: 1000,
                inferred: false,
            }
        };
        Series { key, points: (0..self.runs).map(&mut point).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_counts_and_a_large_step_is_found() {
        let drawn = Drawn { runs: 20, figures: 2, step: 6.0, at: 10 };
        let counts = drawn.count(5, 1);
        assert_eq!(counts, drawn.count(5, 1));
        assert_eq!((counts.found, counts.any), (5, 5));
    }
}
