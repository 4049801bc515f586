//! Rotated sets: in order of the times inside, requests across seams, seams that double or lose lines.

use crate::held;
use crate::support::Storm;
use serde_json::Value;
use std::collections::HashMap;

#[test]
fn a_rotated_set_of_any_kind_is_read_as_the_log_that_was_not_rotated() {
    let options = "--sessions 600 --rate 40 --seed 401";
    let whole = Storm::new(options).satellite("");
    for (how, names) in [
        ("gz", "dateext"),
        ("xz", "numbered"),
        ("zst", "dateext"),
        ("none", "numbered"),
        ("gz", "numbered"),
        ("zst", "numbered"),
        ("none", "dateext"),
    ] {
        let storm = Storm::new(&format!("{options} --rotate 5 --compress {how} --rotate-names {names}"));
        let answer = storm.satellite("");
        held::all(&storm, &answer);
        assert!(answer.text == whole.text, "{how} {names}: other sessions");
        assert_eq!(answer.figures(), whole.figures(), "{how} {names}");
        assert_eq!(answer.json["sources"].as_array().unwrap().len(), 5);
        for key in ["lines_read", "requests_matched", "lines_doubled", "requests_orphaned", "requests_cut"] {
            assert_eq!(answer.coverage(key), whole.coverage(key), "{how} {names}: {key}");
        }
    }
}

#[test]
fn a_rotated_set_of_any_pace_is_read_right() {
    for options in [
        "--sessions 300 --rate 8 --seed 402 --rotate 4",
        "--sessions 600 --rate 200 --seed 403 --rotate 4 --compress xz",
    ] {
        let storm = Storm::new(options);
        held::all(&storm, &storm.answer(""));
    }
}

#[test]
fn lines_that_stand_twice_at_a_seam_are_counted_and_change_no_figure() {
    for (rate, seed) in [(8, 411), (40, 412), (200, 413)] {
        let options = format!("--sessions 500 --rate {rate} --seed {seed}");
        let whole = Storm::new(&options).satellite("");
        let storm = Storm::new(&format!("{options} --rotate 4 --seam doubled"));
        let answer = storm.satellite("");
        held::all(&storm, &answer);
        assert!(answer.text == whole.text);
        assert_eq!(answer.json["groups"], whole.json["groups"]);
        assert_eq!(answer.coverage("requests_matched"), whole.coverage("requests_matched"));
        // of the lines that a seam doubled, those that begin or end a request
        let truth = storm.truth();
        let doubled = truth["log"]["seams"].as_array().unwrap().iter().flat_map(|seam| {
            let text = storm.read(seam["file"].as_str().unwrap());
            let first = text.lines().take(seam["doubled_lines"].as_u64().unwrap() as usize);
            let told = first.filter(|line| line.contains("] Started ") || line.contains("] Completed "));
            told.map(str::to_owned).collect::<Vec<_>>()
        });
        assert_eq!(answer.coverage("lines_doubled"), doubled.count() as u64);
    }
}

#[test]
fn lines_that_a_seam_lost_cost_no_more_than_they_held() {
    seams_cost("--sessions 1200 --rate 40 --seed 421");
}

#[test]
fn nor_do_they_where_hosts_names_alone_bring_consumers_to_their_creates() {
    seams_cost("--sessions 1200 --rate 40 --seed 422 --no-audit");
}

fn seams_cost(options: &str) {
    let whole = Storm::new(options).satellite("");
    let storm = Storm::new(&format!("{options} --rotate 4 --seam lost"));
    let answer = storm.satellite("");
    let truth = storm.truth();
    let seams = truth["log"]["seams"].as_array().unwrap();
    let lost: u64 = seams.iter().map(|s| s["lost_lines"].as_u64().unwrap()).sum();
    assert!(lost > 0);
    let key = |s: &Value| (s["host"].clone().to_string(), s["started_at"].to_string());
    let want: HashMap<_, _> = whole.sessions.iter().map(|s| (key(s), s)).collect();
    let mut differ = whole.sessions.len() as u64 - answer.sessions.len().min(whole.sessions.len()) as u64;
    for session in &answer.sessions {
        let Some(before) = want.get(&key(session)) else {
            panic!("a session that was not there: {session}");
        };
        let keyed = [
            "consumer_create_ms",
            "host_register_ms",
            "fact_update_ms",
            "compliance_calls",
            "redundant_consumer_gets",
            "group",
            "success",
        ];
        differ += u64::from(keyed.iter().any(|metric| session[metric] != before[metric]));
    }
    // each request has five lines or so; each lost one may cost one session one figure
    assert!(differ <= lost, "{differ} sessions differ by {lost} lines");
    assert!(differ < 30, "{differ} sessions differ by {lost} lines");
    assert!(answer.coverage("requests_orphaned") + answer.coverage("requests_unanswered") > 0);
}

#[test]
fn a_set_named_file_by_file_in_any_order_is_the_same_set() {
    let storm = Storm::new("--sessions 300 --rate 40 --seed 431 --rotate 4");
    let whole = storm.satellite("");
    let truth = storm.truth();
    let mut files: Vec<_> = truth["log"]["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| storm.dir.join(name.as_str().unwrap()))
        .collect();
    for _ in 0..4 {
        files.rotate_left(1);
        files.swap(0, 2);
        let run = crate::support::Run::new("metrics -i").arg(storm.inventory());
        let answer = crate::support::Answer::by(run, &files);
        assert!(answer.text == whole.text);
        assert_eq!(answer.figures(), whole.figures());
    }
}

// 190,000 requests: more than what is compared one by one at a seam
#[test]
fn pieces_of_a_log_that_overlap_at_length_count_each_request_once() {
    let storm = Storm::new("--sessions 5500 --rate 200 --noise 0 --seed 441");
    let (whole, bytes) = (storm.satellite(""), storm.bytes());
    let line = |tenths: usize| {
        let at = bytes.len() / 10 * tenths;
        at + bytes[at..].iter().position(|b| *b == b'\n').unwrap() + 1
    };
    let pieces = [(0, line(8)), (line(1), line(7)), (line(2), bytes.len())];
    let dir = tempfile::tempdir().unwrap();
    let files: Vec<_> = pieces
        .iter()
        .enumerate()
        .map(|(i, (from, to))| {
            let file = dir.path().join(format!("piece{i}.log"));
            std::fs::write(&file, &bytes[*from..*to]).unwrap();
            file
        })
        .collect();
    let run = crate::support::Run::new("metrics -i").arg(storm.inventory());
    let answer = crate::support::Answer::by(run, &files);
    assert!(whole.coverage("requests_matched") > 140_000);
    assert_eq!(answer.coverage("requests_matched"), whole.coverage("requests_matched"));
    assert!(answer.text == whole.text, "other sessions");
    assert_eq!(answer.figures(), whole.figures());
}
