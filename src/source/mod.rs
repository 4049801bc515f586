//! Where the bytes are: places in, the logs of each host in the order of the times inside out.
//!
//! `choose` says which places and files are meant (plain data), `open` tells compression and layout from their
//! content, `blocks` hands their bytes on in pieces of whole lines. Whatever the way in, the same bytes give the same
//! answer.

pub mod blocks;
pub mod choose;
mod decoder;
pub mod http;
pub mod open;
pub mod sos;
pub mod ssh;

use choose::Chosen;
use http::HttpOptions;
use open::Input;
use sos::choose::At;
use sos::scan::Scanning;
use ssh::failure::Failure;
use ssh::{HostReport, RemoteLog};
use std::path::PathBuf;

/// A place that holds logs, as plain data: nothing is opened or contacted yet. Places are opened at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Files of this machine that make up one log.
    Files(Vec<Chosen>),
    /// The log of a host, over SSH.
    Remote(Box<RemoteLog>),
    /// Sosreports; several of one host are one log.
    Reports(Vec<At>, Scanning, HttpOptions),
}

/// The logs of one host.
#[derive(Debug)]
pub struct HostLogs {
    /// The host, where the place tells it.
    pub host: Option<String>,
    /// Its files in the order of the log.
    pub inputs: Vec<Input>,
}

/// What came of a place.
#[derive(Debug, Default)]
pub struct Opened {
    /// What can be read.
    pub hosts: Vec<HostLogs>,
    /// What cannot.
    pub refused: Vec<SourceError>,
    /// Words on what is left out on purpose.
    pub left_out: Vec<String>,
    /// Hosts that were asked, with their connections.
    pub reports: Vec<HostReport>,
}

impl Place {
    /// Opens it. `utc_offset`: seconds east of UTC for lines that do not tell theirs.
    pub fn open(&self, utc_offset: Option<i32>) -> Opened {
        match self {
            Self::Files(chosen) => open::open_all(chosen, utc_offset),
            Self::Remote(log) => log.open(utc_offset),
            Self::Reports(reports, scanning, http) => sos::open_reports(reports, scanning, http),
        }
    }
}

/// What cannot be read, whose fault it is and the way out.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The path does not exist.
    #[error("{0}: no such file or folder")]
    Missing(PathBuf),
    /// The system refuses it.
    #[error("{path}: {error}{way_out}", way_out = way_out(.error))]
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
    /// A host, or a part of its log.
    #[error("{host}: {failure}")]
    Host {
        /// As the inventory names it.
        host: String,
        /// What was said, and the way out.
        failure: Failure,
    },
    /// A folder or listing without a sosreport.
    #[error("{0}: no sosreport in this folder: expected archives (.tar.xz, .tar.gz, .tar) or unpacked ones")]
    NoReport(String),
    /// A sosreport without a log of registrations.
    #[error(
        "{0}: no log of a Satellite or a capsule in it: expected var/log/foreman/production.log, \
         var/log/foreman-proxy/proxy.log or the journal of foreman"
    )]
    NoLog(String),
    /// A sosreport that cannot be read, or not to its end.
    #[error("{name}: {words}")]
    Report {
        /// Which one.
        name: String,
        /// What is wrong, and the way out.
        words: String,
    },
    /// The path is given twice.
    #[error("{0}: given twice; it is read once")]
    Twice(PathBuf),
}

fn way_out(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => ": read it as root, as sos and Foreman write for root alone",
        _ => "",
    }
}

impl SourceError {
    /// It is readable, and there is nothing in it to analyse.
    pub const fn is_nothing(&self) -> bool {
        matches!(self, Self::Empty(_) | Self::EmptyFolder(_) | Self::NoReport(_) | Self::NoLog(_))
    }

    pub(crate) fn io(path: &std::path::Path, error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::Missing(path.to_owned()),
            _ => Self::Unreadable { path: path.to_owned(), error },
        }
    }
}
