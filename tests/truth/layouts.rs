//! The same storm in every layout is the same answer.

use crate::held;
use crate::support::{Answer, Storm, by_attempt};

const STORM: &str = "--sessions 500 --rate 40 --seed 301 --failures 0.1 --reregistrations 0.1";

const LAYOUTS: [(&str, &str); 5] = [
    ("multiline-request", "multiline_request_pattern"),
    ("multiline", "multiline_pattern"),
    ("pattern", "pattern"),
    ("json", "json"),
    ("journal", "journal text"),
];

fn storm(layout: &str) -> (Storm, Answer) {
    let storm = Storm::new(&format!("{STORM} --layout {layout}"));
    let answer = storm.answer("");
    held::all(&storm, &answer);
    (storm, answer)
}

#[test]
fn every_layout_gives_the_same_sessions_byte_for_byte() {
    let (_, first) = storm(LAYOUTS[0].0);
    for (layout, name) in LAYOUTS {
        let (_, answer) = storm(layout);
        assert!(answer.text == first.text, "{layout}: other sessions");
        assert_eq!(answer.json["groups"], first.json["groups"], "{layout}");
        assert_eq!(answer.json["sources"][0]["layout"], name);
    }
}

#[test]
fn the_journal_as_json_gives_the_same_figures_with_finer_times() {
    let (_, first) = storm("multiline-request");
    let (_, answer) = storm("journal-json");
    assert_eq!(answer.json["sources"][0]["layout"], "journal json");
    let first = by_attempt(&first.sessions);
    let mut finer = 0;
    for (key, session) in by_attempt(&answer.sessions) {
        let (mut got, mut want) = (session.clone(), first[&key].clone());
        finer += u32::from(got["started_at"].as_str().unwrap().len() > 20);
        for session in [&mut got, &mut want] {
            let second = session["started_at"].as_str().unwrap()[..19].to_owned();
            session["started_at"] = second.into();
            // what rests on time may gain from finer times
            for metric in
                ["script_fetch_ms", "status_calls", "capsule_script_fetch_ms", "capsule_host_register_ms"]
            {
                session[metric] = serde_json::Value::Null;
                session["evidence"][metric] = serde_json::Value::Null;
            }
        }
        assert_eq!(got, want);
    }
    assert!(finer > 400, "{finer}");
}
