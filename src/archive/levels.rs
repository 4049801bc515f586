//! The archive's files and the registrations of its sosreports in, figures of each level out.
//!
//! First tries of a level start from the first client's start on (from its step's start, where measurement.log has
//! one: a client that failed earlier counts) up to the last client's end. Later ones, up to the end of the step or the
//! next level, are retries.

use super::answer::{ArchiveAnswer, ClientAnswer, FailureKinds, FirstTries, From, LevelAnswer, Retries};
use super::client::{ClientLog, Try};
use super::measurement::Level;
use super::{Archive, LevelFiles, join, law};
use crate::metrics::answer::{GroupAnswer, Metric};
use crate::metrics::measure;
use crate::registration::finish::{Registrations, Window};
use crate::registration::session::{ErrorClass, NameId, Session};
use crate::timestamp::Timestamp;
use std::collections::{HashMap, HashSet};

/// Retries that may follow the last level, where its step's end is not known: microseconds.
const AFTER: i64 = 1_800_000_000;

/// When first tries and retries of a level start.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    /// First tries.
    pub first: Window,
    /// Retries.
    pub retries: Window,
}

/// The windows of every level, in the order of the levels.
pub fn windows(levels: &[&Level]) -> Vec<Windows> {
    let mut found = Vec::new();
    let mut over = Timestamp::MIN;
    for (at, level) in levels.iter().enumerate() {
        let since = level.step.map_or_else(|| level.start(), |step| step.0.min(level.start())).max(over);
        let end = match (level.step, levels.get(at + 1)) {
            (Some((_, end)), next) => next.map_or(end, |next| end.min(next.start())),
            (None, Some(next)) => next.step.map_or_else(|| next.start(), |step| step.0.min(next.start())),
            (None, None) => Timestamp(level.until.0 + AFTER),
        };
        let end = end.max(level.until);
        found.push(Windows {
            first: Window { since, until: level.until },
            retries: Window { since: level.until, until: end },
        });
        over = end;
    }
    found
}

impl Archive {
    /// From the first level's start to the last one's end, retries included: what of the Satellite's log is the run's.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let windows = windows(&self.levels.iter().map(|files| &files.level).collect::<Vec<_>>());
        Some((windows.first()?.first.since, windows.last()?.retries.until))
    }

    /// The figures of each level and of all together.
    pub fn answer(self, all: &Registrations) -> (ArchiveAnswer, Vec<String>) {
        let windows = windows(&self.levels.iter().map(|files| &files.level).collect::<Vec<_>>());
        let inside = |at: Timestamp| windows.iter().any(|w| w.first.holds(at) || w.retries.holds(at));
        let outside = all.sessions.iter().filter(|s| !inside(s.started_at)).count() as u64;
        let mut notes = self.notes;
        let levels: Vec<LevelAnswer> = self
            .levels
            .into_iter()
            .zip(&windows)
            .map(|(files, windows)| level(files, *windows, all, &mut notes))
            .collect();
        let client = |of: fn(&ClientAnswer) -> u64| levels.iter().map(|level| of(&level.client)).sum::<u64>();
        let (joined, with) = (client(|c| c.satellite_ms.count), client(|c| c.with_host_register));
        if with < joined {
            notes.push(format!(
                "of {joined} registrations that are joined with their clients POST /register of {} carries no key: \
                 satellite_ms lacks it there, and elsewhere_ms has it",
                joined - with
            ));
        }
        let law = law::of_levels(&levels);
        (ArchiveAnswer { name: self.place.name(), levels, law, outside }, notes)
    }
}

