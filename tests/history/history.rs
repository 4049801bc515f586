//! `history`: what is told of series of known course.

use super::Nights;
use super::support::{Done, Run, Storm};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const STEP: &str = "consumer_create_ms:p50:all:20260311T020000Z";

fn stepped() -> Nights {
    Nights::new().and(10, 2500.0).and(8, 3100.0)
}

// in the folder of the runs, so that no name depends on where the test runs
fn go(words: &str, nights: &Nights) -> Done {
    Run::new("history .").words(words).current_dir(nights.path()).go()
}

fn json_of(words: &str, nights: &Nights) -> Value {
    go(&format!("--format json {words}"), nights).code(0).json()
}

fn series<'a>(answer: &'a Value, group: &str, metric: &str) -> &'a Value {
    let all = answer["series"].as_array().unwrap();
    all.iter().find(|s| s["group"] == group && s["metric"] == metric).unwrap_or_else(|| panic!("{answer}"))
}

#[track_caller]
fn fits(value: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/history.schema.json");
    let schema = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let schema = jsonschema::draft202012::new(&schema).unwrap();
    let errors: Vec<String> =
        schema.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

fn acknowledged(nights: &Nights, id: &str) -> String {
    // no run lies in a file
    let path = nights.path().join("known.yaml");
    fs::write(&path, format!("- id: {id}\n  reason: new hardware\n")).unwrap();
    format!("--ack {}", path.display())
}

#[test]
fn a_step_is_told_with_its_run_labels_and_id() {
    let nights = stepped();
    let answer = json_of("--group all --group lb-ssh", &nights);
    fits(&answer);
    for group in ["all", "lb-ssh"] {
        let create = series(&answer, group, "consumer_create_ms");
        let change = &create["changes"][0];
        assert_eq!((&change["verdict"], &change["run"]), (&json!("regressed"), &json!(10)), "{create}");
        assert_eq!(create["changes"].as_array().unwrap().len(), 1);
        assert!(change["confidence"].as_f64().unwrap() > 0.99, "{change}");
    }
    assert_eq!(series(&answer, "all", "consumer_create_ms")["changes"][0]["id"], STEP);
    assert_eq!(series(&answer, "all", "status_calls")["evidence"], "inferred");
    assert_eq!(answer["runs"][10]["labels"]["commit"], "c10");
    // what no run has is no series
    assert!(!answer.to_string().contains("fact_update_ms"));
    assert_eq!(json_of("", &nights), json_of("", &nights));
}

#[test]
fn what_people_read() {
    let nights = stepped();
    insta::assert_snapshot!("the_history_of_a_step", go("", &nights).code(0).stdout);
    let blocks = Run::new("history . --metric consumer_create_ms --stat p50 --stat p95")
        .env("LC_ALL", "C.UTF-8")
        .env("COLUMNS", "200")
        .current_dir(nights.path());
    insta::assert_snapshot!("wide_and_with_blocks", blocks.go().code(0).stdout);
    insta::assert_snapshot!("too_short", go("", &Nights::new().and(5, 2500.0)).code(0).stdout);
}

#[test]
fn an_acknowledged_change_is_not_told_again_however_many_runs_come_later() {
    for later in [0, 1, 5, 9] {
        let nights = stepped().and(later, 3100.0);
        let ack = acknowledged(&nights, STEP);
        let done = go(&format!("{ack} --fail-on change"), &nights).code(0).says_nothing_on_stderr();
        assert!(!done.stdout.contains("REGRESSED") && done.stdout.contains("1 known"), "{done:#?}");
        let answer = json_of(&ack, &nights);
        fits(&answer);
        let change = &series(&answer, "all", "consumer_create_ms")["changes"][0];
        assert_eq!(change["acknowledged"], "new hardware");
    }
    let nights = stepped();
    let ack = acknowledged(&nights, "consumer_create_ms:p95:all:20260311T020000Z");
    go(&format!("{ack} --fail-on change"), &nights).code(1).told("is no change of this history");
    assert_eq!(json_of(&ack, &nights)["unknown_acknowledgements"].as_array().unwrap().len(), 1);
}

#[test]
fn exit_codes_are_those_of_the_design() {
    let nights = stepped();
    go("", &nights).code(0);
    go("--fail-on change", &nights).code(1);
    go("--fail-on regression", &nights).code(1);
    go("--fail-on regression --metric status_calls", &nights).code(0);
    let faster = Nights::new().and(10, 2500.0).and(8, 2000.0);
    go("--fail-on regression", &faster).code(0);
    let done = go("--fail-on change", &faster).code(1);
    assert!(done.stdout.contains("improved -20"), "{done:#?}");
    let short = Nights::new().and(5, 2500.0);
    go("", &short).code(0);
    go("--fail-on change", &short).code(3).told("too short");
    go("--fail-on change --metric fact_update_ms", &nights).code(3).told("no run has a figure");
}

#[test]
fn runs_stand_in_the_order_of_their_time() {
    let nights = stepped();
    // a name tells nothing, a label does
    nights.keep("a-late-one", 25, 3100.0, &json!({}));
    nights.keep("zz-early", 28, 2500.0, &json!({ "time": "2026-02-01T00:00:00Z" }));
    let answer = json_of("", &nights);
    let names: Vec<&str> =
        answer["runs"].as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap()).collect();
    assert_eq!((names[0], *names.last().unwrap()), ("./zz-early", "./a-late-one"));
    nights.keep("zz-early", 28, 2500.0, &json!({ "time": "yesterday" }));
    go("", &nights).code(0).told("zz-early/labels.json: label time: 'yesterday' is no time");
}

