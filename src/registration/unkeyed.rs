//! What carries no key: GET /register and GET /rhsm/status.
//!
//! A group's figures come from the requests themselves, where `url` or address names the group. A single session gets
//! one only where no other candidate is possible, and that is labelled inferred. Status calls of an address that
//! several hosts share are apportioned between registrations and background (`share_out`).

mod apportion;

use self::apportion::apportion;
use super::SILENCE_US;
use super::addresses::{AddressId, Addresses, BUCKET_SECS};
use super::correlate::Clues;
use super::finish::Window;
use super::session::{Evidence, Group, Ms, NameId, Session};
use super::way_in::Ways;
use crate::at_once::in_order;
use std::collections::BTreeMap;
use std::ops::Range;

/// Status calls are counted in so many parts at once.
const PARTS: usize = 2;

/// One GET /register that reached the Satellite.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    /// Start in microseconds since 1970.
    pub at_us: i64,
    /// Duration.
    pub ms: u32,
    /// HTTP status; 0 without a Completed line.
    pub status: u16,
    /// The end of the log hides its answer.
    pub cut: bool,
    /// `setup_remote_execution_pull=true`.
    pub pull: bool,
    /// `url` parameter; none for a host that came straight.
    pub url: NameId,
    /// Source address.
    pub address: AddressId,
}

/// Every GET /rhsm/status: its address, and its second in an index beside.
#[derive(Debug, Default)]
pub struct StatusCalls {
    addresses: Vec<AddressId>,
    // (second, first call in it): calls come nearly in order of time
    seconds: Vec<(i64, u32)>,
}

impl StatusCalls {
    /// Adds a call.
    pub fn push(&mut self, address: AddressId, at_us: i64) {
        let second = at_us.div_euclid(1_000_000);
        // 4 thousand million calls are past any log; the rest would be miscounted, so it is not taken
        if self.addresses.len() >= u32::MAX as usize {
            return;
        }
        if self.seconds.last().is_none_or(|(last, _)| *last != second) {
            self.seconds.push((second, self.addresses.len() as u32));
        }
        self.addresses.push(address);
    }

    /// Every call as (second, address).
    pub fn iter(&self) -> impl Iterator<Item = (i64, AddressId)> + '_ {
        self.of(0..self.seconds.len())
    }

    // those of some of the seconds
    fn of(&self, seconds: Range<usize>) -> impl Iterator<Item = (i64, AddressId)> + '_ {
        seconds.flat_map(|at| {
            let (second, from) = self.seconds[at];
            let to = self.seconds.get(at + 1).map_or(self.addresses.len(), |(_, next)| *next as usize);
            self.addresses[from as usize..to].iter().map(move |address| (second, *address))
        })
    }

    // all seconds, cut so that parts can be counted beside each other
    fn parts(&self) -> Vec<Range<usize>> {
        let size = self.seconds.len().div_ceil(PARTS).max(1);
        let until = |from: usize| self.seconds.len().min(from + size);
        (0..self.seconds.len()).step_by(size).map(|from| from..until(from)).collect()
    }

    /// How many calls there are.
    pub fn len(&self) -> u64 {
        self.addresses.len() as u64
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }
}

/// Status calls of a group's successful sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GroupCalls {
    /// Calls.
    pub calls: f64,
    /// Exact where every address is one client's own.
    pub evidence: Evidence,
}

/// What was found of the status calls.
#[derive(Clone, Debug, Default)]
pub struct StatusFigures {
    /// By group.
    pub groups: BTreeMap<Group, GroupCalls>,
    /// Calls of the window's sessions on addresses of their own.
    pub exact: u64,
    /// Calls apportioned to the window's registrations.
    pub inferred: u64,
    /// Calls that no registration counts.
    pub background: u64,
    /// Words that a reader must see.
    pub notes: Vec<String>,
}

