//! One run as compare needs it: registrations in the order of time with their figures, from a folder that
//! `metrics --save` kept or from a log that was just read.

use crate::metrics::answer::{Answer, Metric};
use crate::registration::finish::Registrations;
use crate::registration::session::{ErrorClass, Evidence, Group, Session};
use crate::report::requests::{self, Call, RequestLine};
use crate::report::sessions::SessionLine;
use crate::timestamp::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// The schema of metrics.json that this program reads.
const SCHEMA_VERSION: u64 = 1;

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

/// A run.
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
    /// What could not be read, in words; empty where all was.
    pub unreadable: Vec<String>,
    /// Creates that the log's end or a hole in it cut off.
    pub cut: u64,
}

/// Why a kept run cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A file of it.
    #[error("{path}: {source}; a kept run is a folder that `reginfra metrics --save` wrote", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line of it.
    #[error("{path}:{line}: {words}", path = .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        words: String,
    },
    /// One of its files is missing.
    #[error("{path}: {missing} is missing; keep the run again with `reginfra metrics --save`", path = .path.display())]
    Incomplete {
        /// The folder.
        path: PathBuf,
        /// The file.
        missing: &'static str,
    },
    /// One of its files was named.
    #[error("{path} is a part of a kept run; name its folder: {folder}", path = .path.display(), folder = .folder.display())]
    OneFile {
        /// The file.
        path: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
    /// Lines are missing, or there are too many.
    #[error(
        "{path}: {found} registrations, where metrics.json counts {counted}: it is not whole; \
         keep the run again with `reginfra metrics --save`",
        path = .path.display()
    )]
    Cut {
        /// The file.
        path: PathBuf,
        /// Its lines.
        found: u64,
        /// What they should be.
        counted: u64,
    },
    /// Another version of the schema.
    #[error(
        "{path}: schema_version is {found}, and this program reads {SCHEMA_VERSION}; \
         run `reginfra metrics --save` again with this version, or compare with the version that kept it",
        path = .path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// What stands there.
        found: String,
    },
}

impl Run {
    /// Whether a folder is a kept run.
    ///
    /// # Errors
    /// It nearly is: a file is missing, or one of its files was named in its place.
    pub fn is_kept(path: &Path) -> Result<bool, RunError> {
        const FILES: [&str; 2] = ["metrics.json", "sessions.jsonl"];
        let found = FILES.map(|name| path.join(name).is_file());
        if let (Some(name), Some(folder)) = (path.file_name(), path.parent())
            && FILES.iter().any(|file| name == *file)
            && path.is_file()
        {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            return Err(RunError::OneFile { path: path.to_owned(), folder: folder.to_owned() });
        }
        if found[0] != found[1] {
            let missing = FILES[usize::from(found[0])];
            return Err(RunError::Incomplete { path: path.to_owned(), missing });
        }
        Ok(found[0])
    }

    /// Reads a folder that `metrics --save` kept.
    ///
    /// # Errors
    /// A file that cannot be read, is of another version, or holds something else.
    pub fn load(dir: &Path) -> Result<Self, RunError> {
        let answer = answer_file(&dir.join("metrics.json"))?;
        let requests = dir.join("requests.jsonl");
        let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        let mut run = Self {
            name: dir.display().to_string(),
            labels: labels_file(&dir.join("labels.json"))?,
            registrations: json_lines(&dir.join("sessions.jsonl"), "sessions", kept)?,
            // runs that an earlier version kept have none
            requests: requests
                .exists()
                .then(|| json_lines(&requests, "requests", kept_request))
                .transpose()?,
            averages: BTreeMap::new(),
            unreadable: answer["coverage"]["unreadable"].as_array().into_iter().flatten().map(text).collect(),
            cut: 0,
        };
        for group in answer["groups"].as_array().into_iter().flatten() {
            let name = group["group"].as_str().unwrap_or_default();
            for metric in Metric::ALL.into_iter().filter(|m| !m.is_timing()) {
                let kept = &group[metric.name()];
                if let (Some(at), Some(n)) = (kept["avg"].as_f64(), kept["count"].as_u64()) {
                    let average = Average { at, n, inferred: kept["evidence"] == "inferred" };
                    run.averages.insert((name.to_owned(), metric), average);
                }
            }
            if name == "all" {
                run.cut = group["cut_count"].as_u64().unwrap_or(0);
                let found = run.registrations.len() as u64;
                let counted = group["session_count"].as_u64().unwrap_or(found);
                if counted != found {
                    return Err(RunError::Cut { path: dir.join("sessions.jsonl"), found, counted });
                }
            }
        }
        run.sort();
        Ok(run)
    }

