//! The answer of this machine's own `ansible-inventory --list` in, an inventory out.
//!
//! For what only Ansible can read: vaults, scripts, plugins. It runs with the user's configuration and password
//! files, asks nothing (stdin is empty), and is ended where it takes too long. Values that are encrypted in place
//! are opened one by one with `ansible-vault`, since `ansible-inventory` hands them on as they are.

use super::data::Data;
use super::error::{InventoryError, shortened};
use super::files::absolute;
use super::model::{Inventory, Parts};
use super::program::{self, Answer};
use super::value::{Map, Value};
use super::yaml::build::Builder;
use super::yaml::node;
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

/// A dynamic inventory may ask a slow service.
const PATIENCE: Duration = Duration::from_secs(300);
/// Opening one value takes under a second.
const PATIENCE_VAULT: Duration = Duration::from_secs(30);
/// Different values encrypted in place that are opened.
const MAX_VAULTED: usize = 50;

impl Inventory {
    /// The inventory as `ansible-inventory` has it; what it wrote to stderr comes back as lines to be shown.
    ///
    /// # Errors
    /// There is no `ansible-inventory`, it fails, takes too long, or its answer is no inventory.
    pub fn via_ansible(path: &Path) -> Result<(Self, Vec<String>), InventoryError> {
        let Answer { stdout, stderr } = ask(path)?;
        let mut parts = parts_of(&stdout, path)?;
        let mut told = stderr;
        told.extend(open_vaulted(&mut parts));
        parts.check_names();
        Ok((Self::new(parts), told))
    }
}

fn failed(problem: impl Into<String>) -> InventoryError {
    InventoryError::Ansible { problem: problem.into() }
}

fn ask(path: &Path) -> Result<Answer, InventoryError> {
    let source = absolute(path);
    let mut command = std::process::Command::new("ansible-inventory");
    command.arg("-i").arg(&source).arg("--list");
    // where no source can be read at all Ansible answers with an empty inventory otherwise
    command.env("ANSIBLE_NOCOLOR", "1").env("ANSIBLE_INVENTORY_UNPARSED_FAILED", "1");
    program::run(command, "", PATIENCE).map_err(|why| failed(why.to_string()))
}

fn parts_of(answer: &str, path: &Path) -> Result<Parts, InventoryError> {
    let no_answer =
        |line: usize, why: String| failed(format!("the answer of ansible-inventory, line {line}: {why}"));
    let wrong = |(line, problem): node::Wrong| no_answer(line, problem.to_string());
    let document =
        node::document(answer).map_err(wrong)?.ok_or_else(|| no_answer(1, "it is empty".to_owned()))?;
    let Value::Map(answer) = Builder::new(path).value(&document).map_err(wrong)? else {
        return Err(no_answer(1, "it is no mapping of groups".to_owned()));
    };
    let mut data = Data::new();
    let source = absolute(path);
    let folder = source.parent().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
    data.source = Some((source.to_string_lossy().into_owned(), folder));
    fill(&mut data, &answer).map_err(|problem| no_answer(1, problem.to_string()))?;
    Ok(Parts::new(path, data, Vec::new()))
}

fn fill(data: &mut Data, answer: &Map) -> Result<(), super::error::Problem> {
    let groups = || answer.iter().filter(|(name, _)| *name != "_meta");
    for (name, group) in groups() {
        data.add_group(name)?;
        names(group, "children").into_iter().try_for_each(|child| data.add_group(child))?;
    }
    for (name, group) in groups() {
        for child in names(group, "children") {
            data.add_child(name, child)?;
        }
        for host in names(group, "hosts") {
            data.add_host(host, name, None)?;
        }
    }
    let Some(Value::Map(hostvars)) = member(answer.get("_meta"), "hostvars") else { return data.settle() };
    for (host, vars) in hostvars {
        if !data.hosts.contains_key(host) {
            data.add_host(host, "ungrouped", None)?;
        }
        if let (Value::Map(vars), Some(known)) = (vars, data.hosts.get_mut(host)) {
            known.vars.extend(vars.clone());
        }
    }
    data.settle()
}

fn member<'a>(value: Option<&'a Value>, key: &str) -> Option<&'a Value> {
    match value {
        Some(Value::Map(map)) => map.get(key),
        _ => None,
    }
}

