//! `# reginfra: ignore[rule] reason`: comments that take a finding out of the answer.
//!
//! Behind something it speaks of its own line, on a line of its own of the next line that is no comment.

use crate::validate::files::{FileId, Files, Span};

/// What one says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignore {
    /// Rules' ids as they are written, each with its place.
    pub rules: Vec<(String, Span)>,
    /// The line that it speaks of, from 1.
    pub line: usize,
    /// Why; empty where nobody says.
    pub reason: String,
    /// From its `#` on.
    pub span: Span,
}

const MARK: &str = "reginfra: ignore[";

/// The comments of a file.
pub fn read(files: &Files, id: FileId) -> Vec<Ignore> {
    let file = files.get(id);
    if memchr::memmem::find(&file.bytes, MARK.as_bytes()).is_none() {
        return Vec::new();
    }
    let mut found: Vec<Ignore> =
        (1..=file.line_count()).filter_map(|line| of_line(files, id, line)).collect();
    for ignore in &mut found {
        let begins = |line: usize| file.line(line).trim_start().starts_with(['#', ';']);
        while ignore.line <= file.line_count()
            && (begins(ignore.line) || file.line(ignore.line).trim().is_empty())
        {
            ignore.line += 1;
        }
    }
    found
}

fn of_line(files: &Files, id: FileId, line: usize) -> Option<Ignore> {
    let file = files.get(id);
    let range = file.line_range(line);
    let text = std::str::from_utf8(file.bytes.get(range.clone())?).ok()?;
    let mark = text.find(MARK)?;
    let before = text.get(..mark)?.trim_end();
    let hash = before.strip_suffix(['#', ';'])?.len();
    if !(hash == 0 || text.get(..hash)?.ends_with([' ', '\t'])) {
        return None;
    }
    let list = text.get(mark + MARK.len()..)?;
    let close = list.find(']')?;
    let mut at = range.start + mark + MARK.len();
    let mut rules = Vec::new();
    for part in list.get(..close)?.split(',') {
        let rule = part.trim();
        let start = at + (part.len() - part.trim_start().len());
        rules.push((rule.to_owned(), Span { file: id, start, end: start + rule.len() }));
        at += part.len() + 1;
    }
    let reason = list.get(close + 1..)?.trim().to_owned();
    let span = Span { file: id, start: range.start + hash, end: range.end };
    Some(Ignore { rules, line, reason, span })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::files::{Origin, SourceFile};

    #[test]
    fn comments_speak_of_their_line_or_the_next() {
        let text = "a b # reginfra: ignore[x, y-z] because\n# reginfra: ignore[x]\n\n# other\nc\nd#reginfra: ignore[x] no\n";
        let mut files = Files::default();
        let id = files.add(SourceFile::new("f", Origin::Stdin, text.as_bytes().to_vec()));
        let found = read(&files, id);
        let shown: Vec<_> = found.iter().map(|i| (i.line, i.rules.len(), i.reason.as_str())).collect();
        assert_eq!(shown, [(1, 2, "because"), (5, 1, "")]);
        assert_eq!(files.text_of(found[0].rules[1].1), "y-z");
    }
}
