//! `metrics --parquet` from the outside: tables as they are read back, and what other engines make of them.

#![allow(clippy::unwrap_used, clippy::panic)]

mod engines;
#[path = "../support/mod.rs"]
mod support;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Map, Value, json};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use support::{Run, Storm};

// the Satellite's log and its capsules'
fn read(command: &str, storm: &Storm) -> Run {
    Run::new(command).arg("-i").arg(storm.inventory()).arg("--log").arg(&storm.dir)
}

fn lake(storm: &Storm, words: &str) -> (PathBuf, PathBuf) {
    let (lake, sessions) = (storm.dir.join("lake"), storm.dir.join("written.jsonl"));
    let run = read("metrics --quiet", storm).words(words);
    run.arg("--parquet").arg(&lake).arg("--sessions").arg(&sessions).go().code(0);
    (lake, sessions)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

// by the names of their columns, without partitions
fn rows(folder: &Path) -> Vec<Value> {
    let mut all = Vec::new();
    for path in files(folder) {
        let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            let cells = row.get_column_iter().map(|(name, cell)| (name.clone(), value(cell)));
            all.push(Value::Object(cells.collect()));
        }
    }
    all
}

fn value(cell: &Field) -> Value {
    match cell {
        Field::Null => Value::Null,
        Field::Bool(value) => json!(value),
        Field::Int(value) => json!(value),
        Field::Long(value) | Field::TimestampMicros(value) => json!(value),
        Field::Str(value) => json!(value),
        Field::Group(row) => {
            let cells = row.get_column_iter().map(|(name, cell)| (name.clone(), value(cell)));
            Value::Object(cells.collect::<Map<_, _>>())
        }
        other => panic!("a column of another type: {other:?}"),
    }
}

fn micros(time: &Value) -> i64 {
    reginfra::timestamp::Timestamp::parse(time.as_str().unwrap()).unwrap().0
}

#[test]
fn sessions_are_those_of_the_sessions_file() {
    let storm = Storm::new("--sessions 400 --rate 40 --failures 0.1 --seed 11 --cache-lines yes");
    let (lake, lines) = lake(&storm, "--run one");
    let found = rows(&lake.join("sessions"));
    let lines: Vec<Value> =
        fs::read_to_string(lines).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(found.len(), lines.len());
    for ((row, mut line), number) in found.into_iter().zip(lines).zip(0..) {
        line["started_at"] = json!(micros(&line["started_at"]));
        line["session"] = json!(number);
        assert_eq!(row, line);
    }
}

#[test]
fn requests_are_those_that_trace_shows() {
    let storm = Storm::new("--sessions 60 --rate 20 --seed 5 --pass-ids --layout journal-json");
    let (lake, lines) = lake(&storm, "--run one");
    let mut found = rows(&lake.join("requests"));
    let answer = read("trace --slowest 1000 --format json", &storm).go().code(0).json();
    let mut expected = Vec::new();
    for trace in answer["traces"].as_array().unwrap() {
        for (step, at) in trace["requests"].as_array().unwrap().iter().zip(0..) {
            let mut row = step.clone();
            row["consumer_uuid"] = trace["consumer_uuid"].clone();
            row["group"] = trace["group"].clone();
            row["step"] = json!(at);
            row["started_at"] = json!(micros(&step["started_at"]));
            if row["on_capsule"].is_object() {
                row["on_capsule"]["started_at"] = json!(micros(&step["on_capsule"]["started_at"]));
            }
            expected.push(row);
        }
    }
    let uuids: Vec<Value> = fs::read_to_string(lines)
        .unwrap()
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap()["consumer_uuid"].clone())
        .collect();
    for row in &mut found {
        // the number leads to the session's row
        let session = row.as_object_mut().unwrap().remove("session").unwrap();
        assert_eq!(row["consumer_uuid"], uuids[session.as_u64().unwrap() as usize]);
    }
    assert!(found.iter().any(|row| row["on_capsule"]["duration_ms"].is_i64()), "no request on a capsule");
    assert!(found.iter().any(|row| row["on_capsule"].is_null()));
    let key = |row: &Value| (row["started_at"].as_i64(), row.to_string());
    found.sort_by_key(key);
    expected.sort_by_key(key);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
}

#[test]
fn a_day_is_a_folder_and_a_run_is_replaced_as_a_whole() {
    let midnight = "--sessions 200 --rate 10 --start 2026-04-04T23:59:50Z";
    let storm = Storm::new(midnight);
    let (lake, _) = lake(&storm, "--run nightly-17");
    let names = |table: &str| -> Vec<String> {
        let lake = lake.join(table);
        files(&lake).iter().map(|p| p.strip_prefix(&lake).unwrap().display().to_string()).collect()
    };
    let both =
        ["run=nightly-17/day=2026-04-04/part-0.parquet", "run=nightly-17/day=2026-04-05/part-0.parquet"];
    assert_eq!(names("sessions"), both);
    assert_eq!(names("requests"), both);
    let before = rows(&lake.join("sessions")).len();
    // of the second day only: the first one's files go, another run's stay
    fs::create_dir_all(lake.join("sessions/run=other/day=2026-04-04")).unwrap();
    fs::write(lake.join("sessions/run=other/day=2026-04-04/part-0.parquet"), "theirs").unwrap();
    Run::new("metrics --quiet --run nightly-17 --since 2026-04-05T00:00:00Z --log")
        .arg(storm.log())
        .arg("--parquet")
        .arg(&lake)
        .go()
        .code(0);
    assert_eq!(names("requests"), both[1..]);
    assert_eq!(names("sessions"), [both[1], "run=other/day=2026-04-04/part-0.parquet"]);
    let after = rows(&lake.join("sessions/run=nightly-17"));
    assert!(!after.is_empty() && after.len() < before, "{} of {before}", after.len());
}

