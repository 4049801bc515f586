//! What fixes change, as a unified difference for people; passwords are starred out in it.

use super::shown_line;
use crate::validate::SourceFile;
use std::fmt::Write;

/// Lines shown around a change.
const CONTEXT: usize = 3;
/// Past so many lines that differ no shortest way is looked for.
const MOST: usize = 2_000;

/// The difference of a file before and after.
pub fn diff(before: &SourceFile, after: &SourceFile) -> String {
    let lines = |file: &SourceFile| {
        (1..=file.line_count()).map(|l| (bytes(file, l), shown_line(file, l))).collect::<Vec<_>>()
    };
    let (old, fresh) = (lines(before), lines(after));
    let steps = steps(&old, &fresh);
    let mut out = format!("--- {0}\n+++ {0}\n", before.name);
    for hunk in hunks(&steps) {
        let slice = steps.get(hunk.clone()).unwrap_or_default();
        let first = slice.first().map_or((0, 0), |s| (s.old, s.new));
        let count = |skip: char| slice.iter().filter(|s| s.sign != skip).count();
        let _ = writeln!(out, "@@ -{},{} +{},{} @@", first.0 + 1, count('+'), first.1 + 1, count('-'));
        for step in slice {
            let line = if step.sign == '+' { fresh.get(step.new) } else { old.get(step.old) };
            let _ =
                writeln!(out, "{}{}", step.sign, line.map_or("", |l| l.1.as_str()).trim_end_matches('\r'));
        }
    }
    out
}

fn bytes(file: &SourceFile, line: usize) -> Vec<u8> {
    file.bytes.get(file.line_range(line)).unwrap_or_default().to_vec()
}

struct Step {
    sign: char,
    old: usize,
    new: usize,
}

type Lines = [(Vec<u8>, String)];

/// Common ends first; between them the longest common run of lines.
fn steps(old: &Lines, new: &Lines) -> Vec<Step> {
    let same = |a: usize, b: usize| old.get(a).map(|l| &l.0) == new.get(b).map(|l| &l.0);
    let shorter = old.len().min(new.len());
    let head = (0..shorter).take_while(|i| same(*i, *i)).count();
    let tail = (0..shorter - head).take_while(|i| same(old.len() - 1 - i, new.len() - 1 - i)).count();
    let (n, m) = (old.len() - head - tail, new.len() - head - tail);
    let mut steps: Vec<Step> = (0..head).map(|i| Step { sign: ' ', old: i, new: i }).collect();
    let (mut i, mut j) = (0, 0);
    if n.saturating_mul(m) <= MOST * MOST {
        let width = m + 1;
        let mut longest = vec![0u32; (n + 1) * width];
        for a in (0..n).rev() {
            for b in (0..m).rev() {
                longest[a * width + b] = if same(head + a, head + b) {
                    longest[(a + 1) * width + b + 1] + 1
                } else {
                    longest[(a + 1) * width + b].max(longest[a * width + b + 1])
                };
            }
        }
        while i < n && j < m {
            if same(head + i, head + j) {
                steps.push(Step { sign: ' ', old: head + i, new: head + j });
                (i, j) = (i + 1, j + 1);
            } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
                steps.push(Step { sign: '-', old: head + i, new: head + j });
                i += 1;
            } else {
                steps.push(Step { sign: '+', old: head + i, new: head + j });
                j += 1;
            }
        }
    }
    steps.extend((i..n).map(|i| Step { sign: '-', old: head + i, new: head + j }));
    steps.extend((j..m).map(|j| Step { sign: '+', old: head + n, new: head + j }));
    steps.extend((0..tail).map(|k| Step { sign: ' ', old: old.len() - tail + k, new: new.len() - tail + k }));
    steps
}

fn hunks(steps: &[Step]) -> Vec<std::ops::Range<usize>> {
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, _) in steps.iter().enumerate().filter(|(_, s)| s.sign != ' ') {
        let (start, end) = (at.saturating_sub(CONTEXT), (at + 1 + CONTEXT).min(steps.len()));
        match found.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            _ => found.push(start..end),
        }
    }
    found
}
