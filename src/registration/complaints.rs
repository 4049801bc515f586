//! What the log says of registrations that failed: the first lines of the first of each class.

use super::correlate::Clues;
use super::finish::Window;
use super::session::{ErrorClass, NameId, Session, Uuid};
use crate::log::request::Details;
use crate::timestamp::Timestamp;
use hashbrown::HashMap;

/// Samples of a class.
const SAMPLES: usize = 5;
/// Requests of a status whose lines are kept until it is known which of them come first.
const KEPT: usize = 256;

/// A registration that failed, and lines of the request that made it fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Why it failed.
    pub class: ErrorClass,
    /// Start of its create.
    pub started_at: Timestamp,
    /// Its host.
    pub host: NameId,
    /// Without time and prefix, in the order of the log; none where nobody said anything.
    pub lines: Vec<Box<str>>,
}

/// Lines of failed requests, while the log is read.
#[derive(Debug, Default)]
pub struct Complaints {
    creates: HashMap<u32, Vec<Box<str>>>,
    registers: HashMap<Uuid, Vec<Box<str>>>,
    by_status: HashMap<u16, usize>,
}

impl Complaints {
    // whether a request of this status is among the first
    fn room(&mut self, status: u16) -> bool {
        let kept = self.by_status.entry(status).or_default();
        *kept += 1;
        *kept <= KEPT
    }

    /// A create, by its session's number.
    pub(super) fn create(&mut self, index: u32, status: u16, details: &mut Details) {
        if !details.complaints.is_empty() && self.room(status) {
            self.creates.insert(index, std::mem::take(&mut details.complaints));
        }
    }

    /// POST /register of a consumer.
    pub(super) fn register(&mut self, uuid: Uuid, status: u16, details: &Details) {
        if !details.complaints.is_empty() && self.room(status) {
            self.registers.insert(uuid, details.complaints.clone());
        }
    }

    /// The first of each class, in the order of their starts.
    pub(super) fn first(mut self, sessions: &[Session], clues: &[Clues], window: Window) -> Vec<Complaint> {
        let whole =
            sessions.iter().zip(0..).zip(clues).filter(|(_, clues)| !clues.cut).map(|(session, _)| session);
        let mut failed: Vec<(&Session, u32)> =
            whole.filter(|(s, _)| s.error.is_some() && window.holds(s.started_at)).collect();
        failed.sort_by_key(|(s, i)| (s.started_at, s.uuid, *i));
        let mut of_class: HashMap<ErrorClass, usize> = HashMap::new();
        let mut first = Vec::new();
        for (session, index) in failed {
            let Some(class) = session.error else { continue };
            let seen = of_class.entry(class).or_default();
            *seen += 1;
            if *seen > SAMPLES {
                continue;
            }
            let lines = self.creates.remove(&index).or_else(|| self.registers.remove(&session.uuid));
            let (started_at, host) = (session.started_at, session.host);
            first.push(Complaint { class, started_at, host, lines: lines.unwrap_or_default() });
        }
        first
    }
}
