//! OPL's status data: `results.reginfra.GROUP.METRIC.STATISTIC`, `parameters.reginfra`, where it also stands what the
//! figures lack. What else a file holds stays as it is, byte for byte and in its order.

use super::{ExportError, nested, renamed};
use crate::history::runs::KeptRun;
use crate::history::series::Key;
use crate::timestamp::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Ours, below `results` and `parameters`.
const OURS: &str = "reginfra";
/// What OPL's loaders ask for.
const REQUIRED: [&str; 4] = ["name", "started", "ended", "result"];
/// As OPL writes its files.
const INDENT: usize = 4;

/// The document: `there` extended, or a new one.
///
/// # Errors
/// What is there is no status data, or labels fall together.
pub fn document(there: Option<&str>, run: &KeptRun, keys: &[Key], name: &str) -> Result<String, ExportError> {
    if there.is_some_and(|text| text.trim().is_empty()) {
        return Err(ExportError::NotStatusData("it is empty".to_owned()));
    }
    let (text, end) = match there {
        Some(text) => (text.to_owned(), if text.ends_with('\n') { "\n" } else { "" }),
        None => (new(run, name).to_string(), "\n"),
    };
    let mut whole = Members::parse(&text)?;
    if let Some(missing) = REQUIRED.iter().find(|key| !whole.0.iter().any(|(k, _)| k == *key)) {
        return Err(ExportError::NotStatusData(format!("key '{missing}' is missing")));
    }
    let labels = renamed(run, |label| label.replace('.', "_"))?;
    let parameters = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "labels": labels,
        "complete": run.complete(),
        "unreadable": run.answer.coverage.unreadable,
        "cut_count": run.cut(),
        "lines_lost": run.lines_lost(),
    });
    for (section, value) in [("results", nested(run, keys)), ("parameters", parameters)] {
        let mut members = match whole.0.iter().find(|(key, _)| key == section) {
            // its lines are not those of the file
            Some((_, raw)) if !raw.starts_with('{') => {
                return Err(ExportError::NotStatusData(format!("'{section}' is no object")));
            }
            Some((_, raw)) => serde_json::from_str(raw).map_err(|error: serde_json::Error| {
                ExportError::NotStatusData(format!("'{section}': {}", without_place(&error.to_string())))
            })?,
            None => Members(Vec::new()),
        };
        members.set(OURS, indented(&value, 2));
        whole.set(section, members.text(1));
    }
    Ok(whole.text(0) + end)
}

// as OPL's own new file is, but for the times; whether a run has passed is for others to judge
fn new(run: &KeptRun, name: &str) -> Value {
    let (started, ended) = run.window().unwrap_or((run.time, run.time));
    json!({
        "name": name,
        "started": opl_time(started),
        "ended": opl_time(ended),
        "owner": null,
        "result": null,
        "results": {},
        "parameters": {},
        "measurements": {},
    })
}

fn opl_time(time: Timestamp) -> String {
    time.to_string().trim_end_matches('Z').to_owned() + "+00:00"
}

fn indented(value: &Value, depth: usize) -> String {
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    // a value that is in memory can always be written
    let _ = serde::Serialize::serialize(value, &mut serializer);
    // no string of JSON holds a line's end
    String::from_utf8_lossy(&out).replace('\n', &format!("\n{}", " ".repeat(INDENT * depth)))
}

/// An object's keys and their values as they are written.
struct Members(Vec<(String, String)>);

impl Members {
    fn parse(text: &str) -> Result<Self, ExportError> {
        serde_json::from_str(text).map_err(|error| {
            // behind a line's end nothing is left
            let line = error.line().min(text.lines().count());
            let words = error.to_string();
            let words = match error.classify() {
                Category::Eof => "it is cut off here",
                _ => without_place(&words),
            };
            ExportError::NotStatusData(format!("line {line}: {words}"))
        })
    }

    fn set(&mut self, key: &str, raw: String) {
        match self.0.iter_mut().find(|(k, _)| k == key) {
            Some((_, value)) => *value = raw,
            None => self.0.push((key.to_owned(), raw)),
        }
    }

    fn text(&self, depth: usize) -> String {
        if self.0.is_empty() {
            return "{}".to_owned();
        }
        let (inner, outer) = (" ".repeat(INDENT * (depth + 1)), " ".repeat(INDENT * depth));
        let member = |(key, raw): &(String, String)| format!("{inner}{}: {raw}", Value::from(key.as_str()));
        let members: Vec<String> = self.0.iter().map(member).collect();
        format!("{{\n{}\n{outer}}}", members.join(",\n"))
    }
}

fn without_place(words: &str) -> &str {
    words.rsplit_once(" at line ").map_or(words, |(words, _)| words)
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Members, M::Error> {
                let mut found: Vec<(String, String)> = Vec::new();
                while let Some((key, raw)) = map.next_entry::<String, Box<RawValue>>()? {
                    // readers disagree on which of two counts
                    if found.iter().any(|(k, _)| *k == key) {
                        return Err(M::Error::custom(format!("key '{key}' stands twice")));
                    }
                    found.push((key, raw.get().to_owned()));
                }
                Ok(Members(found))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