#[test]
fn runs_of_several_loads_are_no_series() {
    let nights = stepped();
    nights.keep("twice", 25, 5000.0, &json!({ "level": 80 }));
    // what has no label may be of any load
    let refused = go("", &nights).code(3).says_nothing_on_stdout();
    for words in [
        "no label level (18 runs), level=80 (1 run)",
        "choose with --where level=80",
        "level in the labels.json of each",
    ] {
        assert!(refused.stderr.contains(words), "{refused:#?}");
    }
    nights.keep("once", 26, 2500.0, &json!({ "level": "40" }));
    let refused = go("", &nights).code(3).says_nothing_on_stdout();
    assert!(refused.stderr.contains("choose with --where level=40"), "{refused:#?}");
    let answer = json_of("--where level=80", &nights);
    assert_eq!(answer["runs"].as_array().unwrap().len(), 1);
    go("--where level=7", &nights).code(3).told("no run has the label level=7");
}

#[test]
fn a_label_that_only_some_have_counts_for_less_than_the_level_that_all_have() {
    let nights = Nights::new();
    for night in 0..12 {
        let labels = if night < 6 { json!({ "level": 40 }) } else { json!({ "level": 40, "batch": 10 }) };
        nights.keep(&format!("night-{night:02}"), night, 2500.0, &labels);
    }
    go("", &nights).code(0).says_nothing_on_stderr();
    nights.keep("night-03", 3, 2500.0, &json!({ "level": 40, "batch": 20 }));
    go("", &nights).code(3).told("batch=10 (6 runs), batch=20 (1 run)");
}

#[test]
fn other_numbers_of_registrations_are_told_where_no_label_says_what_was_asked_for() {
    let nights = stepped();
    nights.edit("night-04", |answer| answer["groups"][1]["session_count"] = 900.into());
    go("", &nights).code(0).told("the runs have 300 to 900 registrations, and no label tells");
}

// 18 nights, the last 8 of them with other figures of all registrations
fn changed(figures: &[(&str, [f64; 2])], evidence: [&str; 2]) -> Nights {
    let nights = Nights::new().and(18, 2500.0);
    for night in 0..18 {
        let after = usize::from(night >= 10);
        nights.edit(&format!("night-{night:02}"), |answer| {
            for (metric, values) in figures {
                let value = values[after] * (1.0 + [0.0, 0.002, -0.002, 0.001][night * 5 % 4]);
                answer["groups"][1][*metric] =
                    json!({ "count": 294, "avg": value, "p50": value, "evidence": evidence[after] });
            }
        });
    }
    nights
}

#[test]
fn work_that_moved_to_the_facts_is_no_regression() {
    let figures = [
        ("consumer_create_ms", [2500.0, 1800.0]),
        ("fact_update_ms", [450.0, 1150.0]),
        ("create_and_facts_ms", [2950.0, 2950.0]),
    ];
    let nights = changed(&figures, ["exact"; 2]);
    for words in ["", "--metric fact_update_ms"] {
        let answer = json_of(words, &nights);
        fits(&answer);
        let change = &series(&answer, "all", "fact_update_ms")["changes"][0];
        assert_eq!(change["verdict"], "moved", "{change}");
        assert!(change["reason"].as_str().unwrap().ends_with("create + facts: no change seen"), "{change}");
        go(&format!("{words} --fail-on regression"), &nights).code(0);
        go(&format!("{words} --fail-on change"), &nights).code(1);
    }
    insta::assert_snapshot!("moved_work", go("", &nights).code(0).stdout);
}

