//! A comparison as data (docs/compare.schema.json).

use super::{Comparison, because, group_label, group_name, optimisation, verdict_name};
use crate::compare::judge::{Figure, Row};
use crate::compare::run::Run;
use serde_json::{Map, Value, json};

/// Additions only; what is taken away or changed makes it 2.
const SCHEMA_VERSION: u64 = 1;

/// The comparison as JSON, with a newline at its end.
///
/// # Errors
/// None that comes from the comparison.
pub fn render(comparison: &Comparison<'_>) -> serde_json::Result<String> {
    let groups: Vec<Value> = comparison
        .groups()
        .into_iter()
        .map(|group| {
            let rows: Vec<Value> = comparison.of(group).map(row).collect();
            json!({ "group": group_name(group), "label": group_label(group), "metrics": rows })
        })
        .collect();
    let whole = json!({
        "schema_version": SCHEMA_VERSION,
        "reginfra_version": env!("CARGO_PKG_VERSION"),
        "before": side(comparison.before),
        "after": side(comparison.after),
        "thresholds": { "all": comparison.thresholds.all, "metrics": comparison.thresholds.of },
        "groups": groups,
    });
    Ok(serde_json::to_string_pretty(&whole)? + "\n")
}

fn side(runs: &[Run]) -> Value {
    let run = |run: &Run| {
        json!({
            "name": run.name, "labels": run.labels, "registrations": run.registrations.len(),
            "complete": run.unreadable.is_empty(), "cut_count": run.cut,
        })
    };
    runs.iter().map(run).collect()
}

fn row(row: &Row) -> Value {
    let figure = |f: &Figure| json!({ "value": f.value, "interval": f.interval.map(|(low, high)| [low, high]), "count": f.n });
    let three = |value: Option<(f64, f64, f64)>| {
        value.map(|(at, low, high)| json!({ "value": at, "interval": [low, high] }))
    };
    let mut map = Map::new();
    map.insert("metric".to_owned(), row.subject.name().into());
    map.insert("verdict".to_owned(), verdict_name(&row.verdict).into());
    map.insert("reason".to_owned(), because(row).into());
    map.insert("before".to_owned(), figure(&row.before));
    map.insert("after".to_owned(), figure(&row.after));
    map.insert("before_p95".to_owned(), row.p95.map(|(before, _)| figure(&before)).into());
    map.insert("after_p95".to_owned(), row.p95.map(|(_, after)| figure(&after)).into());
    map.insert("ratio".to_owned(), three(row.ratio).into());
    map.insert("difference".to_owned(), three(row.difference).into());
    map.insert("probability".to_owned(), row.probability.into());
    map.insert("evidence".to_owned(), if row.inferred { "inferred" } else { "exact" }.into());
    map.insert("change".to_owned(), optimisation(row.subject).map(|t| t.change).into());
    Value::Object(map)
}
