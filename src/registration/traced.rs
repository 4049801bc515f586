//! Sessions and what a recorder kept in, sessions with their requests in order out.

use super::SILENCE_US;
use super::addresses::State;
use super::capsule::{Capsules, PairedBy};
use super::correlate::{Clues, Correlator};
use super::finish::Window;
use super::record::{Keep, Recorded, Recorder};
use super::session::{Ms, NameId, Names, Session};
use super::unkeyed::by_address;
use super::way_in::Ways;
use crate::log::proxy::Asked;
use crate::log::request::Kind;
use hashbrown::HashMap;
use std::cmp::Reverse;

/// A session and its requests.
#[derive(Clone, Debug, Default)]
pub struct Traced {
    /// The session.
    pub session: Session,
    /// The end of the log, or a hole in it, hides how its create ended.
    pub cut: bool,
    /// Calls without a key came from an address that others share: they are not among the requests.
    pub shared_address: bool,
    /// `url` that the host registered with, else the load balancer of Katello's own line.
    pub url: NameId,
    /// All starts of the log are whole seconds.
    pub whole_seconds: bool,
    /// What capsules saw of its requests.
    pub on_capsule: Vec<OnCapsule>,
    requests: Box<[Recorded]>,
}

/// A request of a session as a capsule saw it.
#[derive(Clone, Copy, Debug)]
pub struct OnCapsule {
    /// The request's `turn`.
    pub turn: u32,
    /// The capsule, by its place in `Capsules::sides`.
    pub side: u32,
    /// Its request, by its place there.
    pub request: u32,
    /// Time brought them together, not an id.
    pub inferred: bool,
}

impl Traced {
    /// Its requests, in order of their starts, those of one time in the order in which the log ended them.
    pub fn requests(&self) -> Vec<Recorded> {
        let mut requests = self.requests.to_vec();
        requests.sort_by_key(|r| (r.at_us, r.turn));
        requests
    }

    /// One made of these requests.
    #[cfg(test)]
    pub fn sample(whole_seconds: bool, requests: &[Recorded]) -> Self {
        Self { whole_seconds, requests: requests.into(), ..Self::default() }
    }

    /// Its names as another log's `Names` have them.
    pub fn rename(&mut self, mut keep: impl FnMut(NameId) -> NameId) {
        let session = &mut self.session;
        for id in [&mut session.host, &mut session.capsule, &mut session.client_os, &mut self.url] {
            *id = keep(*id);
        }
    }
}

/// Gives sessions of the window their requests: those that the recorder is to keep.
pub(super) fn traced(
    recorder: Recorder,
    all: &Correlator,
    fetched: &[(u32, u32)],
    ways: &Ways<'_>,
    window: Window,
) -> Vec<Traced> {
    let Recorder { keep, creates, sent, scripts, loose, built, fractions, .. } = recorder;
    let chosen = match keep {
        Keep::All => None,
        Keep::Slowest(most) => Some(slowest(all, window, most)),
    };
    let is_chosen = |session: u32| chosen.as_ref().is_none_or(|some| some.binary_search(&session).is_ok());
    let of_sessions = sent.by_session(all.sessions.len(), is_chosen);
    // most of it is nobody's
    drop(sent);
    let is_own = |clues: &Clues| {
        !ways.is_proxy(clues.address)
            && all.addresses.get(clues.address).is_some_and(State::is_one_clients_own)
    };
    let mut single: Vec<(u32, Recorded)> = (0..).zip(creates).collect();
    single.extend(fetched.iter().filter_map(|(script, session)| {
        let script = scripts.get(*script as usize)?;
        Some((*session, script.inferred()))
    }));
    let by_address = by_address(&all.sessions, &all.clues, all.addresses.len());
    single.extend(loose.iter().filter_map(|(address, request)| {
        let first = all.clues.get(by_address.first(*address)? as usize)?;
        let at = by_address.owner(*address, request.at_us.div_euclid(1_000_000))?;
        is_own(first).then_some((at, *request))
    }));
    single.extend(of_hosts(&all.sessions, &built));
    single.retain(|(session, _)| is_chosen(*session));
    single.sort_by_key(|(session, _)| *session);
    let mut single = single.into_iter().peekable();
    let mut traced = Vec::new();
    for ((session, clues), i) in all.sessions.iter().zip(&all.clues).zip(0..) {
        let mut requests = of_sessions.of(i).to_vec();
        while let Some((_, request)) = single.next_if(|(of, _)| *of <= i) {
            requests.push(request);
        }
        if !window.holds(session.started_at) || !is_chosen(i) {
            continue;
        }
        traced.push(Traced {
            session: session.clone(),
            cut: clues.cut,
            shared_address: !is_own(clues),
            url: if clues.url == NameId::NONE && clues.balanced { clues.through } else { clues.url },
            whole_seconds: !fractions,
            on_capsule: Vec::new(),
            requests: requests.into(),
        });
    }
    traced
}

// their numbers, in order; equally slow ones by the order in which sessions are written, as the page names them
fn slowest(all: &Correlator, window: Window, most: usize) -> Vec<u32> {
    let known_ms = |session: &Session| -> u64 {
        let steps =
            [session.script_fetch, session.consumer_create, session.fact_update, session.host_register];
        steps.into_iter().filter_map(Ms::get).map(u64::from).sum()
    };
    let key = |i: &u32| {
        let session = &all.sessions[*i as usize];
        let host = all.names.get(session.host);
        (Reverse(known_ms(session)), session.started_at, session.uuid, host, *i)
    };
    let asked = all.sessions.iter().zip(&all.clues).zip(0u32..).filter(|((session, clues), _)| {
        session.success() && !clues.cut && window.holds(session.started_at) && known_ms(session) > 0
    });
    let mut found: Vec<u32> = asked.map(|(_, i)| i).collect();
    if found.len() > most {
        found.select_nth_unstable_by(most, |a, b| key(a).cmp(&key(b)));
        found.truncate(most);
    }
    found.sort_unstable();
    found
}

