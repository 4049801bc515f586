//! What the user named on both sides in, runs of the same load against each other out.
//!
//! An archive's levels are runs by themselves, held against those of the other side's archives. A run that is none has a
//! label `level`, which says of which level it is. Where neither side has an archive, all runs of a side go together.

use super::comparable::LOAD;
use super::run::Run;
use std::collections::{BTreeMap, BTreeSet};

/// What the user named.
#[derive(Clone, Debug)]
pub enum Source {
    /// A run that is kept or read as a whole.
    Whole(Box<Run>),
    /// An archive's levels, by load; a load that came twice has two runs.
    Levels(Vec<(u32, Run)>),
}

/// Runs of the same load; of one side only where the other has none of it.
#[derive(Clone, Debug, Default)]
pub struct Pair {
    /// None where no archive is compared.
    pub level: Option<u32>,
    /// Runs before.
    pub before: Vec<Run>,
    /// Runs after.
    pub after: Vec<Run>,
}

impl Pair {
    /// The side that lacks the level.
    pub fn lacks(&self) -> Option<&'static str> {
        match (self.before.is_empty(), self.after.is_empty()) {
            (true, _) => Some("before"),
            (_, true) => Some("after"),
            _ => None,
        }
    }

    /// Both sides.
    pub fn sides(&self) -> (&[Run], &[Run]) {
        (&self.before, &self.after)
    }

    fn side(&mut self, at: usize) -> &mut Vec<Run> {
        if at == 0 { &mut self.before } else { &mut self.after }
    }
}

/// Why runs and levels cannot be held against each other.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unpaired {
    /// A run beside an archive that does not tell its level.
    #[error(
        "{run}: {}, and beside an archive it is not known which of the levels {levels} it is: name the archive that it \
         is of, or keep it with `reginfra metrics --save DIR --label level=N`",
        match label {
            Some(label) => format!("its label level={label} is no number of hosts"),
            None => "it has no label level=N".to_owned(),
        }
    )]
    NoLevel {
        /// As the user named it.
        run: String,
        /// What its label says.
        label: Option<String>,
        /// Those of all archives.
        levels: String,
    },
    /// No level is on both sides.
    #[error(
        "no level of load is on both sides, which have {before} before and {after} after: run both at the same levels"
    )]
    NoneInBoth {
        /// Levels.
        before: String,
        /// Levels.
        after: String,
    },
}

/// Pairs in the order of load.
///
/// # Errors
/// A run whose level is not known, or no level that is on both sides.
pub fn pairs(before: Vec<Source>, after: Vec<Source>) -> Result<Vec<Pair>, Unpaired> {
    let sides = [before, after];
    let of_archives: BTreeSet<u32> = sides.iter().flatten().flat_map(Source::levels).collect();
    let archives = sides.each_ref().map(|side| side.iter().any(|source| matches!(source, Source::Levels(_))));
    if archives == [false, false] {
        let mut all = Pair::default();
        for (at, side) in sides.into_iter().enumerate() {
            let runs = side.into_iter().filter_map(|source| match source {
                Source::Whole(run) => Some(*run),
                Source::Levels(_) => None,
            });
            all.side(at).extend(runs);
        }
        return Ok(vec![all]);
    }
    let mut found: BTreeMap<u32, Pair> = BTreeMap::new();
    for (at, side) in sides.into_iter().enumerate() {
        for source in side {
            for (level, run) in source.by_level(&of_archives)? {
                let pair = found.entry(level).or_insert(Pair { level: Some(level), ..Pair::default() });
                pair.side(at).push(run);
            }
        }
    }
    let of_side =
        |lacks: &str| words(found.values().filter(|p| p.lacks() != Some(lacks)).filter_map(|p| p.level));
    if found.values().all(|pair| pair.lacks().is_some()) {
        return Err(Unpaired::NoneInBoth { before: of_side("before"), after: of_side("after") });
    }
    // the labels of a side without an archive say which levels are meant
    found.retain(|_, pair| archives[0] && archives[1] || pair.lacks().is_none());
    Ok(found.into_values().collect())
}

