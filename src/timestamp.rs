//! A point in time as the logs give it: microseconds since 1970, UTC.

use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Microseconds since 1970-01-01T00:00:00Z. production.log has whole seconds, the journal has all six digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// What `Timestamp::parse` refused, and the forms that it takes.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' is no time: give seconds since 1970 (1775297400) or RFC 3339 (2026-04-04T12:10:00+02:00)")]
pub struct TimestampError(String);

impl Timestamp {
    /// The earliest time that can be held.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest time that can be held.
    pub const MAX: Self = Self(i64::MAX);

    /// From whole seconds since 1970 (UTC).
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Whole seconds since 1970 (UTC), rounded down.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Later by so many milliseconds.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1000)))
    }

    /// Milliseconds from `earlier` to this time; negative where `earlier` is later.
    pub const fn ms_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0) / 1000
    }

    /// Reads what a user gives: seconds since 1970 (with or without a fraction) or RFC 3339.
    ///
    /// # Errors
    /// Says what forms are taken where it is neither.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        let refused = || TimestampError(text.to_owned());
        if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !text.is_empty() {
            let secs: f64 = text.parse().map_err(|_| refused())?;
            // the year 9999: past it no calendar of ours can show the time
            if secs > 253_402_300_799.0 {
                return Err(refused());
            }
            return Ok(Self((secs * 1e6).round() as i64));
        }
        let parsed: jiff::Timestamp = text.parse().map_err(|_| refused())?;
        Ok(Self(parsed.as_microsecond()))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC; a fraction only where there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(t) => write!(f, "{t}"),
            Err(_) => write!(f, "{} us since 1970", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// An offset from UTC in seconds, shown as `+02:00`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcOffset(pub i32);

/// What `UtcOffset::parse` refused, and the forms that it takes.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' is no UTC offset: give it as +02:00, +0200, +02 or Z, from -14:00 to +14:00")]
pub struct UtcOffsetError(String);

/// No place on Earth is further from UTC.
const FURTHEST_MINUTES: i32 = 14 * 60;

impl UtcOffset {
    /// Reads `+02:00`, `+0200`, `+02`, `Z` or `UTC`.
    ///
    /// # Errors
    /// Says what forms are taken where it is none of them.
    pub fn parse(text: &str) -> Result<Self, UtcOffsetError> {
        if matches!(text, "Z" | "z" | "UTC" | "utc") {
            return Ok(Self(0));
        }
        signed_minutes(text.as_bytes())
            .filter(|minutes| minutes.abs() <= FURTHEST_MINUTES)
            .map(|minutes| Self(minutes * 60))
            .ok_or_else(|| UtcOffsetError(text.to_owned()))
    }

    /// This offset as a time zone, for output in local time.
    pub fn time_zone(self) -> TimeZone {
        Offset::from_seconds(self.0).map_or(TimeZone::UTC, TimeZone::fixed)
    }
}

// `+02:00`, `+0200`, `+02`
fn signed_minutes(text: &[u8]) -> Option<i32> {
    let (sign, [a, b], [c, d]) = match *text {
        [sign, a, b] => (sign, [a, b], [b'0', b'0']),
        [sign, a, b, c, d] | [sign, a, b, b':', c, d] => (sign, [a, b], [c, d]),
        _ => return None,
    };
    if ![a, b, c, d].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let two = |tens: u8, ones: u8| i32::from(tens - b'0') * 10 + i32::from(ones - b'0');
    let (hours, minutes) = (two(a, b), two(c, d));
    match sign {
        _ if minutes > 59 => None,
        b'+' => Some(hours * 60 + minutes),
        b'-' => Some(-(hours * 60 + minutes)),
        _ => None,
    }
}

impl fmt::Display for UtcOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, secs) = if self.0 < 0 { ('-', -self.0) } else { ('+', self.0) };
        write!(f, "{sign}{:02}:{:02}", secs / 3600, secs / 60 % 60)
    }
}

impl Serialize for UtcOffset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epoch_and_rfc_3339_give_the_same_time() {
        let a = Timestamp::parse("1775296800").unwrap();
        let b = Timestamp::parse("2026-04-04T12:00:00+02:00").unwrap();
        assert_eq!(a, b);
        assert_eq!(a.to_string(), "2026-04-04T10:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused_with_the_forms_that_are_taken() {
        for bad in ["", "yesterday", "1.2.3", "2026-04-04 12:00", "99999999999999"] {
            assert!(Timestamp::parse(bad).unwrap_err().to_string().contains("RFC 3339"), "{bad}");
        }
    }

    #[test]
    fn offsets_are_read_in_every_usual_form() {
        for (text, secs) in [
            ("+02:00", 7200),
            ("-0430", -16_200),
            ("+05", 18_000),
            ("-00:30", -1800),
            ("+1400", 50_400),
            ("-14:00", -50_400),
            ("Z", 0),
            ("UTC", 0),
        ] {
            assert_eq!(UtcOffset::parse(text).unwrap(), UtcOffset(secs), "{text}");
        }
        assert_eq!(UtcOffset(-16_200).to_string(), "-04:30");
    }

    #[test]
    fn what_is_no_offset_is_refused_with_its_value_and_the_forms_that_are_taken() {
        for bad in [
            "",
            "2",
            "+2",
            "02:00",
            "+99:00",
            "+02:75",
            "+14:01",
            "-1401",
            "CEST",
            "+-200",
            "+0:200",
            ":+0200",
            "+02:",
            "+020",
            "+02:0",
            "+02:00:00",
            "+:0200",
            "+ 200",
            "++200",
            "+٠٢",
            " +02",
            "+02 ",
        ] {
            let error = UtcOffset::parse(bad).unwrap_err().to_string();
            assert!(error.starts_with(&format!("'{bad}' is no UTC offset: give it as +02:00")), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn an_offset_that_is_read_is_shown_in_a_form_that_reads_the_same(text in "[+-]?[0-9:+-]{0,6}") {
            if let Ok(offset) = UtcOffset::parse(&text) {
                proptest::prop_assert!(offset.0.abs() <= FURTHEST_MINUTES * 60);
                proptest::prop_assert_eq!(UtcOffset::parse(&offset.to_string()), Ok(offset));
            }
        }
    }
}
