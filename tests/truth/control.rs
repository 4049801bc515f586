//! The control: hosts know nothing of each other, so moving each host's requests in time, all of them by as much,
//! must leave every keyed figure as it was. What pairs requests by their nearness in time fails here.

use crate::support::{Answer, Run, Storm, by_attempt};
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use std::collections::HashMap;

/// A line with what continues it.
struct Record {
    request: usize,
    at: jiff::civil::DateTime,
    text: String,
}

/// The consumer that a request names.
fn uuid_of(text: &str) -> Option<&str> {
    let path = text.split('"').nth(1)?;
    match path.split(['/', '?']).find(|part| part.len() == 36) {
        Some(uuid) => Some(uuid),
        None if text.starts_with("Started POST \"/register\"") => {
            text.split("\"uuid\"=>\"").nth(1)?.split('"').next()
        }
        None => None,
    }
}

/// Every request's record and the host that it belongs to, where a key tells.
fn records(log: &str) -> (Vec<Record>, Vec<Option<String>>) {
    let mut records: Vec<Record> = Vec::new();
    let mut texts: Vec<String> = Vec::new();
    let mut by_id: HashMap<String, usize> = HashMap::new();
    for line in log.split_inclusive('\n') {
        let at = line.get(..19).and_then(|t| t.parse::<jiff::civil::DateTime>().ok());
        let Some(at) = at else {
            records.last_mut().unwrap().text.push_str(line);
            continue;
        };
        let (id, message) = (line[27..35].to_owned(), &line[37..]);
        if message.starts_with("Started ") {
            by_id.insert(id.clone(), texts.len());
            texts.push(String::new());
        }
        let request = by_id[&id];
        texts[request].push_str(message);
        records.push(Record { request, at, text: line.to_owned() });
    }
    let mut host_of: HashMap<String, String> = HashMap::new();
    let name = |text: &str| Some(text.split("\"name\"=>\"").nth(1)?.split('"').next()?.to_owned());
    let is_create =
        |text: &str| text.starts_with("Started POST \"/rhsm/") && text.contains("\"contentTags\"");
    for text in texts.iter().filter(|text| is_create(text)) {
        let Some(host) = name(text) else { continue };
        for line in text.lines().filter(|line| line.contains(" event on uuid ")) {
            for uuid in line.rsplit(" uuid ").next().unwrap().split(", ").filter(|u| u.len() == 36) {
                host_of.insert(uuid.to_owned(), host.clone());
            }
        }
    }
    // without audit lines a fact import names both
    for text in texts.iter().filter(|text| text.starts_with("Started PUT \"/rhsm/consumers/")) {
        let Some(host) = text.split("Import facts for '").nth(1).and_then(|t| t.split('\'').next()) else {
            continue;
        };
        host_of.entry(uuid_of(text).unwrap().to_owned()).or_insert_with(|| host.to_owned());
    }
    let uuid_in = |text: &str| {
        let uuid = uuid_of(text)?;
        // a consumer that does not register is a host of its own
        Some(host_of.get(uuid).cloned().unwrap_or_else(|| uuid.to_owned()))
    };
    let hosts = texts.iter().map(|text| if is_create(text) { name(text) } else { uuid_in(text) }).collect();
    (records, hosts)
}

fn shuffled(log: &str, seed: u64) -> String {
    let (mut records, hosts) = records(log);
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let mut shifts: HashMap<String, i64> = HashMap::new();
    for record in &mut records {
        let Some(host) = &hosts[record.request] else { continue };
        let shift = *shifts.entry(host.clone()).or_insert_with(|| random.random_range(-90..=90));
        let moved = record.at + jiff::SignedDuration::from_secs(shift);
        let written = |t: jiff::civil::DateTime| t.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let inner = |t: jiff::civil::DateTime| format!(" at {} ", t.strftime("%Y-%m-%d %H:%M:%S"));
        record.text = record
            .text
            .replace(&written(record.at), &written(moved))
            .replace(&inner(record.at), &inner(moved));
        record.at = moved;
    }
    records.sort_by_key(|record| record.at);
    records.into_iter().map(|record| record.text).collect()
}

fn keyed(session: &Value) -> Value {
    let mut session = session.clone();
    let map = session.as_object_mut().unwrap();
    for key in ["started_at", "script_fetch_ms", "status_calls", "evidence"] {
        map.remove(key);
    }
    session
}

#[test]
fn hosts_moved_in_time_against_each_other_keep_every_keyed_figure() {
    for (options, seed) in [
        ("--sessions 500 --rate 8 --seed 501", 1),
        ("--sessions 500 --rate 200 --seed 502 --failures 0.2 --reregistrations 0.3", 2),
        ("--sessions 500 --rate 40 --seed 503 --addresses client", 3),
        ("--sessions 500 --rate 40 --seed 504 --no-audit", 4),
    ] {
        // a host's registration and its next one are moved together, so none comes closer to the other
        let storm = Storm::new(options);
        let log = String::from_utf8(storm.bytes()).unwrap();
        let moved = shuffled(&log, seed);
        assert_eq!(moved.len(), log.len());
        assert_ne!(moved, log);
        let path = storm.dir.join("moved.log");
        std::fs::write(&path, moved).unwrap();
        let before = storm.satellite("");
        let after = Answer::by(Run::new("metrics -i").arg(storm.inventory()), [path]);
        assert_eq!(before.sessions.len(), after.sessions.len());
        let was = by_attempt(&before.sessions);
        let mut moved = 0;
        for (key, session) in by_attempt(&after.sessions) {
            assert_eq!(keyed(session), keyed(was[&key]), "{options}: {key:?}");
            moved += u32::from(session["started_at"] != was[&key]["started_at"]);
        }
        assert!(moved > 450);
        for (a, b) in
            before.json["groups"].as_array().unwrap().iter().zip(after.json["groups"].as_array().unwrap())
        {
            for metric in [
                "group",
                "session_count",
                "error_breakdown",
                "consumer_create_ms",
                "host_register_ms",
                "fact_update_ms",
                "create_and_facts_ms",
                "compliance_calls",
                "redundant_consumer_gets",
                "script_fetch_ms",
            ] {
                assert_eq!(a[metric], b[metric], "{options}: {metric}");
            }
        }
    }
}
