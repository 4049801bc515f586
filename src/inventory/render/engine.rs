//! One template's text and what it sees in, its value out, as Ansible's own template engine has it.
//!
//! A template whose one output is a `{{ }}` keeps the type of its value; None writes nothing; newlines at the end of
//! a template stand at the end of its text (held against ansible-core 2.19).

use super::{convert, filters};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Output, State, Template, UndefinedBehavior};
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::OnceLock;

/// Names of templates that are values of variables; the text follows.
const TEXT: &str = "text:";
/// Names of templates that are files; the name follows.
const FILE: &str = "file:";

/// A file template, as it is shipped: its name, its text.
pub type TemplateFile = (&'static str, &'static str);

/// An environment in which templates are rendered.
#[derive(Debug)]
pub struct Engine {
    env: Environment<'static>,
    /// Whether what was compiled is kept: worth it where the same variables are rendered for many hosts.
    keeps: bool,
}

/// The last value that a template wrote by `{{ }}`, and how it stands there.
///
/// What a `{% set %}` block catches is written too, so it is the text of the whole that tells whether it was the only one.
struct Written(Value, String);

impl Engine {
    /// For values of an inventory, each rendered once.
    pub fn of_values(fuel: u64) -> Self {
        Self { env: environment(fuel), keeps: false }
    }

    /// For values and files of a role, rendered for one host after the other.
    pub fn of_role(fuel: u64, files: &'static [TemplateFile]) -> Self {
        let mut env = environment(fuel);
        env.set_loader(move |name| {
            if let Some(text) = name.strip_prefix(TEXT) {
                return Ok(Some(with_literal_backslashes(text)));
            }
            let file = name.strip_prefix(FILE).and_then(|name| files.iter().find(|(file, _)| *file == name));
            Ok(file.map(|(_, text)| (*text).to_owned()))
        });
        env.set_path_join_callback(|name, _| Cow::Owned(format!("{FILE}{name}")));
        Self { env, keeps: true }
    }

    /// A variable's value.
    pub fn value(&self, text: &str, context: Value) -> Result<Value, Error> {
        if self.keeps {
            let template = self.env.get_template(&format!("{TEXT}{text}"))?;
            return rendered(&template, text, context);
        }
        let escaped = with_literal_backslashes(text);
        rendered(&self.env.template_from_str(&escaped)?, text, context)
    }

    /// A file's text.
    pub fn file(&self, name: &str, context: Value) -> Result<String, Error> {
        let template = self.env.get_template(&format!("{FILE}{name}"))?;
        let value = rendered(&template, template.source(), context)?;
        if value.is_none() { Ok(String::new()) } else { convert::text_of(&value) }
    }

    /// Names that a variable's value needs.
    pub fn names_in(&self, text: &str) -> HashSet<String> {
        let names = |template: Template<'_, '_>| template.undeclared_variables(true);
        self.env.template_from_str(&with_literal_backslashes(text)).map(names).unwrap_or_default()
    }

    /// Names that a file needs.
    pub fn names_in_file(&self, name: &str) -> HashSet<String> {
        let template = self.env.get_template(&format!("{FILE}{name}"));
        template.map(|template| template.undeclared_variables(true)).unwrap_or_default()
    }
}

fn environment(fuel: u64) -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    env.set_fuel(Some(fuel));
    env.set_recursion_limit(50);
    env.set_syntax(syntax().clone());
    env.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    env.set_formatter(write);
    filters::add(&mut env);
    env
}

/// A newline behind a `{% %}` is its own, as in Ansible.
fn syntax() -> &'static SyntaxConfig {
    static SYNTAX: OnceLock<SyntaxConfig> = OnceLock::new();
    SYNTAX.get_or_init(|| SyntaxConfig::builder().trim_blocks(true).build().unwrap_or_default())
}

/// Writes a value as Python's `str()` does, and remembers it.
fn write(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    // what is undefined never comes here, but for an `if` without its `else`
    if value.is_none() || value.is_undefined() {
        return Ok(());
    }
    let text = convert::text_of(value)?;
    out.write_str(&text).map_err(|_| Error::from(ErrorKind::WriteFailure))?;
    *state.get_or_insert_extension_with(|| Written(Value::UNDEFINED, String::new())) =
        Written(value.clone(), text);
    Ok(())
}

fn rendered(template: &Template<'_, '_>, source: &str, context: Value) -> Result<Value, Error> {
    let mut captured = template.render_captured(context)?;
    let last = captured.with_state_mut(|state| {
        state
            .get_extension_mut::<Written>()
            .map(|w| std::mem::replace(w, Written(Value::UNDEFINED, String::new())))
    });
    let text = captured.into_output();
    let value = match last {
        Some(Written(value, alone)) if alone == text => value,
        _ if text.is_empty() => Value::from(()),
        _ => Value::from(text),
    };
    let Some(text) = value.as_str() else { return listed(value) };
    let missing = newlines_at_end(source).saturating_sub(newlines_at_end(text));
    Ok(if missing > 0 { Value::from(format!("{text}{}", "\n".repeat(missing))) } else { value })
}

/// What can be walked through but is no list becomes one.
fn listed(value: Value) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::Iterable => Ok(value.try_iter()?.collect()),
        _ => Ok(value),
    }
}

fn newlines_at_end(text: &str) -> usize {
    text.len() - text.trim_end_matches('\n').len()
}

/// Ansible takes a backslash in the quotes of a value's `{{ }}` as it stands: `'\1'` needs no second one. In `{% %}`
/// it escapes, as in Jinja.
fn with_literal_backslashes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let (mut inside, mut quote) = (None, None);
    while let Some(c) = chars.next() {
        match (c, chars.peek().copied()) {
            ('{', Some(kind @ ('{' | '%'))) if quote.is_none() && inside.is_none() => inside = Some(kind),
            ('}', Some('}')) if quote.is_none() && inside == Some('{') => inside = None,
            ('%', Some('}')) if quote.is_none() && inside == Some('%') => inside = None,
            ('\'' | '"', _) if inside.is_some() && quote == Some(c) => quote = None,
            ('\'' | '"', _) if inside.is_some() && quote.is_none() => quote = Some(c),
            ('\\', Some(next)) if quote.is_some() => {
                chars.next();
                out.push(c);
                if inside == Some('{') {
                    // of a pair, both stand for themselves
                    out.push(c);
                    out.extend((next == c || quote == Some(next)).then_some(c));
                }
                out.push(next);
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

/// minijinja's words, the innermost cause first, and the way out where something of Ansible's is missing.
pub fn words(error: &Error) -> String {
    let mut inner = error;
    while let Some(cause) = std::error::Error::source(inner).and_then(|cause| cause.downcast_ref::<Error>()) {
        inner = cause;
    }
    let what = inner.detail().map_or_else(|| inner.kind().to_string(), str::to_owned);
    match inner.kind() {
        ErrorKind::UnknownFilter
        | ErrorKind::UnknownTest
        | ErrorKind::UnknownFunction
        | ErrorKind::UnknownMethod => {
            format!("{what} here (Ansible may have it): write the value out in the inventory")
        }
        ErrorKind::SyntaxError => format!("its template is wrong: {what}"),
        ErrorKind::OutOfFuel => "its template does not end: write the value out in the inventory".to_owned(),
        _ => what,
    }
}
