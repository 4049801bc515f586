//! An answer held against the truth of its storm, by the bars that a release must pass.

use crate::support::{Answer, Storm, by_attempt};
use reginfra::timestamp::Timestamp;
use serde_json::Value;
use std::collections::HashSet;

/// Shares of sessions that must be right.
const BARS: [(&str, f64); 9] = [
    ("consumer_create_ms", 0.999),
    ("group", 0.999),
    ("compliance_calls", 0.999),
    ("consumer_create_status", 0.999),
    ("success", 0.999),
    ("host_register_ms", 0.995),
    ("fact_update_ms", 0.995),
    ("create_and_facts_ms", 0.995),
    ("redundant_consumer_gets", 0.99),
];

/// What only a key can tell of a group.
const KEYED: [&str; 6] = [
    "consumer_create_ms",
    "host_register_ms",
    "fact_update_ms",
    "create_and_facts_ms",
    "compliance_calls",
    "redundant_consumer_gets",
];

const FIGURES: [&str; 7] = ["count", "min", "p50", "p90", "p95", "p99", "max"];

/// Every session and every group's keyed figures.
#[track_caller]
pub fn all(storm: &Storm, answer: &Answer) {
    sessions(storm, answer);
    groups(storm, answer);
}

/// Session by session.
#[track_caller]
pub fn sessions(storm: &Storm, answer: &Answer) {
    let truth = storm.sessions();
    let shown = Shown::of(&storm.truth());
    let answered = by_attempt(&answer.sessions);
    assert_eq!(answer.sessions.len(), truth.len());
    let start = |s: &Value| Timestamp::parse(s["started_at"].as_str().unwrap()).unwrap();
    let sorted =
        answer.sessions.is_sorted_by_key(|s| (start(s), s["consumer_uuid"].as_str(), s["host"].as_str()));
    assert!(sorted, "{}", answer.text);
    let again: HashSet<&str> =
        truth.iter().filter(|s| s["attempt"] != 1).filter_map(|s| s["host"].as_str()).collect();
    let mut wrong: Vec<(&str, String)> = Vec::new();
    for want in &truth {
        let key = (want["host"].as_str().unwrap().to_owned(), want["attempt"].as_u64().unwrap());
        let Some(got) = answered.get(&key) else {
            panic!("no session of {key:?}");
        };
        // times of most layouts have whole seconds
        let second = |s: &Value| s["started_at"].as_str().unwrap()[..19].to_owned();
        assert_eq!(second(got), second(want), "{key:?}");
        for (metric, _) in BARS {
            if !same(metric, want, got, shown) {
                wrong.push((metric, format!("{key:?}: {metric} {} for {}", got[metric], want[metric])));
            }
        }
        if !got["script_fetch_ms"].is_null() {
            assert_eq!(got["script_fetch_ms"], want["script_fetch_ms"], "one candidate only: {key:?}");
            assert_eq!(got["evidence"]["script_fetch_ms"], "inferred");
        }
        assert_ne!(got["evidence"]["status_calls"], "exact", "no key names a status call");
        if !got["status_calls"].is_null() {
            assert!(shown.clients || want["group"] == "satellite-ssh", "a shared address: {got}");
            assert_eq!(got["status_calls"], want["status_calls"], "one attempt only: {key:?}");
            // a host comes again at most 90 s behind an attempt that failed
            assert!(!again.contains(key.0.as_str()), "two attempts could be meant: {got}");
        }
    }
    for (metric, bar) in BARS {
        let mine: Vec<&String> = wrong.iter().filter(|(m, _)| *m == metric).map(|(_, text)| text).collect();
        let right = 1.0 - mine.len() as f64 / truth.len() as f64;
        assert!(right >= bar, "{metric}: {right} of sessions right: {:#?}", &mine[..mine.len().min(10)]);
    }
}

/// What the log of a storm shows of ways in.
#[derive(Clone, Copy)]
struct Shown {
    /// On /rhsm clients' own addresses.
    clients: bool,
    /// POST /register.
    registers: bool,
}

