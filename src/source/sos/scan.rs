//! The one pass over an archive: packed bytes in, parsed logs and what tells of their host out.
//!
//! One thread unpacks, one walks from member to member and cuts logs into pieces, others parse these; the requests
//! wait in a store. What is not needed is skipped at the speed of the unpacking. Nothing is written to disk but what
//! the store cannot hold in memory. Archives in archives are read in the same pass.

use super::about::{self, About};
use super::kept::Kept;
use super::limit::{Limit, Packed};
use super::member::{self, Member, Role};
use super::stream::{self, Counted, Skip};
use super::tar::{Archive, Entry, Kind};
use crate::log::assemble::Counts;
use crate::log::read::Parser;
use crate::log::store::{ParsedLog, Store, Stored};
use crate::source::SourceError;
use crate::source::blocks::{self, Data};
use crate::source::open::{Body, Compression, Input, Stream, fingerprint, head_counts};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Archives in archives in archives: a collector's tar of reports is one deep.
const DEEPEST: usize = 4;
/// Members that matter in one archive: a host has some dozens, a collection some hundreds of hosts.
const MOST_MEMBERS: usize = 10_000;
/// Words on one archive or folder.
const MOST_TOLD: usize = 100;

/// How archives are read; the answer never depends on it, but for the offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanning {
    /// Seconds east of UTC for lines that do not tell theirs, where the user says it.
    pub utc_offset: Option<i32>,
    /// Threads that parse, and archives that are read at once.
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
    let (work, work_out) = bounded::<Work>(scanning.threads * 2 + 2);
    let (mut found, logs) = std::thread::scope(|scope| {
        for _ in 0..scanning.threads {
            let (work_out, shared) = (work_out.clone(), &shared);
            scope.spawn(move || parse(&work_out, shared));
        }
        drop(work_out);
        let (pump, mut pipe) = stream::pipe();
        let limit = &limit;
        scope.spawn(move || match unpack(Packed::new(raw, limit)) {
            Ok(reader) => pump.run(Counted::new(reader, limit)),
            Err(error) => pump.run(Broken(Some(error))),
        });
        let mut scanner = Scanner {
            scanning,
            offsets,
            limit,
            store: &shared.store,
            work,
            members: 0,
            found: Found::default(),
            logs: Vec::new(),
        };
        let result = scanner.archive(&mut pipe, name, "", 0);
        let result = result.and_then(|()| drain(&mut pipe));
        if let Err(error) = result {
            scanner.found.cannot_read(name, in_words(&error));
        }
        (scanner.found, scanner.logs)
    });
    found.offset_wanted = shared.offset_wanted.load(Ordering::Relaxed);
    collect(found, logs, shared.logs.into_inner().unwrap_or_default())
}

/// Pieces of a log in the order in which they came, and why some are missing.
type Pieces = (Vec<(usize, Stored)>, Option<String>);

struct Shared {
    store: Store,
    logs: Mutex<Vec<Pieces>>,
    offset_wanted: AtomicBool,
}

struct Work {
    log: usize,
    index: usize,
    bytes: Vec<u8>,
    utc_offset: Option<i32>,
}

/// A log of which the pieces are under way.
struct Log {
    report: String,
    role: Role,
    written: i64,
    name: String,
    compression: Compression,
    head: Counts,
    fingerprint: u64,
    size: u64,
    error: Option<String>,
    /// A capsule's: its lines are read by another parser, when all places have been opened.
    kept: Option<Kept>,
}

fn unpack<'a>(mut raw: impl Read + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
    let mut magic = Vec::new();
    (&mut raw).take(6).read_to_end(&mut magic)?;
    Compression::of(&magic).reader(Box::new(Cursor::new(magic).chain(raw)))
}

// an archive's checksum stands at its end; what somebody wrote behind a gzip archive is not of it
fn drain(input: &mut impl Read) -> io::Result<()> {
    match io::copy(input, &mut io::sink()) {
        // a wrong checksum has the same kind: the library's words are all that tells one from the other
        Err(e) if e.to_string() == "invalid gzip header" => Ok(()),
        other => other.map(drop),
    }
}

// decompressors have a word of their own each for an archive that was cut
fn in_words(error: &io::Error) -> String {
    let words = error.to_string();
    if error.kind() == io::ErrorKind::UnexpectedEof && !words.contains("cut") {
        format!("{words}: it was cut")
    } else {
        words
    }
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

struct Scanner<'a> {
    scanning: &'a Scanning,
    offsets: &'a BTreeMap<String, i32>,
    limit: &'a Limit,
    store: &'a Store,
    work: Sender<Work>,
    members: usize,
    found: Found,
    logs: Vec<Log>,
}

