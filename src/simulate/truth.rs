//! What really happened: a line a registration, and the figures of each group.

use super::error::SimulateError;
use super::histogram::{Figures, Histogram};
use super::place::{Output, Place};
use super::plan::{Plan, SECOND, WAYS};
use super::rhythm::Phase;
use super::rotate::SetTruth;
use super::topology::{Capsule, LOAD_BALANCER};
use crate::registration::session::{ErrorClass, Group, Uuid};
use crate::timestamp::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};

/// One attempt, as it is being made.
#[derive(Clone, Debug, Default)]
pub struct SessionTruth {
    /// Whose turn it is among the creates; none before the create has started.
    pub turn: Option<u64>,
    /// Its first request, microseconds UTC.
    pub asked: i64,
    /// Start of the create, whole seconds UTC.
    pub started: i64,
    /// The host's name.
    pub host: String,
    /// How it came.
    pub group: Group,
    /// Through which capsule.
    pub capsule: Option<u16>,
    /// Which attempt of the host.
    pub attempt: u16,
    /// `rhel-9`
    pub client_os: String,
    /// The consumer; 0 for none.
    pub uuid: u128,
    /// Status of the create, where it was answered.
    pub create_status: Option<u16>,
    /// POST /rhsm/consumers, where it succeeded.
    pub create_ms: Option<u32>,
    /// GET /register, where it reached the Satellite.
    pub script_ms: Option<u32>,
    /// POST /register, where it succeeded.
    pub host_register_ms: Option<u32>,
    /// POST /register as the capsule answered it, where it succeeded.
    pub capsule_host_register_ms: Option<u32>,
    /// GET /register as the capsule answered it.
    pub capsule_script_ms: Option<u32>,
    /// The first successful PUT.
    pub facts_ms: Option<u32>,
    /// Calls.
    pub compliance: u32,
    /// Calls.
    pub status: u32,
    /// Calls.
    pub consumer_gets: u32,
    /// Why it failed.
    pub error: Option<ErrorClass>,
}

impl SessionTruth {
    fn create_and_facts(&self) -> Option<u32> {
        Some(self.create_ms? + self.facts_ms?)
    }
}

/// A line of truth_sessions.jsonl, keys in this order.
#[derive(Serialize)]
struct SessionLine<'a> {
    consumer_uuid: Option<String>,
    host: &'a str,
    group: &'static str,
    capsule: Option<&'a str>,
    attempt: u16,
    client_os: &'a str,
    started_at: Timestamp,
    consumer_create_status: Option<u16>,
    consumer_create_ms: Option<u32>,
    script_fetch_ms: Option<u32>,
    host_register_ms: Option<u32>,
    capsule_script_fetch_ms: Option<u32>,
    capsule_host_register_ms: Option<u32>,
    fact_update_ms: Option<u32>,
    create_and_facts_ms: Option<u32>,
    compliance_calls: u32,
    status_calls: u32,
    redundant_consumer_gets: u32,
    success: bool,
    error_class: Option<ErrorClass>,
}

/// What a group adds up to.
#[derive(Clone, Debug, Default)]
struct Tally {
    sessions: u64,
    errors: BTreeMap<&'static str, u64>,
    create: Histogram,
    script: Histogram,
    host_register: Histogram,
    facts: Histogram,
    create_and_facts: Histogram,
    compliance: Histogram,
    status: Histogram,
    consumer_gets: Histogram,
}

