//! The one pass over an archive: packed bytes in, parsed logs and what tells of their host out.
//!
//! One thread unpacks, one walks from member to member and cuts logs into pieces, others parse these; the requests
//! wait in a store. What is not needed is skipped at the speed of the unpacking. Nothing is written to disk but what
//! the store cannot hold in memory. Archives in archives are read in the same pass.

use super::about::About;
use super::limit::{Limit, Packed};
use super::member::Role;
use super::stream::{self, Counted};
use super::walk::{self, Log, Walk};
use crate::log::read::Parser;
use crate::log::store::{ParsedLog, Store, Stored};
use crate::source::SourceError;
use crate::source::blocks::Data;
use crate::source::open::{Body, Compression, Input, Stream};
use crossbeam_channel::{Receiver, bounded};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Words on one archive or folder.
const MOST_TOLD: usize = 100;
/// Pieces of one archive that wait for a parser or are parsed.
const UNDER_WAY: usize = 8;

/// How archives are read; the answer never depends on it, but for the offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanning {
    /// Seconds east of UTC for lines that do not tell theirs, where the user says it.
    pub utc_offset: Option<i32>,
    /// Threads that parse.
    pub threads: usize,
    /// Bytes in a piece.
    pub chunk: usize,
    /// Bytes of requests and capsules' logs that may wait in memory.
    pub memory: u64,
    /// Bytes that an archive may unpack to, where the user says it.
    pub unpack_limit: Option<u64>,
}

/// What one report holds.
#[derive(Debug, Default)]
pub struct Report {
    /// Its host.
    pub about: About,
    /// production.log and its rotated set.
    pub production: Vec<Input>,
    /// The journal of unit foreman.
    pub journal: Vec<Input>,
    /// proxy.log and its rotated set, or the journal of unit foreman-proxy.
    pub capsule: Vec<Input>,
    /// When the newest of its logs was written, in seconds since 1970.
    pub newest: i64,
}

impl Report {
    /// Adds a log.
    pub fn add(&mut self, role: Role, input: Input, written: i64) {
        self.newest = self.newest.max(written);
        match role {
            Role::ProductionLog => self.production.push(input),
            Role::ForemanJournal => self.journal.push(input),
            _ => self.capsule.push(Input { of_capsule: true, ..input }),
        }
    }
}

/// What an archive or a folder holds.
#[derive(Debug, Default)]
pub struct Found {
    /// Reports by the folder that they lie in.
    pub reports: BTreeMap<String, Report>,
    /// Words on what was left out.
    pub left_out: Vec<String>,
    /// What could not be read, or not to its end.
    pub unread: Vec<SourceError>,
    /// Lines came before any that tells their offset from UTC.
    pub offset_wanted: bool,
}

impl Found {
    /// Nothing but why there is nothing.
    pub fn nothing(name: String, words: String) -> Self {
        Self { unread: vec![SourceError::Report { name, words }], ..Self::default() }
    }

    /// What is left out on purpose is told, up to a number.
    pub(super) fn leave_out(&mut self, words: String) {
        if self.left_out.len() < MOST_TOLD {
            self.left_out.push(words);
        }
    }

    /// What could not be read is told, up to a number.
    pub(super) fn cannot_read(&mut self, name: &str, words: String) {
        self.fail(SourceError::Report { name: name.to_owned(), words });
    }

    /// The same of an error that names its file.
    pub(super) fn fail(&mut self, error: SourceError) {
        match self.unread.len().cmp(&MOST_TOLD) {
            std::cmp::Ordering::Less => self.unread.push(error),
            std::cmp::Ordering::Equal => {
                let words = format!("the first {MOST_TOLD} that cannot be read are told, and there are more");
                self.unread.push(SourceError::Report { name: "of the same report".to_owned(), words });
            }
            std::cmp::Ordering::Greater => {}
        }
    }
}

