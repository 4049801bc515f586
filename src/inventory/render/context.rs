//! What a template sees: each variable is rendered when it is asked for, and only then.
//!
//! So a variable that nobody asks for may be as wrong as it likes, and `default` takes effect where Ansible's does.

use super::{convert, environment, is_template};
use crate::inventory::model::Parts;
use crate::inventory::value::Value as Raw;
use minijinja::value::{Enumerator, Object, Value};
use minijinja::{Error, ErrorKind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Variables that need each other, one after the other; each is a level of the stack.
const MAX_DEPTH: usize = 20;
/// Templates for one value; variables can need each other so that they double at each step.
const MAX_RENDERED: usize = 10_000;
/// Text that templates make for one value.
const MAX_BYTES: usize = 1 << 20;

/// The rendering of one value: what it may cost, and the first thing that went wrong.
#[derive(Debug)]
pub struct Task {
    parts: Arc<Parts>,
    rendered: AtomicUsize,
    bytes: AtomicUsize,
    reason: Mutex<Option<String>>,
}

impl Task {
    pub fn new(parts: &Arc<Parts>) -> Arc<Self> {
        Arc::new(Self {
            parts: Arc::clone(parts),
            rendered: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            reason: Mutex::new(None),
        })
    }

    /// The first thing that went wrong.
    pub fn reason(&self) -> Option<String> {
        self.reason.lock().ok().and_then(|reason| reason.clone())
    }

    fn wrong(&self, words: String) -> Error {
        if let Ok(mut reason) = self.reason.lock() {
            reason.get_or_insert_with(|| words.clone());
        }
        Error::new(ErrorKind::InvalidOperation, words)
    }

    fn forget(&self) {
        if let Ok(mut reason) = self.reason.lock() {
            *reason = None;
        }
    }
}

/// A variable that is being rendered, and the one that needs it.
#[derive(Debug)]
struct Link {
    host: usize,
    key: String,
    depth: usize,
    before: Option<Arc<Link>>,
}

/// A host's variables.
#[derive(Clone, Debug)]
pub struct Variables {
    task: Arc<Task>,
    host: usize,
    chain: Option<Arc<Link>>,
}

impl Variables {
    pub fn of_host(task: &Arc<Task>, host: usize) -> Arc<Self> {
        Arc::new(Self { task: Arc::clone(task), host, chain: None })
    }

    /// A variable, rendered; none where it is undefined, or renders to nothing that is defined.
    pub fn variable(self: &Arc<Self>, key: &str) -> Option<Value> {
        let Some(raw) = self.task.parts.raw(self.host, key) else { return self.magic(key) };
        if let Some(magic) = self.magic(key) {
            return Some(magic);
        }
        if !super::needs_rendering(raw) {
            return Some(convert::to_jinja(raw));
        }
        let link = match self.link(key) {
            Ok(link) => link,
            Err(error) => return Some(Value::from(error)),
        };
        let inner = Arc::new(Self { chain: Some(Arc::new(link)), ..Self::clone(self) });
        match inner.rendered(raw) {
            Ok(value) if value.is_undefined() => None,
            Ok(value) => Some(value),
            Err(error) => Some(Value::from(error)),
        }
    }

    /// What Ansible itself sets.
    fn magic(self: &Arc<Self>, key: &str) -> Option<Value> {
        let parts = &self.task.parts;
        let name = parts.data.host_name(self.host);
        Some(match key {
            "inventory_hostname" => Value::from(name),
            "inventory_hostname_short" => Value::from(name.split('.').next().unwrap_or(name)),
            "group_names" => {
                let mut names: Vec<&str> =
                    parts.groups_of(self.host).into_iter().map(|g| parts.data.group_name(g)).collect();
                names.sort_unstable();
                texts(&names)
            }
            "groups" => Value::from_object(Groups(Arc::clone(parts))),
            "hostvars" => Value::from_object(HostVars(Self::clone(self))),
            "vars" => Value::from_dyn_object(Arc::clone(self)),
            _ => return None,
        })
    }

    /// The chain with this variable in it.
    fn link(&self, key: &str) -> Result<Link, Error> {
        let mut at = self.chain.as_ref();
        while let Some(link) = at {
            if link.host == self.host && link.key == key {
                return Err(self
                    .task
                    .wrong(format!("{key} needs itself ({}): set one of them to a value", self.path(key))));
            }
            at = link.before.as_ref();
        }
        let depth = self.chain.as_ref().map_or(0, |link| link.depth) + 1;
        if depth > MAX_DEPTH {
            return Err(self.task.wrong(format!(
                "more than {MAX_DEPTH} variables need each other ({}): write the value out",
                self.path(key)
            )));
        }
        Ok(Link { host: self.host, key: key.to_owned(), depth, before: self.chain.clone() })
    }

    /// `a -> b -> a`, the last ones of it.
    fn path(&self, key: &str) -> String {
        let mut names = vec![key];
        let mut at = self.chain.as_ref();
        while let Some(link) = at.filter(|_| names.len() < 6) {
            names.push(&link.key);
            at = link.before.as_ref();
        }
        names.reverse();
        names.join(" -> ")
    }

    fn rendered(self: &Arc<Self>, raw: &Raw) -> Result<Value, Error> {
        match raw {
            Raw::Text(text) if is_template(text) => self.template(text),
            Raw::Vault(vaulted) => {
                let place = if vaulted.line > 0 {
                    format!("{}:{}", vaulted.path.display(), vaulted.line)
                } else {
                    vaulted.path.display().to_string()
                };
                Err(self.task.wrong(format!("{place}: it is encrypted with ansible-vault (!vault); --via-ansible asks the ansible-inventory of this machine")))
            }
            Raw::List(items) => {
                items.iter().map(|item| self.rendered(item)).collect::<Result<Vec<_>, _>>().map(Value::from)
            }
            Raw::Map(map) => {
                let pairs = map.iter().map(|(key, value)| Ok((key.clone(), self.rendered(value)?)));
                Ok(convert::mapping(pairs.collect::<Result<Vec<_>, Error>>()?.into_iter()))
            }
            plain => Ok(convert::to_jinja(plain)),
        }
    }

    fn template(self: &Arc<Self>, text: &str) -> Result<Value, Error> {
        if self.task.rendered.fetch_add(1, Ordering::Relaxed) >= MAX_RENDERED {
            return Err(self
                .task
                .wrong(format!("more than {MAX_RENDERED} templates for one value: write the value out")));
        }
        let text = &with_literal_backslashes(text);
        let context = Value::from_dyn_object(Arc::clone(self));
        let env = environment();
        let single = text.strip_prefix("{{").and_then(|t| t.strip_suffix("}}"));
        let single = single
            .map(|inner| inner.strip_prefix('-').unwrap_or(inner))
            .map(|inner| inner.strip_suffix('-').unwrap_or(inner));
        let done = match single.and_then(|inner| env.compile_expression(inner).ok()) {
            Some(expression) => expression.eval(&context).inspect(|value| {
                if value.is_undefined() {
                    self.undefined(&expression.undeclared_variables(true));
                }
            }),
            None => env.render_str(text, &context).map(Value::from).inspect_err(|error| {
                if error.kind() == ErrorKind::UndefinedError
                    && let Ok(template) = env.template_from_str(text)
                {
                    self.undefined(&template.undeclared_variables(true));
                }
            }),
        };
        match done {
            Ok(value) => self.counted(value),
            // so that a default around it takes effect
            Err(error) if error.kind() == ErrorKind::UndefinedError => {
                self.task.wrong(words(&error));
                Ok(Value::UNDEFINED)
            }
            Err(error) => Err(self.task.wrong(words(&error))),
        }
    }

    /// Names what is missing, where it is one of the names of the template.
    fn undefined(self: &Arc<Self>, names: &std::collections::HashSet<String>) {
        let known = |name: &str| {
            let first = name.split('.').next().unwrap_or(name);
            self.task.parts.raw(self.host, first).is_some() || self.magic(first).is_some()
        };
        let mut missing: Vec<&str> = names.iter().map(String::as_str).filter(|name| !known(name)).collect();
        missing.sort_unstable();
        if let Some(name) = missing.first() {
            self.task.wrong(format!(
                "{name} is undefined; set it, or give it a default: {{{{ {name} | default('...') }}}}"
            ));
        }
    }

    fn counted(&self, value: Value) -> Result<Value, Error> {
        let bytes = value.as_str().map_or(0, str::len);
        if self.task.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > MAX_BYTES {
            return Err(self
                .task
                .wrong(format!("templates make more than {MAX_BYTES} bytes of it: write the value out")));
        }
        if !value.is_undefined() {
            // what was undefined on the way had a default
            self.task.forget();
        }
        Ok(value)
    }
}

/// Ansible takes a backslash in a template's quotes as it stands: `'\\1'` needs no second one.
fn with_literal_backslashes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let (mut inside, mut quote) = (false, None);
    while let Some(c) = chars.next() {
        match (c, chars.peek().copied()) {
            ('{', Some('{' | '%')) if quote.is_none() => inside = true,
            ('}' | '%', Some('}')) if quote.is_none() => inside = false,
            ('\'' | '"', _) if inside && quote == Some(c) => quote = None,
            ('\'' | '"', _) if inside && quote.is_none() => quote = Some(c),
            ('\\', Some(next)) if quote == Some(next) => {
                out.push(c);
                chars.next();
                out.push(next);
                continue;
            }
            ('\\', _) if quote.is_some() => out.push('\\'),
            _ => {}
        }
        out.push(c);
    }
    out
}

