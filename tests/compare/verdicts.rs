//! What storms of known truth are told to be.

use super::report::signed;
use super::support::{Run, Storm};
use super::{compared, kept, row, rows, verdict};
use serde_json::Value;
use std::fs;
use std::path::Path;

fn schema() -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/compare.schema.json");
    jsonschema::validator_for(&serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()).unwrap()
}

#[track_caller]
fn fits(value: &Value) {
    let errors: Vec<String> =
        schema().iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn storms_of_the_same_settings_have_not_changed() {
    let names = ["same-1", "same-2", "same-3", "same-4"];
    let mut alarms = Vec::new();
    for (i, before) in names.iter().enumerate() {
        for after in &names[i + 1..] {
            let answer = compared(before, after, "");
            assert_eq!(verdict(&answer, "consumer_create_ms"), "no-change-seen", "{before} {after}");
            let wrong = |r: &&Value| matches!(r["verdict"].as_str(), Some("regressed" | "improved"));
            alarms.extend(rows(&answer).filter(wrong).map(|r| format!("{before} {after} {r}")));
        }
    }
    assert!(alarms.len() <= 1, "{alarms:#?}");
}

#[test]
fn a_slower_create_regressed_and_names_what_it_speaks_of() {
    let answer = compared("same-1", "slower", "");
    fits(&answer);
    let create = row(&answer, "all", "consumer_create_ms");
    assert_eq!(create["verdict"], "regressed");
    assert!(create["change"].as_str().unwrap().contains("katello#11701"), "{create}");
    let (low, high) = (&create["ratio"]["interval"][0], &create["ratio"]["interval"][1]);
    assert!(low.as_f64().unwrap() < 1.4 && high.as_f64().unwrap() > 1.4, "{create}");
    assert_eq!(verdict(&answer, "create_and_facts_ms"), "regressed");
    // nothing else changed, in no group
    let slower = ["consumer_create_ms", "create_and_facts_ms", "creates_under_way"];
    let told = |r: &&Value| matches!(r["verdict"].as_str(), Some("regressed" | "improved" | "moved"));
    let wrong: Vec<&Value> =
        rows(&answer).filter(told).filter(|r| !slower.contains(&r["metric"].as_str().unwrap())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    // the sides swapped
    let answer = compared("slower", "same-1", "");
    assert_eq!(verdict(&answer, "consumer_create_ms"), "improved");
    assert_eq!(row(&answer, "lb-ssh", "consumer_create_ms")["verdict"], "improved");
}

#[test]
fn a_faster_satellite_improved_every_timing() {
    let answer = compared("same-1", "faster", "");
    for metric in ["consumer_create_ms", "fact_update_ms", "host_register_ms", "create_and_facts_ms"] {
        assert_eq!(verdict(&answer, metric), "improved", "{metric}");
    }
    assert_eq!(verdict(&answer, "error_rate"), "no-change-seen");
    assert_eq!(verdict(&answer, "compliance_calls"), "no-change-seen");
}

#[test]
fn work_that_went_to_the_fact_update_has_moved() {
    let answer = compared("same-1", "moved", "");
    fits(&answer);
    for metric in ["consumer_create_ms", "fact_update_ms"] {
        let row = row(&answer, "all", metric);
        assert_eq!(row["verdict"], "moved", "{row}");
        assert!(row["reason"].as_str().unwrap().contains("no gain by itself"), "{row}");
    }
    assert_ne!(verdict(&answer, "create_and_facts_ms"), "improved");
}

#[test]
fn more_failures_are_an_outcome_and_suppress_nothing() {
    let answer = compared("same-1", "failing", "");
    assert_eq!(verdict(&answer, "error_rate"), "regressed");
    assert_eq!(verdict(&answer, "consumer_create_ms"), "no-change-seen");
    let sides = || Run::new("compare").arg(kept("same-1")).arg(kept("failing"));
    sides().words("--fail-on error-rate").go().code(1);
    sides().words("--fail-on timing").go().code(0);
    sides().words("--fail-on calls").go().code(0);
}

#[test]
fn calls_and_throughput_fail_where_they_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let [quick, slow] = ["40", "15"].map(|rate| {
        let dir = folder.path().join(rate);
        super::keep(&format!("--sessions 1000 --cache-lines no --seed 1 --rate {rate}"), &dir);
        dir
    });
    let sides = || Run::new("compare").arg(&quick).arg(&slow);
    sides().words("--fail-on throughput").go().code(1);
    sides().words("--fail-on calls").go().code(0);
    // fetches come back where the cache is gone
    let sides = || Run::new("compare").arg(kept("warm")).arg(kept("same-1"));
    sides().words("--fail-on calls").go().code(1);
    Run::new("compare --fail-on throughput").arg(&slow).arg(&quick).go().code(0);
}

#[test]
fn a_warm_cache_takes_fetches_away_and_is_no_regression() {
    let answer = compared("same-1", "warm", "");
    fits(&answer);
    for metric in ["capsule_script_fetch_ms", "script_fetches", "script_cache_hit_rate"] {
        assert_eq!(verdict(&answer, metric), "improved", "{metric}");
    }
    let thinned = row(&answer, "lb-ssh", "script_fetch_ms");
    assert_eq!(thinned["verdict"], "not-comparable", "{thinned}");
    assert!(thinned["reason"].as_str().unwrap().contains("a script cache answered the rest"), "{thinned}");
    // hosts that come straight have no cache before them
    assert_eq!(row(&answer, "satellite-ssh", "script_fetch_ms")["verdict"], "no-change-seen");
    // what a cache hides stands in other rows, so that CI gets its answer
    let run = Run::new("compare --fail-on regression").arg(kept("same-1")).arg(kept("warm"));
    run.go().code(0);
}

#[test]
fn a_regression_fails_and_a_threshold_allows_it() {
    let sides = || Run::new("compare --fail-on regression").arg(kept("same-1")).arg(kept("slower"));
    let done = sides().go().code(1);
    assert!(done.stdout.contains("REGRESSED") && done.stdout.contains("speaks of"), "{}", done.stdout);
    sides().words("--threshold 100%").go().code(0);
    sides().words("--threshold consumer_create_ms=100%").go().code(1);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("thresholds.yaml");
    fs::write(&file, "all: 5%\nconsumer_create_ms: 100%\ncreate_and_facts_ms: 100%\n").unwrap();
    sides().words("--thresholds").arg(&file).go().code(0);
    sides().words("--threshold create_and_facts_ms=0% --thresholds").arg(&file).go().code(1);
    let unchanged = Run::new("compare --fail-on regression").arg(kept("same-1")).arg(kept("same-1"));
    unchanged.go().code(0);
}

#[test]
fn several_runs_a_side_are_taken_together() {
    let run = Run::new("compare --format json --before").arg(kept("same-1")).arg(kept("same-2"));
    let answer = run.arg("--after").arg(kept("same-3")).arg(kept("slower")).go().code(0).json();
    fits(&answer);
    assert_eq!(answer["before"].as_array().unwrap().len(), 2);
    // the runs after differ more from each other than the sides do
    assert_eq!(verdict(&answer, "consumer_create_ms"), "no-change-seen");
    let create = row(&answer, "all", "consumer_create_ms");
    assert!(create["before"]["count"].as_u64().unwrap() > 900, "{create}");
}

#[test]
fn logs_kept_runs_and_metrics_compare_say_the_same() {
    let storms =
        ["21", "22"].map(|seed| Storm::new(&format!("--sessions 150 --rate 40 --sos gz --seed {seed}")));
    let folder = tempfile::tempdir().unwrap();
    for (storm, name) in storms.iter().zip(["a", "b"]) {
        let run =
            Run::new("metrics --quiet --log").arg(&storm.dir).arg("--save").arg(folder.path().join(name));
        run.go().code(0);
    }
    let run = |words: &str| Run::new(words).current_dir(folder.path());
    let of_kept = run("compare a b --format json").go().code(0).json();
    let of_logs = run("compare --format json").arg(&storms[0].dir).arg(&storms[1].dir).go().code(0).json();
    assert_eq!(of_kept["groups"], of_logs["groups"]);
    let mixed = run("compare --format json a").arg(&storms[1].dir).go().code(0).json();
    assert_eq!(of_kept["groups"], mixed["groups"]);
    let mut of_reports = run("compare --format json");
    for storm in &storms {
        of_reports = of_reports.arg(storm.dir.join("sos"));
    }
    assert_eq!(of_kept["groups"], of_reports.go().code(0).json()["groups"]);
    let of_metrics = run("metrics --json --compare a b").go().code(0);
    assert_eq!(of_kept, of_metrics.json());
    let text = run("metrics --compare a b").go().code(0);
    assert_eq!(text.stdout, run("compare a b").go().code(0).stdout);
    run("metrics --compare a b --log x").go().code(2).told("cannot be used with");
}

#[test]
fn a_workflow_gets_annotations_and_an_issue_a_table() {
    let run = |format: &str| Run::new("compare --format").arg(format).arg(kept("same-1")).arg(kept("slower"));
    let done = run("github").go().code(0);
    let errors: Vec<&str> = done.stdout.lines().filter(|l| l.starts_with("::error ")).collect();
    assert!(errors.iter().any(|l| l.contains("All, consumer create: REGRESSED +")), "{}", done.stdout);
    assert!(done.stdout.lines().all(|l| l.starts_with("::")), "{}", done.stdout);
    assert!(!done.stdout.contains("% "), "a % must be escaped: {}", done.stdout);
    let done = run("markdown").go().code(0);
    assert!(done.stdout.contains("\n### All\n"), "{}", done.stdout);
    assert!(done.stdout.contains("| REGRESSED (foreman#10942 + katello#11701) |"), "{}", done.stdout);
}

#[test]
fn tables_show_how_many_values_there_are_and_the_change_as_a_difference() {
    let answer = compared("same-1", "slower", "");
    let create = row(&answer, "all", "consumer_create_ms");
    let rate = row(&answer, "all", "error_rate");
    let number = |row: &Value, pointer: &str| row.pointer(pointer).unwrap().as_f64().unwrap();
    let ms = signed(number(create, "/difference/value"), 0, " ms");
    let ratio = signed(100.0 * (number(create, "/ratio/value") - 1.0), 1, " %");
    let n = create["before"]["count"].to_string();
    let points = signed(100.0 * number(rate, "/difference/value"), 1, " pt");
    let run = |format: &str, columns: &str| {
        let run = Run::new("compare --format").arg(format).env("COLUMNS", columns);
        run.arg(kept("same-1")).arg(kept("slower")).go().code(0).stdout
    };
    for columns in ["80", "200"] {
        let text = run("text", columns);
        let all: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("All: ")).collect();
        let at = all.iter().position(|line| line.trim_start().starts_with("consumer create")).unwrap();
        assert!(all[at].contains(&ratio) && all[at].contains("REGRESSED"), "{text}");
        assert!(all[at + 1].contains(&ms) && all[at + 1].trim_start().starts_with(&n), "{text}");
        let at = all.iter().position(|line| line.trim_start().starts_with("failed attempts")).unwrap();
        assert!(all[at + 1].contains(&points), "{text}");
    }
    let markdown = run("markdown", "80");
    let all = markdown.split("### All").nth(1).unwrap();
    let line = all.lines().find(|line| line.starts_with("| consumer create |")).unwrap();
    for cell in [&ms, &ratio, &n] {
        assert!(line.split('|').any(|found| found.trim() == cell), "{cell}: {line}");
    }
}

