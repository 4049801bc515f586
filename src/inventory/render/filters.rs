//! Ansible's filters and tests that minijinja lacks, those that are simple and sure.

use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error, ErrorKind};

/// A pattern of a filter takes no more memory than this when it is built.
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// Adds them.
pub fn add(env: &mut Environment<'_>) {
    env.add_filter("bool", bool);
    env.add_filter("ternary", ternary);
    env.add_filter("mandatory", mandatory);
    env.add_filter("regex_replace", regex_replace);
    env.add_filter("basename", |path: String| path.rsplit('/').next().map(str::to_owned));
    env.add_filter("dirname", |path: String| {
        path.rsplit_once('/')
            .map_or(String::new(), |(dir, _)| if dir.is_empty() { "/".to_owned() } else { dir.to_owned() })
    });
    // the longer names of the same
    for (long, short) in [("ansible.builtin.bool", "bool"), ("ansible.builtin.ternary", "ternary")] {
        match short {
            "bool" => env.add_filter(long, bool),
            _ => env.add_filter(long, ternary),
        }
    }
    env.add_filter("ansible.builtin.regex_replace", regex_replace);
}

fn wrong(words: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, words)
}

/// `yes`, `on`, `1` and `true` in either case are true, other text false.
fn bool(value: &Value) -> Result<Value, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    if value.is_none() {
        return Ok(Value::from(()));
    }
    if let Some(text) = value.as_str() {
        let text = text.to_lowercase();
        return Ok(Value::from(matches!(text.as_str(), "yes" | "on" | "1" | "true")));
    }
    Ok(Value::from(*value == Value::from(true) || *value == Value::from(1)))
}

/// The first where the value is true, else the second; a third where it is none.
fn ternary(value: &Value, yes: Value, no: Value, none: Option<Value>) -> Result<Value, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    match none {
        Some(none) if value.is_none() => Ok(none),
        _ => Ok(if value.is_true() { yes } else { no }),
    }
}

/// The value, where there is one.
fn mandatory(value: Value, words: Option<String>) -> Result<Value, Error> {
    if value.is_undefined() {
        return Err(wrong(words.unwrap_or_else(|| "a mandatory variable is undefined".to_owned())));
    }
    Ok(value)
}

/// Python's `re.sub`: `\1` and `\g<name>` in the replacement; look-around is not known.
fn regex_replace(
    text: String,
    pattern: &str,
    replacement: Option<&str>,
    options: Kwargs,
) -> Result<String, Error> {
    let ignore_case = options.get::<Option<bool>>("ignorecase")?.unwrap_or(false);
    let multiline = options.get::<Option<bool>>("multiline")?.unwrap_or(false);
    options.assert_all_used()?;
    let built = regex::RegexBuilder::new(pattern)
        .case_insensitive(ignore_case)
        .multi_line(multiline)
        .size_limit(MAX_PATTERN_BYTES)
        .build();
    let regex =
        built.map_err(|_| wrong(format!("regex_replace: the pattern '{pattern}' is not known here")))?;
    Ok(regex.replace_all(&text, python_replacement(replacement.unwrap_or("")).as_str()).into_owned())
}

/// `\1` as the regex crate writes it.
fn python_replacement(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek().copied()) {
            ('$', _) => out.push_str("$$"),
            ('\\', Some(digit @ '0'..='9')) => {
                chars.next();
                out.push_str(&format!("${{{digit}}}"));
            }
            ('\\', Some('g')) => {
                chars.next();
                let name: String =
                    chars.by_ref().skip_while(|c| *c == '<').take_while(|c| *c != '>').collect();
                out.push_str(&format!("${{{name}}}"));
            }
            ('\\', Some('\\')) => {
                chars.next();
                out.push('\\');
            }
            (c, _) => out.push(c),
        }
    }
    out
}
