//! What a run lacks: told with its side in every format, and no pass under `--fail-on`.

use super::bad_input::Spoilt;
use super::support::{Run, Storm};
use super::{kept, row, rows, verdict};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// A copy of a run whose answer says something more.
fn spoilt(change: impl Fn(&mut Value)) -> Spoilt {
    let spoilt = Spoilt::of("same-2");
    spoilt.answer(change);
    spoilt
}

fn compare(after: &Spoilt, words: &str) -> Run {
    Run::new("compare").arg(kept("same-1")).arg(after.path()).words(words)
}

fn answer(after: &Spoilt, code: i32) -> Value {
    compare(after, "--format json").go().code(code).json()
}

/// Whatever the lines are cut into.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn told_in_every_format(after: &Spoilt, code: i32, words: &str) {
    for format in ["text", "json", "markdown", "github"] {
        let text = compare(after, "--format").arg(format).go().code(code).stdout;
        assert!(one_line(&text).contains(words), "{format}: {text}");
    }
    for format in ["html", "markdown"] {
        let run = Run::new("report --format").arg(format).arg(kept("same-1")).arg("--before");
        let text = run.arg(after.path()).go().code(code).stdout;
        assert!(text.contains(words), "report {format}: {text}");
    }
}

#[test]
fn lines_that_journald_dropped_leave_no_verdict_on_what_is_counted() {
    let after = spoilt(|answer| answer["coverage"]["lines_lost"] = 12.into());
    told_in_every_format(&after, 0, "journald dropped 12 lines of the log");
    let found = answer(&after, 0);
    for row in rows(&found).filter(|row| !row["metric"].as_str().unwrap().ends_with("_ms")) {
        let reason = row["reason"].as_str().unwrap_or_default();
        assert!(reason.starts_with("journald dropped 12 lines, so that what is counted is too low"), "{row}");
    }
    assert_eq!(verdict(&found, "consumer_create_ms"), "no-change-seen");
    assert_eq!(found["after"][0]["lines_lost"], 12);
    assert_eq!(
        (&found["before"][0]["complete"], &found["after"][0]["complete"]),
        (&true.into(), &false.into())
    );
    compare(&after, "--fail-on timing").go().code(3).told("is not complete");
}

#[test]
fn a_log_that_begins_in_the_middle_of_the_storm_has_no_verdict() {
    let storm = Storm::new("--sessions 240 --rate 2 --seed 14 --noise 0 --failures 0");
    let bytes = storm.bytes();
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("production.log");
    fs::write(&cut, &bytes[bytes.len() / 4..]).unwrap();
    // with a label nobody counts the hosts
    let keep = |log: &Path, name: &str| {
        let run = Run::new("metrics --quiet --label level=40 --log").arg(log).arg("--save");
        run.arg(folder.path().join(name)).go().code(0);
    };
    keep(&storm.log(), "whole");
    keep(&cut, "cut");
    let compare = |words: &str| Run::new("compare").words(words).current_dir(folder.path());
    let found = compare("whole cut --format json").go().code(0).json();
    let reason = found["reason"].as_str().unwrap();
    assert!(reason.starts_with("the log was cut: it begins in the middle of the storm"), "{reason}");
    assert_eq!(
        (&found["before"][0]["complete"], &found["after"][0]["complete"]),
        (&true.into(), &false.into())
    );
    let text = compare("whole cut --fail-on timing").go().code(3).stdout;
    let note = "Note: after: cut: the log begins in the middle of the storm";
    assert!(one_line(&text).contains(note), "{text}");
    assert!(compare("whole whole --format json").go().code(0).json()["reason"].is_null());
}

#[test]
fn a_missing_satellite_is_exit_1() {
    let after = spoilt(|answer| {
        answer["hosts"] = json!([{ "name": "sat2.example.com", "role": "satellite", "status": "failed" }]);
    });
    told_in_every_format(&after, 1, "a Satellite is missing from the answer: sat2.example.com");
    let found = answer(&after, 1);
    assert_eq!(found["after"][0]["missing_satellites"], json!(["sat2.example.com"]));
    assert_eq!(verdict(&found, "consumer_create_ms"), "no-change-seen");
    compare(&after, "--fail-on timing").go().code(1).told("error: after: ").told("a Satellite is missing");
    // of a run without a registration too
    after.answer(|answer| answer["groups"] = json!([]));
    fs::write(after.path().join("sessions.jsonl"), "").unwrap();
    compare(&after, "").go().code(1).told("a Satellite is missing").told("holds no registration");
}

#[test]
fn what_could_not_be_read_is_told_and_no_pass() {
    let after = spoilt(|answer| answer["coverage"]["unreadable"] = json!(["capsule1: connection refused"]));
    told_in_every_format(&after, 0, "not complete: capsule1: connection refused");
    let found = answer(&after, 0);
    assert_eq!(found["after"][0]["unreadable"], json!(["capsule1: connection refused"]));
    assert_ne!(row(&found, "all", "error_rate")["verdict"], "not-comparable");
    compare(&after, "--fail-on error-rate").go().code(3).told("is not complete");
}

#[test]
fn what_was_said_beside_the_figures_is_told() {
    let words =
        "3 Started lines come before any that tells the UTC offset; they were taken as UTC. Give the offset.";
    let after = spoilt(|answer| answer["notes"] = json!([words]));
    told_in_every_format(&after, 0, words.trim_end_matches('.'));
    let text = compare(&after, "--format github").go().code(0).stdout;
    assert!(text.starts_with("::notice title=reginfra compare::after: "), "{text}");
    assert_eq!(answer(&after, 0)["after"][0]["complete"], true);
}
