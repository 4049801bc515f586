//! Storms of known truth: every registration's trace against what happened, and against the lines of the log.

use crate::support::{Run, Storm, by_attempt};
use crate::{list, ms, traced};
use serde_json::Value;
use std::collections::HashMap;

fn all_of(storm: &Storm) -> Value {
    let run = Run::new("trace --slowest 1000 -i").arg(storm.inventory()).arg("--log").arg(&storm.dir);
    traced(run)
}

fn of_request<'a>(trace: &'a Value, request: &str) -> Vec<&'a Value> {
    list(&trace["requests"]).iter().filter(|r| r["request"] == request).collect()
}

fn good(request: &Value) -> bool {
    request["status"].as_u64().is_some_and(|s| (200..400).contains(&s))
}

/// A trace and what happened.
fn each(storm: &Storm, json: &Value, mut hold: impl FnMut(&Value, &Value)) {
    let truth = storm.sessions();
    let truth = by_attempt(&truth);
    let traces = list(&json["traces"]);
    assert_eq!(traces.len(), truth.len());
    for trace in traces {
        let key = (trace["host"].as_str().unwrap().to_owned(), trace["attempt"].as_u64().unwrap());
        hold(trace, truth[&key]);
    }
}

#[test]
fn durations_and_counts_are_those_of_the_storm() {
    for options in [
        "--sessions 150 --rate 30 --seed 71 --failures 0.2 --reregistrations 0.3",
        "--sessions 100 --rate 200 --seed 72 --no-audit --layout journal-json",
        "--sessions 60 --rate 5 --seed 73 --addresses client --layout json --rotate 2",
    ] {
        let storm = Storm::new(options);
        each(&storm, &all_of(&storm), |trace, truth| {
            let create = of_request(trace, "POST /rhsm/consumers");
            assert_eq!(create.len(), 1, "{options}: {trace:#}");
            assert_eq!(create[0]["evidence"], "exact");
            if truth["consumer_create_ms"].is_number() {
                assert_eq!(create[0]["duration_ms"], truth["consumer_create_ms"], "{options}: {trace:#}");
            }
            assert_eq!(create[0]["status"], truth["consumer_create_status"], "{options}");
            let registered = truth["success"] == true;
            assert_eq!(trace["outcome"] == "registered", registered, "{options}");
            assert_eq!(trace["error_class"], truth["error_class"], "{options}");
            assert_eq!(
                (&trace["group"], &trace["client_os"]),
                (&truth["group"], &truth["client_os"]),
                "{options}"
            );
            if !registered {
                return;
            }
            let first_good =
                |name: &str| of_request(trace, name).into_iter().find(|r| good(r)).cloned().unwrap();
            assert_eq!(
                first_good("PUT /rhsm/consumers/:id")["duration_ms"],
                truth["fact_update_ms"],
                "{options}"
            );
            assert_eq!(first_good("POST /register")["duration_ms"], truth["host_register_ms"], "{options}");
            for (name, key) in [
                ("GET /rhsm/consumers/:id/compliance", "compliance_calls"),
                ("GET /rhsm/consumers/:id", "redundant_consumer_gets"),
            ] {
                assert_eq!(
                    of_request(trace, name).len() as u64,
                    truth[key].as_u64().unwrap(),
                    "{options}: {trace:#}"
                );
            }
        });
    }
}

#[test]
fn on_addresses_of_their_own_calls_without_a_key_are_told_and_marked() {
    let storm = Storm::new("--sessions 80 --rate 4 --seed 74 --addresses client --noise 0");
    let (mut status, mut scripts) = (0, 0);
    each(&storm, &all_of(&storm), |trace, truth| {
        assert_eq!(trace["unkeyed_calls"], "inferred");
        let calls = of_request(trace, "GET /rhsm/status");
        assert!(calls.iter().all(|c| c["evidence"] == "inferred"));
        status += u64::from(calls.len() as u64 == truth["status_calls"].as_u64().unwrap());
        for script in of_request(trace, "GET /register") {
            assert_eq!(
                (&script["evidence"], &script["duration_ms"]),
                (&Value::from("inferred"), &truth["script_fetch_ms"])
            );
            scripts += 1;
        }
    });
    assert!(status >= 76, "of 80 registrations {status} have all their status calls");
    assert!(scripts > 5, "{scripts} scripts were given to a registration");
}

