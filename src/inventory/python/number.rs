//! Numbers as Python writes and reads them: text in, whole numbers of any size, fractions and complex ones out.

use crate::inventory::value::Value;

/// Python refuses longer decimal literals.
const MAX_DIGITS: usize = 4300;

/// A number of a literal.
#[derive(Clone, Debug, PartialEq)]
pub enum Number {
    /// Whole.
    Int(Value),
    /// With a fraction.
    Float(f64),
    /// The imaginary part alone.
    Imaginary(f64),
}

/// What `int()` says of a text: signs, blanks around it, single underscores between digits.
pub fn python_int(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let plain = without_underscores(digits, |c| c.is_ascii_digit())?;
    let number: i64 = plain.parse().ok()?;
    Some(if negative { -number } else { number })
}

/// The number that a word is, whole: `0x1F`, `1_000`, `.5e3`, `2j`.
pub fn number(word: &str) -> Option<Number> {
    if let Some((radix, digits)) = prefixed(word) {
        let plain = without_underscores(digits.strip_prefix('_').unwrap_or(digits), |c| c.is_digit(radix))?;
        return Some(Number::Int(from_digits(&plain, radix)));
    }
    if let Some(real) = word.strip_suffix(['j', 'J']) {
        return float(real).map(Number::Imaginary);
    }
    if word.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
        let plain = without_underscores(word, |c| c.is_ascii_digit())?;
        // 0777 is no literal, 000 is
        if plain.len() > 1 && plain.starts_with('0') && plain.bytes().any(|b| b != b'0') {
            return None;
        }
        return (plain.len() <= MAX_DIGITS).then(|| Number::Int(from_digits(&plain, 10)));
    }
    float(word).map(Number::Float)
}

fn prefixed(word: &str) -> Option<(u32, &str)> {
    let rest = word.strip_prefix('0')?;
    let radix = match rest.chars().next()? {
        'x' | 'X' => 16,
        'o' | 'O' => 8,
        'b' | 'B' => 2,
        _ => return None,
    };
    rest.get(1..).map(|digits| (radix, digits))
}

/// `1_0.5e-3`: each run of digits by the rule of underscores.
fn float(word: &str) -> Option<f64> {
    let (mantissa, exponent) = match word.find(['e', 'E']) {
        Some(at) => (word.get(..at)?, Some(word.get(at + 1..)?)),
        None => (word, None),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && part.is_empty() {
        return None;
    }
    let digits = |run: &str| {
        if run.is_empty() { Some(String::new()) } else { without_underscores(run, |c| c.is_ascii_digit()) }
    };
    let mut plain = format!("{}.{}", digits(whole)?, digits(part)?);
    if let Some(exponent) = exponent {
        let (sign, run) = match exponent.strip_prefix('-') {
            Some(run) => ("-", run),
            None => ("", exponent.strip_prefix('+').unwrap_or(exponent)),
        };
        plain.push_str(&format!("e{sign}{}", without_underscores(run, |c| c.is_ascii_digit())?));
    }
    plain.trim_start_matches('.').is_empty().then_some(()).map_or_else(|| plain.parse().ok(), |()| None)
}

/// Digits with single underscores between them, at least one digit.
fn without_underscores(text: &str, is_digit: impl Fn(char) -> bool) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut last = '_';
    for c in text.chars() {
        if c == '_' && last == '_' || c != '_' && !is_digit(c) {
            return None;
        }
        if c != '_' {
            plain.push(c);
        }
        last = c;
    }
    (last != '_').then_some(plain)
}

/// A whole number of any size. Digits are of the radix.
pub fn from_digits(digits: &str, radix: u32) -> Value {
    if let Ok(number) = i64::from_str_radix(digits, radix) {
        return Value::Int(number);
    }
    if radix == 10 {
        let digits = digits.trim_start_matches('0');
        return Value::Big(digits.to_owned());
    }
    // limbs of nine decimal digits, the lowest first
    let mut limbs: Vec<u64> = vec![0];
    for digit in digits.chars().filter_map(|c| c.to_digit(radix)) {
        let mut carry = u64::from(digit);
        for limb in &mut limbs {
            let value = *limb * u64::from(radix) + carry;
            (*limb, carry) = (value % 1_000_000_000, value / 1_000_000_000);
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let (highest, lower) = limbs.split_last().map_or((0, &[][..]), |(h, l)| (*h, l));
    let text = lower.iter().rev().fold(highest.to_string(), |text, limb| format!("{text}{limb:09}"));
    Value::Big(text)
}

/// The number with its sign turned.
pub fn negated(value: Value) -> Value {
    match value {
        Value::Int(n) => Value::Int(-n),
        Value::Big(digits) if digits == "9223372036854775808" => Value::Int(i64::MIN),
        Value::Big(digits) => match digits.strip_prefix('-') {
            Some(rest) => Value::Big(rest.to_owned()),
            None => Value::Big(format!("-{digits}")),
        },
        Value::Float(x) => Value::Float(-x),
        other => other,
    }
}

/// A fraction as Python's `str()` writes it: `1.0`, `1e+16`, `1e-05`.
pub fn repr(x: f64) -> String {
    if x.is_nan() {
        return "nan".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{x:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = exponent.parse().unwrap_or(0);
    if x != 0.0 && !(-4..16).contains(&power) {
        let sign = if power < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", power.abs());
    }
    let plain = format!("{x}");
    if plain.contains('.') { plain } else { format!("{plain}.0") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_pythons() {
        let int = |n| Some(Number::Int(Value::Int(n)));
        for (word, is) in [
            ("0", int(0)),
            ("000", int(0)),
            ("1_000", int(1000)),
            ("0x_1F", int(31)),
            ("0b11", int(3)),
            ("0o17", int(15)),
        ] {
            assert_eq!(number(word), is, "{word}");
        }
        for (word, is) in [("1.", 1.0), (".5", 0.5), ("1e3", 1000.0), ("1_0.5E-1", 1.05), ("00.5", 0.5)] {
            assert_eq!(number(word), Some(Number::Float(is)), "{word}");
        }
        for word in ["0777", "1__0", "_1", "1_", ".", "e5", "1e", "0x", "0b2", "10.0.0.1", "", "\u{661}"] {
            assert_eq!(number(word), None, "{word}");
        }
        assert_eq!(number("2j"), Some(Number::Imaginary(2.0)));
        assert_eq!(
            number("0xffffffffffffffffff"),
            Some(Number::Int(Value::Big("4722366482869645213695".into())))
        );
    }

    #[test]
    fn fractions_are_written_as_python_does() {
        for (x, text) in [
            (1.0, "1.0"),
            (1e16, "1e+16"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (123.5, "123.5"),
            (0.0, "0.0"),
        ] {
            assert_eq!(repr(x), text);
        }
    }
}
