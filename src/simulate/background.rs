//! Hosts that were registered long before the storm, and people: what they ask for belongs to no registration.

use super::host::Host;
use super::plan::{Plan, SECOND};
use super::random::Random;
use super::steps::{Step, Steps};
use super::truth::BackgroundTruth;

/// Hosts of the storm that look in after their registration is over: at most so many.
const LATER_CHECK_INS: u64 = 200;

/// Streams of random choices below this one are the storm's own.
const FIRST_OLD_STREAM: u64 = 16;

/// Who makes background, and how often.
pub struct Background {
    /// Mean microseconds between two requests; none without background.
    pace: Option<f64>,
    /// Hosts that were registered before the storm.
    roster: u64,
    /// Which of them were heard, a bit each.
    heard: Vec<u64>,
    seed: u64,
    every: u64,
    /// What it adds up to.
    pub truth: BackgroundTruth,
}

impl Background {
    /// Background as the plan has it.
    pub fn new(plan: &Plan<'_>) -> Self {
        let requests = plan.args.noise * plan.storm_requests();
        let length = plan.dense_end() - plan.log_start();
        // about a sixth of the requests begin a check-in, and a host checks in three times
        let roster = ((requests / 18.0) as u64).clamp(5, 200_000);
        Self {
            pace: (requests > 0.0).then(|| length as f64 / requests),
            roster,
            heard: vec![0; (roster as usize).div_ceil(64)],
            seed: plan.args.seed,
            every: plan.sessions.div_ceil(LATER_CHECK_INS),
            truth: BackgroundTruth::default(),
        }
    }

    /// The next host or person, what it asks for, and how long after it the next one comes; none without background.
    pub fn next(&mut self, random: &mut Random, plan: &Plan<'_>) -> Option<(Host, Steps, i64)> {
        let pace = self.pace?;
        let number = random.below(self.roster);
        // an old host comes in the same way each time, without being remembered
        let mut own = Random::new(self.seed, FIRST_OLD_STREAM + number);
        let mut host = Host::new(&mut own, number, true, &plan.weights, &plan.capsules);
        host.uuid = own.uuid();
        let steps = match random.below(100) {
            0..=41 => Steps::check_in(random, &host),
            42..=61 => Steps::of(&[Step::ConsumerGet]),
            62..=63 => Steps::of(&[Step::Gone]),
            64..=73 => Steps::of(&[Step::Notifications]),
            74..=81 => Steps::of(&[Step::Ping]),
            82..=87 => Steps::of(&[Step::Task, Step::Task]),
            88..=91 => Steps::of(&[Step::HostsPage]),
            92..=95 => Steps::of(&[Step::ApiFacts]),
            _ => Steps::of(&[Step::Status]),
        };
        let gap = pace * steps.len() as f64 * (0.5 + random.unit());
        Some((host, steps, gap as i64))
    }

    /// When this registered host looks in again, if it is one of those that do: well after the silence that ends its session.
    pub fn later_check_in(&mut self, random: &mut Random, nth: u64, last_seen: i64) -> Option<i64> {
        (self.pace.is_some() && nth.is_multiple_of(self.every)).then(|| {
            self.truth.later_check_ins += 1;
            self.truth.consumers += 1;
            last_seen + 600 * SECOND + random.between(20, 240) as i64 * SECOND
        })
    }

    /// A request of background was made.
    pub fn count(&mut self, host: &Host, step: Step) {
        if step.is_other() {
            self.truth.other_requests += 1;
        } else if step == Step::Status {
            self.truth.status_calls += 1;
        } else if step.has_uuid() {
            self.truth.keyed_requests += 1;
            if host.old {
                let (word, bit) = ((host.number / 64) as usize, 1 << (host.number % 64));
                self.truth.consumers += u64::from(self.heard[word] & bit == 0);
                self.heard[word] |= bit;
            }
        }
    }
}
