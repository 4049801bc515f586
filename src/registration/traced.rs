//! Sessions and what a recorder kept in, sessions with their requests in order out.

use super::SILENCE_US;
use super::addresses::State;
use super::capsule::{Capsules, PairedBy};
use super::correlate::{Clues, Correlator};
use super::finish::Window;
use super::record::{Recorded, Recorder};
use super::session::{NameId, Names, Session};
use super::unkeyed::by_address;
use super::way_in::Ways;
use crate::log::proxy::Asked;
use crate::log::request::Kind;
use hashbrown::HashMap;

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
    requests: Vec<Box<[Recorded]>>,
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
        let mut requests = self.requests.concat();
        requests.sort_by_key(|r| (r.at_us, r.turn));
        requests
    }

    /// One made of these requests.
    #[cfg(test)]
    pub fn sample(whole_seconds: bool, requests: &[Recorded]) -> Self {
        Self { whole_seconds, requests: vec![requests.into()], ..Self::default() }
    }

    /// Its names as another log's `Names` have them.
    pub fn rename(&mut self, mut keep: impl FnMut(NameId) -> NameId) {
        let session = &mut self.session;
        for id in [&mut session.host, &mut session.capsule, &mut session.client_os, &mut self.url] {
            *id = keep(*id);
        }
    }
}

/// Gives every session of the window its requests.
pub(super) fn traced(
    recorder: Recorder,
    all: &Correlator,
    fetched: &[(u32, u32)],
    ways: &Ways<'_>,
    window: Window,
) -> Vec<Traced> {
    let Recorder { creates, mut kept, scripts, loose, built, fractions, .. } = recorder;
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
    single.sort_by_key(|(session, _)| *session);
    kept.sort_by_key(|(session, _)| *session);
    let (mut single, mut kept) = (single.into_iter().peekable(), kept.into_iter().peekable());
    let mut traced = Vec::new();
    for ((session, clues), i) in all.sessions.iter().zip(&all.clues).zip(0..) {
        let mut alone = Vec::new();
        while let Some((_, request)) = single.next_if(|(of, _)| *of <= i) {
            alone.push(request);
        }
        let mut requests = Vec::with_capacity(2);
        while let Some((_, of_consumer)) = kept.next_if(|(of, _)| *of <= i) {
            requests.push(of_consumer);
        }
        if !window.holds(session.started_at) {
            continue;
        }
        requests.push(alone.into());
        traced.push(Traced {
            session: session.clone(),
            cut: clues.cut,
            shared_address: !is_own(clues),
            url: if clues.url == NameId::NONE && clues.balanced { clues.through } else { clues.url },
            whole_seconds: !fractions,
            on_capsule: Vec::new(),
            requests,
        });
    }
    traced
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
                let alike = traced.requests.iter().flatten().filter(|r| same(r));
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