#[test]
fn a_run_without_a_name_has_the_time_of_its_first_registration() {
    let storm = Storm::new("--sessions 20 --start 2026-04-04T10:00:00Z");
    let (lake, lines) = lake(&storm, "");
    let first: Value =
        serde_json::from_str(fs::read_to_string(lines).unwrap().lines().next().unwrap()).unwrap();
    let name: String =
        first["started_at"].as_str().unwrap().replace(['-', ':'], "").chars().take(15).collect();
    assert!(lake.join(format!("sessions/run=at-{name}Z/day=2026-04-04/part-0.parquet")).is_file(), "{name}");
}

#[test]
fn bad_places_and_names_are_refused_before_anything_is_read() {
    let storm = Storm::new("--sessions 10");
    let file = storm.dir.join("a file");
    fs::write(&file, "mine").unwrap();
    let run = |words: &str| Run::new("metrics --log").arg(storm.log()).words(words);
    run("--parquet").arg(&file).go().code(2).told("is a file; name a folder").says_nothing_on_stdout();
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    for name in ["", "../up", "_hidden", ".x", "two words", "a=b", "é", "17", "2026-04-04", "12e4567", "nan"]
    {
        let done = run("--parquet").arg(storm.dir.join("lake")).arg("--run").arg(name).go().code(2);
        done.told("begin with a letter").says_nothing_on_stdout();
    }
    assert!(!storm.dir.join("lake").exists());
    run("--run x").go().code(2).told("--parquet");
    // no registration: nothing is written
    run("--until 2020-01-01T00:00:00Z --parquet").arg(storm.dir.join("lake")).go().code(3);
    assert!(!storm.dir.join("lake").exists());
}

#[cfg(unix)]
#[test]
fn a_place_that_is_taken_leaves_both_tables_as_they_were() {
    let storm = Storm::new("--sessions 30");
    let (lake, _) = lake(&storm, "--run one");
    let bytes = |paths: &[PathBuf]| paths.iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>();
    let there = files(&lake);
    let before = bytes(&there);
    // the same log gives the same bytes
    self::lake(&storm, "--run one");
    assert_eq!((files(&lake), bytes(&there)), (there.clone(), before.clone()));
    // a folder where a file of the second table has to go
    let sessions = lake.join("sessions/run=one/day=2026-04-04/part-0.parquet");
    fs::remove_file(&sessions).unwrap();
    fs::create_dir(&sessions).unwrap();
    let other = Storm::new("--sessions 30 --seed 9");
    let write = |lake: &Path| {
        Run::new("metrics --quiet --run one --log").arg(other.log()).arg("--parquet").arg(lake).go()
    };
    write(&lake).code(2).told("part-0.parquet").told("move what is there away");
    let requests: Vec<PathBuf> = there.iter().filter(|p| **p != sessions).cloned().collect();
    assert_eq!(files(&lake), requests, "no unfinished file is left");
    assert_eq!(bytes(&requests), before[..1]);
    // what a killed run left goes, what a link leads to stays
    fs::remove_dir(&sessions).unwrap();
    let day = lake.join("requests/run=one/day=2026-04-04");
    fs::write(day.join(".reginfra-killed.part"), "half").unwrap();
    let elsewhere = storm.dir.join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("part-9.parquet"), "theirs").unwrap();
    std::os::unix::fs::symlink(&elsewhere, lake.join("requests/run=one/day=2026-01-01")).unwrap();
    write(&lake).code(0);
    assert_eq!(fs::read_dir(&day).unwrap().count(), 1);
    assert_eq!(fs::read(elsewhere.join("part-9.parquet")).unwrap(), b"theirs");
    // nothing can be written below it: said before anything is read
    let done = Run::new("metrics --run one --log /no/such/log --parquet /dev/full/lake").go().code(2);
    done.told("/dev/full: is a file").says_nothing_on_stdout();
}

#[test]
fn a_run_is_named_on_stderr_and_so_is_one_that_it_replaces() {
    let storm = Storm::new("--sessions 10");
    let lake = storm.dir.join("lake");
    let write =
        || Run::new("metrics --run one --log").arg(storm.log()).arg("--parquet").arg(&lake).go().code(0);
    write().told("lake: run one\n");
    write().told("lake: run one, in place of the one that was there");
}
