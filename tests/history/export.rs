//! `export`: documents of the right form, and what the trackers' own programs say of them.

use super::Nights;
use super::support::{Run, skip};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn export(nights: &Nights, words: &str) -> Run {
    Run::new("export").words(words).current_dir(nights.path())
}

/// The folder with Otava and Python's prometheus_client; none where they are not to be asked.
fn trackers() -> Option<PathBuf> {
    let folder = std::env::var_os("REGINFRA_TRACKERS").map(PathBuf::from);
    if folder.is_none() {
        skip(
            "REGINFRA_TRACKERS names no Otava: exported documents were NOT given to the trackers' programs (make parity)",
        );
    }
    folder
}

// what it says on stdout
#[track_caller]
fn asked(command: &mut Command) -> String {
    let home = tempfile::tempdir().unwrap();
    let done = command.env_clear().env("HOME", home.path()).env("PATH", "/usr/bin:/bin").output().unwrap();
    let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(done.status.success(), "{}{}", words(&done.stdout), words(&done.stderr));
    words(&done.stdout)
}

fn nights() -> Nights {
    Nights::new().and(10, 2500.0).and(8, 3100.0)
}

/// As satperf's runs leave it: keys of others, numbers that no float holds, an order of its own.
const STATUS: &str = r#"{
    "zeta": 12345678901234567890.10,
    "name": "Register 60 hosts",
    "started": "2026-03-01T01:59:00+00:00",
    "ended": null,
    "owner": "jhutar",
    "result": "PASS",
    "results": {
        "rc": 0,
        "duration": 123.450,
        "items": {"b": [1, 2], "a": "\u00e9"}
    },
    "parameters": {},
    "measurements": {"satellite": {"cpu": 1e3}}
}"#;

#[test]
fn status_data_is_extended_in_place_and_nothing_else_changes() {
    let nights = nights();
    let path = nights.path().join("status.json");
    fs::write(&path, STATUS).unwrap();
    let go = |night: &str| {
        let run = export(&nights, "--format status-data --output status.json").arg(night);
        run.go().code(0).says_nothing_on_stdout().says_nothing_on_stderr();
        fs::read_to_string(&path).unwrap()
    };
    let text = go("night-03");
    insta::assert_snapshot!("status_data", text);
    for kept in [
        "12345678901234567890.10",
        "\"items\": {\"b\": [1, 2], \"a\": \"\\u00e9\"}",
        "{\"satellite\": {\"cpu\": 1e3}}",
    ] {
        assert!(text.contains(kept), "{kept}: {text}");
    }
    let whole: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(whole["results"]["reginfra"]["all"]["consumer_create_ms"]["p50"], 2515);
    assert_eq!(whole["results"]["duration"], 123.45);
    // again with another run: ours is replaced, the rest is what it was
    let other: Value = serde_json::from_str(&go("night-12")).unwrap();
    assert_eq!(other["results"]["reginfra"]["all"]["consumer_create_ms"]["p50"], 3095);
    assert_eq!(go("night-03"), text);
}

