//! Blocks in, whole requests out: the parts of a request put together by its id, across blocks and files.

use crate::log::assemble::{Block, Event};
use crate::log::request::{Kind, Request};
use crate::log::slots::IdMap;
use crate::registration::overlap::Overlap;
use crate::registration::session::Uuid;
use serde::{Deserialize, Serialize};

/// A request without an answer after so long is a time-out even where no other request took so long:
/// a capsule waits 60 s for Foreman.
const PATIENCE_US: i64 = 60_000_000;

/// A silence between two files after which what was open cannot be followed any more.
const HOLE_US: i64 = 600_000_000;

/// Events whose places in tables are asked for together: memory answers them all in about the time of one.
pub(super) const AHEAD_AT_ONCE: usize = 32;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It has a Completed line. The order of the variants is that of `record::How`.
    Answered,
    /// It has none although the log goes on.
    Unanswered,
    /// The end of the log, or a hole in it, hides its answer.
    Cut,
}

impl Outcome {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Unanswered => "unanswered",
            Self::Cut => "cut",
        }
    }
}

/// Takes whole requests, in the order of the lines that ended them.
pub trait Requests {
    /// A request and how it ended.
    fn request(&mut self, request: Request, outcome: Outcome);
    /// A create that is still open named its consumer.
    fn announced(&mut self, uuid: Uuid);
    /// A create of this host that began then is still open where a block of the log ends.
    fn awaits(&mut self, _host: &str, _start_us: i64) {}
    /// Hosts that fact updates name are of use.
    fn wants_hosts(&self) -> bool {
        true
    }
    /// These come next: asks for what they need from memory ahead of its use. The value means nothing.
    fn touch(&self, _ahead: &[Event]) -> u64 {
        0
    }
}

/// Requests by what was found of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JoinCounts {
    /// Started and Completed.
    pub matched: u64,
    /// Completed without Started.
    pub orphaned: u64,
    /// Started without Completed, cut off.
    pub cut: u64,
    /// Started without Completed although the log goes on.
    pub unanswered: u64,
    /// Completed lines that stand twice.
    pub doubled: u64,
    /// Started and Completed lines that stand twice.
    pub doubled_lines: u64,
    /// Requests outside /rhsm and /register.
    pub other: u64,
    /// Files overlap by more requests than are kept: some may count twice.
    pub overlap_too_long: bool,
    /// Latest start or end of a request in microseconds since 1970.
    pub last_us: Option<i64>,
}

impl JoinCounts {
    /// Adds another log's.
    pub fn add(&mut self, other: Self) {
        self.matched += other.matched;
        self.orphaned += other.orphaned;
        self.cut += other.cut;
        self.unanswered += other.unanswered;
        self.doubled += other.doubled;
        self.doubled_lines += other.doubled_lines;
        self.other += other.other;
        self.overlap_too_long |= other.overlap_too_long;
        self.last_us = self.last_us.max(other.last_us);
    }
}

/// Puts parts of requests together.
#[derive(Debug, Default)]
pub struct Joiner {
    open: IdMap<Request>,
    recent: Recent,
    overlap: Overlap,
    /// Ends of files behind which the log is silent for long: what was open there cannot be followed.
    holes: Vec<i64>,
    last_us: Option<i64>,
    /// By kind of request.
    longest_ms: [u32; Kind::COUNT],
    counts: JoinCounts,
}

