//! POST /register whose answer nobody saw: that is known when the log is over, long after its consumer was put away.

use super::Correlator;
use crate::log::request::Request;
use crate::registration::SILENCE_US;
use crate::registration::join::Outcome;
use crate::registration::session::{ErrorClass, Ms, NameId, Uuid};
use crate::timestamp::Timestamp;
use hashbrown::HashMap;

impl Correlator {
    /// Gives each to the latest session of its consumer that it can be of, else to the background.
    pub(super) fn give_late(&mut self) {
        let mut of_consumer: HashMap<Uuid, Vec<(Request, Outcome, Option<usize>)>> = HashMap::new();
        for (request, outcome) in std::mem::take(&mut self.late) {
            of_consumer.entry(request.uuid).or_default().push((request, outcome, None));
        }
        if of_consumer.is_empty() {
            return;
        }
        for (session, at) in self.sessions.iter().zip(0..) {
            let span = session.started_at.0..=session.ended_at.0.saturating_add(SILENCE_US);
            for (request, _, found) in of_consumer.get_mut(&session.uuid).into_iter().flatten() {
                let later =
                    found.is_none_or(|other: usize| self.sessions[other].started_at <= session.started_at);
                if later && span.contains(&request.start_us) {
                    *found = Some(at);
                }
            }
        }
        let mut all: Vec<_> = of_consumer.into_values().flatten().collect();
        all.sort_by_key(|(request, ..)| (request.start_us, request.id));
        for (request, outcome, found) in all {
            match found {
                Some(at) => self.late_of(at, request, outcome),
                None => {
                    let unanswered = u64::from(outcome == Outcome::Unanswered);
                    self.background.keyed += 1;
                    self.background.metric += unanswered;
                    self.background.host_registers += unanswered;
                    self.background_consumers.insert(request.uuid.0 as u64);
                }
            }
        }
    }

    fn late_of(&mut self, at: usize, mut request: Request, outcome: Outcome) {
        if let Some(recorder) = &mut self.recorder {
            recorder.of_session(at as u32, &request, outcome);
        }
        let mut details = request.details.take().map(|d| *d).unwrap_or_default();
        let address = self.addresses.id(request.address);
        let (session, clues) = (&mut self.sessions[at], &mut self.clues[at]);
        if !clues.registered {
            let url = details.param_url.as_deref().map_or(NameId::NONE, |url| self.names.intern(url));
            (clues.url, clues.registered, clues.register_address) = (url, true, address);
        }
        session.ended_at = session.ended_at.max(Timestamp(request.end_us()));
        if outcome == Outcome::Cut {
            return;
        }
        clues.keyed += 1;
        // one that was answered decides
        if session.host_register == Ms::NONE && session.error.is_none() {
            session.error = Some(ErrorClass::NoResponse);
            self.failures.keep(session, details.take_failure(), &self.names);
        }
    }
}
