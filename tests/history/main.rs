//! `history` and `export` from the outside: kept runs of known course, bad input, exit codes, the trackers' own readers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod export;
mod false_alarms;
mod history;
#[path = "../support/mod.rs"]
mod support;

use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// The same course for every figure, around 0.
const WOBBLE: [f64; 8] = [0.0, 10.0, -10.0, 5.0, -5.0, 20.0, -20.0, 15.0];

/// Kept runs, one a night.
struct Nights {
    folder: tempfile::TempDir,
}

impl Nights {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// So many nights whose create takes `ms` but for a wobble, numbered on from those that are there.
    fn and(self, nights: usize, ms: f64) -> Self {
        let from = fs::read_dir(self.path()).unwrap().count();
        for night in from..from + nights {
            let labels = json!({ "commit": format!("c{night:02}") });
            self.keep(&format!("night-{night:02}"), night, ms + WOBBLE[night * 5 % 8], &labels);
        }
        self
    }

    /// Changes what a run kept.
    fn edit(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let path = self.path().join(name).join("metrics.json");
        let mut answer = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        change(&mut answer);
        fs::write(&path, answer.to_string()).unwrap();
    }

    /// A run in the form of `metrics --save`.
    fn keep(&self, name: &str, night: usize, ms: f64, labels: &Value) -> PathBuf {
        let dir = self.path().join(name);
        fs::create_dir_all(&dir).unwrap();
        let day = night + 1;
        let group = |group: &str, ms: f64| {
            json!({
                "group": group, "label": group, "session_count": 300, "error_count": 6,
                "error_breakdown": { "auth-failure": 2, "server-error": 4 }, "cut_count": 0,
                "window_start": format!("2026-03-{day:02}T02:00:00Z"), "window_end": format!("2026-03-{day:02}T02:05:09Z"),
                "consumer_create_ms": {
                    "count": 294, "min": 300, "avg": ms + 200.5, "p50": ms, "p90": 2.0 * ms, "p95": 2.5 * ms,
                    "p99": 4.0 * ms, "max": 5.0 * ms, "evidence": "exact"
                },
                "status_calls": { "count": 294, "avg": 11.25, "evidence": "inferred" },
                "script_cache_hit_rate": { "count": 290, "avg": 0.5, "evidence": "exact" },
                "fact_update_ms": { "count": 0, "avg": null, "p50": null, "evidence": "missing" }
            })
        };
        let answer = json!({
            "schema_version": 1, "reginfra_version": "0.1.0", "coverage": { "complete": true, "unreadable": [] },
            "window": { "start": format!("2026-03-{day:02}T01:58:00Z"), "end": format!("2026-03-{day:02}T02:07:00Z") },
            "groups": [group("lb-ssh", ms * 1.1), group("all", ms)]
        });
        fs::write(dir.join("metrics.json"), answer.to_string()).unwrap();
        fs::write(dir.join("labels.json"), labels.to_string()).unwrap();
        dir
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}
