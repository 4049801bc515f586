//! Pairs of runs in, whether the sides look swapped out: no verdict depends on it, but what improved got worse then.

use super::levels::Pair;
use super::run::Run;
use crate::kept::TIME_LABEL;
use crate::timestamp::Timestamp;

/// Every run of the side after is older than every run of the side before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the sides look swapped: all of the side after was over at {after}, and the side before began at {before}; where the \
     older runs are those before the change, name them first"
)]
pub struct Swapped {
    /// When the first run before began.
    pub before: Timestamp,
    /// When the last run after was over.
    pub after: Timestamp,
}

/// Whether the sides look swapped, by the label `time` of each run, else by when its registrations came.
pub fn swapped(pairs: &[Pair]) -> Option<Swapped> {
    let spans = |side: fn(&Pair) -> &[Run]| pairs.iter().flat_map(side).filter_map(span);
    let before = spans(|pair| &pair.before).map(|(start, _)| start).min()?;
    let after = spans(|pair| &pair.after).map(|(_, end)| end).max()?;
    (after < before).then_some(Swapped { before, after })
}

// whole seconds, as people read them
fn span(run: &Run) -> Option<(Timestamp, Timestamp)> {
    let label = run.labels.get(TIME_LABEL).and_then(|text| Timestamp::parse(text).ok());
    let of_log = || {
        let (first, last) = (run.registrations.first()?, run.registrations.last()?);
        Some((Timestamp(first.started_us), Timestamp(last.started_us)))
    };
    let (start, end) = label.map(|at| (at, at)).or_else(of_log)?;
    Some((Timestamp::from_secs(start.secs()), Timestamp::from_secs(end.secs())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::drawn::FLAT;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    // 10 registrations, 8 a second, from so many hours on
    fn run(hours: i64, label: Option<&str>) -> Run {
        let drawn = crate::compare::drawn::Drawn { sessions: 10, ..FLAT };
        let mut run = drawn.run(&mut ChaCha8Rng::seed_from_u64(1));
        run.registrations.iter_mut().for_each(|r| r.started_us += hours * 3_600_000_000);
        run.labels.extend(label.map(|at| (TIME_LABEL.to_owned(), at.to_owned())));
        run
    }

    fn told(before: Vec<Run>, after: Vec<Run>) -> Option<Swapped> {
        swapped(&[Pair { level: None, before, after }])
    }

    #[test]
    fn all_of_the_side_after_must_be_older() {
        let found = told(vec![run(5, None), run(6, None)], vec![run(2, None), run(3, None)]).unwrap();
        assert_eq!(found.before, Timestamp::from_secs(5 * 3600));
        assert_eq!(found.after, Timestamp::from_secs(3 * 3600 + 1));
        assert!(found.to_string().contains("1970-01-01T03:00:01Z"), "{found}");
        assert_eq!(told(vec![run(2, None)], vec![run(5, None)]), None);
        // the same log on both sides, and runs that took turns
        assert_eq!(told(vec![run(2, None)], vec![run(2, None)]), None);
        assert_eq!(told(vec![run(2, None), run(4, None)], vec![run(1, None), run(3, None)]), None);
        assert_eq!(told(vec![Run::default()], vec![run(1, None)]), None);
    }

    #[test]
    fn a_label_says_when_a_run_was_before_its_log_does() {
        assert!(told(vec![run(1, Some("2026-04-05T10:00:00Z"))], vec![run(9, None)]).is_some());
        assert_eq!(told(vec![run(9, Some("0"))], vec![run(1, None)]), None);
        assert!(told(vec![run(9, Some("last spring"))], vec![run(1, None)]).is_some());
    }
}
