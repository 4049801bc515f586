//! A history in; lines for people or JSON out.

pub mod json;
pub mod sparkline;
pub mod text;

use crate::history::judge::{Finding, History, Judged, Options};
use crate::history::runs::KeptRun;
use crate::history::series::{Key, Point};
use crate::report::compare::label;
pub(crate) use crate::report::compare::number as value;
use crate::report::durations::percent;

/// What is shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// In the order of time.
    pub runs: &'a [KeptRun],
    /// What was found.
    pub history: &'a History,
    /// What was asked.
    pub options: &'a Options,
    /// What could not be read, in words.
    pub unreadable: &'a [String],
}

impl<'a> Shown<'a> {
    pub(crate) fn run(&self, point: &Point) -> Option<&'a KeptRun> {
        self.runs.get(point.run)
    }

    // the runs on both sides of a change
    pub(crate) fn sides(&self, judged: &Judged, finding: &Finding) -> Option<(&'a KeptRun, &'a KeptRun)> {
        let at = |i: usize| judged.series.points.get(i).and_then(|p| self.run(p));
        Some((at(finding.previous)?, at(finding.at)?))
    }
}

// `consumer create P50`
pub(crate) fn figure_name(key: Key) -> String {
    match key.subject.is_timing() {
        true => format!("{} {}", label(key.subject), key.statistic.label()),
        false => label(key.subject).to_owned(),
    }
}

// `+24.9 %`; of shares in points
pub(crate) fn change(key: Key, finding: &Finding) -> String {
    let (before, after) = (finding.before, finding.after);
    if key.subject.is_share() {
        return format!("{:+.1} pt", (after - before) * 100.0);
    }
    if before == 0.0 {
        return format!("{:+.2}", after - before);
    }
    format!("{:+.1} %", (after / before - 1.0) * 100.0)
}

// of 2,000 shuffles none says more than `> 99.9 %`
pub(crate) fn sure(probability: f64) -> String {
    if probability < 0.001 { "> 99.9 %".to_owned() } else { percent(1.0 - probability) }
}