impl Joiner {
    /// Takes the next block of the log and hands its emptied events back.
    pub fn block(&mut self, block: Block, sink: &mut impl Requests) -> Vec<Event> {
        let Block { mut events, open, hosts, counts } = block;
        // its consumer may speak in this block already
        for part in &open {
            self.awaits(part, sink);
        }
        let mut touched = 0;
        let mut rest = events.drain(..);
        while !rest.as_slice().is_empty() {
            let ahead = &rest.as_slice()[..rest.len().min(AHEAD_AT_ONCE)];
            // one table after the other: the processor overlaps the more waits the less stands between them
            touched ^= ahead.iter().fold(0, |all, event| match event {
                Event::Ended(part) => all ^ self.recent.touch(part),
                Event::Announced(..) => all,
            });
            touched ^= sink.touch(ahead);
            for event in rest.by_ref().take(AHEAD_AT_ONCE) {
                self.event(event, &hosts, sink);
            }
        }
        drop(rest);
        std::hint::black_box(touched);
        for part in open {
            self.left_open(part, sink);
        }
        if let Some((_, last)) = counts.span {
            self.last_us = Some(self.last_us.map_or(last, |us| us.max(last)));
        }
        events
    }

    fn event(&mut self, event: Event, hosts: &str, sink: &mut impl Requests) {
        match event {
            Event::Ended(part) => self.ended(part, hosts, sink),
            Event::Announced(id, uuid) => {
                // where Started lies in an earlier block: only a create can make a consumer
                let create = |id| self.open.get(&id).is_some_and(|r| r.kind == Kind::Create);
                if id.is_none_or(create) {
                    sink.announced(uuid);
                }
            }
        }
    }

    /// The next block is of another file: the start of its first request, and of the first one in the file behind it.
    pub fn file(&mut self, first_us: Option<i64>, next_us: Option<i64>) {
        self.overlap.file(next_us);
        if let Some(last_us) = self.last_us
            && first_us.is_some_and(|first| first - last_us > HOLE_US)
        {
            self.holes.push(last_us);
        }
    }

    /// The log ends: what is open was cut off, or never answered.
    pub fn finish(mut self, sink: &mut impl Requests) -> JoinCounts {
        let mut open: Vec<Request> =
            self.open.drain().map(|(_, request)| request).filter(Request::started).collect();
        open.sort_unstable_by_key(|r| (r.start_us, r.id, r.started_tag));
        self.counts.last_us = self.last_us;
        self.counts.overlap_too_long = self.overlap.full();
        let end = self.last_us.unwrap_or_default();
        for request in open {
            let cut = self.hides(end, &request) || self.in_hole(&request);
            self.give(request, if cut { Outcome::Cut } else { Outcome::Unanswered }, sink);
        }
        self.counts
    }

    // whether the log's silence from `until` on can hide the request's answer
    fn hides(&self, until: i64, request: &Request) -> bool {
        let patience = (i64::from(self.longest_ms[request.kind as usize]) * 1000).clamp(PATIENCE_US, HOLE_US);
        request.start_us <= until && until - request.start_us <= patience
    }

    fn in_hole(&self, request: &Request) -> bool {
        self.holes.iter().any(|hole| self.hides(*hole, request))
    }

    fn ended(&mut self, mut part: Request, hosts: &str, sink: &mut impl Requests) {
        let before = self.open.get_mut(&part.id);
        if part.host.is_some() && (before.is_some() || sink.wants_hosts()) {
            part.keep_host(hosts);
        }
        let whole = match before {
            None => part,
            Some(open) if !part.started() || open.started_tag == part.started_tag => {
                self.counts.doubled_lines += u64::from(part.started());
                open.merge(part);
                // lines of a request that a new Started with its id ended: that Started comes next
                if !open.completed() {
                    return;
                }
                let id = open.id;
                match self.open.remove(&id) {
                    Some(whole) => whole,
                    None => return,
                }
            }
            Some(_) => {
                self.supersede(part.id, sink);
                part
            }
        };
        match (whole.started(), whole.completed()) {
            (true, true) => self.answered(whole, sink),
            (true, false) => self.give(whole, Outcome::Unanswered, sink),
            (false, true) => self.orphan(&whole),
            // lines of a request whose Started the log does not hold: nothing can come of them
            (false, false) => {}
        }
    }

    fn left_open(&mut self, part: Request, sink: &mut impl Requests) {
        match self.open.get_mut(&part.id) {
            Some(open) if !part.started() || open.started_tag == part.started_tag => {
                self.counts.doubled_lines += u64::from(part.started());
                open.merge(part);
            }
            _ if !part.started() => {}
            _ => {
                self.supersede(part.id, sink);
                self.open.insert(part.id, part);
            }
        }
    }

