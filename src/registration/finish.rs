//! The end of the log: ways in, attempts, what carries no key; sessions come out in order.

use super::background::BackgroundCounts;
use super::capsule::{self, Capsules, Forwarded, NamedLog, SatelliteTime};
use super::correlate::{Clues, Correlator};
use super::failures::{self, FailureSample};
use super::join::JoinCounts;
use super::session::Uuid;
use super::session::{Evidence, Group, NameId, Names, Session};
use super::traced::{self, Traced};
use super::unkeyed::{self, GroupCalls, Script};
use super::way_in::{Decided, Ways};
use crate::inventory::topology::Topology;
use crate::log::proxy::Asked;
use crate::timestamp::Timestamp;
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// Which sessions are asked for, by the start of their create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// At or after.
    pub since: Timestamp,
    /// Before.
    pub until: Timestamp,
}

impl Window {
    /// Every session.
    pub const ALL: Self = Self { since: Timestamp::MIN, until: Timestamp::MAX };

    /// Whether a time lies in it.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.since <= at && at < self.until
    }
}

impl Default for Window {
    fn default() -> Self {
        Self::ALL
    }
}

/// One GET /register that reached the Satellite, and whose way it names.
#[derive(Clone, Copy, Debug)]
pub struct GroupScript {
    /// Its start.
    pub at: Timestamp,
    /// The group of its `url`.
    pub way: Decided,
    /// Duration; only of those that succeeded.
    pub ms: Option<u32>,
}

/// Everything that the log says of registrations.
#[derive(Debug, Default)]
pub struct Registrations {
    /// Sorted by start, consumer UUID, host.
    pub sessions: Vec<Session>,
    /// Creates that the end of the log cut off: their starts, and how their hosts come.
    pub cut: Vec<(Timestamp, Group)>,
    /// Names of hosts, capsules and releases.
    pub names: Names,
    /// GET /register in the window.
    pub scripts: Vec<GroupScript>,
    /// GET /rhsm/status of successful sessions, by group.
    pub status_calls: BTreeMap<Group, GroupCalls>,
    /// Requests of no registration, of the whole log.
    pub background: BackgroundCounts,
    /// Consumers of no registration.
    pub background_consumers: u64,
    /// Status calls of no registration.
    pub background_status_calls: u64,
    /// Requests that a key or an address of one's own brought to a session or group of the window, that were inferred,
    /// that were neither.
    pub attribution: [u64; 3],
    /// Requests.
    pub requests: JoinCounts,
    /// GET and POST /register one by one, where capsules' logs are to be joined with them.
    pub forwarded: Vec<Forwarded>,
    /// What capsules saw, where their logs were read.
    pub capsules: Capsules,
    /// The first that failed of each class, and what the log says of them.
    pub failures: Vec<FailureSample>,
    /// Sessions with their requests, where they were recorded: those that `record::Keep` asks for, of each log.
    pub traced: Vec<Traced>,
    /// What was asked for.
    pub window: Window,
    /// Words that a reader must see.
    pub notes: Vec<String>,
}

impl Registrations {
    /// Adds what another Satellite's log says.
    pub fn add(&mut self, other: Self) {
        if self.requests == JoinCounts::default() {
            *self = other;
            return;
        }
        let names = &mut self.names;
        let mut keep = |id: NameId| other.names.get(id).map_or(NameId::NONE, |name| names.intern(name));
        self.sessions.extend(other.sessions.into_iter().map(|mut session| {
            session.host = keep(session.host);
            session.capsule = keep(session.capsule);
            session.client_os = keep(session.client_os);
            session
        }));
        self.traced.extend(other.traced.into_iter().map(|mut traced| {
            traced.rename(&mut keep);
            traced
        }));
        self.failures.extend(other.failures.into_iter().map(|mut sample| {
            sample.host = keep(sample.host);
            sample
        }));
        self.cut.extend(other.cut);
        self.scripts.extend(other.scripts);
        for (group, calls) in other.status_calls {
            let mine = self.status_calls.entry(group).or_insert(GroupCalls { calls: 0.0, ..calls });
            mine.calls += calls.calls;
            if calls.evidence == Evidence::Inferred {
                mine.evidence = calls.evidence;
            }
        }
        self.background.add(other.background);
        self.background_consumers += other.background_consumers;
        self.background_status_calls += other.background_status_calls;
        for (mine, others) in self.attribution.iter_mut().zip(other.attribution) {
            *mine += others;
        }
        self.forwarded.extend(other.forwarded.into_iter().map(|mut forwarded| {
            forwarded.url = keep(forwarded.url);
            forwarded
        }));
        self.requests.add(other.requests);
        for note in other.notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }

    /// Joins the logs of capsules with what reached the Satellites; gives sessions what pairs tell of them.
    pub fn join_capsules(&mut self, logs: Vec<NamedLog>, topology: Option<&Topology>, time: &SatelliteTime) {
        let forwarded = std::mem::take(&mut self.forwarded);
        if logs.is_empty() {
            return;
        }
        self.capsules = capsule::join(
            logs,
            topology,
            &capsule::Satellite { forwarded: &forwarded, names: &self.names, time },
        );
        capsule::give_to_sessions(&self.capsules, &mut self.sessions);
        traced::give_capsules(&self.capsules, &mut self.traced);
    }

