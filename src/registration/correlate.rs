//! Requests in, sessions out: a create opens a session, the consumer UUID brings the rest to it.

mod awaited;
mod late;
mod named;

use self::awaited::Awaited;
use super::SILENCE_US;
use super::addresses::{AddressId, Addresses, BUCKET_SECS, State, kind_number};
use super::background::{BackgroundCounts, UuidHasher};
use super::capsule::Forwarded;
use super::consumer::{Consumer, NO_SESSION, register_result};
use super::consumers::Consumers;
use super::failures::FailureLines;
use super::join::{AHEAD_AT_ONCE, Outcome, Requests};
use super::record::Recorder;
use super::session::{ErrorClass, Group, Ms, NameId, Names, Session, Uuid};
use super::unkeyed::{Script, StatusCalls};
use crate::log::assemble::Event;
use crate::log::proxy::Asked;
use crate::log::request::{Details, Kind, Request, Through};
use crate::timestamp::Timestamp;
use hashbrown::HashSet;
use std::hash::BuildHasherDefault;

/// How often consumers that have gone silent are put away, in log time.
const SWEEP_US: i64 = 60_000_000;

/// So many requests in a row behind a silence show that the log has gone on.
const AHEAD: u32 = 32;

/// What tells a session's way in, kept beside it until every session is known.
#[derive(Clone, Debug, Default)]
pub struct Clues {
    /// `url` of its POST /register.
    pub url: NameId,
    /// Katello's own line: load balancer or proxy.
    pub through: NameId,
    /// `through` is a load balancer.
    pub balanced: bool,
    /// A POST /register names it.
    pub registered: bool,
    /// Its create's answer is hidden by the end of the log or by a hole in it.
    pub cut: bool,
    /// Source of the create.
    pub address: AddressId,
    /// Source of its POST /register.
    pub register_address: AddressId,
    /// Its requests that a metric is made of and a key brought here, the create among them.
    pub keyed: u32,
}

/// Turns requests into sessions.
#[derive(Debug, Default)]
pub struct Correlator {
    /// One a create, in the order in which creates ended.
    pub sessions: Vec<Session>,
    /// Beside `sessions`.
    pub clues: Vec<Clues>,
    /// Hosts, capsules, releases.
    pub names: Names,
    /// Source addresses.
    pub addresses: Addresses,
    /// GET /register.
    pub scripts: Vec<Script>,
    /// GET /rhsm/status.
    pub status_calls: StatusCalls,
    /// What belongs to no registration.
    pub background: BackgroundCounts,
    /// GET and POST /register one by one, where capsules' logs are to be joined with them.
    pub forwarded: Option<Vec<Forwarded>>,
    /// Keeps requests one by one, where a trace is asked for.
    pub recorder: Option<Recorder>,
    /// Lines of requests that failed.
    pub failures: FailureLines,
    consumers: Consumers,
    background_consumers: HashSet<u64, BuildHasherDefault<UuidHasher>>,
    latest_of_host: Vec<u32>,
    // a create succeeded and nothing names its consumer: no audit lines, or they are lost
    nameless: bool,
    awaited: Awaited,
    // POST /register of consumers whose answers nobody saw
    late: Vec<(Request, Outcome)>,
    now_us: i64,
    ahead: u32,
    ahead_us: i64,
    swept_us: i64,
}

impl Requests for Correlator {
    fn request(&mut self, request: Request, outcome: Outcome) {
        if request.kind.is_other() {
            return self.loose(&request, outcome);
        }
        self.tick(request.end_us());
        if self.forwarded.is_some() && matches!(request.kind, Kind::Script | Kind::HostRegister) {
            self.forward(&request, outcome);
        }
        match request.kind {
            Kind::Create => self.create(request, outcome),
            Kind::HostRegister => self.host_register(request, outcome),
            Kind::Script => self.script(&request, outcome),
            Kind::Status => {
                let address = self.addresses.id(request.address);
                self.status_calls.push(address, request.start_us);
                self.loose(&request, outcome);
            }
            kind if kind.has_uuid() => self.keyed(request, outcome),
            Kind::Rhsm => self.loose(&request, outcome),
            _ => {}
        }
    }

