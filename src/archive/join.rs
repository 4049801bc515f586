//! Clients' first tries and the Satellite's registrations in, both durations of the same registration out.
//!
//! The consumer UUID decides, then the host's name. Time alone decides only for a client that neither is known of, and
//! only where one registration lies in the client's time that lies in no other such client's.

use super::answer::ClientAnswer;
use super::client::{ClientLog, Times, Try};
use crate::metrics::distribution;
use crate::registration::finish::Registrations;
use crate::registration::session::{Evidence, NameId, Session, Uuid};
use crate::timestamp::Timestamp;
use std::collections::HashMap;

/// The Satellite's times are whole seconds: a start may be shown so much earlier.
const WHOLE_SECOND: i64 = 1_000_000;

/// Joins them; `sessions` are the level's, in the order of their starts.
pub fn join(first: &ClientLog, sessions: &[Session], all: &Registrations) -> ClientAnswer {
    let mut by_uuid: HashMap<Uuid, usize> = HashMap::new();
    let mut by_host: HashMap<NameId, Vec<usize>> = HashMap::new();
    for (at, session) in sessions.iter().enumerate() {
        if session.uuid.is_some() {
            by_uuid.insert(session.uuid, at);
        }
        by_host.entry(session.host).or_default().push(at);
    }
    let mut found = ClientAnswer::default();
    let (mut clients, mut pairs, mut left) = (Vec::new(), Vec::new(), Vec::new());
    let mut taken = vec![false; sessions.len()];
    for (host, one) in first.tries.iter().flat_map(|(host, tries)| tries.iter().map(move |one| (host, one))) {
        let Some(times) = one.times.filter(|_| !one.failed) else { continue };
        clients.push(times.ms);
        if let Some(at) = one.uuid.and_then(|uuid| by_uuid.get(&uuid)) {
            found.by_uuid += 1;
            taken[*at] = true;
            pairs.push((times, *at));
        } else if let Some(at) = named(one, host, all, &by_host, sessions, times) {
            found.by_host += 1;
            taken[at] = true;
            pairs.push((times, at));
        } else {
            left.push(times);
        }
    }
    clients.extend(first.unnamed.iter().map(|times| times.ms));
    left.extend(&first.unnamed);
    let by_time = alone(&left, sessions, &taken);
    found.by_time = by_time.len() as u64;
    found.unjoined = left.len() as u64 - found.by_time;
    pairs.extend(by_time);
    let evidence = if found.by_time > 0 { Evidence::Inferred } else { Evidence::Exact };
    let mut both: Vec<(u32, u32)> = Vec::new();
    for (times, at) in pairs {
        let Some(there) = steps_ms(&sessions[at]) else { continue };
        both.push((times.ms, there));
        found.with_host_register += u64::from(sessions[at].host_register.get().is_some());
    }
    found.client_ms = distribution::of(clients, Evidence::Exact);
    found.satellite_ms = distribution::of(both.iter().map(|(_, there)| *there).collect(), evidence);
    found.elsewhere_ms = distribution::of(
        both.iter().map(|(client, there)| client.saturating_sub(*there)).collect(),
        evidence,
    );
    found
}

// what the Satellite worked on for this host alone, where the log tells all of it that a key names
fn steps_ms(session: &Session) -> Option<u32> {
    let register = session.host_register.get().unwrap_or(0);
    Some(session.create_and_facts()?.saturating_add(register))
}

fn holds(times: Times, at: Timestamp) -> bool {
    times.start.0 - WHOLE_SECOND < at.0 && at <= times.end
}

fn named(
    one: &Try,
    host: &str,
    all: &Registrations,
    by_host: &HashMap<NameId, Vec<usize>>,
    sessions: &[Session],
    times: Times,
) -> Option<usize> {
    let names = one.name.as_deref().into_iter().chain([host]);
    let ids = names.map(|name| all.names.find(name)).filter(|id| *id != NameId::NONE);
    let mut found = ids.flat_map(|id| by_host.get(&id).into_iter().flatten());
    found.find(|at| holds(times, sessions[**at].started_at) && sessions[**at].success()).copied()
}

// pairs of which neither side could be another's
fn alone(left: &[Times], sessions: &[Session], taken: &[bool]) -> Vec<(Times, usize)> {
    let mut clients_of: HashMap<usize, u32> = HashMap::new();
    let mut only = Vec::new();
    for times in left {
        let from = sessions.partition_point(|s| s.started_at.0 <= times.start.0 - WHOLE_SECOND);
        let inside = sessions[from..].iter().enumerate().take_while(|(_, s)| s.started_at <= times.end);
        let mut candidates = inside.map(|(n, s)| (from + n, s)).filter(|(at, s)| !taken[*at] && s.success());
        let first = candidates.next();
        let mut many = false;
        for (at, _) in first.into_iter().chain(candidates) {
            *clients_of.entry(at).or_default() += 1;
            many |= first.is_some_and(|(one, _)| one != at);
        }
        only.extend(first.filter(|_| !many).map(|(at, _)| (*times, at)));
    }
    only.retain(|(_, at)| clients_of.get(at) == Some(&1));
    only
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(second: i64) -> Session {
        Session { started_at: Timestamp(second * 1_000_000), ..Session::default() }
    }

    fn times(start: i64, end: i64) -> Times {
        Times {
            start: Timestamp(start * 1_000_000),
            end: Timestamp(end * 1_000_000),
            ms: ((end - start) * 1000) as u32,
        }
    }

    #[test]
    fn time_alone_joins_what_could_be_nobody_elses() {
        let sessions = [session(10), session(100), session(105)];
        let free = [false; 3];
        assert_eq!(alone(&[times(5, 20)], &sessions, &free), [(times(5, 20), 0)]);
        // two registrations in one client's time, and one registration in two clients' times
        assert_eq!(alone(&[times(95, 110)], &sessions, &free), []);
        assert_eq!(alone(&[times(5, 20), times(6, 21)], &sessions, &free), []);
        // a key has spoken for the other one
        assert_eq!(alone(&[times(95, 110)], &sessions, &[false, true, false]), [(times(95, 110), 2)]);
    }
}
