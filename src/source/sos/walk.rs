//! From member to member of an archive: its unpacked bytes in, pieces of logs and what tells of their hosts out.
//!
//! Archives in archives are walked through in place, each by one more decoder where it is packed.

use super::about;
use super::kept::Kept;
use super::limit::Limit;
use super::member::{self, Member, Role};
use super::scan::{Found, Report, Scanning, Work};
use super::stream::{Counted, Skip};
use super::tar::{self, Archive, Entry, Kind};
use crate::log::assemble::Counts;
use crate::log::store::Store;
use crate::source::blocks::{self, Data};
use crate::source::open::{Compression, fingerprint, head_counts};
use crossbeam_channel::Sender;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};

/// Archives in archives in archives: a collector's tar of reports is one deep.
const DEEPEST: u32 = 4;
/// Members that matter in one archive: a host has some dozens, a collection some hundreds of hosts.
const MOST_MEMBERS: usize = 10_000;
/// What is read to tell a tar archive.
const BLOCK: u64 = 512;

/// A log of which the pieces are under way.
pub struct Log {
    /// The folder of its report.
    pub report: String,
    /// What it is.
    pub role: Role,
    /// When it was last written, in seconds since 1970.
    pub written: i64,
    /// As shown to people.
    pub name: String,
    /// Told from its first bytes.
    pub compression: Compression,
    /// Told from its first lines.
    pub head: Counts,
    /// A hash of its first bytes.
    pub fingerprint: u64,
    /// Bytes in the archive.
    pub size: u64,
    /// Why it ended early.
    pub error: Option<String>,
    /// A capsule's: its lines are read by another parser, when all places have been opened.
    pub kept: Option<Kept>,
}

/// How it is packed, told from its first bytes, and all its bytes.
///
/// # Errors
/// Of the input.
pub fn told<'a>(mut raw: impl Read + Send + 'a) -> io::Result<(Compression, Box<dyn Read + Send + 'a>)> {
    let mut magic = Vec::new();
    (&mut raw).take(6).read_to_end(&mut magic)?;
    Ok((Compression::of(&magic), Box::new(Cursor::new(magic).chain(raw))))
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

/// A walk through an archive.
pub struct Walk<'a> {
    /// How it is read.
    pub scanning: &'a Scanning,
    /// Seconds east of UTC by report, where an earlier pass told them.
    pub offsets: &'a BTreeMap<String, i32>,
    /// How far it may unpack.
    pub limit: &'a Limit,
    /// Where capsules' logs wait.
    pub store: &'a Store,
    /// Where pieces go.
    pub work: Sender<Work>,
    /// Members that mattered so far.
    pub members: usize,
    /// What was found so far.
    pub found: Found,
    /// Logs, by the number that their pieces have.
    pub logs: Vec<Log>,
}

impl Walk<'_> {
    /// Goes through an archive to its end. `compression`: what its bytes came out of.
    pub fn through(
        mut self,
        input: &mut (impl Skip + Send),
        name: &str,
        compression: Compression,
    ) -> (Found, Vec<Log>) {
        let depth = Depth { archives: 0, packed: u32::from(compression != Compression::None) };
        if let Err(error) = self.archive(input, name, "", depth).and_then(|()| drain(input)) {
            self.found.cannot_read(name, in_words(&error));
        }
        (self.found, self.logs)
    }

    // `inside`: the archive in the archive that this is, as a part of names of reports
    fn archive(
        &mut self,
        input: &mut (dyn Skip + Send),
        name: &str,
        inside: &str,
        depth: Depth,
    ) -> io::Result<()> {
        let mut archive = Archive::new(input);
        let mut leading_out = 0u64;
        while let Some(entry) = archive.next()? {
            let path = entry.path.trim_start_matches("./");
            let place = |member: Member<'_>| Place {
                report: format!("{inside}{}", member.report),
                name: format!("{name}:{path}"),
                depth,
            };
            let Some(member) = member::member(path) else {
                if let Some(member) = may_be_archive(path, &entry) {
                    self.unnamed(&mut archive, &place(member))?;
                }
                continue;
            };
            if member::leads_out(path) {
                leading_out += 1;
                continue;
            }
            self.one_more()?;
            let place = place(member);
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

    fn one_more(&mut self) -> io::Result<()> {
        self.members += 1;
        if self.members > MOST_MEMBERS {
            let words =
                format!("it holds more than {MOST_MEMBERS} members that look like logs: stopped there");
            return Err(io::Error::other(words));
        }
        Ok(())
    }

    // what has no name of an archive may be one all the same
    fn unnamed(&mut self, archive: &mut Archive<&mut (dyn Skip + Send)>, place: &Place) -> io::Result<()> {
        let mut first = Vec::new();
        archive.by_ref().take(BLOCK).read_to_end(&mut first)?;
        if Compression::of(&first) == Compression::None && !tar::is_tar(&mut first.as_slice())? {
            return Ok(());
        }
        self.one_more()?;
        self.nested(&mut Cursor::new(first).chain(archive), place, false);
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
                self.nested(archive, &place, true);
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
        match self.pieces(content, &mut log, place.depth.packed, utc_offset) {
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
        packed: u32,
        utc_offset: Option<i32>,
    ) -> io::Result<bool> {
        let (compression, content) = told(content)?;
        log.compression = compression;
        // bytes of a plain member have been counted as the archive's own
        let mut reader: Box<dyn Read + Send> = if compression == Compression::None {
            content
        } else {
            Box::new(Counted::new(compression.reader_inside(packed, content)?, self.limit))
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

    // a report in a collection, or an old report's foreman-debug; `named` as one, it is told where it is none
    fn nested(&mut self, content: &mut (dyn Read + Send), place: &Place, named: bool) {
        let (name, limit) = (&place.name, self.limit);
        let inside = if name.contains("foreman-debug") {
            place.report.clone()
        } else {
            format!("{}{}!", place.report, name.rsplit('/').next().unwrap_or_default())
        };
        let result = told(content).and_then(|(compression, content)| {
            let Depth { archives, packed } = place.depth;
            let mut reader = Counted::new(compression.reader_inside(packed, content)?, limit);
            let mut first = Vec::new();
            (&mut reader).take(BLOCK).read_to_end(&mut first)?;
            if !named && !tar::is_tar(&mut first.as_slice())? {
                return Ok(());
            }
            if archives >= DEEPEST {
                let words = format!("archives in archives are read {DEEPEST} deep: take it out and name it");
                return Err(io::Error::other(words));
            }
            let packed = packed + u32::from(compression != Compression::None);
            let mut reader = Cursor::new(first).chain(reader);
            self.archive(&mut reader, name, &inside, Depth { archives: archives + 1, packed })?;
            drain(&mut reader)
        });
        if let Err(error) = result {
            self.found.cannot_read(name, in_words(&error));
        }
    }
}

// no archive by its name
fn may_be_archive<'a>(path: &'a str, entry: &Entry) -> Option<Member<'a>> {
    let plausible = entry.kind == Kind::File && entry.size >= member::SMALLEST_ARCHIVE;
    if plausible && !member::leads_out(path) { member::unnamed(path) } else { None }
}

/// What is around a member.
#[derive(Clone, Copy)]
struct Depth {
    /// Archives in archives.
    archives: u32,
    /// Those of them that are packed: each has a decoder that takes memory.
    packed: u32,
}

/// Where a member is.
struct Place {
    report: String,
    name: String,
    depth: Depth,
}
