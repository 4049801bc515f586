//! Where an answer is missing: time-outs, the end of the log, holes and seams.

use crate::log::{CAPSULES, Log, clock, named, utc, uuid};
use serde_json::{Value, json};

const HERE: &str = "10.7.3.1";
const CREATE: &str = "POST /rhsm/consumers?owner=Lab";

#[test]
fn no_answer_although_the_log_goes_on_is_a_time_out() {
    let answer = Log::new()
        .request(0, CREATE, HERE, &[named("a.lab")], None)
        .create(5, "b.lab", 2, "10.7.3.2", 900)
        .goes_on_until(1200)
        .answer();
    let session = answer.session("a.lab", 1);
    assert_eq!(session["error_class"], "timeout/no-response");
    assert_eq!((&session["consumer_create_status"], &session["success"]), (&Value::Null, &json!(false)));
    assert_eq!(answer.coverage("requests_unanswered"), 1);
    assert_eq!(answer.group("all")["cut_count"], 0);
}

#[test]
fn no_answer_because_the_log_ends_is_neither_success_nor_failure() {
    let answer = Log::new()
        .create(0, "b.lab", 2, "10.7.3.2", 900)
        .request(20, CREATE, HERE, &[named("a.lab")], None)
        .goes_on_until(25)
        .answer();
    assert_eq!(answer.sessions.len(), 1);
    let all = answer.group("all");
    assert_eq!(
        (&all["session_count"], &all["error_count"], &all["cut_count"]),
        (&json!(1), &json!(0), &json!(1))
    );
    assert_eq!(answer.coverage("requests_cut"), 1);
}

// POST /register, of which nobody saw an answer
fn registers(log: Log, second: i64, n: u32, url: &str, from: &str) -> Log {
    let says = format!("  Parameters: {{\"uuid\"=>\"{}\"{url}, \"build\"=>\"false\"}}", uuid(n));
    log.request(second, "POST /register", from, &[says], None)
}

#[test]
fn a_host_registration_without_an_answer_is_a_time_out_however_long_the_log_goes_on() {
    for until in [1200, 7200] {
        let log = Log::new().create(0, "a.lab", 1, HERE, 1000).facts(3, 1, HERE, 200, 300);
        let log = registers(log, 5, 1, "", HERE).create(10, "b.lab", 2, "10.7.3.2", 1100);
        let log = registers(log, 12, 2, "", "10.7.3.2").register(80, 2, None, "10.7.3.2", 201, 800);
        // their consumers are silent long before the end
        let status =
            |log: Log, n: i64| log.request(n * 300, "GET /rhsm/status", "10.7.3.4", &[], Some((200, 5)));
        let log = registers((1..=until / 300).fold(log, status), 900, 9, "", "10.7.3.9");
        let answer = log.answer();
        let session = answer.session("a.lab", 1);
        assert_eq!(
            (&session["success"], &session["error_class"]),
            (&json!(false), &json!("timeout/no-response"))
        );
        assert_eq!(
            (&session["consumer_create_ms"], &session["fact_update_ms"], &session["host_register_ms"]),
            (&json!(1000), &json!(300), &Value::Null)
        );
        assert_eq!(session["way_in"], "url");
        let again = answer.session("b.lab", 1);
        assert_eq!((&again["success"], &again["host_register_ms"]), (&json!(true), &json!(800)));
        assert_eq!((answer.coverage("requests_unanswered"), answer.background("host_registers")), (3, 1));
    }
}

#[test]
fn a_host_registration_that_the_end_of_the_log_cuts_off_leaves_it_to_the_create() {
    let log = Log::new().with(CAPSULES).create(0, "a.lab", 1, HERE, 1000);
    let log = registers(log, 20, 1, ", \"url\"=>\"https://cap1.lab:9090\"", "10.7.1.1").goes_on_until(25);
    let answer = log.answer();
    let session = answer.session("a.lab", 1);
    assert_eq!((&session["success"], &session["error_class"]), (&json!(true), &Value::Null));
    assert_eq!(session["host_register_ms"], Value::Null);
    // its Parameters tell the way all the same
    assert_eq!((&session["group"], &session["way_in"]), (&json!("capsule-ssh"), &json!("url")));
    assert_eq!((answer.coverage("requests_cut"), answer.background("host_registers")), (1, 0));
    assert_eq!(answer.group("all")["cut_count"], 0);
}