fn level(files: LevelFiles, windows: Windows, all: &Registrations, notes: &mut Vec<String>) -> LevelAnswer {
    let LevelFiles { level, first, retries, monitored } = files;
    let sessions = |window: Window| {
        let from = all.sessions.partition_point(|s| s.started_at < window.since);
        let to = all.sessions.partition_point(|s| s.started_at < window.until);
        &all.sessions[from..to.max(from)]
    };
    let own = sessions(windows.first);
    if own.is_empty() {
        notes.push(format!(
            "level {}: no registration of the Satellite's log lies between {} and {}: the log does not reach so far, or \
             clocks differ",
            level.load, level.since, level.until
        ));
    }
    let groups = measure::groups_in(all, windows.first);
    let first_tries = first_tries(&level, &first);
    if first_tries.from == From::Clients && first_tries.passed != level.passed {
        notes.push(format!(
            "level {}: measurement.log counts {} first-try successes, the clients' logs {}: the logs' count is taken",
            level.load, level.passed, first_tries.passed
        ));
    }
    LevelAnswer {
        failures: failures(own, &groups),
        retries: if retries.tries.is_empty() {
            seen_again(own, sessions(windows.retries), &first_tries)
        } else {
            tried_again(&first, &retries)
        },
        client: join::join(
            &first,
            sessions(Window { since: windows.first.since, until: windows.retries.until }),
            all,
        ),
        first_tries,
        groups,
        window: windows.first,
        level,
        monitored,
    }
}

fn first_tries(level: &Level, first: &ClientLog) -> FirstTries {
    let tries = || first.tries.values().flatten();
    if first.tries.is_empty() {
        let (hosts, passed) = (u64::from(level.load).max(level.passed), level.passed);
        return FirstTries { hosts, passed, failed: hosts - passed, from: From::Measurement };
    }
    let failed = tries().filter(|one| one.failed).count() as u64;
    let hosts = tries().count() as u64;
    FirstTries { hosts, passed: hosts - failed, failed, from: From::Clients }
}

fn tried_again(first: &ClientLog, retries: &ClientLog) -> Retries {
    let through = |tries: &Vec<Try>| tries.iter().any(|one| !one.failed);
    let failed = first.tries.iter().filter(|(_, tries)| tries.iter().any(|one| one.failed));
    let mut found = Retries { tries: 0, passed: 0, failed: 0, given_up: 0, from: From::Clients };
    for (host, _) in failed {
        match retries.tries.get(host) {
            Some(tries) if through(tries) => found.passed += 1,
            Some(_) => found.failed += 1,
            None => found.given_up += 1,
        }
    }
    found.tries = retries.tries.values().map(|tries| tries.len() as u64).sum();
    found
}

// hosts that failed and came again after the level's end
fn seen_again(first: &[Session], later: &[Session], tries: &FirstTries) -> Retries {
    let mut again: HashMap<NameId, bool> = HashMap::new();
    let named = |s: &&Session| s.host != NameId::NONE;
    let failed: HashSet<NameId> =
        first.iter().filter(|s| !s.success()).filter(named).map(|s| s.host).collect();
    let mut found = Retries { tries: 0, passed: 0, failed: 0, given_up: 0, from: From::Satellite };
    // a host that the Satellite did not see at first failed before its create
    let known: HashSet<NameId> = first.iter().filter(|s| s.success()).map(|s| s.host).collect();
    for session in later.iter().filter(named).filter(|s| failed.contains(&s.host) || !known.contains(&s.host))
    {
        found.tries += 1;
        *again.entry(session.host).or_default() |= session.success();
    }
    found.passed = again.values().filter(|passed| **passed).count() as u64;
    found.failed = again.len() as u64 - found.passed;
    found.given_up = tries.failed.saturating_sub(again.len() as u64);
    found
}

fn failures(first: &[Session], groups: &[GroupAnswer]) -> FailureKinds {
    let all = groups.iter().find(|g| g.group.is_none());
    let median = all.and_then(|g| g.metrics.get(&Metric::ConsumerCreateMs)?.p50);
    let mut kinds = FailureKinds { border_ms: median.map(|ms| ms / 2.0), ..FailureKinds::default() };
    for session in first {
        match (session.error, session.failed_create_ms()) {
            (None, _) => {}
            (Some(ErrorClass::NoResponse), _) => kinds.unanswered += 1,
            (Some(_), None) => kinds.later_step += 1,
            (Some(_), Some(ms)) => {
                let fast = kinds.border_ms.is_some_and(|border| f64::from(ms) < border);
                *(if fast { &mut kinds.fast } else { &mut kinds.slow }) += 1;
            }
        }
    }
    kinds
}
