//! What is exact on one side and inferred on the other.

use super::support::Run;
use super::{keep, kept, row};
use serde_json::Value;
use std::fs;
use std::path::Path;

fn evidence_of_the_hit_rate(run: &Path) -> Value {
    let answer: Value = serde_json::from_str(&fs::read_to_string(run.join("metrics.json")).unwrap()).unwrap();
    let all = answer["groups"].as_array().unwrap().iter().find(|group| group["group"] == "all").unwrap();
    all["script_cache_hit_rate"]["evidence"].clone()
}

#[test]
fn a_cache_that_writes_its_lines_improves_a_hit_rate_that_was_inferred() {
    let folder = tempfile::tempdir().unwrap();
    let (cold, warm) = (kept("same-1"), folder.path().join("warm"));
    keep("--sessions 500 --rate 40 --cache-lines yes --seed 9 --warm-cache", &warm);
    assert_eq!([&cold, &warm].map(|run| evidence_of_the_hit_rate(run)), ["inferred", "exact"]);
    let run = Run::new("compare --format json --fail-on regression").arg(&cold).arg(&warm);
    let answer = run.go().code(0).json();
    for metric in ["capsule_script_fetch_ms", "script_fetches", "script_cache_hit_rate"] {
        assert_eq!(row(&answer, "all", metric)["verdict"], "improved", "{metric}");
    }
    // it stays marked
    assert_eq!(row(&answer, "all", "script_cache_hit_rate")["evidence"], "inferred");
    // the other way round the cache is gone
    Run::new("compare --fail-on calls").arg(&warm).arg(&cold).go().code(1);
}
