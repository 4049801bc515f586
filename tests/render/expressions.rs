//! Templates of values, one by one: what the program makes of each, and that Ansible makes the same of it.

use crate::parity::{ansible, isolated};
use crate::roles::root;
use reginfra::inventory::Inventory;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

/// Each template with its value.
fn expressions() -> Vec<(String, Value)> {
    let text = std::fs::read_to_string(root().join("tests/render/expressions.yml")).unwrap();
    serde_yaml::from_str(&text).unwrap()
}

fn variables() -> Value {
    serde_json::from_str(r#"{"n": null, "yes": true, "l": [1, "x"], "d": {"a": [1, {"x": null}], "b": 1}}"#)
        .unwrap()
}

#[test]
fn templates_come_to_what_ansible_makes_of_them() {
    let mut different = Vec::new();
    for (template, expected) in expressions() {
        let hosts = format!(
            "all:\n  hosts:\n    h:\n      n:\n      yes: true\n      l: [1, x]\n      d: {{a: [1, {{x: null}}], b: 1}}\n      v: {}\n",
            json!(template)
        )
        .replace("      yes:", "      'yes':");
        let inventory = Inventory::parse(&hosts, Path::new("hosts.yml")).unwrap();
        match inventory.host("h").unwrap().value("v") {
            Ok(Some(value)) if value == expected => {}
            other => different.push(format!("{template:?}\nAnsible {expected}\nours    {other:?}")),
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n\n"));
}

#[test]
fn ansible_says_so_itself() {
    let Some(programs) = ansible() else { return };
    let expressions = expressions();
    let templates: Vec<&String> = expressions.iter().map(|(template, _)| template).collect();
    let home = tempfile::tempdir().unwrap();
    let mut child = isolated(&programs.join("python"), home.path())
        .arg(root().join("tests/render/ansible_values.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let work = json!({"variables": variables(), "templates": templates}).to_string();
    child.stdin.take().unwrap().write_all(work.as_bytes()).unwrap();
    let answer = child.wait_with_output().unwrap();
    let values: Vec<Value> = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(values.len(), expressions.len());
    for ((template, expected), value) in expressions.iter().zip(&values) {
        assert_eq!(value, expected, "{template:?}");
    }
}
