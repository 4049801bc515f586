//! `.if`, `.elif`, `.else`, `.endif`: whether what stands between them is read.
//!
//! What the target's version decides is decided; environment variables and features are not known here, and what
//! they decide counts as read.

use super::sections::Statement;
use crate::validate::files::Span;
use crate::validate::target::Target;

/// A longer condition is nobody's, and counts as not known.
const LONGEST: usize = 512;

/// The open `.if`s.
pub(super) struct Conditions {
    target: Option<Target>,
    open: Vec<Branch>,
}

struct Branch {
    at: Span,
    /// Of the branch that is read now.
    now: Option<bool>,
    /// Whether one before it was taken.
    taken: Option<bool>,
}

impl Conditions {
    pub fn new(target: Option<Target>) -> Self {
        Self { target, open: Vec::new() }
    }

    /// Whether what comes now is read; none where that is not known here.
    pub fn hold(&self) -> Option<bool> {
        all(self.open.iter().map(|branch| branch.now))
    }

    /// The last `.if` that was not ended.
    pub fn open(&self) -> Option<Span> {
        self.open.last().map(|b| b.at)
    }

    /// Takes a line that begins with a dot; says what is wrong with it.
    pub fn directive(&mut self, statement: &Statement) -> Option<&'static str> {
        match statement.word(0) {
            ".if" => {
                let now = self.value(statement);
                self.open.push(Branch { at: statement.span, now, taken: Some(false) });
            }
            word @ (".elif" | ".else") => {
                let value = if word == ".else" { Some(true) } else { self.value(statement) };
                let Some(branch) = self.open.last_mut() else { return Some("an .elif or .else without .if") };
                branch.taken = or(branch.taken, branch.now);
                branch.now = and(branch.taken.map(|t| !t), value);
            }
            ".endif" if self.open.pop().is_none() => return Some("an .endif without .if"),
            _ => {}
        }
        None
    }

    fn value(&self, statement: &Statement) -> Option<bool> {
        if statement.words.iter().any(|w| w.expands) {
            return None;
        }
        let rest: Vec<&str> = statement.words.iter().skip(1).map(|w| w.text.as_str()).collect();
        let text = rest.join(" ");
        // brackets and bangs inside each other take stack
        if text.len() > LONGEST { None } else { self.expression(&text) }
    }

    // `a && b || c`, as HAProxy binds them
    fn expression(&self, text: &str) -> Option<bool> {
        let part = |part: &str| all(part.split("&&").map(|term| self.term(term.trim())));
        // one of them holds: not all of them fail to
        all(text.split("||").map(|p| part(p).map(|v| !v))).map(|v| !v)
    }

    fn term(&self, term: &str) -> Option<bool> {
        if let Some(inner) = term.strip_prefix('!') {
            return self.term(inner.trim()).map(|v| !v);
        }
        if let Ok(number) = term.parse::<i64>() {
            return Some(number != 0);
        }
        let (name, argument) = term.strip_suffix(')')?.split_once('(')?;
        let version = |text: &str| {
            let mut parts = text.split('.').map(str::parse::<u16>);
            Some((parts.next()?.ok()?, parts.next().unwrap_or(Ok(0)).ok()?))
        };
        match name {
            "" => self.expression(argument),
            "version_atleast" => Some(self.target?.haproxy() >= version(argument)?),
            "version_before" => Some(self.target?.haproxy() < version(argument)?),
            _ => None,
        }
    }
}

/// What is not known decides nothing where another one fails.
fn all(values: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut held = Some(true);
    for value in values {
        held = and(held, value);
    }
    held
}

fn and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn or(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    and(a.map(|v| !v), b.map(|v| !v)).map(|v| !v)
}
