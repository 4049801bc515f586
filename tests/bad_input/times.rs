//! Times that go backwards, and lines that do not say how far they are from UTC.

use super::Place;
use crate::support::{Answer, Storm};
use reginfra::timestamp::Timestamp;
use serde_json::Value;

/// What a registration must be, wherever its lines stand in the log.
fn keyed(answer: &Answer) -> Vec<Value> {
    let keys = ["consumer_uuid", "host", "attempt", "started_at", "consumer_create_ms", "host_register_ms"];
    let counts = ["fact_update_ms", "compliance_calls", "redundant_consumer_gets", "success"];
    let of = |s: &Value| -> Value { keys.iter().chain(&counts).map(|key| s[*key].clone()).collect() };
    answer.sessions.iter().map(of).collect()
}

#[test]
fn times_that_go_backwards_are_told_and_change_no_registration() {
    let options = "--sessions 40 --rate 20 --noise 0 --failures 0 --reregistrations 0";
    let first = Storm::new(&format!("{options} --seed 7")).text();
    let second = Storm::new(&format!("{options} --seed 8 --start 2026-04-04T14:00:00Z")).text();
    let place = Place::new();
    let ordered = Answer::of("", [place.file("ordered.log", [&*first, &second].concat())]);
    let path = place.file("back.log", [&*second, &first].concat());
    let (at, started) = first.lines().enumerate().find(|(_, line)| line.contains("] Started ")).unwrap();
    let line = second.lines().count() + at + 1;
    let clock = started.rsplit(" at ").next().unwrap();
    let to = Timestamp::parse(&format!("{}T{}+02:00", &clock[..10], &clock[11..19])).unwrap();
    for words in ["", "--chunk-size 5000 --threads 3"] {
        let back = Answer::of(words, [&path]);
        let told = format!("{}:{line}: times go back here, from 2026-04-04T14:", path.display());
        for said in [&back.notes(), &back.stderr] {
            assert!(said.contains(&told) && said.contains(&format!("Z to {to}: what")), "{words}: {said}");
            assert!(said.contains("Put the parts in the order of their times"), "{words}: {said}");
        }
        assert_eq!(keyed(&back), keyed(&ordered), "{words}");
    }
    assert_eq!(ordered.sessions.len(), 80);
    assert!(!ordered.notes().contains("go back") && ordered.stderr.is_empty(), "{}", ordered.stderr);
    // as files of their own, whatever their names say
    let parts = [place.file("b.log", &second), place.file("c.log", &first)];
    let parts = Answer::of("", parts);
    assert_eq!((&parts.text, parts.notes().contains("go back")), (&ordered.text, false));
}

#[test]
fn many_steps_back_are_counted_and_the_change_of_the_offset_is_none() {
    let place = Place::new();
    let storm = Storm::new("--sessions 40 --rate 0.5 --noise 0 --seed 9").text();
    for (copies, words) in [(3, ", and in one more line: what"), (4, ", and in 2 more lines: what")] {
        let answer = Answer::of("", [place.file("again.log", storm.repeat(copies))]);
        assert!(answer.notes().contains(words), "{}", answer.notes());
    }
    let saving = "--sessions 40 --rate 2 --seed 9 --utc-offset +02:00 --utc-offset-after +01:00";
    for text in [Storm::new(saving).text(), without_offset(&Storm::new(saving).text(), usize::MAX)] {
        let answer = Answer::of("--utc-offset=+02:00", [place.file("saving.log", text)]);
        assert!(!answer.notes().contains("go back"), "{}", answer.notes());
    }
}

/// The log with no offset in the first of its Started lines.
fn without_offset(log: &str, lines: usize) -> String {
    let mut left = lines;
    let mut text = String::with_capacity(log.len());
    for line in log.split_inclusive('\n') {
        let offset = line.trim_end().rfind(" +0").filter(|_| left > 0 && line.contains("] Started "));
        left -= usize::from(offset.is_some());
        text.push_str(offset.map_or(line, |at| &line[..at]));
        text.push_str(if offset.is_some() { "\n" } else { "" });
    }
    text
}

fn start(answer: &Answer) -> i64 {
    Timestamp::parse(answer.sessions[0]["started_at"].as_str().unwrap()).unwrap().0
}

#[test]
fn started_lines_without_an_offset_have_the_one_that_is_given() {
    let place = Place::new();
    let log = Storm::new("--sessions 20 --rate 20 --seed 5 --noise 0").text();
    let whole = Answer::of("", [place.file("whole.log", &log)]);
    let bare = without_offset(&log, usize::MAX);
    let path = place.file("bare.log", &bare);
    let given = Answer::of("--utc-offset=+02:00", [&path]);
    assert_eq!(given.text, whole.text);
    assert!(!given.notes().contains("UTC offset"), "{}", given.notes());
    let other = Answer::of("--utc-offset=-03:30", [&path]);
    assert_eq!(start(&other) - start(&whole), 19_800_000_000);
    // a line that tells its own has that
    assert_eq!(Answer::of("--utc-offset=-03:30", [place.file("tells.log", &log)]).text, whole.text);

    let utc = Answer::of("", [&path]);
    assert_eq!(start(&utc) - start(&whole), 7_200_000_000);
    let started = bare.lines().filter(|line| line.contains("] Started ")).count();
    let words = format!("{started} Started lines come before any that tells the UTC offset");
    assert!(utc.notes().contains(&words) && utc.notes().contains("Give --utc-offset"), "{}", utc.notes());
}

#[test]
fn started_lines_without_an_offset_have_the_first_one_that_the_log_tells() {
    let place = Place::new();
    let log = Storm::new("--sessions 20 --rate 20 --seed 5 --noise 0").text();
    let whole = Answer::of("", [place.file("whole.log", &log)]);
    let path = place.file("late.log", without_offset(&log, 5));
    for words in ["", "--chunk-size 1000 --threads 3"] {
        let late = Answer::of(words, [&path]);
        assert_eq!(late.text, whole.text, "{words}");
        assert!(!late.notes().contains("UTC offset"), "{words}: {}", late.notes());
    }
}
