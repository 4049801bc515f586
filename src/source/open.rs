//! Opens what was chosen: compression and layout told from the content, files put in the order of the times inside.

use super::choose::{Chosen, rank};
use super::decoder;
use super::sos::kept::Kept;
use super::ssh::fetch::Fetch;
use super::{HostLogs, Opened, SourceError};
use crate::log::assemble::{Assembler, Counts};
use crate::log::proxy::line::{Form, Lines};
use crate::log::proxy::stamp::Stamp;
use crate::log::store::ParsedLog;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

/// What is read of a file to tell its layout and first time.
const HEAD: usize = 64 * 1024;
/// The same where the first lines name no time: a long backtrace, a hole.
const LONG_HEAD: usize = 4 * 1024 * 1024;

/// How bytes are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// xz.
    Xz,
    /// zstd.
    Zstd,
    /// bzip2.
    Bzip2,
}

impl Compression {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
        }
    }

    /// Told from the first bytes.
    pub fn of(magic: &[u8]) -> Self {
        match magic {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            _ => Self::None,
        }
    }

    /// Decompresses, in memory that no header decides.
    ///
    /// # Errors
    /// Of the first bytes, and no memory for it.
    pub fn reader<'a>(self, raw: Box<dyn Read + Send + 'a>) -> io::Result<Box<dyn Read + Send + 'a>> {
        self.reader_inside(0, raw)
    }

    /// The same of what lies in so many packed archives, each in the one before: it may take less.
    ///
    /// # Errors
    /// Of the first bytes, and no memory for it.
    pub fn reader_inside<'a>(
        self,
        packed: u32,
        raw: Box<dyn Read + Send + 'a>,
    ) -> io::Result<Box<dyn Read + Send + 'a>> {
        let raw = BufReader::with_capacity(256 * 1024, raw);
        let unpacked: Box<dyn Read + Send> = match self {
            Self::None => return Ok(Box::new(raw)),
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(raw)),
            Self::Xz => decoder::xz(raw, packed)?,
            Self::Zstd => decoder::zstd(raw, packed)?,
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(raw)),
        };
        // most decoders go on behind what is damaged, or have ended, when they are asked again
        Ok(Box::new(decoder::Steady::new(unpacked)))
    }
}

/// Bytes that can only be read one after the other.
pub enum Stream {
    /// A compressed file or a pipe with a name: opened when its turn comes.
    File(PathBuf, Compression),
    /// Standard input, its first bytes read already.
    Open(Box<dyn Read + Send>),
    /// A capsule's log out of an archive: unpacked when its turn comes.
    Kept(Kept),
    /// A file or a journal of a host: sent when its turn comes.
    Remote(Box<Fetch>),
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path, compression) => f.debug_tuple("File").field(path).field(compression).finish(),
            Self::Open(_) => f.write_str("Open"),
            Self::Kept(kept) => f.debug_tuple("Kept").field(kept).finish(),
            Self::Remote(fetch) => f.debug_tuple("Remote").field(fetch).finish(),
        }
    }
}

impl Stream {
    /// The decompressed bytes.
    ///
    /// # Errors
    /// Of opening.
    pub fn open(self) -> io::Result<Box<dyn Read + Send>> {
        match self {
            Self::File(path, compression) => compression.reader(Box::new(File::open(path)?)),
            Self::Open(stream) => Ok(stream),
            Self::Kept(kept) => kept.open(),
            Self::Remote(fetch) => fetch.open(),
        }
    }
}

/// The bytes of an input.
#[derive(Debug)]
pub enum Body {
    /// A plain file, which many threads can read at once.
    Plain {
        /// The file.
        file: File,
        /// Its length.
        len: u64,
    },
    /// Anything else.
    Stream(Stream),
    /// A log of an archive, parsed in the one pass over it.
    Parsed(ParsedLog),
}

/// An input and what its first lines tell.
#[derive(Debug)]
pub struct Input {
    /// As shown to people.
    pub name: String,
    /// Told from its first bytes.
    pub compression: Compression,
    /// Told from its first lines.
    pub head: Counts,
    /// Its first lines are a capsule's, none a Satellite's.
    pub of_capsule: bool,
    /// A hash of its first bytes: two files that share it are copies of each other.
    pub fingerprint: u64,
    /// Bytes on disk, where known.
    pub size: Option<u64>,
    /// Its bytes.
    pub body: Body,
}

impl Input {
    /// Time of its first request, in microseconds since 1970.
    pub fn first_us(&self) -> Option<i64> {
        self.head.span.map(|(first, _)| first)
    }

