//! Runs in, one figure of all of them out, in the order of time.

use super::runs::KeptRun;
use crate::compare::comparable::fetches_an_attempt;
use crate::compare::judge::Subject;
use crate::kept::answer::KeptGroup;
use crate::metrics::answer::{Metric, Statistic};
use crate::registration::session::{Evidence, Group};
use crate::timestamp::Timestamp;

/// Figures that runs have: each metric, and the share of failed attempts.
pub const SUBJECTS: [Subject; Metric::ALL.len() + 1] = {
    let mut all = [Subject::ErrorRate; Metric::ALL.len() + 1];
    let mut i = 0;
    while i < Metric::ALL.len() {
        all[i] = Subject::Metric(Metric::ALL[i]);
        i += 1;
    }
    all
};

/// Which figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    /// None is all.
    pub group: Option<Group>,
    /// Of what.
    pub subject: Subject,
    /// Of calls and shares the average.
    pub statistic: Statistic,
}

impl Key {
    /// As ids begin: `consumer_create_ms:p50:all`.
    pub fn id(self) -> String {
        let group = self.group.map_or("all", Group::name);
        format!("{}:{}:{group}", self.subject.name(), self.statistic.name())
    }

    /// The figure of a run as it is judged: script fetches are held against attempts.
    pub fn judged(self, run: &KeptRun) -> Option<(f64, u64, Evidence)> {
        let (value, count, evidence) = self.of(run)?;
        if self.subject != Subject::Metric(Metric::ScriptFetches) {
            return Some((value, count, evidence));
        }
        let attempts = run.group(self.group)?.session_count.max(count);
        Some((fetches_an_attempt(value, count, attempts), attempts, evidence))
    }

    /// The figure of a run as it was kept, over how many values it is, and what it rests on.
    pub fn of(self, run: &KeptRun) -> Option<(f64, u64, Evidence)> {
        let group = run.group(self.group)?;
        match self.subject {
            Subject::ErrorRate => error_rate(group).map(|rate| (rate, group.session_count, Evidence::Exact)),
            Subject::Throughput | Subject::CreatesUnderWay => None,
            Subject::Metric(metric) => {
                let found = group.metric(metric);
                let value = found.get(self.statistic).filter(|_| found.count > 0)?;
                Some((value, found.count, found.evidence))
            }
        }
    }
}

/// Failed attempts of all attempts.
pub fn error_rate(group: &KeptGroup) -> Option<f64> {
    (group.session_count > 0).then(|| group.error_count as f64 / group.session_count as f64)
}

/// The keys that are looked at: of timings every statistic, of others the average.
pub fn keys(groups: &[Option<Group>], subjects: &[Subject], statistics: &[Statistic]) -> Vec<Key> {
    let mut keys = Vec::new();
    for group in groups {
        for subject in subjects {
            let of: &[Statistic] = if subject.is_timing() { statistics } else { &[Statistic::Avg] };
            keys.extend(of.iter().map(|s| Key { group: *group, subject: *subject, statistic: *s }));
        }
    }
    keys
}

/// A figure of one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Its place among the runs.
    pub run: usize,
    /// When that was.
    pub time: Timestamp,
    /// Milliseconds, calls a registration or a share.
    pub value: f64,
    /// Values, or registrations that it is over.
    pub count: u64,
    /// It is inferred.
    pub inferred: bool,
}

/// A figure of all runs that have it.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Which.
    pub key: Key,
    /// In the order of time.
    pub points: Vec<Point>,
}

impl Series {
    /// Takes it from the runs, which stand in the order of time.
    pub fn of(key: Key, runs: &[KeptRun]) -> Self {
        let point = |(run, kept): (usize, &KeptRun)| {
            let (value, count, evidence) = key.judged(kept)?;
            let inferred = evidence == Evidence::Inferred;
            value.is_finite().then_some(Point { run, time: kept.time, value, count, inferred })
        };
        Self { key, points: runs.iter().enumerate().filter_map(point).collect() }
    }

    /// What its values rest on.
    pub fn evidence(&self) -> &'static str {
        let inferred = self.points.iter().filter(|p| p.inferred).count();
        match inferred {
            0 => "exact",
            n if n == self.points.len() => "inferred",
            _ => "mixed",
        }
    }
}
