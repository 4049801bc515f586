//! One run as compare needs it: registrations in the order of time with their figures, from a folder that
//! `metrics --save` kept or from a log that was just read.

use crate::kept::answer::{KeptAnswer, KeptGroup};
use crate::kept::requests::{self, Call, RequestLine};
use crate::kept::sessions::SessionLine;
use crate::kept::{Folder, KeptError, REQUESTS, SESSIONS};
use crate::metrics::answer::{Answer, Distribution, GroupAnswer, Metric};
use crate::registration::finish::{Registrations, Window};
use crate::registration::session::{ErrorClass, Evidence, Group};
use crate::source::ssh::is_missing_satellite;
use crate::timestamp::Timestamp;
use std::collections::BTreeMap;

/// Figures that each registration has for itself.
pub const OF_SESSIONS: [Metric; 10] = [
    Metric::ConsumerCreateMs,
    Metric::ScriptFetchMs,
    Metric::HostRegisterMs,
    Metric::FactUpdateMs,
    Metric::CreateAndFactsMs,
    Metric::ComplianceCalls,
    Metric::StatusCalls,
    Metric::RedundantConsumerGets,
    Metric::CapsuleScriptFetchMs,
    Metric::CapsuleHostRegisterMs,
];

/// A registration.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    /// Start of the create, microseconds since 1970.
    pub started_us: i64,
    /// How it came.
    pub group: Group,
    /// Such as `rhel-9`; empty where the log does not tell.
    pub client_os: Box<str>,
    /// Group and release: its part of the mix of all registrations.
    pub part: Box<str>,
    /// Why it failed.
    pub error: Option<ErrorClass>,
    /// It succeeded.
    pub success: bool,
    /// It is its host's first attempt.
    pub first: bool,
    /// Figures in the order of `OF_SESSIONS`; NaN where there is none.
    pub values: [f64; OF_SESSIONS.len()],
    /// Whether each of them is inferred.
    pub inferred: [bool; OF_SESSIONS.len()],
}

impl Registration {
    /// A figure, where it has one.
    pub fn value(&self, metric: Metric) -> Option<f64> {
        let at = OF_SESSIONS.iter().position(|m| *m == metric)?;
        Some(self.values[at]).filter(|v| !v.is_nan())
    }

    /// Whether a figure is inferred.
    pub fn is_inferred(&self, metric: Metric) -> bool {
        OF_SESSIONS.iter().position(|m| *m == metric).is_some_and(|at| self.inferred[at])
    }
}

/// GET or POST /register as it was answered; no key joins it to a registration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answered {
    /// Start, microseconds since 1970.
    pub started_us: i64,
    /// How its host comes.
    pub group: Group,
    /// Which request, and who answered.
    pub call: Call,
    /// Milliseconds; NaN where it failed or the log does not tell.
    pub ms: f64,
    /// The group is inferred.
    pub inferred: bool,
}

/// An average that only a group has.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Average {
    /// The average.
    pub at: f64,
    /// Registrations, or requests of a hit rate, that it is over.
    pub n: u64,
    /// It is inferred.
    pub inferred: bool,
}

/// What an archive says of a level beyond its registrations; shown, not judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OfLevel {
    /// Hosts that tried.
    pub hosts: u64,
    /// Of these, got through at their first try.
    pub passed: u64,
    /// First-try successes a second, from the first client's start to the last one's end.
    pub per_second: Option<f64>,
}

/// How a run was read: what its figures lack, and what was said beside them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// What could not be read, in words; empty where all was.
    pub unreadable: Vec<String>,
    /// Satellites of which nothing is in it.
    pub missing: Vec<String>,
    /// Lines that journald dropped.
    pub lines_lost: u64,
    /// Requests whose start the log does not have.
    pub orphaned: u64,
    /// The log's first request.
    pub begins: Option<Timestamp>,
    /// Words that a reader must see.
    pub notes: Vec<String>,
}

