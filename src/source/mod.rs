//! Where the bytes are: paths in, open inputs in the order of the log out.
//!
//! `choose` says which files are meant (plain data), `open` tells compression and layout from their content,
//! `blocks` hands their bytes on in pieces of whole lines.

pub mod blocks;
pub mod choose;
pub mod open;

use std::path::PathBuf;

/// What cannot be read, whose fault it is and the way out.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The path does not exist.
    #[error("{0}: no such file or folder")]
    Missing(PathBuf),
    /// The system refuses it.
    #[error("{path}: {error}")]
    Unreadable {
        /// Which path.
        path: PathBuf,
        /// The system's word.
        error: std::io::Error,
    },
    /// A folder without a log.
    #[error("{0}: no log in this folder: expected production.log and its rotated files")]
    EmptyFolder(PathBuf),
    /// Nothing in the file.
    #[error("{0}: it is empty")]
    Empty(PathBuf),
    /// A container that is not read.
    #[error("{path}: {what} is not read: {way_out}")]
    Unsupported {
        /// Which path.
        path: PathBuf,
        /// The format.
        what: &'static str,
        /// What to do.
        way_out: &'static str,
    },
    /// The path is given twice.
    #[error("{0}: given twice; it is read once")]
    Twice(PathBuf),
}

impl SourceError {
    pub(crate) fn io(path: &std::path::Path, error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::Missing(path.to_owned()),
            _ => Self::Unreadable { path: path.to_owned(), error },
        }
    }
}
