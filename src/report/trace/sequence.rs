//! A trace as a sequence diagram: who takes part, and what goes between them. Runs of one request are drawn once.

use super::{distance, title, way};
use crate::registration::join::Outcome;
use crate::registration::session::{Evidence, Group};
use crate::report::durations::millis;
use crate::report::table::text::escaped;
use crate::trace::phase::route;
use crate::trace::{Step, Trace};

/// Who takes part, from the client on.
pub struct Lane {
    /// Short and unique.
    pub id: &'static str,
    /// What it is.
    pub role: &'static str,
    /// Its name, control characters shown.
    pub name: Option<String>,
}

/// Something in the diagram.
pub enum Item {
    /// A registration begins: the host's attempt, how it came and went.
    Begins(String, String),
    /// Nothing is under way.
    Gap(String),
    /// A request and its answer.
    Call(Call),
}

/// A request, or several of the same kind in a row.
pub struct Call {
    /// Behind the first request.
    pub offset: String,
    /// Method, path, and how many.
    pub request: String,
    /// Status and duration.
    pub answer: String,
    /// The duration on the capsule, where it was seen there.
    pub on_capsule: Option<String>,
    /// Not answered, or with an error.
    pub failed: bool,
    /// No key brought it here.
    pub inferred: bool,
}

/// The lanes of a trace.
pub fn lanes(trace: &Trace<'_>) -> Vec<Lane> {
    let lane = |id, role, name: Option<&str>| Lane { id, role, name: name.map(escaped) };
    let mut lanes = vec![lane("client", "client", trace.host())];
    if trace.session.group == Group::LbSsh {
        lanes.push(lane("balancer", "load balancer", trace.load_balancer()));
    }
    if matches!(trace.session.group, Group::LbSsh | Group::CapsuleSsh | Group::CapsuleMqtt) {
        lanes.push(lane("capsule", "capsule", trace.capsule()));
    }
    lanes.push(lane("satellite", "Satellite", None));
    lanes
}

/// What happens, in order.
pub fn items(trace: &Trace<'_>) -> Vec<Item> {
    let mut items = vec![Item::Begins(title(trace), way(trace))];
    let grain = if trace.whole_seconds { 1000 } else { 100 };
    let mut rest = trace.steps.as_slice();
    while let Some(first) = rest.first() {
        if first.gap_ms >= grain {
            items.push(Item::Gap(format!(
                "{} without a request",
                distance(first.gap_ms, trace.whole_seconds)
            )));
        }
        let same = |s: &&Step<'_>| {
            s.kind == first.kind
                && s.status == first.status
                && s.evidence == first.evidence
                && s.on_capsule.is_none()
        };
        let no_gap = |s: &Step<'_>| s.gap_ms < grain;
        let more = match first.on_capsule {
            Some(_) => 0,
            None => rest[1..].iter().take_while(|s| same(s) && no_gap(s)).count(),
        };
        let (run, left) = rest.split_at(1 + more);
        rest = left;
        items.push(Item::Call(call(trace, first, run)));
    }
    items
}

fn call(trace: &Trace<'_>, first: &Step<'_>, run: &[Step<'_>]) -> Call {
    let took: u64 = run.iter().filter_map(|s| s.took_ms).map(u64::from).sum();
    let times = if run.len() > 1 { format!(" ({} times)", run.len()) } else { String::new() };
    let answer = match (first.status, first.outcome) {
        (Some(status), _) => format!("{status} in {}", millis(took as f64)),
        (None, Outcome::Cut) => "the log ends".to_owned(),
        (None, _) => "no answer".to_owned(),
    };
    let seen = first.on_capsule.as_ref();
    let inferred = first.evidence == Evidence::Inferred;
    Call {
        offset: match trace.whole_seconds {
            true => format!("+{} s", first.offset_ms / 1000),
            false => format!("+{}", distance(first.offset_ms, false)),
        },
        request: format!("{}{times}{}", route(first.kind), if inferred { ", inferred" } else { "" }),
        answer,
        on_capsule: seen.and_then(|s| Some(format!("{} in {}", s.status, millis(f64::from(s.took_ms?))))),
        failed: first.failed(),
        inferred,
    }
}
