//! Sessions in, the few out that a page names: the slowest, failed ones as samples, attempts by capsule.

use crate::compare::run::RunError;
use crate::registration::finish::Registrations;
use crate::registration::session::{ErrorClass, Group};
use crate::report::sessions::SessionLine;
use crate::timestamp::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Slowest registrations that are shown.
pub const SLOWEST: usize = 20;
/// Failed attempts that are shown of each class.
pub const SAMPLES: usize = 5;

/// An attempt by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attempt {
    pub(crate) host: String,
    pub(crate) uuid: String,
    pub(crate) group: Group,
    pub(crate) capsule: String,
    pub(crate) client_os: String,
    pub(crate) started_at: Timestamp,
    pub(crate) attempt: u16,
    pub(crate) status: Option<u16>,
    /// Milliseconds of the steps of `STEPS`, where they are known.
    pub(crate) steps: [Option<u32>; STEPS.len()],
}

/// A step of a registration as one session tells it: class in the page, name, whether it is inferred.
pub const STEPS: [(&str, &str, bool); 4] = [
    ("script", "script fetch", true),
    ("create", "consumer create", false),
    ("facts", "fact update", false),
    ("host", "host register", false),
];

impl Attempt {
    /// Milliseconds of all steps that are known.
    pub fn total(&self) -> u64 {
        self.steps.iter().flatten().map(|ms| u64::from(*ms)).sum()
    }

    fn of(line: &SessionLine<'_>) -> Self {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Self {
            host: text(line.host),
            uuid: line.consumer_uuid.clone().unwrap_or_default(),
            group: line.group,
            capsule: text(line.capsule),
            client_os: text(line.client_os),
            started_at: line.started_at,
            attempt: line.attempt,
            status: line.consumer_create_status,
            steps: [
                line.script_fetch_ms,
                line.consumer_create_ms,
                line.fact_update_ms,
                line.host_register_ms,
            ],
        }
    }
}

/// What a page names.
#[derive(Clone, Debug, Default)]
pub struct Attempts {
    /// Those whose known steps took longest, longest first.
    pub(crate) slowest: Vec<Attempt>,
    /// The first that failed, by class.
    pub(crate) failed: BTreeMap<ErrorClass, Vec<Attempt>>,
    /// Attempts and failures by way in and capsule.
    pub(crate) capsules: BTreeMap<(Group, String), (u64, u64)>,
}

impl Attempts {
    /// Of what was just read.
    pub fn of(all: &Registrations) -> Self {
        let mut found = Self::default();
        for session in &all.sessions {
            let line = SessionLine::of(session, &all.names);
            found.take(Attempt::of(&line), line.error_class);
        }
        found.end();
        found
    }

    /// Reads sessions.jsonl of a folder that was kept.
    ///
    /// # Errors
    /// It cannot be read, or holds something else.
    pub fn load(dir: &Path) -> Result<Self, RunError> {
        let path = dir.join("sessions.jsonl");
        let failed = |source| RunError::Unreadable { path: path.clone(), source };
        let mut found = Self::default();
        for (at, line) in BufReader::new(File::open(&path).map_err(failed)?).lines().enumerate() {
            let kept: KeptLine = serde_json::from_str(&line.map_err(failed)?).map_err(|error| {
                RunError::Malformed { path: path.clone(), line: at + 1, words: error.to_string() }
            })?;
            let class = ErrorClass::ALL.into_iter().find(|c| kept.error_class.as_deref() == Some(c.name()));
            found.take(kept.into(), class);
        }
        found.end();
        Ok(found)
    }

    fn take(&mut self, attempt: Attempt, class: Option<ErrorClass>) {
        if !attempt.capsule.is_empty() {
            let key = (attempt.group, attempt.capsule.clone());
            let (attempts, failures) = self.capsules.entry(key).or_default();
            *attempts += 1;
            *failures += u64::from(class.is_some());
        }
        if let Some(class) = class {
            let samples = self.failed.entry(class).or_default();
            if samples.len() < SAMPLES {
                samples.push(attempt);
            }
        } else if attempt.total() > 0 {
            self.slowest.push(attempt);
            // seldom, so that sorting costs nothing beside reading
            if self.slowest.len() >= 64 * SLOWEST {
                self.end();
            }
        }
    }

    fn end(&mut self) {
        self.slowest.sort_by(|a, b| b.total().cmp(&a.total()).then(a.started_at.cmp(&b.started_at)));
        self.slowest.truncate(SLOWEST);
    }
}

/// A line of sessions.jsonl.
#[derive(Deserialize)]
struct KeptLine {
    consumer_uuid: Option<String>,
    host: Option<String>,
    group: String,
    capsule: Option<String>,
    attempt: u16,
    client_os: Option<String>,
    started_at: String,
    consumer_create_status: Option<u16>,
    consumer_create_ms: Option<u32>,
    script_fetch_ms: Option<u32>,
    host_register_ms: Option<u32>,
    fact_update_ms: Option<u32>,
    error_class: Option<String>,
}

impl From<KeptLine> for Attempt {
    fn from(line: KeptLine) -> Self {
        Self {
            host: line.host.unwrap_or_default(),
            uuid: line.consumer_uuid.unwrap_or_default(),
            group: Group::ALL.into_iter().find(|g| line.group == g.name()).unwrap_or_default(),
            capsule: line.capsule.unwrap_or_default(),
            client_os: line.client_os.unwrap_or_default(),
            started_at: Timestamp::parse(&line.started_at).unwrap_or_default(),
            attempt: line.attempt,
            status: line.consumer_create_status,
            steps: [
                line.script_fetch_ms,
                line.consumer_create_ms,
                line.fact_update_ms,
                line.host_register_ms,
            ],
        }
    }
}
