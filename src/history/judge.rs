//! Series in, their changes out: tested together, so that many figures at once do not make false alarms.

use super::acknowledged::Acknowledged;
use super::divisive::{Change, changes, next_change, values_needed};
use super::series::{Key, Series};
use crate::compare::statistics::discovery::adjusted;
use crate::compare::statistics::location::median;
use crate::timestamp::Timestamp;
use std::collections::BTreeSet;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// The chance that a history without any change has a finding.
    pub significance: f64,
    /// Runs between two changes, before the first and after the last, at least.
    pub min_segment: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { significance: 0.05, min_segment: 3 }
    }
}

/// A change of a figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Figure and time of the first run after it: the same however many runs come later.
    pub id: String,
    /// The point before it.
    pub previous: usize,
    /// The first point after it.
    pub at: usize,
    /// Median of the stretch before.
    pub before: f64,
    /// Median of the stretch after, to the next change or the last run.
    pub after: f64,
    /// More is worse, and it is more; or the other way round.
    pub worse: bool,
    /// That values which are all alike would divide so well.
    pub probability: f64,
    /// Why it need not be told.
    pub acknowledged: Option<String>,
}

/// A figure and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Its values.
    pub series: Series,
    /// In the order of time.
    pub findings: Vec<Finding>,
    /// How many values it would have to have; none where it has them.
    pub needed: Option<usize>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// In the order in which they were asked for; figures that no run has are left out.
    pub judged: Vec<Judged>,
    /// Acknowledged ids that are no finding.
    pub unknown: Vec<String>,
}

impl History {
    /// Findings that nobody has acknowledged.
    pub fn news(&self) -> impl Iterator<Item = &Finding> {
        self.judged.iter().flat_map(|j| &j.findings).filter(|f| f.acknowledged.is_none())
    }
}

/// Looks for changes in every series.
pub fn judge(series: Vec<Series>, options: &Options, known: &[Acknowledged]) -> History {
    let needed = values_needed(options.significance, options.min_segment);
    let values: Vec<Vec<f64>> = series.iter().map(|s| s.points.iter().map(|p| p.value).collect()).collect();
    // of all series that are long enough, also of those in which nothing divides at all
    let long: Vec<usize> = (0..series.len()).filter(|i| values[*i].len() >= needed).collect();
    let first: Vec<Option<Change>> =
        long.iter().map(|i| next_change(&values[*i], &[], options.min_segment)).collect();
    let probabilities: Vec<f64> = first.iter().map(|c| c.map_or(1.0, |c| c.probability)).collect();
    let stands: Vec<bool> = adjusted(&probabilities).iter().map(|p| *p <= options.significance).collect();
    // what those that stand had to reach is asked of their further changes too
    let count = stands.iter().filter(|s| **s).count();
    let level = options.significance * count as f64 / long.len().max(1) as f64;
    let mut history = History::default();
    for (i, series) in series.into_iter().enumerate().filter(|(_, s)| !s.points.is_empty()) {
        let at = long.iter().position(|l| *l == i);
        let found = match at.and_then(|at| first[at].filter(|_| stands[at])) {
            Some(first) => changes(&values[i], first, level, options.min_segment),
            None => Vec::new(),
        };
        let findings = findings(&series, &values[i], &found);
        let needed = at.is_none().then_some(needed);
        history.judged.push(Judged { series, findings, needed });
    }
    history.unknown = acknowledge(&mut history.judged, known, options.min_segment);
    history
}

fn findings(series: &Series, values: &[f64], found: &[Change]) -> Vec<Finding> {
    let bounds: Vec<usize> =
        [0].into_iter().chain(found.iter().map(|c| c.at)).chain([values.len()]).collect();
    let stretch = |i: usize| {
        let values = values.get(bounds[i]..bounds[i + 1]).unwrap_or_default();
        median(values.to_vec()).unwrap_or(f64::NAN)
    };
    let finding = |(i, change): (usize, &Change)| {
        let (before, after) = (stretch(i), stretch(i + 1));
        Finding {
            id: id(series.key, series.points[change.at].time),
            previous: change.at - 1,
            at: change.at,
            before,
            after,
            worse: (after > before) == series.key.subject.more_is_worse(),
            probability: change.probability,
            acknowledged: None,
        }
    };
    found.iter().enumerate().map(finding).collect()
}

