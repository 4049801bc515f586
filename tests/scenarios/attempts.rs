//! Attempts: what fails, what is tried again, what ends.

use crate::log::{Log, named, utc, uuid};
use serde_json::{Value, json};

const HERE: &str = "10.7.3.1";

#[test]
fn a_whole_registration_is_one_session() {
    let answer = Log::new()
        .request(0, "GET /register?activation_keys=k", HERE, &[], Some((200, 310)))
        .request(2, "GET /rhsm/status", HERE, &[], Some((200, 9)))
        .create(3, "a.lab", 1, HERE, 2100)
        .get(6, 1, "", HERE)
        .get(6, 1, "/certificates/serials", HERE)
        .facts(7, 1, HERE, 200, 450)
        .get(8, 1, "/compliance", HERE)
        .request(8, "GET /rhsm/status", HERE, &[], Some((200, 9)))
        .get(9, 1, "/compliance", HERE)
        .register(12, 1, None, HERE, 200, 900)
        .answer();
    let want = json!({
        "consumer_uuid": uuid(1), "host": "a.lab", "group": "satellite-ssh", "capsule": null, "attempt": 1,
        "client_os": "rhel-9", "started_at": utc(3), "consumer_create_status": 201, "consumer_create_ms": 2100,
        "script_fetch_ms": 310, "host_register_ms": 900, "fact_update_ms": 450, "create_and_facts_ms": 2550,
        "capsule_script_fetch_ms": null, "capsule_host_register_ms": null, "failed_create_ms": null,
        "compliance_calls": 2, "status_calls": 2, "redundant_consumer_gets": 1, "success": true,
        "error_class": null, "way_in": "url",
        "evidence": {
            "consumer_create_ms": "exact", "script_fetch_ms": "inferred", "host_register_ms": "exact",
            "fact_update_ms": "exact", "create_and_facts_ms": "exact", "compliance_calls": "exact",
            "status_calls": "inferred", "redundant_consumer_gets": "exact", "group": "exact",
            "capsule_script_fetch_ms": "missing", "capsule_host_register_ms": "missing"
        }
    });
    assert_eq!(answer.sessions, [want]);
    assert!(!answer.has_group("unknown"));
}

#[test]
fn a_failed_attempt_and_the_good_one_after_it_are_two() {
    let answer = Log::new()
        .failed(0, "a.lab", HERE, 503, 800)
        .create(30, "a.lab", 1, HERE, 2000)
        .facts(33, 1, HERE, 200, 300)
        .answer();
    assert_eq!(answer.sessions.len(), 2);
    let (first, second) = (answer.session("a.lab", 1), answer.session("a.lab", 2));
    assert_eq!(first["error_class"], "server-error");
    assert_eq!((&first["consumer_uuid"], &first["consumer_create_ms"]), (&Value::Null, &Value::Null));
    assert_eq!((&first["consumer_create_status"], &first["failed_create_ms"]), (&json!(503), &json!(800)));
    assert_eq!((&second["success"], &second["fact_update_ms"]), (&json!(true), &json!(300)));
    assert_eq!(answer.group("all")["failed_create_ms"]["p50"], 800);
    assert_eq!(answer.group("all")["consumer_create_ms"]["count"], 1);
}

#[test]
fn every_class_of_failure_is_told_from_the_others() {
    let mut log = Log::new();
    let statuses = [401, 403, 429, 500, 502, 503, 504, 400, 404, 410, 422];
    for (i, status) in statuses.into_iter().enumerate() {
        let from = format!("10.7.3.{i}");
        log = log.failed(i as i64 * 5, &format!("h{status}.lab"), &from, status, 100);
    }
    let answer = log.create(60, "good.lab", 1, HERE, 900).answer();
    let want = json!({
        "timeout/no-response": 0, "auth-failure": 2, "rate-limited": 1, "server-error": 4, "client-error": 4
    });
    assert_eq!(answer.group("all")["error_breakdown"], want);
    assert_eq!(answer.group("all")["error_count"], 11);
    assert_eq!(answer.session("h429.lab", 1)["error_class"], "rate-limited");
    assert_eq!(answer.session("h410.lab", 1)["error_class"], "client-error");
}

#[test]
fn a_host_that_registers_again_ends_its_earlier_session() {
    let answer = Log::new()
        .create(0, "a.lab", 1, HERE, 1000)
        .get(2, 1, "/compliance", HERE)
        .create(60, "a.lab", 2, HERE, 1500)
        .get(62, 2, "/compliance", HERE)
        .get(63, 1, "/compliance", HERE)
        .get(64, 1, "", HERE)
        .answer();
    let (first, second) = (answer.session("a.lab", 1), answer.session("a.lab", 2));
    assert_eq!((&first["compliance_calls"], &first["redundant_consumer_gets"]), (&json!(1), &json!(0)));
    assert_eq!(second["compliance_calls"], 1);
    assert_eq!(answer.background("keyed_requests"), 2);
}

#[test]
fn a_host_keeps_its_uuid_when_it_registers_again_and_each_attempt_has_its_own_requests() {
    let again = |n: u32| {
        [
            named("a.lab"),
            format!("Katello::Host::SubscriptionFacet (33) update event on uuid {0}, {0}", uuid(n)),
        ]
    };
    let answer = Log::new()
        .create(0, "a.lab", 1, HERE, 1000)
        .facts(2, 1, HERE, 200, 111)
        .request(60, "POST /rhsm/consumers", HERE, &again(1), Some((200, 700)))
        .facts(62, 1, HERE, 200, 222)
        .get(63, 1, "/compliance", HERE)
        .answer();
    let (first, second) = (answer.session("a.lab", 1), answer.session("a.lab", 2));
    assert_eq!((&first["fact_update_ms"], &first["compliance_calls"]), (&json!(111), &json!(0)));
    assert_eq!((&second["fact_update_ms"], &second["compliance_calls"]), (&json!(222), &json!(1)));
}