#[test]
fn what_only_the_evidence_may_have_changed_has_no_verdict() {
    let nights = changed(&[("host_register_ms", [900.0, 1200.0])], ["exact", "inferred"]);
    let answer = json_of("", &nights);
    fits(&answer);
    let host = series(&answer, "all", "host_register_ms");
    let change = &host["changes"][0];
    assert_eq!(
        (&host["evidence"], &change["verdict"]),
        (&json!("mixed"), &json!("not-comparable")),
        "{host}"
    );
    assert_eq!(
        (&host["points"][9]["evidence"], &host["points"][10]["evidence"]),
        (&json!("exact"), &json!("inferred"))
    );
    let done = go("--fail-on regression", &nights).code(3).told("a change has no verdict");
    assert!(
        done.stdout.contains("no verdict +33")
            && done.stdout.contains("0 % of it is inferred before, 100 % after"),
        "{done:#?}"
    );
    let ack = acknowledged(&nights, change["id"].as_str().unwrap());
    go(&format!("{ack} --fail-on regression"), &nights).code(0);
}

#[test]
fn a_cache_that_writes_its_lines_improves_a_hit_rate_that_was_inferred() {
    let nights = changed(&[("script_cache_hit_rate", [0.02, 0.92])], ["inferred", "exact"]);
    let answer = json_of("", &nights);
    fits(&answer);
    let hits = series(&answer, "all", "script_cache_hit_rate");
    assert_eq!((&hits["changes"][0]["verdict"], &hits["evidence"]), (&json!("improved"), &json!("mixed")));
    go("--fail-on regression", &nights).code(0);
}

#[test]
fn what_a_warm_cache_left_of_the_scripts_is_no_regression() {
    let figures = [
        ("script_fetch_ms", [300.0, 700.0]),
        ("script_fetches", [1.03, 0.08]),
        ("script_cache_hit_rate", [0.0, 0.92]),
    ];
    let nights = changed(&figures, ["inferred"; 2]);
    let answer = json_of("", &nights);
    fits(&answer);
    let script = &series(&answer, "all", "script_fetch_ms")["changes"][0];
    assert_eq!(script["verdict"], "not-comparable");
    assert!(script["reason"].as_str().unwrap().contains("a script cache answered the rest"), "{script}");
    assert_eq!(series(&answer, "all", "script_fetches")["changes"][0]["verdict"], "improved");
    // the fetches and the hit rate stand for it
    go("--fail-on regression", &nights).code(0);
}

#[test]
fn more_failures_are_no_change_of_the_fetches() {
    // 300 attempts of one fetch each; the average that is kept is over those that succeeded
    let nights = Nights::new().and(18, 2500.0);
    for night in 0..18 {
        let failed: u32 = if night >= 10 { 75 } else { 6 } + [0, 1, 2, 0, 3][night % 5];
        nights.edit(&format!("night-{night:02}"), |answer| {
            let all = &mut answer["groups"][1];
            let successes = 300 - failed;
            all["error_count"] = failed.into();
            let average = (300_000.0 / f64::from(successes)).round() / 1000.0;
            all["script_fetches"] = json!({ "count": successes, "avg": average, "evidence": "exact" });
        });
    }
    let answer = json_of("--metric script_fetches --metric error_rate", &nights);
    let fetches = series(&answer, "all", "script_fetches");
    let points = fetches["points"].as_array().unwrap();
    assert!(points.len() == 18 && points.iter().all(|point| point["value"] == 1.0), "{fetches}");
    assert_eq!(fetches["changes"], json!([]));
    assert_eq!(series(&answer, "all", "error_rate")["changes"][0]["verdict"], "regressed");
    go("--metric script_fetches --fail-on change", &nights).code(0);
}

#[test]
fn counts_that_lack_lines_have_no_verdict_and_timings_do() {
    let figures = [("compliance_calls", [9.0, 6.0]), ("host_register_ms", [900.0, 1200.0])];
    let nights = changed(&figures, ["exact"; 2]);
    let change = |answer: &Value, metric: &str| series(answer, "all", metric)["changes"][0].clone();
    assert_eq!(change(&json_of("", &nights), "compliance_calls")["verdict"], "improved");
    go("--fail-on regression --metric compliance_calls", &nights).code(0);
    for night in 10..18 {
        nights.edit(&format!("night-{night}"), |answer| answer["coverage"]["lines_lost"] = 40.into());
    }
    let answer = json_of("", &nights);
    fits(&answer);
    let calls = change(&answer, "compliance_calls");
    assert_eq!(calls["verdict"], "not-comparable");
    assert!(calls["reason"].as_str().unwrap().starts_with("journald dropped 320 lines"), "{calls}");
    assert_eq!(change(&answer, "host_register_ms")["verdict"], "regressed");
    assert_eq!([9_usize, 10].map(|run| answer["runs"][run]["complete"].as_bool().unwrap()), [true, false]);
    go("--fail-on regression --metric compliance_calls", &nights)
        .code(3)
        .told("night-10: not complete: journald dropped 40 lines")
        .told("a change has no verdict");
}

