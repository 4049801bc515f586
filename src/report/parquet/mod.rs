//! Registrations in, Parquet out: a table of sessions and one of their requests, a folder a run and day, so that other
//! engines read the days and runs that they are asked for (docs/parquet.md).
//!
//! Files are written row group after row group, several at once; what is in memory does not grow with them. How sessions
//! are cut into files depends on their number alone: the same log gives the same files.

mod requests;
mod sessions;
mod table;
mod texts;

use super::atomic::{Beside, PART, WriteError};
use crate::at_once::{cores, in_order};
use crate::registration::finish::Registrations;
use crate::registration::session::Session;
use crate::registration::traced::Traced;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Sessions of a file, at least, where a day has more than one file.
const FEWEST: usize = 4096;
/// Files of a table and day, at most.
const MOST_FILES: usize = 8;
/// Their numbers stand in an int.
const MOST_SESSIONS: usize = i32::MAX as usize;

/// Why there is no Parquet.
#[derive(Debug, thiserror::Error)]
pub enum ParquetError {
    /// A file could not be written or put into its place.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The place is a file.
    #[error("{path}: is a file; name a folder to write the tables into", path = .path.display())]
    NotAFolder {
        /// The file.
        path: PathBuf,
    },
    /// The run's name would not be read back as it is, or lead elsewhere.
    #[error(
        "run '{name}': engines take the name from the folder 'run=NAME' and make a number, a date or nothing of some; \
         begin with a letter, use letters, digits, '.', '_' and '-', 100 at most, and no word such as true, null, nan or infinity"
    )]
    Name {
        /// As the user wrote it.
        name: String,
    },
    /// More than a table's numbers hold.
    #[error(
        "{sessions} registrations: a run holds 2147483647 at most; write them in parts with --since and --until"
    )]
    TooMany {
        /// Registrations.
        sessions: usize,
    },
}

/// Which table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sessions,
    Requests,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Requests, Self::Sessions];

    const fn name(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::Requests => "requests",
        }
    }
}

/// A file of a table.
struct Part {
    kind: Kind,
    path: PathBuf,
    sessions: Range<usize>,
}

/// Before anything is computed: whether `dir` can take a run of this name.
///
/// # Errors
/// `dir` or the place of a table is a file or cannot be written, or the name cannot be a folder's.
pub fn check(dir: &Path, run: Option<&str>) -> Result<(), ParquetError> {
    if let Some(name) = run.filter(|name| !fits(name)) {
        return Err(ParquetError::Name { name: name.to_owned() });
    }
    for kind in Kind::ALL {
        let table = dir.join(kind.name());
        // the first that is there is where folders will be made
        let there = table.ancestors().map(|p| if p.as_os_str().is_empty() { Path::new(".") } else { p });
        let Some(place) = there.into_iter().find(|place| place.exists()) else { continue };
        if !place.is_dir() {
            return Err(ParquetError::NotAFolder { path: place.to_owned() });
        }
        tempfile::Builder::new()
            .prefix(PART.0)
            .suffix(PART.1)
            .tempfile_in(place)
            .map_err(|e| WriteError::new(place, e.kind().into()))?;
    }
    Ok(())
}

fn fits(name: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"._-".contains(&c);
    let word = || ["true", "false", "null", "none"].iter().any(|w| name.eq_ignore_ascii_case(w));
    name.len() <= 100
        && name.bytes().all(plain)
        && name.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && name.parse::<f64>().is_err()
        && !word()
}

/// What was written.
#[derive(Debug)]
pub struct Written {
    /// The run's name.
    pub run: String,
    /// A run of that name was there.
    pub replaced: bool,
}

/// Writes both tables of a run, whose requests were recorded; without a name it has the time of its first registration.
/// A run of that name is replaced, once all files are written. None without registrations.
///
/// # Errors
/// As `check`, and what the system says of a file.
pub fn write(dir: &Path, run: Option<&str>, all: &Registrations) -> Result<Option<Written>, ParquetError> {
    check(dir, run)?;
    let Some(first) = all.sessions.first() else { return Ok(None) };
    if all.sessions.len() > MOST_SESSIONS {
        return Err(ParquetError::TooMany { sessions: all.sessions.len() });
    }
    let run = run.map_or_else(|| named_by(first), ToOwned::to_owned);
    let folder = |kind: Kind| dir.join(kind.name()).join(format!("run={run}"));
    let replaced = Kind::ALL.into_iter().any(|kind| folder(kind).exists());
    let parts: Vec<Part> =
        Kind::ALL.into_iter().flat_map(|kind| parts(kind, &folder(kind), &all.sessions)).collect();
    let written = put_all(&parts, all);
    if written.is_err() {
        // folders in which nothing is: engines fail where a run has no file
        for place in parts.iter().flat_map(|part| part.path.ancestors().skip(1).take(2)) {
            let _ = fs::remove_dir(place);
        }
    }
    written?;
    for kind in Kind::ALL {
        remove_stale(&folder(kind), &parts).map_err(|e| WriteError::new(&folder(kind), e))?;
    }
    Ok(Some(Written { run, replaced }))
}