fn texts(names: &[&str]) -> Value {
    names.iter().map(|name| Value::from(*name)).collect()
}

/// minijinja's words, the innermost cause first, and the way out where something of Ansible's is missing.
fn words(error: &Error) -> String {
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

impl Object for Variables {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.variable(key.as_str()?)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let layers = self.task.parts.layers(self.host);
        let names: std::collections::BTreeSet<&String> =
            layers.into_iter().flat_map(|vars| vars.keys()).collect();
        Enumerator::Values(names.into_iter().map(|name| Value::from(name.as_str())).collect())
    }
}

/// `groups`: names of hosts by group.
#[derive(Debug)]
struct Groups(Arc<Parts>);

impl Object for Groups {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let place = self.0.data.groups.get_index_of(key.as_str()?)?;
        Some(texts(&self.0.hosts_of_group(place)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.data.groups.keys().map(|name| Value::from(name.as_str())).collect())
    }
}

/// `hostvars`: variables of other hosts.
#[derive(Debug)]
struct HostVars(Variables);

impl Object for HostVars {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let host = self.0.task.parts.data.hosts.get_index_of(key.as_str()?)?;
        Some(Value::from_object(Variables { host, ..self.0.clone() }))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(
            self.0.task.parts.data.hosts.keys().map(|name| Value::from(name.as_str())).collect(),
        )
    }
}