impl Source {
    /// The run, or the first of an archive's levels: all of them have its name and were read together.
    pub fn first(&self) -> Option<&Run> {
        match self {
            Self::Whole(run) => Some(run),
            Self::Levels(runs) => runs.first().map(|(_, run)| run),
        }
    }

    fn levels(&self) -> impl Iterator<Item = u32> {
        let runs = match self {
            Self::Whole(_) => [].as_slice(),
            Self::Levels(runs) => runs,
        };
        runs.iter().map(|(level, _)| *level)
    }

    fn by_level(self, of_archives: &BTreeSet<u32>) -> Result<Vec<(u32, Run)>, Unpaired> {
        let run = match self {
            Self::Whole(run) => run,
            Self::Levels(runs) => return Ok(runs),
        };
        let label = run.labels.get(LOAD[0]);
        match label.and_then(|level| level.trim().parse().ok()) {
            Some(level) => Ok(vec![(level, *run)]),
            None => Err(Unpaired::NoLevel {
                label: label.cloned(),
                levels: words(of_archives.iter().copied()),
                run: run.name,
            }),
        }
    }
}

/// `8, 16, 32`, or `none`.
pub fn words(levels: impl Iterator<Item = u32>) -> String {
    let each: Vec<String> = levels.map(|level| level.to_string()).collect();
    if each.is_empty() { "none".to_owned() } else { each.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(levels: &[u32]) -> Source {
        Source::Levels(levels.iter().map(|level| (*level, Run::default())).collect())
    }

    fn kept(label: Option<&str>) -> Source {
        let labels = label.map(|level| ("level".to_owned(), level.to_owned())).into_iter().collect();
        Source::Whole(Box::new(Run { name: "kept".to_owned(), labels, ..Run::default() }))
    }

    fn found(before: Vec<Source>, after: Vec<Source>) -> Vec<(Option<u32>, usize, usize)> {
        let pairs = pairs(before, after).unwrap();
        pairs.iter().map(|p| (p.level, p.before.len(), p.after.len())).collect()
    }

    #[test]
    fn levels_of_several_archives_are_runs_of_their_level() {
        assert_eq!(
            found(vec![archive(&[8, 16]), archive(&[8])], vec![archive(&[16, 8, 8]), archive(&[32])]),
            [(Some(8), 2, 2), (Some(16), 1, 1), (Some(32), 0, 1)]
        );
        assert_eq!(found(vec![kept(None)], vec![kept(Some("x")), kept(None)]), [(None, 1, 2)]);
    }

    #[test]
    fn a_kept_run_is_held_against_the_level_that_its_label_names() {
        assert_eq!(
            found(vec![archive(&[8, 16])], vec![kept(Some("16")), kept(Some("16"))]),
            [(Some(16), 1, 2)]
        );
        // beside an archive of its own side it is one more run
        assert_eq!(
            found(vec![archive(&[8, 16]), kept(Some("8"))], vec![archive(&[8])]),
            [(Some(8), 2, 1), (Some(16), 1, 0)]
        );
    }

    #[test]
    fn a_run_without_a_level_and_sides_without_a_common_one_are_refused() {
        for (label, words) in [(None, "it has no label level=N"), (Some("high"), "level=high is no number")] {
            let told = pairs(vec![archive(&[8, 16])], vec![kept(label)]).unwrap_err().to_string();
            assert!(
                told.contains(words) && told.contains("levels 8, 16") && told.contains("--label"),
                "{told}"
            );
        }
        let told = pairs(vec![archive(&[8, 16])], vec![kept(Some("40"))]).unwrap_err().to_string();
        assert!(told.contains("8, 16 before and 40 after"), "{told}");
    }
}
