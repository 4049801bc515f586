//! Numbers, UUIDs and times as bytes, without an allocation: most of a storm's time goes into these.

use crate::timestamp::UtcOffset;
use jiff::civil::{Date, date};

/// Appends a number in decimal digits.
pub fn push_number(out: &mut Vec<u8>, mut n: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends tenths as `880.4`.
pub fn push_tenths(out: &mut Vec<u8>, tenths: u64) {
    push_number(out, tenths / 10);
    out.extend_from_slice(&[b'.', b'0' + (tenths % 10) as u8]);
}

/// Appends the lowest `width` digits of a number, with leading zeros.
pub fn push_padded(out: &mut Vec<u8>, mut n: u64, width: usize) {
    let end = out.len() + width;
    out.resize(end, b'0');
    for slot in out[end - width..].iter_mut().rev() {
        *slot = b'0' + (n % 10) as u8;
        n /= 10;
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends the lowest `digits` hexadecimal digits.
pub fn push_hex(out: &mut Vec<u8>, value: u64, digits: u32) {
    for i in (0..digits).rev() {
        out.push(HEX[(value >> (4 * i) & 15) as usize]);
    }
}

/// Appends `8d1c2f60-1f5e-4a3b-9a57-0c3b8f1f2d11`.
pub fn push_uuid(out: &mut Vec<u8>, uuid: u128) {
    let mut text = [b'-'; 36];
    let mut at = 0;
    for i in (0..32).rev() {
        if matches!(at, 8 | 13 | 18 | 23) {
            at += 1;
        }
        text[at] = HEX[(uuid >> (4 * i) & 15) as usize];
        at += 1;
    }
    out.extend_from_slice(&text);
}

/// A wall clock that shows one second after the other, each formatted once.
#[derive(Debug)]
pub struct Clock {
    before: UtcOffset,
    after: UtcOffset,
    changes_at: i64,
    second: i64,
    /// `2026-04-04T12:00:01`.
    stamp: Vec<u8>,
    /// `2026-04-04 12:00:01 +0200`, as Started lines have it.
    long: Vec<u8>,
    /// `Apr 04 12:00:01`, as the journal has it.
    journal: Vec<u8>,
    /// `+02:00`, or `Z`.
    offset: Vec<u8>,
}

impl Clock {
    /// Local time is by `before`, from `changes_at` (microseconds, UTC) on by `after`.
    pub fn new(before: UtcOffset, after: UtcOffset, changes_at: i64) -> Self {
        Self {
            before,
            after,
            changes_at,
            second: i64::MIN,
            stamp: Vec::new(),
            long: Vec::new(),
            journal: Vec::new(),
            offset: Vec::new(),
        }
    }

    /// The offset in force at a time (microseconds, UTC).
    pub const fn offset_at(&self, at: i64) -> UtcOffset {
        if at < self.changes_at { self.before } else { self.after }
    }

    /// Local date of a time (microseconds, UTC).
    pub fn date_at(&self, at: i64) -> Date {
        local(at.div_euclid(1_000_000) + i64::from(self.offset_at(at).0)).0
    }

    fn show(&mut self, at: i64) {
        let second = at.div_euclid(1_000_000);
        if second == self.second {
            return;
        }
        self.second = second;
        let offset = self.offset_at(at).0;
        let (day, second_of_day) = local(second + i64::from(offset));
        let (h, m, s) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
        let (sign, minutes) = if offset < 0 { ('-', -offset / 60) } else { ('+', offset / 60) };
        let time = format!("{h:02}:{m:02}:{s:02}");
        self.stamp = format!("{day}T{time}").into_bytes();
        self.long = format!("{day} {time} {sign}{:02}{:02}", minutes / 60, minutes % 60).into_bytes();
        self.journal = format!("{} {time}", day.strftime("%b %d")).into_bytes();
        self.offset = if offset == 0 {
            b"Z".to_vec()
        } else {
            format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60).into_bytes()
        };
    }

    /// `2026-04-04T12:00:01`.
    pub fn stamp(&mut self, at: i64) -> &[u8] {
        self.show(at);
        &self.stamp
    }

    /// `2026-04-04 12:00:01 +0200`.
    pub fn long(&mut self, at: i64) -> &[u8] {
        self.show(at);
        &self.long
    }

    /// `Apr 04 12:00:01`.
    pub fn journal(&mut self, at: i64) -> &[u8] {
        self.show(at);
        &self.journal
    }

    /// `+02:00`, or `Z`.
    pub fn offset(&mut self, at: i64) -> &[u8] {
        self.show(at);
        &self.offset
    }
}

/// Date and second of the day of a local time in seconds since 1970.
fn local(seconds: i64) -> (Date, i64) {
    let days = jiff::Span::new().try_days(seconds.div_euclid(86_400));
    let day = days.and_then(|days| date(1970, 1, 1).checked_add(days)).unwrap_or(Date::MAX);
    (day, seconds.rem_euclid(86_400))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_written_as_the_standard_library_writes_them() {
        for n in [0, 7, 10, 12_345, u64::MAX] {
            assert_eq!(text(|out| push_number(out, n)), n.to_string());
        }
        assert_eq!(text(|out| push_tenths(out, 8804)), "880.4");
        assert_eq!(text(|out| push_padded(out, 42, 6)), "000042");
        assert_eq!(text(|out| push_hex(out, 0x00ab_12ff, 8)), "00ab12ff");
    }

    #[test]
    fn a_uuid_is_written_as_it_is_read() {
        let uuid =
            crate::registration::session::Uuid::parse(b"8d1c2f60-1f5e-4a3b-9a57-0c3b8f1f2d11").unwrap();
        assert_eq!(text(|out| push_uuid(out, uuid.0)), uuid.to_string());
    }

    #[test]
    fn the_clock_shows_local_time_and_changes_its_offset() {
        let noon = 1_775_296_800_000_000; // 2026-04-04T10:00:00Z
        let mut clock = Clock::new(UtcOffset(7200), UtcOffset(-12_600), noon + 1_000_000);
        assert_eq!(clock.stamp(noon), b"2026-04-04T12:00:00");
        assert_eq!(clock.long(noon), b"2026-04-04 12:00:00 +0200");
        assert_eq!(clock.long(noon + 1_000_000), b"2026-04-04 06:30:01 -0330");
        assert_eq!(clock.journal(noon), b"Apr 04 12:00:00");
        assert_eq!(clock.offset(noon + 1_000_000), b"-03:30");
    }
}
