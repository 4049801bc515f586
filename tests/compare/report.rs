//! What `report --before` shows of a comparison is what `compare` says.

use super::support::Run;
use super::{compared, kept};
use reginfra::report::durations::digits;
use serde_json::Value;
use std::fs;

fn report(words: &str) -> Run {
    let run = Run::new("report --format markdown").words(words).arg(kept("slower"));
    run.arg("--before").arg(kept("same-1"))
}

/// Cells of the table of all registrations.
fn rows(text: &str) -> Vec<Vec<String>> {
    let table = text.split("### All: what changed\n").nth(1).unwrap();
    let lines = table.lines().filter(|line| !line.is_empty()).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    lines.skip(2).map(cells).collect()
}

/// `+1,250 ms`: thousands apart, and no sign where nothing is left of it.
pub fn signed(value: f64, behind: usize, unit: &str) -> String {
    let text = digits(value.abs(), behind);
    let sign = match () {
        () if text.chars().all(|c| matches!(c, '0' | '.')) => "",
        () if value < 0.0 => "-",
        () => "+",
    };
    format!("{sign}{text}{unit}")
}

/// `+250 ms (+141 to +361)`, as the sentences below the table say what is in which unit.
fn difference(row: &Value) -> String {
    let told = &row["difference"];
    let numbers = [&told["value"], &told["interval"][0], &told["interval"][1]].map(Value::as_f64);
    let [Some(at), Some(low), Some(high)] = numbers else { return "-".to_owned() };
    let (scale, behind, unit) = match row["metric"].as_str().unwrap() {
        metric if metric.ends_with("_ms") => (1.0, 0, " ms"),
        metric if metric.ends_with("_rate") => (100.0, 1, " pt"),
        _ => (1.0, 2, ""),
    };
    let [low, high] = [low, high].map(|limit| signed(scale * limit, behind, ""));
    format!("{} ({low} to {high})", signed(scale * at, behind, unit))
}

#[test]
fn a_report_shows_values_n_and_differences_as_compare_has_them() {
    let answer = compared("same-1", "slower", "");
    let groups = answer["groups"].as_array().unwrap();
    let all = groups.iter().find(|group| group["group"] == "all").unwrap()["metrics"].as_array().unwrap();
    let rows = rows(&report("").go().code(0).stdout);
    assert_eq!(rows.len(), all.len(), "{rows:#?}");
    for (cells, row) in rows.iter().zip(all) {
        assert_eq!(cells[3], row["before"]["count"].to_string(), "{cells:?}");
        assert_eq!(cells[5], row["after"]["count"].to_string(), "{cells:?}");
        assert_eq!(cells[8], difference(row), "{cells:?}");
    }
    let ratio = all[0]["ratio"]["value"].as_f64().unwrap();
    assert_eq!((&*rows[0][1], rows[0][6].clone()), ("REGRESSED", signed(100.0 * (ratio - 1.0), 1, " %")));
}

#[test]
fn a_report_takes_thresholds_of_a_file_and_a_percentile() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("thresholds.yaml");
    fs::write(&file, "all: 100%\n").unwrap();
    let run = Run::new("report --format markdown --thresholds").arg(&file).arg(kept("slower"));
    let text = run.arg("--before").arg(kept("same-1")).go().code(0).stdout;
    assert!(rows(&text).iter().all(|cells| cells[1] != "REGRESSED"), "{text}");
    let rows = rows(&report("--percentile 99.5").go().code(0).stdout);
    assert!(rows[0][1] == "no verdict" && rows[0][9].contains("P99.5 needs 1000"), "{rows:#?}");
    Run::new("report --percentile 90").arg(kept("slower")).go().code(2).told("--before");
}
