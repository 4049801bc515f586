//! production.log and its rotated set: lines in, files out, as logrotate's copytruncate leaves them.

use super::error::SimulateError;
use super::place::LogPlace;
use super::random::Random;
use crate::cli::{Compress, RotateNames, Seam};
use flate2::{Compression, write::GzEncoder};
use jiff::{ToSpan, civil::Date};
use serde::Serialize;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use xz2::write::XzEncoder;

/// Bytes held back before they are written; also what a seam can double.
const CHUNK: usize = 256 * 1024;

/// What happened at one seam.
#[derive(Clone, Debug, Serialize)]
pub struct SeamTruth {
    /// The file that begins at this seam.
    pub file: String,
    /// So many of its first lines stand at the end of the file before as well.
    pub doubled_lines: u64,
    /// So many lines before its first one stand nowhere.
    pub lost_lines: u64,
}

/// A file of the set, oldest first.
#[derive(Debug)]
struct Member {
    name: String,
    compress: Compress,
}

enum Output<W: Write> {
    Plain(W),
    Gz(GzEncoder<W>),
    Xz(XzEncoder<W>),
    Zst(zstd::Encoder<'static, W>),
}

impl<W: Write> Output<W> {
    fn new(file: W, compress: Compress) -> std::io::Result<Self> {
        Ok(match compress {
            Compress::None => Self::Plain(file),
            Compress::Gz => Self::Gz(GzEncoder::new(file, Compression::new(6))),
            Compress::Xz => Self::Xz(XzEncoder::new(file, 2)),
            Compress::Zst => Self::Zst(zstd::Encoder::new(file, 3)?),
        })
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Plain(out) => out.write_all(bytes),
            Self::Gz(out) => out.write_all(bytes),
            Self::Xz(out) => out.write_all(bytes),
            Self::Zst(out) => out.write_all(bytes),
        }
    }

    fn finish(self) -> std::io::Result<W> {
        match self {
            Self::Plain(out) => Ok(out),
            Self::Gz(out) => out.finish(),
            Self::Xz(out) => out.finish(),
            Self::Zst(out) => out.finish(),
        }
    }
}

/// What a rotated file of this name holds of these bytes: its ending says how they are compressed.
///
/// # Errors
/// They cannot be compressed.
pub fn packed(name: &str, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let compress = match name.rsplit('.').next() {
        Some("gz") => Compress::Gz,
        Some("xz") => Compress::Xz,
        Some("zst") => Compress::Zst,
        _ => Compress::None,
    };
    let mut out = Output::new(Vec::new(), compress)?;
    out.write(bytes)?;
    out.finish()
}

/// How a set is named, split and compressed.
#[derive(Clone, Debug)]
pub struct SetOptions {
    /// Where the set is split (microseconds, UTC), in order; one file more than these.
    pub splits: Vec<i64>,
    /// How rotated files are called.
    pub names: RotateNames,
    /// How they are compressed.
    pub compress: Compress,
    /// What happens where they meet.
    pub seam: Seam,
    /// Local day of the newest rotation.
    pub day: Date,
}

/// The set being written.
pub struct RotatedSet {
    place: LogPlace,
    members: Vec<Member>,
    splits: Vec<i64>,
    seam: Seam,
    current: usize,
    out: Option<Output<File>>,
    /// Lines of the current file that are not written yet; every line ends in a newline.
    pub buffer: Vec<u8>,
    previous: Vec<u8>,
    dropping: u64,
    random: Random,
    seams: Vec<SeamTruth>,
    lines: u64,
    bytes: u64,
}

/// Names of a set, oldest first; all but the newest rotated file are compressed (delaycompress).
fn members(options: &SetOptions, current: &str) -> Vec<Member> {
    let rotated = options.splits.len();
    let mut members: Vec<_> = (0..rotated)
        .map(|i| {
            let age = rotated - i;
            let compress = if age == 1 { Compress::None } else { options.compress };
            let suffix = match compress {
                Compress::None => "",
                Compress::Gz => ".gz",
                Compress::Xz => ".xz",
                Compress::Zst => ".zst",
            };
            let name = match options.names {
                RotateNames::Numbered => format!("production.log.{age}{suffix}"),
                RotateNames::Dateext => {
                    // one name a day, as logrotate makes them, even where the times inside are closer
                    let day = options.day.saturating_sub((age as i64 - 1).days());
                    format!("production.log-{}{suffix}", day.strftime("%Y%m%d"))
                }
            };
            Member { name, compress }
        })
        .collect();
    members.push(Member { name: current.to_owned(), compress: Compress::None });
    members
}