// /unattended/built is of the host's latest registration, up to a silence behind its end
fn of_hosts(sessions: &[Session], built: &[(NameId, Recorded)]) -> Vec<(u32, Recorded)> {
    let mut of_host: HashMap<NameId, Vec<u32>> =
        built.iter().filter(|(host, _)| *host != NameId::NONE).map(|(host, _)| (*host, Vec::new())).collect();
    for (session, i) in sessions.iter().zip(0..) {
        if let Some(places) = of_host.get_mut(&session.host) {
            places.push(i);
        }
    }
    let found = built.iter().filter_map(|(host, request)| {
        let began = |i: &&u32| sessions[**i as usize].started_at.0 <= request.at_us;
        let latest =
            of_host.get(host)?.iter().filter(began).max_by_key(|i| sessions[**i as usize].started_at)?;
        let near = request.at_us - sessions[*latest as usize].ended_at.0 <= SILENCE_US;
        near.then_some((*latest, *request))
    });
    found.collect()
}

/// Gives sessions what capsules saw of their requests, where pairs bring them together.
pub(super) fn give_capsules(capsules: &Capsules, traced: &mut [Traced]) {
    let mut by_uuid: HashMap<u128, Vec<u32>> = HashMap::new();
    let keyed = traced.iter().zip(0u32..).filter(|(t, _)| t.session.uuid.is_some());
    keyed.for_each(|(t, i)| by_uuid.entry(t.session.uuid.0).or_default().push(i));
    for (side, number) in capsules.sides.iter().zip(0..) {
        for pair in &side.pairs {
            let kind = match pair.forwarded.asked {
                Asked::Script => Kind::Script,
                Asked::HostRegister => Kind::HostRegister,
                Asked::Probe | Asked::Other => continue,
            };
            let same =
                |r: &Recorded| r.kind == kind && r.at_us == pair.forwarded.at_us && r.ms == pair.forwarded.ms;
            for i in by_uuid.get(&pair.forwarded.uuid.0).into_iter().flatten() {
                let Some(traced) = traced.get_mut(*i as usize) else { continue };
                // of several at one time the one that the log ended first
                let alike = traced.requests.iter().filter(|r| same(r));
                let Some(found) = alike.min_by_key(|r| r.turn) else { continue };
                let inferred = found.how.is_inferred() || pair.by == PairedBy::Time;
                let seen = OnCapsule { turn: found.turn, side: number, request: pair.request, inferred };
                traced.on_capsule.push(seen);
                break;
            }
        }
    }
}

/// By start of the create, consumer UUID, host: as sessions are written.
pub(super) fn sort(traced: &mut [Traced], names: &Names) {
    traced.sort_by(|a, b| {
        let key = |t: &Traced| (t.session.started_at, t.session.uuid);
        key(a).cmp(&key(b)).then_with(|| names.get(a.session.host).cmp(&names.get(b.session.host)))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::request::Request;
    use crate::registration::join::Outcome;
    use crate::registration::session::{ErrorClass, Uuid};
    use crate::timestamp::Timestamp;

    // a session a second: 300 ms, 600, 300, 900 and failed, 700 and cut off, 0
    fn log() -> Correlator {
        let mut all = Correlator::default();
        let steps = [(300, 0), (100, 500), (200, 100), (900, 0), (700, 0), (0, 0)];
        for ((create, facts), at) in steps.into_iter().zip(0u32..) {
            all.sessions.push(Session {
                uuid: Uuid(u128::from(at) + 1),
                started_at: Timestamp(i64::from(at) * 1_000_000),
                consumer_create: Ms::some(create),
                fact_update: Ms::some(facts),
                error: (at == 3).then_some(ErrorClass::Server),
                ..Session::default()
            });
            all.clues.push(Clues { cut: at == 4, ..Clues::default() });
        }
        all
    }

    #[test]
    fn the_slowest_succeeded_lie_in_the_window_and_tell_a_step() {
        let all = log();
        let of = |since: i64, most| {
            slowest(&all, Window { since: Timestamp(since * 1_000_000), ..Window::ALL }, most)
        };
        // of two that took as long the first
        assert_eq!((of(0, 1), of(0, 2), of(0, 9)), (vec![1], vec![0, 1], vec![0, 1, 2]));
        assert_eq!((of(1, 2), of(2, 2), of(0, 0)), (vec![1, 2], vec![2], vec![]));
    }

    #[test]
    fn the_slowest_alone_have_the_requests_that_they_have_among_all() {
        let told = |keep| -> Vec<(Uuid, Vec<Recorded>)> {
            let mut all = log();
            let mut recorder = Recorder::keeping(keep);
            for session in 0..6u32 {
                let noted = |turn| Recorded { turn, ms: session, ..Recorded::default() };
                recorder.creates.push(noted(session));
                // consumers are put away in any order
                for turn in [10 + session, 20 + session] {
                    let request = Request { duration_ms: turn, ..Request::default() };
                    recorder.of_session(5 - session, &request, Outcome::Answered);
                }
            }
            let ways = Ways::learn(None, &all.clues, &all.scripts, &mut all.names, &all.addresses);
            let found = traced(recorder, &all, &[], &ways, Window::ALL);
            found.iter().map(|traced| (traced.session.uuid, traced.requests())).collect()
        };
        let (all, slowest) = (told(Keep::All), told(Keep::Slowest(2)));
        assert!(all.len() == 6 && all.iter().all(|(_, requests)| requests.len() == 3), "{all:?}");
        assert_eq!(slowest, all[..2]);
    }
}
