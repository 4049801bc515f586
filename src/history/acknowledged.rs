//! A YAML file of known changes in, what is not to be told again out.

use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A change that somebody has dealt with.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Acknowledged {
    /// As history shows it.
    pub id: String,
    /// Why it need not be told again.
    pub reason: String,
}

/// Why a file of them cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AcknowledgedError {
    /// It cannot be read.
    #[error("{path}: cannot read the acknowledged changes: {source}; check the path and its permissions", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It does not hold what it should.
    #[error("{path}:{line}: {problem}; write a list of '- id: ID' and 'reason: WORDS'", path = .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
}

/// Reads a list of `id` and `reason`.
///
/// # Errors
/// Names the file, the line and what is allowed.
pub fn load(path: &Path) -> Result<Vec<Acknowledged>, AcknowledgedError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| AcknowledgedError::Read { path: path.to_owned(), source })?;
    let wrong = |line, problem| AcknowledgedError::Content { path: path.to_owned(), line, problem };
    if text.lines().all(|l| matches!(l.trim().chars().next(), None | Some('#'))) {
        return Ok(Vec::new());
    }
    let read: Vec<Acknowledged> = serde_yaml::from_str(&text)
        .map_err(|e| wrong(e.location().map_or(1, |l| l.line()), e.to_string()))?;
    for (index, entry) in read.iter().enumerate() {
        let line = || {
            let with_id =
                text.lines().enumerate().filter(|(_, l)| l.contains("id:") && l.contains(entry.id.as_str()));
            with_id.last().map_or(1, |(at, _)| at + 1)
        };
        if entry.reason.trim().is_empty() {
            return Err(wrong(line(), format!("{} has no reason", entry.id)));
        }
        if read[..index].iter().any(|other| other.id == entry.id) {
            return Err(wrong(line(), format!("{} stands twice", entry.id)));
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(text: &str) -> Result<Vec<Acknowledged>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        load(file.path()).map_err(|e| e.to_string())
    }

    #[test]
    fn a_file_names_ids_and_reasons() {
        let found = loaded("# ours\n- id: a:p50:all:1\n  reason: new hardware\n").unwrap();
        assert_eq!((found[0].id.as_str(), found[0].reason.as_str()), ("a:p50:all:1", "new hardware"));
        assert_eq!(loaded("# nothing yet\n"), Ok(Vec::new()));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, words) in [
            ("- id: a\n", ":1: "),
            ("- id: a\n  reason: ''\n", ":1: a has no reason"),
            ("- {id: a, reason: b}\n- {id: a, reason: c}\n", ":2: a stands twice"),
            ("a: b\n", "write a list"),
            ("- {id: a, reason: b, until: c}\n", "unknown field"),
        ] {
            let told = loaded(text).unwrap_err();
            assert!(told.contains(words), "{text:?}: {told}");
        }
    }
}
