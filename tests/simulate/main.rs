//! The simulated storm: its bytes, its shapes, and its truth held against its own log.

#![allow(clippy::unwrap_used, clippy::panic)]

mod files;
mod options;
mod shapes;
mod stream;
mod truth;

#[path = "../support/mod.rs"]
mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use support::Storm;

fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(dir).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// 20 % failures, so that backtraces, which have continuation lines, are among the lines.
const SMALL: &str = "--sessions 120 --rate 20 --failures 0.2 --reregistrations 0.3 --lead 20 --seed 11";

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value}"))
}
