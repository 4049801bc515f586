//! Bytes in pieces of whole lines, in memory that does not depend on how long a line is.

use super::open::{Body, Compression, Input};
use crate::log::assemble::KEEP;
use crate::log::store::Stored;
use memchr::{memchr, memchr_iter, memchr2, memrchr};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// What a thread reads of a file at once: it stays in the core's cache while it is parsed.
const READ: usize = 256 * 1024;

/// A piece of a plain file: the lines that begin in it.
#[derive(Clone, Debug)]
pub struct Range {
    file: Arc<File>,
    start: u64,
    end: u64,
    /// Of the file when it was opened: what is written behind it meanwhile is of a later run.
    len: u64,
}

/// A plain file ends before the length that it had when it was opened.
#[derive(Debug, thiserror::Error)]
#[error(
    "it had {opened} bytes when it was opened and ends at {ends} now: it was cut while it was read, as logrotate does \
     (copytruncate); read it again together with its newest rotated copy"
)]
pub struct Shrunk {
    opened: u64,
    ends: u64,
}

impl Range {
    fn shrunk(&self) -> io::Error {
        let ends = self.file.metadata().map_or(self.start, |m| m.len());
        io::Error::new(io::ErrorKind::UnexpectedEof, Shrunk { opened: self.len, ends })
    }
}

/// A piece of a stream: whole lines, but for the last of the stream.
pub type Bytes = Vec<u8>;

/// A piece of the log.
#[derive(Debug)]
pub enum Data {
    /// To be read by whoever parses it.
    Range(Range),
    /// Read already.
    Bytes(Bytes),
    /// Parsed already.
    Stored(Stored),
}

/// A piece of the log and its place.
#[derive(Debug)]
pub struct Work {
    /// Which file.
    pub file: usize,
    /// Which piece of it.
    pub index: usize,
    /// The piece.
    pub data: Data,
    /// Its size.
    pub bytes: usize,
}

/// Takes lines.
pub trait LineSink {
    /// A line without its newline; at most `KEEP + 1` bytes of it where it is longer.
    fn line(&mut self, line: &[u8], escapes: bool);
    /// The last line of a file, where it has no newline.
    fn unfinished(&mut self, line: &[u8]);
    /// So many bytes were read.
    fn read(&mut self, bytes: usize);
}

/// Bytes of the longest piece of an input.
pub const fn longest(input: &Input, chunk: usize) -> usize {
    match input.body {
        Body::Plain { .. } => 4 * chunk,
        Body::Stream(_) | Body::Parsed(_) => chunk,
    }
}

/// Cuts an input into pieces and pushes them until there is no more or `push` says that nobody listens.
///
/// # Errors
/// Of the input; what was pushed before stands.
pub fn produce(input: Input, chunk: usize, mut push: impl FnMut(Data, usize) -> bool) -> io::Result<()> {
    let chunk = chunk.max(1);
    let longest = longest(&input, chunk) as u64;
    let packed = input.compression != Compression::None;
    match input.body {
        Body::Plain { file, len } => {
            let file = Arc::new(file);
            let mut start = 0;
            while start < len {
                // the fewer the pieces, the fewer requests lie in two; towards the end small ones keep all threads busy
                let piece = ((len - start) / 32).clamp(chunk as u64, longest);
                let end = len.min(start + piece);
                if !push(
                    Data::Range(Range { file: Arc::clone(&file), start, end, len }),
                    (end - start) as usize,
                ) {
                    break;
                }
                start = end;
            }
            Ok(())
        }
        Body::Stream(stream) => {
            let produced = stream.open().and_then(|stream| produce_stream(stream, chunk, push));
            produced.map_err(|error| if packed { in_words(error) } else { error })
        }
        Body::Parsed(log) => {
            for stored in log.pieces {
                let bytes = stored.bytes;
                if !push(Data::Stored(stored), bytes) {
                    return Ok(());
                }
            }
            log.error.map_or(Ok(()), |error| Err(io::Error::other(error)))
        }
    }
}

