//! All rows and tests in, verdicts out that hold together: many tests make few false alarms, and work that only moved
//! is no gain.

use super::{MOVED, Row, SUBJECTS, Subject, Test, Verdict};
use crate::compare::statistics::discovery;
use crate::metrics::answer::Metric;
use crate::registration::session::Group;
use std::collections::BTreeSet;

/// The chance of any false alarm where nothing has changed, worse and better together: all registrations, groups.
const FALSE_ALARMS: [f64; 2] = [0.06, 0.02];

/// The probability below which a change alone among all tests of its family is found, in each direction.
pub(super) fn tail_of_the_first(group: Option<Group>, levels: usize) -> f64 {
    let (share, groups) =
        if group.is_none() { (FALSE_ALARMS[0], 1) } else { (FALSE_ALARMS[1], Group::ALL.len()) };
    share / (2 * groups * SUBJECTS.len() * levels.max(1)) as f64
}

/// The verdicts of tests, at a false-discovery rate a family.
pub(super) fn hold_discoveries(rows: &mut [&mut Row], tests: &[Test]) {
    for (family, share) in FALSE_ALARMS.into_iter().enumerate() {
        let own = |row: &Row| row.group.is_none() == (family == 0);
        let of: Vec<(usize, (f64, f64))> = tests
            .iter()
            .enumerate()
            .filter(|(i, _)| own(rows[*i]))
            .filter_map(|(i, t)| Some((i, (*t)?)))
            .collect();
        let both: Vec<f64> =
            of.iter().map(|(_, (worse, better))| (2.0 * worse.min(*better)).min(1.0)).collect();
        for ((index, (worse, better)), probability) in of.iter().zip(discovery::adjusted(&both)) {
            let row = &mut *rows[*index];
            row.probability = Some(probability);
            if probability <= share {
                row.verdict = if worse < better { Verdict::Regressed } else { Verdict::Improved };
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
