//! Orion's OpenSearch documents: one of metadata a run and one a figure, as a bulk request, and the orion.yaml that reads
//! them.

use super::{ExportError, Figure, figures, group_name, number, renamed};
use crate::history::runs::KeptRun;
use crate::history::series::Key;
use crate::registration::session::Group;
use serde_json::{Map, Value, json};

/// The bulk request.
pub const BULK: &str = "orion.ndjson";
/// The file that tells Orion what to look at.
pub const YAML: &str = "orion.yaml";

/// Fields of the documents that labels may not have.
const FIELDS: [&str; 5] = ["uuid", "timestamp", "benchmark", "complete", "registrations"];
/// Orion shows it; it is there even where no label tells it.
const BUILD_URL: &str = "buildUrl";

/// Both files.
///
/// # Errors
/// A label has the name of a field.
pub fn files(runs: &[KeptRun], keys: &[Key], name: &str) -> Result<(String, String), ExportError> {
    let mut bulk = String::new();
    for run in runs {
        let uuid = uuid(run);
        let document = metadata(run, &uuid, name)?;
        bulk += &indexed(&format!("{name}-metadata"), &uuid, &document);
        for (id, document) in metrics(run, keys, &uuid) {
            bulk += &indexed(&format!("{name}-metrics"), &format!("{uuid}-{id}"), &document);
        }
    }
    let with_values: Vec<Key> =
        keys.iter().copied().filter(|key| runs.iter().any(|run| !figures(run, &[*key]).is_empty())).collect();
    Ok((bulk, yaml(&with_values, name)))
}

// the same run is the same document, however often it is sent
fn indexed(index: &str, id: &str, document: &Value) -> String {
    format!("{}\n{document}\n", json!({ "index": { "_index": index, "_id": id } }))
}

// RFC 9562, version 8: of the run's own bytes
fn uuid(run: &KeptRun) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&run.digest[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn metadata(run: &KeptRun, uuid: &str, name: &str) -> Result<Value, ExportError> {
    let mut document = Map::new();
    for (label, value) in renamed(run, |label| label.replace('.', "_"))? {
        if FIELDS.contains(&label.as_str()) {
            return Err(ExportError::LabelTaken { label });
        }
        document.insert(label, value.into());
    }
    document.entry(BUILD_URL).or_insert_with(|| "".into());
    document.insert("uuid".to_owned(), uuid.into());
    document.insert("timestamp".to_owned(), run.time.to_string().into());
    document.insert("benchmark".to_owned(), name.into());
    document.insert("complete".to_owned(), run.complete().into());
    document.insert("registrations".to_owned(), run.group(None).map_or(0, |all| all.session_count).into());
    Ok(Value::Object(document))
}

// one document a group and metric, its statistics beside each other
fn metrics(run: &KeptRun, keys: &[Key], uuid: &str) -> Vec<(String, Value)> {
    let mut documents: Vec<(String, Value)> = Vec::new();
    for Figure { key, value, count, evidence } in figures(run, keys) {
        let (group, metric) = (group_name(key.group), key.subject.name());
        let id = format!("{group}-{metric}");
        if documents.last().is_none_or(|(last, _)| *last != id) {
            let document = json!({
                "uuid": uuid,
                "timestamp": run.time.to_string(),
                "metricName": metric,
                "group": group,
                "count": count,
                "evidence": evidence,
            });
            documents.push((id, document));
        }
        if let Some((_, document)) = documents.last_mut() {
            document[key.statistic.name()] = number(value);
        }
    }
    documents
}

fn yaml(keys: &[Key], name: &str) -> String {
    let metric = |key: &Key| {
        json!({
            "name": format!("{}_{}", group_name(key.group), key.subject.name()),
            "metricName.keyword": key.subject.name(),
            "group.keyword": key.group.map_or("all", Group::name),
            "metric_of_interest": key.statistic.name(),
            // 1 tells what goes up, -1 what goes down
            "direction": if key.subject.more_is_worse() { 1 } else { -1 },
        })
    };
    let metrics: Vec<Value> = keys.iter().map(metric).collect();
    let test = json!({ "name": name, "metadata": { "benchmark.keyword": name }, "metrics": metrics });
    serde_yaml::to_string(&json!({ "tests": [test] })).unwrap_or_default()
}
