//! Drawn pairs of runs in, how often verdicts are wrong and changes missed out.

use super::comparable::Refusal;
use super::drawn::{Drawn, STORM};
use super::judge::{Options, Row, Subject, Verdict, compare};
use super::run::Run;
use super::statistics;
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
    Storms { name: "flat", drawn: STORM, runs: 1 },
    Storms { name: "bursts of 50 hosts", drawn: Drawn { burst: 50, ..STORM }, runs: 1 },
    Storms { name: "20 slow phases", drawn: Drawn { phases: 20, phase_level: 0.3, ..STORM }, runs: 1 },
    Storms { name: "4 slow phases", drawn: Drawn { phases: 4, phase_level: 0.3, ..STORM }, runs: 1 },
    Storms {
        name: "4 slow phases, 3 runs a side",
        drawn: Drawn { phases: 4, phase_level: 0.3, ..STORM },
        runs: 3,
    },
    Storms {
        name: "4 slow phases, 8 runs a side",
        drawn: Drawn { phases: 4, phase_level: 0.3, ..STORM },
        runs: 8,
    },
];

/// What a shift changes: the verdicts on all other figures are wrong where they tell of a change.
const SHIFTED: [Subject; 3] = [
    Subject::Metric(Metric::ConsumerCreateMs),
    Subject::Metric(Metric::CreateAndFactsMs),
    Subject::CreatesUnderWay,
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
    /// With a change of a figure that a shift of the create leaves as it is.
    pub beside: usize,
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
        let beside = |row: &Row| row.verdict.is_change() && !SHIFTED.contains(&row.subject);
        self.beside += usize::from(rows.iter().any(beside));
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

/// The seed of the cell at a place: no two share their draws.
pub const fn seed_of(seed: u64, at: usize) -> u64 {
    seed.wrapping_add(1000 * at as u64)
}

/// Counts every cell, on so many threads; `told` is called as each is done.
pub fn count_all(
    cells: &[Cell],
    seed: u64,
    threads: usize,
    told: &(dyn Fn(&Cell, &Counts) + Sync),
) -> Vec<Counts> {
    in_order(cells, threads, |at, cell| {
        let counts = cell.count(seed_of(seed, at));
        told(cell, &counts);
        counts
    })
}

/// The interval that holds the true share in 95 of 100 cases.
pub fn wilson(found: usize, of: usize) -> (f64, f64) {
    let n = of.max(1) as f64;
    statistics::wilson(found as f64 / n, n, 1.96)
}

#[cfg(test)]
mod tests {
    use super::super::judge::SUBJECTS;
    use super::*;

    #[test]
    fn the_interval_is_that_of_the_paper() {
        let (low, high) = wilson(20, 400);
        assert!((low - 0.0326).abs() < 1e-3 && (high - 0.0759).abs() < 1e-3, "{low} {high}");
        assert_eq!((wilson(0, 400).0, wilson(400, 400).1), (0.0, 1.0));
    }

    #[test]
    fn every_figure_is_drawn() {
        let run = Drawn { sessions: 5000, ..STORM }.run(&mut ChaCha8Rng::seed_from_u64(1));
        let sides = [run.clone(), run];
        let rows = compare(&sides[..1], &sides[1..], &Options::default());
        let judged = |subject: Subject| {
            rows.iter().any(|r| {
                r.group.is_none() && r.subject == subject && r.verdict == Verdict::NoChangeSeen && !r.inferred
            })
        };
        let missing: Vec<Subject> = SUBJECTS.into_iter().filter(|subject| !judged(*subject)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let groups = rows.iter().filter(|r| r.subject == Subject::ErrorRate).count();
        assert_eq!(groups, 5, "four ways in, and all");
    }

    #[test]
    fn a_change_beside_the_create_is_counted_as_one() {
        let cell = Cell { storms: STORMS[0], sessions: 300, shift: 0.5, pairs: 20 };
        let counts = cell.count(1);
        assert_eq!((counts.found, counts.any_regressed), (20, 20));
        assert!(counts.beside <= 5, "{counts:?}");
        // what changes everything changes what is beside the create
        let sides = [1.0, 2.0]
            .map(|ratio| Drawn { ratio, sessions: 300, ..STORM }.run(&mut ChaCha8Rng::seed_from_u64(2)));
        let mut counts = Counts::default();
        counts.add(&compare(&sides[..1], &sides[1..], &Options::default()));
        assert_eq!((counts.found, counts.beside), (1, 1));
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
