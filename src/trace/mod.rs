//! Sessions with their requests in, traces out: offsets, gaps, phases of one registration, and of all of them together.
//!
//! A client asks for one thing after the other. Where starts are whole seconds, a request that seems to begin before the
//! one before it has ended, by less than a second, is taken to begin at that end: the earliest time that both allow.
//! So the parts add up to the whole; single offsets and gaps are no better than the log's seconds.

pub mod aggregate;
pub mod phase;
pub mod select;

use crate::log::proxy::UNTIMED;
use crate::log::request::Kind;
use crate::registration::capsule::Capsules;
use crate::registration::finish::Registrations;
use crate::registration::join::Outcome;
use crate::registration::record::Recorded;
use crate::registration::session::{Evidence, Group, Names, Session};
use crate::registration::traced::Traced;
use crate::registration::way_in::host_of;
use crate::timestamp::Timestamp;
use phase::Phase;

/// One registration, request by request.
#[derive(Clone, Debug)]
pub struct Trace<'a> {
    /// The registration.
    pub session: &'a Session,
    /// Names of all.
    pub names: &'a Names,
    /// How its create ended is hidden by the end of the log or a hole in it.
    pub cut: bool,
    /// Calls without a key are not among the steps: others share the address.
    pub shared_address: bool,
    /// The load balancer or capsule that the host named, without its port.
    pub way: Option<&'a str>,
    /// Starts are whole seconds: offsets and gaps are right to a second only.
    pub whole_seconds: bool,
    /// In order.
    pub steps: Vec<Step<'a>>,
}

/// A request of a registration.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    /// What it is.
    pub kind: Kind,
    /// Start, as logged.
    pub at: Timestamp,
    /// Start behind the first request's, as logged.
    pub offset_ms: i64,
    /// Where it is drawn: see the module.
    pub placed_ms: i64,
    /// Nothing of the registration was under way before it for so long.
    pub gap_ms: i64,
    /// Duration; none without an answer.
    pub took_ms: Option<u32>,
    /// HTTP status; none without an answer.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
    /// What brought it to the registration.
    pub evidence: Evidence,
    /// First 8 hex digits of the request's id.
    pub id: Option<u32>,
    /// The same request on a capsule.
    pub on_capsule: Option<CapsuleStep<'a>>,
}

/// A request as a capsule saw it, times by its own clock.
#[derive(Clone, Debug)]
pub struct CapsuleStep<'a> {
    /// The capsule.
    pub name: Option<&'a str>,
    /// Start by its clock.
    pub at: Timestamp,
    /// Duration, rounded down; none where its line does not say.
    pub took_ms: Option<u32>,
    /// HTTP status.
    pub status: u16,
    /// What brought both together.
    pub evidence: Evidence,
}

/// What a phase of a registration adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhaseSum {
    /// Requests.
    pub requests: u32,
    /// Their durations together.
    pub request_ms: i64,
    /// The gaps before them, and those behind requests of its own that nobody answered: the client waited there.
    pub gap_ms: i64,
    /// Requests without an answer: how long they took is not known.
    pub unanswered: u32,
    /// Some of its requests are inferred.
    pub inferred: bool,
}

/// How a registration came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Registered.
    Registered,
    /// With an error.
    Failed,
    /// The log does not say.
    Cut,
}

impl Ended {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Failed => "failed",
            Self::Cut => "cut",
        }
    }
}

const MS_US: i64 = 1000;
const SECOND_MS: i64 = 1000;

impl<'a> Trace<'a> {
    /// The trace of a session.
    pub fn of(traced: &'a Traced, all: &'a Registrations) -> Self {
        let names = &all.names;
        let requests = traced.requests();
        let first = requests.first().map_or(traced.session.started_at.0, |r| r.at_us);
        // what starts may be later than they say
        let play_ms = if traced.whole_seconds { SECOND_MS } else { 1 };
        let mut until = 0;
        let steps = requests.iter().map(|r| {
            let mut step = step(r, first);
            step.placed_ms = match until - step.offset_ms {
                late if late > 0 && late < play_ms => until,
                _ => step.offset_ms,
            };
            step.gap_ms = (step.placed_ms - until).max(0);
            until = until.max(step.placed_ms + i64::from(step.took_ms.unwrap_or(0)));
            step.on_capsule = on_capsule(traced, r, &all.capsules);
            step
        });
        Self {
            session: &traced.session,
            names,
            cut: traced.cut,
            shared_address: traced.shared_address,
            way: names.get(traced.url).map(host_of),
            whole_seconds: traced.whole_seconds,
            steps: steps.collect(),
        }
    }

