//! Sessions in, the few out that a page names: the slowest, failed ones as samples, attempts by capsule.

use super::series::{Begun, Capsules, Groups};
use crate::kept::sessions::SessionLine;
use crate::kept::traces::TraceLine;
use crate::registration::failures::SAMPLES;
use crate::registration::finish::Registrations;
use crate::registration::session::{ErrorClass, Group, Uuid};
use crate::timestamp::Timestamp;
use crate::trace::Trace;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Slowest registrations that are shown.
pub const SLOWEST: usize = 20;

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
        let text = |text: &Option<Cow<'_, str>>| text.as_deref().unwrap_or_default().to_owned();
        Self {
            host: text(&line.host),
            uuid: line.consumer_uuid.clone().unwrap_or_default(),
            group: line.group,
            capsule: text(&line.capsule),
            client_os: text(&line.client_os),
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
    /// By way in.
    pub(crate) groups: Groups,
    /// By way in and capsule, where the Satellite's log knows it.
    pub(crate) capsules: Capsules,
}

impl Attempts {
    /// Of what was just read.
    pub fn of(all: &Registrations) -> Self {
        let mut found = Self::default();
        for session in &all.sessions {
            found.take(&SessionLine::of(session, &all.names));
        }
        found.end();
        found
    }

    /// Looks at a registration; `end` is for when all have been seen.
    pub fn take(&mut self, line: &SessionLine<'_>) {
        let (attempt, begun) = (Attempt::of(line), Begun::of(line));
        self.groups.entry(attempt.group).or_default().push(begun);
        if !attempt.capsule.is_empty() {
            let key = (attempt.group, attempt.capsule.clone());
            self.capsules.entry(key).or_default().push(begun);
        }
        if let Some(class) = begun.error {
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

    /// The slowest request by request, in their order, where requests were recorded.
    pub fn traces(&self, all: &Registrations) -> Vec<TraceLine> {
        let named = |attempt: &Attempt| {
            let uuid = Uuid::parse(attempt.uuid.as_bytes()).unwrap_or_default();
            all.traced.iter().find(|traced| {
                let session = &traced.session;
                session.started_at == attempt.started_at
                    && !traced.cut
                    && session.uuid == uuid
                    && all.names.get(session.host).unwrap_or_default() == attempt.host
                    && session.attempt == attempt.attempt
            })
        };
        let found = self.slowest.iter().filter_map(named);
        found.map(|traced| TraceLine::of(&Trace::of(traced, all))).collect()
    }

    /// The slowest stand in their order.
    pub fn end(&mut self) {
        self.slowest.sort_by(|a, b| b.total().cmp(&a.total()).then(a.started_at.cmp(&b.started_at)));
        self.slowest.truncate(SLOWEST);
    }
}
