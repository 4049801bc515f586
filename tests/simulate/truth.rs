//! The truth adds up, and is what the log says.

use super::shapes::{PREFIX, after};
use super::{Storm, count};
use serde_json::Value;
use std::collections::HashMap;
use std::fs;

#[test]
fn the_truth_of_the_groups_is_that_of_their_sessions() {
    let storm = Storm::new("--sessions 400 --rate 40 --failures 0.3 --warm-cache");
    let (truth, sessions) = (storm.truth(), storm.sessions());
    let groups = truth["groups"].as_object().unwrap();
    assert_eq!(sessions.len(), 400);
    assert_eq!(count(&truth["sessions"]), 400);
    let sum: u64 = groups.iter().filter(|(name, _)| *name != "all").map(|(_, g)| count(&g["sessions"])).sum();
    assert_eq!(sum, 400);
    for (name, group) in groups {
        let mine: Vec<_> = sessions.iter().filter(|s| name == "all" || s["group"] == name.as_str()).collect();
        assert_eq!(count(&group["sessions"]), mine.len() as u64);
        let failed = mine.iter().filter(|s| s["success"] == false).count() as u64;
        assert_eq!(count(&group["errors"]), failed);
        let classes: u64 = group["error_breakdown"].as_object().unwrap().values().map(count).sum();
        assert_eq!(classes, failed);
        for (metric, of_successes) in [
            ("consumer_create_ms", false),
            ("script_fetch_ms", false),
            ("host_register_ms", false),
            ("fact_update_ms", false),
            ("create_and_facts_ms", false),
            ("compliance_calls", true),
            ("status_calls", true),
            ("redundant_consumer_gets", true),
        ] {
            let counted = mine.iter().filter(|s| !of_successes || s["success"] == true);
            let mut values: Vec<u64> = counted.filter_map(|s| s[metric].as_u64()).collect();
            values.sort_unstable();
            let figures = &group[metric];
            assert_eq!(count(&figures["count"]), values.len() as u64, "{name} {metric}");
            for (key, p) in [("p50", 50), ("p90", 90), ("p95", 95), ("p99", 99)] {
                let rank = (values.len() * p).div_ceil(100).max(1);
                assert_eq!(figures[key].as_u64(), values.get(rank - 1).copied(), "{name} {metric} {key}");
            }
            assert_eq!(figures["min"].as_u64(), values.first().copied());
            assert_eq!(figures["max"].as_u64(), values.last().copied());
            if let Some(avg) = figures["avg"].as_f64() {
                assert!((avg - values.iter().sum::<u64>() as f64 / values.len() as f64).abs() < 1e-6);
            }
        }
    }
}

#[test]
fn sessions_are_sorted_and_attempts_of_a_host_follow_one_another() {
    let storm = Storm::new("--sessions 400 --rate 10 --failures 0.5");
    let sessions = storm.sessions();
    let text = |s: &Value, key: &str| s[key].as_str().unwrap_or_default().to_owned();
    let keys: Vec<_> =
        sessions.iter().map(|s| (text(s, "started_at"), text(s, "consumer_uuid"), text(s, "host"))).collect();
    assert!(keys.is_sorted());
    let mut attempts: HashMap<String, u64> = HashMap::new();
    let mut failed: HashMap<String, bool> = HashMap::new();
    for session in &sessions {
        let host = text(session, "host");
        let before = attempts.entry(host.clone()).or_default();
        *before += 1;
        assert_eq!(count(&session["attempt"]), *before, "{host}");
        assert!(
            failed.insert(host, session["success"] == false) != Some(false),
            "a host that succeeded tries again"
        );
    }
    assert!(attempts.values().any(|n| *n > 2));
    let first = fs::read_to_string(storm.dir.join("truth_sessions.jsonl")).unwrap();
    let order = "consumer_uuid host group capsule attempt client_os started_at consumer_create_status \
                 consumer_create_ms script_fetch_ms host_register_ms fact_update_ms create_and_facts_ms \
                 compliance_calls status_calls redundant_consumer_gets success error_class";
    let mut from = 0;
    let line = first.lines().next().unwrap();
    for key in order.split_whitespace() {
        from += line[from..].find(&format!("\"{key}\":")).unwrap_or_else(|| panic!("{key} in {line}"));
    }
}

/// A request as a plain reader finds it: by the id of its lines, a new Started beginning a new one.
#[derive(Default)]
struct Found {
    call: String,
    at: String,
    status: Option<u64>,
    ms: Option<u64>,
    text: String,
}

