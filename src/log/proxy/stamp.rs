//! Times of a capsule's lines, as far as they tell: UTC, local time without an offset, local time without a year.

use crate::log::clock::{DateCache, days_from_civil, offset_secs};

/// When a line was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stamp {
    /// Microseconds since 1970, UTC.
    Utc(i64),
    /// Local seconds since 1970: `2026-04-04T12:00:01`.
    Local(i64),
    /// Local seconds since the start of a leap year that is not named: `Apr 04 12:00:01`.
    Yearless(i32),
}

impl Stamp {
    /// Local seconds since 1970; `near`, such seconds too, tells the year where the line does not.
    pub fn local_secs(self, near: i64) -> i64 {
        match self {
            Self::Utc(us) => us.div_euclid(1_000_000),
            Self::Local(secs) => secs,
            Self::Yearless(secs) => {
                let (days, rest) = (i64::from(secs) / 86_400, i64::from(secs) % 86_400);
                let (month, day) = month_and_day(days);
                let year = 1970 + near.div_euclid(31_556_952);
                let in_year = |year| days_from_civil(year, month, day) * 86_400 + rest;
                let years = [year - 1, year, year + 1].map(in_year);
                years.into_iter().min_by_key(|secs| secs.abs_diff(near)).unwrap_or_default()
            }
        }
    }
}

