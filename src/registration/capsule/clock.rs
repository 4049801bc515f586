//! Times of a capsule's lines into UTC: by the user's word, else by that of the sosreport that they lie in, else by the
//! Satellite's offset, and by the whole quarter hours that the joined requests show between the two.

use super::{CapsuleRequest, SatelliteTime};
use crate::log::proxy::CapsuleLog;
use crate::log::proxy::stamp::Stamp;

/// What tells a capsule's offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetFrom {
    /// `--utc-offset`.
    User,
    /// The sosreport that they lie in.
    Report,
    /// Requests that both sides answered: inferred.
    Pairs,
    /// Nothing: it is taken to be the Satellite's.
    Satellite,
    /// Nothing, and Satellites are in different zones: it is taken to be that of one of them.
    Unknown,
}

impl OffsetFrom {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Report => "report",
            Self::Pairs => "pairs",
            Self::Satellite => "satellite",
            Self::Unknown => "unknown",
        }
    }
}

/// A quarter of an hour: offsets from UTC are whole ones.
const QUARTER_US: i64 = 900_000_000;
/// Clocks of hosts that are in the same zone by their reports are nearer to each other.
const SKEW_US: i64 = 60_000_000;

/// Lines of a capsule and the Satellite's first line with a new offset do not fall into the same second.
const EDGE: i64 = 60;

/// A clock on the wall, its offset changing at known times.
#[derive(Clone, Debug)]
pub struct LocalClock {
    // (seconds since 1970 from which it counts, seconds east of UTC)
    changes: Vec<(i64, i32)>,
    last: i64,
}

impl LocalClock {
    /// A clock of these offsets: microseconds since 1970 from which each counts, seconds east of UTC.
    pub fn new(offsets: &[(i64, i32)]) -> Self {
        let mut changes: Vec<(i64, i32)> = Vec::new();
        for (from_us, offset) in offsets {
            if changes.last().is_none_or(|(_, last)| last != offset) {
                changes.push((from_us.div_euclid(1_000_000), *offset));
            }
        }
        match changes.first_mut() {
            Some(first) => first.0 = i64::MIN / 4,
            None => changes.push((i64::MIN / 4, 0)),
        }
        Self { changes, last: i64::MIN / 4 }
    }

    /// UTC of a local time, both in seconds; calls come in the order of the log, which decides an hour that comes twice.
    pub fn utc(&mut self, local: i64) -> i64 {
        let ends = self.changes.iter().skip(1).map(|(from, _)| *from).chain([i64::MAX / 4]);
        let possible = self.changes.iter().zip(ends).filter_map(|((from, offset), end)| {
            let utc = local - i64::from(*offset);
            (from - EDGE <= utc && utc < end + EDGE).then_some(utc)
        });
        let mut possible: Vec<i64> = possible.collect();
        possible.sort_unstable();
        let behind = possible.iter().find(|utc| **utc >= self.last - EDGE / 2);
        let latest = self.changes.last().map_or(0, |(_, offset)| *offset);
        let utc = behind.or(possible.last()).copied().unwrap_or(local - i64::from(latest));
        self.last = self.last.max(utc);
        utc
    }

    fn offset(&self) -> i32 {
        self.changes.last().map_or(0, |(_, offset)| *offset)
    }
}

/// A capsule's requests in UTC, as far as its lines and the Satellite's offset tell.
pub struct Read {
    /// Requests.
    pub requests: Vec<CapsuleRequest>,
    /// Cache hits without an id.
    pub loose_hits: Vec<i64>,
    /// What its lines are written in; none where they are in UTC.
    pub offset: Option<(i32, OffsetFrom)>,
    /// Its lines have whole seconds.
    pub whole_seconds: bool,
}