#[test]
fn what_is_no_status_data_is_left_alone() {
    let nights = nights();
    let path = nights.path().join("status.json");
    for (text, told) in [
        ("", "it is empty"),
        ("[]", "an object"),
        ("{\"name\": NaN}", "expected value"),
        ("{\"name\": \"x\", \"name\": \"y\"}", "stands twice"),
        ("{\"name\": \"x\", \"started\": null, \"ended\": null}", "key 'result' is missing"),
        (&STATUS.replace("\"parameters\": {}", "\"parameters\": 7"), "'parameters' is no object"),
        (
            &STATUS.replace("\"parameters\": {}", "\"parameters\": {\"a\": 1, \"a\": 2}"),
            "'parameters': key 'a' stands twice; it was left as it is",
        ),
        (&STATUS[..STATUS.len() - 1], "line 14: it is cut off here"),
    ] {
        fs::write(&path, text).unwrap();
        let run = export(&nights, "night-03 --format status-data --output status.json").go();
        run.code(2).told("status.json: it is no status data").told(told).says_nothing_on_stdout();
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    export(&nights, "night-03 --format status-data --output .").go().code(2).told("cannot be extended");
}

#[test]
fn new_status_data_has_what_opl_asks_for_and_no_dot_in_a_key() {
    let nights = nights();
    nights.keep("dotted", 20, 2500.0, &json!({ "katello.version": "4.20" }));
    let done = export(&nights, "dotted --format status-data --name reg-40").go().code(0);
    let whole = done.json();
    assert_eq!((&whole["name"], &whole["result"]), (&json!("reg-40"), &Value::Null));
    assert_eq!(whole["started"], "2026-03-21T02:00:00+00:00");
    assert_eq!(whole["parameters"]["reginfra"]["labels"]["katello_version"], "4.20");
    fn keys(value: &Value, found: &mut Vec<String>) {
        for (key, inner) in value.as_object().into_iter().flatten() {
            found.push(key.clone());
            keys(inner, found);
        }
    }
    let mut found = Vec::new();
    keys(&whole, &mut found);
    assert!(found.len() > 30 && found.iter().all(|key| !key.contains('.')), "{found:?}");
    nights.keep("dotted", 20, 2500.0, &json!({ "a.b": "1", "a_b": "2" }));
    export(&nights, "dotted --format status-data").go().code(2).told("would both be 'a_b'");
}

#[test]
fn otava_finds_the_step_that_history_finds() {
    let nights = nights();
    let words = ". --format otava-csv --output otava --group all --group lb-ssh --stat p50 --stat p95";
    export(&nights, words).go().code(0).says_nothing_on_stderr();
    let folder = nights.path().join("otava");
    let csv = fs::read_to_string(folder.join("reginfra.csv")).unwrap();
    insta::assert_snapshot!("otava_csv", csv.lines().take(3).collect::<Vec<_>>().join("\n"));
    insta::assert_snapshot!("otava_yaml", fs::read_to_string(folder.join("otava.yaml")).unwrap());
    let Some(programs) = trackers() else { return };
    let otava = |words: &str| {
        let mut command = Command::new(programs.join("otava"));
        command.current_dir(&folder).args(words.split_whitespace()).args(["--config-file", "otava.yaml"]);
        asked(&mut command)
    };
    assert!(otava("list-tests").contains("registration-lb-ssh"));
    for test in ["registration-all", "registration-lb-ssh"] {
        let told = otava(&format!("analyze {test} --since 2026-01-01"));
        let lines: Vec<&str> = told.lines().collect();
        let after =
            lines.iter().position(|line| line.contains("2026-03-11")).unwrap_or_else(|| panic!("{told}"));
        // the mean after it is 23.9 % above that before
        assert!(lines[after - 2].contains("+23.9%"), "{told}");
    }
}

#[test]
fn a_ragged_figure_is_left_out_of_otava_and_told() {
    let nights = nights();
    let path = nights.path().join("night-05/metrics.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("status_calls", "other_calls")).unwrap();
    let words = ". --format otava-csv --output otava";
    export(&nights, words).go().code(0).told("status_calls:avg:all is left out");
    let csv = fs::read_to_string(nights.path().join("otava/reginfra.csv")).unwrap();
    let cells: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert!(!csv.contains("status_calls") && cells.iter().all(|n| *n == cells[0]), "{csv}");
    export(&nights, &format!("{words} --metric status_calls"))
        .go()
        .code(3)
        .told("no figure that every run has");
    export(&nights, ". --format otava-csv").go().code(2).told("--output");
    nights.keep("night-05", 5, 2500.0, &json!({ "branch": "a", "note": "x, \"y\"" }));
    nights.keep("night-06", 6, 2500.0, &json!({ "branch": "b" }));
    let told = "the label branch has 3 values, a blank one (in 16 of 18 runs) among them";
    export(&nights, words).go().code(0).told(told);
    let csv = fs::read_to_string(nights.path().join("otava/reginfra.csv")).unwrap();
    assert!(csv.contains("\"x, \"\"y\"\"\""), "{csv}");
    nights.keep("night-05", 5, 2500.0, &json!({ "run": "7" }));
    export(&nights, words).go().code(2).told("label 'run'");
}

#[test]
fn a_run_without_its_branch_is_of_another_branch_to_otava() {
    let nights = Nights::new();
    let keep = |night: usize, labels: Value| {
        nights.keep(&format!("night-{night:02}"), night, 2500.0, &labels);
    };
    (0..8).for_each(|night| keep(night, json!({ "branch": "main" })));
    let go = || export(&nights, ". --format otava-csv --output otava").go().code(0);
    go().says_nothing_on_stderr();
    keep(5, json!({}));
    go().told("warning: the label branch has 2 values, a blank one (in 1 of 8 runs) among them: `otava");
    let Some(programs) = trackers() else { return };
    let analyze = |branch: &[&str]| {
        let mut otava = Command::new(programs.join("otava"));
        otava.current_dir(nights.path().join("otava")).env_clear().env("HOME", nights.path());
        otava.args(["analyze", "registration-all", "--since", "2026-01-01", "--config-file", "otava.yaml"]);
        let done = otava.env("PATH", "/usr/bin:/bin").args(branch).output().unwrap();
        String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned()
    };
    let told = analyze(&[]);
    assert!(told.contains("multiple branches"), "{told}");
    let told = analyze(&["--branch", "main"]);
    assert!(told.contains("night-07") && !told.contains("night-05"), "{told}");
}

#[test]
fn a_figure_is_as_short_as_it_was_kept() {
    let nights = nights();
    // in seconds these have a float that is nearer to another decimal, if they are divided as they are
    nights.edit("night-03", |answer| {
        for (statistic, ms) in [("avg", 2856.533), ("p50", 4035.8), ("p90", 8.009), ("max", 123_456_789.012)]
        {
            answer["groups"][1]["consumer_create_ms"][statistic] = ms.into();
        }
    });
    let words = "night-03 --format openmetrics --group all --metric consumer_create_ms";
    let text = export(&nights, words).go().code(0).stdout;
    for (statistic, seconds) in [
        ("avg", "2.856533"),
        ("p50", "4.0358"),
        ("p90", "0.008009"),
        ("max", "123456.789012"),
        ("min", "0.3"),
    ] {
        let line = format!("{{group=\"all\",statistic=\"{statistic}\",evidence=\"exact\"}} {seconds}\n");
        assert!(text.contains(&line), "{line}: {text}");
    }
}

#[test]
fn a_run_whose_log_begins_in_the_middle_of_the_storm_is_not_whole() {
    let nights = nights();
    // more than 5 % of 300 are too many
    let begins = |name: &str, start: &str, orphaned: u64| {
        nights.edit(name, |answer| {
            answer["window"]["start"] = start.into();
            answer["coverage"]["requests_orphaned"] = orphaned.into();
        });
        export(&nights, &format!("{name} --format status-data")).go().code(0)
    };
    let cut = begins("night-03", "2026-03-04T01:59:58Z", 16);
    let told = "warning: night-03: not complete: its log begins in the middle of the storm: it lacks the start of 16 \
                requests";
    assert_eq!(cut.told(told).json()["parameters"]["reginfra"]["complete"], false);
    for (start, orphaned) in [("01:59:58", 15), ("01:59:57", 16)] {
        let whole = begins("night-03", &format!("2026-03-04T{start}Z"), orphaned).says_nothing_on_stderr();
        assert_eq!(whole.json()["parameters"]["reginfra"]["complete"], true, "{start} {orphaned}");
    }
}

#[test]
fn a_run_that_is_not_whole_is_told_wherever_the_form_allows() {
    let nights = nights();
    nights.edit("night-03", |answer| {
        answer["coverage"] = json!({ "complete": false, "unreadable": ["capsule2: no route to host"] });
    });
    nights.edit("night-04", |answer| answer["groups"][1]["cut_count"] = 14.into());
    let told = "warning: night-03: not complete: capsule2: no route to host";
    let whole = export(&nights, "night-03 --format status-data").go().code(0).told(told).json();
    let ours = &whole["parameters"]["reginfra"];
    assert_eq!((&ours["complete"], &ours["cut_count"]), (&json!(false), &json!(0)));
    assert_eq!(ours["unreadable"], json!(["capsule2: no route to host"]));
    let cut = "night-04: not complete: its log was cut: 14 creates have no end";
    let whole = export(&nights, "night-04 --format status-data").go().code(0).told(cut).json();
    assert_eq!(whole["parameters"]["reginfra"]["cut_count"], 14);
    let whole = export(&nights, "night-05 --format status-data").go().code(0).says_nothing_on_stderr().json();
    assert_eq!(whole["parameters"]["reginfra"]["complete"], true);
    for (format, holds) in [("horreum", "\"complete\": false"), ("openmetrics", "reginfra_run_complete 0\n")]
    {
        let done = export(&nights, &format!("night-03 --format {format}")).go().code(0).told(told);
        assert!(done.stdout.contains(holds), "{done:#?}");
    }
    export(&nights, ". --format otava-csv --output otava")
        .go()
        .code(0)
        .told(cut)
        .told("./night-03: not complete");
    let csv = fs::read_to_string(nights.path().join("otava/reginfra.csv")).unwrap();
    let complete: Vec<&str> = csv.lines().map(|line| line.split(',').nth(2).unwrap()).collect();
    assert_eq!(complete[..7], ["complete", "true", "true", "true", "false", "false", "true"], "{csv}");
    let yaml = fs::read_to_string(nights.path().join("otava/otava.yaml")).unwrap();
    assert!(yaml.contains("    - complete\n"), "{yaml}");
    export(&nights, ". --format orion --output orion").go().code(0).told(cut);
    nights.keep("night-05", 5, 2500.0, &json!({ "complete": "7" }));
    export(&nights, ". --format otava-csv --output otava").go().code(2).told("label 'complete'");
}

#[test]
fn a_run_that_lacks_lines_or_a_satellite_is_not_whole() {
    let nights = nights();
    nights.edit("night-03", |answer| answer["coverage"]["lines_lost"] = 7000.into());
    nights.edit("night-04", |answer| {
        answer["hosts"] =
            json!([{ "name": "satellite.example.com", "role": "satellite", "status": "failed" }]);
    });
    for (night, told) in [
        ("night-03", "night-03: not complete: journald dropped 7,000 lines: what is counted is too low"),
        ("night-04", "night-04: not complete: a Satellite is missing from it: satellite.example.com"),
    ] {
        for (format, holds) in
            [("horreum", "\"complete\": false"), ("openmetrics", "reginfra_run_complete 0\n")]
        {
            let done = export(&nights, &format!("{night} --format {format}")).go().code(0).told(told);
            assert!(done.stdout.contains(holds), "{done:#?}");
        }
    }
    let whole = export(&nights, "night-03 --format status-data").go().code(0).json();
    let ours = &whole["parameters"]["reginfra"];
    assert_eq!((&ours["complete"], &ours["lines_lost"]), (&json!(false), &json!(7000)));
}

#[test]
fn openmetrics_are_what_the_client_library_reads() {
    let nights = nights();
    let labels = json!({ "commit": "a\"b\\c\nd", "katello.version": "4.20" });
    nights.keep("hostile", 20, 2500.0, &labels);
    export(&nights, "hostile --format openmetrics --output reginfra.prom")
        .go()
        .code(0)
        .says_nothing_on_stdout();
    let path = nights.path().join("reginfra.prom");
    let text = fs::read_to_string(&path).unwrap();
    insta::assert_snapshot!("openmetrics", text);
    assert!(text.ends_with("# EOF\n"));
    let Some(programs) = trackers() else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/history/read_metrics.py");
    let read: Value =
        serde_json::from_str(&asked(Command::new(programs.join("python")).arg(script).arg(&path))).unwrap();
    // both readers find the same, and as many as were written
    assert_eq!(read["openmetrics"], read["text"]);
    let samples = read["openmetrics"].as_array().unwrap();
    assert_eq!(samples.len(), text.lines().filter(|line| !line.starts_with('#')).count());
    let find = |name: &str, label: &str, value: &str| {
        samples.iter().find(|s| s["name"] == name && s["labels"][label] == value).unwrap()["value"].clone()
    };
    assert_eq!(find("reginfra_consumer_create_seconds", "statistic", "p50"), 2.75);
    assert_eq!(find("reginfra_run_labels", "label_commit", "a\"b\\c\nd"), 1.0);
    assert_eq!(read["units"]["reginfra_consumer_create_seconds"], "seconds");
}

#[test]
fn orion_has_documents_for_each_figure_of_its_configuration() {
    let nights = nights();
    let go = || {
        export(&nights, ". --format orion --output orion --name reg-40")
            .go()
            .code(0)
            .says_nothing_on_stderr();
        fs::read_to_string(nights.path().join("orion/orion.ndjson")).unwrap()
    };
    let bulk = go();
    assert_eq!(bulk, go());
    let lines: Vec<Value> = bulk.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let documents: Vec<(&str, &Value)> =
        lines.chunks(2).map(|pair| (pair[0]["index"]["_index"].as_str().unwrap(), &pair[1])).collect();
    let metadata: Vec<&Value> =
        documents.iter().filter(|(index, _)| *index == "reg-40-metadata").map(|(_, d)| *d).collect();
    assert_eq!(metadata.len(), 18);
    for field in ["uuid", "timestamp", "buildUrl", "benchmark", "commit"] {
        assert!(metadata[0][field].is_string(), "{field}: {}", metadata[0]);
    }
    let yaml: Value =
        serde_yaml::from_str(&fs::read_to_string(nights.path().join("orion/orion.yaml")).unwrap()).unwrap();
    let metrics = yaml["tests"][0]["metrics"].as_array().unwrap();
    assert!(metrics.len() > 10, "{yaml}");
    for metric in metrics {
        let of = |(_, document): &&(&str, &Value)| {
            document["metricName"] == metric["metricName.keyword"]
                && document["group"] == metric["group.keyword"]
        };
        let found: Vec<_> = documents.iter().filter(of).collect();
        assert_eq!(found.len(), 18, "{metric}");
        let field = metric["metric_of_interest"].as_str().unwrap();
        assert!(found.iter().all(|(_, d)| d[field].is_number() && d["uuid"].is_string()), "{metric}");
    }
    nights.keep("night-05", 5, 2500.0, &json!({ "uuid": "7" }));
    export(&nights, ". --format orion --output orion").go().code(2).told("label 'uuid'");
}

#[test]
fn horreum_has_its_schema_and_times_in_milliseconds() {
    let nights = nights();
    let whole = export(&nights, "night-03 --format horreum").go().code(0).json();
    assert_eq!(whole["$schema"], "urn:reginfra:run:1");
    assert_eq!(
        (&whole["start"], &whole["stop"]),
        (&json!(1_772_589_600_000_u64), &json!(1_772_589_909_000_u64))
    );
    assert_eq!(whole["groups"]["lb-ssh"]["status_calls"]["evidence"], "inferred");
    assert_eq!(whole["labels"]["commit"], "c03");
}

#[test]
fn a_document_of_one_run_takes_one() {
    let nights = nights();
    for format in ["status-data", "horreum", "openmetrics"] {
        let refused = export(&nights, &format!(". --format {format}")).go().code(2);
        assert!(refused.stderr.contains("holds one run, and these are 18"), "{refused:#?}");
    }
    export(&nights, "night-03 --format openmetrics --metric fact_update_ms").go().code(3);
    export(&nights, "night-03 --format otter").go().code(2).told("openmetrics");
    export(&nights, "night-03 --format horreum --name a/b").go().code(2).told("letters, digits");
    export(&nights, "night-03 --format horreum --output nowhere/x.json")
        .go()
        .code(2)
        .told("make its folder first");
}

#[test]
fn a_file_in_place_of_a_folder_is_told_with_the_way_out() {
    let nights = nights();
    let path = nights.path().join("taken");
    fs::write(&path, "mine").unwrap();
    for (format, files) in
        [("otava-csv", "reginfra.csv and otava.yaml"), ("orion", "orion.ndjson and orion.yaml")]
    {
        let told = format!("taken is a file: name a folder with --output, for {files}");
        for place in ["taken", "taken/below"] {
            let run = export(&nights, &format!("night-03 night-04 --format {format} --output {place}"));
            run.go().code(2).told(&told).says_nothing_on_stdout();
        }
    }
    assert_eq!(fs::read_to_string(path).unwrap(), "mine");
}

#[test]
fn status_data_that_cannot_be_extended_is_told_with_the_way_out() {
    let nights = nights();
    let path = nights.path().join("status.json");
    let go = || export(&nights, "night-03 --format status-data --output status.json").go();
    let cut = &STATUS[..STATUS.find("\"PASS").unwrap() + 3];
    for (text, told) in [
        ("", "it is empty; it was left as it is: take it away, and a new one is written"),
        (" \n\n", "it is empty; it was left as it is: take it away"),
        (cut, "line 7: it is cut off here; it was left as it is: mend it, or take it away, and a new one"),
        ("{\n  \"name\": x\n}\n", "line 2: expected value; it was left as it is: mend it"),
    ] {
        fs::write(&path, text).unwrap();
        let done = go().code(2).told(&format!("status.json: it is no status data: {told}"));
        assert!(!done.stderr.contains("column"), "{done:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    fs::remove_file(&path).unwrap();
    go().code(0);
    assert!(path.is_file());
}
