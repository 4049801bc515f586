//! `trace` from the outside: storms of known truth, logs written by hand, each format, bad input.

#![allow(clippy::unwrap_used, clippy::panic)]

mod formats;
mod input;
#[path = "../scenarios/log.rs"]
#[allow(dead_code, reason = "scenarios use the rest")]
mod log;
mod mermaid;
mod scenarios;
mod storms;
#[path = "../support/mod.rs"]
mod support;

use serde_json::Value;
use std::path::{Path, PathBuf};
use support::Run;

fn schema() -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/trace.schema.json");
    let text = std::fs::read_to_string(path).unwrap();
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

/// The JSON answer, held against its schema.
#[track_caller]
fn traced(run: Run) -> Value {
    let json = run.words("--format json").go().code(0).json();
    let schema = schema();
    let errors: Vec<String> =
        schema.iter_errors(&json).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?} in {json:#}");
    json
}

/// A log in a folder of its own, with its inventory.
struct Written {
    folder: tempfile::TempDir,
    inventory: bool,
}

impl Written {
    fn new(log: &log::Log, inventory: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("log")).unwrap();
        std::fs::write(folder.path().join("log/production.log"), log.text()).unwrap();
        if let Some(text) = inventory {
            std::fs::write(folder.path().join("hosts.ini"), text).unwrap();
        }
        Self { folder, inventory: inventory.is_some() }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn run(&self, words: &str) -> Run {
        let mut run = Run::new("trace").words(words);
        if self.inventory {
            run = run.arg("-i").arg(self.folder.path().join("hosts.ini"));
        }
        run.arg("--log").arg(self.log())
    }
}

fn ms(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value}"))
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("{value}"))
}
