//! Offsets, gaps and sums of a few requests.

use super::phase::Phase;
use super::*;
use crate::registration::record::{How, Recorded};

fn recorded(offset_ms: i64, ms: u32, kind: Kind) -> Recorded {
    Recorded {
        at_us: 1_775_304_001_000_000 + offset_ms * 1000,
        turn: 0,
        ms,
        id: 1,
        status: 200,
        kind,
        how: How::exact(Outcome::Answered),
    }
}

// (placed, gap) of each
fn laid_out(whole_seconds: bool, requests: &[Recorded]) -> Vec<(i64, i64)> {
    let traced = Traced::sample(whole_seconds, requests);
    let all = Registrations::default();
    Trace::of(&traced, &all).steps.iter().map(|s| (s.placed_ms, s.gap_ms)).collect()
}

#[test]
fn requests_of_one_second_follow_each_other() {
    let requests = [
        recorded(0, 300, Kind::Script),
        recorded(0, 200, Kind::Status),
        recorded(1000, 2500, Kind::Create),
        recorded(3000, 50, Kind::Serials),
        recorded(9000, 10, Kind::Facts),
    ];
    assert_eq!(laid_out(true, &requests), [(0, 0), (300, 0), (1000, 500), (3500, 0), (9000, 5450)]);
}

#[test]
fn where_the_log_tells_milliseconds_what_overlaps_overlaps() {
    let requests =
        [recorded(0, 900, Kind::Create), recorded(400, 100, Kind::Status), recorded(950, 5, Kind::Facts)];
    assert_eq!(laid_out(false, &requests), [(0, 0), (400, 0), (950, 50)]);
    let seconds = [recorded(0, 9000, Kind::Create), recorded(2000, 100, Kind::Status)];
    assert_eq!(laid_out(true, &seconds), [(0, 0), (2000, 0)], "more than a second is no matter of rounding");
}

#[test]
fn phases_and_gaps_add_up_to_the_whole() {
    let requests = [
        recorded(0, 300, Kind::Script),
        recorded(1000, 2500, Kind::Create),
        recorded(3000, 450, Kind::Facts),
        recorded(7000, 120, Kind::Compliance),
        recorded(7000, 130, Kind::Compliance),
    ];
    let traced = Traced::sample(true, &requests);
    let all = Registrations::default();
    let trace = Trace::of(&traced, &all);
    let sums: Vec<PhaseSum> = Phase::ALL.into_iter().map(|p| trace.phase(p)).collect();
    let total: i64 = sums.iter().map(|s| s.request_ms + s.gap_ms).sum();
    assert_eq!((total, trace.span_ms()), (7250, 7250));
    let compliance = trace.phase(Phase::Compliance);
    assert_eq!((compliance.requests, compliance.request_ms, compliance.gap_ms), (2, 250, 3050));
}

#[test]
fn what_nobody_answered_has_the_time_behind_it_and_none_where_there_is_no_more() {
    let timed_out = Recorded { how: How::exact(Outcome::Unanswered), ..recorded(1000, 0, Kind::Create) };
    let all = Registrations::default();
    let traced = Traced::sample(
        true,
        &[recorded(0, 300, Kind::Script), timed_out, recorded(61_000, 20, Kind::Status)],
    );
    let create = Trace::of(&traced, &all).phase(Phase::ConsumerCreation);
    assert_eq!((create.requests, create.unanswered, create.gap_ms), (1, 1, 700 + 60_000), "{create:?}");
    assert_eq!(Trace::of(&traced, &all).phase(Phase::StatusAndCertificates).gap_ms, 0);
    let alone = Traced::sample(true, &[timed_out]);
    let create = Trace::of(&alone, &all).phase(Phase::ConsumerCreation);
    assert_eq!(create.time_ms(), None, "{create:?}");
}
