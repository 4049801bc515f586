//! Runs that `metrics --save` or `metrics --json` kept in, their figures in the order of time out. Single registrations
//! are not read, so that years of runs load in no time.

use crate::compare::comparable;
use crate::kept::answer::{KeptAnswer, KeptGroup};
use crate::kept::{self, KeptError};
use crate::registration::session::Group;
use crate::timestamp::Timestamp;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Folders in folders are looked through so deep.
const DEEPEST: usize = 8;

/// A run.
#[derive(Clone, Debug)]
pub struct KeptRun {
    /// As the user named it, or as it was found in a folder.
    pub name: String,
    /// What is known of it.
    pub labels: BTreeMap<String, String>,
    /// When it was: its label `time`, else the start of its first registration, else of its log.
    pub time: Timestamp,
    /// Its figures.
    pub answer: KeptAnswer,
    /// The SHA-256 of its metrics.json: the same run has it wherever it lies.
    pub digest: [u8; 32],
}

/// Why a run cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file of it.
    #[error(transparent)]
    Kept(#[from] KeptError),
    /// Nothing there.
    #[error("{path}: {source}; name kept runs (`metrics --save DIR`) or folders of them", path = .path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A folder without any.
    #[error("{path}: holds no kept run; `reginfra metrics --save DIR` keeps one", path = .path.display())]
    None {
        /// The folder.
        path: PathBuf,
    },
    /// Nothing that says when it was.
    #[error("{path}: has no registration and no label time=2026-04-04T10:00:00Z: when was it?", path = .path.display())]
    NoTime {
        /// Its metrics.json.
        path: PathBuf,
    },
    /// A label that is no time.
    #[error("{path}: label time: {source}", path = .path.display())]
    Time {
        /// Its labels.json.
        path: PathBuf,
        /// What is wrong.
        source: crate::timestamp::TimestampError,
    },
}

/// Runs in the order of time, and what could not be read.
#[derive(Debug, Default)]
pub struct Loaded {
    /// By time, then by name.
    pub runs: Vec<KeptRun>,
    /// In the order in which they were found.
    pub errors: Vec<LoadError>,
}

/// Loads runs: kept ones, folders of them at any depth, or JSON files of `metrics --json`. A run that is named twice
/// counts once.
pub fn load(paths: &[PathBuf]) -> Loaded {
    let mut loaded = Loaded::default();
    let mut seen = BTreeSet::new();
    for path in paths {
        let files = match files_of(path) {
            Ok(files) => files,
            Err(error) => {
                loaded.errors.push(error);
                continue;
            }
        };
        for file in files {
            if !seen.insert(fs::canonicalize(&file).unwrap_or_else(|_| file.clone())) {
                continue;
            }
            match KeptRun::load(&file) {
                Ok(run) => loaded.runs.push(run),
                Err(error) => loaded.errors.push(error),
            }
        }
    }
    loaded.runs.sort_by(|a, b| (a.time, &a.name).cmp(&(b.time, &b.name)));
    loaded
}

/// Takes out runs of which another one has the same metrics.json: a copy is no further evidence. The name of each that
/// went, and of the one that stands for it, which is the first.
pub fn drop_copies(runs: &mut Vec<KeptRun>) -> Vec<(String, String)> {
    let mut first: BTreeMap<[u8; 32], String> = BTreeMap::new();
    let mut copies = Vec::new();
    runs.retain(|run| match first.entry(run.digest) {
        Entry::Occupied(stays) => {
            copies.push((run.name.clone(), stays.get().clone()));
            false
        }
        Entry::Vacant(free) => {
            free.insert(run.name.clone());
            true
        }
    });
    copies
}

// the answers below a path
fn files_of(path: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let failed = |source| LoadError::Unreadable { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(failed)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    walk(path, 0, &mut files).map_err(failed)?;
    if files.is_empty() {
        return Err(LoadError::None { path: path.to_owned() });
    }
    Ok(files)
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let answer = folder.join(kept::ANSWER);
    if answer.is_file() {
        files.push(answer);
        return Ok(());
    }
    let mut inner: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !hidden && entry.path().is_dir() && depth < DEEPEST {
            inner.push(entry.path());
        }
    }
    inner.sort();
    inner.iter().try_for_each(|path| walk(path, depth + 1, files))
}

impl KeptRun {
    fn load(file: &Path) -> Result<Self, LoadError> {
        use sha2::Digest;
        let bytes = kept::bytes(file)?;
        let answer = KeptAnswer::parse(file, &bytes)?;
        let of_folder = file.file_name().is_some_and(|name| name == kept::ANSWER);
        let (place, beside) = match file.parent() {
            Some(folder) if of_folder => (folder, folder.join(kept::LABELS)),
            _ => (file, file.with_extension(kept::LABELS)),
        };
        let labels = kept::labels(&beside)?;
        let time = match labels.get(kept::TIME_LABEL) {
            Some(text) => {
                Timestamp::parse(text).map_err(|source| LoadError::Time { path: beside, source })?
            }
            None => answer
                .all()
                .and_then(|all| all.window_start)
                .or(answer.window.start)
                .ok_or_else(|| LoadError::NoTime { path: file.to_owned() })?,
        };
        let digest = sha2::Sha256::digest(&bytes).into();
        Ok(Self { name: place.display().to_string(), labels, time, answer, digest })
    }

    /// A group, or all.
    pub fn group(&self, group: Option<Group>) -> Option<&KeptGroup> {
        self.answer.group(group)
    }

    /// Nobody registered in it.
    pub fn is_empty(&self) -> bool {
        self.group(None).is_none_or(|all| all.session_count == 0)
    }

    /// Start of its first registration and end of its last.
    pub fn window(&self) -> Option<(Timestamp, Timestamp)> {
        let all = self.group(None)?;
        Some((all.window_start?, all.window_end?))
    }

    /// Everything of it could be read when it was kept, no Satellite and no line is missing, no create was cut off, and
    /// the log has the storm's beginning.
    pub fn complete(&self) -> bool {
        let missing = self.answer.missing_satellites();
        let whole = self.answer.coverage.complete && missing.is_empty() && self.lines_lost() == 0;
        whole && self.cut() == 0 && self.cut_before() == 0
    }

    /// Requests whose start the log lacks, where it begins in the middle of the storm; few are none, as in `compare`.
    pub fn cut_before(&self) -> u64 {
        let all = self.group(None).map_or(0, |all| all.session_count + all.cut_count);
        let orphaned = self.answer.coverage.requests_orphaned;
        let within = || {
            let (begins, (first, _)) = (self.answer.window.start?, self.window()?);
            // when the last one began is not kept: the narrowest bound
            Some(comparable::at_once(begins.0, (first.0, first.0), all))
        };
        if comparable::many(orphaned, all) && within() == Some(true) { orphaned } else { 0 }
    }

    /// Lines that journald dropped.
    pub fn lines_lost(&self) -> u64 {
        self.answer.coverage.lines_lost
    }

    /// Creates that were cut off.
    pub fn cut(&self) -> u64 {
        self.group(None).map_or(0, |all| all.cut_count)
    }
}
