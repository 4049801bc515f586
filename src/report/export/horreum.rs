//! Horreum's document of one run: a `$schema`, start and stop in milliseconds since 1970, labels, figures.

use super::nested;
use crate::history::runs::KeptRun;
use crate::history::series::Key;
use crate::timestamp::Timestamp;
use serde_json::json;

/// What Horreum knows such documents by; another one where a key changes its meaning or goes.
const SCHEMA: &str = "urn:reginfra:run:1";

/// The document, with a newline at its end.
///
/// # Errors
/// None that comes from the run.
pub fn document(run: &KeptRun, keys: &[Key], name: &str) -> serde_json::Result<String> {
    let (start, stop) = run.window().unwrap_or((run.time, run.time));
    let ms = |time: Timestamp| time.0.div_euclid(1000);
    let whole = json!({
        "$schema": SCHEMA,
        "test": name,
        "start": ms(start),
        "stop": ms(stop),
        "reginfra_version": env!("CARGO_PKG_VERSION"),
        "complete": run.complete(),
        "labels": run.labels,
        "groups": nested(run, keys),
    });
    Ok(serde_json::to_string_pretty(&whole)? + "\n")
}
