//! Findings in, words and formats out: text with the line and carets, JSON (docs/validate.schema.json), SARIF 2.1.0,
//! GitHub's annotations, a difference of what fixes change. Passwords are shown in none of them.

mod diff;
mod github;
mod json;
mod sarif;
mod text;

pub use diff::diff;
pub use github::github;
pub use json::json;
pub use sarif::sarif;
pub use text::{closing, text};

use crate::validate::{Files, SourceFile};
use std::ops::Range;

/// A line's text with what is secret in it starred out; each character stays one.
fn shown_line(file: &SourceFile, line: usize) -> String {
    let range = file.line_range(line);
    starred(file, range)
}

/// A piece of a file with what is secret in it starred out.
fn starred(file: &SourceFile, range: Range<usize>) -> String {
    let bytes = file.bytes.get(range.clone()).unwrap_or_default();
    let inside: Vec<&Range<usize>> =
        file.secrets.iter().filter(|s| s.start < range.end && range.start < s.end).collect();
    if inside.is_empty() {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let text = String::from_utf8_lossy(bytes);
    let mut at = range.start;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let secret = inside.iter().any(|s| s.contains(&at));
        out.push(if secret { '*' } else { c });
        // what is no UTF-8 is one replaced character a piece: places are near enough for stars
        at += if c == char::REPLACEMENT_CHARACTER { 1 } else { c.len_utf8() };
    }
    out
}

/// Whether an edit puts in or takes out what no message may show.
fn is_secret(files: &Files, edit: &crate::validate::Edit) -> bool {
    let file = files.get(edit.file);
    edit.range.1 > edit.range.0 && file.secrets.iter().any(|s| s.start < edit.range.1 && edit.range.0 < s.end)
}
