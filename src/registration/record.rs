//! Requests of sessions kept one by one, where a trace is asked for; `metrics` has no recorder and pays nothing.
//!
//! What a consumer sends waits until the correlator puts the consumer away: then it is its session's, packed to some
//! 15 bytes a request, or nobody's. What carries no key waits with its address, as long as that can be one client's own.

use super::addresses::{AddressId, Addresses};
use super::join::Outcome;
use super::session::{NameId, Session};
use crate::log::request::{Kind, Request};
use serde::{Deserialize, Serialize};

/// A request of a session.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Recorded {
    /// Start in microseconds since 1970.
    pub at_us: i64,
    /// Its place among the requests in the order in which the log ended them.
    pub turn: u32,
    /// Duration; 0 without an answer.
    pub ms: u32,
    /// First 8 hex digits of its id; 0 where the log has another form.
    pub id: u32,
    /// HTTP status; 0 without an answer.
    pub status: u16,
    /// What it is.
    pub kind: Kind,
    /// How it ended.
    pub outcome: Outcome,
    /// No key names its session: an address of one's own or the only candidate does.
    pub inferred: bool,
}

/// Requests of one session, packed.
#[derive(Clone, Debug, Default)]
pub struct Packed(Box<[u8]>);

impl Packed {
    /// Packs requests; times are kept as distances from `base_us`.
    pub fn of(base_us: i64, requests: &[Recorded]) -> Self {
        let near: Vec<Recorded> =
            requests.iter().map(|r| Recorded { at_us: r.at_us.wrapping_sub(base_us), ..*r }).collect();
        // plain numbers into memory: nothing can fail
        Self(postcard::to_stdvec(&near).unwrap_or_default().into())
    }

    /// The requests again.
    pub fn unpack(&self, base_us: i64) -> Vec<Recorded> {
        let mut requests: Vec<Recorded> = postcard::from_bytes(&self.0).unwrap_or_default();
        requests.iter_mut().for_each(|r| r.at_us = r.at_us.wrapping_add(base_us));
        requests
    }
}

/// Where the latest of a consumer's requests waits; each leads to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chain(u32);

impl Chain {
    /// Nothing waits.
    pub(super) const EMPTY: Self = Self(u32::MAX);
}

/// Keeps requests while the log is read.
#[derive(Debug)]
pub struct Recorder {
    turn: u32,
    // what waits, of all consumers, and places that are free again
    waiting: Vec<(Recorded, Chain)>,
    free: Chain,
    swept: usize,
    /// Creates, beside the sessions.
    pub(super) creates: Vec<Recorded>,
    /// Requests with a key: the session's number, and what a consumer sent in one go.
    pub(super) kept: Vec<(u32, Packed)>,
    /// GET /register, beside the correlator's scripts.
    pub(super) scripts: Vec<Recorded>,
    /// Requests without a key, by source.
    pub(super) loose: Vec<(AddressId, Recorded)>,
    /// /unattended/built, by the host that its line names.
    pub(super) built: Vec<(NameId, Recorded)>,
    /// Some start has a fraction of a second.
    pub(super) fractions: bool,
}

impl Default for Recorder {
    fn default() -> Self {
        Self {
            turn: 0,
            waiting: Vec::new(),
            free: Chain::EMPTY,
            swept: 0,
            creates: Vec::new(),
            kept: Vec::new(),
            scripts: Vec::new(),
            loose: Vec::new(),
            built: Vec::new(),
            fractions: false,
        }
    }
}

impl Recorder {
    fn note(&mut self, request: &Request, outcome: Outcome) -> Recorded {
        self.turn = self.turn.wrapping_add(1);
        self.fractions |= request.start_us % 1_000_000 != 0;
        let answered = outcome == Outcome::Answered;
        Recorded {
            at_us: request.start_us,
            turn: self.turn,
            ms: if answered { request.duration_ms } else { 0 },
            id: u32::try_from(request.id).unwrap_or(0),
            status: if answered { request.status } else { 0 },
            kind: request.kind,
            outcome,
            inferred: false,
        }
    }

    /// A session's create.
    pub(super) fn create(&mut self, request: &Request, outcome: Outcome) {
        let noted = self.note(request, outcome);
        self.creates.push(noted);
    }

    /// A request with a consumer UUID, behind those of its consumer.
    pub(super) fn keyed(&mut self, chain: &mut Chain, request: &Request, outcome: Outcome) {
        let noted = self.note(request, outcome);
        let place = self.free;
        match self.waiting.get_mut(place.0 as usize) {
            Some((free, next)) => {
                self.free = std::mem::replace(next, *chain);
                *free = noted;
                *chain = place;
            }
            None => {
                let place = Chain(self.waiting.len() as u32);
                self.waiting.push((noted, std::mem::replace(chain, place)));
            }
        }
    }

