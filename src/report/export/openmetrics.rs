//! OpenMetrics text of one run, for node_exporter's textfile collector.
//!
//! All families are gauges without times: a run's figures stand still, and the collector reads the older text format,
//! which knows no `info` and takes no file with times.

use super::{DIGITS, ExportError, Figure, figures, group_name, groups, renamed};
use crate::compare::judge::Subject;
use crate::history::runs::KeptRun;
use crate::history::series::{Key, SUBJECTS};
use crate::registration::session::Evidence;
use crate::timestamp::Timestamp;
use std::collections::BTreeMap;

/// The text, `# EOF` at its end.
///
/// # Errors
/// Two labels have one name there.
pub fn exposition(run: &KeptRun, keys: &[Key]) -> Result<String, ExportError> {
    let mut out = String::new();
    let figures = figures(run, keys);
    for subject in SUBJECTS {
        let of: Vec<&Figure> = figures.iter().filter(|f| f.key.subject == subject).collect();
        if !of.is_empty() {
            family_of(&mut out, subject, &of);
        }
    }
    counts(&mut out, run, keys, &figures);
    of_run(&mut out, run)?;
    out.push_str("# EOF\n");
    Ok(out)
}

struct Family<'a> {
    name: &'a str,
    unit: Option<&'a str>,
    help: &'a str,
}

impl Family<'_> {
    fn write(&self, out: &mut String, samples: impl IntoIterator<Item = (Vec<(String, String)>, f64)>) {
        let name = self.name;
        out.push_str(&format!("# TYPE {name} gauge\n"));
        if let Some(unit) = self.unit {
            out.push_str(&format!("# UNIT {name} {unit}\n"));
        }
        out.push_str(&format!("# HELP {name} {}\n", self.help));
        for (labels, value) in samples {
            let label = |(key, value): &(String, String)| format!("{key}=\"{}\"", escaped(value));
            let labels: Vec<String> = labels.iter().map(label).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            out.push_str(&format!("{name}{labels} {value}\n"));
        }
    }
}

// base units: seconds, shares of 1; a unit is the name's end
fn family_of(out: &mut String, subject: Subject, figures: &[&Figure]) {
    let metric = subject.name();
    let (name, unit, scale, what) = match subject {
        Subject::ErrorRate => {
            ("error_ratio".to_owned(), Some("ratio"), 1.0, "Failed attempts of all attempts.")
        }
        Subject::Metric(m) if m.is_share() => (
            metric.replace("_rate", "_ratio"),
            Some("ratio"),
            1.0,
            "Share that the capsules' script cache answered.",
        ),
        _ if subject.is_timing() => {
            (metric.replace("_ms", "_seconds"), Some("seconds"), 1000.0, "Time of requests that succeeded.")
        }
        _ => (metric.to_owned(), None, 1.0, "Requests a successful registration."),
    };
    let sample = |figure: &&Figure| {
        let labels = pairs([
            ("group", group_name(figure.key.group)),
            ("statistic", figure.key.statistic.name()),
            ("evidence", if figure.evidence == Evidence::Inferred { "inferred" } else { "exact" }),
        ]);
        // a kept figure is a decimal: as the quotient of whole numbers it is the nearest float, and shown as short as it was
        (labels, (figure.value * DIGITS).round() / (DIGITS * scale))
    };
    let name = format!("reginfra_{name}");
    Family { name: &name, unit, help: what }.write(out, figures.iter().map(sample));
}

fn counts(out: &mut String, run: &KeptRun, keys: &[Key], figures: &[Figure]) {
    let groups: Vec<_> =
        groups(run, keys).into_iter().filter_map(|g| Some((group_name(g), run.group(g)?))).collect();
    let attempts = groups.iter().map(|(name, kept)| (pairs([("group", name)]), kept.session_count as f64));
    Family { name: "reginfra_attempts", unit: None, help: "Attempts to register, failed ones included." }
        .write(out, attempts);
    let failed = groups.iter().flat_map(|(name, kept)| {
        let class =
            move |(class, n): (&String, &u64)| (pairs([("group", name), ("class", class)]), *n as f64);
        kept.error_breakdown.iter().map(class)
    });
    Family { name: "reginfra_failed_attempts", unit: None, help: "Attempts that failed, by class." }
        .write(out, failed);
    let values: BTreeMap<(&str, &str), u64> =
        figures.iter().map(|f| ((group_name(f.key.group), f.key.subject.name()), f.count)).collect();
    let values = values.into_iter().map(|((g, m), n)| (pairs([("group", g), ("metric", m)]), n as f64));
    Family {
        name: "reginfra_values",
        unit: None,
        help: "Values, or registrations, that the figures of a metric are over.",
    }
    .write(out, values);
}

fn of_run(out: &mut String, run: &KeptRun) -> Result<(), ExportError> {
    let seconds = |time: Timestamp| time.0 as f64 / 1e6;
    if let Some((start, end)) = run.window() {
        for (name, help, time) in [
            ("reginfra_run_start_timestamp_seconds", "Start of the first registration.", start),
            ("reginfra_run_end_timestamp_seconds", "End of the last registration.", end),
        ] {
            Family { name, unit: Some("seconds"), help }.write(out, [(Vec::new(), seconds(time))]);
        }
    }
    let complete = if run.complete() { 1.0 } else { 0.0 };
    Family {
        name: "reginfra_run_complete",
        unit: None,
        help: "1 where nothing of the run's log is missing.",
    }
    .write(out, [(Vec::new(), complete)]);
    let name = |label: &str| {
        let allowed = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        format!("label_{}", label.chars().map(allowed).collect::<String>())
    };
    let mut labels = pairs([("version", env!("CARGO_PKG_VERSION"))]);
    labels.extend(renamed(run, name)?);
    Family {
        name: "reginfra_run_labels",
        unit: None,
        help: "Always 1: the run's labels, and the program's version.",
    }
    .write(out, [(labels, 1.0)]);
    Ok(())
}

fn pairs<const N: usize>(labels: [(&str, &str); N]) -> Vec<(String, String)> {
    labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_values_are_escaped() {
        assert_eq!(escaped("a\\b \"c\"\nd"), "a\\\\b \\\"c\\\"\\nd");
    }
}
