//! Findings' fixes in, files' new bytes out; every byte that no fix speaks of stays.

use super::files::{FileId, Files};
use super::finding::{Edit, Finding};
use std::collections::BTreeMap;

/// New bytes of files.
pub type Changed = BTreeMap<FileId, Vec<u8>>;

/// What became of the fixes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Files that change.
    pub files: Changed,
    /// How many fixes were taken.
    pub count: usize,
}

/// Applies the sure fixes that do not touch each other; the others wait for the next round.
pub fn apply(files: &Files, findings: &[Finding]) -> Applied {
    let mut taken: Vec<&Edit> = Vec::new();
    let mut count = 0;
    for fix in findings.iter().filter_map(|f| f.fix.as_ref()).filter(|fix| fix.sure && !fix.edits.is_empty())
    {
        let fresh: Vec<&Edit> = fix.edits.iter().filter(|e| !taken.contains(e)).collect();
        let free = fresh.iter().all(|edit| taken.iter().all(|other| !touch(edit, other)));
        let valid =
            fresh.iter().all(|e| e.range.0 <= e.range.1 && e.range.1 <= files.get(e.file).bytes.len());
        if free && valid {
            taken.extend(fresh);
            count += 1;
        }
    }
    let mut by_file: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
    for edit in taken {
        by_file.entry(edit.file).or_default().push(edit);
    }
    let files = by_file.into_iter().map(|(id, edits)| (id, edited(&files.get(id).bytes, edits))).collect();
    Applied { files, count }
}

/// Two at one place touch as well: their order would be nobody's choice.
fn touch(a: &Edit, b: &Edit) -> bool {
    a.file == b.file && a.range.0 <= b.range.1 && b.range.0 <= a.range.1 && {
        // side by side is well where both take something away
        let empty = |e: &Edit| e.range.0 == e.range.1;
        empty(a) || empty(b) || (a.range.0 < b.range.1 && b.range.0 < a.range.1)
    }
}

fn edited(bytes: &[u8], mut edits: Vec<&Edit>) -> Vec<u8> {
    edits.sort_by_key(|e| e.range);
    let mut out = Vec::with_capacity(bytes.len() + 64);
    let mut at = 0;
    for edit in edits {
        out.extend_from_slice(bytes.get(at..edit.range.0).unwrap_or_default());
        out.extend_from_slice(edit.text.as_bytes());
        at = edit.range.1;
    }
    out.extend_from_slice(bytes.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::files::{Origin, SourceFile, Span};

    #[test]
    fn what_touches_waits_and_the_rest_stays_byte_for_byte() {
        let mut files = Files::default();
        let file = files.add(SourceFile::new("f", Origin::Stdin, b"a \xff b\r\nc".to_vec()));
        let span = |start, end| Span { file, start, end };
        let finding = |span, text: &str| Finding::at(span, "").fix("", vec![Edit::replace(span, text)]);
        let found = [
            finding(span(0, 1), "x"),
            finding(span(0, 1), "x"),
            finding(span(0, 3), "y"),
            finding(span(8, 8), "!"),
            Finding::at(span(7, 8), "").proposal("", vec![Edit::replace(span(7, 8), "no")]),
        ];
        let applied = apply(&files, &found);
        assert_eq!(
            (applied.count, applied.files.get(&file).unwrap().as_slice()),
            (3, &b"x \xff b\r\nc!"[..])
        );
    }
}
