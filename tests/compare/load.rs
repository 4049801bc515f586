//! Another load and another mix of clients: what is told of them, and what is weighed.

use super::support::Run;
use super::{keep, row, verdict};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Storms with these options, kept side by side.
fn storms<const N: usize>(folder: &Path, common: &str, own: [&str; N]) -> [PathBuf; N] {
    let dirs: [PathBuf; N] = std::array::from_fn(|i| folder.join(i.to_string()));
    std::thread::scope(|scope| {
        for (dir, own) in dirs.iter().zip(own) {
            scope.spawn(move || keep(&format!("{common} --cache-lines no {own}"), dir));
        }
    });
    dirs
}

fn compare(before: &Path, after: &Path, words: &str) -> Run {
    Run::new("compare").words(words).arg(before).arg(after)
}

fn json(before: &Path, after: &Path) -> Value {
    compare(before, after, "--format json").go().code(0).json()
}

#[test]
fn another_mix_of_releases_is_weighed_and_a_release_of_one_side_alone_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let [before, after, other, older] = storms(
        folder.path(),
        "--sessions 600 --rate 40 --mix satellite-ssh=1,lb-ssh=1",
        [
            "--seed 31",
            "--seed 32 --releases 8=1,9=1,10=2 --scale consumer_create_ms=1.4",
            "--seed 33 --releases 10=1",
            "--seed 34 --releases 9=1",
        ],
    );
    let answer = json(&before, &after);
    // hosts of EL 10 ask for no compliance
    let calls = row(&answer, "all", "compliance_calls");
    let at = |side: &str| calls[side]["value"].as_f64().unwrap();
    assert!(at("before") - at("after") > 1.5, "{calls}");
    assert_eq!(calls["verdict"], "no-change-seen", "{calls}");
    assert_eq!(verdict(&answer, "consumer_create_ms"), "regressed");
    assert_eq!(verdict(&answer, "fact_update_ms"), "no-change-seen");
    let told = compare(&before, &after, "--fail-on timing").go().code(1);
    let of_all = told.stdout.split("All: ").nth(1).unwrap();
    let line = |name: &str| of_all.lines().find(|l| l.trim_start().starts_with(name)).unwrap();
    assert!(line("consumer create").ends_with("REGRESSED"), "{}", told.stdout);
    assert!(line("compliance calls").ends_with("no change seen"), "{}", told.stdout);
    compare(&before, &after, "--fail-on error-rate").go().code(0);
    assert_eq!(answer["notes"], serde_json::json!([]));
    // what both sides have is judged, and the rest is named
    let answer = json(&before, &other);
    for metric in ["consumer_create_ms", "compliance_calls", "error_rate"] {
        assert_eq!(verdict(&answer, metric), "no-change-seen", "{metric}");
    }
    assert_eq!(row(&answer, "lb-ssh", "consumer_create_ms")["verdict"], "no-change-seen");
    let note = answer["notes"][0].as_str().unwrap();
    let (judged, left_out) = note.split_once("left out: ").unwrap();
    assert!(
        judged.contains("verdicts on all registrations are of lb-ssh rhel-10, satellite-ssh rhel-10,"),
        "{note}"
    );
    for part in ["lb-ssh rhel-8 (", "lb-ssh rhel-9 (", "satellite-ssh rhel-8 (", "satellite-ssh rhel-9 ("] {
        assert!(left_out.contains(part), "{note}");
    }
    assert!(left_out.matches(" before, 0 after)").count() == 4 && !left_out.contains("rhel-10"), "{note}");
    let told = compare(&before, &other, "--fail-on timing").env("COLUMNS", "200").go().code(0);
    assert!(told.stdout.contains("Note: another mix of groups or client releases"), "{}", told.stdout);
    // averages of a group cannot be split
    let fetches = row(&answer, "all", "script_fetches");
    assert!(fetches["reason"].as_str().unwrap().contains("another mix"), "{fetches}");
    let answer = json(&older, &other);
    for group in ["all", "lb-ssh"] {
        let create = row(&answer, group, "consumer_create_ms");
        let reason = create["reason"].as_str().unwrap();
        assert!(reason.contains("another mix of groups or client releases"), "{create}");
    }
    assert_eq!(answer["notes"], serde_json::json!([]));
    let told = compare(&older, &other, "--fail-on timing").go().code(3);
    assert!(told.stdout.contains("another mix"), "{}", told.stdout);
}

#[test]
fn batches_of_another_size_are_another_load_and_slower_ones_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let [small, slower, large, even] = storms(
        folder.path(),
        "--sessions 800 --rate 2 --noise 0",
        ["--seed 41 --batch 50", "--seed 42 --batch 50 --scale all=2", "--seed 43 --batch 200", "--seed 44"],
    );
    let answer = json(&small, &large);
    let reason = answer["reason"].as_str().unwrap();
    for words in ["another load", "batches of about 50 hosts", "batches of about 200 hosts"] {
        assert!(reason.contains(words), "{reason}");
    }
    compare(&small, &large, "--fail-on regression").go().code(3);
    let answer = json(&small, &slower);
    assert_eq!(answer["notes"], serde_json::json!([]));
    assert_eq!(verdict(&answer, "consumer_create_ms"), "regressed");
    let answer = json(&even, &large);
    let note = answer["notes"][0].as_str().unwrap();
    let words = "the side after came in batches of about 200, and no run of the side before shows any";
    assert!(note.contains(words), "{note}");
    assert!(answer["reason"].is_null(), "{answer}");
    let sides = |before: [&PathBuf; 2], after: &[&PathBuf]| {
        let run = Run::new("compare --format json --before").args(before).arg("--after");
        run.args(after).go().code(0).json()
    };
    let answer = sides([&large, &small], &[&small]);
    let reason = answer["reason"].as_str().unwrap();
    let words = "batches of about 200 hosts on one side, batches of about 50 hosts on the other";
    assert!(reason.contains(words), "{reason}");
    let note = answer["notes"][0].as_str().unwrap();
    let words = "the side before came in batches of about 50 and 200, those of the side after in batches of about 50;";
    assert!(note.contains(words), "{note}");
    let answer = sides([&large, &small], &[&small, &large]);
    assert!(answer["reason"].is_null(), "{answer}");
    assert!(!answer["notes"].to_string().contains("batches"), "{}", answer["notes"]);
    // one of two runs shows no batches: that side is named
    let answer = sides([&small, &even], &[&small]);
    let note = answer["notes"][0].as_str().unwrap();
    assert!(note.contains("and none are seen in 1 of 2 runs of the side before"), "{note}");
    assert!(answer["reason"].is_null(), "{answer}");
}