#[test]
fn in_order_and_adding_up_in_whole_seconds_and_in_microseconds() {
    for (options, resolution) in [
        ("--sessions 80 --rate 20 --seed 75", 1000),
        ("--sessions 80 --rate 20 --seed 75 --layout journal-json", 1),
    ] {
        let storm = Storm::new(options);
        for trace in list(&all_of(&storm)["traces"]) {
            assert_eq!(trace["resolution_ms"], resolution, "{options}");
            let requests = list(&trace["requests"]);
            let offsets: Vec<i64> = requests.iter().map(|r| ms(&r["offset_ms"])).collect();
            assert!(offsets[0] == 0 && offsets.is_sorted(), "{offsets:?}");
            let mut until = 0;
            for request in requests {
                let placed = ms(&request["placed_ms"]);
                let moved = placed - ms(&request["offset_ms"]);
                assert!((0..resolution).contains(&moved), "{options}: {request:#}");
                assert_eq!(ms(&request["gap_ms"]), (placed - until).max(0), "{options}: {trace:#}");
                until = until.max(placed + request["duration_ms"].as_i64().unwrap_or(0));
            }
            assert_eq!(until, ms(&trace["span_ms"]));
            let sum = |key: &str| list(&trace["phases"]).iter().map(|p| ms(&p[key])).sum::<i64>();
            let each = |key: &str| requests.iter().map(|r| r[key].as_i64().unwrap_or(0)).sum::<i64>();
            assert_eq!(
                (sum("request_ms"), sum("gap_ms")),
                (each("duration_ms"), each("gap_ms")),
                "{options}"
            );
            assert_eq!(sum("requests"), requests.len() as i64);
        }
    }
}

/// Starts and durations as the lines say, by request id.
fn lines_of(log: &str) -> HashMap<String, (String, i64)> {
    let mut found: HashMap<String, (String, i64)> = HashMap::new();
    for line in log.lines() {
        let Some((head, text)) = line.split_once("] ") else { continue };
        let Some(id) = head.rsplit('|').next() else { continue };
        if let Some(call) = text.strip_prefix("Started ") {
            found.insert(id.to_owned(), (call.to_owned(), -1));
        } else if let Some((_, ms)) = text.strip_prefix("Completed ").and_then(|t| t.split_once(" in "))
            && let Some(request) = found.get_mut(id)
        {
            request.1 = ms.split_once("ms").unwrap().0.parse().unwrap();
        }
    }
    found
}

#[test]
fn each_request_is_the_one_that_the_log_has_under_its_id() {
    let storm = Storm::new("--sessions 60 --rate 30 --seed 76 --noise 0.5");
    let lines = lines_of(&storm.text());
    let mut held = 0;
    for trace in list(&all_of(&storm)["traces"]) {
        let Some(uuid) = trace["consumer_uuid"].as_str() else { continue };
        for request in list(&trace["requests"]) {
            let (call, took) = &lines[request["request_id"].as_str().unwrap()];
            assert_eq!(request["duration_ms"].as_i64().unwrap_or(-1), *took, "{call}");
            let (method, path) = call.split_once(" \"").unwrap();
            let route = request["request"].as_str().unwrap();
            assert!(!route.contains(' ') || route.starts_with(method), "{call} is no {route}");
            if route.contains(":id") {
                assert!(path.contains(uuid), "{call} is not of {uuid}");
                held += 1;
            }
        }
    }
    assert!(held > 500, "{held}");
}

#[test]
fn what_capsules_saw_stands_beside_it() {
    let storm = Storm::new("--sessions 80 --rate 10 --seed 77 --pass-ids --clock-skew 4");
    let mut seen = 0;
    each(&storm, &all_of(&storm), |trace, truth| {
        for register in of_request(trace, "POST /register").into_iter().filter(|r| good(r)) {
            let there = &register["on_capsule"];
            if there.is_null() {
                continue;
            }
            assert_eq!(there["duration_ms"], truth["capsule_host_register_ms"], "{trace:#}");
            assert_eq!((&there["evidence"], &there["capsule"]), (&Value::from("exact"), &truth["capsule"]));
            seen += 1;
        }
    });
    let through = storm.sessions().iter().filter(|s| s["capsule_host_register_ms"].is_number()).count();
    assert!(through > 40 && seen * 100 >= through * 97, "{seen} of {through}");
}

#[test]
fn the_times_of_all_are_those_of_the_storm() {
    let storm = Storm::new("--sessions 200 --rate 30 --seed 78 --failures 0.1");
    let run = Run::new("trace -i").arg(storm.inventory()).arg("--log").arg(&storm.dir);
    let json = traced(run);
    let truth = storm.truth();
    for group in list(&json["groups"]) {
        let known = &truth["groups"][group["group"].as_str().unwrap()];
        let failed = group["failed"].as_u64().unwrap();
        assert_eq!(group["registrations"].as_u64().unwrap() + failed, known["sessions"].as_u64().unwrap());
        assert_eq!(failed, known["errors"].as_u64().unwrap());
    }
    let sessions = storm.sessions();
    let good: Vec<i64> =
        sessions.iter().filter(|s| s["success"] == true).map(|s| ms(&s["consumer_create_ms"])).collect();
    let all = list(&json["groups"]).last().unwrap();
    let create = list(&all["phases"]).iter().find(|p| p["phase"] == "consumer-creation").unwrap();
    let mean = good.iter().sum::<i64>() as f64 / good.len() as f64;
    assert!((create["request_ms"]["avg"].as_f64().unwrap() - mean).abs() < 0.01, "{mean}: {create:#}");
    assert_eq!(ms(&create["request_ms"]["max"]), *good.iter().max().unwrap());
}
