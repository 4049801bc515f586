//! The queries of docs/queries on DuckDB, Spark and ClickHouse: every row and column is what the program itself says.

use super::support::{Storm, skip};
use super::{micros, read};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
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

/// Timings that stand in a session; of the last three those values that a key or the only candidate joins to it.
const TIMINGS: [&str; 7] = [
    "consumer_create_ms",
    "fact_update_ms",
    "create_and_facts_ms",
    "host_register_ms",
    "script_fetch_ms",
    "capsule_host_register_ms",
    "capsule_script_fetch_ms",
];
/// So many of them have every value of `metrics`.
const WHOLE: usize = 4;

/// A run of the lake, and what the program says of it elsewhere.
struct Told<'a> {
    run: &'a str,
    storm: &'a Storm,
    /// `metrics --json`.
    answer: Value,
    /// The sessions file: a line's place is its number in the lake.
    sessions: Vec<Value>,
    /// The same registrations as `trace` shows them.
    traces: Vec<Traced>,
}

struct Traced {
    span_ms: i64,
    /// Phase, duration and gap of each.
    requests: Vec<(String, i64, i64)>,
}

impl<'a> Told<'a> {
    fn of(run: &'a str, storm: &'a Storm, lake: &Path) -> Self {
        let file = storm.dir.join("written.jsonl");
        let writing = read("metrics --quiet --json", storm).arg("--run").arg(run);
        let answer = writing.arg("--parquet").arg(lake).arg("--sessions").arg(&file).go().code(0).json();
        let text = fs::read_to_string(file).unwrap();
        let sessions: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let traces = traces(&sessions, storm);
        Self { run, storm, answer, sessions, traces }
    }

    fn registrations(&self) -> impl Iterator<Item = (&Value, &Traced)> {
        self.sessions.iter().zip(&self.traces)
    }
}

// of each line; `trace` shows 1,000 at most, so that it is asked part by part
fn traces(sessions: &[Value], storm: &Storm) -> Vec<Traced> {
    let name = |of: &Value| (of["host"].as_str().unwrap().to_owned(), of["attempt"].as_u64().unwrap());
    let places: HashMap<_, usize> = sessions.iter().map(name).zip(0..).collect();
    let second = |line: &Value| micros(&line["started_at"]).div_euclid(1_000_000);
    let starts: Vec<i64> = sessions.iter().map(second).collect();
    let mut found: Vec<Option<Traced>> = sessions.iter().map(|_| None).collect();
    let mut at = 0;
    while let Some(since) = starts.get(at) {
        let until = starts.get(at + 800).copied().unwrap_or(starts[starts.len() - 1] + 1);
        let words = format!("--slowest 1000 --format json --since {since} --until {until}");
        let answer = read("trace", storm).words(&words).go().code(0).json();
        for trace in answer["traces"].as_array().unwrap() {
            let request = |r: &Value| {
                let ms = |key: &str| r[key].as_i64().unwrap_or(0);
                (r["phase"].as_str().unwrap().to_owned(), ms("duration_ms"), ms("gap_ms"))
            };
            let requests = trace["requests"].as_array().unwrap().iter().map(request).collect();
            let traced = Traced { span_ms: trace["span_ms"].as_i64().unwrap(), requests };
            assert!(found[places[&name(trace)]].replace(traced).is_none(), "twice: {}", trace["host"]);
        }
        at = starts.partition_point(|start| *start < until);
    }
    found.into_iter().map(Option::unwrap).collect()
}

#[test]
fn other_engines_find_the_figures_of_the_program() {
    let Some(python) = python() else { return };
    // two runs and two days in one place; more than one file of the day
    let many = Storm::new("--sessions 5000 --rate 200 --failures 0.05 --start 2026-04-04T23:59:55Z --seed 3");
    // so seldom that requests without a key can be of one host only
    let few = Storm::new("--sessions 200 --rate 0.02 --failures 0.05 --seed 4");
    let lake = many.dir.join("lake");
    let told = [Told::of("first", &few, &lake), Told::of("second", &many, &lake)];
    let rows = asked(&python, "duckdb", &lake);
    for metric in TIMINGS {
        assert!(rows[0].iter().any(|row| row[2] == metric), "no row of {metric}: {:#?}", rows[0]);
    }
    assert_eq!(rows[0], percentiles(&told));
    assert_eq!(rows[1], phases(&told));
    assert_eq!(rows[2], slowest(&told));
    for one in &told {
        figures(one, &rows[0]);
        sums(one, &rows[1]);
    }
    assert_eq!(asked(&python, "clickhouse", &lake), rows);
    if java() {
        assert_eq!(asked(&python, "spark", &lake), rows);
    } else {
        skip(
            "java is not there (its package: default-jre-headless, java-21-openjdk-headless on EL): Spark did NOT read the Parquet",
        );
    }
}