/// Reads an archive. `offsets`: seconds east of UTC by report, where an earlier pass told them.
pub fn scan(
    name: &str,
    raw: Box<dyn Read + Send>,
    scanning: &Scanning,
    offsets: &BTreeMap<String, i32>,
) -> Found {
    let limit = Limit::new(scanning.unpack_limit);
    let shared = Shared {
        store: Store::new(scanning.memory),
        logs: Mutex::new(Vec::new()),
        offset_wanted: AtomicBool::new(false),
    };
    let (work, work_out) = bounded::<Work>(waiting(scanning.threads));
    let (mut found, logs) = std::thread::scope(|scope| {
        for _ in 0..scanning.threads {
            let (work_out, shared) = (work_out.clone(), &shared);
            scope.spawn(move || parse(&work_out, shared));
        }
        drop(work_out);
        let (pump, mut pipe) = stream::pipe();
        let limit = &limit;
        let (compression, raw): (Compression, Box<dyn Read + Send>) =
            match walk::told(Packed::new(raw, limit)) {
                Ok(told) => told,
                Err(error) => (Compression::None, Box::new(Broken(Some(error)))),
            };
        scope.spawn(move || match compression.reader(raw) {
            Ok(reader) => pump.run(Counted::new(reader, limit)),
            Err(error) => pump.run(Broken(Some(error))),
        });
        let walk = Walk {
            scanning,
            offsets,
            limit,
            store: &shared.store,
            work,
            members: 0,
            found: Found::default(),
            logs: Vec::new(),
        };
        walk.through(&mut pipe, name, compression)
    });
    found.offset_wanted = shared.offset_wanted.load(Ordering::Relaxed);
    collect(found, logs, shared.logs.into_inner().unwrap_or_default())
}

/// Pieces that may wait for so many parsers.
pub(super) fn waiting(parsers: usize) -> usize {
    UNDER_WAY.saturating_sub(parsers).clamp(1, parsers * 2 + 2)
}

/// Pieces of a log in the order in which they came, and why some are missing.
type Pieces = (Vec<(usize, Stored)>, Option<String>);

struct Shared {
    store: Store,
    logs: Mutex<Vec<Pieces>>,
    offset_wanted: AtomicBool,
}

/// A piece of a log.
pub(super) struct Work {
    /// Which log.
    pub log: usize,
    /// Which piece of it.
    pub index: usize,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Seconds east of UTC for lines that do not tell theirs.
    pub utc_offset: Option<i32>,
}

/// A stream that breaks off at once.
pub(super) struct Broken(pub Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

fn parse(work: &Receiver<Work>, shared: &Shared) {
    let (mut parser, mut offset) = (Parser::new(None), None);
    let mut events = Vec::new();
    for Work { log, index, bytes, utc_offset } in work {
        if utc_offset != offset {
            (parser, offset) = (Parser::new(utc_offset), utc_offset);
        }
        let n = bytes.len();
        let (piece, _) = parser.piece(index == 0, Data::Bytes(bytes), events);
        if piece.block.counts.offset_unknown > 0 {
            shared.offset_wanted.store(true, Ordering::Relaxed);
        }
        let stored = shared.store.put(&piece, n);
        if let Ok(mut logs) = shared.logs.lock() {
            if logs.len() <= log {
                logs.resize_with(log + 1, Default::default);
            }
            match stored {
                Ok(stored) => logs[log].0.push((index, stored)),
                Err(error) => logs[log].1 = Some(error.to_string()),
            }
        }
        events = piece.block.events;
        events.clear();
    }
}

fn collect(mut found: Found, logs: Vec<Log>, pieces: Vec<Pieces>) -> Found {
    let pieces = pieces.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
    for (log, pieces) in logs.into_iter().zip(pieces) {
        let (mut pieces, lost) = pieces.unwrap_or_default();
        pieces.sort_unstable_by_key(|(index, _)| *index);
        let pieces: Vec<Stored> = pieces.into_iter().map(|(_, stored)| stored).collect();
        let error = log.error.or(lost);
        // of two copies the one that is not whole is left out
        let size = if error.is_some() { pieces.iter().map(|p| p.bytes as u64).sum() } else { log.size };
        let body = match log.kept {
            Some(kept) => Body::Stream(Stream::Kept(kept)),
            None => Body::Parsed(ParsedLog { pieces, error }),
        };
        let input = Input {
            name: log.name,
            compression: log.compression,
            head: log.head,
            of_capsule: false,
            fingerprint: log.fingerprint,
            size: Some(size),
            body,
        };
        found.reports.entry(log.report).or_default().add(log.role, input, log.written);
    }
    found
}