impl Tally {
    fn add(&mut self, session: &SessionTruth) {
        self.sessions += 1;
        for (histogram, value) in [
            (&mut self.create, session.create_ms),
            (&mut self.script, session.script_ms),
            (&mut self.host_register, session.host_register_ms),
            (&mut self.facts, session.facts_ms),
            (&mut self.create_and_facts, session.create_and_facts()),
        ] {
            if let Some(value) = value {
                histogram.add(value);
            }
        }
        match session.error {
            Some(class) => *self.errors.entry(class.name()).or_default() += 1,
            None => {
                self.compliance.add(session.compliance);
                self.status.add(session.status);
                self.consumer_gets.add(session.consumer_gets);
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        self.sessions += other.sessions;
        for (class, n) in &other.errors {
            *self.errors.entry(class).or_default() += n;
        }
        self.create.merge(&other.create);
        self.script.merge(&other.script);
        self.host_register.merge(&other.host_register);
        self.facts.merge(&other.facts);
        self.create_and_facts.merge(&other.create_and_facts);
        self.compliance.merge(&other.compliance);
        self.status.merge(&other.status);
        self.consumer_gets.merge(&other.consumer_gets);
    }

    fn wire(&self) -> GroupTruth {
        GroupTruth {
            sessions: self.sessions,
            errors: self.errors.values().sum(),
            error_breakdown: self.errors.clone(),
            consumer_create_ms: self.create.figures(),
            script_fetch_ms: self.script.figures(),
            host_register_ms: self.host_register.figures(),
            fact_update_ms: self.facts.figures(),
            create_and_facts_ms: self.create_and_facts.figures(),
            compliance_calls: self.compliance.figures(),
            status_calls: self.status.figures(),
            redundant_consumer_gets: self.consumer_gets.figures(),
        }
    }
}

/// A group in truth.json. Timings are of requests that succeeded, call counts of sessions that succeeded.
#[derive(Serialize)]
struct GroupTruth {
    sessions: u64,
    errors: u64,
    error_breakdown: BTreeMap<&'static str, u64>,
    consumer_create_ms: Figures,
    script_fetch_ms: Figures,
    host_register_ms: Figures,
    fact_update_ms: Figures,
    create_and_facts_ms: Figures,
    compliance_calls: Figures,
    status_calls: Figures,
    redundant_consumer_gets: Figures,
}

/// Requests that belong to no registration.
#[derive(Clone, Debug, Default, Serialize)]
pub struct BackgroundTruth {
    /// With the UUID of a host that was registered before, or whose registration is over.
    pub keyed_requests: u64,
    /// How many such UUIDs.
    pub consumers: u64,
    /// GET /rhsm/status of such hosts.
    pub status_calls: u64,
    /// Of neither /rhsm nor /register.
    pub other_requests: u64,
    /// Hosts of the storm that looked in after their registration was over.
    pub later_check_ins: u64,
}

/// A capsule in truth.json.
#[derive(Clone, Debug, Serialize)]
pub struct CapsuleTruth {
    /// Its name.
    pub name: String,
    /// The group that its hosts are counted to.
    pub group: &'static str,
    /// Its clock is ahead of the Satellite's by so many seconds.
    pub clock_skew_seconds: f64,
    /// GET /register that its clients asked for.
    pub script_requests: u64,
    /// Of these, how many the cache answered.
    pub script_cache_hits: u64,
    /// Of all of them, as the capsule answered them: whole milliseconds, rounded down.
    pub script_fetch_ms: Figures,
    /// POST /register that its clients asked for.
    pub host_register_requests: u64,
    /// Of those that succeeded, as the capsule answered them: whole milliseconds, rounded down.
    pub host_register_ms: Figures,
    /// Mean milliseconds of these that were spent in the capsule itself.
    pub host_register_in_capsule_ms: Option<f64>,
    /// First script from the cache, microseconds since 1970 by the capsule's clock.
    pub first_hit_us: Option<i64>,
    /// Health checks that it answered.
    pub probes: u64,
    /// Lines of its proxy.log.
    pub lines: u64,
}

impl CapsuleTruth {
    /// A capsule that has seen nothing yet.
    pub fn of(capsule: &Capsule) -> Self {
        Self {
            name: capsule.name.clone(),
            group: capsule.group.name(),
            clock_skew_seconds: capsule.skew as f64 / SECOND as f64,
            script_requests: 0,
            script_cache_hits: 0,
            script_fetch_ms: Histogram::default().figures(),
            host_register_requests: 0,
            host_register_ms: Histogram::default().figures(),
            host_register_in_capsule_ms: None,
            first_hit_us: None,
            probes: 0,
            lines: 0,
        }
    }
}

/// truth.json.
#[derive(Serialize)]
struct Truth<'a> {
    schema_version: u32,
    reginfra_version: &'static str,
    options: BTreeMap<&'static str, String>,
    load_balancer_line: bool,
    capsule_cache_lines: bool,
    sessions: u64,
    hosts: u64,
    requests: u64,
    groups: BTreeMap<&'static str, GroupTruth>,
    background: &'a BackgroundTruth,
    capsules: Vec<CapsuleTruth>,
    slow_phases: Vec<Phase>,
    log: &'a SetTruth,
}

/// Writes truth_sessions.jsonl while the storm goes on, in the order of the creates.
pub struct TruthWriter {
    out: Output,
    line: Vec<u8>,
    capsules: Vec<String>,
    /// Sessions whose create has started, oldest first; none until they are over.
    waiting: VecDeque<Option<SessionTruth>>,
    first_turn: u64,
    /// Sessions of one second, to be sorted.
    second: Vec<SessionTruth>,
    groups: [Tally; 4],
    hosts: u64,
}

impl TruthWriter {
    /// Opens truth_sessions.jsonl.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(place: &Place, plan: &Plan<'_>) -> Result<Self, SimulateError> {
        Ok(Self {
            out: place.file("truth_sessions.jsonl", 64 * 1024)?,
            line: Vec::new(),
            capsules: plan.capsules.iter().map(|c| c.name.clone()).collect(),
            waiting: VecDeque::new(),
            first_turn: 0,
            second: Vec::new(),
            groups: Default::default(),
            hosts: 0,
        })
    }