/// Gives a session its script fetch where only one candidate is possible: one session for the fetch and one fetch for
/// the session, among those of the same `url` (or, straight, of the same address) in the ten minutes before the create.
///
/// Gives the pairs: (place of the script, place of the session).
pub fn pair_scripts(sessions: &mut [Session], clues: &[Clues], scripts: &[Script]) -> Vec<(u32, u32)> {
    let mut fetches: BTreeMap<(NameId, AddressId), Vec<u32>> = BTreeMap::new();
    for (i, script) in scripts.iter().enumerate() {
        fetches.entry(key(script.url, script.address)).or_default().push(i as u32);
    }
    let mut creates: BTreeMap<(NameId, AddressId), Vec<u32>> = BTreeMap::new();
    for (i, clue) in clues.iter().enumerate() {
        // without POST /register nothing tells by which way the host fetched its script; straight hosts show their address
        let key = if clue.registered { key(clue.url, clue.address) } else { key(NameId::NONE, clue.address) };
        if fetches.contains_key(&key) {
            creates.entry(key).or_default().push(i as u32);
        }
    }
    // a create that no POST /register follows may have come by any way: it is a candidate for every fetch with `url`
    let mut loose: Vec<i64> = clues
        .iter()
        .zip(sessions.iter())
        .filter(|(c, _)| !c.registered)
        .map(|(_, s)| s.started_at.0)
        .collect();
    loose.sort_unstable();
    let any_loose =
        |from: i64| loose.get(loose.partition_point(|t| *t < from)).is_some_and(|t| *t <= from + SILENCE_US);
    let mut paired = Vec::new();
    for (key, mut creates) in creates {
        let Some(fetches) = fetches.get_mut(&key) else { continue };
        creates.sort_unstable_by_key(|i| sessions[*i as usize].started_at);
        fetches.sort_unstable_by_key(|i| scripts[*i as usize].at_us);
        let starts: Vec<i64> = creates.iter().map(|i| sessions[*i as usize].started_at.0).collect();
        let times: Vec<i64> = fetches.iter().map(|i| scripts[*i as usize].at_us).collect();
        for (i, start) in creates.iter().zip(&starts) {
            let Some(at) = only(&times, start - SILENCE_US, *start) else { continue };
            let other = key.0 != NameId::NONE && any_loose(times[at]);
            if other || only(&starts, times[at], times[at] + SILENCE_US).is_none() {
                continue;
            }
            let script = &scripts[fetches[at] as usize];
            if (200..400).contains(&script.status) {
                sessions[*i as usize].script_fetch = Ms::some(u64::from(script.ms));
                paired.push((fetches[at], *i));
            }
        }
    }
    paired
}

fn key(url: NameId, address: AddressId) -> (NameId, AddressId) {
    if url == NameId::NONE { (url, address) } else { (url, AddressId::NONE) }
}

// the one value between `from` and `to`, both included
fn only(sorted: &[i64], from: i64, to: i64) -> Option<usize> {
    let at = sorted.partition_point(|t| *t < from);
    let next = sorted.get(at + 1).is_some_and(|t| *t <= to);
    (sorted.get(at).is_some_and(|t| *t <= to) && !next).then_some(at)
}

