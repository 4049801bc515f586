//! What fixes change, as a unified difference for people; passwords are starred out in it.

use super::shown_line;
use crate::validate::SourceFile;
use similar::{ChangeTag, TextDiff};
use std::borrow::Cow;
use std::fmt::Write;

/// Lines shown around a change.
const CONTEXT: usize = 3;

/// The difference of a file before and after: found in what it holds, since two passwords look alike when starred, told in shown lines.
pub fn diff(before: &SourceFile, after: &SourceFile) -> String {
    let (old, new) = (lines(before), lines(after));
    let (old, new): (Vec<&str>, Vec<&str>) =
        (old.iter().map(|l| &**l).collect(), new.iter().map(|l| &**l).collect());
    let diff = TextDiff::from_slices(&old, &new);
    let mut out = format!("--- {0}\n+++ {0}\n", before.name);
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        let _ = writeln!(out, "{}", hunk.header());
        for change in hunk.iter_changes() {
            let (sign, file, at) = match change.tag() {
                ChangeTag::Insert => ('+', after, change.new_index()),
                ChangeTag::Delete => ('-', before, change.old_index()),
                ChangeTag::Equal => (' ', before, change.old_index()),
            };
            let text = at.map(|at| shown_line(file, at + 1)).unwrap_or_default();
            let _ = writeln!(out, "{sign}{}", text.trim_end_matches('\r'));
        }
    }
    out
}

fn lines(file: &SourceFile) -> Vec<Cow<'_, str>> {
    (1..=file.line_count()).map(|line| file.line(line)).collect()
}