    /// A create starts; creates must come in the order of time.
    pub fn create_starts(&mut self) -> u64 {
        self.waiting.push_back(None);
        self.first_turn + self.waiting.len() as u64 - 1
    }

    /// A session is over.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn session_over(&mut self, session: SessionTruth) -> Result<(), SimulateError> {
        let slot = session.turn.and_then(|turn| {
            let index = usize::try_from(turn.checked_sub(self.first_turn)?).ok()?;
            self.waiting.get_mut(index)
        });
        if let Some(slot) = slot {
            *slot = Some(session);
        }
        while matches!(self.waiting.front(), Some(Some(_))) {
            self.first_turn += 1;
            let Some(session) = self.waiting.pop_front().flatten() else { break };
            if self.second.first().is_some_and(|s| s.started != session.started) {
                self.write_second()?;
            }
            self.second.push(session);
        }
        Ok(())
    }

    fn write_second(&mut self) -> Result<(), SimulateError> {
        self.second.sort_by(|a, b| (a.started, a.uuid, &a.host).cmp(&(b.started, b.uuid, &b.host)));
        for session in self.second.drain(..) {
            if let Some(way) = WAYS.iter().position(|w| *w == session.group) {
                self.groups[way].add(&session);
            }
            self.hosts += u64::from(session.attempt == 1);
            let line = SessionLine {
                consumer_uuid: (session.uuid != 0).then(|| Uuid(session.uuid).to_string()),
                host: &session.host,
                group: session.group.name(),
                capsule: session.capsule.and_then(|i| self.capsules.get(usize::from(i))).map(String::as_str),
                attempt: session.attempt,
                client_os: &session.client_os,
                started_at: Timestamp::from_secs(session.started),
                consumer_create_status: session.create_status,
                consumer_create_ms: session.create_ms,
                script_fetch_ms: session.script_ms,
                host_register_ms: session.host_register_ms,
                capsule_script_fetch_ms: session.capsule_script_ms,
                capsule_host_register_ms: session.capsule_host_register_ms,
                fact_update_ms: session.facts_ms,
                create_and_facts_ms: session.create_and_facts(),
                compliance_calls: session.compliance,
                status_calls: session.status,
                redundant_consumer_gets: session.consumer_gets,
                success: session.error.is_none(),
                error_class: session.error,
            };
            self.line.clear();
            serde_json::to_writer(&mut self.line, &line)
                .map_err(|e| SimulateError::io("write", "truth_sessions.jsonl")(e.into()))?;
            self.line.push(b'\n');
            self.out.write(&self.line)?;
        }
        Ok(())
    }

    /// Writes what is left, and truth.json.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn finish(
        mut self,
        place: &Place,
        plan: &Plan<'_>,
        requests: u64,
        background: &BackgroundTruth,
        capsules: Vec<CapsuleTruth>,
        log: &SetTruth,
    ) -> Result<(), SimulateError> {
        self.write_second()?;
        self.out.finish()?;
        let mut all = Tally::default();
        self.groups.iter().for_each(|group| all.merge(group));
        let mut groups: BTreeMap<_, _> = WAYS
            .iter()
            .zip(&self.groups)
            .filter(|(_, tally)| tally.sessions > 0)
            .map(|(way, tally)| (way.name(), tally.wire()))
            .collect();
        groups.insert("all", all.wire());
        let truth = Truth {
            schema_version: 1,
            reginfra_version: env!("CARGO_PKG_VERSION"),
            options: options(plan),
            load_balancer_line: plan.balancer_line,
            capsule_cache_lines: plan.cache_lines,
            sessions: all.sessions,
            hosts: self.hosts,
            requests,
            groups,
            background,
            capsules,
            slow_phases: plan.rhythm.phases(),
            log,
        };
        let mut text = serde_json::to_string_pretty(&truth)
            .map_err(|e| SimulateError::io("write", "truth.json")(e.into()))?;
        text.push('\n');
        let mut file = place.file("truth.json", text.len())?;
        file.write(text.as_bytes())?;
        file.finish()
    }
}

