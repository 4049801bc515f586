//! What cannot be reported: the words, the exit code, and that nothing is written.

use super::kept;
use super::support::Run;
use std::fs;

#[test]
fn nothing_to_report_is_misuse() {
    Run::new("report").go().code(2).told("--log").says_nothing_on_stdout();
    Run::new("report --log x y").arg("--before").go().code(2).says_nothing_on_stdout();
}

#[test]
fn a_run_that_is_not_there_is_named_and_no_page_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("report.html");
    Run::new("report none.log -o").arg(&page).go().code(2).told("none.log: no such file or folder");
    Run::new("report -o")
        .arg(&page)
        .arg(kept("after"))
        .arg("--before")
        .arg("none.log")
        .go()
        .code(2)
        .told("none.log");
    assert!(!page.exists());
}

#[test]
fn a_log_without_registrations_gives_no_page() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("report.html");
    fs::write(&page, "of yesterday").unwrap();
    let log = folder.path().join("production.log");
    fs::write(
        &log,
        "2026-04-04T10:00:00 [I|app|00000001] Started GET \"/\" for ::1 at 2026-04-04 10:00:00 +0000\n",
    )
    .unwrap();
    Run::new("report -o").arg(&page).arg("--log").arg(&log).go().code(3).told("nothing to analyse");
    Run::new("report -o")
        .arg(&page)
        .arg(kept("after"))
        .arg("--before")
        .arg(&log)
        .go()
        .code(3)
        .told("no registration");
    assert_eq!(fs::read_to_string(&page).unwrap(), "of yesterday");
}

#[test]
fn a_kept_run_is_whole() {
    Run::new("report --since 0").arg(kept("after")).go().code(2).told("choose from a log");
    let folder = tempfile::tempdir().unwrap();
    for name in ["metrics.json", "sessions.jsonl", "labels.json"] {
        fs::copy(kept("after").join(name), folder.path().join(name)).unwrap();
    }
    // an earlier version kept no requests
    let done = Run::new("report").arg(folder.path()).go().code(0);
    assert!(done.stdout.contains("kept without requests.jsonl"));
    assert!(done.stdout.contains("kept without traces.jsonl") && !done.stdout.contains("waterfall-1"));
    let done = Run::new("report --format markdown").arg(folder.path()).go().code(0);
    assert!(done.stdout.contains("kept without traces.jsonl"), "{}", done.stdout);
    fs::write(folder.path().join("traces.jsonl"), "{\"host\": 1}\n").unwrap();
    let done = Run::new("report").arg(folder.path()).go().code(2);
    done.told("traces.jsonl:1: is no line of a traces file").says_nothing_on_stdout();
    // what a later version adds is passed over
    let text = fs::read_to_string(kept("after").join("traces.jsonl")).unwrap();
    let newer = text
        .replace("\"consumer-creation\"", "\"divination\"")
        .replace("{\"request\"", "{\"mood\":[],\"request\"");
    fs::write(folder.path().join("traces.jsonl"), newer).unwrap();
    let done = Run::new("report").arg(folder.path()).go().code(0);
    assert!(done.stdout.contains(">divination</td>"));
    fs::write(folder.path().join("sessions.jsonl"), "{\"host\": 1}\n").unwrap();
    Run::new("report").arg(folder.path()).go().code(2).told("sessions.jsonl:1").says_nothing_on_stdout();
    fs::write(folder.path().join("metrics.json"), "{\"schema_version\": 7}").unwrap();
    Run::new("report").arg(folder.path()).go().code(2).told("schema_version is 7").says_nothing_on_stdout();
}

#[test]
fn what_a_kept_run_cannot_use_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let targets = place.path().join("targets.yaml");
    fs::write(&targets, "[]\n").unwrap();
    let run = || Run::new("report").arg(kept("after"));
    run().arg("--targets").arg(&targets).go().code(2).says_nothing_on_stdout();
    run().arg("-i").arg(place.path().join("hosts.ini")).go().code(2).told("kept with its groups");
}

#[test]
fn a_satellite_that_is_missing_is_told_again() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["sessions.jsonl", "labels.json", "requests.jsonl"] {
        fs::copy(kept("after").join(name), folder.path().join(name)).unwrap();
    }
    let whole = fs::read_to_string(kept("after").join("metrics.json")).unwrap();
    let mut answer: serde_json::Value = serde_json::from_str(&whole).unwrap();
    answer["hosts"] = serde_json::json!([{ "name": "sat2", "role": "satellite", "status": "failed" }]);
    fs::write(folder.path().join("metrics.json"), answer.to_string()).unwrap();
    let done = Run::new("report").arg(folder.path()).go().code(1).told("missing from the answer: sat2");
    assert!(done.stdout.contains("</html>"));
}

#[test]
fn a_damaged_answer_is_refused_and_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(kept("after").join("sessions.jsonl"), folder.path().join("sessions.jsonl")).unwrap();
    let whole = fs::read_to_string(kept("after").join("metrics.json")).unwrap();
    let mut answer: serde_json::Value = serde_json::from_str(&whole).unwrap();
    for key in ["groups", "coverage", "capsules", "window"] {
        let good = answer[key].take();
        answer[key] = 3.into();
        fs::write(folder.path().join("metrics.json"), answer.to_string()).unwrap();
        Run::new("report").arg(folder.path()).go().code(2).told("metrics.json");
        answer[key] = good;
    }
    answer["capsules"][0]["script_cache"]["step_seconds"] = i64::MIN.into();
    answer["capsules"][0]["script_cache"]["steps"][0]["start"] = "9999-01-01T00:00:00Z".into();
    answer["groups"][0]["consumer_create_ms"] = "fast".into();
    fs::write(folder.path().join("metrics.json"), answer.to_string()).unwrap();
    Run::new("report").arg(folder.path()).go().code(0);
}