// what a decoder says of an archive that is not whole names no way out
fn in_words(error: io::Error) -> io::Error {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    match error.kind() {
        kind @ (InvalidData | InvalidInput | UnexpectedEof) => {
            let words = error.to_string();
            let why = if words.contains("it was cut") { "" } else { ": it was cut or is damaged" };
            io::Error::new(kind, format!("{words}{why}, copy it again"))
        }
        _ => error,
    }
}

/// The same of bytes that can only be read one after the other.
///
/// # Errors
/// Of the input; what was pushed before stands.
pub fn produce_stream(
    mut stream: impl Read,
    chunk: usize,
    mut push: impl FnMut(Data, usize) -> bool,
) -> io::Result<()> {
    let chunk = chunk.clamp(1, 1 << 22);
    let mut bytes: Vec<u8> = Vec::new();
    let mut target = chunk;
    loop {
        let from = bytes.len();
        let result = (&mut stream).take((target - from) as u64).read_to_end(&mut bytes);
        drop_nuls(&mut bytes, from);
        let ended = match result {
            Ok(read) => read == 0 && target > from,
            // what came before the break is whole and stands
            Err(error) => {
                push_rest(bytes, push);
                return Err(error);
            }
        };
        if ended {
            push_rest(bytes, push);
            return Ok(());
        }
        if let Some(newline) = memrchr(b'\n', &bytes) {
            let rest = bytes[newline + 1..].to_vec();
            bytes.truncate(newline + 1);
            let n = bytes.len();
            if !push(Data::Bytes(bytes), n) {
                return Ok(());
            }
            target = chunk.max(rest.len() + 1);
            bytes = rest;
        } else if bytes.len() > KEEP {
            bytes.truncate(KEEP + 1);
            let after = skip_line(&mut stream)?;
            bytes.push(b'\n');
            bytes.extend_from_slice(&after);
            drop_nuls(&mut bytes, KEEP + 2);
            target = chunk.max(bytes.len() + 1);
        } else {
            target = bytes.len() + chunk;
        }
    }
}

fn push_rest(bytes: Vec<u8>, mut push: impl FnMut(Data, usize) -> bool) {
    let n = bytes.len();
    if n > 0 {
        push(Data::Bytes(bytes), n);
    }
}

// reads up to the end of an endless line; gives back what was read of the next
fn skip_line(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let n = match stream.read(&mut buffer) {
            Ok(0) => return Ok(Vec::new()),
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        if let Some(newline) = memchr(b'\n', &buffer[..n]) {
            return Ok(buffer[newline + 1..n].to_vec());
        }
    }
}

// copytruncate leaves holes: blocks of NUL bytes that belong to no line
fn drop_nuls(bytes: &mut Vec<u8>, from: usize) {
    let kept = kept_without_nuls(bytes, from);
    bytes.truncate(kept);
}

fn kept_without_nuls(bytes: &mut [u8], from: usize) -> usize {
    if memchr(0, &bytes[from..]).is_none() {
        return bytes.len();
    }
    let mut kept = from;
    for at in from..bytes.len() {
        if bytes[at] != 0 {
            bytes[kept] = bytes[at];
            kept += 1;
        }
    }
    kept
}

/// Splits pieces into lines; one a thread, used again and again.
#[derive(Debug, Default)]
pub struct LineBuffer {
    // as long as it will ever be; `filled` of it are bytes of the log
    bytes: Vec<u8>,
    filled: usize,
    // there is an escape in them
    escapes: bool,
}

impl LineBuffer {
    /// The lines of a piece of a stream.
    pub fn bytes(&mut self, bytes: Bytes, sink: &mut impl LineSink) {
        sink.read(bytes.len());
        let escapes = memchr(0x1b, &bytes).is_some();
        let rest = lines(&bytes, escapes, sink);
        if rest < bytes.len() {
            sink.unfinished(&bytes[rest..]);
        }
    }