impl Scanner<'_> {
    // `inside`: the archive in the archive that this is, as a part of names of reports
    fn archive(
        &mut self,
        input: &mut (dyn Skip + Send),
        name: &str,
        inside: &str,
        depth: usize,
    ) -> io::Result<()> {
        let mut archive = Archive::new(input);
        let mut leading_out = 0u64;
        while let Some(entry) = archive.next()? {
            let path = entry.path.trim_start_matches("./");
            let Some(member) = member::member(path) else { continue };
            if member::leads_out(path) {
                leading_out += 1;
                continue;
            }
            self.members += 1;
            if self.members > MOST_MEMBERS {
                let words =
                    format!("it holds more than {MOST_MEMBERS} members that look like logs: stopped there");
                return Err(io::Error::other(words));
            }
            let shown = format!("{name}:{path}");
            let place = Place { report: format!("{inside}{}", member.report), name: shown, depth };
            match entry.kind {
                Kind::File => self.file(&mut archive, &entry, member, place)?,
                Kind::Symlink | Kind::HardLink => self.link(&entry, member, place),
                Kind::Other => {}
            }
        }
        if leading_out > 0 {
            self.found
                .leave_out(format!("{name}: {leading_out} members have names that lead out of it: not read"));
        }
        if !archive.ended() {
            self.found
                .cannot_read(name, "it has no end mark: it may have been cut, copy it again".to_owned());
        }
        Ok(())
    }

    fn file(
        &mut self,
        archive: &mut Archive<&mut (dyn Skip + Send)>,
        entry: &Entry,
        member: Member<'_>,
        place: Place,
    ) -> io::Result<()> {
        match member.role {
            Role::ProductionLog | Role::ForemanJournal | Role::ProxyLog | Role::ProxyJournal => {
                self.log(archive, entry, member.role, place);
                Ok(())
            }
            Role::LoadBalancer => {
                self.report(place.report).about.balances = true;
                Ok(())
            }
            Role::Archive => {
                self.nested(archive, &place);
                Ok(())
            }
            role => {
                let mut content = Vec::new();
                archive.by_ref().take(about::MOST).read_to_end(&mut content)?;
                self.report(place.report).about.take(role, &content);
                Ok(())
            }
        }
    }

    fn report(&mut self, report: String) -> &mut Report {
        self.found.reports.entry(report).or_default()
    }

    fn link(&mut self, entry: &Entry, member: Member<'_>, place: Place) {
        let target = &entry.link;
        match member.role {
            Role::LocalTime => self.report(place.report).about.take_link(target),
            Role::ProductionLog | Role::ProxyLog | Role::ForemanJournal | Role::ProxyJournal => {
                // the tail of a long log is a member of its own, and so is a log that a hard link leads to
                let read_anyway = target.contains("sos_strings/") || member::member(target).is_some();
                if !read_anyway {
                    self.found
                        .leave_out(format!("{}: a link to {target}, which is not followed", place.name));
                }
            }
            _ => {}
        }
    }

    // what is wrong with one log does not keep the others from being read
    fn log(&mut self, content: &mut (dyn Read + Send), entry: &Entry, role: Role, place: Place) {
        let utc_offset = self.scanning.utc_offset.or_else(|| self.offsets.get(&place.report).copied());
        let mut log = Log {
            report: place.report,
            role,
            written: entry.mtime,
            name: place.name,
            compression: Compression::None,
            head: Counts::default(),
            fingerprint: 0,
            size: entry.size,
            error: None,
            kept: None,
        };
        match self.pieces(content, &mut log, utc_offset) {
            // sos leaves empty files where a log was empty
            Ok(false) => return,
            Ok(true) => {}
            Err(error) => log.error = Some(error.to_string()),
        }
        self.logs.push(log);
    }

    fn pieces(
        &mut self,
        content: &mut (dyn Read + Send),
        log: &mut Log,
        utc_offset: Option<i32>,
    ) -> io::Result<bool> {
        let mut magic = Vec::new();
        content.take(6).read_to_end(&mut magic)?;
        log.compression = Compression::of(&magic);
        let compressed = log.compression != Compression::None;
        let content = Box::new(Cursor::new(magic).chain(content));
        // bytes of a plain member have been counted as the archive's own
        let mut reader: Box<dyn Read + Send> = if compressed {
            Box::new(Counted::new(log.compression.reader(content)?, self.limit))
        } else {
            content
        };
        let mut head = Vec::new();
        (log.head, _) = head_counts(&mut reader, &mut head, utc_offset);
        if head.is_empty() && reader.read(&mut [0])? == 0 {
            return Ok(false);
        }
        log.fingerprint = fingerprint(&head);
        if matches!(log.role, Role::ProxyLog | Role::ProxyJournal) {
            log.kept = Some(Kept::take(&mut Cursor::new(head).chain(reader), self.store)?);
            return Ok(true);
        }
        let (work, number) = (&self.work, self.logs.len());
        let mut index = 0;
        blocks::produce_stream(Cursor::new(head).chain(reader), self.scanning.chunk, |data, _| {
            let Data::Bytes(bytes) = data else { return false };
            let sent = work.send(Work { log: number, index, bytes, utc_offset }).is_ok();
            index += 1;
            sent
        })?;
        Ok(true)
    }

    // a report in a collection, or an old report's foreman-debug
    fn nested(&mut self, content: &mut (dyn Read + Send), place: &Place) {
        let name = &place.name;
        if place.depth >= DEEPEST {
            let words = format!("archives in archives are read {DEEPEST} deep: take it out and name it");
            return self.found.cannot_read(name, words);
        }
        let limit = self.limit;
        let inside = if name.contains("foreman-debug") {
            place.report.clone()
        } else {
            format!("{}{}!", place.report, name.rsplit('/').next().unwrap_or_default())
        };
        let result = unpack(content).and_then(|reader| {
            let mut reader = Counted::new(reader, limit);
            self.archive(&mut reader, name, &inside, place.depth + 1)?;
            drain(&mut reader)
        });
        if let Err(error) = result {
            self.found.cannot_read(name, in_words(&error));
        }
    }
}

/// Where a member is.
struct Place {
    report: String,
    name: String,
    depth: usize,
}