    fn touch(&self, ahead: &[Event]) -> u64 {
        let mut places = [None; AHEAD_AT_ONCE];
        let mut all = 0;
        for (place, event) in places.iter_mut().zip(ahead) {
            match event {
                Event::Ended(request) if request.uuid.is_some() => {
                    *place = self.consumers.likely(request.uuid);
                }
                Event::Ended(Request { kind: Kind::Status, address, .. }) => {
                    all ^= self.addresses.find(*address).map_or(0, |id| u64::from(id.0));
                }
                _ => {}
            }
        }
        let consumers = || places.iter().filter_map(|place| self.consumers.at((*place)?));
        all ^= consumers().fold(0, |all, consumer| all ^ consumer.touch());
        consumers().fold(all, |all, consumer| all ^ self.addresses.touch(consumer.address))
    }

    fn announced(&mut self, uuid: Uuid) {
        self.announce(uuid);
    }

    fn awaits(&mut self, host: &str, start_us: i64) {
        let host = self.names.intern(host);
        self.awaited.create(host, start_us);
    }

    fn wants_hosts(&self) -> bool {
        self.nameless
    }
}

impl Correlator {
    /// One that also keeps GET and POST /register one by one, to be joined with capsules' logs.
    pub fn beside_capsules() -> Self {
        Self { forwarded: Some(Vec::new()), ..Self::default() }
    }

    fn forward(&mut self, request: &Request, outcome: Outcome) {
        let details = request.details.as_deref();
        let script = request.kind == Kind::Script;
        let url = details.and_then(|d| if script { d.query_url.as_deref() } else { d.param_url.as_deref() });
        let answered = outcome == Outcome::Answered;
        let forwarded = Forwarded {
            at_us: request.start_us,
            ms: if answered { request.duration_ms } else { 0 },
            status: if answered { request.status } else { 0 },
            asked: if script { Asked::Script } else { Asked::HostRegister },
            id: request.id,
            url: url.map_or(NameId::NONE, |url| self.names.intern(url)),
            address: request.address,
            group: Group::Unknown,
            uuid: details.map_or(Uuid::NONE, |d| d.param_uuid),
            script: self.scripts.len() as u32,
        };
        self.forwarded.get_or_insert_default().push(forwarded);
    }

    // what no figure is made of, or no key joins, is for a recorder only
    fn loose(&mut self, request: &Request, outcome: Outcome) {
        let Some(recorder) = &mut self.recorder else { return };
        let host = request.details.as_deref().and_then(|d| d.host.as_deref());
        if let Some(host) = host.filter(|_| request.kind == Kind::Built) {
            return recorder.built(self.names.find(host), request, outcome);
        }
        let address = self.addresses.id(request.address);
        let own = self.addresses.get(address).is_some_and(State::is_one_clients_own);
        recorder.loose(address, own, request, outcome);
    }

    fn tick(&mut self, us: i64) {
        // one time far ahead of the others is a clock's slip: only many in a row move the log's own time there
        if us > self.now_us + SILENCE_US {
            self.ahead += 1;
            self.ahead_us = if self.ahead == 1 { us } else { self.ahead_us.min(us) };
            if self.ahead < AHEAD {
                return;
            }
            self.now_us = self.ahead_us;
        } else {
            self.now_us = self.now_us.max(us);
        }
        self.ahead = 0;
        if self.now_us - self.swept_us < SWEEP_US {
            return;
        }
        self.swept_us = self.now_us;
        // a minute more: requests come in the order in which they end
        let silent = self.now_us - SILENCE_US - SWEEP_US;
        for consumer in self.consumers.extract(|c| !c.pending && c.last_us < silent) {
            self.put_away(consumer);
        }
        if let Some(recorder) = &mut self.recorder {
            // a create comes up to a silence behind its host's first calls, and may take as long
            recorder.sweep(silent - SILENCE_US, &self.addresses);
        }
    }

