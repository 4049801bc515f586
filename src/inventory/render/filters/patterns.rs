//! Filters and tests with regular expressions, as Python's `re`; look-around is not known.

use super::{defined, filter, test, wrong};
use crate::inventory::render::convert;
use minijinja::value::{Kwargs, Rest, Value};
use minijinja::{Environment, Error};
use regex::{Captures, Regex, RegexBuilder};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// A pattern takes no more memory than this when it is built.
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// Patterns that are kept.
const MAX_BUILT: usize = 100;

pub fn add(env: &mut Environment<'_>) {
    filter(env, "regex_replace", replace);
    filter(env, "regex_search", search);
    filter(env, "regex_findall", find_all);
    filter(env, "regex_escape", |text: &str| escape(text));
    for (name, start) in [("match", true), ("search", false), ("regex", false)] {
        test(env, name, move |value: &Value, pattern: &str, options: Kwargs| {
            let regex = build(name, pattern, &options)?;
            options.assert_all_used()?;
            let text = convert::text_of(defined(value)?)?;
            Ok::<_, Error>(regex.find(&text).is_some_and(|found| !start || found.start() == 0))
        });
    }
}

thread_local! {
    /// Patterns that were built: a role's are asked for again for each host, and building one takes longer than using it.
    static BUILT: RefCell<HashMap<(String, bool, bool), Rc<Regex>>> = RefCell::new(HashMap::new());
}

fn build(filter: &str, pattern: &str, options: &Kwargs) -> Result<Rc<Regex>, Error> {
    let ignore_case = options.get::<Option<bool>>("ignorecase")?.unwrap_or(false);
    let multi_line = options.get::<Option<bool>>("multiline")?.unwrap_or(false);
    let key = (pattern.to_owned(), ignore_case, multi_line);
    if let Some(known) = BUILT.with_borrow(|built| built.get(&key).cloned()) {
        return Ok(known);
    }
    let built = RegexBuilder::new(pattern)
        .case_insensitive(ignore_case)
        .multi_line(multi_line)
        .size_limit(MAX_PATTERN_BYTES)
        .build()
        .map_err(|_| wrong(format!("{filter}: the pattern '{pattern}' is not known here")))?;
    // shared, not cloned: a clone of a Regex begins with an empty cache
    let built = Rc::new(built);
    BUILT.with_borrow_mut(|all| {
        if all.len() >= MAX_BUILT {
            all.clear();
        }
        all.insert(key, Rc::clone(&built));
    });
    Ok(built)
}

/// Python's `re.sub`: `\1` and `\g<name>` in the replacement.
fn replace(
    value: &Value,
    pattern: &str,
    replacement: Option<&str>,
    options: Kwargs,
) -> Result<String, Error> {
    let regex = build("regex_replace", pattern, &options)?;
    let most = options.get::<Option<usize>>("count")?.unwrap_or(0);
    options.assert_all_used()?;
    let replacement = python_replacement(replacement.unwrap_or(""));
    Ok(regex.replacen(&convert::text_of(value)?, most, replacement.as_str()).into_owned())
}

/// The first match, or its groups (`'\\1'`, `'\\g<name>'`); None where there is none.
fn search(value: &Value, pattern: &str, groups: Rest<String>, options: Kwargs) -> Result<Value, Error> {
    let regex = build("regex_search", pattern, &options)?;
    options.assert_all_used()?;
    let text = convert::text_of(value)?;
    let Some(found) = regex.captures(&text) else { return Ok(Value::from(())) };
    if groups.is_empty() {
        return Ok(group(&found, 0));
    }
    let named = |name: &String| match name.strip_prefix("\\g<").and_then(|n| n.strip_suffix('>')) {
        Some(name) => Ok(found.name(name).map_or(Value::from(()), |m| Value::from(m.as_str()))),
        None => {
            name.strip_prefix('\\').and_then(|n| n.parse().ok()).map(|n| group(&found, n)).ok_or_else(|| {
                wrong(format!("regex_search: '{name}' is no group; write '\\1' or '\\g<name>'"))
            })
        }
    };
    groups.iter().map(named).collect::<Result<Vec<_>, _>>().map(Value::from)
}

fn group(found: &Captures<'_>, n: usize) -> Value {
    found.get(n).map_or(Value::from(()), |m| Value::from(m.as_str()))
}

/// Every match; where there are groups, those.
fn find_all(value: &Value, pattern: &str, options: Kwargs) -> Result<Value, Error> {
    let regex = build("regex_findall", pattern, &options)?;
    options.assert_all_used()?;
    let text = convert::text_of(value)?;
    let of = |found: Captures<'_>, n: usize| Value::from(found.get(n).map_or("", |m| m.as_str()));
    let all = regex.captures_iter(&text).map(|found| match regex.captures_len() {
        1 => of(found, 0),
        2 => of(found, 1),
        len => Value::from(
            (1..len).map(|n| Value::from(found.get(n).map_or("", |m| m.as_str()))).collect::<Vec<_>>(),
        ),
    });
    Ok(Value::from(all.collect::<Vec<_>>()))
}

/// Python's `re.escape`.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
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
            ('\\', Some(escaped @ ('\\' | 'n' | 't' | 'r'))) => {
                chars.next();
                out.push(match escaped {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    _ => '\\',
                });
            }
            (c, _) => out.push(c),
        }
    }
    out
}
