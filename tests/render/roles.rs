//! The lists of the program and of these tests, held against the roles themselves.

use crate::values::PUBLIC;
use reginfra::render::{Part, RoleFile};
use serde_yaml::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn yaml(path: &Path) -> Value {
    serde_yaml::from_str(&fs::read_to_string(path).unwrap())
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_public_variable_is_given_values_in_the_parity_test() {
    let mut specified = BTreeSet::new();
    for role in files_in(&root().join("roles")) {
        let specs = yaml(&role.join("meta/argument_specs.yml"));
        let options = specs["argument_specs"]["main"]["options"].as_mapping().unwrap();
        specified.extend(options.keys().map(|key| key.as_str().unwrap().to_owned()));
    }
    let covered: BTreeSet<String> = PUBLIC.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(covered.len(), PUBLIC.len(), "a variable stands twice in tests/render/values.rs");
    let missing: Vec<_> = specified.difference(&covered).collect();
    let gone: Vec<_> = covered.difference(&specified).collect();
    assert!(missing.is_empty(), "give them values in tests/render/values.rs: {missing:?}");
    assert!(gone.is_empty(), "no role has them any more: {gone:?}");
}

/// Each task of a role that writes a template, with those that blocks hold.
fn template_tasks(role: &str) -> Vec<Value> {
    fn walk(value: &Value, found: &mut Vec<Value>) {
        let Some(tasks) = value.as_sequence() else { return };
        for task in tasks {
            if task.get("ansible.builtin.template").is_some() {
                found.push(task.clone());
            }
            for key in ["block", "rescue", "always"] {
                walk(&task[key], found);
            }
        }
    }
    let mut found = Vec::new();
    for file in files_in(&root().join("roles").join(role).join("tasks")) {
        walk(&yaml(&file), &mut found);
    }
    found
}

#[track_caller]
fn same(role: &str, file: &RoleFile, task: &Value) {
    let arguments = &task["ansible.builtin.template"];
    let text = |key: &str| arguments[key].as_str();
    let name = format!("{role}: {}", file.template);
    assert_eq!(text("dest"), Some(file.path), "{name}");
    assert_eq!(text("mode"), Some(file.mode), "{name}");
    assert_eq!(text("owner").zip(text("group")), file.owner, "{name}");
    let conditions: Vec<String> = match &task["when"] {
        Value::String(one) => one.split(" and ").map(|part| part.trim().to_owned()).collect(),
        Value::Sequence(all) => all.iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
        _ => Vec::new(),
    };
    // what only a run can know: what it found on the host, and in which mode it is
    let of_a_run = |c: &String| {
        ["ansible_check_mode", ".stat.", ".rc ", "is changed", "_container"]
            .iter()
            .any(|word| c.contains(word))
    };
    let known: Vec<&str> = conditions.iter().filter(|c| !of_a_run(c)).map(String::as_str).collect();
    assert_eq!(known, file.when.into_iter().collect::<Vec<_>>(), "{name}");
}

#[test]
fn the_program_renders_each_file_that_a_role_writes() {
    for part in Part::ALL {
        let role = part.role();
        let mut tasks = template_tasks(role);
        for file in part.files() {
            let place = tasks.iter().position(|t| t["ansible.builtin.template"]["src"] == file.template);
            let Some(place) = place else { panic!("{role} has no task for {}", file.template) };
            same(role, file, &tasks.remove(place));
        }
        assert!(tasks.is_empty(), "{role} writes more: {tasks:?}");
        let listed: BTreeSet<&str> = part.files().iter().map(|f| f.template).collect();
        let lie: BTreeSet<String> = files_in(&root().join("templates").join(role))
            .into_iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(lie.iter().map(String::as_str).collect::<BTreeSet<_>>(), listed, "{role}");
    }
}
