//! What carries no key: GET /register and GET /rhsm/status.
//!
//! A group's figures come from the requests themselves, where `url` or address names the group. A single session gets
//! one only where no other candidate is possible, and that is labelled inferred. Status calls of an address that
//! several hosts share are apportioned between registrations and background (`share_out`).

use super::SILENCE_US;
use super::addresses::{AddressId, Addresses, BUCKET_SECS, KINDS};
use super::correlate::Clues;
use super::finish::Window;
use super::least_squares;
use super::session::{Evidence, Group, Ms, NameId, Session};
use super::way_in::Ways;
use std::collections::BTreeMap;
use std::ops::Range;

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
        self.seconds.iter().enumerate().flat_map(|(i, (second, from))| {
            let to = self.seconds.get(i + 1).map_or(self.addresses.len(), |(_, next)| *next as usize);
            self.addresses[*from as usize..to].iter().map(|address| (*second, *address))
        })
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
    /// Calls of sessions' own addresses.
    pub exact: u64,
    /// Calls apportioned to registrations.
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

/// Counts the status calls of every group's sessions; a session on an address of its own gets its count (inferred).
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
    let mut figures = StatusFigures::default();
    let mut until_create = UntilCreate::default();
    let mut counts = vec![0u16; by_address.order.len()];
    let mut shared: BTreeMap<AddressId, Vec<(i32, u32)>> = BTreeMap::new();
    for (second, address) in calls.iter() {
        let at = address.0 as usize;
        let range = by_address.places(at);
        if range.is_empty() {
            figures.background += 1;
        } else if !own[at] {
            let buckets = shared.entry(address).or_default();
            let bucket = second.div_euclid(BUCKET_SECS) as i32;
            match buckets.last_mut() {
                Some((last, n)) if *last == bucket => *n += 1,
                _ => buckets.push((bucket, 1)),
            }
        } else if let Some(place) = owner(&by_address.spans[range.clone()], second) {
            let place = range.start + place;
            counts[place] = counts[place].saturating_add(1).min(Session::NO_COUNT - 1);
            figures.exact += 1;
            until_create.calls += u64::from(second <= by_address.spans[place].created_secs);
        } else {
            figures.background += 1;
        }
    }
    for (i, count) in by_address.order.iter().zip(counts) {
        let session = &mut sessions[*i as usize];
        if session.status_calls != Session::NO_COUNT {
            session.status_calls = count;
        }
    }
    for (session, clue) in sessions.iter().zip(clues) {
        if session.success()
            && window.holds(session.started_at)
            && own.get(clue.address.0 as usize) == Some(&true)
        {
            let group = figures.groups.entry(session.group).or_default();
            group.calls += f64::from(session.status_calls);
            if group.evidence == Evidence::Missing {
                group.evidence = Evidence::Exact;
            }
        }
    }
    until_create.attempts = sessions.iter().filter(|s| s.status_calls != Session::NO_COUNT).count() as u64;
    let for_failed = own_failed_calls(sessions).unwrap_or_else(|| until_create.mean());
    apportion(sessions, &by_address, &shared, (addresses, window), for_failed, &mut figures);
    figures
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

/// What attempts on addresses of their own call until their create ends: a failed one elsewhere calls about as often.
#[derive(Clone, Copy, Debug, Default)]
struct UntilCreate {
    calls: u64,
    attempts: u64,
}

impl UntilCreate {
    fn mean(self) -> f64 {
        if self.attempts == 0 { 0.0 } else { self.calls as f64 / self.attempts as f64 }
    }
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

/// A registration's first status calls come before its create: so much earlier does an address's window begin.
const LEAD_SECS: i64 = 120;

/// Fewer quiet buckets than this do not tell what the background is made of.
const QUIET_ROWS: usize = 12;

/// One bucket of a shared address: its calls, and what else happened there.
#[derive(Clone, Copy, Default)]
struct Row {
    calls: f64,
    /// Requests with a UUID of hosts that were registered already (by kind), of registrations, and of these in the next bucket.
    background: [f64; KINDS],
    registering: f64,
    registering_next: f64,
    /// Attempts that failed.
    failed: f64,
    /// Some registration of this address was under way, or soon after.
    busy: bool,
}

/// What one cause of status calls amounts to.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    /// Calls for each background request with a UUID, by kind.
    for_background: [f64; KINDS],
    /// Calls in every bucket (monitoring, hosts that only ask for the status).
    steady: f64,
    /// Calls of a failed attempt.
    for_failed: f64,
}