// `consumer_create_ms:p50:all:20260404T100002Z`
fn id(key: Key, time: Timestamp) -> String {
    let time = Timestamp::from_secs(time.secs()).to_string().replace(['-', ':'], "");
    format!("{}:{time}", key.id())
}

/// An id that a finding has acknowledges it. Later runs can move where a change is seen to lie: what is left over of
/// the ids acknowledges a finding of the same figure fewer than `near` runs away.
fn acknowledge(judged: &mut [Judged], known: &[Acknowledged], near: usize) -> Vec<String> {
    let mut used = BTreeSet::new();
    for close in [1, near] {
        for Judged { series, findings, .. } in &mut *judged {
            for finding in findings.iter_mut().filter(|f| f.acknowledged.is_none()) {
                let around = finding.at.saturating_sub(close - 1)..finding.at + close;
                let ids: Vec<String> = around
                    .filter_map(|at| series.points.get(at))
                    .map(|point| id(series.key, point.time))
                    .collect();
                let entry = known.iter().find(|k| !used.contains(k.id.as_str()) && ids.contains(&k.id));
                if let Some(entry) = entry {
                    used.insert(entry.id.as_str());
                    finding.acknowledged = Some(entry.reason.clone());
                }
            }
        }
    }
    known.iter().filter(|k| !used.contains(k.id.as_str())).map(|k| k.id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::series::Point;
    use super::*;
    use crate::compare::judge::Subject;
    use crate::metrics::answer::{Metric, Statistic};

    fn series(metric: Metric, values: &[f64]) -> Series {
        let key = Key { group: None, subject: Subject::Metric(metric), statistic: Statistic::P50 };
        let point = |(run, value): (usize, &f64)| {
            let time = Timestamp::from_secs(1_775_296_800 + 86_400 * run as i64);
            Point { run, time, value: *value, count: 100, inferred: false }
        };
        Series { key, points: values.iter().enumerate().map(point).collect() }
    }

    fn step(to: f64, length: usize) -> Vec<f64> {
        let wobble = [0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 1.5];
        (0..length).map(|i| if i < 10 { 100.0 } else { to } + wobble[i * 5 % 8]).collect()
    }

    fn judged(values: &[f64], known: &[Acknowledged]) -> History {
        judge(vec![series(Metric::ConsumerCreateMs, values)], &Options::default(), known)
    }

    #[test]
    fn a_finding_says_where_how_much_and_whether_it_is_worse() {
        let history = judged(&step(130.0, 18), &[]);
        let finding = &history.judged[0].findings[0];
        assert_eq!(finding.id, "consumer_create_ms:p50:all:20260414T100000Z");
        assert_eq!((finding.previous, finding.at, finding.worse), (9, 10, true));
        assert!((finding.after / finding.before - 1.3).abs() < 0.02, "{finding:?}");
        let hits =
            judge(vec![series(Metric::ScriptCacheHitRate, &step(130.0, 18))], &Options::default(), &[]);
        assert!(!hits.judged[0].findings[0].worse);
    }

    #[test]
    fn an_id_stays_when_runs_come_later_and_an_acknowledged_one_is_no_news() {
        let id = judged(&step(130.0, 18), &[]).judged[0].findings[0].id.clone();
        for length in 19..40 {
            let known = [Acknowledged { id: id.clone(), reason: "new hardware".to_owned() }];
            let history = judged(&step(130.0, length), &known);
            assert_eq!(history.judged[0].findings[0].id, id, "{length}");
            assert_eq!((history.news().count(), history.unknown.len()), (0, 0), "{length}");
        }
    }

    #[test]
    fn an_acknowledged_change_may_move_a_little_but_not_far() {
        let known = |day: u32| {
            let id = format!("consumer_create_ms:p50:all:202604{day}T100000Z");
            [Acknowledged { id, reason: "known".to_owned() }]
        };
        let news = |day| judged(&step(130.0, 18), &known(day)).news().count();
        assert_eq!([news(12), news(14), news(16), news(17)], [0, 0, 0, 1]);
        assert_eq!(judged(&step(130.0, 18), &known(17)).unknown.len(), 1);
    }

    #[test]
    fn a_short_series_says_how_long_it_would_have_to_be() {
        let history = judged(&step(130.0, 7), &[]);
        assert_eq!((history.judged[0].needed, history.judged[0].findings.len()), (Some(8), 0));
        assert_eq!(judged(&[], &[]).judged.len(), 0);
    }
}