    /// A request whose host names the session.
    pub(super) fn of_session(
        &mut self,
        (index, session): (u32, &Session),
        request: &Request,
        outcome: Outcome,
    ) {
        let noted = self.note(request, outcome);
        self.kept.push((index, Packed::of(session.started_at.0, &[noted])));
    }

    /// A consumer is put away: what it sent is the session's with this number, or nobody's.
    pub(super) fn close(&mut self, chain: Chain, index: u32, sessions: &[Session]) {
        let session = sessions.get(index as usize);
        let mut requests = Vec::new();
        let mut at = chain;
        while let Some((noted, before)) = self.waiting.get_mut(at.0 as usize) {
            if session.is_some() {
                requests.push(*noted);
            }
            let next = *before;
            *before = self.free;
            self.free = at;
            at = next;
        }
        if let Some(session) = session.filter(|_| !requests.is_empty()) {
            requests.reverse();
            self.kept.push((index, Packed::of(session.started_at.0, &requests)));
        }
    }

    /// GET /register.
    pub(super) fn script(&mut self, request: &Request, outcome: Outcome) {
        let noted = self.note(request, outcome);
        self.scripts.push(noted);
    }

    /// A request without a key; `own`: its address can still be one client's own.
    pub(super) fn loose(&mut self, address: AddressId, own: bool, request: &Request, outcome: Outcome) {
        let noted = self.note(request, outcome);
        if own && address != AddressId::NONE {
            self.loose.push((address, Recorded { inferred: true, ..noted }));
        }
    }

    /// /unattended/built of a host that has registered.
    pub(super) fn built(&mut self, host: NameId, request: &Request, outcome: Outcome) {
        let noted = self.note(request, outcome);
        self.built.push((host, noted));
    }

    /// Forgets what came before this time from addresses of which no host registers, or more than one.
    pub(super) fn sweep(&mut self, before_us: i64, addresses: &Addresses) {
        if self.loose.len() < self.swept.saturating_mul(2).max(1 << 16) {
            return;
        }
        self.loose.retain(|(address, noted)| {
            let state = addresses.get(*address);
            state.is_some_and(|s| s.is_one_clients_own() && (noted.at_us >= before_us || s.has_host()))
        });
        self.swept = self.loose.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_as_it_was() {
        let base = 1_775_304_001_000_000;
        let request = |offset: i64, kind| Recorded {
            at_us: base + offset,
            turn: 7,
            ms: 812,
            id: 0x3f9c_1a2b,
            status: 200,
            kind,
            outcome: Outcome::Answered,
            inferred: true,
        };
        let before =
            [request(-3_000_000, Kind::Status), request(0, Kind::Create), request(9, Kind::Insights)];
        let packed = Packed::of(base, &before);
        assert!(packed.0.len() <= 60, "{} bytes", packed.0.len());
        assert_eq!(format!("{:?}", packed.unpack(base)), format!("{before:?}"));
    }

    #[test]
    fn consumers_keep_their_requests_apart_and_leave_their_places() {
        let mut recorder = Recorder::default();
        let mut keyed = |chain: &mut Chain, ms| {
            let request = Request { duration_ms: ms, kind: Kind::Facts, ..Request::default() };
            recorder.keyed(chain, &request, Outcome::Answered);
        };
        let [mut background, mut first, mut second] = [Chain::EMPTY; 3];
        keyed(&mut background, 1);
        keyed(&mut first, 2);
        keyed(&mut background, 3);
        keyed(&mut first, 4);
        recorder.close(background, u32::MAX, &[]);
        let mut keyed = |chain: &mut Chain, ms| {
            let request = Request { duration_ms: ms, kind: Kind::Facts, ..Request::default() };
            recorder.keyed(chain, &request, Outcome::Answered);
        };
        for ms in [5, 6, 7] {
            keyed(&mut second, ms);
        }
        keyed(&mut first, 8);
        let sessions = [Session::default(), Session::default()];
        recorder.close(second, 1, &sessions);
        recorder.close(first, 0, &sessions);
        recorder.close(Chain::EMPTY, 0, &sessions);
        let kept = recorder.kept.iter().map(|(of, packed)| {
            (*of, packed.unpack(sessions[0].started_at.0).iter().map(|r| r.ms).collect::<Vec<_>>())
        });
        assert_eq!(kept.collect::<Vec<_>>(), [(1, vec![5, 6, 7]), (0, vec![2, 4, 8])]);
        assert_eq!(recorder.waiting.len(), 6);
    }
}
