//! Plain text of YAML 1.1 in, the value that its form stands for out, by the rules of PyYAML's resolver.

use super::timestamp;
use crate::inventory::python::number;
use crate::inventory::value::Value;

/// What is wrong with a scalar, and what to write.
pub type Wrong = String;

/// A plain scalar's value: `yes`, `0x1F`, `1:30`, `2001-12-14`, `~`; other text stays text.
pub fn plain(text: &str) -> Result<Value, Wrong> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "<<" | "=" => {
            return Err(format!("a plain {text} has a meaning of its own in YAML; put quotes around it"));
        }
        _ => {}
    }
    if let Some(b) = boolean(text) {
        return Ok(Value::Bool(b));
    }
    if is_float(text) {
        return float(text).map(Value::Float);
    }
    if is_int(text) {
        return int(text);
    }
    if timestamp::is_timestamp(text) {
        return timestamp::isoformat(text)
            .map(Value::Text)
            .ok_or_else(|| format!("'{text}' looks like a date and is none; put quotes around it"));
    }
    Ok(Value::Text(text.to_owned()))
}

/// `yes`, `On`, `FALSE`.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// What `!!bool` makes of a text.
pub fn tagged_bool(text: &str) -> Result<Value, Wrong> {
    boolean(&text.to_ascii_lowercase())
        .map(Value::Bool)
        .ok_or_else(|| format!("'{text}' is no boolean; write true or false"))
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn all(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    text.bytes().all(allowed)
}

fn is_digit(b: u8) -> bool {
    b.is_ascii_digit() || b == b'_'
}

fn starts_with_digit(text: &str) -> bool {
    text.bytes().next().is_some_and(|b| b.is_ascii_digit())
}

/// `:59` after `:5`, none of them past 59.
fn is_sixties(parts: &[&str]) -> bool {
    !parts.is_empty()
        && parts.iter().all(|p| match p.as_bytes() {
            [d] => d.is_ascii_digit(),
            [tens, d] => (b'0'..=b'5').contains(tens) && d.is_ascii_digit(),
            _ => false,
        })
}

fn is_int(text: &str) -> bool {
    let rest = unsigned(text);
    if let Some(digits) = rest.strip_prefix("0b") {
        return !digits.is_empty() && all(digits, |b| matches!(b, b'0' | b'1' | b'_'));
    }
    if let Some(digits) = rest.strip_prefix("0x") {
        return !digits.is_empty() && all(digits, |b| b.is_ascii_hexdigit() || b == b'_');
    }
    if let Some(digits) = rest.strip_prefix('0') {
        return all(digits, |b| matches!(b, b'0'..=b'7' | b'_'));
    }
    let parts: Vec<&str> = rest.split(':').collect();
    match parts.split_first() {
        Some((first, sixties)) => {
            starts_with_digit(first) && all(first, is_digit) && (sixties.is_empty() || is_sixties(sixties))
        }
        None => false,
    }
}

/// What `!!int` makes of a text.
pub fn int(text: &str) -> Result<Value, Wrong> {
    let wrong = || format!("'{text}' is no whole number; put quotes around it");
    let plain = text.replace('_', "");
    let digits = unsigned(&plain);
    let is = |digits: &str, radix: u32| !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    let radix = |digits: &str, radix| {
        if is(digits, radix) { Ok(number::from_digits(digits, radix)) } else { Err(wrong()) }
    };
    let value = if digits == "0" {
        Value::Int(0)
    } else if let Some(digits) = digits.strip_prefix("0b") {
        radix(digits, 2)?
    } else if let Some(digits) = digits.strip_prefix("0x") {
        radix(digits, 16)?
    } else if let Some(digits) = digits.strip_prefix('0') {
        radix(digits, 8)?
    } else if digits.contains(':') {
        let mut parts = digits.split(':').map(|p| p.parse::<i64>().ok());
        let sum = parts.try_fold(0_i64, |sum, part| sum.checked_mul(60)?.checked_add(part?));
        Value::Int(sum.ok_or_else(wrong)?)
    } else {
        radix(digits, 10)?
    };
    Ok(if plain.starts_with('-') { number::negated(value) } else { value })
}

fn is_float(text: &str) -> bool {
    let rest = unsigned(text);
    if matches!(rest, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let Some((whole, part)) = rest.split_once('.') else { return false };
    if whole.contains(':') {
        let parts: Vec<&str> = whole.split(':').collect();
        return parts.split_first().is_some_and(|(first, sixties)| {
            starts_with_digit(first) && all(first, is_digit) && is_sixties(sixties) && all(part, is_digit)
        });
    }
    let (part, exponent) = match part.find(['e', 'E']) {
        Some(at) => (part.get(..at).unwrap_or(""), part.get(at + 1..)),
        None => (part, None),
    };
    // the sign of an exponent must be there, and .5 has none before it
    let exponent_is = exponent.is_none_or(|e| {
        e.strip_prefix(['-', '+']).is_some_and(|d| !d.is_empty() && all(d, |b| b.is_ascii_digit()))
    });
    let digits = if whole.is_empty() {
        text.starts_with('.') && starts_with_digit(part)
    } else {
        starts_with_digit(whole)
    };
    exponent_is && digits && all(whole, is_digit) && all(part, is_digit)
}

/// What `!!float` makes of a text.
pub fn float(text: &str) -> Result<f64, Wrong> {
    let wrong = || format!("'{text}' is no number; put quotes around it");
    let plain = text.replace('_', "").to_ascii_lowercase();
    let digits = unsigned(&plain);
    let value = match digits {
        ".inf" => f64::INFINITY,
        ".nan" => f64::NAN,
        // Rust takes words that Python does not, and the other way round
        digits
            if !digits
                .bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'-' | b'+' | b':')) =>
        {
            return Err(wrong());
        }
        digits => digits
            .split(':')
            .try_fold(0.0, |sum: f64, part| part.parse::<f64>().ok().map(|part| sum * 60.0 + part))
            .ok_or_else(wrong)?,
    };
    Ok(if plain.starts_with('-') { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        plain(text).map_or_else(|e| e, |v| serde_json::to_string(&v).unwrap())
    }

    #[test]
    fn forms_are_those_of_yaml_1_1() {
        for (text, is) in [
            ("yes", "true"),
            ("Off", "false"),
            ("y", "\"y\""),
            ("~", "null"),
            ("0777", "511"),
            ("0o17", "\"0o17\""),
            ("08", "\"08\""),
            ("1_000", "1000"),
            ("1:30", "90"),
            ("-0x1F", "-31"),
            ("0b11", "3"),
            ("1.", "1.0"),
            ("1e3", "\"1e3\""),
            ("1.0e+3", "1000.0"),
            ("1.0e3", "\"1.0e3\""),
            (".5", "0.5"),
            ("-.5", "\"-.5\""),
            ("1:30.5", "90.5"),
            (".inf", "\"Infinity\""),
            ("10.0.0.1", "\"10.0.0.1\""),
            ("1.2.3", "\"1.2.3\""),
            ("22:22", "1342"),
            ("99:99", "\"99:99\""),
            ("2001-12-14", "\"2001-12-14\""),
            ("-", "\"-\""),
            ("99999999999999999999", "99999999999999999999"),
            ("_1", "\"_1\""),
            ("1__0", "10"),
            ("+1", "1"),
            ("00:11:22:33:44:55", "\"00:11:22:33:44:55\""),
            ("52:54:00:11:22:33", "41135080953"),
        ] {
            assert_eq!(shown(text), is, "{text}");
        }
        assert!(plain("=").is_err() && plain("2001-99-99").is_err() && plain("0x_").is_err());
    }
}