/// Every option as it would be typed, but for the folder: the same storm elsewhere has the same truth.
fn options(plan: &Plan<'_>) -> BTreeMap<&'static str, String> {
    let args = plan.args;
    let mut options = BTreeMap::from([
        ("sessions", args.sessions.to_string()),
        ("rate", args.rate.to_string()),
        ("seed", args.seed.to_string()),
        ("start", args.start.to_string()),
        ("utc_offset", args.utc_offset.to_string()),
        ("utc_offset_after", plan.offset_after.to_string()),
        ("mix", args.mix.clone()),
        ("batch", args.batch.to_string()),
        ("slow_phases", args.slow_phases.to_string()),
        ("releases", args.releases.clone()),
        ("pool", args.pool.to_string()),
        ("load_balancer", LOAD_BALANCER.to_owned()),
        ("addresses", word(&args.addresses)),
        ("failures", args.failures.to_string()),
        ("reregistrations", args.reregistrations.to_string()),
        ("noise", args.noise.to_string()),
        ("lead", args.lead.to_string()),
        ("warm_cache", args.warm_cache.to_string()),
        ("clock_skew", args.clock_skew.to_string()),
        ("layout", word(&args.layout)),
        ("capsule_layout", word(&args.capsule_layout)),
        (
            "capsule_utc_offset",
            args.capsule_utc_offset.map_or_else(|| "as the Satellite's".to_owned(), |o| o.to_string()),
        ),
        ("pass_ids", args.pass_ids.to_string()),
        ("cache_lines", plan.cache_lines.to_string()),
        ("rotate", args.rotate.to_string()),
        ("rotate_names", word(&args.rotate_names)),
        ("seam", word(&args.seam)),
        ("compress", word(&args.compress)),
        ("no_audit", args.no_audit.to_string()),
        ("no_host_register", args.no_host_register.to_string()),
    ]);
    if !args.archive.is_empty() {
        let list = |figures: Vec<String>| figures.join(",");
        options.insert("archive", list(args.archive.iter().map(ToString::to_string).collect()));
        options.insert("archive_law", list(args.archive_law.iter().map(ToString::to_string).collect()));
    }
    if !args.scale.is_empty() {
        options.insert("scale", args.scale.clone());
    }
    if !args.scale_levels.is_empty() {
        let levels: Vec<String> = args.scale_levels.iter().map(ToString::to_string).collect();
        options.insert("scale_levels", levels.join(","));
    }
    options
}

/// A choice as it would be typed.
fn word<T: clap::ValueEnum>(choice: &T) -> String {
    choice.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
