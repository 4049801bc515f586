//! Dates of log lines into seconds; the last date is remembered, since a log repeats it.

/// Seconds since 1970 of `2026-04-04` and a time of day, without regard to the offset.
#[derive(Debug, Default)]
pub struct DateCache {
    date: [u8; 10],
    midnight: i64,
    // most lines are of the second of the line before
    last: Option<([u8; 19], i64)>,
}

impl DateCache {
    /// Reads `2026-04-04?12:00:01` (19 bytes, any separator) as local seconds since 1970.
    pub fn local_secs(&mut self, text: &[u8]) -> Option<i64> {
        let text: &[u8; 19] = text.first_chunk()?;
        if let Some((last, secs)) = self.last
            && last == *text
        {
            return Some(secs);
        }
        let secs = self.secs_of(text)?;
        self.last = Some((*text, secs));
        Some(secs)
    }

    fn secs_of(&mut self, text: &[u8; 19]) -> Option<i64> {
        let (date, time) = text.split_at(10);
        if date != self.date {
            let midnight = midnight_of(date)?;
            self.date.copy_from_slice(date);
            self.midnight = midnight;
        }
        if time[3] != b':' || time[6] != b':' {
            return None;
        }
        let (h, m, s) = (two(time, 1)?, two(time, 4)?, two(time, 7)?);
        // 60: a leap second is written as such
        (h < 24 && m < 60 && s <= 60).then_some(self.midnight + h * 3600 + m * 60 + s)
    }
}

fn two(text: &[u8], at: usize) -> Option<i64> {
    let (a, b) = (text[at].wrapping_sub(b'0'), text[at + 1].wrapping_sub(b'0'));
    (a < 10 && b < 10).then_some(i64::from(a) * 10 + i64::from(b))
}

fn midnight_of(date: &[u8]) -> Option<i64> {
    if date[4] != b'-' || date[7] != b'-' {
        return None;
    }
    let year = two(date, 0)? * 100 + two(date, 2)?;
    let (month, day) = (two(date, 5)?, two(date, 8)?);
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then(|| days_from_civil(year, month, day) * 86_400)
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar (H. Hinnant's shift of the year to March).
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Reads `+0200` or `-0430` or `UTC` as seconds.
pub fn offset_secs(text: &[u8]) -> Option<i32> {
    if text == b"UTC" || text == b"Z" {
        return Some(0);
    }
    let sign = match text.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    if text.len() != 5 {
        return None;
    }
    let (h, m) = (two(text, 1)?, two(text, 3)?);
    (h <= 18 && m < 60).then(|| sign * (h * 3600 + m * 60) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_and_time_become_seconds() {
        let mut cache = DateCache::default();
        assert_eq!(cache.local_secs(b"1970-01-01T00:00:00"), Some(0));
        assert_eq!(cache.local_secs(b"2026-04-04T12:00:01"), Some(1_775_304_001));
        for _ in 0..2 {
            assert_eq!(cache.local_secs(b"2024-02-29 23:59:59 +"), Some(1_709_251_199));
        }
    }

    #[test]
    fn what_is_no_date_gives_none() {
        let mut cache = DateCache::default();
        for bad in [
            "2026-13-04T12:00:01",
            "2026-04-04T25:00:01",
            "2026/04/04T12:00:01",
            "2026-04-0",
            "xxxx-04-04T12:00:01",
        ] {
            assert_eq!(cache.local_secs(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn offsets_are_read() {
        assert_eq!(offset_secs(b"-0430"), Some(-16_200));
        assert_eq!(offset_secs(b"UTC"), Some(0));
        assert_eq!(offset_secs(b"0200"), None);
    }
}
