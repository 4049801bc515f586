//! Dates and times of YAML 1.1 in, Python's `isoformat` of them out: `2001-12-14t21:59:43.10-05:00`.

use jiff::civil::{Date, Time};

/// Whether a plain scalar has the form of a date or a time.
pub fn is_timestamp(text: &str) -> bool {
    parts(text).is_some()
}

struct Parts<'a> {
    date: [&'a str; 3],
    time: Option<Clock<'a>>,
}

struct Clock<'a> {
    hour: &'a str,
    minute: &'a str,
    second: &'a str,
    fraction: &'a str,
    zone: Option<&'a str>,
}

fn parts(text: &str) -> Option<Parts<'_>> {
    let (year, rest) = digits(text, 4, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 1, 2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 1, 2)?;
    let date = [year, month, day];
    if rest.is_empty() {
        // a date alone has all its digits
        return (month.len() == 2 && day.len() == 2).then_some(Parts { date, time: None });
    }
    let blank = rest.trim_start_matches([' ', '\t']);
    let rest = rest.strip_prefix(['T', 't']).or_else(|| (blank.len() < rest.len()).then_some(blank))?;
    let (hour, rest) = digits(rest, 1, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 2, 2)?;
    let (second, rest) = digits(rest.strip_prefix(':')?, 2, 2)?;
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count()),
        None => ("", rest),
    };
    let zone = rest.trim_start_matches([' ', '\t']);
    if !(zone.is_empty() && rest.is_empty() || zone == "Z" || is_offset(zone)) {
        return None;
    }
    let zone = Some(zone).filter(|z| !z.is_empty());
    Some(Parts { date, time: Some(Clock { hour, minute, second, fraction, zone }) })
}

/// `-5`, `+05:30`.
fn is_offset(zone: &str) -> bool {
    let Some(rest) = zone.strip_prefix(['-', '+']) else { return false };
    let Some((_, rest)) = digits(rest, 1, 2) else { return false };
    rest.is_empty() || rest.strip_prefix(':').and_then(|r| digits(r, 2, 2)).is_some_and(|(_, r)| r.is_empty())
}

fn digits(text: &str, least: usize, most: usize) -> Option<(&str, &str)> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    (count >= least).then(|| text.split_at(count))
}

/// The date or time as Python writes it; none where there is no such day or hour.
pub fn isoformat(text: &str) -> Option<String> {
    let Parts { date: [year, month, day], time } = parts(text)?;
    let date =
        Date::new(year.parse().ok().filter(|y| *y > 0)?, month.parse().ok()?, day.parse().ok()?).ok()?;
    let Some(clock) = time else { return Some(date.to_string()) };
    let second = clock.second.parse().ok().filter(|s| *s < 60)?;
    let time = Time::new(clock.hour.parse().ok()?, clock.minute.parse().ok()?, second, 0).ok()?;
    let micros: String = clock.fraction.chars().chain("000000".chars()).take(6).collect();
    let fraction = if micros == "000000" { String::new() } else { format!(".{micros}") };
    Some(format!("{date}T{}{fraction}{}", time.strftime("%H:%M:%S"), offset(clock.zone)?))
}

fn offset(zone: Option<&str>) -> Option<String> {
    let Some(zone) = zone else { return Some(String::new()) };
    if zone == "Z" {
        return Some("+00:00".to_owned());
    }
    let (hours, minutes) = zone.get(1..)?.split_once(':').unwrap_or((zone.get(1..)?, "0"));
    let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
    let sign = if zone.starts_with('-') && (hours, minutes) != (0, 0) { '-' } else { '+' };
    let minutes = u32::from(hours) * 60 + u32::from(minutes);
    (minutes < 24 * 60).then(|| format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_python_does() {
        for (text, is) in [
            ("2001-12-14", Some("2001-12-14")),
            ("2001-12-14t21:59:43.10-05:00", Some("2001-12-14T21:59:43.100000-05:00")),
            ("2001-1-4 1:59:43", Some("2001-01-04T01:59:43")),
            ("2001-12-14 21:59:43.5Z", Some("2001-12-14T21:59:43.500000+00:00")),
            ("2001-12-14 21:59:43 +5", Some("2001-12-14T21:59:43+05:00")),
            ("2001-02-30", None),
            ("2001-12-14 24:00:00", None),
        ] {
            assert!(is_timestamp(text), "{text}");
            assert_eq!(isoformat(text).as_deref(), is, "{text}");
        }
        for text in ["2001-1-4", "2001-12", "2001-12-14 ", "2001-12-14T1", "20011214"] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
