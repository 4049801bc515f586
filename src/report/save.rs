//! A run kept for later: metrics.json, sessions.jsonl, requests.jsonl, traces.jsonl and labels.json in a folder of their
//! own.

use super::atomic::{Beside, PART, WriteError};
use super::json;
use super::page::attempts::Attempts;
use crate::kept::{self, FILES, TIME_LABEL, requests, sessions, traces};
use crate::metrics::answer::Answer;
use crate::metrics::targets::Judgement;
use crate::registration::finish::Registrations;
use crate::timestamp::{Timestamp, TimestampError};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Why a run was not kept; what was in its place is there still.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The place is a file.
    #[error("{path}: is a file; name a folder to keep the run in", path = .path.display())]
    NotAFolder {
        /// The file.
        path: PathBuf,
    },
    /// The folder holds something else.
    #[error(
        "{path}: holds what no saved run holds ({names}); name another folder, or move that away",
        path = .path.display(), names = .names.join(", ")
    )]
    InTheWay {
        /// The folder.
        path: PathBuf,
        /// The first things in the way.
        names: Vec<String>,
    },
    /// A label is not what it should be.
    #[error("label '{text}' {problem}; write KEY=VALUE, each key once")]
    Label {
        /// What was given.
        text: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A label `time` that is none.
    #[error("label time: {0}")]
    Time(#[from] TimestampError),
}

/// Labels from `KEY=VALUE` words.
///
/// # Errors
/// A word without `=`, without a key, or whose key stands twice; a `time` that is none.
pub fn parse_labels(words: &[String]) -> Result<BTreeMap<String, String>, SaveError> {
    let mut labels = BTreeMap::new();
    for word in words {
        let wrong = |problem| SaveError::Label { text: word.clone(), problem };
        let (key, value) = word.split_once('=').ok_or_else(|| wrong("has no '='"))?;
        if key.trim().is_empty() {
            return Err(wrong("has no key"));
        }
        if key.trim() == TIME_LABEL {
            Timestamp::parse(value)?;
        }
        if labels.insert(key.trim().to_owned(), value.to_owned()).is_some() {
            return Err(wrong("stands twice"));
        }
    }
    Ok(labels)
}

/// Keeps a run in `dir`, which is made where it is missing. A run that is there already is replaced, and only
/// once all new files are written.
///
/// # Errors
/// The folder holds something else, or cannot be written.
pub fn save(
    dir: &Path,
    answer: &Answer,
    judgements: &[Judgement],
    all: &Registrations,
    labels: &BTreeMap<String, String>,
) -> Result<(), SaveError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| WriteError::new(&path, source)
    };
    check(dir)?;
    fs::create_dir_all(dir).map_err(failed(dir))?;
    let mut written = Vec::with_capacity(FILES.len());
    for name in FILES {
        let path = dir.join(name);
        let fill = |out: &mut (dyn Write + Send)| match name {
            kept::ANSWER => json::write(out, answer, judgements),
            kept::SESSIONS => sessions::write_lines(out, &all.sessions, &all.names),
            kept::REQUESTS => requests::write_lines(out, all),
            kept::TRACES => traces::write_lines(out, &Attempts::of(all).traces(all)),
            _ => {
                serde_json::to_writer_pretty(&mut *out, labels)?;
                out.write_all(b"\n")
            }
        };
        written.push((Beside::write(&path, fill).map_err(failed(&path))?, path));
    }
    for (file, path) in written {
        file.put().map_err(failed(&path))?;
    }
    Ok(())
}

/// Before anything is computed: whether `dir` can take a run.
///
/// # Errors
/// It is a file, holds something else than a saved run, or cannot be read.
pub fn check(dir: &Path) -> Result<(), SaveError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) if e.kind() == io::ErrorKind::NotADirectory => {
            return Err(SaveError::NotAFolder { path: dir.to_owned() });
        }
        Err(e) => return Err(WriteError::new(dir, e).into()),
    };
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|e| {
            // a run that was killed while it wrote leaves parts; they are in nobody's way
            let part = |n: &str| n.starts_with(PART.0) && n.ends_with(PART.1);
            let known = e.file_name().to_str().is_some_and(|n| FILES.contains(&n) || part(n));
            !known || e.file_type().is_ok_and(|t| t.is_dir())
        })
        .map(|e| e.file_name().to_string_lossy().escape_debug().collect())
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    names.sort();
    if names.len() > 3 {
        let more = names.len() - 3;
        names.truncate(3);
        names.push(format!("{more} more"));
    }
    Err(SaveError::InTheWay { path: dir.to_owned(), names })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::targets;
    use crate::report::samples;

    fn keep(dir: &Path) -> Result<(), SaveError> {
        let answer = samples::answer();
        let (sessions, names) = samples::sessions();
        let labels = parse_labels(&["satellite=6.18".into(), "note=a=b".into()]).unwrap();
        let all = Registrations { sessions, names, ..Registrations::default() };
        save(dir, &answer, &targets::judge(&targets::built_in(), &answer), &all, &labels)
    }

    #[test]
    fn a_time_that_is_none_is_refused_before_anything_is_read() {
        let told = parse_labels(&["time=2026-04-01".into()]).unwrap_err().to_string();
        assert!(told.starts_with("label time: '2026-04-01' is no time"), "{told}");
        assert_eq!(parse_labels(&["time=2026-04-01T10:00:00Z".into()]).unwrap().len(), 1);
    }

    #[test]
    fn a_run_is_kept_and_replaced() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("runs/before");
        keep(&dir).unwrap();
        fs::write(dir.join("metrics.json"), "old").unwrap();
        fs::write(dir.join(".reginfra-killed.part"), "half").unwrap();
        keep(&dir).unwrap();
        fs::remove_file(dir.join(".reginfra-killed.part")).unwrap();
        let mut names: Vec<_> = fs::read_dir(&dir).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(
            names,
            ["labels.json", "metrics.json", "requests.jsonl", "sessions.jsonl", "traces.jsonl"]
        );
        let labels = fs::read_to_string(dir.join("labels.json")).unwrap();
        assert_eq!(labels, "{\n  \"note\": \"a=b\",\n  \"satellite\": \"6.18\"\n}\n");
        assert!(fs::read_to_string(dir.join("metrics.json")).unwrap().contains("\"schema_version\": 1"));
    }

    #[test]
    fn a_folder_with_anything_else_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("thesis.tex"), "mine").unwrap();
        let told = keep(place.path()).unwrap_err().to_string();
        assert!(told.contains("(thesis.tex)"), "{told}");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
        let told = keep(&place.path().join("thesis.tex")).unwrap_err().to_string();
        assert!(told.contains("is a file"), "{told}");
    }

    #[test]
    fn labels_that_are_none_are_refused() {
        for bad in [vec!["x"], vec!["=x"], vec!["a=1", "a=2"]] {
            let words: Vec<String> = bad.iter().map(|w| (*w).to_owned()).collect();
            assert!(parse_labels(&words).is_err(), "{bad:?}");
        }
    }
}
