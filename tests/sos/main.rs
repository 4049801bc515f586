//! Sosreports: the same storm read from any of them gives the same sessions, and no archive does harm.

#![allow(clippy::unwrap_used, clippy::panic)]

mod bombs;
mod cleaned;
mod damage;
mod forms;
mod hostile;
mod memory;
mod offsets;
#[path = "../support/mod.rs"]
mod support;
mod unread;

use std::fs;
use std::path::{Path, PathBuf};
use support::{Answer, Run, Storm};

/// Three files whose order by name is not that of their times, one of them compressed.
const STORM: &str = "--sessions 60 --rate 20 --seed 5 --noise 0.5";

fn storm(options: &str) -> Storm {
    let rotate = if options.contains("--rotate ") { "" } else { "--rotate 3" };
    Storm::new(&format!("{STORM} {rotate} {options}"))
}

fn metrics(storm: &Storm) -> Run {
    Run::new("metrics -i").arg(storm.inventory())
}

/// The sessions are those of the Satellite's log.
#[track_caller]
fn same(got: &Answer, storm: &Storm, words: &str) {
    same_as_log(got, metrics(storm).arg("--log").args(storm.satellite_files()), words);
}

/// The sessions are those of all logs of the storm, the capsules' too.
#[track_caller]
fn same_as_whole(got: &Answer, storm: &Storm, words: &str) {
    same_as_log(got, metrics(storm).arg("--log").arg(&storm.dir), words);
}

#[track_caller]
fn same_as_log(got: &Answer, log: Run, words: &str) {
    let wanted = Answer::read(log).text;
    assert!(wanted.lines().count() >= 50, "{wanted}");
    assert_eq!(got.text, wanted, "{words}: {}", got.stderr);
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