impl Reading {
    /// Of what was just read.
    pub fn of(answer: &Answer) -> Self {
        let missing = answer.hosts.iter().filter(|host| is_missing_satellite(host.role, host.status));
        Self {
            unreadable: answer.coverage.unreadable.clone(),
            missing: missing.map(|host| host.name.clone()).collect(),
            lines_lost: answer.coverage.lines_lost,
            orphaned: answer.coverage.requests_orphaned,
            begins: answer.window.map(|(first, _)| first),
            notes: answer.notes.clone(),
        }
    }

    fn kept(answer: &KeptAnswer) -> Self {
        Self {
            unreadable: answer.coverage.unreadable.clone(),
            missing: answer.missing_satellites().into_iter().map(ToOwned::to_owned).collect(),
            lines_lost: answer.coverage.lines_lost,
            orphaned: answer.coverage.requests_orphaned,
            begins: answer.window.start,
            notes: answer.notes.clone(),
        }
    }
}

/// A run, or one level of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// As the user named it.
    pub name: String,
    /// What is known of it: `level`, `satellite` ...
    pub labels: BTreeMap<String, String>,
    /// In the order of their starts.
    pub registrations: Vec<Registration>,
    /// GET and POST /register one by one, in the order of their starts; none where the run was kept without them.
    pub requests: Option<Vec<Answered>>,
    /// Averages of calls and shares, by group (`all` too) and metric.
    pub averages: BTreeMap<(String, Metric), Average>,
    /// What it lacks, and what was said beside it; of a level what its archive has.
    pub reading: Reading,
    /// Creates that the log's end or a hole in it cut off.
    pub cut: u64,
    /// Of a level of an archive.
    pub level: Option<OfLevel>,
}

