//! Requests of sessions kept one by one, for traces, reports and Parquet; `metrics` alone has no recorder and pays nothing.
//!
//! What a consumer sends waits until the correlator puts the consumer away: then it is its session's, or nobody's. What
//! carries no key waits with its address, as long as that can be one client's own.

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

/// Who sent a request: a consumer between two silences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sender(u32);

impl Sender {
    /// Has sent nothing yet.
    pub(super) const NONE: Self = Self(u32::MAX);
}

/// Whose requests of a sender are, where that is no session's number: nobody knows yet, or nobody's.
const OPEN: u32 = u32::MAX - 1;
const NOBODYS: u32 = u32::MAX;

/// So many requests wait before it is worth looking for those that are nobody's.
const FEW: usize = 1 << 18;

/// What senders sent, in the order in which the log ended it: written one behind the other, so that none waits for
/// memory. Those of a background are most of it, and leave from time to time.
#[derive(Debug, Default)]
pub(super) struct Sent {
    senders: Vec<u32>,
    requests: Vec<Recorded>,
    // by sender
    owners: Vec<u32>,
    free: Vec<u32>,
    swept: usize,
}

impl Sent {
    fn sender(&mut self, owner: u32) -> Sender {
        if let Some(free) = self.free.pop() {
            self.owners[free as usize] = owner;
            return Sender(free);
        }
        self.owners.push(owner);
        Sender(self.owners.len() as u32 - 1)
    }

    fn push(&mut self, sender: Sender, request: Recorded) {
        self.senders.push(sender.0);
        self.requests.push(request);
    }

    fn close(&mut self, sender: Sender, owner: u32) {
        if let Some(known) = self.owners.get_mut(sender.0 as usize) {
            *known = owner;
        }
    }

    // forgets what is nobody's
    fn sweep(&mut self) {
        if self.senders.len() < self.swept.saturating_mul(2).max(FEW) {
            return;
        }
        let mut kept = 0;
        for at in 0..self.senders.len() {
            let sender = self.senders[at];
            if self.owners[sender as usize] != NOBODYS {
                (self.senders[kept], self.requests[kept]) = (sender, self.requests[at]);
                kept += 1;
            }
        }
        self.senders.truncate(kept);
        self.requests.truncate(kept);
        self.swept = kept;
        // none is left of these senders
        self.free.clear();
        self.free
            .extend((0..).zip(&self.owners).filter(|(_, owner)| **owner == NOBODYS).map(|(free, _)| free));
    }

    /// Requests of each of so many sessions, of those that are `asked` for: a session's lie beside each other, in order.
    pub(super) fn by_session(&self, sessions: usize, asked: impl Fn(u32) -> bool) -> BySession {
        let asked: Vec<bool> = (0..sessions as u32).map(asked).collect();
        let is_asked = |owner: u32| asked.get(owner as usize).is_some_and(|asked| *asked);
        let owners = self.senders.iter().map(|sender| self.owners[*sender as usize]);
        let found: Vec<(u32, u32)> = owners.zip(0..).filter(|(owner, _)| is_asked(*owner)).collect();
        // where each session's begin, then where its next one goes
        let mut ends = vec![0u32; sessions + 1];
        found.iter().for_each(|(owner, _)| ends[*owner as usize + 1] += 1);
        for at in 1..ends.len() {
            ends[at] += ends[at - 1];
        }
        let mut requests = vec![Recorded::default(); found.len()];
        for (owner, at) in found {
            let end = &mut ends[owner as usize];
            requests[*end as usize] = self.requests[at as usize];
            *end += 1;
        }
        BySession { requests, ends }
    }
}

/// Requests of sessions, one session's behind the other's.
#[derive(Debug)]
pub(super) struct BySession {
    requests: Vec<Recorded>,
    ends: Vec<u32>,
}

impl BySession {
    /// Those of a session.
    pub(super) fn of(&self, session: u32) -> &[Recorded] {
        let end = |at: u32| self.ends.get(at as usize).map_or(0, |end| *end as usize);
        let begin = session.checked_sub(1).map_or(0, end);
        self.requests.get(begin..end(session)).unwrap_or_default()
    }
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
    swept: usize,
    /// Creates, beside the sessions.
    pub(super) creates: Vec<Recorded>,
    /// Requests with a key.
    pub(super) sent: Sent,
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

