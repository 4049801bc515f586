//! A YAML file that a user wrote in; what it holds, or which line cannot be used and why, out.

use saphyr_parser::{Event, Parser, Span};
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

/// Why such a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("{path}: cannot read {what}: {source}; check the path and its permissions", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// It does not hold what it should.
    #[error("{path}:{line}: {problem}", path = .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong, and what is allowed.
        problem: String,
    },
}

/// What is wrong, and its line from 1.
pub type Problem = (usize, String);

/// Reads a file; `parse` makes of its text what it holds, `what` names that.
///
/// # Errors
/// Names the file, the line and what is allowed.
pub fn load<T>(
    path: &Path,
    what: &'static str,
    parse: impl FnOnce(&str) -> Result<T, Problem>,
) -> Result<T, FileError> {
    let text = std::fs::read_to_string(path).map_err(|source| FileError::Read {
        path: path.to_owned(),
        what,
        source,
    })?;
    parse(&text).map_err(|(line, problem)| FileError::Content { path: path.to_owned(), line, problem })
}

/// What the text says.
///
/// # Errors
/// Where the reader stopped, and why.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_yaml::from_str(text)
        .map_err(|e| (e.location().map_or(1, |l| l.line()), without_location(&e.to_string())))
}

/// Whether there are comments at most.
pub fn is_empty(text: &str) -> bool {
    text.lines().all(|l| matches!(l.trim().chars().next(), None | Some('#')))
}

/// A key or a value that is neither list nor map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Quotes and escapes resolved.
    pub text: String,
    /// From 1.
    pub line: usize,
}

/// Keys and values in the order of the text: they tell where what `parse` has read stands.
pub fn words(text: &str) -> Vec<Word> {
    let word = |(event, span): (Event<'_>, Span)| match event {
        Event::Scalar(text, ..) => Some(Word { text: text.into_owned(), line: span.start.line() }),
        _ => None,
    };
    Parser::new_from_str(text).map_while(Result::ok).filter_map(word).collect()
}

/// The line stands in front of the message already.
fn without_location(message: &str) -> String {
    match message.rfind(" at line ") {
        Some(at) if message[at..].contains(" column ") => message[..at].to_owned(),
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_their_lines() {
        let text = "# a: b\n- \"a\" : 'b:c' # d\n  e: f\n\n- {a: \"\\x67\", ab: [a]}\n";
        let found: Vec<_> = words(text).into_iter().map(|w| (w.text, w.line)).collect();
        let wanted = [("a", 2), ("b:c", 2), ("e", 3), ("f", 3), ("a", 5), ("g", 5), ("ab", 5), ("a", 5)];
        assert_eq!(found, wanted.map(|(text, line)| (text.to_owned(), line)));
    }
}