/// Reads a capsule's times by the user's offset, `own` (seconds east of UTC, as its report tells) or the Satellite's.
pub fn read(log: &CapsuleLog, own: Option<i32>, time: &SatelliteTime) -> Read {
    // the Satellite's log knows when the offset changed, a report only the last one
    let alike = own.is_some() && own == time.offsets.last().map(|(_, offset)| *offset);
    let (mut clock, from) = match (time.user_offset, own) {
        (Some(offset), _) => (LocalClock::new(&[(0, offset)]), OffsetFrom::User),
        (None, Some(offset)) if !alike => (LocalClock::new(&[(0, offset)]), OffsetFrom::Report),
        (None, Some(_)) => (LocalClock::new(&time.offsets), OffsetFrom::Report),
        (None, None) if time.zones_differ => (LocalClock::new(&time.offsets), OffsetFrom::Unknown),
        (None, None) => (LocalClock::new(&time.offsets), OffsetFrom::Satellite),
    };
    // the year of lines without one: near the Satellite's log, else near today
    let near = match time.span {
        Some((first, last)) => (first / 2 + last / 2).div_euclid(1_000_000),
        None => jiff::Timestamp::now().as_second(),
    };
    let mut local = false;
    let mut whole_seconds = true;
    let mut utc = |stamp: Stamp, clock: &mut LocalClock| match stamp {
        Stamp::Utc(us) => {
            whole_seconds &= us % 1_000_000 == 0;
            us
        }
        other => {
            local = true;
            clock.utc(other.local_secs(near)).saturating_mul(1_000_000)
        }
    };
    let requests = log
        .requests
        .iter()
        .map(|line| CapsuleRequest { end_us: utc(line.at, &mut clock), line: *line })
        .collect();
    let mut again = LocalClock { last: i64::MIN / 4, ..clock.clone() };
    let loose_hits = log.loose_hits.iter().map(|stamp| utc(*stamp, &mut again)).collect();
    Read { requests, loose_hits, offset: local.then(|| (clock.offset(), from)), whole_seconds }
}

