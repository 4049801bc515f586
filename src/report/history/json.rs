//! A history as data (docs/history.schema.json).

use super::Shown;
use crate::history::divisive::{SEED, SHUFFLES};
use crate::history::judge::{Finding, Judged};
use crate::history::runs::KeptRun;
use crate::history::series::Point;
use crate::report::compare::{group_label, group_name, meaning, verdict_name};
use serde_json::{Value, json};

/// Additions only; what is taken away or changed makes it 2.
const SCHEMA_VERSION: u64 = 1;

/// The history as JSON, with a newline at its end.
///
/// # Errors
/// None that comes from the history.
pub fn render(shown: &Shown<'_>) -> serde_json::Result<String> {
    let whole = json!({
        "schema_version": SCHEMA_VERSION,
        "reginfra_version": env!("CARGO_PKG_VERSION"),
        "complete": shown.unreadable.is_empty(),
        "unreadable": shown.unreadable,
        "significance": shown.options.significance,
        "min_segment": shown.options.min_segment,
        "shuffles": SHUFFLES,
        "seed": SEED,
        "runs": shown.runs.iter().map(run).collect::<Vec<_>>(),
        "series": shown.history.judged.iter().map(|judged| series(shown, judged)).collect::<Vec<_>>(),
        "unknown_acknowledgements": shown.history.unknown,
    });
    Ok(serde_json::to_string_pretty(&whole)? + "\n")
}

fn run(run: &KeptRun) -> Value {
    json!({
        "name": run.name,
        "time": run.time,
        "labels": run.labels,
        "registrations": run.group(None).map_or(0, |all| all.session_count),
        "complete": run.complete(),
    })
}

fn series(shown: &Shown<'_>, judged: &Judged) -> Value {
    let (series, key) = (&judged.series, judged.series.key);
    let evidence = |p: &Point| if p.inferred { "inferred" } else { "exact" };
    let point =
        |p: &Point| json!({ "run": p.run, "value": p.value, "count": p.count, "evidence": evidence(p) });
    let points: Vec<Value> = series.points.iter().map(point).collect();
    json!({
        "group": group_name(key.group),
        "label": group_label(key.group),
        "metric": key.subject.name(),
        "statistic": key.statistic.name(),
        "evidence": series.evidence(),
        "runs_needed": judged.needed,
        "points": points,
        "changes": judged.findings.iter().map(|f| finding(shown, judged, f)).collect::<Vec<_>>(),
    })
}

fn finding(shown: &Shown<'_>, judged: &Judged, finding: &Finding) -> Value {
    let points = &judged.series.points;
    let run = |at: usize| points.get(at).map(|p| p.run);
    let ratio = (finding.before != 0.0).then(|| finding.after / finding.before);
    json!({
        "id": finding.id,
        "verdict": verdict_name(&finding.verdict),
        "reason": meaning(&finding.verdict, finding.together.as_ref()),
        "run": run(finding.at),
        "previous_run": run(finding.previous),
        "time": shown.sides(judged, finding).map(|(_, after)| after.time),
        "before": finding.before,
        "after": finding.after,
        "ratio": ratio,
        "probability": finding.probability,
        "probability_alone": finding.probability_alone,
        "confidence": 1.0 - finding.probability,
        "acknowledged": finding.acknowledged,
    })
}
