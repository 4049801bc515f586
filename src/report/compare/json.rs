//! A comparison as data (docs/compare.schema.json).

use super::{Comparison, Comparisons, because, group_label, group_name, levels, verdict_name};
use crate::compare::comparable;
use crate::compare::judge::{Figure, Row};
use crate::compare::levels::Pair;
use crate::compare::run::{OfLevel, Run};
use serde_json::{Map, Value, json};

/// Additions only; what is taken away or changed makes it 2.
const SCHEMA_VERSION: u64 = 1;

/// The comparison as JSON, with a newline at its end.
///
/// # Errors
/// None that comes from the comparison.
pub fn render(comparisons: &Comparisons<'_>) -> serde_json::Result<String> {
    let groups: Vec<Value> = comparisons.each().flat_map(|one| groups(&one)).collect();
    let all = comparisons.whole();
    let levels: Vec<Value> = comparisons.each().filter_map(|one| Some(level(one.level?, &one))).collect();
    let side =
        |of: fn(&Pair) -> &[Run]| -> Value { comparisons.pairs.iter().flat_map(of).map(run).collect() };
    let options = comparisons.options;
    let thresholds = &options.thresholds;
    let whole = json!({
        "schema_version": SCHEMA_VERSION,
        "reginfra_version": env!("CARGO_PKG_VERSION"),
        "before": side(|pair| &pair.before),
        "after": side(|pair| &pair.after),
        "thresholds": { "all": thresholds.all, "metrics": thresholds.of },
        "percentile": (options.shown() * 1000.0).round() / 10.0,
        "reason": all.and_then(|all| all.refusal().map(ToString::to_string)),
        "notes": comparisons.notes(),
        "levels": levels,
        "groups": groups,
    });
    Ok(serde_json::to_string_pretty(&whole)? + "\n")
}

fn run(run: &Run) -> Value {
    json!({
        "name": run.name, "labels": run.labels, "registrations": run.registrations.len(),
        "complete": comparable::is_complete(run), "cut_count": run.cut, "lines_lost": run.reading.lines_lost,
        "missing_satellites": run.reading.missing, "unreadable": run.reading.unreadable,
    })
}

fn groups(comparison: &Comparison<'_>) -> Vec<Value> {
    let of = |group| {
        let rows: Vec<Value> = comparison.of(group).map(|r| row(comparison, r)).collect();
        let reason = comparison.group_refusal(group).map(ToString::to_string);
        json!({
            "level": comparison.level, "group": group_name(group), "label": group_label(group), "reason": reason,
            "metrics": rows,
        })
    };
    comparison.groups().into_iter().map(of).collect()
}

fn level(level: u32, comparison: &Comparison<'_>) -> Value {
    let side = |runs: &[Run]| {
        let told = || runs.iter().filter_map(|run| run.level.as_ref());
        let sum = |of: fn(&OfLevel) -> u64| told().next().map(|_| told().map(of).sum::<u64>());
        json!({
            "runs": runs.len(), "first_tries": sum(|level| level.hosts), "passed": sum(|level| level.passed),
            "throughput_per_second": levels::per_second(runs),
        })
    };
    json!({
        "level": level, "lacks": comparison.lacks(), "reason": comparison.refusal().map(ToString::to_string),
        "before": side(comparison.before), "after": side(comparison.after),
    })
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
    map.insert("change".to_owned(), comparison.optimisation(row).map(|t| t.change.clone()).into());
    map.insert("change_state".to_owned(), comparison.optimisation(row).map(|t| t.state.clone()).into());
    Value::Object(map)
}
