//! What a template sees: each variable is rendered when it is asked for, and only then.
//!
//! So a variable that nobody asks for may be as wrong as it likes, and `default` takes effect where Ansible's does.

use super::engine::words;
use super::task::Task;
use super::{convert, is_template};
use crate::inventory::value::Value as Raw;
use minijinja::value::{Enumerator, Object, Value};
use minijinja::{Error, ErrorKind};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// Variables that need each other, one after the other; each is a level of the stack.
const MAX_DEPTH: usize = 20;

/// A variable that is being rendered, and the one that needs it.
#[derive(Debug)]
struct Link {
    host: usize,
    in_role: bool,
    key: String,
    depth: usize,
    before: Option<Arc<Link>>,
}

/// A host's variables.
#[derive(Clone, Debug)]
pub struct Variables {
    task: Arc<Task>,
    host: usize,
    /// Whether the role's own variables are seen: not through `hostvars`.
    in_role: bool,
    chain: Option<Arc<Link>>,
}

impl Variables {
    pub fn of_host(task: &Arc<Task>, host: usize) -> Arc<Self> {
        Arc::new(Self { task: Arc::clone(task), host, in_role: true, chain: None })
    }

    /// A variable, rendered; none where it is undefined, or renders to nothing that is defined.
    pub fn variable(self: &Arc<Self>, key: &str) -> Option<Value> {
        if let Some(magic) = self.magic(key) {
            return Some(magic);
        }
        if self.in_role && !self.task.is_shared(key) {
            self.task.look();
        }
        let raw = self.task.raw(self.host, self.in_role, key)?;
        let is_plain = match raw {
            Raw::Text(text) => !is_template(text),
            Raw::List(_) | Raw::Map(_) | Raw::Vault(_) => false,
            _ => true,
        };
        if is_plain {
            return Some(convert::to_jinja(raw));
        }
        let owner = (self.host, self.in_role);
        if let Some(value) = self.task.known(owner, key) {
            return Some(value);
        }
        let rendered = self.task.keeping(owner, key, || {
            if !super::needs_rendering(raw) {
                return Ok(convert::to_jinja(raw));
            }
            let inner = Arc::new(Self { chain: Some(Arc::new(self.link(key)?)), ..Self::clone(self) });
            inner.rendered(raw)
        });
        match rendered {
            Ok(value) if value.is_undefined() => None,
            Ok(value) => Some(value),
            Err(error) => Some(Value::from(error)),
        }
    }

    /// What Ansible itself sets.
    fn magic(self: &Arc<Self>, key: &str) -> Option<Value> {
        let parts = &self.task.parts;
        let name = parts.data.host_name(self.host);
        if self.in_role
            && matches!(key, "inventory_hostname" | "inventory_hostname_short" | "group_names" | "vars")
        {
            self.task.look();
        }
        Some(match key {
            "inventory_hostname" => Value::from(name),
            "inventory_hostname_short" => Value::from(name.split('.').next().unwrap_or(name)),
            "group_names" => {
                let mut names: Vec<&str> =
                    parts.groups_of(self.host).iter().map(|g| parts.data.group_name(*g)).collect();
                names.sort_unstable();
                names.into_iter().map(Value::from).collect()
            }
            "groups" => Value::from_object(Groups(Arc::clone(&self.task))),
            "hostvars" => Value::from_object(HostVars(Self::clone(self))),
            "vars" => Value::from_dyn_object(Arc::clone(self)),
            _ => return None,
        })
    }

    /// The chain with this variable in it.
    fn link(&self, key: &str) -> Result<Link, Error> {
        let mut at = self.chain.as_ref();
        while let Some(link) = at {
            if link.host == self.host && link.in_role == self.in_role && link.key == key {
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
        Ok(Link {
            host: self.host,
            in_role: self.in_role,
            key: key.to_owned(),
            depth,
            before: self.chain.clone(),
        })
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

    /// A value, whatever templates are in it.
    pub fn rendered(self: &Arc<Self>, raw: &Raw) -> Result<Value, Error> {
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
        self.task.count()?;
        match self.task.engine.value(text, Value::from_dyn_object(Arc::clone(self))) {
            Ok(value) => self.task.counted(value),
            // so that a default around it takes effect
            Err(error) if error.kind() == ErrorKind::UndefinedError => {
                self.tell_undefined(&self.task.engine.names_in(text));
                self.task.wrong(words(&error));
                Ok(Value::UNDEFINED)
            }
            Err(error) => Err(self.task.wrong(words(&error))),
        }
    }

    /// Names what is missing, where it is one of the names of the template.
    pub fn tell_undefined(self: &Arc<Self>, names: &HashSet<String>) {
        let known = |name: &str| {
            let first = name.split('.').next().unwrap_or(name);
            self.task.raw(self.host, self.in_role, first).is_some() || self.magic(first).is_some()
        };
        let mut missing: Vec<&str> = names.iter().map(String::as_str).filter(|name| !known(name)).collect();
        missing.sort_unstable();
        let Some(name) = missing.first() else { return };
        self.task.wrong(match (&self.task.scope, &self.chain) {
            (None, _) => {
                format!(
                    "{name} is undefined; set it, or give it a default: {{{{ {name} | default('...') }}}}"
                )
            }
            (Some(_), None) => format!("{name} is undefined; set it in the inventory, or by --set"),
            (Some(_), Some(_)) => {
                format!("{name} is undefined ({}); set it in the inventory, or by --set", self.path(name))
            }
        });
    }
}

impl Object for Variables {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.variable(key.as_str()?)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let mut layers = self.task.parts.layers(self.host);
        if let Some(scope) = &self.task.scope {
            layers.push(&scope.extra);
            if self.in_role {
                layers.extend([&scope.defaults, &scope.facts, &scope.vars]);
            }
        }
        let names: BTreeSet<&String> = layers.into_iter().flat_map(|vars| vars.keys()).collect();
        Enumerator::Values(names.into_iter().map(|name| Value::from(name.as_str())).collect())
    }
}

/// `groups`: names of hosts by group.
#[derive(Debug)]
struct Groups(Arc<Task>);

impl Object for Groups {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let place = self.0.parts.data.groups.get_index_of(key.as_str()?)?;
        Some(self.0.group(place))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.parts.data.groups.keys().map(|name| Value::from(name.as_str())).collect())
    }
}

/// `hostvars`: variables of other hosts.
#[derive(Debug)]
struct HostVars(Variables);

impl Object for HostVars {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let host = self.0.task.parts.data.hosts.get_index_of(key.as_str()?)?;
        Some(Value::from_object(Variables { host, in_role: false, ..self.0.clone() }))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(
            self.0.task.parts.data.hosts.keys().map(|name| Value::from(name.as_str())).collect(),
        )
    }
}
