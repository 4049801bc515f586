//! Sosreports: the same storm read from any of them gives the same sessions, and no archive does harm.

#![allow(clippy::unwrap_used, clippy::panic)]

mod bombs;
mod damage;
mod forms;
mod hostile;
mod memory;
#[path = "../support/mod.rs"]
mod support;
mod unread;

use std::fs;
use std::path::{Path, PathBuf};
use support::{Run, Storm};

/// Three files whose order by name is not that of their times, one of them compressed.
const STORM: &str = "--sessions 60 --rate 20 --seed 5 --noise 0.5";

fn storm(options: &str) -> Storm {
    let rotate = if options.contains("--rotate ") { "" } else { "--rotate 3" };
    Storm::new(&format!("{STORM} {rotate} {options}"))
}

/// The sessions file of `metrics WORDS`, with the answer and what was said.
struct Read {
    sessions: String,
    json: serde_json::Value,
    stderr: String,
    /// Bytes.
    peak_memory: u64,
}

fn read(run: Run) -> Read {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.jsonl");
    let done = run.arg("--json").arg("--sessions").arg(&file).go().code(0);
    Read {
        sessions: fs::read_to_string(&file).unwrap(),
        json: done.json(),
        stderr: done.stderr,
        peak_memory: done.peak_memory,
    }
}

fn metrics(storm: &Storm) -> Run {
    Run::new("metrics -i").arg(storm.inventory())
}

/// The sessions are those of the storm's files: of the Satellite's alone, or with the capsules' beside them.
#[track_caller]
fn same(got: &Read, storm: &Storm, words: &str) {
    let plain = read(metrics(storm).arg("--log").args(storm.satellite_files())).sessions;
    assert!(plain.lines().count() >= 50, "{plain}");
    if got.sessions != plain {
        let whole = read(metrics(storm).arg("--log").arg(&storm.dir)).sessions;
        assert_eq!(got.sessions, whole, "{words}: {}", got.stderr);
    }
}

/// What lies in DIR/sos.
fn reports(storm: &Storm) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        fs::read_dir(storm.dir.join("sos")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn report_of<'a>(paths: &'a [PathBuf], host: &str) -> &'a Path {
    let named = |path: &&PathBuf| path.file_name().unwrap().to_str().unwrap().contains(host);
    paths.iter().find(named).unwrap_or_else(|| panic!("no report of {host} in {paths:?}"))
}
