//! All rows and tests in, verdicts out that hold together: many tests make few false alarms, and work that only moved
//! is no gain.

use super::{MOVED, Row, SUBJECTS, Subject, Test, Verdict};
use crate::compare::statistics::discovery;
use crate::metrics::answer::Metric;
use crate::registration::session::Group;
use std::collections::{BTreeMap, BTreeSet};

/// Rows, and the probabilities that their tests gave: worse, better.
type Found = Vec<(usize, (f64, f64))>;

/// The chance of any false alarm where nothing has changed, worse and better together: all registrations, groups.
const FALSE_ALARMS: [f64; 2] = [0.04, 0.015];

/// A test's part of that: figures of the create, which most changes of a Satellite are made for, and failures, which no
/// change may bring, have twice as much as others.
fn weight(subject: Subject) -> f64 {
    match subject.of_requests() {
        Subject::Metric(Metric::ConsumerCreateMs) | Subject::ErrorRate => 2.0,
        _ => 1.0,
    }
}

/// The probability below which a change alone among all tests of its family is found, in each direction.
pub(super) fn tail_of_the_first(group: Option<Group>, subject: Subject, levels: usize) -> f64 {
    let (share, groups) =
        if group.is_none() { (FALSE_ALARMS[0], 1) } else { (FALSE_ALARMS[1], Group::ALL.len()) };
    let all = SUBJECTS.into_iter().map(weight).sum::<f64>() * (groups * levels.max(1)) as f64;
    share * weight(subject) / (2.0 * all)
}

/// The verdicts of tests, at a false-discovery rate a family. Figures of the same requests have the part of it that
/// their tests are of all, by weight: a change lowers the bar for what is measured of the same requests, and for nothing
/// else, so that verdicts on requests that have not changed stay as rare as where nothing has.
pub(super) fn hold_discoveries(rows: &mut [&mut Row], tests: &[Test]) {
    for (family, share) in FALSE_ALARMS.into_iter().enumerate() {
        let mut all = 0.0;
        let mut of_requests: BTreeMap<Subject, Found> = BTreeMap::new();
        for (index, test) in tests.iter().enumerate() {
            if let Some(test) = test
                && rows[index].group.is_none() == (family == 0)
            {
                let subject = rows[index].subject;
                all += weight(subject);
                of_requests.entry(subject.of_requests()).or_default().push((index, *test));
            }
        }
        for (requests, of) in of_requests {
            let part = weight(requests) * of.len() as f64 / all;
            let both: Vec<f64> =
                of.iter().map(|(_, (worse, better))| (2.0 * worse.min(*better)).min(1.0)).collect();
            for ((index, (worse, better)), own) in of.iter().zip(discovery::adjusted(&both)) {
                let probability = (own / part).min(1.0);
                let row = &mut *rows[*index];
                row.probability = Some(probability);
                if probability <= share {
                    row.verdict = if worse < better { Verdict::Regressed } else { Verdict::Improved };
                }
            }
        }
    }
}

/// katello#11701 moves work from the create to the fact update: both are judged by their sum.
pub(super) fn tell_moved_work(rows: &mut [Row]) {
    let groups: BTreeSet<Option<Group>> = rows.iter().map(|r| r.group).collect();
    for group in groups {
        let at = |metric: Metric| {
            rows.iter().position(|r| r.group == group && r.subject == Subject::Metric(metric))
        };
        let (Some(create), Some(facts), Some(both)) =
            (at(Metric::ConsumerCreateMs), at(Metric::FactUpdateMs), at(Metric::CreateAndFactsMs))
        else {
            continue;
        };
        let together = rows[both].verdict.clone();
        let moved = rows[create].verdict.is_opposite(&rows[facts].verdict)
            && (together == Verdict::NoChangeSeen || alike(&rows[create], &rows[facts]));
        for part in [create, facts] {
            let row = &mut rows[part];
            if matches!(row.verdict, Verdict::Improved | Verdict::Regressed) {
                row.together = Some(together.clone());
                if moved {
                    row.verdict = Verdict::Moved;
                }
            }
        }
    }
}

fn alike(one: &Row, other: &Row) -> bool {
    let change = |row: &Row| row.before.value.zip(row.ratio).map(|(value, (at, ..))| value * (at - 1.0));
    change(one).zip(change(other)).is_some_and(|(one, other)| moves_alike(one, other))
}

/// Whether what one lost is a good part of what the other gained, in milliseconds.
pub fn moves_alike(one: f64, other: f64) -> bool {
    one.abs().min(other.abs()) >= MOVED * one.abs().max(other.abs())
}

#[cfg(test)]
mod tests {
    use super::super::Figure;
    use super::*;

    fn row(subject: Subject) -> Row {
        Row::of(None, subject, Figure::default(), Figure::default())
    }

    #[test]
    fn a_change_lowers_the_bar_for_figures_of_the_same_requests_alone() {
        let judged = |create: f64| {
            let mut rows = SUBJECTS.map(row);
            let test = |subject: Subject| match subject {
                Subject::Metric(Metric::ConsumerCreateMs | Metric::CreateAndFactsMs) => create,
                Subject::Metric(Metric::FactUpdateMs | Metric::ComplianceCalls) => 0.005,
                _ => 0.4,
            };
            let tests: Vec<Test> = SUBJECTS.iter().map(|s| Some((test(*s), 1.0 - test(*s)))).collect();
            hold_discoveries(&mut rows.iter_mut().collect::<Vec<_>>(), &tests);
            let found = rows.iter().filter(|row| row.verdict == Verdict::Regressed);
            found.map(|row| row.subject.name()).collect::<Vec<_>>()
        };
        assert_eq!(judged(1e-9), ["consumer_create_ms", "fact_update_ms", "create_and_facts_ms"]);
        assert!(judged(0.4).is_empty());
    }

    #[test]
    fn one_change_alone_is_held_against_all_tests() {
        let mut rows = SUBJECTS.map(row);
        let alone = Subject::Throughput;
        let test = |subject: Subject| if subject == alone { (0.001, 0.999) } else { (0.5, 0.5) };
        let tests = SUBJECTS.map(|subject| Some(test(subject)));
        hold_discoveries(&mut rows.iter_mut().collect::<Vec<_>>(), &tests);
        let found = rows.iter().find(|row| row.subject == alone).unwrap();
        // four of the fifteen are of the create, one of failures
        assert!((found.probability.unwrap() - 0.002 * (10.0 + 2.0 * 5.0)).abs() < 1e-12, "{found:?}");
        assert_eq!(found.verdict, Verdict::Regressed);
    }
}
