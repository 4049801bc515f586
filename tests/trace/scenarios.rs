//! Logs written by hand: order, offsets, durations, gaps, evidence, sums, each as it must be.

use crate::log::{CAPSULES, Log, SATELLITE, named, utc, uuid};
use crate::{Written, list, ms, traced};
use serde_json::{Value, json};

const CLIENT: &str = "10.7.3.1";

/// A host that came straight, with all that it asks for.
fn whole() -> Log {
    Log::new()
        .request(0, "GET /register?activation_keys=k", CLIENT, &[], Some((200, 310)))
        .request(1, "GET /rhsm/", CLIENT, &[], Some((200, 20)))
        .request(1, "GET /rhsm/status", CLIENT, &[], Some((200, 15)))
        .create(2, "a.lab", 1, CLIENT, 2600)
        .get(4, 1, "/certificates/serials", CLIENT)
        .get(5, 1, "/certificates", CLIENT)
        .facts(5, 1, CLIENT, 200, 480)
        .get(9, 1, "/compliance", CLIENT)
        .request(9, &format!("PUT /rhsm/consumers/{}/profiles", uuid(1)), CLIENT, &[], Some((200, 190)))
        .register(12, 1, None, CLIENT, 200, 1100)
        .request(
            14,
            "POST /unattended/built?token=t",
            CLIENT,
            &["unattended: a.lab is built!".to_owned()],
            Some((201, 75)),
        )
        .request(20, "GET /redhat_access/r/insights/v1/branch_info", CLIENT, &[], Some((200, 33)))
        .goes_on_until(400)
}

fn column<'a>(trace: &'a Value, key: &str) -> Vec<&'a Value> {
    list(&trace["requests"]).iter().map(|r| &r[key]).collect()
}