    /// Puts the sessions of several Satellites in order.
    pub fn sort(&mut self) {
        sort(&mut self.sessions, &self.names);
        failures::sort(&mut self.failures, &self.names);
        traced::sort(&mut self.traced, &self.names);
    }
}

/// Decides what only the whole log can tell.
pub fn finish(
    mut all: Correlator,
    requests: JoinCounts,
    topology: Option<&Topology>,
    window: Window,
) -> Registrations {
    let background_consumers = all.end();
    let ways = Ways::learn(topology, &all.clues, &all.scripts, &mut all.names, &all.addresses);
    for (session, clues) in all.sessions.iter_mut().zip(&all.clues) {
        ways.decide(session, clues, &all.names);
    }
    number_attempts(&mut all.sessions);
    let fetched = unkeyed::pair_scripts(&mut all.sessions, &all.clues, &all.scripts);
    let forwarded = forwarded(&mut all, &fetched, &ways);
    let figures =
        unkeyed::share_out(&mut all.sessions, &all.clues, &all.status_calls, &all.addresses, (&ways, window));
    all.status_calls = unkeyed::StatusCalls::default();
    let mut notes = ways.notes(&all.sessions);
    notes.extend(topology.iter().flat_map(|t| t.warnings.clone()));
    let scripts: Vec<GroupScript> = group_scripts(&all.scripts, &ways, window);
    let asked = all.sessions.iter().zip(&all.clues).filter(|(session, _)| window.holds(session.started_at));
    let keyed: u64 = asked.map(|(_, clues)| u64::from(clues.keyed)).sum();
    let named = scripts.iter().filter(|s| s.way.evidence == Evidence::Exact).count() as u64;
    let inferred = scripts.iter().filter(|s| s.way.evidence == Evidence::Inferred).count() as u64;
    let attribution =
        [keyed + named + figures.exact, inferred + figures.inferred, scripts.len() as u64 - named - inferred];
    let traced = match all.recorder.take() {
        Some(recorder) => traced::traced(recorder, &all, &fetched, &ways, window),
        None => Vec::new(),
    };
    let (mut sessions, cut) = in_order(all.sessions, &all.clues, window);
    sort(&mut sessions, &all.names);
    let failures = all.failures.first(&sessions);
    Registrations {
        sessions,
        cut,
        names: all.names,
        scripts,
        status_calls: figures.groups,
        background: all.background,
        background_consumers,
        background_status_calls: figures.background,
        attribution,
        requests,
        forwarded,
        capsules: Capsules::default(),
        failures,
        traced,
        window,
        notes,
    }
}

// what of /register can be joined with capsules' logs later, when the way in and the sessions are forgotten
fn forwarded(all: &mut Correlator, fetched: &[(u32, u32)], ways: &Ways<'_>) -> Vec<Forwarded> {
    let mut forwarded = all.forwarded.take().unwrap_or_default();
    let of_script: HashMap<u32, u32> = fetched.iter().copied().collect();
    for request in &mut forwarded {
        request.group = ways.of_url(request.url).group;
        if let Some(session) = of_script.get(&request.script).filter(|_| request.asked == Asked::Script) {
            request.uuid = all.sessions.get(*session as usize).map_or(Uuid::NONE, |s| s.uuid);
        }
    }
    forwarded
}

fn group_scripts(scripts: &[Script], ways: &Ways<'_>, window: Window) -> Vec<GroupScript> {
    scripts
        .iter()
        .filter(|s| !s.cut && window.holds(Timestamp(s.at_us)))
        .map(|s| GroupScript {
            at: Timestamp(s.at_us),
            way: ways.of_url(s.url),
            ms: (200..400).contains(&s.status).then_some(s.ms),
        })
        .collect()
}

// an attempt's number is its place among its host's creates in time
fn number_attempts(sessions: &mut [Session]) {
    let mut order: Vec<u32> = (0..sessions.len() as u32).collect();
    order.sort_by_key(|i| (sessions[*i as usize].started_at, *i));
    let hosts =
        sessions.iter().filter(|s| s.host != NameId::NONE).map(|s| s.host.0 as usize + 1).max().unwrap_or(0);
    let mut attempts = vec![0u16; hosts];
    for i in order {
        let session = &mut sessions[i as usize];
        session.attempt = match attempts.get_mut(session.host.0 as usize) {
            Some(attempt) => {
                *attempt = attempt.saturating_add(1);
                *attempt
            }
            None => 1,
        };
    }
}

fn in_order(
    sessions: Vec<Session>,
    clues: &[Clues],
    window: Window,
) -> (Vec<Session>, Vec<(Timestamp, Group)>) {
    let mut cut = Vec::new();
    let mut sessions = sessions;
    let mut at = 0;
    sessions.retain(|session| {
        let clue = &clues[at];
        at += 1;
        let asked = window.holds(session.started_at);
        if clue.cut && asked {
            cut.push((session.started_at, session.group));
        }
        asked && !clue.cut
    });
    (sessions, cut)
}

// started_at, consumer UUID, host: the order in which sessions are written
fn sort(sessions: &mut [Session], names: &Names) {
    sessions.sort_by(|a, b| {
        let key = |s: &Session| (s.started_at, s.uuid);
        key(a).cmp(&key(b)).then_with(|| names.get(a.host).cmp(&names.get(b.host)))
    });
}
