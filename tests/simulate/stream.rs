//! The log on standard output.

use super::{SMALL, Storm, files};
use crate::support::Run;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn the_stream_is_the_log_that_a_folder_would_hold_and_nothing_else_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = Storm::new(SMALL).text();
    for words in ["simulate -", "simulate --stdout", "simulate - --stdout"] {
        let done = Run::new(words).words(SMALL).current_dir(folder.path()).go().code(0);
        assert!(done.stdout == wanted, "{words}");
        assert!(done.stderr.starts_with("production.log: ") && done.stderr.contains("120 registrations"));
    }
    assert_eq!(files(folder.path()).len(), 0);
}

#[test]
fn beside_a_stream_the_folder_has_every_other_file() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("storm");
    let whole = Storm::new(SMALL);
    let done = Run::new("simulate --stdout").words(SMALL).arg(&dir).go().code(0);
    assert!(done.stdout == whole.text());
    let (mut here, mut there) = (files(&dir), files(&whole.dir));
    assert!(there.remove(Path::new("production.log")).is_some());
    // it says where the log went
    let truths =
        [&mut here, &mut there].map(|f| String::from_utf8(f.remove(Path::new("truth.json")).unwrap()));
    let [here_truth, there_truth] = truths.map(Result::unwrap);
    assert_eq!(here_truth, there_truth.replace(r#""production.log""#, r#""-""#));
    assert!(here == there, "the same files with the same bytes");
}

#[test]
fn a_reader_that_has_enough_ends_the_storm_and_the_folder_is_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("storm");
    let mut child = Command::new(env!("CARGO_BIN_EXE_reginfra"))
        // far more than a pipe holds
        .args(["simulate", "--stdout", "--sessions", "2000", "--rate", "100"])
        .arg(&dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 100];
    let mut pipe = child.stdout.take().unwrap();
    pipe.read_exact(&mut first).unwrap();
    drop(pipe);
    let done = child.wait_with_output().unwrap();
    assert_eq!((done.status.code(), String::from_utf8_lossy(&done.stderr).as_ref()), (Some(0), ""));
    assert!(!dir.exists());
}

#[test]
fn a_stream_is_one_file_and_a_folder_or_a_stream_must_be_named() {
    let refused = |words: &str, way_out: &str| {
        Run::new(words).go().code(2).says_nothing_on_stdout().told(way_out);
    };
    refused("simulate - --rotate 2", "--rotate 2: what goes to standard output is one file; leave it out");
    refused("simulate --sessions 5", "<DIR>");
}
