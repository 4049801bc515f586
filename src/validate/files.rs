//! Files' bytes as they are, and places in them: lines and columns out of offsets.

use std::ops::Range;
use std::path::PathBuf;

/// Which file of a `Files`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub usize);

/// A piece of a file: bytes from `start` up to `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// Its first byte.
    pub start: usize,
    /// The byte behind its last.
    pub end: usize,
}

impl Span {
    /// The bytes that it holds.
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// Nothing, right behind it.
    pub const fn behind(self) -> Self {
        Self { start: self.end, ..self }
    }
}

/// Where a file came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It lies here and may be written.
    Disk(PathBuf),
    /// It was read from standard input.
    Stdin,
    /// It lies on a host, or would: its name there.
    Host(String),
}

/// A file.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// As messages name it.
    pub name: String,
    /// Where it came from.
    pub origin: Origin,
    /// The host whose file it is, where that is known.
    pub host: Option<String>,
    /// All of it.
    pub bytes: Vec<u8>,
    /// Where lines begin.
    lines: Vec<usize>,
    /// Pieces that no message may show.
    pub secrets: Vec<Range<usize>>,
}

impl SourceFile {
    /// From its bytes.
    pub fn new(name: impl Into<String>, origin: Origin, bytes: Vec<u8>) -> Self {
        let lines = std::iter::once(0).chain(memchr::memchr_iter(b'\n', &bytes).map(|at| at + 1)).collect();
        Self { name: name.into(), origin, host: None, bytes, lines, secrets: Vec::new() }
    }

    /// Its text, with what is no UTF-8 replaced.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// How many lines it has; an empty one behind the last newline does not count.
    pub fn line_count(&self) -> usize {
        let last = self.lines.last().copied().unwrap_or(0);
        if last == self.bytes.len() { self.lines.len() - 1 } else { self.lines.len() }
    }

    /// The line, from 1, that holds a byte.
    pub fn line_of(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset).max(1)
    }

    /// The bytes of a line, from 1, without its end.
    pub fn line_range(&self, line: usize) -> Range<usize> {
        let start = line.checked_sub(1).and_then(|l| self.lines.get(l)).copied().unwrap_or(self.bytes.len());
        let mut end = self.lines.get(line).map_or(self.bytes.len(), |next| next - 1).max(start);
        if end > start && self.bytes.get(end - 1) == Some(&b'\r') {
            end -= 1;
        }
        start..end
    }

    /// The text of a line, from 1, without its end.
    pub fn line(&self, line: usize) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(self.bytes.get(self.line_range(line)).unwrap_or_default())
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub fn place(&self, offset: usize) -> (usize, usize) {
        let line = self.line_of(offset);
        let range = self.line_range(line);
        let before = self.bytes.get(range.start..offset.clamp(range.start, range.end)).unwrap_or_default();
        (line, String::from_utf8_lossy(before).chars().count() + 1)
    }

    /// How its lines end, told by the line that holds a byte, or else the one before.
    pub fn newline(&self, offset: usize) -> &'static str {
        let line = self.line_of(offset);
        let crlf = |line: usize| {
            let end = self.line_range(line).end;
            self.bytes.get(end..end + 2) == Some(b"\r\n")
        };
        if crlf(line) || line > 1 && crlf(line - 1) { "\r\n" } else { "\n" }
    }
}

/// The files of one run.
#[derive(Clone, Debug, Default)]
pub struct Files {
    files: Vec<SourceFile>,
}

impl Files {
    /// Takes a file in.
    pub fn add(&mut self, file: SourceFile) -> FileId {
        self.files.push(file);
        FileId(self.files.len() - 1)
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(at, file)| (FileId(at), file))
    }

    /// One of them; ids are only made by `add`.
    pub fn get(&self, id: FileId) -> &SourceFile {
        &self.files[id.0]
    }

    /// One of them, to be changed.
    pub fn get_mut(&mut self, id: FileId) -> &mut SourceFile {
        &mut self.files[id.0]
    }

    /// A span's bytes as text.
    pub fn text_of(&self, span: Span) -> String {
        String::from_utf8_lossy(self.get(span.file).bytes.get(span.range()).unwrap_or_default()).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_lines_and_characters() {
        let file = SourceFile::new("f", Origin::Stdin, "a\r\nbä c\n\nd".into());
        let places = [0, 3, 6, 7, 9, 10].map(|at| file.place(at));
        assert_eq!(places, [(1, 1), (2, 1), (2, 3), (2, 4), (3, 1), (4, 1)]);
        assert_eq!((file.line(1).as_ref(), file.line(4).as_ref(), file.line_count()), ("a", "d", 4));
        assert_eq!((file.newline(0), file.newline(10)), ("\r\n", "\n"));
        assert_eq!(SourceFile::new("f", Origin::Stdin, b"a\n".to_vec()).line_count(), 1);
    }
}