    /// An input of which only the first bytes are here, as they lie where it is; it has no bytes to be read yet.
    pub fn from_head(
        name: String,
        size: Option<u64>,
        head: &[u8],
        utc_offset: Option<i32>,
        compression: Compression,
    ) -> Self {
        let mut bytes = Vec::new();
        // the head of an archive breaks off: what comes before that counts
        let reader = compression.reader(Box::new(Cursor::new(head.to_vec())));
        let (head, of_capsule) =
            reader.map(|mut reader| head_counts(&mut reader, &mut bytes, utc_offset)).unwrap_or_default();
        let fingerprint = fingerprint(&bytes);
        let body = Body::Stream(Stream::Open(Box::new(io::empty())));
        Self { name, compression, head, of_capsule, fingerprint, size, body }
    }

    /// It is known already that its end is missing.
    const fn broken(&self) -> bool {
        matches!(&self.body, Body::Parsed(log) if log.error.is_some())
    }

    /// The same with its bytes.
    pub fn with(self, stream: Stream) -> Self {
        Self { body: Body::Stream(stream), ..self }
    }
}

/// Opens files that make up one log; copies are left out.
pub fn open_all(chosen: &[Chosen], utc_offset: Option<i32>) -> Opened {
    let mut opened = Opened::default();
    let mut inputs = Vec::new();
    for file in chosen {
        match open(file, utc_offset) {
            Ok(input) => inputs.push(input),
            Err(error) => opened.refused.push(error),
        }
    }
    opened.add(None, inputs);
    opened
}

impl Opened {
    /// Adds the files of a host that make up one log, in any order; copies are left out.
    pub fn add(&mut self, host: Option<String>, inputs: Vec<Input>) {
        let (inputs, copies) = without_copies(inputs);
        let word = |(copy, of)| format!("{copy} begins like {of}: taken for a copy of it and left out");
        self.left_out.extend(copies.into_iter().map(word));
        if !inputs.is_empty() {
            self.hosts.push(HostLogs { host, inputs: in_order(inputs) });
        }
    }
}

/// Opens a file; only its first lines are read. `utc_offset`: seconds east of UTC for lines that do not tell theirs.
///
/// # Errors
/// What it is, and the way out, where it cannot be read.
pub fn open(chosen: &Chosen, utc_offset: Option<i32>) -> Result<Input, SourceError> {
    match chosen {
        Chosen::Stdin => open_stream(Path::new("-"), Box::new(io::stdin()), utc_offset),
        Chosen::File(path) => {
            let file = File::open(path).map_err(|e| SourceError::io(path, e))?;
            let metadata = file.metadata().map_err(|e| SourceError::io(path, e))?;
            if metadata.is_file() {
                open_file(path, file, metadata.len(), utc_offset)
            } else {
                open_stream(path, Box::new(file), utc_offset)
            }
        }
    }
}

pub(super) fn open_file(
    path: &Path,
    mut file: File,
    len: u64,
    utc_offset: Option<i32>,
) -> Result<Input, SourceError> {
    if len == 0 {
        return Err(SourceError::Empty(path.to_owned()));
    }
    let mut magic = Vec::new();
    (&mut file).take(512).read_to_end(&mut magic).map_err(|e| SourceError::io(path, e))?;
    refuse_container(path, &magic)?;
    let compression = Compression::of(&magic);
    let again = File::open(path).map_err(|e| SourceError::io(path, e))?;
    let mut reader = compression.reader(Box::new(again)).map_err(|e| SourceError::io(path, e))?;
    // an archive that breaks in its first bytes is told when it is read whole
    let mut bytes = Vec::new();
    let (head, of_capsule) = head_counts(&mut reader, &mut bytes, utc_offset);
    refuse_container(path, &bytes)?;
    let body = match compression {
        Compression::None => Body::Plain { file, len },
        _ => Body::Stream(Stream::File(path.to_owned(), compression)),
    };
    Ok(Input {
        name: path.display().to_string(),
        compression,
        head,
        of_capsule,
        fingerprint: fingerprint(&bytes),
        size: Some(len),
        body,
    })
}

fn open_stream(
    path: &Path,
    mut raw: Box<dyn Read + Send>,
    utc_offset: Option<i32>,
) -> Result<Input, SourceError> {
    let mut magic = Vec::new();
    (&mut raw).take(512).read_to_end(&mut magic).map_err(|e| SourceError::io(path, e))?;
    if magic.is_empty() {
        return Err(SourceError::Empty(path.to_owned()));
    }
    refuse_container(path, &magic)?;
    let compression = Compression::of(&magic);
    let raw = Box::new(Cursor::new(magic).chain(raw));
    let mut reader = compression.reader(raw).map_err(|e| SourceError::io(path, e))?;
    let mut bytes = Vec::new();
    let (head, of_capsule) = head_counts(&mut reader, &mut bytes, utc_offset);
    refuse_container(path, &bytes)?;
    let name = if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() };
    let fingerprint = fingerprint(&bytes);
    let body = Body::Stream(Stream::Open(Box::new(Cursor::new(bytes).chain(reader))));
    Ok(Input { name, compression, head, of_capsule, fingerprint, size: None, body })
}

