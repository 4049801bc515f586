//! Which bytes of a file no message may show: passwords, in whatever file they stand.

use super::check::Subject;
use super::files::{FileId, Files, Span};
use super::read::Word;
use regex::bytes::Regex;
use std::sync::OnceLock;

/// Marks what a subject's files must not show.
pub(super) fn mark(files: &mut Files, subject: &Subject) {
    let spans: Vec<Span> = match subject {
        Subject::Haproxy(config) => {
            let statements = config.sections.iter().flat_map(|s| &s.statements);
            statements.filter_map(|s| of_haproxy(&s.words)).collect()
        }
        Subject::Cache(config) => {
            config.directives.iter().flat_map(|d| of_cache(&d.name, &d.words)).collect()
        }
        Subject::Registration(file) => {
            file.entries.iter().filter_map(|e| of_url(files, e.value_span)).collect()
        }
    };
    for span in spans {
        files.get_mut(span.file).secrets.push(span.range());
    }
}

/// `user NAME insecure-password WORD`, `stats auth USER:PASSWORD`.
fn of_haproxy(words: &[Word]) -> Option<Span> {
    let word = |at: usize| words.get(at).map_or("", |w| w.text.as_str());
    match (word(0), word(1), word(2)) {
        ("user", _, "insecure-password" | "password") => words.get(3).map(|w| w.span),
        ("stats", "auth", _) => words.get(2).map(|w| {
            let user = w.text.find(':').map_or(0, |at| at + 1);
            Span { start: (w.span.start + user).min(w.span.end), ..w.span }
        }),
        _ => None,
    }
}

fn of_cache(name: &str, words: &[Word]) -> Vec<Span> {
    match name {
        "requirepass" | "masterauth" | "tls-key-file-pass" | "tls-client-key-file-pass" => {
            words.iter().skip(1).map(|w| w.span).collect()
        }
        "user" => words.iter().filter(|w| w.text.starts_with(['>', '<', '#'])).map(|w| w.span).collect(),
        _ => Vec::new(),
    }
}

/// `redis://user:PASSWORD@host`.
fn of_url(files: &Files, span: Span) -> Option<Span> {
    let text = files.get(span.file).bytes.get(span.range())?;
    let scheme = memchr::memmem::find(text, b"://")? + 3;
    let at = memchr::memrchr(b'@', text).filter(|at| *at > scheme)?;
    let colon = memchr::memchr(b':', text.get(scheme..at)?)? + scheme + 1;
    Some(Span { start: span.start + colon, end: span.start + at, ..span })
}

/// Marks what an inventory must not show: values of variables whose name speaks of a password.
pub(super) fn mark_inventory(files: &mut Files, id: FileId) {
    static PASSWORD: OnceLock<Option<Regex>> = OnceLock::new();
    // `registration_cache_password=x`, `vault_pass: "x"`
    let pattern = || {
        Regex::new(r#"(?i)\b\w*(?:pass|password|secret|token)\w*["']?\s*[=:]\s*(\S[^\r\n]*?)(?:\s+\w+=|\s*[\r\n]|\s*$)"#).ok()
    };
    let Some(pattern) = PASSWORD.get_or_init(pattern) else { return };
    let found: Vec<_> =
        pattern.captures_iter(&files.get(id).bytes).filter_map(|c| c.get(1)).map(|m| m.range()).collect();
    files.get_mut(id).secrets.extend(found);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::files::{Origin, SourceFile};

    #[test]
    fn passwords_of_an_inventory_are_found() {
        let text = "lb registration_cache_password=abc private_ip=1.2.3.4\nx_pass: 'd e'\nuser=me\n";
        let mut files = Files::default();
        let id = files.add(SourceFile::new("f", Origin::Stdin, text.into()));
        mark_inventory(&mut files, id);
        let shown: Vec<&str> = files.get(id).secrets.iter().map(|r| &text[r.clone()]).collect();
        assert_eq!(shown, ["abc", "'d e'"]);
    }
}
