//! `5%`, `consumer_create_ms=10%` or a YAML file in, what counts as a change out.

use super::judge::{SUBJECTS, Thresholds};
use crate::keys_once::{KeysOnce, TWICE};
use crate::yaml_file::{self, FileError, Problem};
use std::path::Path;

/// No metric that is compared.
#[derive(Debug, thiserror::Error)]
#[error("'{name}' is no metric that is compared; these are: {}", names().join(", "))]
pub struct UnknownMetric {
    /// What was given.
    name: String,
}

fn names() -> Vec<&'static str> {
    SUBJECTS.iter().map(|s| s.name()).collect()
}

/// A percentage as a share: `5%`, `0.5 %`.
///
/// # Errors
/// No percentage from 0 to 1000, in words.
pub fn parse_share(text: &str) -> Result<f64, String> {
    let number = text.trim();
    let Some(percent) = number.strip_suffix('%') else {
        return Err(format!("'{number}' has no %: write a percentage such as 5%"));
    };
    let percent: f64 = percent.trim().parse().map_err(|_| format!("'{}' is no number", percent.trim()))?;
    if !(0.0..=1000.0).contains(&percent) {
        return Err("give a percentage from 0 to 1000".to_owned());
    }
    Ok(percent / 100.0)
}

impl Thresholds {
    /// Sets one, of all metrics where none is named.
    ///
    /// # Errors
    /// No metric that is compared.
    pub fn set(&mut self, metric: Option<&str>, share: f64) -> Result<(), UnknownMetric> {
        match metric {
            None => self.all = share,
            Some(name) if names().contains(&name) => {
                self.of.insert(name.to_owned(), share);
            }
            Some(name) => return Err(UnknownMetric { name: name.to_owned() }),
        }
        Ok(())
    }

    /// Reads a YAML file: `all: 5%` and `METRIC: 10%`, a line each.
    ///
    /// # Errors
    /// Names the file, the line and what is allowed.
    pub fn load(path: &Path) -> Result<Self, FileError> {
        yaml_file::load(path, "the thresholds", Self::parse)
    }

    fn parse(text: &str) -> Result<Self, Problem> {
        let read: KeysOnce<serde_yaml::Value> = yaml_file::parse(text).map_err(|(line, problem)| {
            let form = "write a metric and a percentage a line, as 'consumer_create_ms: 10%'";
            (line, if problem.ends_with(TWICE) { problem } else { format!("{problem}; {form}") })
        })?;
        let mut found = Self::default();
        for (name, value) in &read.0 {
            // every other word is a key: a value that is none of one word has been told
            let line =
                || yaml_file::words(text).iter().step_by(2).find(|w| w.text == *name).map_or(1, |w| w.line);
            let share = match value {
                serde_yaml::Value::String(text) => parse_share(text),
                _ => Err("is no percentage; write one such as 5%".to_owned()),
            };
            let share = share.map_err(|problem| (line(), format!("{name}: {problem}")))?;
            found
                .set((name != "all").then_some(name), share)
                .map_err(|error| (line(), format!("{error}; 'all' is of every other")))?;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(text: &str) -> Result<Thresholds, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Thresholds::load(file.path()).map_err(|e| e.to_string())
    }

    #[test]
    fn a_file_names_metrics_and_percentages() {
        let found = loaded("# ours\nall: 5%\nconsumer_create_ms: 12.5 %\n").unwrap();
        assert_eq!((found.all, found.of["consumer_create_ms"]), (0.05, 0.125));
        for nothing in ["{}", "", "# none yet\n"] {
            assert_eq!(loaded(nothing).unwrap(), Thresholds::default(), "{nothing:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, words) in [
            ("all: 5%\nspeed: 3%\n", ":2: 'speed' is no metric"),
            ("error_rate: 5%\nerror: 5%\n", ":2: 'error' is no metric"),
            ("# 'speed': 1%\nall: 5%\n\"speed\" : 3%\n", ":3: 'speed' is no metric"),
            ("{all: 5%,\nspeed: 3%}\n", ":2: 'speed' is no metric"),
            ("all: 5\n", ":1: all: is no percentage"),
            ("all: 5%\nerror_rate: -1%\n", ":2: error_rate: give a percentage"),
            ("- 5%\n", "write a metric and a percentage"),
            ("all: [\n", ":2: "),
        ] {
            let told = loaded(text).unwrap_err();
            assert!(told.contains(words) && !told.contains("column"), "{text:?}: {told}");
        }
    }

    #[test]
    fn a_metric_that_stands_twice_is_refused() {
        for (text, told) in [
            (
                "consumer_create_ms: 0%\nall: 0%\nconsumer_create_ms: 90%\n",
                ":3: consumer_create_ms stands twice; keep one",
            ),
            ("all: 5%\n'all': 5%\n", ":2: all stands twice; keep one"),
        ] {
            let found = loaded(text).unwrap_err();
            assert!(found.ends_with(told), "{text:?}: {found}");
        }
    }

    #[test]
    fn a_percentage_says_so() {
        assert_eq!(parse_share(" 0.5 % "), Ok(0.005));
        for bad in ["5", "x%", "-1%", "1001%", "NaN%", "%"] {
            assert!(parse_share(bad).is_err(), "{bad}");
        }
    }
}