fn refuse_container(path: &Path, magic: &[u8]) -> Result<(), SourceError> {
    let (what, way_out) = match magic {
        [b'P', b'K', 3, 4, ..] => ("a zip archive", "unpack it first"),
        _ if magic.get(257..262) == Some(b"ustar") => ("a tar archive", "give it to --sosreport"),
        _ => return Ok(()),
    };
    Err(SourceError::Unsupported { path: path.to_owned(), what, way_out })
}

// reads as many bytes as it takes to see a request; they stay in `bytes`
pub(super) fn head_counts(
    reader: &mut impl Read,
    bytes: &mut Vec<u8>,
    utc_offset: Option<i32>,
) -> (Counts, bool) {
    loop {
        let before = bytes.len();
        let want = if before == 0 { HEAD } else { LONG_HEAD };
        let read = reader.take((want - before) as u64).read_to_end(bytes);
        let mut assembler = Assembler::new(utc_offset);
        for line in
            bytes.split_inclusive(|b| *b == b'\n').filter(|line| line.ends_with(b"\n") || read.is_err())
        {
            // a hole of NULs is no part of the line behind it
            let start = line.iter().position(|b| *b != 0).unwrap_or(line.len());
            assembler.line_with_escapes(line[start..].strip_suffix(b"\n").unwrap_or(&line[start..]));
        }
        let mut counts = assembler.finish(Vec::new()).counts;
        let more = read.is_ok_and(|n| n > 0) && bytes.len() < LONG_HEAD;
        let capsule =
            (counts.span.is_none() && counts.with_request() == 0).then(|| capsule_head(bytes)).flatten();
        // a journal can hold a Satellite's lines further on
        let certain = capsule.is_some_and(|head| head.file);
        if counts.span.is_some() || !more || certain {
            counts.span = counts.span.or(capsule.map(|head| (head.first_us, head.first_us)));
            return (counts, capsule.is_some());
        }
    }
}

#[derive(Clone, Copy)]
struct CapsuleHead {
    /// Time of its first line, good for the order of files only: local time is taken as UTC.
    first_us: i64,
    /// proxy.log itself, no journal.
    file: bool,
}

// none where no line is a smart-proxy's
fn capsule_head(bytes: &[u8]) -> Option<CapsuleHead> {
    let mut lines = Lines::default();
    let mut head: Option<CapsuleHead> = None;
    for line in bytes.split(|b| *b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some(read) = lines.read(line) else { continue };
        let first_us = match lines.time(line) {
            Some(Stamp::Utc(us)) => us,
            Some(other) => other.local_secs(0) * 1_000_000,
            None if head.is_some() => continue,
            None => 0,
        };
        let file = read.form == Form::File;
        head = Some(CapsuleHead { first_us, file });
        if lines.time(line).is_some() {
            break;
        }
    }
    head
}

pub(super) fn fingerprint(head: &[u8]) -> u64 {
    crate::log::text::hash(&head[..head.len().min(HEAD)])
}

/// Takes out files that begin with the same bytes as another: an interrupted compression leaves both forms of a file,
/// people leave copies. Gives the names: what is left out, and of what it is a copy.
pub fn without_copies(inputs: Vec<Input>) -> (Vec<Input>, Vec<(String, String)>) {
    let (mut kept, mut copies): (Vec<Input>, Vec<(String, String)>) = (Vec::new(), Vec::new());
    for input in inputs {
        let same = |k: &&mut Input| k.fingerprint == input.fingerprint && k.first_us().is_some();
        let Some(other) = kept.iter_mut().find(same) else {
            kept.push(input);
            continue;
        };
        // a plain file is never the half-written one; of two alike the longer holds more
        let rank = |i: &Input| (!i.broken(), i.compression == Compression::None, i.size);
        let left_out = if rank(&input) > rank(other) { std::mem::replace(other, input) } else { input };
        copies.push((left_out.name, other.name.clone()));
    }
    (kept, copies)
}

/// Puts inputs in the order of the times inside; one without a time keeps its place behind the one before it by name.
pub fn in_order(mut inputs: Vec<Input>) -> Vec<Input> {
    inputs.sort_by_key(|input| rank(Path::new(&input.name)));
    let mut last = i64::MIN;
    let mut keyed: Vec<(i64, Input)> = Vec::with_capacity(inputs.len());
    for input in inputs {
        last = input.first_us().unwrap_or(last);
        keyed.push((last, input));
    }
    keyed.sort_by_key(|(first, _)| *first);
    keyed.into_iter().map(|(_, input)| input).collect()
}
