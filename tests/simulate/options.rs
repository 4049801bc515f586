//! What options do, and how bad ones are refused.

use super::{Storm, count, files};
use std::collections::BTreeSet;
use std::fs;

#[test]
fn a_warm_cache_keeps_all_but_the_misses_from_the_satellite() {
    let storm = Storm::new("--sessions 300 --rate 20 --warm-cache --mix lb-ssh=1 --noise 0");
    let sessions = storm.sessions();
    assert_eq!(sessions.iter().filter(|s| !s["script_fetch_ms"].is_null()).count(), 1);
    let capsules = storm.truth()["capsules"].as_array().unwrap().clone();
    let sum = |key: &str| capsules.iter().map(|c| count(&c[key])).sum::<u64>();
    assert_eq!((sum("script_requests"), sum("script_cache_hits")), (300, 299));
    let pool: Vec<_> = capsules.iter().filter(|c| c["group"] == "lb-ssh").collect();
    assert_eq!(pool.iter().map(|c| count(&c["script_fetch_ms"]["count"])).sum::<u64>(), 300);
    assert!(pool.iter().all(|c| count(&c["script_fetch_ms"]["p50"]) < 10), "hits are quick");
}

#[test]
fn options_shape_the_storm() {
    let storm = Storm::new("--sessions 80 --rate 40 --no-audit --no-host-register --noise 0 --failures 0.3");
    let log = storm.text();
    assert!(!log.contains("|aud|") && !log.contains("POST \"/register"));
    assert!(storm.sessions().iter().all(|s| s["host_register_ms"].is_null()));
    let noisy = storm.truth()["background"].clone();
    assert_eq!((count(&noisy["status_calls"]), count(&noisy["other_requests"])), (0, 0));
    let storm = Storm::new("--sessions 100 --rate 10 --utc-offset +01:00 --utc-offset-after +02:00");
    let log = storm.text();
    assert!(log.contains(" +0100\n") && log.contains(" +0200\n"));
}

#[test]
fn hosts_come_in_batches() {
    let storm = Storm::new("--sessions 200 --rate 2 --batch 50 --noise 0 --failures 0");
    let starts: Vec<i64> = storm
        .sessions()
        .iter()
        .map(|s| s["started_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second())
        .collect();
    let first = "2026-04-04T10:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second();
    let mut batches = [0; 4];
    for start in &starts {
        batches[usize::try_from((start - first) / 25).unwrap()] += 1;
        assert!((start - first) % 25 < 18, "a create waits for a few requests: {start}");
    }
    assert_eq!(batches, [50; 4]);
    assert_eq!(storm.truth()["options"]["batch"], "50");
}

#[test]
fn slow_phases_are_as_slow_as_the_truth_says() {
    let storm = Storm::new("--sessions 1200 --rate 20 --slow-phases 3 --noise 0 --failures 0 --seed 5");
    let truth = storm.truth();
    let phases = truth["slow_phases"].as_array().unwrap();
    assert_eq!(phases.len(), 3);
    let times: Vec<f64> = phases.iter().map(|p| p["times_as_long"].as_f64().unwrap()).collect();
    let spread =
        times.iter().copied().fold(f64::MIN, f64::max) / times.iter().copied().fold(f64::MAX, f64::min);
    assert!(spread > 1.2, "{times:?}");
    let sessions = storm.sessions();
    for (i, phase) in phases.iter().enumerate() {
        let from = phase["started_at"].as_str().unwrap();
        let until = phases.get(i + 1).map_or("3", |next| next["started_at"].as_str().unwrap());
        let within = |s: &&serde_json::Value| (from..until).contains(&s["started_at"].as_str().unwrap());
        let mut ms: Vec<u64> =
            sessions.iter().filter(within).map(|s| s["consumer_create_ms"].as_u64().unwrap()).collect();
        ms.sort_unstable();
        let median = ms[ms.len() / 2] as f64;
        assert!((median / (2500.0 * times[i]) - 1.0).abs() < 0.2, "{median} in {phase}");
    }
}

#[test]
fn releases_have_the_shares_that_were_asked_for() {
    let storm = Storm::new("--sessions 200 --rate 40 --releases 8=1,10=3 --noise 0 --failures 0");
    let sessions = storm.sessions();
    let of = |release: &str| sessions.iter().filter(|s| s["client_os"] == release).count();
    assert_eq!(of("rhel-8") + of("rhel-10"), 200);
    assert!((120..180).contains(&of("rhel-10")), "{}", of("rhel-10"));
    assert!(sessions.iter().all(|s| (count(&s["compliance_calls"]) == 0) == (s["client_os"] == "rhel-10")));
}

#[test]
fn noise_is_in_the_proportion_that_was_asked_for() {
    for noise in [0.5, 2.0] {
        let storm = Storm::new(&format!("--sessions 1500 --rate 40 --noise {noise} --failures 0.1"));
        let requests = storm.text().matches("] Started ").count() as f64;
        let storms_own = count(&storm.truth()["requests"]) as f64;
        let ratio = requests / storms_own - 1.0;
        assert!((ratio / noise - 1.0).abs() < 0.15, "{ratio} for {noise}");
    }
}

#[test]
fn what_cannot_be_followed_is_refused_by_name_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("storm");
    for (options, said) in [
        ("--sessions 0", "--sessions"),
        ("--rate 0", "--rate"),
        ("--rate=-1", "--rate"),
        ("--rate nan", "--rate"),
        ("--rate 1e-9", "--rate"),
        ("--failures 1.5", "--failures"),
        ("--reregistrations nan", "--reregistrations"),
        ("--noise=-1", "--noise"),
        ("--clock-skew inf", "--clock-skew"),
        ("--mix nobody=1", "satellite-ssh"),
        ("--releases 7=1", "8, 9, 10"),
        ("--batch 50 --archive 8", "cannot be used with"),
        ("--slow-phases 1001", "1000"),
        ("--pool 0", "--pool"),
        ("--pool 5000", "--pool"),
        ("--rotate 0", "--rotate"),
        ("--start 1", "--start"),
    ] {
        let mut command = assert_cmd::Command::cargo_bin("reginfra").unwrap();
        let result = command.arg("simulate").arg(&dir).args(options.split(' ')).assert().code(2);
        let told = String::from_utf8_lossy(&result.get_output().stderr).into_owned();
        assert!(told.contains(said), "{options}: {told}");
        assert!(!dir.exists(), "{options}");
    }
}

#[test]
fn a_folder_that_holds_something_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine"), "kept").unwrap();
    let mut command = assert_cmd::Command::cargo_bin("reginfra").unwrap();
    let result = command.arg("simulate").arg(folder.path()).assert().code(2);
    assert!(String::from_utf8_lossy(&result.get_output().stderr).contains("is not empty"));
    assert_eq!(files(folder.path()).len(), 1);
    let mut command = assert_cmd::Command::cargo_bin("reginfra").unwrap();
    let result = command.arg("simulate").arg(folder.path().join("mine")).assert().code(2);
    assert!(String::from_utf8_lossy(&result.get_output().stderr).contains("is not a folder"));
}

#[test]
fn an_empty_folder_is_filled() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = assert_cmd::Command::cargo_bin("reginfra").unwrap();
    command.arg("simulate").arg(folder.path()).args(["--sessions", "5"]).assert().success();
    let names: BTreeSet<_> =
        fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    assert_eq!(names, ["capsules", "inventory.ini", "production.log", "truth.json", "truth_sessions.jsonl"]);
}
