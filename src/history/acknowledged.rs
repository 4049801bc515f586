//! A YAML file of known changes in, what is not to be told again out.

use crate::yaml_file::{self, FileError, Problem};
use serde::Deserialize;
use std::path::Path;

/// A change that somebody has dealt with.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Acknowledged {
    /// As history shows it.
    pub id: String,
    /// Why it need not be told again.
    pub reason: String,
}

/// Reads a list of `id` and `reason`.
///
/// # Errors
/// Names the file, the line and what is allowed.
pub fn load(path: &Path) -> Result<Vec<Acknowledged>, FileError> {
    yaml_file::load(path, "the acknowledged changes", |text| {
        parse(text).map_err(|(line, problem)| {
            (line, format!("{problem}; write a list of '- id: ID' and 'reason: WORDS'"))
        })
    })
}

fn parse(text: &str) -> Result<Vec<Acknowledged>, Problem> {
    if yaml_file::is_empty(text) {
        return Ok(Vec::new());
    }
    let read: Vec<Acknowledged> = yaml_file::parse(text)?;
    for (index, entry) in read.iter().enumerate() {
        let line = || {
            let with_id =
                text.lines().enumerate().filter(|(_, l)| l.contains("id:") && l.contains(entry.id.as_str()));
            with_id.last().map_or(1, |(at, _)| at + 1)
        };
        if entry.reason.trim().is_empty() {
            return Err((line(), format!("{} has no reason", entry.id)));
        }
        if read[..index].iter().any(|other| other.id == entry.id) {
            return Err((line(), format!("{} stands twice", entry.id)));
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
            assert!(told.contains(words) && !told.contains("column"), "{text:?}: {told}");
        }
    }
}
