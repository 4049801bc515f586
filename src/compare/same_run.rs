//! Runs in, those that are the same out: one that was named twice, a copy of it, the log that it was kept of. As two
//! runs of a side it would count as more evidence than it is; on both sides it shows no change.

use super::levels::Pair;
use super::run::{Registration, Run};
use crate::metrics::answer::Metric;

/// Fewer registrations may be alike by chance.
const TELLING: usize = 5;

/// Two runs of a side that are one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{first} and {second} are the same run, which is no more evidence than one: name it once")]
pub struct NamedTwice {
    /// As the user named it.
    pub first: String,
    /// As the user named it again.
    pub second: String,
}

/// The first run of a side that is one of those before it.
pub fn named_twice(side: &[&Run]) -> Option<NamedTwice> {
    side.iter().enumerate().find_map(|(at, second)| {
        let first = side[..at].iter().find(|first| are_same(first, second))?;
        Some(NamedTwice { first: first.name.clone(), second: second.name.clone() })
    })
}

/// Runs that stand on both sides: their names before and after, once each.
pub fn on_both_sides(pairs: &[Pair]) -> Vec<(&str, &str)> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    for pair in pairs {
        for before in &pair.before {
            for after in pair.after.iter().filter(|after| are_same(before, after)) {
                let names = (before.name.as_str(), after.name.as_str());
                if !found.contains(&names) {
                    found.push(names);
                }
            }
        }
    }
    found
}

// other runs differ in their number of registrations or in the first of them
fn are_same(one: &Run, other: &Run) -> bool {
    let (one, other) = (&one.registrations, &other.registrations);
    one.len() >= TELLING && one.len() == other.len() && one.iter().zip(other).all(|(a, b)| are_alike(a, b))
}

// by what the Satellite's log alone tells, whatever inventory and capsules' logs say beside it
fn are_alike(one: &Registration, other: &Registration) -> bool {
    let told =
        |of: &Registration| [Metric::ConsumerCreateMs, Metric::FactUpdateMs].map(|metric| of.value(metric));
    one.started_us == other.started_us && one.success == other.success && told(one) == told(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::drawn::{Drawn, FLAT};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn run(name: &str, sessions: usize, seed: u64) -> Run {
        let run = Drawn { sessions, ..FLAT }.run(&mut ChaCha8Rng::seed_from_u64(seed));
        Run { name: name.to_owned(), ..run }
    }

    fn told(side: &[&Run]) -> Option<String> {
        named_twice(side).map(|twice| twice.to_string())
    }

    #[test]
    fn a_run_and_its_copy_are_told_with_both_names() {
        let (one, other, copy) = (run("a1", 40, 1), run("a2", 40, 2), run("copy", 40, 1));
        assert!(one.registrations.iter().any(|r| r.values.iter().any(|value| value.is_nan())));
        assert_eq!(told(&[&one, &other]), None);
        let words = told(&[&one, &other, &copy]).unwrap();
        assert!(words.starts_with("a1 and copy are the same run"), "{words}");
        assert!(told(&[&other, &other]).unwrap().starts_with("a2 and a2 are the same run"));
    }

    #[test]
    fn runs_that_differ_in_one_registration_are_two() {
        let one = run("a1", 40, 1);
        let mut longer = one.clone();
        longer.registrations.extend(one.registrations.last().cloned());
        let mut slower = one.clone();
        slower.registrations[39].values[0] = 1.0;
        let mut later = one.clone();
        later.registrations[39].started_us += 1;
        let mut failed = one.clone();
        failed.registrations[39].success ^= true;
        for other in [longer, slower, later, failed] {
            assert_eq!(told(&[&one, &other]), None);
        }
        // of another inventory it is the same
        let mut regrouped = one.clone();
        regrouped.registrations.iter_mut().for_each(|r| r.part = "unknown".into());
        assert!(told(&[&one, &regrouped]).is_some());
    }

    #[test]
    fn few_registrations_tell_nothing() {
        for (sessions, is_told) in [(TELLING - 1, false), (TELLING, true)] {
            let mut one = run("a1", 40, 1);
            one.registrations.truncate(sessions);
            assert_eq!(told(&[&one, &one]).is_some(), is_told, "{sessions}");
        }
        assert_eq!(told(&[&Run::default(), &Run::default()]), None);
    }

    #[test]
    fn runs_of_both_sides_are_named_once_for_all_levels() {
        let pair = |level: u64| Pair {
            level: None,
            before: vec![run("a", 40, level), run("b", 40, 10 + level)],
            after: vec![run("c", 40, 20 + level), run("b", 40, 10 + level)],
        };
        let pairs = [pair(1), pair(2)];
        assert_eq!(on_both_sides(&pairs), [("b", "b")]);
    }
}
