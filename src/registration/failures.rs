//! What the log says of registrations that failed: the first of each class, with the lines of the request that made them
//! fail.

use super::finish::Window;
use super::session::{ErrorClass, NameId, Names, Session, Uuid};
use crate::timestamp::Timestamp;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Samples of a class.
pub const SAMPLES: usize = 5;
/// More are kept while the log is read: some turn out to have registered after all.
const KEPT: usize = 4 * SAMPLES;

/// A registration that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureSample {
    /// Why.
    pub class: ErrorClass,
    /// Start of its create.
    pub started_at: Timestamp,
    /// Its consumer.
    pub uuid: Uuid,
    /// Its host.
    pub host: NameId,
    /// Without time and prefix, in the order of the log; none where nobody said anything.
    pub lines: Vec<Box<str>>,
}

impl FailureSample {
    fn of(session: &Session, class: ErrorClass, lines: Vec<Box<str>>) -> Self {
        let (started_at, uuid, host) = (session.started_at, session.uuid, session.host);
        Self { class, started_at, uuid, host, lines }
    }

    // as sessions are sorted
    fn order(&self, other: &Self, names: &Names) -> Ordering {
        let key = |sample: &Self| (sample.started_at, sample.uuid);
        key(self).cmp(&key(other)).then_with(|| names.get(self.host).cmp(&names.get(other.host)))
    }
}

/// Lines of failed registrations, while the log is read: of each class the earliest.
#[derive(Debug, Default)]
pub struct FailureLines {
    /// What is asked for.
    pub window: Window,
    of_class: BTreeMap<ErrorClass, Vec<FailureSample>>,
}

impl FailureLines {
    /// A session failed, for now.
    pub(super) fn keep(&mut self, session: &Session, lines: Vec<Box<str>>, names: &Names) {
        let Some(class) =
            session.error.filter(|_| !lines.is_empty() && self.window.holds(session.started_at))
        else {
            return;
        };
        let kept = self.of_class.entry(class).or_default();
        if kept.len() == KEPT && kept.last().is_some_and(|last| last.started_at < session.started_at) {
            return;
        }
        let sample = FailureSample::of(session, class, lines);
        let place = kept.partition_point(|earlier| earlier.order(&sample, names) != Ordering::Greater);
        kept.insert(place, sample);
        kept.truncate(KEPT);
    }

    /// The first of each class, of sessions in their order.
    pub(super) fn first(mut self, sessions: &[Session]) -> Vec<FailureSample> {
        let mut is_first = first_of_each_class();
        let mut first = Vec::new();
        for session in sessions {
            let Some(class) = session.error.filter(|class| is_first(*class)) else { continue };
            let mut sample = FailureSample::of(session, class, Vec::new());
            let same = |kept: &FailureSample| {
                (kept.started_at, kept.uuid, kept.host) == (sample.started_at, sample.uuid, sample.host)
            };
            let kept = self.of_class.entry(class).or_default();
            if let Some(place) = kept.iter().position(same) {
                sample.lines = kept.remove(place).lines;
            }
            first.push(sample);
        }
        first
    }
}

/// Puts the samples of several Satellites in order; the first of each class stay.
pub(super) fn sort(samples: &mut Vec<FailureSample>, names: &Names) {
    samples.sort_by(|a, b| a.order(b, names));
    let mut is_first = first_of_each_class();
    samples.retain(|sample| is_first(sample.class));
}

// whether one more of a class is among the first of it
fn first_of_each_class() -> impl FnMut(ErrorClass) -> bool {
    let mut seen: BTreeMap<ErrorClass, usize> = BTreeMap::new();
    move |class| {
        let seen = seen.entry(class).or_default();
        *seen += 1;
        *seen <= SAMPLES
    }
}