#[test]
fn every_line_fits_the_terminal() {
    for (before, after, columns) in [
        ("same-1", "slower", "80"),
        ("same-1", "warm", "80"),
        // a cache that was switched off: a hundred times as many fetches
        ("warm", "same-1", "80"),
        ("same-1", "moved", "100"),
        ("same-1", "slower", "200"),
    ] {
        let run = Run::new("compare").env("COLUMNS", columns).arg(kept(before)).arg(kept(after));
        let done = run.go().code(0);
        let width: usize = columns.parse().unwrap();
        let long: Vec<&str> = done.stdout.lines().filter(|l| l.chars().count() > width).collect();
        assert!(long.is_empty(), "{long:#?}");
        assert_eq!(done.stdout.contains("P95 before"), width >= 110);
    }
}

#[test]
fn the_schema_refuses_what_is_wrong() {
    let answer = compared("same-1", "same-2", "");
    fits(&answer);
    for key in ["schema_version", "before", "groups", "thresholds", "percentile"] {
        let mut json = answer.clone();
        json.as_object_mut().unwrap().remove(key);
        assert!(!schema().is_valid(&json), "{key} may be missing");
    }
    for (key, bad) in [("verdict", "better"), ("metric", "speed"), ("evidence", "guessed")] {
        let mut json = answer.clone();
        json["groups"][0]["metrics"][0][key] = bad.into();
        assert!(!schema().is_valid(&json), "{key} may be {bad}");
    }
}
