//! Requests of sessions kept one by one, for traces, reports and Parquet; `metrics` alone has no recorder and pays nothing.
//!
//! What a consumer sends waits until the correlator puts the consumer away: then it is its session's, or nobody's. What carries no key waits with its address, as long as that can be one client's own.

use super::addresses::{AddressId, Addresses};
use super::join::Outcome;
use super::session::{NameId, Session};
use crate::log::request::{Kind, Request};

/// A request of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// How it ended, and what brought it to its session.
    pub how: How,
}

const _: () = assert!(size_of::<Recorded>() == 24, "there are as many as the log has requests");

/// How a request ended, and whether no key names its session: an address of one's own or the only candidate does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct How(u8);

impl How {
    const INFERRED: u8 = 4;

    /// A key names its session.
    pub const fn exact(outcome: Outcome) -> Self {
        Self(outcome as u8)
    }

    /// The same of a request that no key names.
    pub const fn inferred(self) -> Self {
        Self(self.0 | Self::INFERRED)
    }

    /// Whether no key names its session.
    pub const fn is_inferred(self) -> bool {
        self.0 & Self::INFERRED != 0
    }

    /// How it ended.
    pub const fn outcome(self) -> Outcome {
        match self.0 & !Self::INFERRED {
            0 => Outcome::Answered,
            1 => Outcome::Unanswered,
            _ => Outcome::Cut,
        }
    }
}

impl Recorded {
    pub(super) const fn inferred(self) -> Self {
        Self { how: self.how.inferred(), ..self }
    }
}

/// Requests of a consumer beside each other, so that memory is asked for them together.
const BESIDE: usize = 8;

/// Where the latest of a consumer's requests wait. How many of a block are used stands here, so that one more is a write
/// that nothing waits for: blocks lie far from each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    place: u32,
    used: u8,
}

impl Chain {
    /// Nothing waits.
    pub(super) const EMPTY: Self = Self { place: u32::MAX, used: 0 };
}

/// All are full but for the latest of a consumer; each leads to the one before it.
#[derive(Debug)]
struct Waiting {
    requests: [Recorded; BESIDE],
    before: u32,
}

/// Which sessions get their requests when the log has been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// All of the window, failed and cut ones too.
    #[default]
    All,
    /// So many of those that succeeded: those whose known steps took longest together.
    Slowest(usize),
}

/// Keeps requests while the log is read.
#[derive(Debug, Default)]
pub struct Recorder {
    /// Whose requests are asked for.
    pub(super) keep: Keep,
    turn: u32,
    // what waits, of all consumers, and the latest blocks of those that are put away: each leads to more that are free
    waiting: Vec<Waiting>,
    free: Vec<u32>,
    swept: usize,
    /// Creates, beside the sessions.
    pub(super) creates: Vec<Recorded>,
    /// Requests with a key: the session's number, and what a consumer sent in one go.
    pub(super) kept: Vec<(u32, Box<[Recorded]>)>,
    /// GET /register, beside the correlator's scripts.
    pub(super) scripts: Vec<Recorded>,
    /// Requests without a key, by source.
    pub(super) loose: Vec<(AddressId, Recorded)>,
    /// /unattended/built, by the host that its line names.
    pub(super) built: Vec<(NameId, Recorded)>,
    /// Some start has a fraction of a second.
    pub(super) fractions: bool,
}

impl Recorder {
    /// One for these sessions.
    pub fn keeping(keep: Keep) -> Self {
        Self { keep, ..Self::default() }
    }

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
            how: How::exact(outcome),
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
        match self.waiting.get_mut(chain.place as usize) {
            Some(block) if usize::from(chain.used) < BESIDE => {
                block.requests[usize::from(chain.used)] = noted;
                chain.used += 1;
            }
            _ => *chain = self.begin(noted, chain.place),
        }
    }

    /// Asks for where the next request of a consumer goes from memory.
    pub(super) fn touch(&self, chain: Chain) -> u64 {
        let next = |block: &Waiting| block.requests[usize::from(chain.used) % BESIDE].at_us as u64;
        self.waiting.get(chain.place as usize).map_or(0, next)
    }

    fn begin(&mut self, first: Recorded, before: u32) -> Chain {
        let free = self.free.pop();
        if let Some(place) = free
            && let Some(block) = self.waiting.get_mut(place as usize)
        {
            let next = std::mem::replace(&mut block.before, before);
            block.requests[0] = first;
            if next != Chain::EMPTY.place {
                self.free.push(next);
            }
            return Chain { place, used: 1 };
        }
        let mut requests = [Recorded::default(); BESIDE];
        requests[0] = first;
        self.waiting.push(Waiting { requests, before });
        Chain { place: self.waiting.len() as u32 - 1, used: 1 }
    }

    /// A request whose host names the session.
    pub(super) fn of_session(&mut self, index: u32, request: &Request, outcome: Outcome) {
        let noted = self.note(request, outcome);
        self.kept.push((index, [noted].into()));
    }

    /// A consumer is put away: what it sent is the session's with this number, or nobody's.
    pub(super) fn close(&mut self, chain: Chain, index: u32, sessions: &[Session]) {
        if chain.place != Chain::EMPTY.place {
            self.free.push(chain.place);
        }
        if index as usize >= sessions.len() {
            return;
        }
        let mut requests = Vec::new();
        let (mut at, mut used) = (chain.place, usize::from(chain.used));
        while let Some(block) = self.waiting.get(at as usize) {
            requests.extend(block.requests[..used].iter().rev());
            (at, used) = (block.before, BESIDE);
        }
        if !requests.is_empty() {
            requests.reverse();
            self.kept.push((index, requests.into()));
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
            self.loose.push((address, noted.inferred()));
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
    fn how_a_request_ended_is_kept_beside_what_brought_it() {
        for outcome in [Outcome::Answered, Outcome::Unanswered, Outcome::Cut] {
            let exact = How::exact(outcome);
            assert_eq!((exact.outcome(), exact.is_inferred()), (outcome, false));
            assert_eq!((exact.inferred().outcome(), exact.inferred().is_inferred()), (outcome, true));
        }
    }

    #[test]
    fn consumers_keep_their_requests_apart_and_leave_their_places() {
        let mut recorder = Recorder::default();
        let keyed = |recorder: &mut Recorder, chain: &mut Chain, many: std::ops::Range<u32>| {
            for ms in many {
                let request = Request { duration_ms: ms, kind: Kind::Facts, ..Request::default() };
                recorder.keyed(chain, &request, Outcome::Answered);
            }
        };
        let [mut background, mut first, mut second] = [Chain::EMPTY; 3];
        for at in 0..20 {
            keyed(&mut recorder, &mut background, at..at + 1);
            keyed(&mut recorder, &mut first, at..at + 1);
        }
        assert_eq!(recorder.waiting.len(), 6);
        recorder.close(background, u32::MAX, &[]);
        keyed(&mut recorder, &mut second, 100..140);
        keyed(&mut recorder, &mut first, 20..40);
        let sessions = [Session::default(), Session::default()];
        recorder.close(second, 1, &sessions);
        recorder.close(first, 0, &sessions);
        recorder.close(Chain::EMPTY, 0, &sessions);
        let kept = recorder
            .kept
            .iter()
            .map(|(of, requests)| (*of, requests.iter().map(|r| r.ms).collect::<Vec<_>>()));
        assert_eq!(kept.collect::<Vec<_>>(), [(1, (100..140).collect()), (0, (0..40).collect())]);
        assert_eq!(recorder.waiting.len(), 10, "places are used again");
    }
}