// ranked from the sessions files
fn percentiles(told: &[Told]) -> Vec<Value> {
    let mut values: BTreeMap<[&str; 3], Vec<i64>> = BTreeMap::new();
    for one in told {
        for session in &one.sessions {
            let way = session["group"].as_str().unwrap();
            for metric in TIMINGS {
                if let Some(ms) = session[metric].as_i64() {
                    values.entry([one.run, way, metric]).or_default().push(ms);
                }
            }
        }
    }
    let row = |([run, way, metric], mut ms): ([&str; 3], Vec<i64>)| {
        ms.sort_unstable();
        let rank = |p: usize| ms[(ms.len() * p).div_ceil(100) - 1];
        json!([run, way, metric, ms.len(), rank(50), rank(90), rank(95), rank(99), rank(100)])
    };
    values.into_iter().map(row).collect()
}

// added up from the traces of those that registered
fn phases(told: &[Told]) -> Vec<Value> {
    let mut sums: BTreeMap<[&str; 3], [i64; 4]> = BTreeMap::new();
    for one in told {
        for (session, traced) in one.registrations().filter(|(session, _)| session["success"] == true) {
            let way = session["group"].as_str().unwrap();
            let mut met = BTreeSet::new();
            for (phase, took, gap) in &traced.requests {
                let [sessions, requests, request_ms, gap_ms] =
                    sums.entry([one.run, way, phase.as_str()]).or_default();
                *sessions += i64::from(met.insert(phase));
                *requests += 1;
                *request_ms += took;
                *gap_ms += gap;
            }
        }
    }
    let mut rows: Vec<_> = sums.into_iter().collect();
    rows.sort_by_key(|([run, way, phase], sum)| (*run, *way, -sum[2], *phase));
    let row = |([run, way, phase], [sessions, requests, request_ms, gap_ms]): ([&str; 3], [i64; 4])| {
        json!([run, way, phase, sessions, requests, request_ms, gap_ms])
    };
    rows.into_iter().map(row).collect()
}

// the traces that took longest
fn slowest(told: &[Told]) -> Vec<Value> {
    let mut rows = Vec::new();
    for one in told {
        for ((session, traced), number) in one.registrations().zip(0..) {
            let row = json!([
                one.run,
                session["host"],
                session["group"],
                as_engines_write(&session["started_at"]),
                session["success"],
                traced.requests.len(),
                traced.span_ms
            ]);
            rows.push(((-traced.span_ms, one.run, number), row));
        }
    }
    rows.sort_by_key(|(place, _)| *place);
    rows.into_iter().take(10).map(|(_, row)| row).collect()
}

// `2026-04-04T23:59:55.5Z`
fn as_engines_write(time: &Value) -> String {
    let text = time.as_str().unwrap().trim_end_matches('Z').replace('T', " ");
    let (second, fraction) = text.split_once('.').unwrap_or((text.as_str(), ""));
    format!("{second}.{fraction:0<6}")
}

// `metrics` itself, where keys join every value to its registration
fn figures(one: &Told, rows: &[Value]) {
    let mut held = 0;
    for group in one.answer["groups"].as_array().unwrap().iter().filter(|g| g["group"] != "all") {
        for metric in &TIMINGS[..WHOLE] {
            let (way, d) = (&group["group"], &group[metric]);
            if d["count"] == 0 {
                continue;
            }
            let of = ["p50", "p90", "p95", "p99", "max"].map(|figure| &d[figure]);
            let expected = json!([one.run, way, metric, d["count"], of[0], of[1], of[2], of[3], of[4]]);
            assert!(rows.contains(&expected), "{expected} is not in {rows:#?}");
            held += 1;
        }
    }
    assert_eq!(held, 4 * WHOLE);
}

// what `trace` says of all of them together
fn sums(one: &Told, rows: &[Value]) {
    let answer = read("trace --format json", one.storm).go().code(0).json();
    for group in answer["groups"].as_array().unwrap().iter().filter(|g| g["group"] != "all") {
        for phase in group["phases"].as_array().unwrap() {
            let row = rows
                .iter()
                .find(|row| row[0] == one.run && row[1] == group["group"] && row[2] == phase["phase"]);
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
