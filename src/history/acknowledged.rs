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
        let before = read[..index].iter().filter(|other| other.id == entry.id).count();
        let line = || line_of(text, &entry.id, before);
        if entry.reason.trim().is_empty() {
            return Err((line(), format!("{} has no reason", entry.id)));
        }
        if before > 0 {
            return Err((line(), format!("{} stands twice", entry.id)));
        }
    }
    Ok(read)
}

// where an id stands that so many entries before have too
fn line_of(text: &str, id: &str, before: usize) -> usize {
    let words = yaml_file::words(text);
    let mut ids = words.windows(2).filter(|pair| pair[0].text == "id" && pair[1].text == id);
    ids.nth(before).map_or(1, |pair| pair[1].line)
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
            (
                "- {id: ab, reason: b}\n- {id: a, reason: b}\n- {id: a, reason: c}\n- {id: ab, reason: d}\n",
                ":3: a stands twice",
            ),
            ("- id: \"a:b\"\n  reason: c\n- reason: d\n  id: a:b\n# id: a:b\n", ":4: a:b stands twice"),
            ("- {id: b, reason: id}\n- {id: a, reason: ''}\n- {id: ab, reason: b}\n", ":2: a has no reason"),
            ("a: b\n", "write a list"),
            ("- {id: a, reason: b, until: c}\n", "unknown field"),
        ] {
            let told = loaded(text).unwrap_err();
            assert!(told.contains(words) && !told.contains("column"), "{text:?}: {told}");
        }
    }
}
