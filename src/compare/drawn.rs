//! Settings in, runs with known truth out: registrations drawn one by one, without logs, so that hundreds of pairs can
//! be compared.
//!
//! The medians are those of `reginfra simulate`. Slow phases and bursts touch every timing of a registration alike. Not
//! drawn: hosts whose way in no key decides, several releases, clients that ask once more when a request takes too long.

use super::run::{Answered, Average, OF_SESSIONS, Registration, Run};
use crate::kept::requests::Call;
use crate::metrics::answer::Metric;
use crate::registration::session::Group;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, Poisson, StandardNormal};

/// Microseconds between two registrations: 8 a second.
const STEP_US: i64 = 125_000;
/// What a capsule adds to POST /register, in milliseconds.
const PASSED_ON: f64 = 8.0;

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
    /// Ways in with their shares; what these leave comes straight to the Satellite.
    pub ways: &'static [(Group, f64)],
    /// Share of capsules' script fetches that their cache answers; with 0 nobody knows of a cache.
    pub hits: f64,
    /// Share of attempts that fetch their script twice; with 0 no host that failed comes again either.
    pub again: f64,
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
    ways: &[(Group::LbSsh, 0.5), (Group::SatelliteSsh, 0.5)],
    hits: 0.0,
    again: 0.0,
};

/// A flat storm with every figure that is compared: four ways in, a script cache that often misses, hosts that try again.
pub const STORM: Drawn = Drawn {
    ways: &[
        (Group::LbSsh, 0.5),
        (Group::SatelliteSsh, 1.0 / 6.0),
        (Group::CapsuleSsh, 1.0 / 6.0),
        (Group::CapsuleMqtt, 1.0 / 6.0),
    ],
    hits: 0.3,
    again: 0.02,
    ..FLAT
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
        let mut requests = Vec::with_capacity(3 * self.sessions);
        let mut failed = false;
        for i in 0..self.sessions {
            let burst = i
                .checked_div(self.burst)
                .map_or(0.0, |at| bursts[at] + BURST_WAIT * (i % self.burst) as f64 / self.burst as f64);
            let level = phases[i * phases.len() / self.sessions] + burst;
            let level = level.exp() * self.ratio;
            let mut registration = self.registration(random, self.at_us(i), level);
            registration.first = !(failed && self.again > 0.0);
            failed = !registration.success;
            self.requests(random, &registration, level, &mut requests);
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
        let mut left = random.random::<f64>();
        let way = self.ways.iter().find(|(_, share)| {
            left -= share;
            left < 0.0
        });
        let group = way.map_or(Group::SatelliteSsh, |(group, _)| *group);
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

    // GET /register as the Satellite and capsules answered it, POST /register as capsules saw it
    fn requests(
        self,
        random: &mut impl Rng,
        registration: &Registration,
        level: f64,
        all: &mut Vec<Answered>,
    ) {
        let (started_us, group) = (registration.started_us, registration.group);
        let mut push = |call: Call, ms: f64| {
            all.push(Answered { started_us, group, call, ms, inferred: false });
        };
        let direct = group == Group::SatelliteSsh;
        let fetches = 1 + usize::from(self.again > 0.0 && random.random::<f64>() < self.again);
        for _ in 0..fetches {
            let hit = !direct && self.hits > 0.0 && random.random::<f64>() < self.hits;
            if !hit {
                push(Call::Script, timing(random, 300.0, 0.6, level));
            }
            if !direct {
                let ms = if hit {
                    (2.0 + 4.0 * random.random::<f64>()).floor()
                } else {
                    timing(random, 300.0, 0.6, level)
                };
                push(Call::CapsuleScript, ms);
            }
        }
        if let Some(host) = registration.value(Metric::HostRegisterMs).filter(|_| !direct) {
            push(Call::CapsuleHostRegister, host + PASSED_ON);
        }
    }

    // each host asks for the status 9 to 14 times
    fn averages(self, run: &mut Run, random: &mut impl Rng) {
        let ways = self.ways.iter().map(|(group, _)| Some(*group));
        for group in std::iter::once(None).chain(ways) {
            let own = |g: Group| group.is_none_or(|group| group == g);
            let n = run.registrations.iter().filter(|r| own(r.group) && r.success).count() as u64;
            let status: f64 = (0..n).map(|_| 9.0 + (random.random::<f64>() * 6.0).floor()).sum();
            let fetched = count(run, Call::Script, own) as f64;
            let asked = count(run, Call::CapsuleScript, own) as u64;
            let missed = count(run, Call::Script, |g| own(g) && g != Group::SatelliteSsh) as f64;
            for (metric, total, n) in [
                (Metric::StatusCalls, status, n),
                (Metric::ScriptFetches, fetched, n),
                (Metric::ScriptCacheHitRate, asked as f64 - missed, if self.hits > 0.0 { asked } else { 0 }),
            ] {
                if n > 0 {
                    let average = Average { at: total / n as f64, n, inferred: false };
                    run.averages.insert((group.map_or("all", Group::name).to_owned(), metric), average);
                }
            }
        }
    }
}

fn count(run: &Run, call: Call, of: impl Fn(Group) -> bool) -> usize {
    run.requests.iter().flatten().filter(|r| r.call == call && of(r.group)).count()
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