const DAYS: [i64; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

fn month_and_day(mut days: i64) -> (i64, i64) {
    for (month, length) in DAYS.iter().enumerate() {
        if days < *length {
            return (month as i64 + 1, days + 1);
        }
        days -= length;
    }
    (12, 31)
}

/// Reads times of one log; dates repeat, so the last one is remembered.
#[derive(Debug, Default)]
pub struct Stamps {
    dates: DateCache,
}

impl Stamps {
    /// `2026-04-04T17:59:38` at the start of a line.
    pub fn local(&mut self, text: &[u8]) -> Option<Stamp> {
        self.dates.local_secs(text).map(Stamp::Local)
    }

    /// The journal's time at the start of a line, and where it ends.
    ///
    /// `Apr 04 12:00:01 host`, ` 3月 13 10:18:35 host`, `Apr 04 12:00:01.123456 host`,
    /// `2026-04-04T12:00:01+0200 host`, `2026-04-04T12:00:01.123456+02:00 host`, `1775304001.123456 host`,
    /// `Sat 2026-04-04 12:00:01 CEST host`
    pub fn journal(&mut self, line: &[u8]) -> Option<(Stamp, usize)> {
        match (line.first()?, line.get(10)?) {
            (b'0'..=b'9', b'T') => return self.iso(line),
            (b'0'..=b'9', b'.') => return unix(line),
            (b'A'..=b'Z', _) if line.get(8) == Some(&b'-') => return self.full(line),
            _ => {}
        }
        let (month, after_month) = month_at(line)?;
        let day_at = after_month + line[after_month..].iter().take_while(|b| **b == b' ').count();
        let (day, digits) = number(line.get(day_at..day_at + 2)?)?;
        let time_at = day_at + digits + 1;
        if !(1..=31).contains(&day) || line.get(time_at - 1) != Some(&b' ') {
            return None;
        }
        // any date before the time of day: only that is read
        let time = line.get(time_at..time_at + 8)?;
        let mut whole = *b"1970-01-01T00:00:00";
        whole[11..].copy_from_slice(time);
        let secs = self.dates.local_secs(&whole)?;
        let end = time_at + 8 + fraction(&line[time_at + 8..]).1;
        if line.get(end) != Some(&b' ') {
            return None;
        }
        let days: i64 = DAYS[..month - 1].iter().sum::<i64>() + day - 1;
        Some((Stamp::Yearless(i32::try_from(days * 86_400 + secs).ok()?), end + 1))
    }

    fn iso(&mut self, line: &[u8]) -> Option<(Stamp, usize)> {
        let local = self.dates.local_secs(line)?;
        let (us, length) = fraction(&line[19..]);
        let zone = word(&line[19 + length..])?;
        let utc = local - i64::from(zone_secs(zone)?);
        Some((Stamp::Utc(utc * 1_000_000 + us), 19 + length + zone.len() + 1))
    }

    // `Sat 2026-04-04 12:00:01 CEST host`
    fn full(&mut self, line: &[u8]) -> Option<(Stamp, usize)> {
        let local = self.dates.local_secs(line.get(4..)?)?;
        let zone = word(line.get(23..)?.strip_prefix(b" ")?)?;
        let utc = |offset: i32| Stamp::Utc((local - i64::from(offset)) * 1_000_000);
        Some((zone_secs(zone).map_or(Stamp::Local(local), utc), 24 + zone.len() + 1))
    }
}

// `1775304001.123456 host`
fn unix(line: &[u8]) -> Option<(Stamp, usize)> {
    let (secs, rest) = line.split_at_checked(10)?;
    let secs: i64 = std::str::from_utf8(secs).ok()?.parse().ok()?;
    let (us, length) = fraction(rest);
    (rest.get(length) == Some(&b' ')).then_some((Stamp::Utc(secs * 1_000_000 + us), 10 + length + 1))
}

// a zone, up to the blank behind it
fn word(text: &[u8]) -> Option<&[u8]> {
    text.iter().take(7).position(|b| *b == b' ').map(|end| &text[..end])
}

// `+0200`, `+02:00`, `-03`, `UTC`; none of letters, which can mean several offsets
fn zone_secs(zone: &[u8]) -> Option<i32> {
    match zone {
        [sign @ (b'+' | b'-'), h1, h2] => offset_secs(&[*sign, *h1, *h2, b'0', b'0']),
        [sign, h1, h2, b':', m1, m2] => offset_secs(&[*sign, *h1, *h2, *m1, *m2]),
        zone => offset_secs(zone),
    }
}

// `.123456` as microseconds and its length
fn fraction(text: &[u8]) -> (i64, usize) {
    match text {
        [b'.', rest @ ..] => {
            let digits = rest.iter().take(6).take_while(|b| b.is_ascii_digit()).count();
            let value = rest[..digits].iter().fold(0, |us, b| us * 10 + i64::from(b - b'0'));
            (value * 10_i64.pow(6 - digits as u32), digits + 1)
        }
        _ => (0, 0),
    }
}

// `Apr`, ` 3月`: (month, where it ends)
fn month_at(line: &[u8]) -> Option<(usize, usize)> {
    const NAMES: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    if let Some(month) = NAMES.chunks(3).position(|name| line.starts_with(name)) {
        return Some((month + 1, 3));
    }
    let blanks = line.iter().take(2).take_while(|b| **b == b' ').count();
    let (month, digits) = number(line.get(blanks..blanks + 2)?)?;
    let end = blanks + digits;
    let moon = "月".as_bytes();
    (line.get(end..)?.starts_with(moon) && (1..=12).contains(&month))
        .then_some((month as usize, end + moon.len()))
}

// one or two digits at the start
fn number(text: &[u8]) -> Option<(i64, usize)> {
    let digits = text.iter().take(2).take_while(|b| b.is_ascii_digit()).count();
    (digits > 0).then(|| (text[..digits].iter().fold(0, |n, b| n * 10 + i64::from(b - b'0')), digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_775_304_000; // 2026-04-04T12:00:00

    #[test]
    fn the_journals_forms_of_a_time_are_read() {
        for line in [
            "Apr 04 12:00:01 host ",
            "Apr  4 12:00:01 host ",
            " 4月 04 12:00:01 host ",
            "Apr 04 12:00:01.250000 host ",
            "Sat 2026-04-04 12:00:01 CEST host ",
        ] {
            let (stamp, end) = Stamps::default().journal(line.as_bytes()).unwrap();
            assert_eq!((stamp.local_secs(NOON), &line[end..]), (NOON + 1, "host "), "{line}");
        }
        for line in [
            "2026-04-04T12:00:01+0200 host ",
            "2026-04-04T12:00:01.5+02:00 host ",
            "1775296801.123456 host ",
            "Sat 2026-04-04 10:00:01 UTC host ",
            "Sat 2026-04-04 07:00:01 -03 host ",
        ] {
            let (stamp, end) = Stamps::default().journal(line.as_bytes()).unwrap();
            let Stamp::Utc(us) = stamp else { panic!("{line}: {stamp:?}") };
            assert_eq!((us / 1_000_000, &line[end..]), (NOON + 1 - 7200, "host "), "{line}");
        }
    }

    #[test]
    fn what_is_no_time_of_the_journal_is_none() {
        for line in [
            "",
            "Apr",
            "Foo 04 12:00:01 h",
            "Apr 32 12:00:01 h",
            "Apr 04 12:00 h",
            "Apr 04 12:00:01",
            " 3月",
            "[    8.123456] h",
            "1775296801.123456",
            "177529680x.123456 h",
            "Sat 2026-04-04 12:00:01",
            "Sat 2026-04-04 12:00:01 CEST",
        ] {
            assert_eq!(Stamps::default().journal(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn the_year_is_the_one_that_is_nearest() {
        let mut stamps = Stamps::default();
        let new_year = 1_767_225_600; // 2026-01-01T00:00:00
        let (eve, _) = stamps.journal(b"Dec 31 23:59:59 h").unwrap();
        let (day, _) = stamps.journal(b"Jan 01 00:00:00 h").unwrap();
        for near in [new_year - 40, new_year + 40] {
            assert_eq!((eve.local_secs(near), day.local_secs(near)), (new_year - 1, new_year));
        }
        let (leap, _) = stamps.journal(b"Feb 29 00:00:00 h").unwrap();
        assert_eq!(leap.local_secs(1_709_200_000), 1_709_164_800); // 2024-02-29
    }
}
