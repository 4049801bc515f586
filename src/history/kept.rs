//! Runs that `metrics --save` or `metrics --json` kept in, their figures in the order of time out. Single registrations
//! are not read, so that years of runs load in no time.

use crate::compare::run::{RunError, answer_file, labels_file};
use crate::metrics::answer::{Distribution, Metric};
use crate::registration::session::{Evidence, Group};
use crate::timestamp::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Folders in folders are looked through so deep.
const DEEPEST: usize = 8;
/// The label that says when a run was, before its first registration does.
const TIME_LABEL: &str = "time";

/// A group's figures of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeptGroup {
    /// None is all.
    pub group: Option<Group>,
    /// Attempts.
    pub session_count: u64,
    /// Attempts that failed.
    pub error_count: u64,
    /// Failed attempts by class.
    pub error_breakdown: BTreeMap<String, u64>,
    /// Metrics that have values.
    pub metrics: BTreeMap<Metric, Distribution>,
}

/// A run.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptRun {
    /// As the user named it, or as it was found in a folder.
    pub name: String,
    /// What is known of it.
    pub labels: BTreeMap<String, String>,
    /// When it was: its label `time`, else the start of its first registration, else of its log.
    pub time: Timestamp,
    /// Start of its first registration and end of its last.
    pub window: Option<(Timestamp, Timestamp)>,
    /// Groups that have registrations, and all.
    pub groups: Vec<KeptGroup>,
    /// Everything of it could be read when it was kept, and no create was cut off.
    pub complete: bool,
    /// The SHA-256 of its metrics.json: the same run has it wherever it lies.
    pub digest: [u8; 32],
}

/// Why a run cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// A file of it.
    #[error(transparent)]
    Run(#[from] RunError),
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
        /// Its metrics.json.
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
    pub errors: Vec<KeptError>,
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

// the answers below a path
fn files_of(path: &Path) -> Result<Vec<PathBuf>, KeptError> {
    let failed = |source| KeptError::Unreadable { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(failed)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    walk(path, 0, &mut files).map_err(failed)?;
    if files.is_empty() {
        return Err(KeptError::None { path: path.to_owned() });
    }
    Ok(files)
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let answer = folder.join("metrics.json");
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
    fn load(file: &Path) -> Result<Self, KeptError> {
        let answer = answer_file(file)?;
        let kept = file.file_name().is_some_and(|name| name == "metrics.json");
        let (place, beside) = match file.parent() {
            Some(folder) if kept => (folder, folder.join("labels.json")),
            _ => (file, file.with_extension("labels.json")),
        };
        let labels = labels_file(&beside)?;
        let time = |value: &Value| value.as_str().and_then(|text| Timestamp::parse(text).ok());
        let groups: Vec<&Value> = answer["groups"].as_array().into_iter().flatten().collect();
        let all = groups.iter().find(|g| g["group"] == "all");
        let window = all.and_then(|g| Some((time(&g["window_start"])?, time(&g["window_end"])?)));
        let when = match labels.get(TIME_LABEL) {
            Some(text) => {
                Timestamp::parse(text).map_err(|source| KeptError::Time { path: file.to_owned(), source })?
            }
            None => window
                .map(|(start, _)| start)
                .or_else(|| time(&answer["window"]["start"]))
                .ok_or_else(|| KeptError::NoTime { path: file.to_owned() })?,
        };
        let cut = all.and_then(|g| g["cut_count"].as_u64()).unwrap_or(0);
        Ok(Self {
            name: place.display().to_string(),
            labels,
            time: when,
            window,
            groups: groups.into_iter().filter_map(kept_group).collect(),
            complete: answer["coverage"]["complete"] != false && cut == 0,
            digest: digest(file)?,
        })
    }

    /// A group, or all.
    pub fn group(&self, group: Option<Group>) -> Option<&KeptGroup> {
        self.groups.iter().find(|g| g.group == group)
    }
}

fn digest(file: &Path) -> Result<[u8; 32], KeptError> {
    use sha2::Digest;
    let bytes = fs::read(file).map_err(|source| KeptError::Unreadable { path: file.to_owned(), source })?;
    Ok(sha2::Sha256::digest(bytes).into())
}

// a group of a later version of the program is none of ours
fn kept_group(value: &Value) -> Option<KeptGroup> {
    let name = value["group"].as_str()?;
    let group = match name {
        "all" => None,
        _ => Some(Group::ALL.into_iter().find(|g| g.name() == name)?),
    };
    let metrics = Metric::ALL.into_iter().filter_map(|m| Some((m, distribution(&value[m.name()])?)));
    let classes = value["error_breakdown"].as_object().into_iter().flatten();
    Some(KeptGroup {
        group,
        session_count: value["session_count"].as_u64().unwrap_or(0),
        error_count: value["error_count"].as_u64().unwrap_or(0),
        error_breakdown: classes.map(|(k, v)| (k.clone(), v.as_u64().unwrap_or(0))).collect(),
        metrics: metrics.collect(),
    })
}

fn distribution(value: &Value) -> Option<Distribution> {
    let count = value["count"].as_u64().filter(|n| *n > 0)?;
    let figure = |name: &str| value[name].as_f64();
    let evidence = match value["evidence"].as_str() {
        Some("exact") => Evidence::Exact,
        Some("inferred") => Evidence::Inferred,
        _ => Evidence::Missing,
    };
    Some(Distribution {
        count,
        min: figure("min"),
        avg: figure("avg"),
        p50: figure("p50"),
        p90: figure("p90"),
        p95: figure("p95"),
        p99: figure("p99"),
        max: figure("max"),
        evidence,
    })
}