fn requests(log: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut by_id: HashMap<&str, usize> = HashMap::new();
    for line in log.lines() {
        let Some(message) = after(PREFIX, line) else { continue };
        let id = &line[27..35];
        if let Some(rest) = message.strip_prefix("Started ") {
            let call = rest.split(" for ").next().unwrap().replace('"', "");
            by_id.insert(id, found.len());
            found.push(Found { call, at: line[..19].to_owned(), ..Found::default() });
            continue;
        }
        let request = &mut found[by_id[id]];
        if let Some(rest) = message.strip_prefix("Completed ") {
            let ms = rest.split(" in ").nth(1).and_then(|t| t.split("ms").next()).unwrap();
            (request.status, request.ms) = (rest[..3].parse().ok(), ms.parse().ok());
        }
        request.text += message;
        request.text.push('\n');
    }
    found
}

#[test]
fn the_truth_of_the_sessions_is_what_the_log_says() {
    let storm =
        Storm::new("--sessions 300 --rate 60 --failures 0.2 --reregistrations 0.3 --utc-offset Z --rotate 3");
    let found = requests(&storm.text());
    let creates: HashMap<(String, String), &Found> = found
        .iter()
        .filter(|r| r.call.starts_with("POST /rhsm/") && r.text.contains("\"contentTags\""))
        .map(|r| {
            let host = r.text.split("\"name\"=>\"").nth(1).unwrap().split('"').next().unwrap();
            ((host.to_owned(), format!("{}Z", r.at)), r)
        })
        .collect();
    assert_eq!(creates.len(), 300);
    let status_calls = found.iter().filter(|r| r.call == "GET /rhsm/status").count() as u64;
    let scripts = found.iter().filter(|r| r.call.starts_with("GET /register?")).count();
    let sessions = storm.sessions();
    for session in &sessions {
        let key = |key: &str| session[key].as_str().unwrap_or_default().to_owned();
        let create = creates[&(key("host"), key("started_at"))];
        assert_eq!(session["consumer_create_status"].as_u64(), create.status);
        assert_eq!(session["consumer_create_ms"].as_u64(), create.ms.filter(|_| create.status < Some(400)));
        assert!(create.text.contains(&format!("\"{}-x86_64\"", key("client_os"))));
        let Some(uuid) = session["consumer_uuid"].as_str() else { continue };
        assert!(
            create.text.contains(&format!("event on uuid {uuid}"))
                || create.text.contains(&format!(", {uuid}"))
        );
        let consumer = format!("/rhsm/consumers/{uuid}");
        let epoch = |at: &str| {
            let time: jiff::Timestamp = format!("{at}Z").parse().unwrap();
            time.as_second()
        };
        let mut last = epoch(&create.at);
        let (mut compliance, mut gets, mut facts, mut registers) = (0, 0, None, None);
        for request in found
            .iter()
            .filter(|r| r.call.contains(uuid) || r.call == "POST /register" && r.text.contains(uuid))
        {
            if epoch(&request.at) - last > 600 {
                break;
            }
            last = epoch(&request.at);
            let ok = request.ms.filter(|_| request.status == Some(200));
            match request.call.as_str() {
                "POST /register" => registers = ok,
                call if call == format!("GET {consumer}/compliance") => compliance += 1,
                call if call == format!("GET {consumer}") => gets += 1,
                call if call == format!("PUT {consumer}") => facts = facts.or(ok),
                _ => {}
            }
        }
        assert_eq!(count(&session["compliance_calls"]), compliance, "{session}");
        assert_eq!(count(&session["redundant_consumer_gets"]), gets, "{session}");
        assert_eq!(session["fact_update_ms"].as_u64(), facts, "{session}");
        assert_eq!(session["host_register_ms"].as_u64(), registers, "{session}");
    }
    let truth = storm.truth();
    let told: u64 = sessions.iter().map(|s| count(&s["status_calls"])).sum();
    assert_eq!(told + count(&truth["background"]["status_calls"]), status_calls);
    assert_eq!(sessions.iter().filter(|s| !s["script_fetch_ms"].is_null()).count(), scripts);
    assert!(count(&truth["background"]["later_check_ins"]) > 100);
    assert_eq!(count(&truth["log"]["lines"]), storm.text().lines().count() as u64);
    assert_eq!(count(&truth["log"]["bytes"]), storm.text().len() as u64);
}
