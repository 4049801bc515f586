//! When hosts come and when the Satellite is slow: batches and slow phases, drawn once from the seed.

use super::plan::SECOND;
use super::random::{Random, exp};
use crate::timestamp::Timestamp;
use serde::Serialize;

/// Phases have random numbers of their own, so that the same seed without them is the same storm.
const STREAM: u64 = 3;
/// How far phases differ, a standard deviation on the log scale.
const LEVEL: f64 = 0.3;
/// How much longer the last host of a batch waits than the first, on the log scale.
const LAST_WAITS: f64 = 0.5;
/// Of the time until the next batch, hosts of one come within this part.
const WITHIN: f64 = 0.1;

/// A phase in truth.json.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Phase {
    /// Its start, whole seconds of UTC.
    pub started_at: Timestamp,
    /// How many times as long every answer takes.
    pub times_as_long: f64,
}

/// The rhythm of a storm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rhythm {
    /// Hosts of a batch; 0: they come evenly.
    batch: u64,
    start: i64,
    length: i64,
    phases: Vec<f64>,
}

impl Rhythm {
    /// Of a storm that starts so many microseconds after 1970 and is so long.
    pub fn drawn(seed: u64, batch: u32, phases: u32, start: i64, length: i64) -> Self {
        let mut random = Random::new(seed, STREAM);
        let phases = (0..phases).map(|_| random.log_normal(1.0, LEVEL)).collect();
        Self { batch: batch.into(), start, length, phases }
    }

    /// When a host comes, by how many came before it and its own chance (0 to 1).
    pub fn arrival(&self, before: u64, chance: f64, rate: f64) -> i64 {
        let gap = SECOND as f64 / rate;
        let of_batch = before.checked_rem(self.batch).unwrap_or(0);
        let place = if self.batch == 0 {
            before as f64 + chance
        } else {
            (before - of_batch) as f64 + (of_batch as f64 + chance) * WITHIN
        };
        self.start + (place * gap) as i64
    }

    /// How many times as long a host waits for an answer that it asks for at a time.
    pub fn times_as_long(&self, host: u64, at: i64) -> f64 {
        let part = (at - self.start).max(0) as f64 / self.length.max(1) as f64;
        let phase = (part * self.phases.len() as f64) as usize;
        let in_batch = host.checked_rem(self.batch).map_or(0.0, |nth| nth as f64 / self.batch as f64);
        self.phases.get(phase).or(self.phases.last()).copied().unwrap_or(1.0) * exp(LAST_WAITS * in_batch)
    }

    /// Its phases, in the order of time.
    pub fn phases(&self) -> Vec<Phase> {
        let count = self.phases.len() as i64;
        let started =
            |i: usize| Timestamp::from_secs((self.start + self.length / count * i as i64).div_euclid(SECOND));
        let phase = |(i, level): (usize, &f64)| Phase { started_at: started(i), times_as_long: *level };
        self.phases.iter().enumerate().map(phase).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_a_batch_come_within_a_tenth_of_the_time_until_the_next() {
        let rhythm = Rhythm::drawn(1, 50, 0, 0, 100 * SECOND);
        let at = |before: u64| rhythm.arrival(before, 0.5, 10.0) as f64 / SECOND as f64;
        assert_eq!((at(0), at(49), at(50)), (0.005, 0.495, 5.005));
        assert!((rhythm.times_as_long(49, 0) / exp(0.49) - 1.0).abs() < 1e-9);
        assert_eq!(rhythm.times_as_long(50, 0), 1.0);
        let even = Rhythm::default();
        assert_eq!((even.arrival(7, 0.5, 10.0), even.times_as_long(7, 3)), (750_000, 1.0));
    }

    #[test]
    fn each_phase_has_its_own_level() {
        let rhythm = Rhythm::drawn(1, 0, 4, 1000, 100 * SECOND);
        let phases = rhythm.phases();
        assert_eq!(phases.len(), 4);
        for (i, phase) in phases.iter().enumerate() {
            let from = 1000 + 25 * SECOND * i as i64;
            assert_eq!(phase.started_at.secs(), from / SECOND);
            for at in [from, from + 25 * SECOND - 1] {
                assert_eq!(rhythm.times_as_long(9, at), phase.times_as_long);
            }
        }
        // before and after the storm
        assert_eq!(rhythm.times_as_long(9, -SECOND), phases[0].times_as_long);
        assert_eq!(rhythm.times_as_long(9, 999 * SECOND), phases[3].times_as_long);
    }
}