#[test]
fn every_request_stands_in_order_with_offset_duration_gap_and_evidence() {
    let json = traced(Written::new(&whole(), Some(SATELLITE)).run("a.lab"));
    let trace = &json["traces"][0];
    let rows: Vec<(&str, &str, i64, i64, i64, &str)> = list(&trace["requests"])
        .iter()
        .map(|r| {
            let text = |key: &str| r[key].as_str().unwrap();
            (
                text("request"),
                text("phase"),
                ms(&r["offset_ms"]),
                ms(&r["duration_ms"]),
                ms(&r["gap_ms"]),
                text("evidence"),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("GET /register", "script-delivery", 0, 310, 0, "inferred"),
            ("/rhsm/...", "status-and-certificates", 1000, 20, 690, "inferred"),
            ("GET /rhsm/status", "status-and-certificates", 1000, 15, 0, "inferred"),
            ("POST /rhsm/consumers", "consumer-creation", 2000, 2600, 965, "exact"),
            ("GET /rhsm/consumers/:id/certificates/serials", "status-and-certificates", 4000, 40, 0, "exact"),
            ("GET /rhsm/consumers/:id/certificates", "status-and-certificates", 5000, 40, 360, "exact"),
            ("PUT /rhsm/consumers/:id", "facts", 5000, 480, 0, "exact"),
            ("GET /rhsm/consumers/:id/compliance", "compliance", 9000, 40, 3480, "exact"),
            ("PUT /rhsm/consumers/:id/profiles", "content", 9000, 190, 0, "exact"),
            ("POST /register", "host-registration", 12_000, 1100, 2770, "exact"),
            ("/unattended/built", "build-done", 14_000, 75, 900, "exact"),
            ("/redhat_access/r/insights/...", "insights", 20_000, 33, 5925, "inferred"),
        ]
    );
    assert_eq!((&trace["span_ms"], &trace["resolution_ms"]), (&json!(20_033), &json!(1000)));
    assert_eq!(
        (&trace["host"], &trace["attempt"], &trace["outcome"]),
        (&json!("a.lab"), &json!(1), &json!("registered"))
    );
    assert_eq!((&trace["started_at"], &trace["consumer_uuid"]), (&json!(utc(0)), &json!(uuid(1))));
    assert_eq!((&trace["group"], &trace["unkeyed_calls"]), (&json!("satellite-ssh"), &json!("inferred")));
    // ids are what one looks for in the log
    assert_eq!(column(trace, "request_id")[3], &json!("10000004"));
    let sum: i64 = list(&trace["phases"]).iter().map(|p| ms(&p["request_ms"]) + ms(&p["gap_ms"])).sum();
    assert_eq!(sum, 20_033);
    let phase = |name: &str| list(&trace["phases"]).iter().find(|p| p["phase"] == name).unwrap().clone();
    assert_eq!(
        phase("status-and-certificates"),
        json!({ "phase": "status-and-certificates", "requests": 4, "unanswered": 0, "request_ms": 115, "gap_ms": 1050, "evidence": "inferred" })
    );
}

#[test]
fn a_uuid_a_short_name_and_capitals_mean_the_same() {
    let written = Written::new(&whole(), Some(SATELLITE));
    let wanted = traced(written.run("a.lab"));
    for words in [uuid(1).as_str(), uuid(1).to_uppercase().as_str(), "a", "A.LAB", "a.lab.", "--slowest 1"] {
        assert_eq!(traced(written.run(words)), wanted, "{words}");
    }
}

#[test]
fn each_attempt_of_a_host_is_a_trace_of_its_own() {
    let log = Log::new()
        .failed(0, "a.lab", CLIENT, 503, 900)
        .failed(20, "a.lab", CLIENT, 429, 30)
        .create(60, "a.lab", 1, CLIENT, 800)
        .facts(62, 1, CLIENT, 200, 400)
        .create(90, "other.lab", 2, "10.7.3.2", 700)
        .goes_on_until(500);
    let json = traced(Written::new(&log, Some(SATELLITE)).run("a.lab"));
    let short = |t: &Value| (t["attempt"].clone(), t["outcome"].clone(), t["error_class"].clone());
    let rows: Vec<_> = list(&json["traces"]).iter().map(short).collect();
    assert_eq!(
        rows,
        [
            (json!(1), json!("failed"), json!("server-error")),
            (json!(2), json!("failed"), json!("rate-limited")),
            (json!(3), json!("registered"), Value::Null),
        ]
    );
    assert_eq!(column(&json["traces"][0], "status"), [&json!(503)]);
    assert_eq!(list(&json["traces"][2]["requests"]).len(), 2);
}

#[test]
fn what_a_host_sent_before_it_registered_again_is_not_of_its_registration() {
    let log = Log::new()
        .get(0, 9, "", CLIENT)
        .create(30, "a.lab", 1, CLIENT, 800)
        .get(32, 1, "", CLIENT)
        .get(33, 9, "", CLIENT)
        // a silence of ten minutes ends it
        .get(900, 1, "", CLIENT)
        .goes_on_until(1000);
    let json = traced(Written::new(&log, Some(SATELLITE)).run("a.lab"));
    assert_eq!(column(&json["traces"][0], "offset_ms"), [&json!(0), &json!(2000)]);
}

#[test]
fn a_request_without_an_answer_has_no_duration() {
    let log = Log::new()
        .create(0, "a.lab", 1, CLIENT, 800)
        .request(3, &format!("GET /rhsm/consumers/{}/release", uuid(1)), CLIENT, &[], None)
        .get(40, 1, "/compliance", CLIENT)
        .goes_on_until(900);
    let written = Written::new(&log, Some(SATELLITE));
    let json = traced(written.run("a.lab"));
    let trace = &json["traces"][0];
    assert_eq!(column(trace, "answer"), [&json!("answered"), &json!("unanswered"), &json!("answered")]);
    assert_eq!(column(trace, "duration_ms"), [&json!(800), &Value::Null, &json!(40)]);
    assert_eq!(column(trace, "gap_ms"), [&json!(0), &json!(2200), &json!(37_000)]);
    let text = written.run("a.lab").go().code(0).stdout;
    assert!(text.contains("a request has no answer in the log"), "{text}");
}

#[test]
fn a_registration_that_the_end_of_the_log_cuts_is_said_to_be_cut() {
    let log = Log::new().request(0, "POST /rhsm/consumers", CLIENT, &[named("a.lab")], None).goes_on_until(5);
    let json = traced(Written::new(&log, Some(SATELLITE)).run("a.lab"));
    let trace = &json["traces"][0];
    assert_eq!((&trace["outcome"], &trace["error_class"]), (&json!("cut"), &Value::Null));
    assert_eq!(column(trace, "answer"), [&json!("cut")]);
}

#[test]
fn calls_from_an_address_that_others_share_are_not_told() {
    let log = Log::new()
        .request(0, "GET /rhsm/status", "10.7.1.1", &[], Some((200, 15)))
        .create(1, "a.lab", 1, "10.7.1.1", 800)
        .register(5, 1, Some("https://cap1.lab:9090"), "10.7.1.1", 200, 500)
        .create(1, "b.lab", 2, "10.7.1.1", 900)
        .goes_on_until(400);
    let written = Written::new(&log, Some(CAPSULES));
    let json = traced(written.run("a.lab"));
    let trace = &json["traces"][0];
    assert_eq!((&trace["unkeyed_calls"], &trace["capsule"]), (&json!("missing"), &json!("cap1.lab")));
    assert_eq!(column(trace, "request"), [&json!("POST /rhsm/consumers"), &json!("POST /register")]);
    let text = written.run("a.lab").go().code(0).stdout;
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("are not told and lie in the gaps"), "{text}");
}

