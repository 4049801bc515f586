//! Registrations in, Parquet out: a table of sessions and one of their requests, a folder a run and day, so that other
//! engines read the days and runs that they are asked for (docs/parquet.md).
//!
//! Files are written row group after row group, several at once; what is in memory does not grow with them. How sessions
//! are cut into files depends on their number alone: the same log gives the same files.

mod requests;
mod sessions;
mod table;

use super::atomic::{Beside, WriteError};
use crate::registration::finish::Registrations;
use crate::registration::session::Session;
use crate::registration::traced::Traced;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Sessions of a file, at least, where a day has more than one file.
const FEWEST: usize = 4096;
/// Files of a table and day, at most.
const MOST_FILES: usize = 8;
/// Sessions at the middle of the day, at most: the number stands in an int.
const MOST_SESSIONS: usize = i32::MAX as usize;

/// Why there is no Parquet; files that stood there stand there still, unless it says otherwise.
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
        "run '{name}': engines take the name from the folder 'run=NAME'; use letters, digits, '.', '_' and '-' \
         alone, 100 at most, the first a letter or digit"
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
/// `dir` is a file, or the name cannot be a folder's.
pub fn check(dir: &Path, run: Option<&str>) -> Result<(), ParquetError> {
    if fs::metadata(dir).is_ok_and(|there| !there.is_dir()) {
        return Err(ParquetError::NotAFolder { path: dir.to_owned() });
    }
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"._-".contains(&c);
    let fits = |name: &str| {
        name.len() <= 100
            && name.bytes().all(plain)
            && name.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric)
    };
    match run.filter(|name| !fits(name)) {
        Some(name) => Err(ParquetError::Name { name: name.to_owned() }),
        None => Ok(()),
    }
}

/// Writes both tables of a run, whose requests were recorded; without a name it has the time of its first registration.
/// A run of that name is replaced, once all files are written. Says which folders hold it; none without registrations.
///
/// # Errors
/// As `check`, and what the system says of a file.
pub fn write(dir: &Path, run: Option<&str>, all: &Registrations) -> Result<Vec<PathBuf>, ParquetError> {
    check(dir, run)?;
    let Some(first) = all.sessions.first() else { return Ok(Vec::new()) };
    if all.sessions.len() > MOST_SESSIONS {
        return Err(ParquetError::TooMany { sessions: all.sessions.len() });
    }
    let run = run.map_or_else(|| named_by(first), ToOwned::to_owned);
    let folder = |kind: Kind| dir.join(kind.name()).join(format!("run={run}"));
    let parts: Vec<Part> =
        Kind::ALL.into_iter().flat_map(|kind| parts(kind, &folder(kind), &all.sessions)).collect();
    for day in parts.iter().filter_map(|part| part.path.parent()) {
        fs::create_dir_all(day).map_err(|e| WriteError::new(day, e))?;
    }
    let traced: Vec<&Traced> = all.traced.iter().filter(|traced| !traced.cut).collect();
    for (file, part) in write_all(&parts, all, &traced)?.into_iter().zip(&parts) {
        file.put().map_err(|e| WriteError::new(&part.path, e))?;
    }
    for kind in Kind::ALL {
        remove_stale(&folder(kind), &parts).map_err(|e| WriteError::new(&folder(kind), e))?;
    }
    Ok(Kind::ALL.into_iter().rev().map(folder).collect())
}

// `20260404T100000Z`: no engine takes it for a number or a date
fn named_by(first: &Session) -> String {
    first.started_at.to_string().chars().filter(char::is_ascii_alphanumeric).take(15).chain(['Z']).collect()
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
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).min(parts.len());
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Result<Beside, WriteError>)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(part) = parts.get(at) else { break };
                    let written = Beside::write(&part.path, |out| match part.kind {
                        Kind::Sessions => sessions::write(out, all, part.sessions.clone()),
                        Kind::Requests => requests::write(out, all, traced, part.sessions.clone()),
                    });
                    let written = written.map_err(|e| WriteError::new(&part.path, e));
                    let failed = written.is_err();
                    if let Ok(mut done) = done.lock() {
                        done.push((at, written));
                    }
                    if failed {
                        next.store(parts.len(), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, written)| written).collect::<Result<_, _>>()?)
}

// days and files of a run of the same name that was there before
fn remove_stale(folder: &Path, parts: &[Part]) -> std::io::Result<()> {
    for day in fs::read_dir(folder)? {
        let day = day?.path();
        let named = |path: &Path, begin: &str, end: &str| {
            path.file_name()
                .and_then(|n| n.to_str())
                .is_some_and(|n| n.starts_with(begin) && n.ends_with(end))
        };
        if !named(&day, "day=", "") || !day.is_dir() {
            continue;
        }
        for file in fs::read_dir(&day)? {
            let file = file?.path();
            if named(&file, "part-", ".parquet") && !parts.iter().any(|part| part.path == file) {
                fs::remove_file(file)?;
            }
        }
        // only where nothing is left in it
        if fs::read_dir(&day)?.next().is_none() {
            fs::remove_dir(&day)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_docs_hold_the_schemas() {
        let docs = include_str!("../../../docs/parquet.md");
        assert!(docs.contains(sessions::SCHEMA) && docs.contains(requests::SCHEMA), "docs/parquet.md is old");
    }
}
