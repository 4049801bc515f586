//! An archive's answer and the registrations behind it in, each level as a run that `compare` can judge out.

use super::answer::{ArchiveAnswer, LevelAnswer};
use crate::compare::comparable::LOAD;
use crate::compare::run::{OfLevel, Reading, Run};
use crate::kept::requests;
use crate::registration::finish::Registrations;
use std::collections::BTreeMap;

/// First tries of every level that has registrations, with its load; `reading` is how the archive was read. Loads whose
/// registrations are not in the Satellite's log come beside them.
pub fn runs(
    archive: &ArchiveAnswer,
    name: &str,
    reading: &Reading,
    all: &Registrations,
) -> (Vec<(u32, Run)>, Vec<u32>) {
    let (seen, unseen): (Vec<&LevelAnswer>, Vec<&LevelAnswer>) =
        archive.levels.iter().partition(|level| level.groups.iter().any(|g| g.session_count > 0));
    let lines = requests::lines(all);
    let run = |level: &LevelAnswer| {
        let load = level.level.load;
        let run = Run {
            labels: BTreeMap::from([(LOAD[0].to_owned(), load.to_string())]),
            reading: reading.clone(),
            level: Some(OfLevel {
                hosts: level.first_tries.hosts,
                passed: level.first_tries.passed,
                per_second: level.throughput(),
            }),
            ..Run::of_part(name, &level.groups, (all, &lines), level.window)
        };
        (load, run)
    };
    (seen.into_iter().map(run).collect(), unseen.into_iter().map(|level| level.level.load).collect())
}
