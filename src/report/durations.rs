//! Figures for people: milliseconds below 10 s, then seconds; counts with thousands apart.

/// `1234567` as `1,234,567`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `1 run`, `1,200 runs`.
pub fn counted(n: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(n), if n == 1 { "" } else { "s" })
}

/// A duration in milliseconds as `2,345 ms`, from 10 s on as `12.3 s`, from 1,000 s on as `1,234 s`.
pub fn millis(ms: f64) -> String {
    if !ms.is_finite() {
        return "-".to_owned();
    }
    if ms.abs() < 9.95 && ms.fract() != 0.0 {
        return format!("{ms:.1} ms");
    }
    if ms.round() < 10_000.0 {
        return format!("{} ms", count(ms.max(0.0).round() as u64));
    }
    let seconds = ms / 1000.0;
    if seconds < 999.95 { format!("{seconds:.1} s") } else { format!("{} s", count(seconds.round() as u64)) }
}

/// Calls a registration: two digits behind the point, fewer where they are zero; below 0.01 two that are not.
pub fn calls(value: f64) -> String {
    let text = digits(value, digits_of(value));
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A rate or a number under way: tenths, and below 1 as calls are.
pub fn tenths(value: f64) -> String {
    calls(if value.abs() < 1.0 { value } else { (value * 10.0).round() / 10.0 })
}

/// Digits behind the point that calls are told with: two, below 0.01 so many that two are not zero.
pub fn digits_of(value: f64) -> usize {
    const MOST: f64 = 9.0;
    match value.abs() {
        small if small > 0.0 && small < 0.01 => (1.0 - small.log10().floor()).min(MOST) as usize,
        _ => 2,
    }
}

/// So many digits behind the point, thousands apart.
pub fn digits(value: f64, behind: usize) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let text = format!("{value:.behind$}");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), count);
    if part.is_empty() { whole } else { format!("{whole}.{part}") }
}

/// A span of time as `5 min 9 s`.
pub fn span(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{} h {m} min", count(h.unsigned_abs())),
    }
}

/// How wide a step of time is: `30 s`, `5 min`, `6 h`.
pub fn step(seconds: i64) -> String {
    match seconds {
        3600.. if seconds % 3600 == 0 => format!("{} h", seconds / 3600),
        60.. if seconds % 60 == 0 => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}

/// Bytes as `1.0 GB`.
pub fn bytes(value: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if value < 1000 {
        return format!("{value} bytes");
    }
    let (mut scaled, mut unit) = (value as f64 / 1000.0, 0);
    while scaled >= 999.95 && unit + 1 < UNITS.len() {
        scaled /= 1000.0;
        unit += 1;
    }
    format!("{scaled:.1} {}", UNITS[unit])
}

/// A share of 1 as `97.2 %`.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A share as `97.2 %`; what is not all never shows as all, what is something never as nothing.
pub fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let percent = part as f64 * 100.0 / whole as f64;
    match percent {
        p if p > 99.9 && part < whole => "> 99.9 %".to_owned(),
        p if p < 0.1 && part > 0 => "< 0.1 %".to_owned(),
        p if part == whole || part == 0 => format!("{p:.0} %"),
        p => format!("{p:.1} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_told_in_the_singular() {
        assert_eq!([0, 1, 1200].map(|n| counted(n, "run")), ["0 runs", "1 run", "1,200 runs"]);
    }

    #[test]
    fn durations_change_their_unit_at_ten_seconds() {
        for (ms, text) in [
            (0.0, "0 ms"),
            (3.44, "3.4 ms"),
            (9.96, "10 ms"),
            (450.2, "450 ms"),
            (2345.0, "2,345 ms"),
            (9999.4, "9,999 ms"),
            (9999.5, "10.0 s"),
            (12_345.0, "12.3 s"),
            (999_960.0, "1,000 s"),
            (f64::NAN, "-"),
        ] {
            assert_eq!(millis(ms), text);
        }
    }

    #[test]
    fn counts_and_shares_are_short_and_true() {
        assert_eq!((count(0), count(999), count(1_234_567)), ("0".into(), "999".into(), "1,234,567".into()));
        assert_eq!(
            (calls(11.0), calls(1.5), calls(1234.567)),
            ("11".into(), "1.5".into(), "1,234.57".into())
        );
        assert_eq!(
            [0.0, 0.000_63, -0.0063, 0.063, 0.25].map(calls),
            ["0", "0.00063", "-0.0063", "0.06", "0.25"]
        );
        assert_eq!([0.0063, 0.25, 1.25, 12.34].map(tenths), ["0.0063", "0.25", "1.3", "12.3"]);
        assert_eq!(
            [1, 90, 600, 3600, 5400, 21_600].map(step),
            ["1 s", "90 s", "10 min", "1 h", "90 min", "6 h"]
        );
        assert_eq!((share(1, 100_000), share(99_999, 100_000)), ("< 0.1 %".into(), "> 99.9 %".into()));
        assert_eq!((share(1, 3), share(3, 3), share(0, 0)), ("33.3 %".into(), "100 %".into(), "-".into()));
        assert_eq!((bytes(999), bytes(1_030_000_000)), ("999 bytes".into(), "1.0 GB".into()));
        assert_eq!(
            (span(309_000), span(7_261_000), span(-1)),
            ("5 min 9 s".into(), "2 h 1 min".into(), "0 s".into())
        );
    }
}
