//! Blocks in, whole requests out: the parts of a request put together by its id, across blocks and files.

use crate::log::assemble::{Block, Event, IdMap};
use crate::log::request::{Kind, Request};
use crate::registration::session::Uuid;

/// A request without an answer after so long is a time-out even where no other request took so long:
/// a capsule waits 60 s for Foreman.
const PATIENCE_US: i64 = 60_000_000;

/// A silence between two files after which what was open cannot be followed any more.
const HOLE_US: i64 = 600_000_000;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has a Completed line.
    Answered,
    /// It has none although the log goes on.
    Unanswered,
    /// The end of the log, or a hole in it, hides its answer.
    Cut,
}

/// Takes whole requests, in the order of the lines that ended them.
pub trait Requests {
    /// A request and how it ended.
    fn request(&mut self, request: Request, outcome: Outcome);
    /// A create that is still open named its consumer.
    fn announced(&mut self, uuid: Uuid);
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
}

/// Puts parts of requests together.
#[derive(Debug, Default)]
pub struct Joiner {
    open: IdMap<Request>,
    recent: Recent,
    /// Ends of files behind which the log is silent for long: what was open there cannot be followed.
    holes: Vec<i64>,
    last_us: Option<i64>,
    longest_ms: u32,
    counts: JoinCounts,
}

impl Joiner {
    /// Takes the next block of the log and hands its emptied events back.
    pub fn block(&mut self, block: Block, sink: &mut impl Requests) -> Vec<Event> {
        let mut events = block.events;
        for event in events.drain(..) {
            match event {
                Event::Ended(part) => self.ended(part, sink),
                Event::Announced(uuid) => sink.announced(uuid),
            }
        }
        for part in block.open {
            self.left_open(part, sink);
        }
        if let Some((_, last)) = block.counts.span {
            self.last_us = Some(self.last_us.map_or(last, |us| us.max(last)));
        }
        events
    }

    /// The next block is of another file, whose first request begins at `first_us`.
    pub fn next_file(&mut self, first_us: Option<i64>) {
        if let Some(last_us) = self.last_us {
            if first_us.is_some_and(|first| first - last_us > HOLE_US) {
                self.holes.push(last_us);
            }
        }
    }

    /// The log ends: what is open was cut off, or never answered.
    pub fn finish(mut self, sink: &mut impl Requests) -> JoinCounts {
        let mut open: Vec<Request> =
            self.open.drain().map(|(_, request)| request).filter(Request::started).collect();
        open.sort_unstable_by_key(|r| (r.start_us, r.id, r.started_tag));
        let patience = (i64::from(self.longest_ms) * 1000).max(PATIENCE_US);
        let end = self.last_us.unwrap_or_default();
        for request in open {
            let hidden = |until: i64| request.start_us <= until && until - request.start_us <= patience;
            let cut = hidden(end) || self.holes.iter().any(|hole| hidden(*hole));
            self.give(request, if cut { Outcome::Cut } else { Outcome::Unanswered }, sink);
        }
        self.counts
    }

    fn ended(&mut self, part: Request, sink: &mut impl Requests) {
        let whole = match self.open.get_mut(&part.id) {
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
            (false, false) => {
                self.open.insert(whole.id, whole);
            }
        }
    }

    fn left_open(&mut self, part: Request, sink: &mut impl Requests) {
        match self.open.get_mut(&part.id) {
            Some(open) if !part.started() || open.started_tag == part.started_tag => {
                self.counts.doubled_lines += u64::from(part.started());
                open.merge(part);
            }
            Some(_) => {
                self.supersede(part.id, sink);
                self.open.insert(part.id, part);
            }
            None => {
                self.open.insert(part.id, part);
            }
        }
    }

    // a new Started with a known id begins a new request
    fn supersede(&mut self, id: u64, sink: &mut impl Requests) {
        if let Some(old) = self.open.remove(&id)
            && old.started()
        {
            self.give(old, Outcome::Unanswered, sink);
        }
    }

    fn answered(&mut self, whole: Request, sink: &mut impl Requests) {
        if self.recent.seen_or_note(&whole) {
            self.counts.doubled += 1;
            self.counts.doubled_lines += 2;
            return;
        }
        self.longest_ms = self.longest_ms.max(whole.duration_ms);
        self.give(whole, Outcome::Answered, sink);
    }

    fn orphan(&mut self, part: &Request) {
        if self.recent.completed(part) {
            self.counts.doubled += 1;
            self.counts.doubled_lines += 1;
            return;
        }
        self.counts.orphaned += 1;
    }

    fn give(&mut self, request: Request, outcome: Outcome, sink: &mut impl Requests) {
        match outcome {
            Outcome::Answered => self.counts.matched += 1,
            Outcome::Unanswered => self.counts.unanswered += 1,
            Outcome::Cut => self.counts.cut += 1,
        }
        if request.kind == Kind::Other {
            self.counts.other += 1;
        } else {
            sink.request(request, outcome);
        }
    }
}

/// The last requests that were answered, so that a doubled one is known.
///
/// 32,768 sets of 4: a doubled block of 10,000 requests loses one in a thousand or fewer.
#[derive(Debug)]
struct Recent {
    sets: Vec<[Seen; 4]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    id: u64,
    started_tag: u32,
    completed_tag: u32,
}

impl Default for Recent {
    fn default() -> Self {
        Self { sets: vec![[Seen::default(); 4]; 1 << 15] }
    }
}

impl Recent {
    fn set(&mut self, id: u64) -> &mut [Seen; 4] {
        let at = (id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 49) as usize;
        &mut self.sets[at]
    }

    fn seen_or_note(&mut self, r: &Request) -> bool {
        let set = self.set(r.id);
        if set
            .iter()
            .any(|s| s.id == r.id && s.started_tag == r.started_tag && s.completed_tag == r.completed_tag)
        {
            return true;
        }
        set.rotate_right(1);
        set[0] = Seen { id: r.id, started_tag: r.started_tag, completed_tag: r.completed_tag };
        false
    }

    fn completed(&mut self, r: &Request) -> bool {
        self.set(r.id).iter().any(|s| s.id == r.id && s.completed_tag == r.completed_tag)
    }
}
