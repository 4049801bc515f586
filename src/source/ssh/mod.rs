//! Logs of hosts over SSH: how a host is reached in, its log as streams out; nothing is copied to this disk.
//!
//! `target` reads the inventory's variables, `connection` starts the user's own ssh client once a host, `probe` looks
//! what is there, `pick` chooses, `fetch` has it sent compressed, `files` has
//! small files sent whole, `child` bounds silence and keeps the words of those
//! who fail, `failure` tells them apart. Passwords and other ways than ssh are ignored.

pub mod child;
pub mod connection;
pub mod failure;
pub mod fetch;
pub mod files;
pub mod pick;
pub mod probe;
pub mod quote;
pub mod target;

use super::open::{Compression, Input, Stream, in_order};
use super::{Opened, SourceError};
use crate::timestamp::Timestamp;
use connection::Connection;
use failure::{Failure, Reason};
use fetch::{Fetch, Wanted};
use pick::Limits;
use probe::{Found, Listed};
use std::sync::Arc;
use std::time::Duration;
use target::{HostRole, RemoteHost};

/// A host whose log is wanted, as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteLog {
    /// How it is reached.
    pub host: RemoteHost,
    /// What is wanted of its log.
    pub limits: Limits,
    /// How long it may send nothing.
    pub patience: Duration,
}

/// A journal, and from when on it is wanted.
type Journal = (Input, Option<Timestamp>);

/// How reading a host went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostStatus {
    /// Everything that was wanted was read.
    Read,
    /// A part of it was.
    Partly,
    /// Nothing was.
    Failed,
}

/// Whether a host of an answer, by the names of its role and status, is a Satellite of which nothing is in it.
pub fn is_missing_satellite(role: &str, status: &str) -> bool {
    role == target::HostRole::Satellite.name() && status == HostStatus::Failed.name()
}

impl HostStatus {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Partly => "partly-read",
            Self::Failed => "failed",
        }
    }
}

/// A host of the inventory and what came of it.
#[derive(Clone, Debug)]
pub struct HostReport {
    /// As the inventory names it.
    pub name: String,
    /// `satellite` or `capsule`.
    pub role: &'static str,
    /// How it went.
    pub status: HostStatus,
    /// What went wrong, the first first.
    pub failures: Vec<Failure>,
    /// Files (or journals) that were opened.
    pub files: usize,
    /// Bytes of the log, decompressed.
    pub bytes: u64,
    /// What was left on the host because of `--max-size`.
    pub left: Option<String>,
    /// Holds the connection while the log is read.
    connection: Option<Arc<Connection>>,
}

impl HostReport {
    /// Nothing could be read of it.
    pub fn failed(name: &str, role: &'static str, failure: Failure) -> Self {
        Self {
            name: name.to_owned(),
            role,
            status: HostStatus::Failed,
            failures: vec![failure],
            files: 0,
            bytes: 0,
            left: None,
            connection: None,
        }
    }

    /// Closes the connection; `bytes` were read, and reading ended early for `errors`: that settles how it went.
    pub fn settle<'a>(&mut self, bytes: u64, errors: impl IntoIterator<Item = &'a str>) {
        self.bytes = bytes;
        if let Some(connection) = self.connection.take() {
            for failure in connection.failures() {
                if !self.failures.contains(&failure) {
                    self.failures.push(failure);
                }
            }
        }
        for error in errors {
            // a file of the host's that is broken there
            if !self.failures.iter().any(|failure| error.contains(&failure.words)) {
                self.failures.push(Failure::new(Reason::Other, error));
            }
        }
        self.status = match (self.failures.is_empty(), bytes) {
            (true, _) => HostStatus::Read,
            (false, 0) => HostStatus::Failed,
            (false, _) => HostStatus::Partly,
        };
    }
}

impl RemoteLog {
    /// Connects, looks and chooses; files are sent when their turn comes.
    pub fn open(&self, utc_offset: Option<i32>) -> Opened {
        let host = &self.host;
        match Connection::open(host, self.patience) {
            Ok((connection, found)) => self.opened(Arc::new(connection), found, utc_offset),
            Err(failure) => refused(HostReport::failed(&host.name, host.role.name(), failure)),
        }
    }

