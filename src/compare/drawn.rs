//! Settings in, runs with known truth out: registrations drawn one by one, without logs, so that hundreds of pairs can
//! be compared.
//!
//! The medians are those of `reginfra simulate`. Slow phases and bursts touch every timing of a registration alike.

use super::run::{Answered, Average, OF_SESSIONS, Registration, Run};
use crate::kept::requests::Call;
use crate::metrics::answer::Metric;
use crate::registration::session::Group;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, Poisson, StandardNormal};

/// Microseconds between two registrations: 8 a second.
const STEP_US: i64 = 125_000;

/// What a run is drawn with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn {
    /// Attempts.
    pub sessions: usize,
    /// Of every timing.
    pub ratio: f64,
    /// Of the create alone, beside it.
    pub create_ratio: f64,
    /// Phases of equal length, the level of each drawn anew.
    pub phases: usize,
    /// How far phases differ: a standard deviation on the log scale.
    pub phase_level: f64,
    /// Hosts that come together; the later of them wait longer. 0: they come evenly.
    pub burst: usize,
    /// Compliance calls a registration.
    pub calls: f64,
    /// Share of attempts that fail.
    pub failures: f64,
}

/// A flat storm: what registrations have in common is their distribution, nothing else.
pub const FLAT: Drawn = Drawn {
    sessions: 1500,
    ratio: 1.0,
    create_ratio: 1.0,
    phases: 0,
    phase_level: 0.0,
    burst: 0,
    calls: 12.0,
    failures: 0.02,
};

/// How much longer the last host of a burst waits than the first, on the log scale.
const BURST_WAIT: f64 = 0.5;
/// How far bursts differ from each other.
const BURST_LEVEL: f64 = 0.1;

impl Drawn {
    /// Draws a run.
    pub fn run(self, random: &mut impl Rng) -> Run {
        let phases = normals(random, self.phases.max(1), self.phase_level);
        let bursts = self.sessions.checked_div(self.burst).map_or(0, |whole| whole + 1);
        let bursts = normals(random, bursts, BURST_LEVEL);
        let mut run = Run { name: "drawn".to_owned(), ..Run::default() };
        let mut requests = Vec::with_capacity(2 * self.sessions);
        for i in 0..self.sessions {
            let burst = i
                .checked_div(self.burst)
                .map_or(0.0, |at| bursts[at] + BURST_WAIT * (i % self.burst) as f64 / self.burst as f64);
            let level = phases[i * phases.len() / self.sessions] + burst;
            let registration = self.registration(random, self.at_us(i), level.exp() * self.ratio);
            for call in [Call::Script, Call::CapsuleScript] {
                let direct = registration.group == Group::SatelliteSsh;
                if call == Call::Script || !direct {
                    requests.push(Answered {
                        started_us: registration.started_us,
                        group: registration.group,
                        call,
                        ms: timing(random, 300.0, 0.6, level.exp() * self.ratio),
                        inferred: false,
                    });
                }
            }
            run.registrations.push(registration);
        }
        run.requests = Some(requests);
        self.averages(&mut run, random);
        run
    }

    // hosts of a burst come within a tenth of the time until the next one
    fn at_us(self, i: usize) -> i64 {
        match i.checked_div(self.burst) {
            None => i as i64 * STEP_US,
            Some(at) => (at * self.burst) as i64 * STEP_US + (i % self.burst) as i64 * STEP_US / 10,
        }
    }

    fn registration(self, random: &mut impl Rng, started_us: i64, level: f64) -> Registration {
        let success = random.random::<f64>() >= self.failures;
        let mut values = [f64::NAN; OF_SESSIONS.len()];
        if success {
            let create = timing(random, 2500.0, 0.6, level * self.create_ratio);
            let facts = timing(random, 450.0, 0.6, level);
            let host = timing(random, 900.0, 0.6, level);
            let calls = Poisson::new(self.calls).map_or(self.calls, |d| d.sample(random));
            for (metric, value) in [
                (Metric::ConsumerCreateMs, create),
                (Metric::FactUpdateMs, facts),
                (Metric::CreateAndFactsMs, create + facts),
                (Metric::HostRegisterMs, host),
                (Metric::ComplianceCalls, calls),
                (Metric::RedundantConsumerGets, (random.random::<f64>() * 5.0).floor()),
            ] {
                if let Some(at) = OF_SESSIONS.iter().position(|m| *m == metric) {
                    values[at] = value;
                }
            }
        }
        let group = if random.random::<f64>() < 0.5 { Group::LbSsh } else { Group::SatelliteSsh };
        Registration {
            started_us,
            group,
            client_os: "rhel-9".into(),
            part: format!("{} rhel-9", group.name()).into(),
            error: None,
            success,
            first: true,
            values,
            inferred: [false; OF_SESSIONS.len()],
        }
    }

    // each host fetches the script once, and asks for the status 9 to 14 times
    fn averages(self, run: &mut Run, random: &mut impl Rng) {
        for group in [None, Some(Group::LbSsh), Some(Group::SatelliteSsh)] {
            let of_group = |r: &&Registration| group.is_none_or(|g| r.group == g);
            let attempts = run.registrations.iter().filter(of_group).count();
            let n = run.registrations.iter().filter(of_group).filter(|r| r.success).count() as u64;
            let status: f64 = (0..n).map(|_| 9.0 + (random.random::<f64>() * 6.0).floor()).sum();
            let name = group.map_or("all", Group::name);
            for (metric, total) in [(Metric::StatusCalls, status), (Metric::ScriptFetches, attempts as f64)] {
                if n > 0 {
                    let average = Average { at: total / n as f64, n, inferred: false };
                    run.averages.insert((name.to_owned(), metric), average);
                }
            }
        }
    }
}

fn normals(random: &mut impl Rng, n: usize, deviation: f64) -> Vec<f64> {
    (0..n).map(|_| deviation * normal(random)).collect()
}

fn normal(random: &mut impl Rng) -> f64 {
    StandardNormal.sample(random)
}

// whole milliseconds
fn timing(random: &mut impl Rng, median: f64, sigma: f64, level: f64) -> f64 {
    (median * level * (sigma * normal(random)).exp()).round().max(1.0)
}
