//! Status calls of addresses that several hosts share, shared out between registrations and background.

use super::{ByAddress, StatusFigures, created};
use crate::registration::addresses::{Activity, AddressId, Addresses, BUCKET_SECS, KINDS};
use crate::registration::finish::Window;
use crate::registration::least_squares;
use crate::registration::session::{Evidence, Group, Session};
use std::collections::BTreeMap;

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
pub(super) fn apportion(
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
        // one whose POST /register failed has called like any other: its part is in what is left too
        let made = |window: Window| here.iter().filter(|s| created(s) && window.holds(s.started_at)).count();
        let (n, asked) = (made(Window::ALL) as f64, made(window) as f64);
        let registering = if n > 0.0 { (total - other).max(0.0) } else { 0.0 };
        let everything: f64 = rows.iter().map(|(_, row)| row.calls).sum();
        figures.inferred += (registering * (asked / n.max(1.0))).round() as u64;
        figures.background += (everything - registering).round() as u64;
        let mut successes: BTreeMap<Group, u32> = BTreeMap::new();
        for session in here.iter().filter(|s| s.success() && window.holds(s.started_at)) {
            *successes.entry(session.group).or_default() += 1;
        }
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
    history: &[Activity],
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
