//! The queries of docs/queries on DuckDB, Spark and ClickHouse: the figures of the program itself.

use super::support::{Run, Storm, skip};
use super::{lake, read};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

const QUERIES: [&str; 3] = ["percentiles", "phases", "slowest"];

fn query(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/queries/{name}.sql"))
}

/// A Python with the engines; none where they are not to be asked.
fn python() -> Option<PathBuf> {
    let folder = std::env::var_os("REGINFRA_ENGINES").map(PathBuf::from);
    if folder.is_none() {
        skip(
            "REGINFRA_ENGINES names no engines: Parquet was NOT read by DuckDB, Spark and ClickHouse (make engines)",
        );
    }
    folder.map(|folder| folder.join("python"))
}

// the rows of each query
#[track_caller]
fn asked(python: &Path, engine: &str, lake: &Path) -> Vec<Vec<Value>> {
    let home = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parquet/engines.py");
    let done = Command::new("timeout")
        .arg("300")
        .arg(python)
        .arg(script)
        .arg(engine)
        .arg(lake)
        .args(QUERIES.map(query))
        .current_dir(home.path())
        .env_clear()
        .env("HOME", home.path())
        .env("TZ", "UTC")
        .env("PATH", "/usr/bin:/bin")
        .output()
        .unwrap();
    let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(done.status.success(), "{engine}: {}{}", words(&done.stdout), words(&done.stderr));
    let rows: Vec<Vec<Value>> =
        words(&done.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), QUERIES.len(), "{engine}");
    rows
}

fn java() -> bool {
    Command::new("java").arg("-version").output().is_ok_and(|done| done.status.success())
}

#[test]
fn other_engines_find_the_figures_of_the_program() {
    let Some(python) = python() else { return };
    // two runs and two days in one place; more than one file of the day
    let storm =
        Storm::new("--sessions 5000 --rate 200 --failures 0.05 --start 2026-04-04T23:59:55Z --seed 3");
    let (lake, _) = lake(&storm, "--run second");
    let other = Storm::new("--sessions 300 --seed 4");
    Run::new("metrics --quiet --run first --log").arg(other.log()).arg("--parquet").arg(&lake).go().code(0);
    let rows = asked(&python, "duckdb", &lake);
    let of_run = |name: &str| rows[0].iter().filter(|row| row[0] == name).count();
    assert!(of_run("first") > 0 && of_run("second") > 0, "{:#?}", rows[0]);
    percentiles(&rows[0], &storm);
    phases(&rows[1], &storm);
    slowest(&rows[2], &storm);
    assert_eq!(asked(&python, "clickhouse", &lake), rows);
    if java() {
        assert_eq!(asked(&python, "spark", &lake), rows);
    } else {
        skip(
            "java is not there (its package: default-jre-headless, java-21-openjdk-headless on EL): Spark did NOT read the Parquet",
        );
    }
}

/// Timings whose every value a key joins to its registration.
const TIMINGS: [&str; 4] =
    ["consumer_create_ms", "fact_update_ms", "create_and_facts_ms", "host_register_ms"];

fn percentiles(rows: &[Value], storm: &Storm) {
    let answer = read("metrics --json", storm).go().code(0).json();
    let mut held = 0;
    for group in answer["groups"].as_array().unwrap().iter().filter(|g| g["group"] != "all") {
        for metric in TIMINGS {
            let (way, d) = (&group["group"], &group[metric]);
            let of = ["p50", "p90", "p95", "p99", "max"].map(|figure| &d[figure]);
            let expected = json!(["second", way, metric, d["count"], of[0], of[1], of[2], of[3], of[4]]);
            assert!(rows.contains(&expected), "{expected} is not in {rows:#?}");
            held += 1;
        }
    }
    assert_eq!(held, 4 * TIMINGS.len());
}

fn phases(rows: &[Value], storm: &Storm) {
    let answer = read("trace --format json", storm).go().code(0).json();
    for group in answer["groups"].as_array().unwrap().iter().filter(|g| g["group"] != "all") {
        for phase in group["phases"].as_array().unwrap() {
            let row = rows
                .iter()
                .find(|row| row[0] == "second" && row[1] == group["group"] && row[2] == phase["phase"]);
            let row = row.unwrap_or_else(|| panic!("no row of {phase}"));
            // an average of three decimals times its count
            let sum = |d: &Value| d["avg"].as_f64().unwrap() * d["count"].as_f64().unwrap();
            for (figure, column) in [("requests", 4), ("request_ms", 5), ("gap_ms", 6)] {
                let play = phase[figure]["count"].as_f64().unwrap() * 0.001 + 0.5;
                let apart = sum(&phase[figure]) - row[column].as_f64().unwrap();
                assert!(apart.abs() <= play, "{figure}: {phase} {row}");
            }
        }
    }
}

fn slowest(rows: &[Value], storm: &Storm) {
    let answer = read("trace --slowest 10 --format json", storm).go().code(0).json();
    let of = |trace: &Value| (trace["host"].clone(), trace["span_ms"].clone());
    let expected: Vec<_> = answer["traces"].as_array().unwrap().iter().map(of).collect();
    let mine = rows.iter().filter(|row| row[0] == "second");
    let found: Vec<_> = mine.map(|row| (row[1].clone(), row[6].clone())).collect();
    assert!(found.len() >= 5, "{rows:#?}");
    assert_eq!(found, expected[..found.len()]);
}
