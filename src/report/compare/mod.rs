//! Rows of a comparison in; a table, JSON, Markdown or annotations of a workflow out.

pub mod json;
pub mod markdown;
pub mod text;

use crate::compare::judge::{Figure, Row, Subject, Thresholds, Verdict};
use crate::compare::run::Run;
use crate::metrics::answer::Metric;
use crate::metrics::targets::{self, Target};
use crate::registration::session::Group;
use crate::report::durations::{calls, millis, percent};

/// What is shown.
#[derive(Clone, Copy, Debug)]
pub struct Comparison<'a> {
    /// Runs before.
    pub before: &'a [Run],
    /// Runs after.
    pub after: &'a [Run],
    /// What counted as a change.
    pub thresholds: &'a Thresholds,
    /// In the order in which they are shown.
    pub rows: &'a [Row],
}

impl Comparison<'_> {
    /// Groups that have rows, `all` last as in the tables of metrics.
    fn groups(&self) -> Vec<Option<Group>> {
        let has = |group: &Option<Group>| self.rows.iter().any(|r| r.group == *group);
        Group::ALL.into_iter().map(Some).chain([None]).filter(has).collect()
    }

    fn of(&self, group: Option<Group>) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |r| r.group == group)
    }
}

fn group_label(group: Option<Group>) -> &'static str {
    group.map_or("All", Group::label)
}

fn group_name(group: Option<Group>) -> &'static str {
    group.map_or("all", Group::name)
}

fn label(subject: Subject) -> &'static str {
    match subject {
        Subject::Metric(Metric::ConsumerCreateMs) => "consumer create",
        Subject::Metric(Metric::ScriptFetchMs) => "script",
        Subject::Metric(Metric::HostRegisterMs) => "host",
        Subject::Metric(Metric::FactUpdateMs) => "facts",
        Subject::Metric(Metric::CreateAndFactsMs) => "create + facts",
        Subject::Metric(Metric::CapsuleScriptFetchMs) => "script, capsule",
        Subject::Metric(Metric::CapsuleHostRegisterMs) => "host, capsule",
        Subject::Metric(Metric::ComplianceCalls) => "compliance calls",
        Subject::Metric(Metric::StatusCalls) => "status calls",
        Subject::Metric(Metric::RedundantConsumerGets) => "redundant GETs",
        Subject::Metric(metric) => metric.name(),
        Subject::ErrorRate => "failed attempts",
    }
}

fn verdict_words(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Improved => "improved",
        Verdict::Regressed => "REGRESSED",
        Verdict::NoChangeSeen => "no change seen",
        Verdict::Moved => "moved",
        Verdict::NotComparable(_) => "no verdict",
    }
}

fn verdict_name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Improved => "improved",
        Verdict::Regressed => "regressed",
        Verdict::NoChangeSeen => "no-change-seen",
        Verdict::Moved => "moved",
        Verdict::NotComparable(_) => "not-comparable",
    }
}

// why there is no verdict, or what a verdict means
fn because(row: &Row) -> Option<String> {
    match &row.verdict {
        Verdict::NotComparable(refusal) => Some(refusal.to_string()),
        Verdict::Moved => Some(
            "work went between consumer create and fact update: create + facts did not change".to_owned(),
        ),
        _ => None,
    }
}

fn value(subject: Subject, figure: &Figure) -> String {
    let Some(value) = figure.value else { return "-".to_owned() };
    match subject {
        Subject::Metric(metric) if metric.is_timing() => millis(value),
        Subject::Metric(_) => calls(value),
        Subject::ErrorRate => percent(value),
    }
}

// `+9.9 %`, and the interval `+5.6 to +14.3 %`; of shares in points
fn change(row: &Row) -> Option<(String, String)> {
    if row.subject == Subject::ErrorRate {
        let (at, low, high) = row.difference?;
        let points = |share: f64| format!("{:+.1}", share * 100.0);
        return Some((format!("{} pt", points(at)), format!("{} to {}", points(low), points(high))));
    }
    if let Some((at, low, high)) = row.ratio {
        let part = |ratio: f64| format!("{:+.1}", (ratio - 1.0) * 100.0);
        return Some((format!("{} %", part(at)), format!("{} to {}", part(low), part(high))));
    }
    let (at, low, high) = row.difference?;
    Some((format!("{at:+.2}"), format!("{low:+.2} to {high:+.2}")))
}

// the change that a metric leads to
fn optimisation(subject: Subject) -> Option<Target> {
    let Subject::Metric(metric) = subject else { return None };
    targets::built_in().into_iter().find(|t| t.metric == metric)
}
