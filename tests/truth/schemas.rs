//! Real output against the schemas in docs/.

use crate::fits::{METRICS, SESSIONS, answer_fits};
use crate::support::{Answer, Storm};
use serde_json::Value;

#[test]
fn every_answer_and_every_session_fits_its_schema() {
    for options in [
        "--sessions 300 --rate 40 --seed 601 --failures 0.4",
        "--sessions 200 --rate 200 --seed 602 --addresses client --no-audit --failures 0.3 --warm-cache",
        "--sessions 50 --rate 8 --seed 603 --layout journal-json --rotate 3 --seam lost --no-host-register",
    ] {
        let storm = Storm::new(options);
        answer_fits(&storm.answer(""));
        answer_fits(&Answer::of("--utc-offset +02:00", [&storm.dir]));
    }
}

#[test]
fn the_schemas_refuse_what_is_wrong() {
    let storm = Storm::new("--sessions 20 --rate 40 --seed 604");
    let answer = storm.answer("");
    for key in ["schema_version", "coverage", "groups", "attribution", "window"] {
        let mut json = answer.json.clone();
        json.as_object_mut().unwrap().remove(key);
        assert!(!METRICS.is_valid(&json), "{key} may be missing");
    }
    for (key, bad) in [
        ("group", Value::from("nobody")),
        ("consumer_create_ms", Value::from(-1)),
        ("started_at", Value::from(5)),
        ("success", Value::from("yes")),
    ] {
        let mut session = answer.sessions[0].clone();
        session[key] = bad;
        assert!(!SESSIONS.is_valid(&session), "{key}");
    }
}
