//! What an archive's levels come to, as the code thinks of it.

use super::law::Law;
use super::measurement::Level;
use super::monitoring::Monitored;
use crate::metrics::answer::{Distribution, GroupAnswer};
use crate::registration::finish::Window;

/// Everything of an archive beyond what its sosreports say together.
#[derive(Clone, Debug, PartialEq)]
pub struct ArchiveAnswer {
    /// As shown to people.
    pub name: String,
    /// Levels in the order of time.
    pub levels: Vec<LevelAnswer>,
    /// Throughput against load, or why no law is fitted.
    pub law: Result<Law, String>,
    /// Registrations that lie in no level and its retries.
    pub outside: u64,
}

/// One level.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelAnswer {
    /// Its row.
    pub level: Level,
    /// When its first tries start.
    pub window: Window,
    /// The Satellite's figures of its first tries, as of a whole log; empty where no registration lies in it.
    pub groups: Vec<GroupAnswer>,
    /// Clients that were to register, and did at once.
    pub first_tries: FirstTries,
    /// What became of those that did not.
    pub retries: Retries,
    /// How failed first tries ended on the Satellite.
    pub failures: FailureKinds,
    /// Clients' durations beside the Satellite's.
    pub client: ClientAnswer,
    /// What was measured of the machines.
    pub monitored: Vec<Monitored>,
}

impl LevelAnswer {
    /// First-try successes a second, from the first client's start to the last one's end; none of a level without any.
    pub fn throughput(&self) -> Option<f64> {
        let seconds = self.level.seconds();
        (seconds > 0.0 && self.first_tries.passed > 0).then(|| self.first_tries.passed as f64 / seconds)
    }
}

/// Who tells a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// measurement.log.
    Measurement,
    /// The clients' own logs.
    Clients,
    /// The Satellite's log.
    Satellite,
}

impl From {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Measurement => "measurement.log",
            Self::Clients => "client-logs",
            Self::Satellite => "satellite-log",
        }
    }
}

/// First tries, as clients saw them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstTries {
    /// Hosts that tried.
    pub hosts: u64,
    /// Got through.
    pub passed: u64,
    /// Did not.
    pub failed: u64,
    /// Clients' logs name each host; measurement.log counts those that got through, and the level is who tried.
    pub from: From,
}

/// What became of hosts whose first try failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Later tries.
    pub tries: u64,
    /// Hosts that got through at one of them.
    pub passed: u64,
    /// Hosts that did not.
    pub failed: u64,
    /// Hosts that were not seen again: failed fast, and left so.
    pub given_up: u64,
    /// Clients' logs where retries are among them, else the Satellite's, which sees hosts that got as far as a create.
    pub from: From,
}

/// Failed first tries that the Satellite saw, by how long the failing create took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FailureKinds {
    /// Answered in less than half the median of creates that succeeded: turned away.
    pub fast: u64,
    /// Answered later than that: worked on, then failed.
    pub slow: u64,
    /// Never answered.
    pub unanswered: u64,
    /// Created, and failed at a later step.
    pub later_step: u64,
    /// The border, milliseconds; none where no create succeeded, and all that were answered are slow.
    pub border_ms: Option<f64>,
}

/// Clients' durations beside the Satellite's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientAnswer {
    /// First tries that got through, from the client's start to its end, milliseconds.
    pub client_ms: Distribution,
    /// The Satellite's create, facts and POST /register of those that could be joined, milliseconds; without POST
    /// /register where no key names it.
    pub satellite_ms: Distribution,
    /// Values of `satellite_ms` that have POST /register in them.
    pub with_host_register: u64,
    /// What remains of the client's duration, milliseconds.
    pub elsewhere_ms: Distribution,
    /// Joined by the consumer UUID that the client was told.
    pub by_uuid: u64,
    /// Joined by the host's name.
    pub by_host: u64,
    /// Joined by time alone: one registration lies in the client's time, and in no other client's.
    pub by_time: u64,
    /// Not joined.
    pub unjoined: u64,
}
