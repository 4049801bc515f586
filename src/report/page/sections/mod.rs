//! One file a section: what a reader asks, answered from the figures that are there.

pub mod capsules;
pub mod comparison;
pub mod errors;
pub mod evidence;
pub mod history;
pub mod over_time;
pub mod slowest;
mod split;
pub mod summary;
pub mod timings;
mod waterfall;

use super::parts::{Cell, Figure, Tone};
use crate::kept::answer::KeptGroup;
use crate::metrics::answer::{Distribution, Metric, Statistic};
use crate::registration::session::Group;
use crate::report::durations::{calls, millis, percent};
use crate::report::table::text::escaped;

/// A group's class in the style sheet.
pub fn class_of(group: Option<Group>) -> String {
    format!("g-{}", group.map_or("all", Group::name))
}

pub fn label_of(group: Option<Group>) -> &'static str {
    group.map_or("All", Group::label)
}

/// A figure as people read it.
pub fn figure_text(metric: Metric, value: f64) -> String {
    match metric {
        metric if metric.is_timing() => millis(value),
        metric if metric.is_share() => percent(value),
        _ => calls(value),
    }
}

/// A figure of the answer; a dash where there is none.
pub fn figure(group: &KeptGroup, name: &str, statistic: Statistic, text: &dyn Fn(f64) -> String) -> Cell {
    let distribution = group.named(name);
    let figure = Some(Figure {
        group: group.group.clone(),
        metric: name.to_owned(),
        statistic: statistic.name().to_owned(),
    });
    match distribution.get(statistic) {
        Some(value) => Cell { figure, ..Cell::number(value, text(value)) },
        None => Cell { figure, ..Cell::text("-").toned(Tone::Quiet) },
    }
}

/// How many values a figure is over.
pub fn count_cell(group: &KeptGroup, name: &str, distribution: &Distribution) -> Cell {
    let figure =
        Figure { group: group.group.clone(), metric: name.to_owned(), statistic: "count".to_owned() };
    Cell { figure: Some(figure), ..Cell::count(distribution.count) }
}

/// A cell, marked where what it tells is inferred.
pub fn marked(mut cell: Cell, distribution: &Distribution) -> Cell {
    if distribution.is_inferred() {
        cell.text.insert_str(0, "~ ");
        cell.tone = Tone::Caution;
    }
    cell
}

/// `2026-04-04 10:00:02`, of a time as JSON has it.
pub fn clock(text: &str) -> String {
    let seconds = text.split(['.', 'Z']).next().unwrap_or(text);
    super::parts::shown(&seconds.replacen('T', " ", 1))
}

/// The first of many, and how many more there are.
pub fn first_of(all: &[String], most: usize) -> Vec<String> {
    let mut told: Vec<String> = all.iter().take(most).map(|text| super::parts::shown(text)).collect();
    if all.len() > most {
        told.push(format!("... and {} more", all.len() - most));
    }
    told
}

/// A sentence's first letter.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Names with their counts, the most frequent first.
pub fn mix(parts: &std::collections::BTreeMap<String, u64>, most: usize) -> String {
    let mut sorted: Vec<(&String, u64)> = parts.iter().map(|(k, v)| (k, *v)).collect();
    sorted.sort_by_key(|(name, n)| (std::cmp::Reverse(*n), *name));
    let shown = sorted.iter().take(most);
    let mut words: Vec<String> =
        shown.map(|(k, n)| format!("{} {}", escaped(k), crate::report::durations::count(*n))).collect();
    if sorted.len() > most {
        words.push(format!("{} more", sorted.len() - most));
    }
    words.join(", ")
}
