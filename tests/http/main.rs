//! Sosreports on web servers: real ones, and one of our own that misbehaves. Loopback only, all stopped at the end.

#![allow(clippy::unwrap_used, clippy::panic)]

mod dying;
mod failures;
mod listings;
mod misbehaving;
mod proxy;
mod real;
mod server;
#[path = "../support/mod.rs"]
mod support;
mod together;
#[path = "../support/web.rs"]
mod web;

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;
use support::{Run, Storm};

/// A storm, its sosreports, and the sessions that its plain log gives.
struct Case {
    storm: Storm,
    plain: String,
    /// The same with the capsules' logs beside it.
    whole: String,
}

static CASE: LazyLock<Case> = LazyLock::new(|| {
    let storm = Storm::new("--sessions 60 --rate 20 --seed 5 --rotate 3 --noise 0.5 --sos gz");
    let whole = read(Run::new("metrics -i").arg(storm.inventory()).arg("--log").arg(&storm.dir)).0;
    let files = storm.satellite_files();
    let plain = read(Run::new("metrics -i").arg(storm.inventory()).arg("--log").args(files)).0;
    assert!(plain.lines().count() >= 50 && plain != whole);
    Case { storm, plain, whole }
});

impl Case {
    fn folder(&self) -> PathBuf {
        self.storm.dir.join("sos")
    }

    /// The Satellite's archive.
    fn archive(&self) -> PathBuf {
        let mut paths = fs::read_dir(self.folder()).unwrap().map(|entry| entry.unwrap().path());
        paths.find(|path| path.to_str().unwrap().contains("sosreport-sat-")).unwrap()
    }

    fn archive_name(&self) -> String {
        self.archive().file_name().unwrap().to_str().unwrap().to_owned()
    }

    fn run(&self) -> Run {
        Run::new("metrics -i").arg(self.storm.inventory())
    }
}

/// The sessions file, and what was said on stderr.
fn read(run: Run) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.jsonl");
    let done = run.arg("--quiet").arg("--sessions").arg(&file).go().code(0);
    (fs::read_to_string(&file).unwrap(), done.stderr)
}

/// Sessions, answer and stderr.
#[track_caller]
fn answered(run: Run) -> (String, serde_json::Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let sessions = folder.path().join("sessions.jsonl");
    let done = run.arg("--json").arg("--sessions").arg(&sessions).go().code(0);
    (fs::read_to_string(&sessions).unwrap(), done.json(), done.stderr)
}

/// What fails is told on stderr and in the answer, which is not called whole; the rest of it stands.
#[track_caller]
fn rest_is_answered(run: Run, sessions: &str, words: &[&str]) {
    let (got, json, stderr) = answered(run);
    assert_eq!(got, sessions, "{stderr}");
    assert_eq!(json["coverage"]["complete"], false, "{stderr}");
    let told = |line: &str| line.starts_with("error: ") && words.iter().all(|words| line.contains(words));
    assert!(stderr.lines().any(told), "{words:?} is not told: {stderr}");
    let unreadable = json["coverage"]["unreadable"].to_string();
    assert!(words.iter().all(|words| unreadable.contains(words)), "{words:?}: {unreadable}");
}

/// The Satellite's archive alone: the sessions of its log. Gives what was said on stderr.
#[track_caller]
fn same_as_plain(run: Run) -> String {
    same(run, &CASE.plain)
}

/// All archives of the case: the sessions of all logs.
#[track_caller]
fn same_as_whole(run: Run) -> String {
    same(run, &CASE.whole)
}

#[track_caller]
fn same(run: Run, wanted: &str) -> String {
    let (sessions, stderr) = read(run);
    assert_eq!(sessions, wanted, "{stderr}");
    stderr
}
