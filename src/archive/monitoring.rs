//! Status data of a level (`50-concurrent-exec-8-Execute registration.log.json`) in, figures of its machines out.
//!
//! Below `measurements` stand blocks of statistics, as OPL's status_data.py puts them there:
//! `{"measurements": {"satellite": {"memory": {"memory-used": {"mean": 1.0, "max": 2.0, "samples": 40, ...}}}}}`. All else is ignored.

use serde_json::Value;
use std::io::Read;

/// The longest file; those of a level have 100 kB.
const LONGEST: u64 = 64 << 20;
/// Blocks of one file; a run has some hundred.
const MOST: usize = 10_000;
/// Blocks in blocks.
const DEEPEST: usize = 16;

/// One figure of a machine during a level.
#[derive(Clone, Debug, PartialEq)]
pub struct Monitored {
    /// Where it stands below `measurements`, such as `satellite.memory.memory-used`.
    pub name: String,
    /// Arithmetic mean.
    pub mean: f64,
    /// 95th percentile, where it has one.
    pub p95: Option<f64>,
    /// Largest value, where it has one.
    pub max: Option<f64>,
    /// How many values, where it tells.
    pub samples: Option<u64>,
}

/// Reads the figures, in the order of their names; none where nothing was measured.
///
/// # Errors
/// Words, where it is no JSON object.
pub fn read(file: impl Read) -> Result<Vec<Monitored>, String> {
    let data: Value = serde_json::from_reader(file.take(LONGEST)).map_err(|e| format!("no JSON: {e}"))?;
    if !data.is_object() {
        return Err("no JSON object".to_owned());
    }
    let mut found = Vec::new();
    blocks(&data["measurements"], String::new(), 0, &mut found);
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn blocks(value: &Value, name: String, depth: usize, found: &mut Vec<Monitored>) {
    let Some(block) = value.as_object().filter(|_| depth < DEEPEST && found.len() < MOST) else { return };
    let figure = |key: &str| block.get(key).and_then(Value::as_f64);
    if let Some(mean) = figure("mean") {
        let samples = block.get("samples").and_then(Value::as_u64);
        found.push(Monitored { name, mean, p95: figure("percentile95"), max: figure("max"), samples });
        return;
    }
    for (key, value) in block {
        let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
        blocks(value, name, depth + 1, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_statistics_are_found_wherever_they_stand() {
        let text = r#"{"name": "x", "measurements": {"satellite": {"load": {"load": {"shortterm": {"mean": 2.5, "max": 4, "samples": 40}}},
            "memory": {"memory-used": {"mean": 1e9, "percentile95": 2e9}}, "note": "text"}}}"#;
        let found = read(text.as_bytes()).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].name.as_str(), found[0].mean, found[0].samples),
            ("satellite.load.load.shortterm", 2.5, Some(40))
        );
        assert_eq!((found[1].p95, found[1].max), (Some(2e9), None));
        assert_eq!(read("{}".as_bytes()).unwrap(), []);
        assert!(read("[1]".as_bytes()).is_err() && read("{".as_bytes()).unwrap_err().starts_with("no JSON"));
    }
}
