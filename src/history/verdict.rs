//! Changes in, what they are worth out, by the rules of `compare`: work that only moved is no gain, requests that a script
//! cache left over are no sample of all, exact and inferred figures are not held against each other (but for hit rates),
//! nor are counts that lack lines and runs with another mix of clients (`stretches`).

use super::judge::{Finding, Judged, Options, family};
use super::runs::KeptRun;
use super::series::{Key, Point, Series};
use super::stretches;
use crate::compare::comparable::{self, Refusal};
use crate::compare::judge::{Subject, Verdict, moves_alike};
use crate::metrics::answer::{Metric, Statistic};
use crate::registration::session::Group;
use std::collections::BTreeSet;

/// Takes away what is no verdict, and tells moved work; `beside` has other figures of the same runs.
pub(super) fn settle(
    judged: &mut [Judged],
    runs: &[KeptRun],
    beside: &dyn Fn(Key) -> Series,
    options: &Options,
) {
    let of_points = |side: &[Point]| side.iter().filter_map(|p| runs.get(p.run)).collect::<Vec<_>>();
    for Judged { series, findings, .. } in &mut *judged {
        let ends: Vec<usize> = findings.iter().map(|f| f.at).chain([series.points.len()]).collect();
        let mut from = 0;
        for (finding, end) in findings.iter_mut().zip(ends.into_iter().skip(1)) {
            let stretch = |a: usize, b: usize| series.points.get(a..b).unwrap_or_default();
            let sides = [stretch(from, finding.at), stretch(finding.at, end)];
            from = finding.at;
            let of_runs = stretches::refusal(series.key, &sides.map(of_points));
            let of_cache = || thinned(series.key, sides, beside);
            let of_evidence = || another_evidence(sides).filter(|_| !series.key.subject.bears_any_evidence());
            if let Some(refusal) = of_runs.or_else(of_cache).or_else(of_evidence) {
                finding.verdict = Verdict::NotComparable(refusal);
            }
        }
    }
    for (figure, finding, verdict, together) in moved_work(judged, beside, options) {
        if let Some(finding) = judged.get_mut(figure).and_then(|j| j.findings.get_mut(finding)) {
            finding.verdict = verdict;
            finding.together = Some(together);
        }
    }
}

fn another_evidence(sides: [&[Point]; 2]) -> Option<Refusal> {
    // a run has one evidence; what most of a stretch has counts
    let [before, after] =
        sides.map(|side| side.iter().filter(|p| p.inferred).count() as f64 / side.len().max(1) as f64);
    ((before > 0.5) != (after > 0.5)).then_some(Refusal::AnotherEvidence { before, after })
}

// a warm cache answers what is quick, and the Satellite is left with the slow ones
fn thinned(key: Key, sides: [&[Point]; 2], beside: &dyn Fn(Key) -> Series) -> Option<Refusal> {
    // nothing stands between a Satellite and the hosts that register at it
    if key.subject != Subject::Metric(Metric::ScriptFetchMs) || key.group == Some(Group::SatelliteSsh) {
        return None;
    }
    let series = |subject| beside(Key { subject, statistic: Statistic::Avg, ..key });
    let fetches = series(Subject::Metric(Metric::ScriptFetches));
    let hits = series(Subject::Metric(Metric::ScriptCacheHitRate));
    // sums of values and of what they are over, of the runs of a stretch
    let sums = |of: &Series, side: &[Point]| {
        let runs: BTreeSet<usize> = side.iter().map(|p| p.run).collect();
        let points = of.points.iter().filter(|p| runs.contains(&p.run));
        points.fold((0.0, 0), |(sum, n), p| (sum + p.value * p.count as f64, n + p.count))
    };
    let mean = |of: &Series, side: &[Point]| {
        let (sum, n) = sums(of, side);
        (n > 0).then(|| sum / n as f64)
    };
    let (before, after) = (mean(&fetches, sides[0])?, mean(&fetches, sides[1])?);
    let hit_rates = mean(&hits, sides[0]).zip(mean(&hits, sides[1]));
    comparable::thinned((before, after), hit_rates).then_some(Refusal::Thinned {
        before,
        after,
        pairs_only: false,
    })
}

// figure, finding, its verdict, and what came of create and facts together
fn moved_work(
    judged: &[Judged],
    beside: &dyn Fn(Key) -> Series,
    options: &Options,
) -> Vec<(usize, usize, Verdict, Verdict)> {
    let mut decided = Vec::new();
    for (figure, part) in judged.iter().enumerate() {
        let other = match part.series.key.subject {
            Subject::Metric(Metric::ConsumerCreateMs) => Metric::FactUpdateMs,
            Subject::Metric(Metric::FactUpdateMs) => Metric::ConsumerCreateMs,
            _ => continue,
        };
        if part.findings.is_empty() {
            continue;
        }
        let key = |metric| Key { subject: Subject::Metric(metric), ..part.series.key };
        let keys = [key(other), key(Metric::CreateAndFactsMs)];
        let known = companions(judged, keys, beside, options);
        let of = |key: Key| known.iter().find(|j| j.series.key == key && j.needed.is_none());
        // what cannot be told changes no verdict
        let Some(both) = of(keys[1]) else { continue };
        for (at, finding) in part.findings.iter().enumerate() {
            let Some(run) = part.series.points.get(finding.at).map(|p| p.run) else { continue };
            let together =
                near(both, run, options.min_segment).map_or(Verdict::NoChangeSeen, |f| f.verdict.clone());
            let opposite = of(keys[0])
                .and_then(|other| near(other, run, options.min_segment))
                .filter(|other| finding.verdict.is_opposite(&other.verdict));
            let moved = opposite.is_some_and(|o| together == Verdict::NoChangeSeen || alike(finding, o));
            let verdict = if moved { Verdict::Moved } else { finding.verdict.clone() };
            decided.push((figure, at, verdict, together));
        }
    }
    decided
}

