//! Drawn pairs of runs in, how often verdicts are wrong and changes missed out.

use super::comparable::Refusal;
use super::drawn::{Drawn, FLAT};
use super::judge::{Options, Row, Subject, Verdict, compare};
use super::run::Run;
use crate::at_once::in_order;
use crate::metrics::answer::Metric;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Sessions a run.
pub const SESSIONS: [usize; 4] = [100, 300, 1500, 5000];
/// Of the create; 0 is the same on both sides.
pub const SHIFTS: [f64; 4] = [0.0, 0.05, 0.10, 0.25];

/// A kind of storm, and how many runs of it a side has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Storms {
    /// In words.
    pub name: &'static str,
    /// What each run is drawn with.
    pub drawn: Drawn,
    /// Runs a side.
    pub runs: usize,
}

/// The kinds of storms that are drawn.
pub const STORMS: [Storms; 6] = [
    Storms { name: "flat", drawn: FLAT, runs: 1 },
    Storms { name: "bursts of 50 hosts", drawn: Drawn { burst: 50, ..FLAT }, runs: 1 },
    Storms { name: "20 slow phases", drawn: Drawn { phases: 20, phase_level: 0.3, ..FLAT }, runs: 1 },
    Storms { name: "4 slow phases", drawn: Drawn { phases: 4, phase_level: 0.3, ..FLAT }, runs: 1 },
    Storms {
        name: "4 slow phases, 3 runs a side",
        drawn: Drawn { phases: 4, phase_level: 0.3, ..FLAT },
        runs: 3,
    },
    Storms {
        name: "4 slow phases, 8 runs a side",
        drawn: Drawn { phases: 4, phase_level: 0.3, ..FLAT },
        runs: 8,
    },
];

/// Storms of one kind and size, with one shift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// The kind.
    pub storms: Storms,
    /// Sessions a run.
    pub sessions: usize,
    /// Of the create.
    pub shift: f64,
    /// Pairs to draw.
    pub pairs: usize,
}

/// What came of a cell's pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Pairs.
    pub pairs: usize,
    /// With any regression.
    pub any_regressed: usize,
    /// With any improvement.
    pub any_improved: usize,
    /// With a regression of consumer_create_ms of all registrations.
    pub found: usize,
    /// Where that had no verdict because runs vary too much.
    pub too_variable: usize,
}

impl Cell {
    /// Draws the pairs and compares them. The same seed gives the same counts.
    pub fn count(&self, seed: u64) -> Counts {
        let mut counts = Counts::default();
        for pair in 0..self.pairs {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(pair as u64 + 1);
            let before = Drawn { sessions: self.sessions, ..self.storms.drawn };
            let after = Drawn { create_ratio: 1.0 + self.shift, ..before };
            let mut side = |drawn: Drawn| -> Vec<Run> {
                (0..self.storms.runs).map(|_| drawn.run(&mut random)).collect()
            };
            let (before, after) = (side(before), side(after));
            counts.add(&compare(&before, &after, &Options::default()));
        }
        counts
    }
}

impl Counts {
    fn add(&mut self, rows: &[Row]) {
        let any = |verdict: Verdict| usize::from(rows.iter().any(|row| row.verdict == verdict));
        self.pairs += 1;
        self.any_regressed += any(Verdict::Regressed);
        self.any_improved += any(Verdict::Improved);
        let create = Subject::Metric(Metric::ConsumerCreateMs);
        for row in rows.iter().filter(|row| row.group.is_none() && row.subject == create) {
            match row.verdict {
                Verdict::Regressed => self.found += 1,
                Verdict::NotComparable(Refusal::TooVariable { .. }) => self.too_variable += 1,
                _ => {}
            }
        }
    }
}

/// Counts every cell, on so many threads; `told` is called as each is done.
pub fn count_all(
    cells: &[Cell],
    seed: u64,
    threads: usize,
    told: &(dyn Fn(&Cell, &Counts) + Sync),
) -> Vec<Counts> {
    in_order(cells, threads, |at, cell| {
        // no two cells share their draws
        let counts = cell.count(seed.wrapping_add(1000 * at as u64));
        told(cell, &counts);
        counts
    })
}

/// The interval that holds the true share in 95 of 100 cases (E. B. Wilson 1927).
pub fn wilson(found: usize, of: usize) -> (f64, f64) {
    const Z: f64 = 1.96;
    let n = of.max(1) as f64;
    let share = found as f64 / n;
    let middle = (share + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_the_paper() {
        let (low, high) = wilson(20, 400);
        assert!((low - 0.0326).abs() < 1e-3 && (high - 0.0759).abs() < 1e-3, "{low} {high}");
        assert_eq!(wilson(0, 400).0, 0.0);
    }

    #[test]
    fn a_seed_gives_the_same_counts_on_any_number_of_threads() {
        let cell = Cell { storms: STORMS[0], sessions: 100, shift: 0.25, pairs: 6 };
        let cells = [cell, Cell { shift: 0.0, ..cell }, cell];
        let one = count_all(&cells, 3, 1, &|_, _| {});
        assert_eq!(one, count_all(&cells, 3, 2, &|_, _| {}));
        assert_eq!(one[0].pairs, 6);
    }
}
