//! A role's variables around those of the inventory: what it brings with it, what the command line adds.
//!
//! From the lowest to the highest: the role's defaults, the inventory, facts, the role's vars, extra variables.
//! Other hosts' variables (`hostvars`) are the inventory's and the extra ones only, as for a role that is included.

use super::context::Variables;
use super::convert;
use super::engine::{Engine, TemplateFile, words};
use super::task::{Limits, Task};
use crate::inventory::error::InventoryError;
use crate::inventory::model::{HostView, Inventory};
use crate::inventory::value::{Map, Value};
use minijinja::ErrorKind;
use std::sync::Arc;

/// A pool of 5,000 capsules stays far below; a loop without end does not.
const FUEL: u64 = 200_000_000;
const LIMITS: Limits = Limits { templates: 1_000_000, bytes: 256 << 20 };

/// Variables beside the inventory's.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Defaults of the role.
    pub defaults: Map,
    /// Facts, as a run would gather them.
    pub facts: Map,
    /// Variables of the role.
    pub vars: Map,
    /// Variables of the command line.
    pub extra: Map,
}

/// A role's variables and files, rendered for one host after the other; what is known of a host is kept.
#[derive(Debug)]
pub struct Evaluation {
    task: Arc<Task>,
    /// What errors call the place of the files.
    folder: &'static str,
}

impl Evaluation {
    /// For the hosts of an inventory. `files` are what templates may include; `folder` is where they lie.
    pub fn new(
        inventory: &Inventory,
        scope: Scope,
        files: &'static [TemplateFile],
        folder: &'static str,
    ) -> Self {
        let engine = Arc::new(Engine::of_role(FUEL, files));
        let task = Task::new(&inventory.parts, engine, Some(scope), LIMITS);
        Self { task, folder }
    }

    /// A variable's value; none where there is no such variable.
    ///
    /// # Errors
    /// It cannot be rendered: names the host, the variable and what is missing.
    pub fn value(&self, host: HostView<'_>, key: &str) -> Result<Option<Value>, InventoryError> {
        self.task.begin();
        if self.task.raw(host.place, true, key).is_none() {
            return Ok(None);
        }
        let wrong = |problem| InventoryError::Render {
            host: host.name().to_owned(),
            variable: key.to_owned(),
            problem,
        };
        match self.variables(host).variable(key) {
            Some(value) => {
                convert::from_jinja(&value).map(Some).map_err(|why| wrong(self.task.reason().unwrap_or(why)))
            }
            None => Err(wrong(self.task.reason().unwrap_or_else(|| "it is undefined".to_owned()))),
        }
    }

    /// What a text comes to for a host; `of` says in errors what it is.
    ///
    /// # Errors
    /// As `value`.
    pub fn text(&self, host: HostView<'_>, text: &str, of: &str) -> Result<Value, InventoryError> {
        self.task.begin();
        let value = self.variables(host).rendered(&Value::Text(text.to_owned()));
        let done = value.map_err(|error| words(&error)).and_then(|value| convert::from_jinja(&value));
        done.map_err(|why| InventoryError::Render {
            host: host.name().to_owned(),
            variable: of.to_owned(),
            problem: self.task.reason().unwrap_or(why),
        })
    }

    /// The text of one of the files for a host.
    ///
    /// # Errors
    /// Names the host, the file and its line, and the variable that is missing.
    pub fn file(&self, host: HostView<'_>, name: &str) -> Result<String, InventoryError> {
        self.task.begin();
        let variables = self.variables(host);
        let context = minijinja::Value::from_dyn_object(Arc::clone(&variables));
        self.task.engine.file(name, context).map_err(|error| {
            if error.kind() == ErrorKind::UndefinedError {
                variables.tell_undefined(&self.task.engine.names_in_file(name));
            }
            InventoryError::Template {
                host: host.name().to_owned(),
                file: format!("{}/{name}", self.folder),
                line: error.line().unwrap_or(1),
                problem: self.task.reason().unwrap_or_else(|| words(&error)),
            }
        })
    }

    fn variables(&self, host: HostView<'_>) -> Arc<Variables> {
        Variables::of_host(&self.task, host.place)
    }
}