// figures as they were judged; those that nobody asked for are tested by themselves
fn companions(
    judged: &[Judged],
    keys: [Key; 2],
    beside: &dyn Fn(Key) -> Series,
    options: &Options,
) -> Vec<Judged> {
    let asked = |key: &Key| judged.iter().any(|j| j.series.key == *key);
    let missing = keys.into_iter().filter(|key| !asked(key)).map(beside).collect();
    let mut known = family(missing, options);
    known.extend(judged.iter().filter(|j| keys.contains(&j.series.key)).cloned());
    known
}

// the change of a figure that is nearest to a run, fewer than `within` runs away
fn near(judged: &Judged, run: usize, within: usize) -> Option<&Finding> {
    let away = |f: &Finding| judged.series.points.get(f.at).map_or(usize::MAX, |p| p.run.abs_diff(run));
    judged.findings.iter().filter(|f| away(f) < within).min_by_key(|f| away(f))
}

fn alike(one: &Finding, other: &Finding) -> bool {
    moves_alike(one.after - one.before, other.after - other.before)
}

#[cfg(test)]
mod tests {
    use super::super::judge::{History, judge};
    use super::*;
    use crate::timestamp::Timestamp;

    const WOBBLE: [f64; 8] = [0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 1.5];

    /// 20 runs with figures that step at the 11th from one level to another, inferred from a run on.
    #[derive(Clone)]
    struct Runs(Vec<(Metric, f64, f64, usize)>);

    impl Runs {
        fn series(&self, key: Key) -> Series {
            let found = self.0.iter().find(|(m, ..)| Subject::Metric(*m) == key.subject);
            let points = found.map(|(metric, before, after, inferred)| {
                let scale = if metric.is_timing() { 1.0 } else { 0.001 };
                let point = |run: usize| Point {
                    run,
                    time: Timestamp::from_secs(86_400 * run as i64),
                    value: if run < 10 { *before } else { *after } + scale * WOBBLE[run * 5 % 8],
                    count: 300,
                    inferred: run >= *inferred,
                };
                (0..20).map(point).collect()
            });
            Series { key, points: points.unwrap_or_default() }
        }

        fn judged(&self, asked: &[Metric]) -> History {
            let key = |metric: &Metric| Key {
                group: None,
                subject: Subject::Metric(*metric),
                statistic: if metric.is_timing() { Statistic::P50 } else { Statistic::Avg },
            };
            let series = asked.iter().map(|m| self.series(key(m))).collect();
            judge(series, &[], &|key| self.series(key), &Options::default(), &[])
        }

        fn verdicts(&self, asked: &[Metric]) -> Vec<Verdict> {
            self.judged(asked).news().map(|f| f.verdict.clone()).collect()
        }
    }

    const CREATE: Metric = Metric::ConsumerCreateMs;
    const FACTS: Metric = Metric::FactUpdateMs;
    const BOTH: Metric = Metric::CreateAndFactsMs;
    const NEVER: usize = usize::MAX;

    #[test]
    fn work_that_went_from_the_create_to_the_facts_is_moved_also_where_one_of_them_is_asked_for() {
        let moved = Runs(vec![
            (CREATE, 2500.0, 1800.0, NEVER),
            (FACTS, 450.0, 1150.0, NEVER),
            (BOTH, 2950.0, 2950.0, NEVER),
        ]);
        assert_eq!(moved.verdicts(&[CREATE, FACTS, BOTH]), [Verdict::Moved, Verdict::Moved]);
        for one in [CREATE, FACTS] {
            let history = moved.judged(&[one]);
            let finding = history.news().next().unwrap();
            assert_eq!(
                (&finding.verdict, &finding.together),
                (&Verdict::Moved, &Some(Verdict::NoChangeSeen))
            );
        }
    }

