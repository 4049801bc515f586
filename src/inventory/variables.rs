//! A file of variables: a mapping in YAML or JSON in, values out.

use super::error::{InventoryError, Problem};
use super::files::{read_bytes, read_text};
use super::load::only_ansible;
use super::value::{Map, Value};
use super::via_ansible;
use super::yaml::build::Builder;
use super::yaml::node;
use std::path::Path;

/// What to do with what `ansible-vault` encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vaults {
    /// A file is refused; a value is refused where it is used.
    Closed,
    /// This machine's `ansible-vault` opens it.
    ViaAnsible,
}

/// A file's variables.
///
/// # Errors
/// It cannot be read, is no mapping, is a vault that is not opened.
pub fn of_file(path: &Path, vaults: Vaults) -> Result<Map, InventoryError> {
    if path.is_dir() {
        let what = "is a folder; variables are read from files".to_owned();
        return Err(InventoryError::Unusable { path: path.to_owned(), what });
    }
    let mut text = read_text(path, read_bytes(path)?)?;
    if text.starts_with("$ANSIBLE_VAULT;") {
        if vaults == Vaults::Closed {
            return Err(only_ansible(path, 1, "is encrypted with ansible-vault"));
        }
        text = via_ansible::view(path)?;
    }
    let mut vars = of_text(path, &text)?;
    if vaults == Vaults::ViaAnsible {
        via_ansible::open_variables(&mut vars)?;
    }
    Ok(vars)
}

/// The variables of a text; `path` is what errors call it.
///
/// # Errors
/// It is neither YAML nor JSON, or no mapping.
pub fn of_text(path: &Path, text: &str) -> Result<Map, InventoryError> {
    let wrong = |(line, problem)| InventoryError::line(path, line, problem);
    let Some(document) = node::document(text).map_err(wrong)? else { return Ok(Map::new()) };
    match Builder::new(path).value(&document).map_err(wrong)? {
        Value::Map(vars) => Ok(vars),
        other if !other.is_truthy() => Ok(Map::new()),
        other => {
            let problem = Problem::Yaml(format!(
                "a file of variables is a mapping of KEY: VALUE, not {}",
                other.kind()
            ));
            Err(InventoryError::line(path, document.line.max(1), problem))
        }
    }
}