impl RotatedSet {
    /// Opens the oldest file.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(place: LogPlace, options: SetOptions, random: Random) -> Result<Self, SimulateError> {
        let members = members(&options, place.current());
        let mut set = Self {
            place,
            members,
            splits: options.splits,
            seam: options.seam,
            current: 0,
            out: None,
            buffer: Vec::with_capacity(CHUNK + 64 * 1024),
            previous: Vec::new(),
            dropping: 0,
            random,
            seams: Vec::new(),
            lines: 0,
            bytes: 0,
        };
        set.open()?;
        Ok(set)
    }

    fn path(&self) -> PathBuf {
        self.place.path(&self.members[self.current].name)
    }

    fn open(&mut self) -> Result<(), SimulateError> {
        let Member { name, compress } = &self.members[self.current];
        let out = self.place.create(name).and_then(|file| Output::new(file, *compress));
        self.out = Some(out.map_err(SimulateError::io("create", self.path()))?);
        Ok(())
    }

    /// Must be called before a message of this time is put into `buffer`; returns where it begins there.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn begin(&mut self, at: i64) -> Result<usize, SimulateError> {
        while self.splits.get(self.current).is_some_and(|split| at >= *split) {
            self.rotate()?;
        }
        if self.buffer.len() >= CHUNK {
            self.flush()?;
        }
        Ok(self.buffer.len())
    }

    /// Must be called when a message of so many lines is complete in `buffer`.
    pub fn end(&mut self, begin: usize, lines: u64) {
        if self.dropping > 0 {
            self.buffer.truncate(begin);
            self.dropping = self.dropping.saturating_sub(lines);
            if let Some(seam) = self.seams.last_mut() {
                seam.lost_lines += lines;
            }
            return;
        }
        self.lines += lines;
    }

    fn flush(&mut self) -> Result<(), SimulateError> {
        let path = self.path();
        if let Some(out) = &mut self.out {
            out.write(&self.buffer).map_err(SimulateError::io("write", path))?;
        }
        self.bytes += self.buffer.len() as u64;
        std::mem::swap(&mut self.previous, &mut self.buffer);
        self.buffer.clear();
        Ok(())
    }

    fn close(&mut self) -> Result<(), SimulateError> {
        self.flush()?;
        match self.out.take() {
            Some(out) => out.finish().map(drop).map_err(SimulateError::io("write", self.path())),
            None => Ok(()),
        }
    }

    fn rotate(&mut self) -> Result<(), SimulateError> {
        // before the last chunk goes: it and the one before hold far more than a seam doubles
        let doubled = match self.seam {
            Seam::Doubled => {
                let lines = self.random.between(20, 200);
                self.previous.extend_from_slice(&self.buffer);
                last_lines(&self.previous, lines)
            }
            Seam::Clean | Seam::Lost => (0, Vec::new()),
        };
        if self.seam == Seam::Lost {
            self.dropping = self.random.between(10, 30);
        }
        self.close()?;
        self.previous.clear();
        self.current += 1;
        self.open()?;
        self.seams.push(SeamTruth {
            file: self.members[self.current].name.clone(),
            doubled_lines: doubled.0,
            lost_lines: 0,
        });
        self.lines += doubled.0;
        self.buffer.extend_from_slice(&doubled.1);
        Ok(())
    }

    /// Writes what is left. A storm that ended early still leaves every file of its set.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn finish(mut self) -> Result<SetTruth, SimulateError> {
        while self.current < self.splits.len() {
            self.rotate()?;
        }
        self.close()?;
        let written_files = match self.place {
            LogPlace::Folder(_) => self.members.len() as u64,
            LogPlace::Stdout => 0,
        };
        let files = self.members.into_iter().map(|m| m.name).collect();
        Ok(SetTruth { files, written_files, lines: self.lines, bytes: self.bytes, seams: self.seams })
    }
}

/// What a set holds.
#[derive(Clone, Debug, Serialize)]
pub struct SetTruth {
    /// Names, oldest first; `-` is standard output.
    pub files: Vec<String>,
    /// How many of them stand in the folder.
    #[serde(skip)]
    pub written_files: u64,
    /// Lines in all files together, doubled ones counted twice, lost ones not at all.
    pub lines: u64,
    /// Bytes in all files together, before compression.
    pub bytes: u64,
    /// Where files meet.
    pub seams: Vec<SeamTruth>,
}

/// The last lines of a text that ends in a newline: how many there are (at most so many), and their bytes.
fn last_lines(text: &[u8], most: u64) -> (u64, Vec<u8>) {
    let mut lines = 0;
    let mut begin = text.len();
    while begin > 0 && lines < most {
        begin = memchr::memrchr(b'\n', &text[..begin - 1]).map_or(0, |i| i + 1);
        lines += 1;
    }
    (lines, text[begin..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_of_a_text_are_whole() {
        assert_eq!(last_lines(b"a\nbb\nccc\n", 2), (2, b"bb\nccc\n".to_vec()));
        assert_eq!(last_lines(b"a\n", 5), (1, b"a\n".to_vec()));
        assert_eq!(last_lines(b"", 5), (0, Vec::new()));
    }

    #[test]
    fn rotated_files_are_named_and_compressed_as_logrotate_does() {
        let names = |names, compress| {
            let day = jiff::civil::date(2026, 4, 5);
            let options = SetOptions { splits: vec![1, 2, 3], names, compress, seam: Seam::Clean, day };
            members(&options, "production.log").into_iter().map(|m| m.name).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            names(RotateNames::Dateext, Compress::Gz),
            "production.log-20260403.gz production.log-20260404.gz production.log-20260405 production.log"
        );
        assert_eq!(
            names(RotateNames::Numbered, Compress::Xz),
            "production.log.3.xz production.log.2.xz production.log.1 production.log"
        );
    }
}
