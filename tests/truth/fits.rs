//! Answers against the schemas in docs/.

use crate::support::Answer;
use jsonschema::Validator;
use serde_json::Value;
use std::path::Path;
use std::sync::LazyLock;

pub static METRICS: LazyLock<Validator> = LazyLock::new(|| schema("metrics.schema.json"));
pub static SESSIONS: LazyLock<Validator> = LazyLock::new(|| schema("sessions.schema.json"));

fn schema(name: &str) -> Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

#[track_caller]
fn fits(schema: &Validator, value: &Value) {
    let errors: Vec<String> =
        schema.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?} in {value}");
}

#[track_caller]
pub fn answer_fits(answer: &Answer) {
    fits(&METRICS, &answer.json);
    for session in &answer.sessions {
        fits(&SESSIONS, session);
    }
}