fn put_all(parts: &[Part], all: &Registrations) -> Result<(), ParquetError> {
    for day in parts.iter().filter_map(|part| part.path.parent()) {
        fs::create_dir_all(day).map_err(|e| WriteError::new(day, e))?;
    }
    let traced: Vec<&Traced> = all.traced.iter().filter(|traced| !traced.cut).collect();
    let files = write_all(parts, all, &traced)?;
    // all of them, or none
    for part in parts {
        if part.path.is_dir() {
            return Err(WriteError::new(&part.path, std::io::ErrorKind::AlreadyExists.into()).into());
        }
    }
    for (file, part) in files.into_iter().zip(parts) {
        file.put().map_err(|e| WriteError::new(&part.path, e))?;
    }
    Ok(())
}

// `at-20260404T100002Z`: no engine takes it for a number or a date
fn named_by(first: &Session) -> String {
    let time = first.started_at.to_string();
    format!("at-{}Z", time.chars().filter(char::is_ascii_alphanumeric).take(15).collect::<String>())
}

// sessions come in the order of their starts: a day's are neighbours
fn parts(kind: Kind, folder: &Path, sessions: &[Session]) -> Vec<Part> {
    let day = |session: &Session| session.started_at.to_string().chars().take(10).collect::<String>();
    let mut parts = Vec::new();
    let mut from = 0;
    while let Some(first) = sessions.get(from) {
        let today = day(first);
        let until = from + sessions[from..].partition_point(|s| day(s) == today);
        let size = (until - from).div_ceil(MOST_FILES).max(FEWEST);
        for (start, number) in (from..until).step_by(size).zip(0..) {
            let path = folder.join(format!("day={today}")).join(format!("part-{number}.parquet"));
            parts.push(Part { kind, path, sessions: start..until.min(start + size) });
        }
        from = until;
    }
    parts
}

fn write_all(parts: &[Part], all: &Registrations, traced: &[&Traced]) -> Result<Vec<Beside>, ParquetError> {
    let failed = AtomicBool::new(false);
    let written = in_order(parts, cores(), |_, part| {
        // a full disk takes nothing of the others either
        if failed.load(Ordering::Relaxed) {
            return None;
        }
        let written = Beside::write(&part.path, |out| match part.kind {
            Kind::Sessions => sessions::write(out, all, part.sessions.clone()),
            Kind::Requests => requests::write(out, all, traced, part.sessions.clone()),
        });
        failed.fetch_or(written.is_err(), Ordering::Relaxed);
        Some(written.map_err(|e| WriteError::new(&part.path, e)))
    });
    Ok(written.into_iter().flatten().collect::<Result<_, _>>()?)
}

// days and files of a run of the same name that was there before, and what a run that was killed left
fn remove_stale(folder: &Path, parts: &[Part]) -> std::io::Result<()> {
    let named = |entry: &fs::DirEntry, (begin, end): (&str, &str)| {
        entry.file_name().to_str().is_some_and(|name| name.starts_with(begin) && name.ends_with(end))
    };
    for day in fs::read_dir(folder)? {
        let day = day?;
        // a link leads to somebody else's
        if !named(&day, ("day=", "")) || !day.file_type()?.is_dir() {
            continue;
        }
        for file in fs::read_dir(day.path())? {
            let file = file?;
            let ours = named(&file, PART) || named(&file, ("part-", ".parquet"));
            if ours && file.file_type()?.is_file() && !parts.iter().any(|part| part.path == file.path()) {
                fs::remove_file(file.path())?;
            }
        }
        // only where nothing is left in it
        if fs::read_dir(day.path())?.next().is_none() {
            fs::remove_dir(day.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_engines_misread_are_none() {
        for good in ["nightly-17", "at-20260404T100002Z", "e12", "v1.2", "infinite"] {
            assert!(fits(good), "{good}");
        }
        let long = "x".repeat(101);
        for bad in [
            "",
            "17",
            "007",
            "2026-04-04",
            "12e4567",
            "_x",
            ".x",
            "a=b",
            "../x",
            "é",
            "NaN",
            "inf",
            "Null",
            &long,
        ] {
            assert!(!fits(bad), "{bad}");
        }
    }

    #[test]
    fn the_docs_hold_the_schemas() {
        let docs = include_str!("../../../docs/parquet.md");
        assert!(docs.contains(sessions::SCHEMA) && docs.contains(requests::SCHEMA), "docs/parquet.md is old");
    }
}
