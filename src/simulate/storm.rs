//! The storm itself: events in the order of time, only what is in flight in memory.

use super::actor::{Actor, Part, note};
use super::archive::{self, ArchiveWriter};
use super::background::Background;
use super::capsule_log::{CACHE_SECONDS, CapsuleLog, PULL_QUERY, SCRIPT_QUERY, ScriptCache};
use super::error::SimulateError;
use super::events::{Events, What};
use super::histogram::Histogram;
use super::host::{Host, RELEASES};
use super::plan::{Plan, SECOND};
use super::random::Random;
use super::requests::{Request, Scribe};
use super::steps::{Outcome, Step, Steps};
use super::truth::{CapsuleTruth, SessionTruth, TruthWriter};
use crate::registration::session::{ErrorClass, Group};

/// The storm that goes on.
pub struct Storm<'a> {
    plan: &'a Plan<'a>,
    random: Random,
    events: Events,
    actors: Vec<Option<Actor>>,
    free: Vec<u32>,
    /// Registrations in flight.
    active: u64,
    /// Attempts that have started, and retries that will.
    begun: u64,
    /// Hosts that have arrived.
    arrived: u64,
    registered: u64,
    requests: u64,
    scribe: Scribe<'a>,
    capsule_logs: Vec<CapsuleLog>,
    capsule_truths: Vec<CapsuleTruth>,
    /// Times of GET /register by capsule, milliseconds.
    scripts: Vec<Histogram>,
    /// Times of good POST /register by capsule, milliseconds.
    registers: Vec<Histogram>,
    /// Microseconds of these in the capsule itself, by capsule.
    in_capsule: Vec<i64>,
    caches: Vec<ScriptCache>,
    /// Id and start of the probe that each capsule is answering.
    probes: Vec<(u32, i64)>,
    truth: TruthWriter,
    /// What clients of levels saw.
    archive: Option<ArchiveWriter>,
    background: Background,
}

/// What a storm leaves behind when it is over.
pub struct Aftermath<'a> {
    /// The Satellite's log.
    pub scribe: Scribe<'a>,
    /// The capsules' logs.
    pub capsule_logs: Vec<CapsuleLog>,
    /// What the capsules saw.
    pub capsules: Vec<CapsuleTruth>,
    /// Sessions.
    pub truth: TruthWriter,
    /// What clients of levels saw.
    pub archive: Option<ArchiveWriter>,
    /// What belonged to none.
    pub background: Background,
    /// Requests of registrations that reached the Satellite.
    pub requests: u64,
}

impl<'a> Storm<'a> {
    /// A storm that is about to break.
    pub fn new(
        plan: &'a Plan<'a>,
        scribe: Scribe<'a>,
        capsule_logs: Vec<CapsuleLog>,
        truth: TruthWriter,
        archive: Option<ArchiveWriter>,
    ) -> Self {
        let mut random = Random::new(plan.args.seed, 0);
        let caches = plan
            .capsules
            .iter()
            .map(|_| ScriptCache { filled_at: i64::MIN / 2, key: random.bits() as u16 })
            .collect();
        let capsule_truths = plan.capsules.iter().map(CapsuleTruth::of).collect();
        let mut storm = Self {
            plan,
            random,
            events: Events::default(),
            actors: Vec::new(),
            free: Vec::new(),
            active: 0,
            begun: 0,
            arrived: 0,
            registered: 0,
            requests: 0,
            scribe,
            capsule_logs,
            capsule_truths,
            scripts: vec![Histogram::default(); plan.capsules.len()],
            registers: vec![Histogram::default(); plan.capsules.len()],
            in_capsule: vec![0; plan.capsules.len()],
            caches,
            probes: vec![(0, 0); plan.capsules.len()],
            truth,
            archive,
            background: Background::new(plan),
        };
        if plan.has_background() {
            storm.events.plan(plan.log_start(), What::Background);
        }
        for capsule in 0..plan.capsules.len() {
            let first = plan.log_start() + storm.random.below(2 * SECOND as u64) as i64;
            storm.events.plan(first, What::Probe(capsule as u16));
        }
        storm.plan_arrival();
        storm
    }

    fn plan_arrival(&mut self) {
        if self.has_room() {
            let unit = self.random.unit();
            let of_storm = || self.plan.rhythm.arrival(self.arrived, unit, self.plan.args.rate);
            let at = archive::arrival(&self.plan.levels, self.arrived, unit).unwrap_or_else(of_storm);
            self.events.plan(at, What::Arrive);
        }
    }

    // levels have their hosts, whatever is tried again
    const fn has_room(&self) -> bool {
        let taken = if self.archive.is_some() { self.arrived } else { self.begun };
        taken < self.plan.sessions
    }