#[test]
fn the_slowest_come_first_and_are_no_more_than_there_are() {
    let log = Log::new()
        .create(0, "quick.lab", 1, "10.7.3.1", 300)
        .create(0, "slow.lab", 2, "10.7.3.2", 5000)
        .get(9, 2, "", "10.7.3.2")
        .create(0, "middle.lab", 3, "10.7.3.3", 4000)
        .goes_on_until(400);
    let written = Written::new(&log, Some(SATELLITE));
    let hosts = |words: &str| -> Vec<String> {
        let json = traced(written.run(words));
        list(&json["traces"]).iter().map(|t| t["host"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(hosts("--slowest 2"), ["slow.lab", "middle.lab"]);
    assert_eq!(hosts("--slowest 50"), ["slow.lab", "middle.lab", "quick.lab"]);
}

#[test]
fn the_times_of_all_are_means_and_percentiles_of_the_traces() {
    let log = Log::new()
        .create(0, "a.lab", 1, "10.7.3.1", 1000)
        .facts(3, 1, "10.7.3.1", 200, 400)
        .create(0, "b.lab", 2, "10.7.3.2", 3000)
        .facts(3, 2, "10.7.3.2", 200, 600)
        .failed(5, "c.lab", "10.7.3.3", 500, 9000)
        .goes_on_until(400);
    let json = traced(Written::new(&log, Some(SATELLITE)).run(""));
    let all = list(&json["groups"]).last().unwrap();
    assert_eq!((&all["group"], &all["registrations"], &all["failed"]), (&json!("all"), &json!(2), &json!(1)));
    let phase = |name: &str| list(&all["phases"]).iter().find(|p| p["phase"] == name).unwrap().clone();
    let (create, facts) = (phase("consumer-creation"), phase("facts"));
    assert_eq!((&create["request_ms"]["avg"], &create["request_ms"]["p95"]), (&json!(2000), &json!(3000)));
    assert_eq!((&facts["gap_ms"]["avg"], &facts["gap_ms"]["max"]), (&json!(1000), &json!(2000)));
    assert_eq!((&all["span_ms"]["avg"], &all["span_ms"]["max"]), (&json!(3500), &json!(3600)));
    let shares: f64 = list(&all["phases"]).iter().map(|p| p["share"].as_f64().unwrap()).sum();
    assert!((shares - 1.0).abs() < 0.002, "{shares}");
}
