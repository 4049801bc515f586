//! Kept runs in, the documents that trackers ingest out. One file a tracker; none of them computes a figure.

pub mod horreum;
pub mod openmetrics;
pub mod orion;
pub mod otava;
pub mod status_data;

use crate::history::runs::KeptRun;
use crate::history::series::Key;
use crate::registration::session::{Evidence, Group};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Why a document cannot be written.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ExportError {
    /// A file that is there is no status data.
    #[error("it is no status data: {0}; it was left as it is")]
    NotStatusData(String),
    /// Two labels that the tracker cannot tell apart.
    #[error("label '{label}' and another one would both be '{name}' there; keep the run with other labels")]
    LabelTwice {
        /// One of them.
        label: String,
        /// What both become.
        name: String,
    },
    /// A label that the tracker has a field of its own for.
    #[error(
        "label '{label}' has the name of a field that the document needs; keep the run with another label"
    )]
    LabelTaken {
        /// The label.
        label: String,
    },
}

/// Six digits behind the point.
const DIGITS: f64 = 1e6;

/// A figure of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// Which.
    pub key: Key,
    /// Milliseconds, calls a registration or a share, to six digits.
    pub value: f64,
    /// Over so many values.
    pub count: u64,
    /// What it rests on.
    pub evidence: Evidence,
}

/// The figures that a run has.
pub fn figures(run: &KeptRun, keys: &[Key]) -> Vec<Figure> {
    let figure = |key: &Key| {
        let (value, count, evidence) = key.of(run)?;
        let value = (value * DIGITS).round() / DIGITS;
        value.is_finite().then_some(Figure { key: *key, value, count, evidence })
    };
    keys.iter().filter_map(figure).collect()
}

fn group_name(group: Option<Group>) -> &'static str {
    group.map_or("all", Group::name)
}

/// Groups of the keys that a run has, in the order of the keys.
fn groups(run: &KeptRun, keys: &[Key]) -> Vec<Option<Group>> {
    let mut found: Vec<Option<Group>> = Vec::new();
    for key in keys {
        if !found.contains(&key.group) && run.group(key.group).is_some() {
            found.push(key.group);
        }
    }
    found
}

/// Group, metric, statistic: as other programs address it. No key holds a dot, which OPL takes for a step of the way.
fn nested(run: &KeptRun, keys: &[Key]) -> Value {
    let mut whole = Map::new();
    for group in groups(run, keys) {
        let Some(kept) = run.group(group) else { continue };
        let mut of_group = Map::new();
        of_group.insert("session_count".to_owned(), kept.session_count.into());
        of_group.insert("error_count".to_owned(), kept.error_count.into());
        for figure in figures(run, keys).into_iter().filter(|f| f.key.group == group) {
            let metric = of_group
                .entry(figure.key.subject.name())
                .or_insert_with(|| json!({ "count": figure.count, "evidence": figure.evidence }));
            metric[figure.key.statistic.name()] = number(figure.value);
        }
        whole.insert(group_name(group).to_owned(), Value::Object(of_group));
    }
    Value::Object(whole)
}

// whole numbers without a point
fn number(value: f64) -> Value {
    // integers up to here are exact in a float
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT { json!(value as i64) } else { json!(value) }
}

/// Labels by the names that a tracker can have.
fn renamed(run: &KeptRun, rename: impl Fn(&str) -> String) -> Result<BTreeMap<String, String>, ExportError> {
    let mut named = BTreeMap::new();
    for (label, value) in &run.labels {
        let name = rename(label);
        if named.insert(name.clone(), value.clone()).is_some() {
            return Err(ExportError::LabelTwice { label: label.clone(), name });
        }
    }
    Ok(named)
}
