//! Series in, their changes out: tested together, so that many figures at once do not make false alarms.

use super::acknowledged::Acknowledged;
use super::divisive::{Change, changes, next_change, values_needed};
use super::runs::KeptRun;
use super::series::{Key, Series};
use super::verdict;
use crate::compare::judge::Verdict;
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
    /// What came of it; never `NoChangeSeen`.
    pub verdict: Verdict,
    /// Of a create or a fact update, what came of both together at that place; none where the runs do not tell.
    pub together: Option<Verdict>,
    /// Of so good a division by chance, over all figures that were looked at together: the smallest `significance`
    /// at which it still stands.
    pub probability: f64,
    /// The same of this figure alone, by permutation.
    pub probability_alone: f64,
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

impl Judged {
    /// The median of all runs; none of no run.
    pub fn level(&self) -> Option<f64> {
        median(self.series.points.iter().map(|p| p.value).collect())
    }
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

/// Looks for changes in every series; `runs` are those that their points number, none of drawn ones, and `beside` has
/// other figures of them: verdicts need both.
pub fn judge(
    series: Vec<Series>,
    runs: &[KeptRun],
    beside: &dyn Fn(Key) -> Series,
    options: &Options,
    known: &[Acknowledged],
) -> History {
    let mut judged = family(series, options);
    verdict::settle(&mut judged, runs, beside, options);
    let unknown = acknowledge(&mut judged, known, options.min_segment);
    History { judged, unknown }
}

/// The changes of series that are tested together, for better or for worse.
pub(super) fn family(series: Vec<Series>, options: &Options) -> Vec<Judged> {
    let needed = values_needed(options.significance, options.min_segment);
    let series: Vec<Series> = series.into_iter().filter(|s| !s.points.is_empty()).collect();
    let values: Vec<Vec<f64>> = series.iter().map(|s| s.points.iter().map(|p| p.value).collect()).collect();
    // of all series that are long enough, also of those in which nothing divides at all
    let long: Vec<usize> = (0..series.len()).filter(|i| values[*i].len() >= needed).collect();
    let first: Vec<Option<Change>> =
        long.iter().map(|i| next_change(&values[*i], &[], options.min_segment)).collect();
    let alone: Vec<f64> = first.iter().map(|c| c.map_or(1.0, |c| c.probability)).collect();
    let together = adjusted(&alone);
    // what those that stand had to reach is asked of their further changes too
    let standing = together.iter().filter(|p| **p <= options.significance).count();
    let tests_each = long.len() as f64 / standing.max(1) as f64;
    let judged = |(i, series): (usize, Series)| {
        let at = long.iter().position(|l| *l == i);
        let stands = |at: usize| first[at].filter(|_| together[at] <= options.significance);
        let found: Vec<(Change, f64)> = match at.and_then(|at| Some((stands(at)?, together[at]))) {
            Some((first, probability)) => {
                let level = options.significance / tests_each;
                let all = changes(&values[i], first, level, options.min_segment).into_iter();
                let of = |c: Change| if c.at == first.at { probability } else { c.probability * tests_each };
                all.map(|change| (change, of(change).min(1.0))).collect()
            }
            None => Vec::new(),
        };
        let findings = findings(&series, &values[i], &found);
        Judged { series, findings, needed: at.is_none().then_some(needed) }
    };
    series.into_iter().enumerate().map(judged).collect()
}

fn findings(series: &Series, values: &[f64], found: &[(Change, f64)]) -> Vec<Finding> {
    let bounds: Vec<usize> =
        [0].into_iter().chain(found.iter().map(|(c, _)| c.at)).chain([values.len()]).collect();
    let stretch = |i: usize| {
        let values = values.get(bounds[i]..bounds[i + 1]).unwrap_or_default();
        median(values.to_vec()).unwrap_or(f64::NAN)
    };
    let finding = |(i, (change, probability)): (usize, &(Change, f64))| {
        let (before, after) = (stretch(i), stretch(i + 1));
        let worse = (after > before) == series.key.subject.more_is_worse();
        Finding {
            id: id(series.key, series.points[change.at].time),
            previous: change.at - 1,
            at: change.at,
            before,
            after,
            verdict: if worse { Verdict::Regressed } else { Verdict::Improved },
            together: None,
            probability: *probability,
            probability_alone: change.probability,
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
        judge(vec![series(Metric::ConsumerCreateMs, values)], &[], &nothing, &Options::default(), known)
    }

    // the runs have no other figure
    fn nothing(key: Key) -> Series {
        Series { key, points: Vec::new() }
    }

    #[test]
    fn a_finding_says_where_how_much_and_whether_it_is_worse() {
        let history = judged(&step(130.0, 18), &[]);
        let finding = &history.judged[0].findings[0];
        assert_eq!(finding.id, "consumer_create_ms:p50:all:20260414T100000Z");
        assert_eq!((finding.previous, finding.at, &finding.verdict), (9, 10, &Verdict::Regressed));
        assert!((finding.after / finding.before - 1.3).abs() < 0.02, "{finding:?}");
        let hits = vec![series(Metric::ScriptCacheHitRate, &step(130.0, 18))];
        let hits = judge(hits, &[], &nothing, &Options::default(), &[]);
        assert_eq!(hits.judged[0].findings[0].verdict, Verdict::Improved);
    }

    #[test]
    fn a_probability_is_over_all_figures_that_were_looked_at() {
        let alone = judged(&step(130.0, 18), &[]).judged[0].findings[0].clone();
        assert_eq!(alone.probability, alone.probability_alone);
        let figures = Metric::ALL.iter().enumerate();
        let of = figures.map(|(i, m)| series(*m, &step(if i == 0 { 130.0 } else { 100.0 }, 18))).collect();
        let among = judge(of, &[], &nothing, &Options::default(), &[]).judged[0].findings[0].clone();
        assert_eq!(among.probability_alone, alone.probability);
        assert!((among.probability - 12.0 * alone.probability).abs() < 1e-12, "{among:?}");
    }

    #[test]
    fn further_changes_have_the_probability_that_decided() {
        let mut values = step(130.0, 30);
        values[20..].iter_mut().for_each(|v| *v += 60.0);
        let flat: Vec<f64> = step(100.0, 30);
        let both = vec![series(Metric::ConsumerCreateMs, &values), series(Metric::HostRegisterMs, &flat)];
        let history = judge(both, &[], &nothing, &Options::default(), &[]);
        let findings = &history.judged[0].findings;
        assert_eq!(findings.len(), 2, "{findings:?}");
        for finding in findings {
            assert!((finding.probability - 2.0 * finding.probability_alone).abs() < 1e-12, "{finding:?}");
            assert!(finding.probability <= 0.05);
        }
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