    fn opened(&self, connection: Arc<Connection>, mut found: Found, utc_offset: Option<i32>) -> Opened {
        let host = &self.host;
        let mut failures = Vec::new();
        let wire = wire(&found);
        let nothing = found.files.is_empty();
        let (files, written) = self.files(std::mem::take(&mut found.files), utc_offset, &mut failures);
        let (picked, words) = pick::pick(files, self.limits);
        let fetch = |wanted, compression, wire| {
            let connection = Arc::clone(&connection);
            Stream::Remote(Box::new(Fetch { connection, wanted, compression, wire }))
        };
        let mut inputs = Vec::new();
        for (listed, input, skip) in picked {
            let compression = input.compression;
            let wire = if compression == Compression::None { wire } else { Compression::None };
            let wanted = Wanted::File { path: listed.path, size: listed.size, skip };
            inputs.push(input.with(fetch(wanted, compression, wire)));
        }
        let (journal, left_out) = self.journal(&found, nothing, written, utc_offset);
        let of_journal = journal.as_ref().and(self.limits.max_size).map(|_| {
            "nothing of the journal: --max-size counts files, and this is a journal; --since says how much of it comes"
                .to_owned()
        });
        match (&journal, found.denied) {
            (None, Some(folder)) if nothing => {
                failures.push(Failure::new(Reason::Denied, format!("{folder}: Permission denied")));
            }
            (None, None) if nothing => failures.push(missing(host)),
            _ => {}
        }
        if let Some((input, from)) = journal {
            let (since, until) = self.limits.widened();
            let wanted = Wanted::Journal { unit: host.unit.clone(), since: since.max(from), until };
            inputs.push(input.with(fetch(wanted, Compression::None, wire)));
        }
        let left: Vec<String> = words.into_iter().chain(of_journal).collect();
        let left = (!left.is_empty()).then(|| left.join("; "));
        let mut report = HostReport {
            status: HostStatus::Read,
            failures,
            files: inputs.len(),
            left: left.clone(),
            connection: Some(connection),
            ..HostReport::failed(&host.name, host.role.name(), missing(host))
        };
        if inputs.is_empty() {
            report.settle(0, []);
        }
        let mut opened = refused(report);
        opened.left_out.extend(left_out);
        opened.left_out.extend(left.map(|words| format!("{}: {words}", host.name)));
        opened.add(Some(host.name.clone()), inputs);
        opened
    }

    // the journal, where it is the log or goes on where files end, and from when on it is wanted; words on what of it is
    // left out. Where both hold requests of one time they hold the same ones
    fn journal(
        &self,
        found: &Found,
        nothing: bool,
        written: bool,
        utc_offset: Option<i32>,
    ) -> (Option<Journal>, Option<String>) {
        let name = format!("{}:journal of {}", self.host.name, self.host.unit);
        let (_, log, _) = self.host.role.usual();
        let read = |head: &[u8]| self.input(name.clone(), None, head, utc_offset);
        let whole = found.journal.as_deref().map(read);
        let later = found.later.as_ref().map(|(last, head)| (*last, read(head)));
        match (whole, later) {
            (Some((input, holds)), _) if !written && (nothing || holds) => (Some((input, None)), None),
            (whole, Some((last, (input, true)))) => {
                let from = Timestamp(last.saturating_add(1).saturating_mul(1_000_000));
                let before = whole.filter(|(input, holds)| *holds && input.first_us() < Some(from.0));
                let words = before.map(|_| format!("{name}: left out up to {from}, since {log} is there"));
                (Some((input, Some(from))), words)
            }
            (Some((_, true)), _) => (None, Some(format!("{name}: left out, since {log} is there"))),
            _ => (None, None),
        }
    }

    // from its first bytes, and whether they hold requests; whose a log is, its host's role tells
    fn input(&self, name: String, size: Option<u64>, head: &[u8], utc_offset: Option<i32>) -> (Input, bool) {
        let mut input = Input::from_head(name, size, head, utc_offset, Compression::of(head));
        let capsule = self.host.role == HostRole::Capsule;
        let holds = if capsule { input.of_capsule } else { input.head.with_request() > 0 };
        input.of_capsule = capsule;
        (input, holds)
    }

    // those that may be read, in the order of the log; whether any holds requests
    fn files(
        &self,
        files: Vec<Listed>,
        utc_offset: Option<i32>,
        failures: &mut Vec<Failure>,
    ) -> (Vec<(Listed, Input)>, bool) {
        let mut listed = std::collections::HashMap::new();
        let (mut inputs, mut written) = (Vec::new(), false);
        for file in files {
            let path = file.path.to_string_lossy();
            let Some(head) = &file.head else {
                failures.push(Failure::new(Reason::Denied, format!("{path}: Permission denied")));
                continue;
            };
            let name = format!("{}:{path}", self.host.name);
            let (input, holds) = self.input(name.clone(), Some(file.size), head, utc_offset);
            written |= holds;
            inputs.push(input);
            listed.insert(name, file);
        }
        let ordered = in_order(inputs);
        let both =
            ordered.into_iter().filter_map(|input| listed.remove(&input.name).map(|file| (file, input)));
        (both.collect(), written)
    }
}

fn wire(found: &Found) -> Compression {
    match found {
        Found { zstd: true, .. } => Compression::Zstd,
        Found { gzip: true, .. } => Compression::Gzip,
        _ => Compression::None,
    }
}

fn missing(host: &RemoteHost) -> Failure {
    let (_, name, _) = host.role.usual();
    let words = format!("no {name} in {} and nothing in the journal of {}", host.log, host.unit);
    Failure::new(Reason::LogMissing, words)
}

fn refused(report: HostReport) -> Opened {
    let errors = report
        .failures
        .iter()
        .map(|failure| SourceError::Host { host: report.name.clone(), failure: failure.clone() });
    Opened { refused: errors.collect(), reports: vec![report], ..Opened::default() }
}

/// How a host of the inventory is reached, or the row that says why it cannot be.
///
/// # Errors
/// A variable that cannot be used.
pub fn host_of(
    name: &str,
    role: target::HostRole,
    variable: target::Variable<'_>,
) -> Result<RemoteHost, Box<HostReport>> {
    RemoteHost::new(name, role, variable)
        .map_err(|failure| Box::new(HostReport::failed(name, role.name(), failure)))
}
