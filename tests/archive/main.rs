//! Run archives from the outside: simulated ones of known truth, over HTTP, and bad ones.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bad_input;
mod compared;
#[path = "../http/server.rs"]
#[allow(dead_code, reason = "a part of it is used")]
mod server;
#[path = "../support/mod.rs"]
mod support;
mod truth;
mod web;
mod words;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use support::{Run, Storm};

/// Seven levels, a tenth of the tries failing; for all tests that change nothing.
fn archive() -> &'static Storm {
    static ARCHIVE: OnceLock<Storm> = OnceLock::new();
    ARCHIVE.get_or_init(|| Storm::new("--archive 4,8,16,32,64,128,256 --failures 0.1 --noise 0.05 --seed 7"))
}

/// A copy that may be changed.
fn copy() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("run");
    copy_below(&archive().dir, &dir);
    (folder, dir)
}

fn copy_below(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_below(&path, &to);
        } else {
            std::fs::copy(&path, &to).unwrap();
        }
    }
}

fn read(dir: impl AsRef<std::ffi::OsStr>) -> Run {
    Run::new("metrics --json -i").arg(archive().inventory()).arg("--archive").arg(dir)
}

fn levels(answer: &Value) -> &Vec<Value> {
    answer["archive"]["levels"].as_array().unwrap()
}
