//! A comparison as data (docs/compare.schema.json).

use super::{Comparison, because, group_label, group_name, verdict_name};
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
            let rows: Vec<Value> = comparison.of(group).map(|r| row(comparison, r)).collect();
            let reason = comparison.group_refusal(group).map(ToString::to_string);
            json!({ "group": group_name(group), "label": group_label(group), "reason": reason, "metrics": rows })
        })
        .collect();
    let thresholds = &comparison.options.thresholds;
    let whole = json!({
        "schema_version": SCHEMA_VERSION,
        "reginfra_version": env!("CARGO_PKG_VERSION"),
        "before": side(comparison.before),
        "after": side(comparison.after),
        "thresholds": { "all": thresholds.all, "metrics": thresholds.of },
        "percentile": (comparison.options.shown() * 1000.0).round() / 10.0,
        "reason": comparison.refusal().map(ToString::to_string),
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

fn row(comparison: &Comparison<'_>, row: &Row) -> Value {
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
    map.insert("before_percentile".to_owned(), row.tail.map(|(before, _)| figure(&before)).into());
    map.insert("after_percentile".to_owned(), row.tail.map(|(_, after)| figure(&after)).into());
    map.insert("ratio".to_owned(), three(row.ratio).into());
    map.insert("difference".to_owned(), three(row.difference).into());
    map.insert("probability".to_owned(), row.probability.into());
    map.insert("evidence".to_owned(), if row.inferred { "inferred" } else { "exact" }.into());
    map.insert("change".to_owned(), comparison.optimisation(row.subject).map(|t| t.change.clone()).into());
    map.insert(
        "change_state".to_owned(),
        comparison.optimisation(row.subject).map(|t| t.state.clone()).into(),
    );
    Value::Object(map)
}
