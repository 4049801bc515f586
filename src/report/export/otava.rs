//! Apache Otava's CSV, a row a run, and the otava.yaml that reads it, a test a group.
//!
//! Otava takes no blank figure, so that one which not every run has is left out and told. Lower is better but for hit
//! rates: Otava's `direction`.

use super::{ExportError, figures, group_name, renamed};
use crate::history::runs::KeptRun;
use crate::history::series::Key;
use crate::registration::session::Group;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The file of figures.
pub const CSV: &str = "reginfra.csv";
/// The file that tells Otava how to read it.
pub const YAML: &str = "otava.yaml";
/// Columns before the labels.
const FIXED: [&str; 3] = ["time", "run", "complete"];

/// Both files.
#[derive(Clone, Debug, PartialEq)]
pub struct Files {
    /// The figures.
    pub csv: String,
    /// How they are read.
    pub yaml: String,
    /// Figures that only some runs have.
    pub ragged: Vec<Key>,
    /// Values of the label `branch`, which Otava looks at one by one; a run without it has a blank one.
    pub branches: usize,
    /// Runs whose branch is blank.
    pub blank: usize,
    /// Figures that are written.
    pub columns: usize,
}

/// The files of runs in the order of time.
///
/// # Errors
/// A label has the name of a column.
pub fn files(runs: &[KeptRun], keys: &[Key], name: &str) -> Result<Files, ExportError> {
    let of = |key: &Key| runs.iter().filter(|run| !figures(run, &[*key]).is_empty()).count();
    let columns: Vec<Key> = keys.iter().copied().filter(|key| of(key) == runs.len()).collect();
    let ragged = keys.iter().copied().filter(|key| (1..runs.len()).contains(&of(key))).collect();
    let labels: BTreeSet<&String> = runs.iter().flat_map(|run| run.labels.keys()).collect();
    let taken = |label: &str| FIXED.contains(&label) || columns.iter().any(|key| key.id() == label);
    // its own label of the time is the column of that name already
    let labels: Vec<&str> = labels.into_iter().map(String::as_str).filter(|l| *l != FIXED[0]).collect();
    if let Some(label) = labels.iter().find(|label| taken(label)) {
        return Err(ExportError::LabelTaken { label: (*label).to_owned() });
    }
    let head = FIXED.into_iter().chain(labels.iter().copied()).map(cell);
    let mut csv = line(head.chain(columns.iter().map(|key| cell(&key.id()))));
    for run in runs {
        let known = renamed(run, str::to_owned)?;
        let of_run = [cell(&otava_time(run)), cell(&run.name), run.complete().to_string()].into_iter();
        let label = |l: &&str| cell(known.get(*l).map_or("", String::as_str));
        let values = figures(run, &columns).into_iter().map(|figure| figure.value.to_string());
        csv += &line(of_run.chain(labels.iter().map(label)).chain(values));
    }
    let branches: Vec<&str> =
        runs.iter().map(|run| run.labels.get("branch").map_or("", String::as_str)).collect();
    let blank = branches.iter().filter(|branch| branch.is_empty()).count();
    let branches: BTreeSet<&str> = branches.into_iter().collect();
    let yaml = yaml(&columns, &labels, name);
    Ok(Files { csv, yaml, ragged, branches: branches.len(), blank, columns: columns.len() })
}

fn otava_time(run: &KeptRun) -> String {
    crate::timestamp::Timestamp::from_secs(run.time.secs()).to_string()
}

// JSON is YAML as well, and quotes by itself what needs it
fn yaml(columns: &[Key], labels: &[&str], name: &str) -> String {
    let mut groups: Vec<Option<Group>> = Vec::new();
    for key in columns {
        if !groups.contains(&key.group) {
            groups.push(key.group);
        }
    }
    let attributes: Vec<&str> = FIXED[1..].iter().copied().chain(labels.iter().copied()).collect();
    let mut tests = Map::new();
    for group in groups {
        let metric = |key: &Key| {
            let direction = if key.subject.more_is_worse() { -1 } else { 1 };
            let name = format!("{}_{}", key.subject.name(), key.statistic.name());
            (name, json!({ "column": key.id(), "direction": direction, "scale": 1 }))
        };
        let metrics: Map<String, Value> = columns.iter().filter(|k| k.group == group).map(metric).collect();
        let test = json!({
            "type": "csv",
            "file": CSV,
            "time_column": FIXED[0],
            "attributes": attributes,
            "csv_options": { "delimiter": ",", "quote_char": "\"" },
            "metrics": metrics,
        });
        tests.insert(format!("{name}-{}", group_name(group)), test);
    }
    serde_yaml::to_string(&json!({ "tests": tests })).unwrap_or_default()
}

fn line(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join(",") + "\n"
}

// RFC 4180
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