    /// Lets everything happen.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn run(mut self) -> Result<Aftermath<'a>, SimulateError> {
        while let Some((at, what)) = self.events.next() {
            match what {
                What::Arrive => self.arrive(at),
                What::Background => self.background(at),
                What::Probe(capsule) => self.probe(at, capsule)?,
                What::Probed(capsule) => self.probed(at, capsule)?,
                What::Ask(actor) => self.ask(at, actor)?,
                What::Reach(actor) => self.reach(at, actor)?,
                What::Work(actor) => self.work(at, actor)?,
                What::Answer(actor) => self.answer(at, actor)?,
                What::PassOn(actor) => self.pass_on(at, actor)?,
            }
        }
        for (i, truth) in self.capsule_truths.iter_mut().enumerate() {
            truth.script_fetch_ms = self.scripts[i].figures();
            truth.host_register_ms = self.registers[i].figures();
            let n = truth.host_register_ms.count;
            truth.host_register_in_capsule_ms =
                (n > 0).then(|| self.in_capsule[i] as f64 / 1000.0 / n as f64);
        }
        Ok(Aftermath {
            scribe: self.scribe,
            capsule_logs: self.capsule_logs,
            capsules: self.capsule_truths,
            truth: self.truth,
            archive: self.archive,
            background: self.background,
            requests: self.requests,
        })
    }

    fn arrive(&mut self, at: i64) {
        if !self.has_room() {
            return;
        }
        self.begun += 1;
        let mut host =
            Host::new(&mut self.random, self.arrived, false, &self.plan.weights, &self.plan.capsules);
        self.arrived += 1;
        let again = self.random.chance(self.plan.args.reregistrations);
        if again {
            host.former = self.random.uuid();
            self.background.truth.consumers += 1;
        }
        self.attempt(at, host, again);
        self.plan_arrival();
    }

    /// One attempt of a host begins.
    fn attempt(&mut self, at: i64, mut host: Host, former_calls: bool) {
        host.uuid = 0;
        let outcome = Outcome::drawn(&mut self.random, self.plan, at);
        // known from the start, so that hosts that have not arrived yet leave room for the next attempt
        let tries_again = outcome != Outcome::Registered
            && (self.begun < self.plan.sessions
                || self.archive.is_some() && host.attempt < archive::MOST_ATTEMPTS)
            && self.random.chance(2.0 / 3.0);
        self.begun += u64::from(tries_again);
        let host_register = !self.plan.args.no_host_register;
        let steps = Steps::registration(&mut self.random, &host, outcome, former_calls, host_register);
        let session = SessionTruth {
            host: host.name(),
            group: host.group,
            capsule: host.capsule,
            attempt: host.attempt,
            asked: at,
            client_os: format!("rhel-{}", RELEASES[usize::from(host.release)]),
            ..SessionTruth::default()
        };
        self.active += 1;
        self.enter(at, Part { host, steps, outcome, tries_again, session: Some(Box::new(session)) });
    }

    fn enter(&mut self, at: i64, part: Part) {
        let actor = Actor { part, request: None, proxied: (0, 0), last_seen: at };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.actors[slot as usize] = Some(actor);
                slot
            }
            None => {
                self.actors.push(Some(actor));
                self.actors.len() as u32 - 1
            }
        };
        self.events.plan(at, What::Ask(slot));
    }

    fn background(&mut self, at: i64) {
        if at > self.plan.dense_end() {
            return;
        }
        if let Some((host, steps, gap)) = self.background.next(&mut self.random, self.plan) {
            self.enter(at, Part::of_background(host, steps));
            self.events.plan(at + gap.max(1), What::Background);
        }
    }

    /// The pool is asked by its load balancer, the others by whoever watches over them.
    fn probe_call(&self, capsule: usize) -> &'static str {
        let pool = self.plan.capsules[capsule].group == Group::LbSsh;
        if pool { "GET /register/health" } else { "GET /features" }
    }

    fn probe(&mut self, at: i64, capsule: u16) -> Result<(), SimulateError> {
        if at > self.plan.dense_end() {
            return Ok(());
        }
        let index = usize::from(capsule);
        let took = 300 + self.random.below(3000) as i64;
        let id = self.random.bits() as u32;
        self.probes[index] = (id, at);
        let call = self.probe_call(index);
        self.capsule_logs[index].started(at, id, call, "")?;
        self.events.plan(at + took, What::Probed(capsule));
        let every = [2, 5, 10, 30][index % 4] * SECOND;
        self.events.plan(at + every, What::Probe(capsule));
        Ok(())
    }

    fn probed(&mut self, at: i64, capsule: u16) -> Result<(), SimulateError> {
        let index = usize::from(capsule);
        let (id, started) = self.probes[index];
        let call = self.probe_call(index);
        self.capsule_truths[index].probes += 1;
        self.capsule_logs[index].finished(at, id, call, 200, at - started)
    }

    fn ask(&mut self, at: i64, slot: u32) -> Result<(), SimulateError> {
        let Some(actor) = self.actors.get_mut(slot as usize).and_then(Option::as_mut) else {
            return Ok(());
        };
        let Some(step) = actor.part.steps.current() else { return self.leave(at, slot, None) };
        let Some(capsule) = actor.proxy_of(step) else { return self.reach(at, slot) };
        let id = self.random.bits() as u32;
        actor.proxied = (id, at);
        let pull = actor.part.host.group == Group::CapsuleMqtt;
        let log = &mut self.capsule_logs[capsule];
        if step == Step::HostRegister {
            self.capsule_truths[capsule].host_register_requests += 1;
            log.started(at, id, "POST /register", "")?;
        } else {
            let query = if pull { PULL_QUERY } else { SCRIPT_QUERY };
            log.started(at, id, "GET /register", query)?;
            self.capsule_truths[capsule].script_requests += 1;
            if self.plan.args.warm_cache {
                // a pool shares one cache, kept with its first capsule
                let pool = self.plan.capsules.iter().position(|c| c.group == Group::LbSsh);
                let shared = self.plan.capsules[capsule].group == Group::LbSsh;
                let cache = &mut self.caches[pool.filter(|_| shared).unwrap_or(capsule)];
                let age = (at - cache.filled_at) / SECOND;
                if age < CACHE_SECONDS {
                    let truth = &mut self.capsule_truths[capsule];
                    truth.script_cache_hits += 1;
                    truth.first_hit_us.get_or_insert(at + self.plan.capsules[capsule].skew);
                    if self.plan.cache_lines {
                        log.cache_hit(at, id, age as u64, cache.key)?;
                    }
                    let took = self.random.between(1500, 6000) as i64;
                    self.events.plan(at + took, What::PassOn(slot));
                    return Ok(());
                }
                cache.filled_at = at;
                if self.plan.cache_lines {
                    log.cache_miss(at, id, cache.key)?;
                }
            }
        }
        let way = self.random.between(1000, 5000) as i64;
        self.events.plan(at + way, What::Reach(slot));
        Ok(())
    }

    fn reach(&mut self, at: i64, slot: u32) -> Result<(), SimulateError> {
        let Some(actor) = self.actors.get_mut(slot as usize).and_then(Option::as_mut) else {
            return Ok(());
        };
        let Some(step) = actor.part.steps.current() else { return Ok(()) };
        let status = actor.status_of(step);
        // a busy Satellite is slower
        let load =
            (1.0 + (self.active as f64 / 6000.0).min(1.5)) * self.plan.scale(&actor.part.host, step, at);
        let mut request = Request::new(&mut self.random, step, status, at, load);
        if self.plan.args.pass_ids && actor.proxy_of(step).is_some() {
            request.id = u128::from(actor.proxied.0) << 96 | request.id & (u128::MAX >> 32);
        }
        if step.is_create() {
            if let Some(session) = &mut actor.part.session {
                session.turn = Some(self.truth.create_starts());
                session.started = at.div_euclid(SECOND);
            }
            if matches!(status, 200 | 201) {
                actor.part.host.uuid = self.random.uuid();
                if self.random.chance(0.05) {
                    request.passing_uuid = self.random.uuid();
                }
            }
        }
        self.scribe.begins(&actor.part.host, &request)?;
        actor.request = Some(request);
        match &mut actor.part.session {
            Some(session) => {
                self.requests += 1;
                session.status += u32::from(step == Step::Status);
                session.compliance += u32::from(step == Step::Compliance);
                session.consumer_gets += u32::from(step == Step::ConsumerGet);
                if matches!(step, Step::FormerGet | Step::FormerCompliance) {
                    self.background.count(&actor.part.host, step);
                }
            }
            None => self.background.count(&actor.part.host, step),
        }
        if status == 0 {
            return self.leave(at, slot, Some(ErrorClass::NoResponse));
        }
        let works = step.is_create() || matches!(step, Step::Facts | Step::HostRegister);
        if works && status < 400 {
            let before_end = i64::from(request.ms.min(150)) * 900;
            self.events.plan(request.ends() - before_end, What::Work(slot));
        }
        self.events.plan(request.ends(), What::Answer(slot));
        Ok(())
    }

    fn work(&mut self, at: i64, slot: u32) -> Result<(), SimulateError> {
        let actor = self.actors.get(slot as usize).and_then(Option::as_ref);
        match actor.and_then(|actor| Some((actor, actor.request.as_ref()?))) {
            Some((actor, request)) => self.scribe.works(&actor.part.host, request, at),
            None => Ok(()),
        }
    }

    fn answer(&mut self, at: i64, slot: u32) -> Result<(), SimulateError> {
        let Some(actor) = self.actors.get_mut(slot as usize).and_then(Option::as_mut) else {
            return Ok(());
        };
        let Some(request) = actor.request else { return Ok(()) };
        self.scribe.ends(&actor.part.host, &request, at)?;
        let step = request.step;
        if step.has_uuid() || step.is_create() {
            actor.last_seen = at;
        }
        if let Some(session) = &mut actor.part.session {
            note(session, &request, actor.part.host.uuid);
        }
        if actor.proxy_of(step).is_some() {
            let way = self.random.between(1000, 4000) as i64;
            self.events.plan(at + way, What::PassOn(slot));
            return Ok(());
        }
        self.go_on(at, slot)
    }

    fn pass_on(&mut self, at: i64, slot: u32) -> Result<(), SimulateError> {
        let Some(actor) = self.actors.get_mut(slot as usize).and_then(Option::as_mut) else {
            return Ok(());
        };
        let Some(step) = actor.part.steps.current() else { return Ok(()) };
        if let Some(capsule) = actor.proxy_of(step) {
            let (id, started) = actor.proxied;
            let call = if step == Step::Script { "GET /register" } else { "POST /register" };
            let status = actor.request.filter(|r| r.step == step).map_or(200, |r| r.status);
            // the line has hundredths of milliseconds
            let ms = ((at - started) / 1000) as u32;
            if step == Step::Script {
                self.scripts[capsule].add(ms);
            } else if status < 400 {
                self.registers[capsule].add(ms);
                let there = actor.request.map_or(0, |r| i64::from(r.ms) * 1000);
                self.in_capsule[capsule] += at - started - there;
            }
            if let Some(session) = actor.part.session.as_mut().filter(|_| status < 400) {
                let own = if step == Step::Script {
                    &mut session.capsule_script_ms
                } else {
                    &mut session.capsule_host_register_ms
                };
                *own = Some(ms);
            }
            self.capsule_logs[capsule].finished(at, id, call, status, at - started)?;
        }
        self.go_on(at, slot)
    }

    /// To the next step, after a pause.
    fn go_on(&mut self, at: i64, slot: u32) -> Result<(), SimulateError> {
        let Some(actor) = self.actors.get_mut(slot as usize).and_then(Option::as_mut) else {
            return Ok(());
        };
        actor.part.steps.advance();
        let failed = actor.part.session.as_ref().and_then(|s| s.error);
        if actor.part.steps.current().is_none() || failed.is_some() {
            return self.leave(at, slot, failed);
        }
        let pause = self.random.log_normal(0.4, 0.8).min(30.0);
        self.events.plan(at + (pause * SECOND as f64) as i64, What::Ask(slot));
        Ok(())
    }

    /// An actor is done, well or not.
    fn leave(&mut self, at: i64, slot: u32, failed: Option<ErrorClass>) -> Result<(), SimulateError> {
        let Some(actor) = self.actors.get_mut(slot as usize).and_then(Option::take) else {
            return Ok(());
        };
        self.free.push(slot);
        let Some(mut session) = actor.part.session else { return Ok(()) };
        self.active -= 1;
        session.error = failed;
        if let Some(archive) = &mut self.archive {
            archive.over(&actor.part.host, &session, at, failed.is_none())?;
        }
        self.truth.session_over(*session)?;
        let mut host = actor.part.host;
        if failed.is_none() {
            self.registered += 1;
            let later = self.background.later_check_in(&mut self.random, self.registered, actor.last_seen);
            if let Some(later) = later {
                let steps = Steps::check_in(&mut self.random, &host);
                self.enter(later, Part::of_background(host, steps));
            }
            return Ok(());
        }
        if actor.part.tries_again {
            host.attempt += 1;
            if host.uuid != 0 {
                // the consumer was made, so the next attempt replaces it
                host.former = host.uuid;
            }
            let wait = if failed == Some(ErrorClass::NoResponse) { (60, 90) } else { (5, 40) };
            let wait = self.random.between(wait.0, wait.1) as i64 * SECOND;
            let level = archive::level_of(&self.plan.levels, host.number);
            let next = level
                .map_or(at + wait, |level| level.retry(host.attempt, at, wait as f64 / (90 * SECOND) as f64));
            self.attempt(next, host, false);
        }
        Ok(())
    }
}