#[test]
fn another_mix_of_clients_has_no_verdict() {
    let nights = changed(&[("compliance_calls", [9.0, 6.0])], ["exact"; 2]);
    let changes = |before: Value, after: Value| {
        for night in 0..18 {
            let releases = if night < 10 { &before } else { &after };
            nights.edit(&format!("night-{night:02}"), |answer| {
                answer["groups"][0]["client_os"] = releases.clone();
            });
        }
        let answer = json_of("", &nights);
        fits(&answer);
        series(&answer, "all", "compliance_calls")["changes"][0].clone()
    };
    let both = json!({ "rhel-8": 150, "rhel-9": 150 });
    assert_eq!(changes(both.clone(), json!({ "rhel-8": 140, "rhel-9": 160 }))["verdict"], "improved");
    go("--fail-on regression", &nights).code(0);
    let other = changes(both, json!({ "rhel-10": 300 }));
    assert_eq!(other["verdict"], "not-comparable");
    assert!(other["reason"].as_str().unwrap().starts_with("another mix"), "{other}");
    go("--fail-on regression", &nights).code(3).told("a change has no verdict");
}

#[test]
fn a_copied_run_is_no_further_evidence() {
    let nights = Nights::new().and(7, 2500.0);
    let slow = nights.keep("slow", 7, 3100.0, &json!({}));
    for copy in 1..=5 {
        let folder = nights.path().join(format!("slow-{copy}"));
        fs::create_dir(&folder).unwrap();
        fs::copy(slow.join("metrics.json"), folder.join("metrics.json")).unwrap();
    }
    let answer = go("--format json --fail-on change", &nights)
        .code(0)
        .told("warning: ./slow-1: is the same run as ./slow, which counts once")
        .told("warning: ./slow-5: ")
        .json();
    assert_eq!(answer["runs"].as_array().unwrap().len(), 8);
    // as many nights that were as slow are a change
    for night in 8..13 {
        nights.keep(&format!("night-{night:02}"), night, 3100.0, &json!({}));
    }
    go("--fail-on change", &nights).code(1);
    // one run, however often it lies there
    let export = Run::new("export slow slow-1 --format horreum").current_dir(nights.path());
    export.go().code(0).told("slow-1: is the same run as slow,");
}

#[test]
fn a_run_that_cannot_be_read_passes_no_gate() {
    let nights = Nights::new().and(18, 2500.0);
    go("--fail-on regression", &nights).code(0).says_nothing_on_stderr();
    let newest = nights.keep("night-18", 18, 9900.0, &json!({}));
    fs::write(newest.join("metrics.json"), "{").unwrap();
    let told = go("--fail-on regression", &nights).code(3).told("a run could not be read");
    assert!(told.stdout.contains("\nLeft out: 1 path that could not be read or holds nothing"), "{told:#?}");
    go("", &nights).code(0);
    // a night on which nobody registered
    let answer = json!({ "schema_version": 1, "window": { "start": "2026-03-19T02:00:00Z" }, "groups": [] });
    fs::write(newest.join("metrics.json"), answer.to_string()).unwrap();
    let told = go("--fail-on regression", &nights).code(3);
    told.told("warning: ./night-18: holds no registration").told("holds nothing, and may hide a change");
    // an older one hides nothing, nor does one of another load
    let later = nights.keep("night-19", 19, 2500.0, &json!({}));
    go("--fail-on regression", &nights).code(0).told("warning: ./night-18: holds no registration");
    fs::remove_dir_all(later).unwrap();
    fs::write(newest.join("labels.json"), "{\"part\": \"other\"}").unwrap();
    for night in 0..18 {
        let labels = nights.path().join(format!("night-{night:02}/labels.json"));
        fs::write(labels, "{\"part\": \"one\"}").unwrap();
    }
    go("--fail-on regression --where part=one", &nights).code(0).says_nothing_on_stderr();
    fs::write(newest.join("labels.json"), "{}").unwrap();
    // what is sure is told
    let slower = stepped();
    let newest = slower.keep("night-18", 18, 3100.0, &json!({}));
    fs::write(newest.join("metrics.json"), "{").unwrap();
    go("--fail-on regression", &slower).code(1);
}