    fn awaits(&self, part: &Request, sink: &mut impl Requests) {
        let Some(host) = part.details.as_deref().and_then(|d| d.param_host.as_deref()) else { return };
        let begun = if part.started() { Some(part) } else { self.open.get(&part.id) };
        if let Some(create) = begun.filter(|r| r.kind == Kind::Create) {
            sink.awaits(host, create.start_us);
        }
    }

    // a new Started with a known id begins a new request
    fn supersede(&mut self, id: u64, sink: &mut impl Requests) {
        if let Some(old) = self.open.remove(&id)
            && old.started()
        {
            let outcome = if self.in_hole(&old) { Outcome::Cut } else { Outcome::Unanswered };
            self.give(old, outcome, sink);
        }
    }

    fn answered(&mut self, whole: Request, sink: &mut impl Requests) {
        if self.recent.seen_or_note(&whole) | self.overlap.seen_or_note(&whole) {
            self.counts.doubled += 1;
            self.counts.doubled_lines += 2;
            return;
        }
        let longest = &mut self.longest_ms[whole.kind as usize];
        *longest = (*longest).max(whole.duration_ms);
        self.last_us = self.last_us.max(Some(whole.end_us()));
        self.give(whole, Outcome::Answered, sink);
    }

    fn orphan(&mut self, part: &Request) {
        if self.recent.completed(part) {
            self.counts.doubled += 1;
            self.counts.doubled_lines += 1;
            return;
        }
        // its Completed line can stand twice as well
        self.recent.seen_or_note(part);
        self.counts.orphaned += 1;
    }

    fn give(&mut self, request: Request, outcome: Outcome, sink: &mut impl Requests) {
        match outcome {
            Outcome::Answered => self.counts.matched += 1,
            Outcome::Unanswered => self.counts.unanswered += 1,
            Outcome::Cut => self.counts.cut += 1,
        }
        self.counts.other += u64::from(request.kind.is_other());
        if request.kind != Kind::Other {
            sink.request(request, outcome);
        }
    }
}

/// The last requests that were answered, so that a doubled one is known.
///
/// 32,768 sets of 4: a doubled block of 10,000 requests loses one in a thousand or fewer. An entry holds 24 bits of the
/// id and of the Completed line and 16 of the Started line; the set holds 15 more of the id.
#[derive(Debug)]
struct Recent {
    sets: Vec<Set>,
}

/// In one line of the processor's cache.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(32))]
struct Set([u64; 4]);

const _: () = assert!(size_of::<Event>() <= 80, "events are most of what threads hand to each other");

const STARTED_BITS: u64 = 0xffff << 24;

impl Default for Recent {
    fn default() -> Self {
        Self { sets: vec![Set::default(); 1 << 15] }
    }
}

impl Recent {
    fn place(r: &Request) -> (usize, u64) {
        let spread = r.id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let entry = (spread << 25 >> 24 | 1) << 40
            | u64::from(r.started_tag >> 16) << 24
            | u64::from(r.completed_tag >> 8);
        ((spread >> 49) as usize, entry)
    }

    /// Asks for a place in the table ahead of its use, so that the waits for memory overlap.
    fn touch(&self, r: &Request) -> u64 {
        self.sets[Self::place(r).0].0[0]
    }

    fn seen_or_note(&mut self, r: &Request) -> bool {
        let (at, entry) = Self::place(r);
        let Set(set) = &mut self.sets[at];
        if set.contains(&entry) {
            return true;
        }
        *set = [entry, set[0], set[1], set[2]];
        false
    }

    fn completed(&self, r: &Request) -> bool {
        let (at, entry) = Self::place(r);
        self.sets[at].0.iter().any(|seen| seen & !STARTED_BITS == entry & !STARTED_BITS)
    }
}