    fn create(&mut self, mut request: Request, outcome: Outcome) {
        let mut details = request.details.take().map(|d| *d).unwrap_or_default();
        let host = details.param_host.as_deref().or(details.host.as_deref()).unwrap_or_default();
        let host = self.names.intern(host);
        let answered = outcome == Outcome::Answered;
        let failed = answered && ErrorClass::of_status(request.status).is_some();
        let named = self.awaited.named(host, request.start_us);
        let told = if details.uuid.is_some() { details.uuid } else { named };
        let uuid = if failed { Uuid::NONE } else { told };
        let success = answered && !failed;
        let started_at = Timestamp(request.start_us);
        let index = self.sessions.len() as u32;
        let address = self.addresses.id(request.address);
        // another machine of the same name may fail: that ends nothing
        if !failed {
            self.end_previous(host, uuid, request.start_us);
        }
        self.addresses.registers(address, host, uuid, details.old_uuid);
        self.sessions.push(Session {
            uuid,
            started_at,
            ended_at: Timestamp(request.end_us()),
            host,
            client_os: details.client_os.as_deref().map_or(NameId::NONE, |os| self.names.intern(os)),
            create_status: if answered { request.status } else { 0 },
            consumer_create: if success { Ms::some(u64::from(request.duration_ms)) } else { Ms::NONE },
            status_calls: Session::NO_COUNT,
            error: match outcome {
                Outcome::Answered => ErrorClass::of_status(request.status),
                Outcome::Unanswered | Outcome::Cut => Some(ErrorClass::NoResponse),
            },
            ..Session::default()
        });
        if let Some(session) = self.sessions.last() {
            self.failures.keep(session, details.take_failure(), &self.names);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.create(&request, outcome);
        }
        self.nameless |= success && !uuid.is_some();
        let (through, balanced) = self.through(&details);
        self.clues.push(Clues {
            through,
            balanced,
            cut: outcome == Outcome::Cut,
            address,
            keyed: 1,
            ..Clues::default()
        });
        if host != NameId::NONE {
            let at = host.0 as usize;
            if self.latest_of_host.len() <= at {
                self.latest_of_host.resize(at + 1, NO_SESSION);
            }
            let latest = &mut self.latest_of_host[at];
            if *latest == NO_SESSION || self.sessions[*latest as usize].started_at <= started_at {
                *latest = index;
            }
        }
        self.reclaim_old(details.old_uuid);
        if failed && let Some(consumer) = self.consumers.get_mut(told) {
            consumer.pending = false;
        }
        if uuid.is_some() {
            self.bind(uuid, index);
        }
    }

    // the host's earlier registration ends where the next one begins
    fn end_previous(&mut self, host: NameId, uuid: Uuid, start_us: i64) {
        let Some(&earlier) = self.latest_of_host.get(host.0 as usize) else { return };
        let Some(session) = self.sessions.get(earlier as usize) else { return };
        if session.uuid.is_some()
            && session.uuid != uuid
            && let Some(consumer) = self.consumers.get_mut(session.uuid)
            && consumer.session == earlier
            && self.sessions[earlier as usize].started_at.0 < start_us
        {
            consumer.until_us = start_us;
        }
    }

    fn through(&mut self, details: &Details) -> (NameId, bool) {
        match &details.through {
            Some(Through::LoadBalancer(name)) => (self.names.intern(name), true),
            Some(Through::Proxy(name)) => (self.names.intern(name), false),
            None => (NameId::NONE, false),
        }
    }

    fn host_register(&mut self, mut request: Request, outcome: Outcome) {
        let mut details = request.details.as_deref().cloned().unwrap_or_default();
        if details.param_uuid.is_some() {
            request.uuid = details.param_uuid;
            return match outcome {
                Outcome::Answered => self.keyed(request, outcome),
                // told when the log is over, long after its consumer went silent
                Outcome::Unanswered | Outcome::Cut => self.late.push((request, outcome)),
            };
        }
        // the flow without Katello names the host only
        let host = details.param_host.as_deref().or(details.host.as_deref()).unwrap_or_default();
        let host = self.names.intern(host);
        let index = self.latest_of_host.get(host.0 as usize).copied().unwrap_or(NO_SESSION);
        let address = self.addresses.id(request.address);
        let url = details.param_url.as_deref().map_or(NameId::NONE, |url| self.names.intern(url));
        let open = self.sessions.get(index as usize).is_some_and(|s| {
            let created = (200..400).contains(&s.create_status);
            created && request.start_us >= s.started_at.0 && request.start_us <= s.ended_at.0 + SILENCE_US
        });
        if !open {
            self.background.host_registers += 1;
            return;
        }
        let (session, clues) = (&mut self.sessions[index as usize], &mut self.clues[index as usize]);
        if let Some(recorder) = &mut self.recorder {
            recorder.of_session(index, &request, outcome);
        }
        register_result(session, &request, outcome);
        self.failures.keep(session, details.take_failure(), &self.names);
        session.ended_at = session.ended_at.max(Timestamp(request.end_us()));
        (clues.url, clues.registered, clues.register_address) = (url, true, address);
        clues.keyed += 1;
    }

