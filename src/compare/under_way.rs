//! Registrations in, how many consumer creates were under way at the same time out: means of slices of time.

use super::estimate::Sample;
use super::run::Registration;
use crate::metrics::answer::Metric;

/// A slice takes as long as so many creates, so that what one slice has says little of the next one.
const CREATES: f64 = 4.0;
/// Slices at most.
const SLICES: i64 = 320;
const SECOND_US: i64 = 1_000_000;

/// Successful creates under way, slice by slice of the time in which the middle 95 % of them began; one slice of a storm
/// that is shorter than that. `registrations` come in the order of their starts.
pub fn sample<'a>(registrations: impl Iterator<Item = &'a Registration>) -> Sample<'a> {
    let span = |r: &Registration| {
        let took = r.value(Metric::ConsumerCreateMs)?;
        Some((r.started_us, r.started_us + (took * 1000.0) as i64))
    };
    let spans: Vec<(i64, i64)> = registrations.filter_map(span).collect();
    let n = spans.len();
    let (Some((first, _)), Some((last, _))) = (spans.get(n / 40), spans.get((n - n / 40).saturating_sub(1)))
    else {
        return Sample::default();
    };
    let took = spans.iter().map(|(start, end)| (end - start) as f64).sum::<f64>() / n as f64;
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
        sample(run.registrations.iter()).values
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
}