/// Counts the status calls of every group's sessions; a session on an address of its own gets its count (inferred), where
/// no other attempt from there is near.
pub fn share_out(
    sessions: &mut [Session],
    clues: &[Clues],
    calls: &StatusCalls,
    addresses: &Addresses,
    (ways, window): (&Ways<'_>, Window),
) -> StatusFigures {
    let by_address = by_address(sessions, clues, addresses.len());
    let is_own =
        |id: AddressId| !ways.is_proxy(id) && addresses.get(id).is_some_and(|s| s.is_one_clients_own());
    let own: Vec<bool> = (0..addresses.len()).map(|id| is_own(AddressId(id as u32))).collect();
    for (i, clue) in clues.iter().enumerate() {
        if own.get(clue.address.0 as usize) == Some(&true) {
            sessions[i].status_calls = 0;
        }
    }
    let parts =
        in_order(&calls.parts(), PARTS, |_, part| Counted::of(calls.of(part.clone()), &by_address, &own));
    let counted = Counted::sum(parts);
    let mut figures = StatusFigures { background: counted.background, ..StatusFigures::default() };
    for (i, count) in by_address.order.iter().zip(counted.by_place) {
        let session = &mut sessions[*i as usize];
        if session.status_calls != Session::NO_COUNT {
            session.status_calls = count;
        }
    }
    let own_calls = |s: &&Session| s.status_calls != Session::NO_COUNT && window.holds(s.started_at);
    for session in sessions.iter().filter(own_calls) {
        figures.exact += u64::from(session.status_calls);
        if session.success() {
            let group = figures.groups.entry(session.group).or_default();
            group.calls += f64::from(session.status_calls);
            if group.evidence == Evidence::Missing {
                group.evidence = Evidence::Exact;
            }
        }
    }
    let attempts = sessions.iter().filter(|s| s.status_calls != Session::NO_COUNT).count();
    let until_create = if attempts == 0 { 0.0 } else { counted.until_create as f64 / attempts as f64 };
    let for_failed = own_failed_calls(sessions).unwrap_or(until_create);
    apportion(sessions, &by_address, &counted.shared, (addresses, window), for_failed, &mut figures);
    forget_those_of_two(sessions, &by_address);
    figures
}

// a call can come up to the silence before a create or behind an attempt's end: of two attempts that are so near nobody
// can say whose it was
fn forget_those_of_two(sessions: &mut [Session], by_address: &ByAddress) {
    for places in by_address.from.windows(2).map(|place| place[0] as usize..place[1] as usize) {
        let (order, spans) = (&by_address.order[places.clone()], &by_address.spans[places]);
        let mut ended_us = i64::MIN;
        for (of, both) in order.windows(2).zip(spans.windows(2)) {
            ended_us = ended_us.max(both[0].end_us);
            if both[1].start_us.saturating_sub(ended_us) <= 2 * SILENCE_US {
                of.iter().for_each(|i| sessions[*i as usize].status_calls = Session::NO_COUNT);
            }
        }
    }
}

/// Status calls by whose they are.
#[derive(Debug, Default)]
struct Counted {
    /// Of sessions on addresses of their own, by place.
    by_place: Vec<u16>,
    background: u64,
    /// What these call until their create ends: a failed attempt elsewhere calls about as often.
    until_create: u64,
    /// Calls of shared addresses by bucket of time.
    shared: BTreeMap<AddressId, Vec<(i32, u32)>>,
}

impl Counted {
    fn of(calls: impl Iterator<Item = (i64, AddressId)>, by_address: &ByAddress, own: &[bool]) -> Self {
        let mut counted = Self { by_place: vec![0; by_address.order.len()], ..Self::default() };
        for (second, address) in calls {
            let at = address.0 as usize;
            let range = by_address.places(at);
            if range.is_empty() {
                counted.background += 1;
            } else if !own[at] {
                let buckets = counted.shared.entry(address).or_default();
                let bucket = second.div_euclid(BUCKET_SECS) as i32;
                match buckets.last_mut() {
                    Some((last, n)) if *last == bucket => *n += 1,
                    _ => buckets.push((bucket, 1)),
                }
            } else if let Some(place) = owner(&by_address.spans[range.clone()], second) {
                let place = range.start + place;
                counted.add(place, 1);
                counted.until_create += u64::from(second <= by_address.spans[place].created_secs);
            } else {
                counted.background += 1;
            }
        }
        counted
    }

    fn add(&mut self, place: usize, calls: u16) {
        let count = &mut self.by_place[place];
        *count = count.saturating_add(calls).min(Session::NO_COUNT - 1);
    }

    fn sum(parts: Vec<Self>) -> Self {
        let mut parts = parts.into_iter();
        let mut all = parts.next().unwrap_or_default();
        for part in parts {
            for (place, calls) in part.by_place.into_iter().enumerate() {
                all.add(place, calls);
            }
            all.background += part.background;
            all.until_create += part.until_create;
            for (address, buckets) in part.shared {
                all.shared.entry(address).or_default().extend(buckets);
            }
        }
        all
    }
}

// what attempts without a consumer call, as those on addresses of their own show
fn own_failed_calls(sessions: &[Session]) -> Option<f64> {
    let failed = || sessions.iter().filter(|s| !created(s) && s.status_calls != Session::NO_COUNT);
    let n = failed().count();
    (n >= 5).then(|| failed().map(|s| f64::from(s.status_calls)).sum::<f64>() / n as f64)
}

// the consumer was there, so the host went on, whatever came of it later
fn created(session: &Session) -> bool {
    session.success() || (200..400).contains(&session.create_status)
}

// sessions in order of address and start, and what many calls ask of them close together
pub(super) struct ByAddress {
    order: Vec<u32>,
    from: Vec<u32>,
    spans: Vec<Span>,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    start_us: i64,
    end_us: i64,
    created_secs: i64,
}

impl Span {
    fn of(session: &Session) -> Self {
        let created = session.consumer_create.get().map(|ms| session.started_at.plus_ms(i64::from(ms)));
        Self {
            start_us: session.started_at.0,
            end_us: session.ended_at.0,
            created_secs: created.unwrap_or(session.ended_at).secs(),
        }
    }
}

impl ByAddress {
    fn places(&self, address: usize) -> Range<usize> {
        let at = |address: usize| self.from.get(address).map_or(0, |place| *place as usize);
        at(address)..at(address + 1)
    }

    fn range(&self, address: usize) -> &[u32] {
        self.order.get(self.places(address)).unwrap_or_default()
    }

    /// The first session of an address.
    pub(super) fn first(&self, address: AddressId) -> Option<u32> {
        self.range(address.0 as usize).first().copied()
    }

    /// The session that was under way on an address, or had just ended.
    pub(super) fn owner(&self, address: AddressId, second: i64) -> Option<u32> {
        let places = self.places(address.0 as usize);
        let place = owner(self.spans.get(places.clone())?, second)?;
        self.order.get(places.start + place).copied()
    }
}

pub(super) fn by_address(sessions: &[Session], clues: &[Clues], addresses: usize) -> ByAddress {
    let mut order: Vec<u32> =
        (0..sessions.len() as u32).filter(|i| clues[*i as usize].address != AddressId::NONE).collect();
    order.sort_unstable_by_key(|i| (clues[*i as usize].address, sessions[*i as usize].started_at, *i));
    let mut from = vec![0u32; addresses + 1];
    for i in &order {
        from[clues[*i as usize].address.0 as usize + 1] += 1;
    }
    for at in 1..from.len() {
        from[at] += from[at - 1];
    }
    let spans = order.iter().map(|i| Span::of(&sessions[*i as usize])).collect();
    ByAddress { order, from, spans }
}

// the first session on the address that had not ended, else the last one if it ended less than the silence ago
fn owner(spans: &[Span], second: i64) -> Option<usize> {
    let mut last = None;
    for (span, place) in spans.iter().zip(0..) {
        if span.end_us.div_euclid(1_000_000) >= second {
            let near = span.start_us - second * 1_000_000 <= SILENCE_US;
            return if near { Some(place) } else { last };
        }
        if second * 1_000_000 - span.end_us <= SILENCE_US {
            last = Some(place);
        }
    }
    last
}