    fn keyed(&mut self, request: Request, outcome: Outcome) {
        let (start_us, end_us, uuid) = (request.start_us, request.end_us(), request.uuid);
        let mut consumer = self.consumers.entry(uuid);
        let address = self.addresses.id_by(request.address, consumer.address);
        // POST /register comes from the capsule even where /rhsm shows the client's own address
        let shared = request.kind != Kind::HostRegister && self.addresses.consumer(address, uuid);
        let bucket = bucket_of(start_us);
        let silent = |c: &Consumer| start_us - c.last_us > SILENCE_US || start_us >= c.until_us;
        if (consumer.requests > 0 || consumer.session != NO_SESSION) && silent(consumer) {
            self.silent(uuid);
            consumer = self.consumers.entry(uuid);
        }
        if start_us < consumer.since_us {
            self.background.keyed += 1;
            self.background_consumers.insert(uuid.0 as u64);
            return;
        }
        consumer.take(&request, outcome, address);
        if let Some(recorder) = &mut self.recorder {
            recorder.keyed(&mut consumer.sender, &request, outcome);
        }
        if shared {
            let background = (consumer.session == NO_SESSION).then(|| kind_number(request.kind));
            self.addresses.activity(address, bucket, background);
        }
        consumer.last_us = consumer.last_us.max(end_us);
        let Some(mut details) = request.details else { return };
        if request.kind == Kind::HostRegister && details.refusal.is_some() {
            consumer.failed = Some(Box::new(details.split_off_failure()));
        }
        if let Some(url) = details.param_url.as_deref().filter(|_| request.kind == Kind::HostRegister) {
            consumer.url = self.names.intern(url);
        }
        let unbound = consumer.session == NO_SESSION;
        self.name_consumer(uuid, unbound, request.kind, &details);
    }

    fn script(&mut self, request: &Request, outcome: Outcome) {
        if let Some(recorder) = &mut self.recorder {
            recorder.script(request, outcome);
        }
        let details = request.details.as_deref();
        let url =
            details.and_then(|d| d.query_url.as_deref()).map_or(NameId::NONE, |url| self.names.intern(url));
        self.scripts.push(Script {
            at_us: request.start_us,
            ms: request.duration_ms,
            status: if outcome == Outcome::Answered { request.status } else { 0 },
            cut: outcome == Outcome::Cut,
            url,
            pull: details.is_some_and(|d| d.pull),
            address: self.addresses.id(request.address),
        });
    }

    // a consumer has gone silent: what it sent is its session's, or nobody's
    fn put_away(&mut self, consumer: Consumer) {
        let uuid = consumer.uuid;
        if let Some(recorder) = &mut self.recorder {
            recorder.close(consumer.sender, consumer.session, &self.sessions);
        }
        let Some(session) = self.sessions.get_mut(consumer.session as usize) else {
            if consumer.requests > 0 {
                self.background.keyed += u64::from(consumer.requests);
                self.background.metric += u64::from(consumer.metric_requests);
                self.background.host_registers += u64::from(consumer.registers);
                self.background_consumers.insert(uuid.0 as u64);
                self.addresses.background(consumer.address, uuid);
            }
            return;
        };
        self.clues[consumer.session as usize].keyed += consumer.metric_requests;
        session.compliance_calls = consumer.compliance;
        session.redundant_consumer_gets = consumer.gets;
        session.fact_update = consumer.facts;
        if consumer.requests > 0 {
            session.ended_at = session.ended_at.max(Timestamp(consumer.last_us));
            // what a consumer sends proves that it was created, whatever became of the answer
            if session.create_status == 0 && session.error == Some(ErrorClass::NoResponse) {
                session.error = None;
                self.clues[consumer.session as usize].cut = false;
            }
        }
        if consumer.registers > 0 {
            session.host_register = consumer.register;
            if consumer.register == Ms::NONE && session.error.is_none() {
                session.error = match consumer.register_failed {
                    0 => Some(ErrorClass::NoResponse),
                    status => ErrorClass::of_status(status),
                };
                let lines = consumer.failed.map(|mut failed| failed.take_failure());
                self.failures.keep(session, lines.unwrap_or_default(), &self.names);
            }
            let clues = &mut self.clues[consumer.session as usize];
            (clues.url, clues.registered, clues.register_address) =
                (consumer.url, true, consumer.register_address);
        }
    }

    /// The log is over: every consumer is put away. Says how many consumers belong to no session.
    pub fn end(&mut self) -> u64 {
        let left = self.awaited.take_earlier();
        for consumer in std::mem::take(&mut self.consumers).into_all().into_iter().chain(left) {
            self.put_away(consumer);
        }
        self.give_late();
        let consumers = self.background_consumers.len() as u64;
        self.background_consumers = HashSet::default();
        self.latest_of_host = Vec::new();
        consumers
    }
}

fn bucket_of(us: i64) -> i32 {
    us.div_euclid(BUCKET_SECS * 1_000_000) as i32
}
