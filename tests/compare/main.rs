//! `compare` from the outside: simulated storms of known truth, bad input, exit codes, its schema.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bad_input;
mod evidence;
mod incomplete;
mod load;
mod report;
mod same;
#[path = "../support/mod.rs"]
mod support;
mod verdicts;
mod words;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use support::{Run, Storm};

/// Storms of the same load, kept once for all tests.
struct Kept {
    folder: tempfile::TempDir,
}

/// Name, and what differs from the others.
const STORMS: [(&str, &str); 9] = [
    ("same-1", "--seed 1"),
    ("same-2", "--seed 2"),
    ("same-3", "--seed 3"),
    ("same-4", "--seed 4"),
    ("slower", "--seed 5 --scale consumer_create_ms=1.4"),
    ("faster", "--seed 6 --scale all=0.7"),
    ("moved", "--seed 7 --scale consumer_create_ms=0.7,fact_update_ms=2.6"),
    ("failing", "--seed 8 --failures 0.25"),
    ("warm", "--seed 9 --warm-cache"),
];

fn kept(name: &str) -> PathBuf {
    static KEPT: OnceLock<Kept> = OnceLock::new();
    let kept = KEPT.get_or_init(|| {
        let kept = Kept { folder: tempfile::tempdir().unwrap() };
        std::thread::scope(|scope| {
            for (name, options) in STORMS {
                let dir = kept.folder.path().join(name);
                scope.spawn(move || {
                    keep(&format!("--sessions 500 --rate 40 --cache-lines no {options}"), &dir)
                });
            }
        });
        kept
    });
    kept.folder.path().join(name)
}

fn keep(options: &str, dir: &Path) {
    let storm = Storm::new(options);
    let run = Run::new("metrics --quiet -i").arg(storm.inventory()).arg("--log").arg(&storm.dir);
    run.arg("--save").arg(dir).go().code(0);
}

fn compared(before: &str, after: &str, words: &str) -> Value {
    let run = Run::new("compare --format json").words(words).arg(kept(before)).arg(kept(after));
    run.go().code(0).json()
}

#[track_caller]
fn row<'a>(answer: &'a Value, group: &str, metric: &str) -> &'a Value {
    let groups = answer["groups"].as_array().unwrap();
    let group = groups.iter().find(|g| g["group"] == group).unwrap_or_else(|| panic!("no {group}: {answer}"));
    let rows = group["metrics"].as_array().unwrap();
    rows.iter().find(|r| r["metric"] == metric).unwrap_or_else(|| panic!("no {metric}: {group}"))
}

#[track_caller]
fn verdict<'a>(answer: &'a Value, metric: &str) -> &'a str {
    row(answer, "all", metric)["verdict"].as_str().unwrap()
}

fn rows(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["groups"].as_array().unwrap().iter().flat_map(|g| g["metrics"].as_array().unwrap())
}
