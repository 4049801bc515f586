//! Pairs of runs in, whether the sides look swapped out: no verdict depends on it, but what improved got worse then.

use super::levels::Pair;
use super::run::Run;
use crate::kept::TIME_LABEL;
use crate::timestamp::Timestamp;

/// Every run of the side after is older than every run of the side before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the sides look swapped: by the label time, else by the log, the last registration of the side after began at {after}, \
     and the first of the side before at {before}; where the older runs are those before the change, name them first"
)]
pub struct Swapped {
    /// When the first registration before began.
    pub before: Timestamp,
    /// When the last registration after began.
    pub after: Timestamp,
}

/// Whether the sides look swapped, by when registrations came; where a run has the label `time`, from then on.
pub fn swapped(pairs: &[Pair]) -> Option<Swapped> {
    let spans = |side: fn(&Pair) -> &[Run]| pairs.iter().flat_map(side).filter_map(span);
    let before = spans(|pair| &pair.before).map(|(start, _)| start).min()?;
    let after = spans(|pair| &pair.after).map(|(_, end)| end).max()?;
    (after < before).then_some(Swapped { before, after })
}

// of the first and the last registration; whole seconds, as people read them
fn span(run: &Run) -> Option<(Timestamp, Timestamp)> {
    let label = run.labels.get(TIME_LABEL).and_then(|text| Timestamp::parse(text).ok());
    let of_log = run.registrations.first().zip(run.registrations.last());
    let start = label.map(|at| at.0).or(of_log.map(|(first, _)| first.started_us))?;
    let took = of_log.map_or(0, |(first, last)| last.started_us.saturating_sub(first.started_us));
    let whole = |us: i64| Timestamp::from_secs(Timestamp(us).secs());
    Some((whole(start), whole(start.saturating_add(took))))
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

    #[test]
    fn a_run_with_a_label_takes_as_long_as_its_registrations() {
        let labelled = |second: u32| vec![run(7, Some(&format!("2026-04-05T10:00:0{second}Z")))];
        let at = |second: u32| Timestamp::parse(&format!("2026-04-05T10:00:0{second}Z")).unwrap();
        // the last registration of the older run comes 1.1 s after its first
        assert_eq!(told(labelled(1), labelled(0)), None);
        assert_eq!(told(labelled(2), labelled(0)), Some(Swapped { before: at(2), after: at(1) }));
    }
}
