//! The rendering of values: what it may cost, what is known already, and the first thing that went wrong.

use super::engine::Engine;
use super::scope::Scope;
use crate::inventory::model::Parts;
use crate::inventory::value::Value as Raw;
use minijinja::value::Value;
use minijinja::{Error, ErrorKind};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// What one value may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Templates; variables can need each other so that they double at each step.
    pub templates: usize,
    /// Bytes of text that templates make.
    pub bytes: usize,
}

/// Whose variable it is, and whether the role's own variables are seen.
type Owner = (usize, bool);

/// Values by variable.
type Values = HashMap<String, Value>;

/// The rendering of one value, or of one value after the other.
#[derive(Debug)]
pub struct Task {
    pub parts: Arc<Parts>,
    pub engine: Arc<Engine>,
    pub scope: Option<Scope>,
    limits: Limits,
    rendered: AtomicUsize,
    bytes: AtomicUsize,
    reason: Mutex<Option<String>>,
    values: Mutex<HashMap<Owner, Values>>,
    /// Values of the role's that are every host's: nothing of a host itself was looked at for them.
    shared: Mutex<Values>,
    /// Whether something of the host itself was looked at.
    looked: AtomicBool,
    /// Every name that the inventory gives a value, whichever host's.
    named: OnceLock<HashSet<String>>,
    groups: Mutex<HashMap<usize, Value>>,
}

impl Task {
    pub fn new(parts: &Arc<Parts>, engine: Arc<Engine>, scope: Option<Scope>, limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            parts: Arc::clone(parts),
            engine,
            scope,
            limits,
            rendered: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            reason: Mutex::new(None),
            values: Mutex::new(HashMap::new()),
            shared: Mutex::new(HashMap::new()),
            looked: AtomicBool::new(false),
            named: OnceLock::new(),
            groups: Mutex::new(HashMap::new()),
        })
    }

    /// What is asked now counts by itself.
    pub fn begin(&self) {
        self.rendered.store(0, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
        self.forget();
    }

    /// A variable as it is written, by Ansible's precedence. Another host's (`hostvars`) are those of the
    /// inventory and the command line: what a role brings with it is its own.
    pub fn raw(&self, host: usize, in_role: bool, key: &str) -> Option<&Raw> {
        let Some(scope) = &self.scope else { return self.parts.raw(host, key) };
        let own = |vars: &'_ crate::inventory::value::Map| in_role && vars.contains_key(key);
        if let Some(extra) = scope.extra.get(key) {
            return Some(extra);
        }
        if own(&scope.vars) {
            return scope.vars.get(key);
        }
        if own(&scope.facts) {
            return scope.facts.get(key);
        }
        self.parts.raw(host, key).or_else(|| scope.defaults.get(key).filter(|_| in_role))
    }

    /// A value that was rendered before. Only a role's are kept: an inventory's are asked for once.
    pub fn known(&self, owner: Owner, key: &str) -> Option<Value> {
        self.scope.as_ref()?;
        if owner.1
            && let Some(value) = self.shared.lock().ok()?.get(key)
        {
            return Some(value.clone());
        }
        let known = self.values.lock().ok()?.get(&owner)?.get(key).cloned();
        if owner.1 && known.is_some() {
            self.look();
        }
        known
    }

    /// Keeps what `render` gives, for the host or, where nothing of it was looked at, for all.
    pub fn keeping(
        &self,
        owner: Owner,
        key: &str,
        render: impl FnOnce() -> Result<Value, Error>,
    ) -> Result<Value, Error> {
        if self.scope.is_none() {
            return render();
        }
        let before = self.looked.swap(false, Ordering::Relaxed);
        let rendered = render();
        let looked = self.looked.fetch_or(before, Ordering::Relaxed);
        if let Ok(value) = rendered.as_ref()
            && !value.is_undefined()
        {
            if owner.1 && !looked {
                self.shared.lock().map(|mut all| all.insert(key.to_owned(), value.clone())).ok();
            } else if let Ok(mut values) = self.values.lock() {
                values.entry(owner).or_default().insert(key.to_owned(), value.clone());
            }
        }
        rendered
    }

    /// Something of the host itself is looked at, within the role.
    pub fn look(&self) {
        self.looked.store(true, Ordering::Relaxed);
    }

    /// Whether a variable has the same raw value on every host.
    pub fn is_shared(&self, key: &str) -> bool {
        let Some(scope) = &self.scope else { return false };
        [&scope.extra, &scope.vars, &scope.facts].into_iter().any(|vars| vars.contains_key(key))
            || !self.named.get_or_init(|| self.parts.names()).contains(key)
    }

    /// The names of a group's hosts.
    pub fn group(&self, place: usize) -> Value {
        let known = self.groups.lock().ok().and_then(|groups| groups.get(&place).cloned());
        known.unwrap_or_else(|| {
            let names: Value = self.parts.hosts_of_group(place).into_iter().map(Value::from).collect();
            if let Ok(mut groups) = self.groups.lock() {
                groups.insert(place, names.clone());
            }
            names
        })
    }

    /// One more template.
    pub fn count(&self) -> Result<(), Error> {
        if self.rendered.fetch_add(1, Ordering::Relaxed) >= self.limits.templates {
            let most = self.limits.templates;
            return Err(self.wrong(format!("more than {most} templates for one value: write the value out")));
        }
        Ok(())
    }

    /// The value, where its text is not one too many.
    pub fn counted(&self, value: Value) -> Result<Value, Error> {
        let bytes = value.as_str().map_or(0, str::len);
        let most = self.limits.bytes;
        if self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > most {
            return Err(
                self.wrong(format!("templates make more than {most} bytes of it: write the value out"))
            );
        }
        if !value.is_undefined() {
            // what was undefined on the way had a default
            self.forget();
        }
        Ok(value)
    }

    /// The first thing that went wrong.
    pub fn reason(&self) -> Option<String> {
        self.reason.lock().ok().and_then(|reason| reason.clone())
    }

    pub fn wrong(&self, words: String) -> Error {
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