impl Shown {
    fn of(truth: &Value) -> Self {
        let options = &truth["options"];
        Self { clients: options["addresses"] == "client", registers: options["no_host_register"] == "false" }
    }
}

fn same(metric: &str, want: &Value, got: &Value, shown: Shown) -> bool {
    // without POST /register no key tells the way through a capsule, nor does an address that is the client's own:
    // unknown is the right word for it
    let unregistered = !shown.registers || want["success"] == false && want["host_register_ms"].is_null();
    let undecided = metric == "group"
        && got["group"] == "unknown"
        && want["group"] != "satellite-ssh"
        && shown.clients
        && unregistered
        && got["host_register_ms"].is_null();
    got[metric] == want[metric] || undecided
}

/// Group by group, what keys tell; `script_fetch_ms` too, whose requests name their group.
#[track_caller]
pub fn groups(storm: &Storm, answer: &Answer) {
    let truth = storm.truth();
    for (name, want) in truth["groups"].as_object().unwrap() {
        let got = answer.group(name);
        for metric in KEYED.iter().chain(&["script_fetch_ms"]) {
            figures(name, metric, want, got);
        }
        if name == "all" {
            assert_eq!(got["session_count"], want["sessions"]);
            assert_eq!(got["error_count"], want["errors"]);
            for (class, n) in got["error_breakdown"].as_object().unwrap() {
                let told = want["error_breakdown"].get(class).and_then(Value::as_u64).unwrap_or(0);
                assert_eq!(n.as_u64().unwrap(), told, "{class}");
            }
        }
    }
}

#[track_caller]
fn figures(name: &str, metric: &str, want: &Value, got: &Value) {
    let (want, got) = (&want[metric], &got[metric]);
    for key in FIGURES {
        assert_eq!(got[key], want[key], "{name} {metric} {key}: {got} for {want}");
    }
    let avg = |v: &Value| v["avg"].as_f64().unwrap_or(-1.0);
    assert!((avg(got) - avg(want)).abs() < 0.001, "{name} {metric} avg: {got} for {want}");
}

/// Status calls a host: within 2 %, in small groups on shared addresses within chance; exact only on clients' own.
#[track_caller]
pub fn status_calls(storm: &Storm, answer: &Answer) {
    let truth = storm.truth();
    let clients = truth["options"]["addresses"] == "client";
    let ways = truth["groups"].as_object().unwrap().keys().filter(|name| *name != "all");
    let all_own = clients || ways.into_iter().all(|name| name == "satellite-ssh");
    // old hosts come by the ways that the others come by
    let of_old = truth["background"]["status_calls"].as_f64().unwrap();
    let all = truth["groups"]["all"]["status_calls"]["count"].as_f64().unwrap();
    for (name, want) in truth["groups"].as_object().unwrap() {
        let (want, got) = (&want["status_calls"], &answer.group(name)["status_calls"]);
        let n = want["count"].as_u64().unwrap();
        if n == 0 {
            continue;
        }
        let evidence = got["evidence"].as_str().unwrap();
        let own = all_own || name == "satellite-ssh";
        assert_eq!(evidence, if own { "exact" } else { "inferred" }, "{name}: {got}");
        let avg = want["avg"].as_f64().unwrap();
        // how often old hosts ask is told by how often they ask on average; what they really asked lies about it as
        // counts do. Two standard errors of that are more than 2 % of few registrations' calls.
        let old = of_old * n as f64 / all;
        let chance = 2.0 * old.sqrt() / (n as f64 * avg);
        let bar = if n >= 300 || evidence == "exact" { 0.02 } else { chance.clamp(0.02, 0.04) };
        let off = got["avg"].as_f64().unwrap() / avg - 1.0;
        assert!(off.abs() <= bar, "{name}: {off:+.4} over {n} sessions: {got} for {want}");
    }
}