    #[test]
    fn a_sum_that_changed_is_told_and_a_gain_that_cost_little_is_no_move() {
        // 700 ms less for 400 more, and a sum that shows it
        let part = Runs(vec![
            (CREATE, 2500.0, 1800.0, NEVER),
            (FACTS, 450.0, 850.0, NEVER),
            (BOTH, 2950.0, 2650.0, NEVER),
        ]);
        let verdicts = part.verdicts(&[CREATE, FACTS, BOTH]);
        assert_eq!(verdicts, [Verdict::Moved, Verdict::Moved, Verdict::Improved]);
        // 20 ms are no good part of 700
        let gain = Runs(vec![
            (CREATE, 2500.0, 1800.0, NEVER),
            (FACTS, 450.0, 470.0, NEVER),
            (BOTH, 2950.0, 2270.0, NEVER),
        ]);
        let verdicts = gain.verdicts(&[CREATE, FACTS, BOTH]);
        assert_eq!(verdicts, [Verdict::Improved, Verdict::Regressed, Verdict::Improved]);
        // without a sum nothing can be told of it
        let alone = Runs(vec![(CREATE, 2500.0, 1800.0, NEVER), (FACTS, 450.0, 1150.0, NEVER)]);
        assert_eq!(alone.verdicts(&[CREATE, FACTS]), [Verdict::Improved, Verdict::Regressed]);
    }

    #[test]
    fn exact_against_inferred_has_no_verdict() {
        let refused = [Verdict::NotComparable(Refusal::AnotherEvidence { before: 0.0, after: 1.0 })];
        for (inferred, wanted) in
            [(10, refused.as_slice()), (0, &[Verdict::Regressed]), (NEVER, &[Verdict::Regressed])]
        {
            let runs = Runs(vec![(Metric::HostRegisterMs, 900.0, 1200.0, inferred)]);
            assert_eq!(runs.verdicts(&[Metric::HostRegisterMs]), wanted, "{inferred}");
        }
        // the cache that was deployed writes the lines by which its hit rate is exact
        let hits = Runs(vec![(Metric::ScriptCacheHitRate, 0.02, 0.92, 10)]);
        assert_eq!(hits.verdicts(&[Metric::ScriptCacheHitRate]), [Verdict::Improved]);
    }

    #[test]
    fn what_a_warm_cache_leaves_of_the_scripts_has_no_verdict_either_way() {
        for after in [700.0, 200.0] {
            let script = (Metric::ScriptFetchMs, 300.0, after, NEVER);
            let warm = Runs(vec![script, (Metric::ScriptFetches, 1.03, 0.1, NEVER)]);
            let verdicts = warm.verdicts(&[Metric::ScriptFetchMs]);
            assert!(
                matches!(&verdicts[..], [Verdict::NotComparable(Refusal::Thinned { before, after, .. })]
                    if (before - 1.03).abs() < 0.01 && (after - 0.1).abs() < 0.01),
                "{verdicts:?}"
            );
            let cold = Runs(vec![script, (Metric::ScriptFetches, 1.03, 1.0, NEVER)]);
            let wanted = if after > 300.0 { Verdict::Regressed } else { Verdict::Improved };
            assert_eq!(cold.verdicts(&[Metric::ScriptFetchMs]), [wanted]);
        }
    }

    #[test]
    fn a_hit_rate_that_stays_is_no_matter_of_a_cache() {
        let points = |value: &dyn Fn(usize) -> f64, count: u64| -> Vec<Point> {
            let point = |run: usize| Point {
                run,
                time: Timestamp::from_secs(86_400 * run as i64),
                value: value(run),
                count,
                inferred: false,
            };
            (0..20).map(point).collect()
        };
        let refused = |hit_rates: Option<(f64, f64)>, group: Option<Group>| {
            let series = |key: Key| {
                let half = |before: f64, after: f64| move |run: usize| if run < 10 { before } else { after };
                let points = match key.subject {
                    Subject::Metric(Metric::ScriptFetches) => points(&half(1.02, 1.2), 250),
                    Subject::Metric(Metric::ScriptCacheHitRate) => {
                        hit_rates.map(|(before, after)| points(&half(before, after), 100)).unwrap_or_default()
                    }
                    _ => points(&half(300.0, 700.0), 300),
                };
                Series { key, points }
            };
            let subject = Subject::Metric(Metric::ScriptFetchMs);
            let script = series(Key { group, subject, statistic: Statistic::P50 });
            let (before, after) = script.points.split_at(10);
            thinned(script.key, [before, after], &series).is_some()
        };
        assert!(refused(None, None));
        assert!(!refused(Some((0.5, 0.5)), None), "the hit rate decides");
        assert!(refused(Some((0.1, 0.5)), None));
        assert!(!refused(None, Some(Group::SatelliteSsh)));
    }

    #[test]
    fn one_run_with_another_evidence_refuses_nothing() {
        let point = |run: usize, inferred: bool| Point {
            run,
            time: Timestamp::from_secs(run as i64),
            value: 1.0,
            count: 300,
            inferred,
        };
        let stretch = |inferred: &[usize]| -> Vec<Point> {
            (0..10).map(|run| point(run, inferred.contains(&run))).collect()
        };
        let (exact, one) = (stretch(&[]), stretch(&[4]));
        let all = stretch(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(another_evidence([&one, &exact]), None);
        assert_eq!(
            another_evidence([&one, &all]),
            Some(Refusal::AnotherEvidence { before: 0.1, after: 1.0 })
        );
        assert_eq!(another_evidence([&all, &all]), None);
    }
}
