//! HAProxy's times: `30s`, `5m`, `10000` (milliseconds).

/// Microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub u64);

impl Duration {
    /// Whole seconds.
    pub const fn of_seconds(seconds: u64) -> Self {
        Self(seconds * 1_000_000)
    }
}

impl std::fmt::Display for Duration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            us if us % 60_000_000 == 0 && us >= 120_000_000 => write!(f, "{} min", us / 60_000_000),
            us if us % 1_000_000 == 0 => write!(f, "{} s", us / 1_000_000),
            us if us % 1_000 == 0 => write!(f, "{} ms", us / 1_000),
            us => write!(f, "{us} us"),
        }
    }
}

/// A time as HAProxy takes it; none where it is none.
pub fn duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let factor = match unit {
        "us" => 1,
        "" | "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor).map(Duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units_and_milliseconds_without() {
        assert_eq!(duration("5m"), Some(Duration::of_seconds(300)));
        assert_eq!(duration("10000"), duration("10s"));
        assert_eq!((duration("5x"), duration(""), duration("99999999999999d")), (None, None, None));
        assert_eq!(duration("5m").map(|d| d.to_string()), Some("5 min".to_owned()));
        assert_eq!(duration("1m").map(|d| d.to_string()), Some("60 s".to_owned()));
    }
}