    /// What was just read.
    pub fn of(name: &str, answer: &Answer, all: &Registrations) -> Self {
        let mut run = Self {
            name: name.to_owned(),
            labels: BTreeMap::new(),
            registrations: all.sessions.iter().map(|s| registration(s, all)).collect(),
            requests: Some(requests::lines(all).iter().map(answered).collect()),
            averages: BTreeMap::new(),
            unreadable: answer.coverage.unreadable.clone(),
            cut: answer.groups.iter().find(|g| g.group.is_none()).map_or(0, |g| g.cut_count),
        };
        for group in &answer.groups {
            for (metric, distribution) in group.metrics.iter().filter(|(m, _)| !m.is_timing()) {
                if let Some(at) = distribution.avg {
                    let inferred = distribution.evidence == Evidence::Inferred;
                    // as a kept run has it
                    let at = (at * 1000.0).round() / 1000.0;
                    let average = Average { at, n: distribution.count, inferred };
                    run.averages.insert((group.name().to_owned(), *metric), average);
                }
            }
        }
        run.sort();
        run
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

fn registration(session: &Session, all: &Registrations) -> Registration {
    let line = SessionLine::of(session, &all.names);
    let ms = |value: Option<u32>| value.map_or(f64::NAN, f64::from);
    let calls = |value: Option<u16>| value.map_or(f64::NAN, f64::from);
    let (line, seen) = (&line, &line.evidence);
    let inferred = |evidence: Evidence| evidence == Evidence::Inferred;
    Registration {
        started_us: line.started_at.0,
        group: line.group,
        client_os: line.client_os.unwrap_or_default().into(),
        part: part_of(line.group, line.client_os.unwrap_or_default()),
        error: line.error_class,
        success: line.success,
        first: line.attempt <= 1,
        values: [
            ms(line.consumer_create_ms),
            ms(line.script_fetch_ms),
            ms(line.host_register_ms),
            ms(line.fact_update_ms),
            ms(line.create_and_facts_ms),
            calls(line.compliance_calls.filter(|_| line.success)),
            calls(line.status_calls.filter(|_| line.success)),
            calls(line.redundant_consumer_gets.filter(|_| line.success)),
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

fn part_of(group: Group, client_os: &str) -> Box<str> {
    format!("{} {client_os}", group.name()).into()
}

/// The answer of `metrics --json`, of the version that this program reads.
pub(crate) fn answer_file(path: &Path) -> Result<Value, RunError> {
    let answer = json_file(path)?;
    let version = &answer["schema_version"];
    if version.as_u64() != Some(SCHEMA_VERSION) {
        return Err(RunError::Version { path: path.to_owned(), found: version.to_string() });
    }
    Ok(answer)
}

/// Labels of a run; none where there is no such file.
pub(crate) fn labels_file(path: &Path) -> Result<BTreeMap<String, String>, RunError> {
    let labels = if path.exists() { json_file(path)? } else { Value::Null };
    let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    Ok(labels.as_object().into_iter().flatten().map(|(k, v)| (k.clone(), text(v))).collect())
}

fn json_file(path: &Path) -> Result<Value, RunError> {
    let failed = |source| RunError::Unreadable { path: path.to_owned(), source };
    let file = BufReader::new(File::open(path).map_err(failed)?);
    serde_json::from_reader(file).map_err(|error| RunError::Malformed {
        path: path.to_owned(),
        line: error.line(),
        words: error.to_string(),
    })
}

// what each line of a file of a kept run holds
fn json_lines<T>(path: &Path, file: &str, of: fn(&Value) -> Option<T>) -> Result<Vec<T>, RunError> {
    let failed = |source| RunError::Unreadable { path: path.to_owned(), source };
    let lines = BufReader::new(File::open(path).map_err(failed)?).lines();
    let mut found = Vec::new();
    for (at, line) in lines.enumerate() {
        let line = line.map_err(failed)?;
        let wrong = |words: String| RunError::Malformed { path: path.to_owned(), line: at + 1, words };
        let value: Value = serde_json::from_str(&line).map_err(|e| wrong(e.to_string()))?;
        found.push(of(&value).ok_or_else(|| wrong(format!("is no line of a {file} file")))?);
    }
    Ok(found)
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

// a line of requests.jsonl
fn kept_request(line: &Value) -> Option<Answered> {
    Some(Answered {
        started_us: Timestamp::parse(line["started_at"].as_str()?).ok()?.0,
        group: Group::ALL.into_iter().find(|g| line["group"] == g.name())?,
        call: Call::deserialize(&line["call"]).ok()?,
        ms: line["ms"].as_f64().unwrap_or(f64::NAN),
        inferred: line["evidence"] == "inferred",
    })
}

// a line of sessions.jsonl
fn kept(line: &Value) -> Option<Registration> {
    let success = line["success"].as_bool()?;
    let started = Timestamp::parse(line["started_at"].as_str()?).ok()?;
    let group = Group::ALL.into_iter().find(|g| line["group"] == g.name())?;
    let error = ErrorClass::ALL.into_iter().find(|c| line["error_class"] == c.name());
    let value = |metric: Metric| {
        let counted = metric.is_timing() || success;
        line[metric.name()].as_f64().filter(|_| counted).unwrap_or(f64::NAN)
    };
    let inferred = |metric: Metric| line["evidence"][metric.name()] == "inferred";
    Some(Registration {
        started_us: started.0,
        group,
        client_os: line["client_os"].as_str().unwrap_or_default().into(),
        part: part_of(group, line["client_os"].as_str().unwrap_or_default()),
        error,
        success,
        first: line["attempt"].as_u64().is_none_or(|n| n <= 1),
        values: OF_SESSIONS.map(value),
        inferred: OF_SESSIONS.map(inferred),
    })
}