#[test]
fn one_run_is_told_in_the_singular() {
    let nights = Nights::new().and(1, 2500.0);
    let done = go("", &nights).code(0);
    assert!(done.stdout.starts_with("History of 1 run, "), "{done:#?}");
}

#[test]
fn how_sure_a_change_is_counts_every_figure() {
    let nights = stepped();
    let all = &json_of("", &nights);
    let alone = &json_of("--metric consumer_create_ms", &nights);
    let of = |answer: &Value, key: &str| {
        series(answer, "all", "consumer_create_ms")["changes"][0][key].as_f64().unwrap()
    };
    assert_eq!(of(all, "probability_alone"), of(alone, "probability"));
    // four figures
    assert!((of(all, "probability") - 4.0 * of(alone, "probability")).abs() < 1e-9, "{all}");
    assert!((of(all, "confidence") - (1.0 - of(all, "probability"))).abs() < 1e-12);
}

#[test]
fn what_cannot_be_read_is_told_beside_what_can() {
    let nights = stepped();
    let broken = nights.keep("broken", 25, 2500.0, &json!({}));
    fs::write(broken.join("metrics.json"), "{").unwrap();
    let done = go("--format json", &nights).code(0).told("warning: ./broken/metrics.json:");
    let answer = done.json();
    fits(&answer);
    assert_eq!((&answer["complete"], answer["runs"].as_array().unwrap().len()), (&json!(false), 18));
    fs::write(broken.join("metrics.json"), "{\"schema_version\": 7}").unwrap();
    go("", &nights).code(0).told("schema_version is 7");
    let alone = Run::new("history").arg(&broken).go().code(2).says_nothing_on_stdout();
    assert!(alone.stderr.starts_with("error: "), "{alone:#?}");
    Run::new("history missing").go().code(2).told("missing: No such file");
    let empty = tempfile::tempdir().unwrap();
    Run::new("history").arg(empty.path()).go().code(3).told("holds no kept run");
    let of_groups = "{\"schema_version\": 1, \"groups\": [7, {}]}";
    let empty = "{\"schema_version\": 1, \"window\": {\"start\": \"2026-03-01T02:00:00Z\"}}";
    // nobody registered: there is nothing to look through
    for (text, code) in [("[]", 2), (of_groups, 2), ("{\"schema_version\": 1}", 2), (empty, 3)] {
        fs::write(broken.join("metrics.json"), text).unwrap();
        Run::new("history").arg(&broken).go().code(code);
    }
}

#[test]
fn misuse_is_told_with_the_way_out() {
    let nights = stepped();
    for (words, told) in [
        ("--metric speed", "consumer_create_ms"),
        ("--group others", "lb-ssh"),
        ("--stat p42", "p50"),
        ("--significance 5", "has no %"),
        ("--significance 50%", "from 0.1% to 20%"),
        ("--min-segment 1", "2..=1000"),
        ("--where level", "has no '='"),
        ("--ack missing.yaml", "missing.yaml"),
        ("--fail-on everything", "possible values"),
    ] {
        go(words, &nights).code(2).told(told).says_nothing_on_stdout();
    }
    Run::new("history").go().code(2);
}

#[test]
fn one_run_named_twice_counts_once_and_files_are_read_too() {
    let nights = stepped();
    let done =
        Run::new("history . ./night-03 night-04/metrics.json --format json").current_dir(nights.path());
    assert_eq!(done.go().code(0).json()["runs"].as_array().unwrap().len(), 18);
    fs::copy(nights.path().join("night-00/metrics.json"), nights.path().join("tonight.json")).unwrap();
    fs::write(nights.path().join("tonight.labels.json"), "{\"commit\": \"abc\"}").unwrap();
    let answer =
        Run::new("history tonight.json --format json").current_dir(nights.path()).go().code(0).json();
    assert_eq!(answer["runs"][0]["labels"]["commit"], "abc");
    assert_eq!(answer["series"][0]["runs_needed"], 8);
}

#[test]
fn a_run_that_metrics_kept_is_read() {
    let storm = Storm::new("--sessions 60 --rate 40 --seed 3");
    let place = tempfile::tempdir().unwrap();
    let kept = place.path().join("kept");
    let run = Run::new("metrics --quiet --label satellite=6.18 -i").arg(storm.inventory());
    run.arg("--log").arg(&storm.dir).arg("--save").arg(&kept).go().code(0);
    let answer = Run::new("history --format json").arg(&kept).go().code(0).json();
    fits(&answer);
    assert_eq!(answer["runs"][0]["labels"]["satellite"], "6.18");
    assert_eq!(answer["runs"][0]["registrations"], 60);
    assert!(answer["series"].as_array().unwrap().len() >= 10, "{answer}");
}
