//! What can be wrong with an archive, and the way out.

/// Why an archive cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is no archive.
    #[error(
        "{0}: no measurement.log in it: name the folder of a run, as satperf's run-library.sh fills it; \
         a folder of sosreports alone is read with --sosreport-dir"
    )]
    NoMeasurementLog(String),
    /// Nothing of the Satellite.
    #[error(
        "{0}: no folder sosreport/ in it, so nothing of what the Satellite saw: put the run's sosreports there, \
         or read the Satellite's log with --log"
    )]
    NoReports(String),
    /// A row that cannot be read.
    #[error(
        "{path}:{line}: {words}; mend the row or take it out: a level's row is as \
         measurement_add of satperf's run-library.sh writes it (command, log, rc, since, until, versions, run, results)"
    )]
    Malformed {
        /// measurement.log
        path: String,
        /// From 1.
        line: usize,
        /// What is wrong.
        words: String,
    },
    /// No row of a level.
    #[error(
        "{path}: no level of load in it: none of its {rows} rows is of \
         experiment/reg-average.py 'Execute registration' on a log named NN-concurrent-exec-N.log"
    )]
    NoLevel {
        /// measurement.log
        path: String,
        /// Rows in it.
        rows: usize,
    },
    /// Levels that cannot be told apart.
    #[error(
        "{path}:{line}: level {load} starts {seconds:.3} s before the level of line {before} has ended: \
         registrations of the two cannot be told apart; keep the rows of one run, in the order of time"
    )]
    Overlap {
        /// measurement.log
        path: String,
        /// Of the later row.
        line: usize,
        /// Its load.
        load: u32,
        /// How long.
        seconds: f64,
        /// Line of the earlier row.
        before: usize,
    },
    /// A file or folder of it.
    #[error("{name}: {words}")]
    Unreadable {
        /// Which.
        name: String,
        /// What was said.
        words: String,
    },
}
