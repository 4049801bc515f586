//! What can go wrong in a simulation, whose fault it is and what to do.

use std::path::PathBuf;

/// Why no storm was written.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// An option that cannot be followed.
    #[error("{option} {value}: {problem}; {way_out}")]
    Option {
        /// The option as it is typed.
        option: &'static str,
        /// What was given.
        value: String,
        /// What is wrong with it.
        problem: &'static str,
        /// What to give instead.
        way_out: String,
    },
    /// The folder holds something already.
    #[error("{0} is not empty: name a folder that is new or empty, or empty this one first")]
    NotEmpty(PathBuf),
    /// There is a file where the folder should be.
    #[error("{0} is not a folder: name a folder that is new or empty")]
    NotAFolder(PathBuf),
    /// The system refused.
    #[error("cannot {action} {path}: {source}; see that there is room and that the folder may be written to")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl SimulateError {
    /// Whether whoever read standard output has stopped reading: no failure.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == std::io::ErrorKind::BrokenPipe)
    }

    /// For `map_err` on an operation of the file system.
    pub fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
