//! Variables of the command line: `--set` and `--vars` in, values out, as Ansible takes them behind `-e`.

use super::error::RenderError;
use crate::inventory::InventoryError;
use crate::inventory::value::{Map, Value};
use crate::inventory::variables::{self, Vaults};
use std::path::{Path, PathBuf};

/// What `--vars FILE` and `--set TEXT` give; of two values of a variable the later one, `--set` after `--vars`.
///
/// # Errors
/// A file cannot be read or is no mapping; a text is neither `KEY=VALUE` nor a mapping.
pub fn extra(files: &[PathBuf], texts: &[String], vaults: Vaults) -> Result<Map, RenderError> {
    let mut all = Map::new();
    for file in files {
        all.extend(variables::of_file(file, vaults)?);
    }
    for text in texts {
        all.extend(set(text)?);
    }
    Ok(all)
}

/// A file of variables that is built in.
pub(super) fn yaml(name: &str, text: &str) -> Result<Map, InventoryError> {
    variables::of_text(Path::new(name), text)
}

/// `key=value other='more words'`, each value text; or a mapping in YAML or JSON.
fn set(given: &str) -> Result<Map, RenderError> {
    let wrong = |problem: String| RenderError::Set { given: given.to_owned(), problem };
    let text = given.trim();
    if text.starts_with(['{', '[']) {
        return variables::of_text(Path::new("--set"), text).map_err(|error| wrong(error.to_string()));
    }
    if let Some(file) = text.strip_prefix('@') {
        return Err(wrong(format!("files are given by --vars {file}")));
    }
    let mut all = Map::new();
    for word in words(text).ok_or_else(|| wrong("a quote is not closed".to_owned()))? {
        let Some((key, value)) = word.split_once('=').filter(|(key, _)| !key.trim().is_empty()) else {
            return Err(wrong(format!(
                "'{word}' is no KEY=VALUE; put quotes around a value with blanks in it"
            )));
        };
        all.insert(key.trim().to_owned(), Value::Text(unquoted(&unescaped(value)).to_owned()));
    }
    if all.is_empty() {
        return Err(wrong("write KEY=VALUE, or a mapping in JSON".to_owned()));
    }
    Ok(all)
}

/// Cut at blanks that stand in no quotes and in no `{{ }}`; quotes stay. None where a quote is not closed.
fn words(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let (mut quote, mut depth) = (None, 0usize);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek().copied()) {
            ('\\', Some(next)) => {
                chars.next();
                word.extend([c, next]);
                continue;
            }
            ('{', Some('{')) if quote.is_none() => depth += 1,
            ('}', Some('}')) if quote.is_none() => depth = depth.saturating_sub(1),
            ('\'' | '"', _) if quote == Some(c) => quote = None,
            ('\'' | '"', _) if quote.is_none() => quote = Some(c),
            (c, _) if c.is_whitespace() && quote.is_none() && depth == 0 => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                continue;
            }
            _ => {}
        }
        word.push(c);
    }
    words.extend((!word.is_empty()).then_some(word));
    quote.is_none().then_some(words)
}

/// Python's escapes: `\n`, `\x41`, `\u00e9`; a backslash before anything else stays.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let (c, length) = escape_of(escape);
        out.push(c);
        rest = escape.get(length..).unwrap_or("");
    }
    out.push_str(rest);
    out
}

fn escape_of(text: &str) -> (char, usize) {
    let hex = |from: usize, digits: usize| {
        let code = text.get(from..from + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        code.and_then(char::from_u32).map(|c| (c, from + digits))
    };
    let found = match text.chars().nth(1) {
        Some('n') => Some(('\n', 2)),
        Some('t') => Some(('\t', 2)),
        Some('r') => Some(('\r', 2)),
        Some(c @ ('\\' | '\'' | '"')) => Some((c, 2)),
        Some('x') => hex(2, 2),
        Some('u') => hex(2, 4),
        Some('U') => hex(2, 8),
        _ => None,
    };
    found.unwrap_or(('\\', 1))
}

/// Without the quotes around it.
fn unquoted(value: &str) -> &str {
    let value = value.trim();
    let inside =
        |quote: char| value.strip_prefix(quote)?.strip_suffix(quote).filter(|inner| !inner.ends_with('\\'));
    inside('\'').or_else(|| inside('"')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(text: &str) -> String {
        match set(text) {
            Ok(map) => Value::Map(map).to_json().to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn values_are_text_unless_they_are_json() {
        for (given, is) in [
            ("a=1", r#"{"a":"1"}"#),
            ("a=b=c", r#"{"a":"b=c"}"#),
            ("a=1 b='two words' c=\"x y\"", r#"{"a":"1","b":"two words","c":"x y"}"#),
            ("a=", r#"{"a":""}"#),
            ("a={{ b | default('x y') }}", r#"{"a":"{{ b | default('x y') }}"}"#),
            (r"a=x\ny\q", r#"{"a":"x\ny\\q"}"#),
            (r#"{"a": 1, "b": [true]}"#, r#"{"a":1,"b":[true]}"#),
            ("{a: 1, b: yes}", r#"{"a":1,"b":true}"#),
        ] {
            assert_eq!(taken(given), is, "{given}");
        }
    }

    #[test]
    fn what_is_no_assignment_is_refused() {
        for (given, part) in [
            ("a", "'a' is no KEY=VALUE"),
            ("a=b c", "'c' is no KEY=VALUE; put quotes"),
            ("=b", "is no KEY=VALUE"),
            ("", "write KEY=VALUE"),
            ("a='b", "a quote is not closed"),
            ("@file.yml", "--vars file.yml"),
            ("[1]", "mapping"),
            ("{a", "--set"),
        ] {
            assert!(taken(given).contains(part), "{given}: {}", taken(given));
        }
    }
}