    /// The lines that begin in a piece of a plain file.
    ///
    /// # Errors
    /// Of reading, or `Shrunk`; lines before the place stand.
    pub fn range(&mut self, range: &Range, sink: &mut impl LineSink) -> io::Result<()> {
        self.bytes.resize(READ + KEEP + 1, 0);
        self.clear();
        let mut at = range.start;
        // the line that is under way at the start is of the piece before
        let mut skipping = at > 0 && read_byte(&range.file, at - 1)? != Some(b'\n');
        let mut line_open = false;
        while at < range.end {
            let want = READ.min((range.end - at) as usize);
            let from = self.filled;
            let Some(last) = self.fill(&range.file, &mut at, want, sink)? else {
                // the line that is under way is as whole as it will ever be
                if line_open && !skipping {
                    sink.unfinished(&self.bytes[..self.filled]);
                }
                return Err(range.shrunk());
            };
            line_open = last != b'\n';
            if skipping {
                let Some(newline) = memchr(b'\n', &self.bytes[from..self.filled]) else {
                    self.clear();
                    continue;
                };
                self.drop_front(from + newline + 1);
            }
            skipping = self.take_lines(sink);
        }
        if line_open && !skipping { self.finish_line(range, at, sink) } else { Ok(()) }
    }

    // hands out whole lines; a line past what is kept is handed out at once and its rest skipped
    fn take_lines(&mut self, sink: &mut impl LineSink) -> bool {
        let bytes = &self.bytes[..self.filled];
        let rest = lines(bytes, self.escapes, sink);
        if self.filled - rest <= KEEP {
            self.drop_front(rest);
            return false;
        }
        sink.line(&bytes[rest..=rest + KEEP], self.escapes);
        self.clear();
        true
    }

    // the last line of the piece ends behind it
    fn finish_line(&mut self, range: &Range, mut at: u64, sink: &mut impl LineSink) -> io::Result<()> {
        loop {
            let from = self.filled;
            let more = self.fill(&range.file, &mut at, 16 * 1024, &mut Uncounted)?.is_some();
            let (bytes, escapes) = (&self.bytes[..self.filled], self.escapes);
            match memchr(b'\n', &bytes[from..]) {
                Some(newline) => sink.line(&bytes[..(from + newline).min(KEEP + 1)], escapes),
                None if bytes.len() > KEEP => sink.line(&bytes[..=KEEP], escapes),
                None if more => continue,
                None if bytes.is_empty() => {}
                None => sink.unfinished(bytes),
            }
            return Ok(());
        }
    }

    // reads on; gives the last byte as it stands in the file, none at its end. NULs are dropped.
    fn fill(
        &mut self,
        file: &File,
        at: &mut u64,
        want: usize,
        sink: &mut impl LineSink,
    ) -> io::Result<Option<u8>> {
        let from = self.filled;
        let n = loop {
            match file.read_at(&mut self.bytes[from..from + want], *at) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        if n == 0 {
            return Ok(None);
        }
        *at += n as u64;
        sink.read(n);
        let last = self.bytes[from + n - 1];
        self.filled = from + n;
        // neither is common: one look for both
        if memchr2(0, 0x1b, &self.bytes[from..self.filled]).is_some() {
            self.filled = kept_without_nuls(&mut self.bytes[..self.filled], from);
            self.escapes |= memchr(0x1b, &self.bytes[from..self.filled]).is_some();
        }
        Ok(Some(last))
    }

    fn clear(&mut self) {
        (self.filled, self.escapes) = (0, false);
    }

    fn drop_front(&mut self, n: usize) {
        self.bytes.copy_within(n..self.filled, 0);
        self.filled -= n;
        self.escapes = self.escapes && memchr(0x1b, &self.bytes[..self.filled]).is_some();
    }
}

// the piece behind counts these bytes
struct Uncounted;

impl LineSink for Uncounted {
    fn line(&mut self, _line: &[u8], _escapes: bool) {}
    fn unfinished(&mut self, _line: &[u8]) {}
    fn read(&mut self, _bytes: usize) {}
}

#[inline]
fn lines(bytes: &[u8], escapes: bool, sink: &mut impl LineSink) -> usize {
    let mut from = 0;
    for newline in memchr_iter(b'\n', bytes) {
        sink.line(&bytes[from..newline], escapes);
        from = newline + 1;
    }
    from
}

fn read_byte(file: &File, at: u64) -> io::Result<Option<u8>> {
    let mut byte = [0];
    Ok((file.read_at(&mut byte, at)? == 1).then_some(byte[0]))
}