impl Read {
    /// Settles the offset by how far the capsule's lines are ahead of the Satellite's; gives what of that is skew.
    pub fn settle(&mut self, lag_us: Option<i64>) -> Option<i64> {
        let lag = lag_us?;
        let Some((offset, from)) = &mut self.offset else { return Some(lag) };
        if *from == OffsetFrom::User {
            return Some(lag);
        }
        let quarters = (lag as f64 / QUARTER_US as f64).round() as i64;
        let shift = quarters * QUARTER_US;
        // the report tells the offset: a clock that is some minutes off is skew, another zone is whole quarters
        if *from == OffsetFrom::Report && (shift == 0 || (lag - shift).abs() > SKEW_US) {
            return Some(lag);
        }
        *offset += i32::try_from(shift / 1_000_000).unwrap_or(0);
        *from = OffsetFrom::Pairs;
        self.requests.iter_mut().for_each(|r| r.end_us -= shift);
        self.loose_hits.iter_mut().for_each(|us| *us -= shift);
        Some(lag - shift)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_that_comes_twice_is_told_by_the_order_of_the_log() {
        // +02:00 until second 100,000, +01:00 from there on
        let mut clock = LocalClock::new(&[(0, 7200), (100_000_000_000, 3600)]);
        let times = [99_000, 99_990, 100_010, 101_000, 104_000];
        let local = |utc: i64| utc + if utc < 100_000 { 7200 } else { 3600 };
        let read: Vec<i64> = times.iter().map(|t| clock.utc(local(*t))).collect();
        assert_eq!(read, times);
    }

    #[test]
    fn an_hour_that_never_comes_is_skipped() {
        let mut clock = LocalClock::new(&[(0, 3600), (100_000_000_000, 7200)]);
        for utc in [90_000, 99_999, 100_000, 100_001, 110_000] {
            let local = utc + if utc < 100_000 { 3600 } else { 7200 };
            assert_eq!(clock.utc(local), utc);
        }
    }

    #[test]
    fn whole_quarters_are_the_offset_and_the_rest_is_skew() {
        let mut read = Read {
            requests: Vec::new(),
            loose_hits: vec![0],
            offset: Some((7200, OffsetFrom::Satellite)),
            whole_seconds: true,
        };
        assert_eq!(read.settle(Some(-19_798_000_000)), Some(2_000_000));
        assert_eq!((read.offset, read.loose_hits[0]), (Some((-12_600, OffsetFrom::Pairs)), 19_800_000_000));
        assert_eq!(read.settle(None), None);
    }

    #[test]
    fn of_satellites_in_different_zones_no_offset_is_known_to_be_a_capsules() {
        type Offsets<'a> = &'a [(i64, i32)];
        let time =
            |offsets: Offsets<'_>| SatelliteTime { offsets: offsets.to_vec(), ..SatelliteTime::default() };
        let winter_and_summer = [(0, 3600), (1_000_000, 7200)];
        let cases: [(Offsets<'_>, Offsets<'_>, OffsetFrom); 6] = [
            (&winter_and_summer, &winter_and_summer[1..], OffsetFrom::Satellite),
            (&winter_and_summer[1..], &winter_and_summer, OffsetFrom::Satellite),
            (&[(0, 7200)], &[], OffsetFrom::Satellite),
            (&[], &[(0, 7200)], OffsetFrom::Satellite),
            (&[(0, 7200)], &[(0, -19_800)], OffsetFrom::Unknown),
            (&winter_and_summer, &[(0, 3600), (1_000_000, 0)], OffsetFrom::Unknown),
        ];
        for (first, second, from) in cases {
            let mut both = time(first);
            both.add(time(second));
            // a third one of either zone tells nothing more
            both.add(time(second));
            let log = CapsuleLog { loose_hits: vec![Stamp::Local(36_000)], ..CapsuleLog::default() };
            let mut read = read(&log, None, &both);
            assert_eq!(read.offset.map(|(_, from)| from), Some(from), "{first:?} {second:?}");
            assert_eq!(read.settle(Some(900_000_000)), Some(0));
            assert_eq!(read.offset.map(|(_, from)| from), Some(OffsetFrom::Pairs));
        }
    }

    #[test]
    fn a_reports_offset_stands_unless_requests_say_otherwise() {
        let time =
            SatelliteTime { offsets: vec![(0, 7200), (1_000_000_000, 3600)], ..SatelliteTime::default() };
        let offset = |own, user_offset| {
            let stamp = Stamp::Local(36_000);
            let log = CapsuleLog { loose_hits: vec![stamp], ..CapsuleLog::default() };
            let read = read(&log, own, &SatelliteTime { user_offset, ..time.clone() });
            (read.offset, read.loose_hits[0])
        };
        assert_eq!(offset(Some(-25_200), None), (Some((-25_200, OffsetFrom::Report)), 61_200_000_000));
        assert_eq!(offset(Some(-25_200), Some(0)), (Some((0, OffsetFrom::User)), 36_000_000_000));
        // the Satellite's own: with its changes
        assert_eq!(offset(Some(3600), None).0, Some((3600, OffsetFrom::Report)));
        let mut read = Read {
            requests: Vec::new(),
            loose_hits: vec![0],
            offset: Some((-25_200, OffsetFrom::Report)),
            whole_seconds: true,
        };
        assert_eq!(read.settle(Some(3_000_000)), Some(3_000_000));
        assert_eq!(read.offset, Some((-25_200, OffsetFrom::Report)));
        // a clock that is eight minutes off is none of another zone
        assert_eq!(read.settle(Some(480_000_000)), Some(480_000_000));
        assert_eq!(read.offset, Some((-25_200, OffsetFrom::Report)));
        assert_eq!(read.settle(Some(3_603_000_000)), Some(3_000_000));
        assert_eq!(read.offset, Some((-21_600, OffsetFrom::Pairs)));
    }
}