/// Shares the calls of shared addresses out between registrations and background.
///
/// The background is told from the buckets in which no registration was under way; where there are too few, from a
/// fit over all buckets. What is left in an address's window after background and failed attempts is its registrations'.
fn apportion(
    sessions: &[Session],
    by_address: &ByAddress,
    shared: &BTreeMap<AddressId, Vec<(i32, u32)>>,
    (addresses, window): (&Addresses, Window),
    for_failed: f64,
    figures: &mut StatusFigures,
) {
    let mut all = Vec::new();
    for (address, calls) in shared {
        let range = by_address.range(address.0 as usize);
        all.push((range, rows_of(sessions, range, calls, addresses.history(*address))));
    }
    let parts = parts_of(
        &all.iter().flat_map(|(_, rows)| rows.iter().map(|(_, row)| *row)).collect::<Vec<_>>(),
        for_failed,
    );
    for (range, rows) in all {
        // registrations that are not asked for called in the same span: all of them share what is left
        let here: Vec<&Session> = range.iter().map(|i| &sessions[*i as usize]).collect();
        let (first, last) = span_of(&here);
        let (mut total, mut other) = (0.0, 0.0);
        for (_, row) in rows.iter().filter(|(bucket, _)| (first..=last).contains(bucket)) {
            total += row.calls;
            let background: f64 = parts.for_background.iter().zip(row.background).map(|(p, n)| p * n).sum();
            other += background + parts.steady + parts.for_failed * row.failed;
        }
        let registering = (total - other).max(0.0);
        let everything: f64 = rows.iter().map(|(_, row)| row.calls).sum();
        figures.inferred += registering.round() as u64;
        figures.background += (everything - registering).round() as u64;
        let mut successes: BTreeMap<Group, u32> = BTreeMap::new();
        for session in here.iter().filter(|s| s.success() && window.holds(s.started_at)) {
            *successes.entry(session.group).or_default() += 1;
        }
        // one whose POST /register failed has called like any other: its part is in `registering` too
        let n = here.iter().filter(|s| created(s)).count() as f64;
        for (group, count) in successes {
            let figure = figures.groups.entry(group).or_default();
            figure.calls += registering * f64::from(count) / n;
            figure.evidence = Evidence::Inferred;
        }
    }
}

fn parts_of(rows: &[Row], for_failed: f64) -> Parts {
    let quiet: Vec<_> = rows.iter().filter(|r| !r.busy).copied().collect();
    // without registrations and failures in them, quiet rows fit the background alone
    let enough = quiet.len() >= QUIET_ROWS;
    let [a, b, c, d, steady, ..] = fit(if enough { &quiet } else { rows }, enough);
    Parts { for_background: [a, b, c, d], steady, for_failed }
}

// a steady rest is told by quiet rows only: in busy ones anything looks like it
fn fit(rows: &[Row], steady: bool) -> [f64; KINDS + 4] {
    let causes = |r: &Row| {
        let [a, b, c, d] = r.background;
        [a, b, c, d, f64::from(steady), r.failed, r.registering, r.registering_next]
    };
    let model: Vec<_> = rows.iter().map(|r| (causes(r), r.calls)).collect();
    least_squares::fit(&model)
}

fn span_of(sessions: &[&Session]) -> (i32, i32) {
    let first = sessions.iter().map(|s| s.started_at.secs()).min().unwrap_or_default() - LEAD_SECS;
    let last = sessions.iter().map(|s| s.ended_at.secs()).max().unwrap_or_default();
    (bucket_of(first), bucket_of(last) + 1)
}

fn bucket_of(secs: i64) -> i32 {
    secs.div_euclid(BUCKET_SECS) as i32
}

fn rows_of(
    sessions: &[Session],
    range: &[u32],
    calls: &[(i32, u32)],
    history: &[super::addresses::Activity],
) -> Vec<(i32, Row)> {
    let mut by_bucket: BTreeMap<i32, Row> = BTreeMap::new();
    for (bucket, n) in calls {
        by_bucket.entry(*bucket).or_default().calls += f64::from(*n);
    }
    for activity in history {
        let row = by_bucket.entry(activity.bucket).or_default();
        row.registering = f64::from(activity.registering);
        row.background = activity.background.map(f64::from);
        if let Some(before) = by_bucket.get_mut(&(activity.bucket - 1)) {
            before.registering_next = f64::from(activity.registering);
        }
    }
    let (Some((first, _)), Some((last, _))) = (by_bucket.first_key_value(), by_bucket.last_key_value())
    else {
        return Vec::new();
    };
    let (first, last) = (*first, *last);
    // a log of weeks has many buckets in which nothing happened: they are told by their number only up to here
    if i64::from(last) - i64::from(first) < 200_000 {
        for bucket in first..=last {
            by_bucket.entry(bucket).or_default();
        }
    }
    for session in range.iter().map(|i| &sessions[*i as usize]) {
        let (from, to) = span_of(&[session]);
        for (_, row) in by_bucket.range_mut(from..=to) {
            row.busy = true;
        }
        if !created(session)
            && let Some(row) = by_bucket.get_mut(&bucket_of(session.started_at.secs()))
        {
            row.failed += 1.0;
        }
    }
    by_bucket.into_iter().collect()
}
