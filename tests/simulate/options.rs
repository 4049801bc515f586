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