impl Run {
    /// Reads a kept run, whose answer is at hand; `seen` is given each line of its registrations.
    ///
    /// # Errors
    /// A file that cannot be read or holds something else, or is not whole.
    pub fn read(
        folder: &Folder,
        answer: &KeptAnswer,
        mut seen: impl FnMut(&SessionLine<'_>),
    ) -> Result<Self, KeptError> {
        let mut run = Self {
            name: folder.path().display().to_string(),
            labels: folder.labels()?,
            reading: Reading::kept(answer),
            cut: answer.all().map_or(0, |all| all.cut_count),
            ..Self::default()
        };
        for line in folder.sessions()? {
            let line = line?;
            run.registrations.push(registration(&line));
            seen(&line);
        }
        let found = run.registrations.len() as u64;
        if let Some(counted) = answer.all().map(|all| all.session_count).filter(|n| *n != found) {
            let path = folder.path().join(SESSIONS);
            return Err(KeptError::Cut { path, what: "registrations", found, counted });
        }
        if let Some(lines) = folder.requests()? {
            let lines = lines.map(|line| Ok(answered(&line?))).collect::<Result<Vec<_>, KeptError>>()?;
            if let Some(all) = answer.all() {
                check_requests(folder, all, &lines)?;
            }
            run.requests = Some(lines);
        }
        for group in &answer.groups {
            let of = |metric: Metric| Some((metric, average(&group.metric(metric))?));
            run.take_averages(&group.group, Metric::ALL.into_iter().filter_map(of));
        }
        run.sort();
        Ok(run)
    }

    /// What was just read.
    pub fn of(name: &str, answer: &Answer, all: &Registrations) -> Self {
        let lines = requests::lines(all);
        let reading = Reading::of(answer);
        Self { reading, ..Self::of_part(name, &answer.groups, (all, &lines), Window::ALL) }
    }

    /// Registrations that start in a part of the time, of which `groups` are the figures; `lines` are the requests
    /// of /register of all the time.
    pub fn of_part(
        name: &str,
        groups: &[GroupAnswer],
        (all, lines): (&Registrations, &[RequestLine]),
        part: Window,
    ) -> Self {
        let sessions = all.sessions.iter().filter(|s| part.holds(s.started_at));
        let mut run = Self {
            name: name.to_owned(),
            registrations: sessions.map(|s| registration(&SessionLine::of(s, &all.names))).collect(),
            requests: Some(lines.iter().filter(|line| part.holds(line.started_at)).map(answered).collect()),
            cut: groups.iter().find(|g| g.group.is_none()).map_or(0, |g| g.cut_count),
            ..Self::default()
        };
        for group in groups {
            let of = |(metric, found): (&Metric, &Distribution)| Some((*metric, average(found)?));
            run.take_averages(group.name(), group.metrics.iter().filter_map(of));
        }
        run.sort();
        run
    }

    // timings have registrations of their own
    fn take_averages(&mut self, group: &str, averages: impl Iterator<Item = (Metric, Average)>) {
        let averages = averages.filter(|(metric, _)| !metric.is_timing());
        self.averages.extend(averages.map(|(metric, average)| ((group.to_owned(), metric), average)));
    }

    fn sort(&mut self) {
        self.registrations.sort_by_key(|r| r.started_us);
        if let Some(requests) = &mut self.requests {
            requests.sort_by_key(|r| r.started_us);
        }
    }

    /// Of an average of a group.
    pub fn average(&self, group: Option<Group>, metric: Metric) -> Option<Average> {
        let group = group.map_or("all", Group::name);
        self.averages.get(&(group.to_owned(), metric)).copied()
    }
}

// a file that was cut between two lines reads as a whole one
fn check_requests(folder: &Folder, all: &KeptGroup, lines: &[Answered]) -> Result<(), KeptError> {
    for (call, metric, what) in [
        (Call::Script, Metric::ScriptFetchMs, "timed script fetches"),
        (Call::CapsuleScript, Metric::CapsuleScriptFetchMs, "timed script fetches on capsules"),
        (Call::CapsuleHostRegister, Metric::CapsuleHostRegisterMs, "timed host registrations on capsules"),
    ] {
        let found = lines.iter().filter(|line| line.call == call && !line.ms.is_nan()).count() as u64;
        let counted = all.metric(metric).count;
        if found != counted {
            return Err(KeptError::Cut { path: folder.path().join(REQUESTS), what, found, counted });
        }
    }
    Ok(())
}

fn average(found: &Distribution) -> Option<Average> {
    // as a kept run has it
    let at = (found.avg? * 1000.0).round() / 1000.0;
    Some(Average { at, n: found.count, inferred: found.evidence == Evidence::Inferred })
}

fn registration(line: &SessionLine<'_>) -> Registration {
    let ms = |value: Option<u32>| value.map_or(f64::NAN, f64::from);
    let calls = |value: Option<u16>| value.filter(|_| line.success).map_or(f64::NAN, f64::from);
    let client_os = line.client_os.as_deref().unwrap_or_default();
    let seen = &line.evidence;
    let inferred = |evidence: Evidence| evidence == Evidence::Inferred;
    Registration {
        started_us: line.started_at.0,
        group: line.group,
        client_os: client_os.into(),
        part: format!("{} {client_os}", line.group.name()).into(),
        error: line.error_class,
        success: line.success,
        first: line.attempt <= 1,
        values: [
            ms(line.consumer_create_ms),
            ms(line.script_fetch_ms),
            ms(line.host_register_ms),
            ms(line.fact_update_ms),
            ms(line.create_and_facts_ms),
            calls(line.compliance_calls),
            calls(line.status_calls),
            calls(line.redundant_consumer_gets),
            ms(line.capsule_script_fetch_ms),
            ms(line.capsule_host_register_ms),
        ],
        inferred: [
            inferred(seen.consumer_create_ms),
            inferred(seen.script_fetch_ms),
            inferred(seen.host_register_ms),
            inferred(seen.fact_update_ms),
            inferred(seen.create_and_facts_ms),
            inferred(seen.compliance_calls),
            inferred(seen.status_calls),
            inferred(seen.redundant_consumer_gets),
            inferred(seen.capsule_script_fetch_ms),
            inferred(seen.capsule_host_register_ms),
        ],
    }
}

fn answered(line: &RequestLine) -> Answered {
    Answered {
        started_us: line.started_at.0,
        group: line.group,
        call: line.call,
        ms: line.ms.map_or(f64::NAN, f64::from),
        inferred: line.evidence == Evidence::Inferred,
    }
}
