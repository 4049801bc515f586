//! Registrations in, slices of the time in which hosts were asked to register out: successful registrations a second,
//! and consumer creates that were under way at the same time.
//!
//! That time is the one in which the middle 95 % of the first attempts began: what hosts that failed try again later is a
//! thin tail behind it, which says nothing of how fast the others came.

use super::estimate::Sample;
use super::run::Registration;
use crate::metrics::answer::Metric;

/// Slices at most.
const SLICES: i64 = 320;
/// A slice of a rate has so many attempts, on average.
const IN_A_SLICE: usize = 5;
/// A slice of creates under way takes as long as so many creates, so that what one slice has says little of the next one.
const CREATES: f64 = 4.0;
const SECOND_US: i64 = 1_000_000;

// `registrations` come in the order of their starts, here and below
fn asked<'a>(registrations: impl Iterator<Item = &'a Registration>) -> Option<(i64, i64)> {
    let starts: Vec<i64> = registrations.filter(|r| r.first).map(|r| r.started_us).collect();
    let n = starts.len();
    Some((*starts.get(n / 40)?, *starts.get((n - n / 40).checked_sub(1)?)?))
}

/// Successful registrations a second, slice by slice; one slice where there are few or the storm is short.
pub fn rates<'a>(registrations: impl Iterator<Item = &'a Registration> + Clone) -> Sample<'a> {
    let Some((first, last)) = asked(registrations.clone()) else { return Sample::default() };
    let attempts = || registrations.clone().filter(|r| (first..=last).contains(&r.started_us));
    // failures are an outcome: that they are many takes no slice away
    let slices = (attempts().count() / IN_A_SLICE).clamp(1, SLICES as usize) as i64;
    let reach = last - first;
    // logs tell whole seconds
    let seconds = (reach / SECOND_US / slices + 1).max(1);
    let width = seconds * SECOND_US;
    let mut counts = vec![0u32; (reach / width).max(1) as usize];
    for success in attempts().filter(|r| r.success) {
        if let Some(count) = counts.get_mut(((success.started_us - first) / width) as usize) {
            *count += 1;
        }
    }
    let values: Vec<f64> = counts.into_iter().map(|n| f64::from(n) / seconds as f64).collect();
    Sample { parts: vec![""; values.len()], values }
}

/// Successful creates under way, slice by slice; one slice of a storm that is shorter than that.
pub fn under_way<'a>(registrations: impl Iterator<Item = &'a Registration> + Clone) -> Sample<'a> {
    let span = |r: &Registration| {
        let took = r.value(Metric::ConsumerCreateMs)?;
        Some((r.started_us, r.started_us + (took * 1000.0) as i64))
    };
    let spans: Vec<(i64, i64)> = registrations.clone().filter_map(span).collect();
    let Some((first, last)) = asked(registrations).filter(|_| !spans.is_empty()) else {
        return Sample::default();
    };
    let took = spans.iter().map(|(start, end)| (end - start) as f64).sum::<f64>() / spans.len() as f64;
    let reach = (last - first).max(SECOND_US);
    // logs tell whole seconds
    let seconds = (CREATES * took / SECOND_US as f64).ceil() as i64;
    let width = (seconds.max(reach / SECOND_US / SLICES + 1) * SECOND_US).min(reach);
    let mut totals = vec![0; (reach / width) as usize];
    let limit = reach / width * width;
    for (start, end) in &spans {
        let (mut at, end) = ((start - first).max(0), (end - first).min(limit));
        while at < end {
            let next = ((at / width + 1) * width).min(end);
            if let Some(total) = totals.get_mut((at / width) as usize) {
                *total += next - at;
            }
            at = next;
        }
    }
    let values: Vec<f64> = totals.into_iter().map(|us: i64| us as f64 / width as f64).collect();
    Sample { parts: vec![""; values.len()], values }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::drawn::{Drawn, FLAT};
    use crate::compare::run::{OF_SESSIONS, Run};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    // eight a second, each of which takes so long
    fn values(sessions: usize, ms: f64) -> Vec<f64> {
        let mut run: Run = Drawn { sessions, ..FLAT }.run(&mut ChaCha8Rng::seed_from_u64(1));
        let place = OF_SESSIONS.iter().position(|metric| *metric == Metric::ConsumerCreateMs).unwrap();
        run.registrations.iter_mut().for_each(|r| r.values[place] = ms);
        under_way(run.registrations.iter()).values
    }

    #[test]
    fn as_many_are_under_way_as_begin_while_one_is() {
        // 100 s, of which the middle 95 % are taken
        let found = values(800, 1000.0);
        assert_eq!(found.len(), 23);
        assert!(found.iter().all(|n| (n - 8.0).abs() < 1e-9), "{found:?}");
        let longer = values(800, 1500.0);
        assert!(longer.len() < found.len() && longer.iter().all(|n| (n - 12.0).abs() < 1e-9), "{longer:?}");
    }

    #[test]
    fn a_short_storm_has_one_slice_and_no_create_has_none() {
        let found = values(40, 2500.0);
        assert!(found.len() == 1 && found[0] > 8.0 && found[0] < 20.0, "{found:?}");
        assert_eq!(values(40, f64::NAN), Vec::<f64>::new());
    }

    #[test]
    fn hosts_that_try_again_later_leave_the_rate_alone() {
        let run: Run = Drawn { sessions: 800, ..FLAT }.run(&mut ChaCha8Rng::seed_from_u64(2));
        let mut again = run.clone();
        // one in five failed, and succeeds a quarter of an hour to half an hour later
        let failed: Vec<usize> = (0..800).step_by(5).collect();
        for at in &failed {
            again.registrations[*at].success = false;
        }
        for at in failed {
            let mut second = run.registrations[at].clone();
            (second.first, second.success) = (false, true);
            second.started_us = 900_000_000 + at as i64 * 1_000_000;
            again.registrations.push(second);
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let (plain, thin) =
            (rates(run.registrations.iter()).values, rates(again.registrations.iter()).values);
        assert!((mean(&plain) - 8.0 * 0.98).abs() < 0.2, "{plain:?}");
        assert!((mean(&thin) / mean(&plain) - 0.8).abs() < 0.03, "{thin:?}");
        assert!(thin.iter().all(|rate| *rate > 3.0), "{thin:?}");
    }

    #[test]
    fn a_storm_of_a_moment_has_one_slice() {
        let mut run: Run = Drawn { sessions: 30, ..FLAT }.run(&mut ChaCha8Rng::seed_from_u64(3));
        run.registrations.iter_mut().for_each(|r| (r.started_us, r.success) = (0, true));
        assert_eq!(rates(run.registrations.iter()).values, [30.0]);
        run.registrations.iter_mut().for_each(|r| r.success = false);
        assert_eq!(rates(run.registrations.iter()).values, [0.0]);
        assert!(rates([].iter()).values.is_empty());
    }
}