#[test]
fn ten_minutes_of_silence_end_a_session() {
    let answer = Log::new()
        .create(0, "a.lab", 1, HERE, 1000)
        .get(5, 1, "", HERE)
        .get(5 + 590, 1, "", HERE)
        .get(5 + 590 + 620, 1, "", HERE)
        .facts(5 + 590 + 621, 1, HERE, 200, 99)
        .answer();
    let session = answer.session("a.lab", 1);
    assert_eq!(session["redundant_consumer_gets"], 2);
    assert_eq!(session["fact_update_ms"], Value::Null);
    assert_eq!((answer.background("keyed_requests"), answer.background("consumers")), (2, 1));
}

#[test]
fn the_first_fact_update_that_succeeds_counts() {
    let answer = Log::new()
        .create(0, "a.lab", 1, HERE, 1000)
        .facts(3, 1, HERE, 503, 5000)
        .facts(20, 1, HERE, 200, 640)
        .facts(30, 1, HERE, 200, 120)
        .answer();
    let session = answer.session("a.lab", 1);
    assert_eq!((&session["fact_update_ms"], &session["create_and_facts_ms"]), (&json!(640), &json!(1640)));
    assert_eq!(session["success"], true);
}

#[test]
fn a_good_create_whose_host_registration_fails_is_a_failed_registration() {
    let answer = Log::new()
        .create(0, "a.lab", 1, HERE, 1000)
        .facts(2, 1, HERE, 200, 300)
        .register(5, 1, None, HERE, 500, 2000)
        .create(10, "b.lab", 2, HERE, 1100)
        .register(15, 2, None, HERE, 201, 800)
        .answer();
    let session = answer.session("a.lab", 1);
    assert_eq!((&session["success"], &session["error_class"]), (&json!(false), &json!("server-error")));
    assert_eq!((&session["consumer_create_ms"], &session["host_register_ms"]), (&json!(1000), &Value::Null));
    assert_eq!(answer.group("all")["consumer_create_ms"]["count"], 2);
    assert_eq!(answer.group("all")["host_register_ms"]["count"], 1);
    // averages of calls are over successful sessions
    assert_eq!(answer.group("all")["compliance_calls"]["count"], 1);
}

#[test]
fn a_host_registration_that_succeeds_on_its_second_try_counts() {
    let answer = Log::new()
        .create(0, "a.lab", 1, HERE, 1000)
        .register(5, 1, None, HERE, 502, 2000)
        .register(15, 1, None, HERE, 201, 800)
        .answer();
    let session = answer.session("a.lab", 1);
    assert_eq!((&session["success"], &session["host_register_ms"]), (&json!(true), &json!(800)));
}

#[test]
fn a_failed_create_of_another_machine_with_the_same_name_ends_nothing() {
    let answer = Log::new()
        .create(0, "localhost.localdomain", 1, HERE, 1000)
        .failed(2, "localhost.localdomain", "10.7.3.6", 422, 100)
        .facts(4, 1, HERE, 200, 300)
        .register(6, 1, None, HERE, 201, 800)
        .answer();
    let session = answer.session("localhost.localdomain", 1);
    assert_eq!((&session["fact_update_ms"], &session["host_register_ms"]), (&json!(300), &json!(800)));
}

#[test]
fn one_request_with_a_time_far_ahead_ends_no_registration() {
    let before = Log::new().create(0, "a.lab", 1, HERE, 1000).text();
    let slipped = Log::new().failed(7200, "clock.lab", "10.7.3.6", 422, 100).text();
    let after = Log::new().facts(4, 1, HERE, 200, 300).register(6, 1, None, HERE, 201, 800).text();
    let answer = Log::new().answer_to("", &[before + &slipped + &after]);
    let session = answer.session("a.lab", 1);
    assert_eq!((&session["fact_update_ms"], &session["host_register_ms"]), (&json!(300), &json!(800)));
}

#[test]
fn status_calls_are_an_attempt_s_own_only_where_no_other_attempt_is_near() {
    let status = |log: Log, second| log.request(second, "GET /rhsm/status", HERE, &[], Some((200, 9)));
    let near = status(Log::new(), 0).failed(3, "a.lab", HERE, 503, 800);
    let near = status(near, 30).create(35, "a.lab", 1, HERE, 2000).facts(39, 1, HERE, 200, 300);
    let answer = status(near, 40).answer();
    for attempt in [1, 2] {
        let session = answer.session("a.lab", attempt);
        assert_eq!(session["status_calls"], Value::Null, "{attempt}");
        assert_eq!(session["evidence"]["status_calls"], "missing", "{attempt}");
    }
    let group = &answer.group("satellite-ssh")["status_calls"];
    assert_eq!((group["avg"].as_f64(), &group["evidence"]), (Some(2.0), &json!("exact")));
    // a call can come 10 minutes behind the one and before the other
    for (gap, told) in [(1190, json!(null)), (1210, json!(1))] {
        let far = status(Log::new().create(0, "a.lab", 1, HERE, 1000), 1);
        let far = status(far.create(1 + gap, "a.lab", 2, HERE, 1000), 2 + gap);
        let answer = far.answer();
        for attempt in [1, 2] {
            assert_eq!(answer.session("a.lab", attempt)["status_calls"], told, "{gap} s, {attempt}");
        }
    }
}