#[test]
fn what_a_consumer_sends_proves_its_create_whatever_became_of_the_answer() {
    let says = [
        named("a.lab"),
        format!("Katello::Host::SubscriptionFacet (33) create event on uuid {}", crate::log::uuid(1)),
    ];
    let answer = Log::new()
        .request(0, CREATE, HERE, &says, None)
        .facts(10, 1, HERE, 200, 321)
        .goes_on_until(1200)
        .answer();
    let session = answer.session("a.lab", 1);
    assert_eq!((&session["success"], &session["fact_update_ms"]), (&json!(true), &json!(321)));
    assert_eq!(
        (&session["consumer_create_status"], &session["consumer_create_ms"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn an_announced_consumer_that_checks_in_after_its_silence_adds_nothing_to_its_session() {
    let says = [
        named("a.lab"),
        format!("Katello::Host::SubscriptionFacet (33) create event on uuid {}", crate::log::uuid(1)),
    ];
    let answer = Log::new()
        .request(0, CREATE, HERE, &says, None)
        .get(3, 1, "", HERE)
        .facts(10, 1, HERE, 200, 321)
        .get(14400, 1, "", HERE)
        .get(14401, 1, "/compliance", HERE)
        .goes_on_until(16000)
        .answer();
    let session = answer.session("a.lab", 1);
    assert_eq!((&session["success"], &session["fact_update_ms"]), (&json!(true), &json!(321)));
    assert_eq!(
        (&session["redundant_consumer_gets"], &session["compliance_calls"]),
        (&json!(1), &json!(0)),
        "what it sends four hours later is background"
    );
    assert_eq!(answer.json["background"]["keyed_requests"], 2, "{}", answer.json["background"]);
}

// as Foreman names the host of a fact update where there are no audit lines
fn names(second: i64, n: u32, host: &str, ms: i64) -> impl Fn(Log) -> Log {
    let says = format!("Import facts for '{host}' completed. Added: 5, Updated: 0, Deleted 0 facts");
    let call = format!("PUT /rhsm/consumers/{}", crate::log::uuid(n));
    move |log| log.request(second, &call, HERE, std::slice::from_ref(&says), Some((200, ms)))
}

#[test]
fn a_create_whose_answer_a_seam_lost_is_found_by_its_host_where_no_audit_line_tells() {
    let first = |log: Log| log.request(0, CREATE, "10.7.3.2", &[named("b.lab")], Some((201, 900)));
    let lost = |log: Log| log.request(20, CREATE, HERE, &[named("a.lab")], None);
    let registers =
        |log: Log| names(25, 1, "a.lab", 321)(log.get(24, 1, "", HERE)).get(26, 1, "/compliance", HERE);
    let goes_on = |log: Log| log.goes_on_until(1500).goes_on_until(3000);
    let checks_in = |log: Log| names(9000, 1, "a.lab", 77)(log).get(9001, 1, "", HERE).goes_on_until(12000);
    let whole = checks_in(goes_on(registers(lost(first(Log::new())))));
    let text = whole.text();
    let seam = text
        .match_indices('\n')
        .map(|(at, _)| at + 1)
        .find(|at| text[*at..].contains("Started GET") && text[..*at].contains("a.lab"));
    let (before, after) = text.split_at(seam.unwrap());
    for files in [vec![text.clone()], vec![before.to_owned(), after.to_owned()]] {
        let answer = whole.answer_to("", &files);
        let session = answer.session("a.lab", 1);
        assert_eq!(session["consumer_uuid"], crate::log::uuid(1));
        assert_eq!((&session["success"], &session["fact_update_ms"]), (&json!(true), &json!(321)));
        assert_eq!(
            (&session["consumer_create_ms"], &session["consumer_create_status"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(
            (&session["redundant_consumer_gets"], &session["compliance_calls"]),
            (&json!(1), &json!(1))
        );
        assert_eq!(answer.group("all")["error_count"], 0);
    }
}

#[test]
fn an_open_create_takes_no_consumer_of_another_time_for_its_own() {
    let answer = names(500, 1, "a.lab", 55)(
        names(20, 9, "a.lab", 44)(Log::new().request(
            0,
            CREATE,
            "10.7.3.2",
            &[named("b.lab")],
            Some((201, 900)),
        ))
        .request(30, CREATE, HERE, &[named("a.lab")], Some((500, 470_000))),
    )
    .goes_on_until(1500)
    .goes_on_until(3000)
    .answer();
    let session = answer.session("a.lab", 1);
    assert_eq!((&session["error_class"], &session["consumer_uuid"]), (&json!("server-error"), &Value::Null));
    assert_eq!(session["fact_update_ms"], Value::Null);
}

#[test]
fn a_hole_between_files_hides_an_answer_and_is_no_time_out() {
    let before =
        Log::new().create(0, "b.lab", 2, "10.7.3.2", 900).request(20, CREATE, HERE, &[named("a.lab")], None);
    let other_ids = |log: Log| log.text().replace("[I|app|1000", "[I|app|2000");
    let after =
        Log::new().request(2000, "GET /rhsm/status", "10.7.3.4", &[], Some((200, 5))).goes_on_until(4000);
    let after = other_ids(after);
    let answer = before.answer_to("", &[before.text(), after.clone()]);
    assert_eq!(answer.group("all")["cut_count"], 1);
    assert_eq!(answer.sessions.len(), 1);
    // in one file the log went on, so it is a time-out
    let whole = before.answer_to("", &[before.text() + &after]);
    assert_eq!(whole.session("a.lab", 1)["error_class"], "timeout/no-response");
}

#[test]
fn a_request_that_begins_in_one_file_and_ends_in_the_next_is_one() {
    let log = Log::new().create(0, "a.lab", 1, HERE, 3000).facts(5, 1, HERE, 200, 2000).answer();
    let text = Log::new().create(0, "a.lab", 1, HERE, 3000).facts(5, 1, HERE, 200, 2000).text();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for cut in 1..lines.len() {
        let answer = Log::new().answer_to("", &[lines[..cut].concat(), lines[cut..].concat()]);
        assert_eq!(answer.text, log.text, "cut behind line {cut}");
        assert_eq!(answer.coverage("requests_matched"), 2);
    }
}

#[test]
fn a_block_that_stands_twice_counts_once() {
    let log = Log::new()
        .create(0, "a.lab", 1, HERE, 3000)
        .get(5, 1, "/compliance", HERE)
        .facts(6, 1, HERE, 200, 400)
        .goes_on_until(20);
    let once = log.answer();
    let text = log.text();
    let twice = log.answer_to("", &[format!("{text}{text}")]);
    assert_eq!(twice.text, once.text);
    assert_eq!(twice.json["groups"], once.json["groups"]);
    assert_eq!((twice.coverage("requests_doubled"), twice.coverage("requests_matched")), (4, 4));
    assert!(twice.coverage("lines_doubled") >= 8);
}

#[test]
fn a_second_completed_line_of_a_request_is_doubled_not_orphaned() {
    let log = Log::new().create(0, "a.lab", 1, HERE, 3000);
    let text = log.text();
    let completed = text.lines().last().unwrap();
    let answer = log.answer_to("", &[format!("{text}{completed}\n")]);
    assert_eq!(answer.session("a.lab", 1)["consumer_create_ms"], 3000);
    assert_eq!((answer.coverage("requests_doubled"), answer.coverage("requests_orphaned")), (1, 0));
}

#[test]
fn an_id_that_comes_again_begins_a_new_request() {
    let answer = Log::new()
        .request_with_id(0xabcd_0001, 0, CREATE, HERE, &[named("a.lab")], Some((201, 1000)))
        .request_with_id(0xabcd_0001, 40, CREATE, "10.7.3.2", &[named("b.lab")], Some((201, 2000)))
        .answer();
    assert_eq!(answer.session("a.lab", 1)["consumer_create_ms"], 1000);
    assert_eq!(answer.session("b.lab", 1)["consumer_create_ms"], 2000);
}

#[test]
fn an_id_that_comes_again_before_an_answer_leaves_the_earlier_request_unanswered() {
    let answer = Log::new()
        .request_with_id(0xabcd_0001, 0, CREATE, HERE, &[named("a.lab")], None)
        .request_with_id(0xabcd_0001, 40, CREATE, "10.7.3.2", &[named("b.lab")], Some((201, 2000)))
        .goes_on_until(900)
        .answer();
    assert_eq!(answer.session("a.lab", 1)["error_class"], "timeout/no-response");
    assert_eq!(answer.session("b.lab", 1)["consumer_create_ms"], 2000);
    assert_eq!(answer.coverage("requests_unanswered"), 1);
}

#[test]
fn a_log_that_begins_in_the_middle_of_a_line_is_read() {
    let log = Log::new().create(0, "a.lab", 1, HERE, 1000).facts(3, 1, HERE, 200, 300);
    let cut = "6-03-09T11:59:58 [I|app|0badcafe] Completed 200 OK in 12ms (Views: 0.1ms)\n".to_owned();
    let answer = log.answer_to("", &[cut + &log.text()]);
    assert_eq!(answer.text, log.answer().text);
    assert_eq!(answer.coverage("requests_orphaned"), 1);
}

#[test]
fn interleaved_requests_of_many_hosts_stay_apart() {
    let mut log = Log::new();
    for n in 1..=40 {
        let (host, from) = (format!("h{n}.lab"), format!("10.7.4.{n}"));
        log = log
            .create(0, &host, n, &from, 2000 + i64::from(n))
            .facts(3, n, &from, 200, 3000 + i64::from(n))
            .register(3, n, None, &from, 200, 4000 + i64::from(n));
    }
    let answer = log.answer();
    for n in 1..=40 {
        let session = answer.session(&format!("h{n}.lab"), 1);
        assert_eq!(session["consumer_create_ms"], 2000 + n);
        assert_eq!(session["fact_update_ms"], 3000 + n);
        assert_eq!(session["host_register_ms"], 4000 + n);
    }
}

#[test]
fn the_first_failures_of_each_class_come_with_what_the_log_says_of_them() {
    let says = |log: Log, second, id: u32, level: &str, text: &str| {
        log.line(second, &format!("{} [{level}|app|{id:08x}] {text}", clock(second)))
    };
    // seven creates are turned away: five are shown; one fails behind its create
    let mut log =
        (1..8).fold(Log::new(), |log, n| log.failed(i64::from(n), &format!("h{n}.lab"), HERE, 403, 20));
    log = log.request_with_id(0x51, 20, CREATE, HERE, &[named("e.lab")], Some((500, 9000)));
    for n in 0..5 {
        log = says(log, 21, 0x51, "E", &format!("RestClient::Exception {n}: \u{1b}[1m{}", "x".repeat(300)));
    }
    // another request's, and no error
    log = says(log, 21, 0x51, "W", "only a warning");
    log = says(log, 21, 0x52, "E", "somebody else");
    log = log.create(30, "f.lab", 9, "10.7.3.9", 900).register(40, 9, None, "10.7.3.9", 422, 70);
    let log = log.request(50, CREATE, HERE, &[named("never.lab")], None).goes_on_until(1200);
    let answer = log.answer();
    let found = answer.json["failure_samples"].as_array().unwrap();
    let of = |class: &str| found.iter().filter(|s| s["error_class"] == class).collect::<Vec<_>>();
    let first = of("auth-failure");
    assert_eq!(first.len(), 5);
    assert_eq!((&first[0]["host"], &first[0]["started_at"]), (&json!("h1.lab"), &json!(utc(1))));
    assert_eq!(first[0]["lines"], json!(["Completed 403 Whatever in 20ms (Views: 0.4ms)"]));
    let server = of("server-error")[0]["lines"].as_array().unwrap();
    assert_eq!(server.len(), 4, "{server:#?}");
    for (line, n) in server[..3].iter().zip(0..) {
        let line = line.as_str().unwrap();
        assert!(line.starts_with(&format!("RestClient::Exception {n}: x")), "{line}");
        assert_eq!(line.chars().count(), 240);
    }
    assert_eq!(server[3], "Completed 500 Whatever in 9000ms (Views: 0.4ms)");
    let register = &of("client-error")[0];
    assert_eq!(
        (&register["host"], &register["lines"][0]),
        (&json!("f.lab"), &json!("Completed 422 Whatever in 70ms (Views: 0.4ms)"))
    );
    assert_eq!(of("timeout/no-response")[0]["lines"], json!([]));
    assert_eq!(found.len(), 8);
    // wherever a file ends; a hole between files hides that somebody waited in vain
    let answered = |found: &Value| {
        let found = found.as_array().unwrap().iter();
        found.filter(|s| s["error_class"] != "timeout/no-response").cloned().collect::<Vec<_>>()
    };
    let text = log.text();
    for at in text.match_indices('\n').map(|(at, _)| at + 1) {
        let files = [text[..at].to_owned(), text[at..].to_owned()];
        let cut = log.answer_to("", &files);
        assert_eq!(answered(&cut.json["failure_samples"]), answered(&answer.json["failure_samples"]), "{at}");
    }
}

fn lines(answer: &crate::support::Answer, host: &str, at: usize) -> Value {
    let found = answer.json["failure_samples"].as_array().unwrap().iter().filter(|s| s["host"] == host);
    found.map(|s| s["lines"].clone()).nth(at).unwrap_or_default()
}

#[test]
fn a_failure_s_lines_are_of_the_request_that_made_it_fail() {
    let says = |log: Log, second, id: u32, level: &str, logger: &str, text: &str| {
        log.line(second, &format!("{} [{level}|{logger}|{id:08x}] {text}", clock(second)))
    };
    let completed = |status| format!("Completed {status} Whatever in 70ms (Views: 0.4ms)");
    // its create said something and was good; the registration behind it failed
    let created = [
        named("a.lab"),
        format!("Katello::Host::SubscriptionFacet (33) create event on uuid {}", crate::log::uuid(1)),
    ];
    let log = Log::new().request_with_id(0x61, 0, CREATE, HERE, &created, Some((201, 1900)));
    let log = says(log, 0, 0x61, "W", "app", "harmless").register(10, 1, None, HERE, 422, 70);
    // as Foreman logs an exception, in a place where files overlap; others' loggers are no words of the request
    let log = log.request_with_id(0x62, 20, CREATE, HERE, &[named("b.lab")], Some((500, 1070)));
    let log = says(log, 20, 0x62, "W", "app", "Action failed");
    let log = says(log, 20, 0x62, "W", "app", "Action failed");
    let log = says(log, 20, 0x62, "I", "app", "Backtrace for 'Action failed' error (X): why");
    let log = says(log, 20, 0x62, "E", "dyn", "another task");
    // one consumer registers twice, and fails twice
    let log = log.create(30, "c.lab", 3, "10.7.3.3", 900).register(32, 3, None, "10.7.3.3", 500, 70);
    let log = log.create(700, "c.lab", 3, "10.7.3.3", 900).register(702, 3, None, "10.7.3.3", 422, 70);
    let answer = log.goes_on_until(1500).answer();
    assert_eq!(lines(&answer, "a.lab", 0), json!([completed(422)]));
    let why = ["Action failed", "Backtrace for 'Action failed' error (X): why"];
    let why = json!([why[0], why[1], "Completed 500 Whatever in 1070ms (Views: 0.4ms)"]);
    assert_eq!(lines(&answer, "b.lab", 0), why);
    assert_eq!(lines(&answer, "c.lab", 0), json!([completed(500)]), "{:#}", answer.json["failure_samples"]);
    assert_eq!(lines(&answer, "c.lab", 1), json!([completed(422)]));
}

#[test]
fn failures_before_the_window_and_of_nobody_take_no_sample_s_place() {
    let many = (0..100).fold(Log::new(), |log, n| log.failed(n, &format!("early{n}.lab"), HERE, 500, 20));
    let many = (0..100).fold(many, |log, n| log.register(n, 1000 + n as u32, None, HERE, 422, 20));
    let log = many.failed(200, "late.lab", HERE, 500, 20).goes_on_until(300);
    let words = format!("--since {}", utc(150));
    let answer = log.answer_to(&words, &[log.text()]);
    assert_eq!(lines(&answer, "late.lab", 0), json!(["Completed 500 Whatever in 20ms (Views: 0.4ms)"]));
}

#[test]
fn failures_of_one_second_keep_their_own_lines() {
    let log = (0..40).fold(Log::new(), |log, n| {
        let host = format!("h{:02}.lab", 39 - n);
        log.failed(5, &host, HERE, if n % 2 == 0 { 500 } else { 403 }, i64::from(n))
    });
    let answer = log.goes_on_until(100).answer();
    for n in 0..10 {
        let (host, ms) = (format!("h{n:02}.lab"), 39 - n);
        let status = if ms % 2 == 0 { 500 } else { 403 };
        let line = format!("Completed {status} Whatever in {ms}ms (Views: 0.4ms)");
        assert_eq!(lines(&answer, &host, 0), json!([line]), "{host}");
    }
}