    /// A request with a consumer UUID.
    pub(super) fn keyed(&mut self, sender: &mut Sender, request: &Request, outcome: Outcome) {
        if *sender == Sender::NONE {
            *sender = self.sent.sender(OPEN);
        }
        let noted = self.note(request, outcome);
        self.sent.push(*sender, noted);
    }

    /// A request whose host names the session.
    pub(super) fn of_session(&mut self, index: u32, request: &Request, outcome: Outcome) {
        let noted = self.note(request, outcome);
        let sender = self.sent.sender(index);
        self.sent.push(sender, noted);
    }

    /// A consumer is put away: what it sent is the session's with this number, or nobody's.
    pub(super) fn close(&mut self, sender: Sender, index: u32, sessions: &[Session]) {
        let owner = if (index as usize) < sessions.len() { index } else { NOBODYS };
        self.sent.close(sender, owner);
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

    /// Forgets what is nobody's, and what came before this time from addresses of which no host registers, or more than
    /// one.
    pub(super) fn sweep(&mut self, before_us: i64, addresses: &Addresses) {
        self.sent.sweep();
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

    fn keyed(recorder: &mut Recorder, sender: &mut Sender, many: std::ops::Range<u32>) {
        for ms in many {
            let request = Request { duration_ms: ms, kind: Kind::Facts, ..Request::default() };
            recorder.keyed(sender, &request, Outcome::Answered);
        }
    }

    #[test]
    fn consumers_keep_their_requests_apart() {
        let mut recorder = Recorder::default();
        let [mut background, mut first, mut second] = [Sender::NONE; 3];
        for at in 0..20 {
            keyed(&mut recorder, &mut background, at..at + 1);
            keyed(&mut recorder, &mut first, at..at + 1);
        }
        let sessions = [Session::default(), Session::default(), Session::default()];
        recorder.close(background, u32::MAX, &sessions);
        keyed(&mut recorder, &mut second, 100..140);
        keyed(&mut recorder, &mut first, 20..40);
        recorder.close(second, 2, &sessions);
        recorder.close(first, 0, &sessions);
        recorder.close(Sender::NONE, 0, &sessions);
        let named = Request { duration_ms: 7, ..Request::default() };
        recorder.of_session(2, &named, Outcome::Answered);
        let told = |asked: fn(u32) -> bool| {
            let found = recorder.sent.by_session(sessions.len(), asked);
            [0, 1, 2, 3].map(|of| found.of(of).iter().map(|r| r.ms).collect::<Vec<_>>())
        };
        let of_second = (100..140).chain([7]).collect::<Vec<_>>();
        assert_eq!(told(|_| true), [(0..40).collect(), vec![], of_second.clone(), vec![]]);
        assert_eq!(told(|of| of == 2), [vec![], vec![], of_second, vec![]]);
    }

    #[test]
    fn what_is_nobodys_leaves_and_its_sender_is_used_again() {
        let mut recorder = Recorder::default();
        let sessions = [Session::default()];
        let (mut session, mut open) = (Sender::NONE, Sender::NONE);
        keyed(&mut recorder, &mut session, 0..3);
        keyed(&mut recorder, &mut open, 3..5);
        let mut most = 0;
        for round in 0..40 {
            for _ in 0..FEW as u32 / 64 {
                let mut background = Sender::NONE;
                keyed(&mut recorder, &mut background, 0..4);
                recorder.close(background, u32::MAX, &sessions);
            }
            keyed(&mut recorder, &mut open, 5 + round..6 + round);
            recorder.sweep(0, &Addresses::default());
            most = most.max(recorder.sent.requests.len());
        }
        assert!(most < FEW + FEW / 16 && recorder.sent.owners.len() < FEW, "{most}");
        recorder.close(session, 0, &sessions);
        recorder.close(open, 0, &sessions);
        let found = recorder.sent.by_session(1, |_| true);
        assert_eq!(found.of(0).iter().map(|r| r.ms).collect::<Vec<_>>(), (0..45).collect::<Vec<_>>());
    }
}