    /// How it came out.
    pub const fn ended(&self) -> Ended {
        match (self.cut, self.session.success()) {
            (true, _) => Ended::Cut,
            (_, true) => Ended::Registered,
            _ => Ended::Failed,
        }
    }

    /// The host's name.
    pub fn host(&self) -> Option<&'a str> {
        self.names.get(self.session.host)
    }

    /// The capsule's name.
    pub fn capsule(&self) -> Option<&'a str> {
        let seen = || self.steps.iter().find_map(|s| s.on_capsule.as_ref()?.name);
        self.names.get(self.session.capsule).or_else(seen)
    }

    /// The load balancer's name; none where there is none or nothing names it.
    pub fn load_balancer(&self) -> Option<&'a str> {
        self.way.filter(|_| self.session.group == Group::LbSsh)
    }

    /// Start of the first request.
    pub fn started(&self) -> Timestamp {
        self.steps.first().map_or(self.session.started_at, |s| s.at)
    }

    /// From the start of the first request to the last end.
    pub fn span_ms(&self) -> i64 {
        self.steps.iter().map(Step::end_ms).max().unwrap_or(0)
    }

    /// The sum of one phase.
    pub fn phase(&self, phase: Phase) -> PhaseSum {
        let mut sum = PhaseSum::default();
        let before = [None].into_iter().chain(self.steps.iter().map(Some));
        for (step, before) in self.steps.iter().zip(before) {
            let of_gap = before.filter(|b| b.waited()).unwrap_or(step);
            if Phase::of(of_gap.kind) == phase {
                sum.gap_ms += step.gap_ms;
            }
            if Phase::of(step.kind) == phase {
                sum.requests += 1;
                sum.unanswered += u32::from(step.took_ms.is_none());
                sum.request_ms += i64::from(step.took_ms.unwrap_or(0));
                sum.inferred |= step.evidence == Evidence::Inferred;
            }
        }
        sum
    }
}

impl PhaseSum {
    /// Requests and gaps together; none where nothing is known of the time.
    pub fn time_ms(&self) -> Option<i64> {
        let time = self.request_ms + self.gap_ms;
        (time > 0 || self.unanswered < self.requests).then_some(time)
    }
}

impl Step<'_> {
    /// Where it ends, behind the start of the first request.
    pub fn end_ms(&self) -> i64 {
        self.placed_ms + i64::from(self.took_ms.unwrap_or(0))
    }

    // the client waited for an answer that never came
    const fn waited(&self) -> bool {
        matches!(self.outcome, Outcome::Unanswered)
    }

    /// It was not answered, or with an error.
    pub const fn failed(&self) -> bool {
        match self.status {
            Some(status) => status >= 400,
            None => !matches!(self.outcome, Outcome::Cut),
        }
    }
}

fn step(request: &Recorded, first_us: i64) -> Step<'static> {
    let answered = request.how.outcome() == Outcome::Answered;
    let offset_ms = request.at_us.saturating_sub(first_us) / MS_US;
    Step {
        kind: request.kind,
        at: Timestamp(request.at_us),
        offset_ms,
        placed_ms: offset_ms,
        gap_ms: 0,
        took_ms: answered.then_some(request.ms),
        status: answered.then_some(request.status),
        outcome: request.how.outcome(),
        evidence: if request.how.is_inferred() { Evidence::Inferred } else { Evidence::Exact },
        id: (request.id != 0).then_some(request.id),
        on_capsule: None,
    }
}

fn on_capsule<'a>(traced: &Traced, request: &Recorded, capsules: &'a Capsules) -> Option<CapsuleStep<'a>> {
    let seen = traced.on_capsule.iter().find(|seen| seen.turn == request.turn)?;
    let side = capsules.sides.get(seen.side as usize)?;
    let there = side.requests.get(seen.request as usize)?;
    let timed = there.line.took_us != UNTIMED;
    Some(CapsuleStep {
        name: side.name.as_deref(),
        at: Timestamp(there.start_us()),
        took_ms: timed.then_some(there.line.took_us / 1000),
        status: there.line.status,
        evidence: if seen.inferred { Evidence::Inferred } else { Evidence::Exact },
    })
}

#[cfg(test)]
mod tests;