fn names<'a>(group: &'a Value, key: &str) -> Vec<&'a str> {
    let Some(Value::List(items)) = member(Some(group), key) else { return Vec::new() };
    items
        .iter()
        .filter_map(|item| match item {
            Value::Text(name) | Value::Unsafe(name) => Some(name.as_str()),
            _ => None,
        })
        .collect()
}

/// Opens what is encrypted in place; says what could not be opened, which stays as it is.
fn open_vaulted(parts: &mut Parts) -> Vec<String> {
    let mut opened: HashMap<String, Option<String>> = HashMap::new();
    let mut told = Vec::new();
    for host in parts.data.hosts.values_mut() {
        for value in host.vars.values_mut() {
            open_in(value, &mut |ciphertext| {
                if opened.len() >= MAX_VAULTED && !opened.contains_key(ciphertext) {
                    return None;
                }
                opened.entry(ciphertext.to_owned()).or_insert_with(|| decrypt(ciphertext, &mut told)).clone()
            });
        }
    }
    if opened.len() >= MAX_VAULTED {
        told.push(format!("only {MAX_VAULTED} values that are encrypted in place (!vault) were opened"));
    }
    told
}

/// The text of a file that is encrypted as a whole.
pub(super) fn view(path: &Path) -> Result<String, InventoryError> {
    let mut command = std::process::Command::new("ansible-vault");
    command.arg("view").arg(absolute(path)).env("ANSIBLE_NOCOLOR", "1").env("PAGER", "cat");
    program::run(command, "", PATIENCE_VAULT)
        .map(|answer| answer.stdout)
        .map_err(|why| failed(why.to_string()))
}

/// Opens what is encrypted in place in a file's variables.
pub(super) fn open_variables(vars: &mut Map) -> Result<(), InventoryError> {
    let mut told = Vec::new();
    for value in vars.values_mut() {
        open_in(value, &mut |ciphertext| decrypt(ciphertext, &mut told));
    }
    told.into_iter().next().map_or(Ok(()), |why| Err(failed(why)))
}

fn open_in(value: &mut Value, open: &mut dyn FnMut(&str) -> Option<String>) {
    match value {
        Value::Vault(vaulted) => {
            if let Some(text) = open(&vaulted.ciphertext) {
                *value = Value::Text(text);
            }
        }
        Value::List(items) => items.iter_mut().for_each(|item| open_in(item, open)),
        Value::Map(map) => map.values_mut().for_each(|item| open_in(item, open)),
        _ => {}
    }
}

fn decrypt(ciphertext: &str, told: &mut Vec<String>) -> Option<String> {
    let mut command = std::process::Command::new("ansible-vault");
    command.args(["decrypt", "--output", "-"]).env("ANSIBLE_NOCOLOR", "1");
    match program::run(command, ciphertext, PATIENCE_VAULT) {
        Ok(answer) => Some(answer.stdout),
        Err(why) => {
            let words = format!(
                "a value that is encrypted in place (!vault) stays closed: {}",
                shortened(&why.to_string())
            );
            if !told.contains(&words) {
                told.push(words);
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_becomes_an_inventory() {
        let answer = r#"{"_meta": {"hostvars": {"h1": {"x": {"__ansible_unsafe": "{{ y }}"}, "n": 1}, "lone": {"n": 2}}},
            "all": {"children": ["ungrouped", "capsules"]}, "capsules": {"hosts": ["h1", "h2"], "children": ["inner"]}}"#;
        let inventory = Inventory::new(parts_of(answer, Path::new("script")).unwrap());
        assert_eq!(inventory.hosts_in("capsules").into_iter().collect::<Vec<_>>(), ["h1", "h2"]);
        assert_eq!(inventory.host("h1").unwrap().value("x").unwrap().unwrap(), "{{ y }}");
        assert_eq!(inventory.host("lone").unwrap().groups(), ["ungrouped"]);
        for bad in ["", "[]", "nonsense", "{\"a\": {\"children\": [\"a\"]}}"] {
            assert!(parts_of(bad, Path::new("script")).is_err(), "{bad}");
        }
    }
}
