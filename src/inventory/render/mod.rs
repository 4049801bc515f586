//! A host's variables in, their values with every template in them rendered out.
//!
//! `{{ }}` sees what Ansible lets it see of an inventory: the host's variables, `inventory_hostname` and its short
//! form, `group_names`, `groups`, `hostvars`, `vars`. A template that is one expression keeps the type of its value.
//! Filters and lookups that are not here are errors; so are variables that need themselves.

mod context;
mod convert;
pub mod engine;
mod filters;
pub mod scope;
mod task;

use super::error::InventoryError;
use super::model::HostView;
use super::value::{Map, Value};
use context::Variables;
use engine::Engine;
use std::sync::{Arc, OnceLock};
use task::{Limits, Task};

/// Steps of one template; a loop in one must end.
const FUEL: u64 = 200_000;
/// Of one value.
const LIMITS: Limits = Limits { templates: 10_000, bytes: 1 << 20 };

impl HostView<'_> {
    /// A variable's value, templates in it rendered; none where there is no such variable.
    ///
    /// # Errors
    /// A template that cannot be rendered, a vaulted value: names the host, the variable and what is missing.
    pub fn value(self, key: &str) -> Result<Option<serde_json::Value>, InventoryError> {
        Ok(self.rendered(key)?.map(|value| value.to_json()))
    }

    /// All variables, each rendered.
    ///
    /// # Errors
    /// As `value`, for the first that cannot be rendered.
    pub fn rendered_variables(self) -> Result<Map, InventoryError> {
        let mut all = Map::new();
        for key in self.variables().into_keys() {
            if let Some(value) = self.rendered(&key)? {
                all.insert(key, value);
            }
        }
        Ok(all)
    }

    fn rendered(self, key: &str) -> Result<Option<Value>, InventoryError> {
        let Some(raw) = self.raw(key) else { return Ok(None) };
        if !needs_rendering(raw) {
            return Ok(Some(raw.clone()));
        }
        let wrong = |problem| InventoryError::Render {
            host: self.name().to_owned(),
            variable: key.to_owned(),
            problem,
        };
        let task = Task::new(&self.inventory().parts, engine(), None, LIMITS);
        let variables = Variables::of_host(&task, self.place);
        match variables.variable(key) {
            Some(value) => {
                convert::from_jinja(&value).map(Some).map_err(|why| wrong(task.reason().unwrap_or(why)))
            }
            None => Err(wrong(task.reason().unwrap_or_else(|| "it is undefined".to_owned()))),
        }
    }
}

/// Whether a template or a vaulted text is anywhere in it.
fn needs_rendering(value: &Value) -> bool {
    match value {
        Value::Text(text) => is_template(text),
        Value::Vault(_) => true,
        Value::List(items) => items.iter().any(needs_rendering),
        Value::Map(map) => map.values().any(needs_rendering),
        _ => false,
    }
}

fn is_template(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark))
}

fn engine() -> Arc<Engine> {
    static ENGINE: OnceLock<Arc<Engine>> = OnceLock::new();
    Arc::clone(ENGINE.get_or_init(|| Arc::new(Engine::of_values(FUEL))))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
