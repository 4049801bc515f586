//! Host patterns as Ansible takes them: `web[01:50].example.com:2222` in, names and a port out.
//!
//! What is no address that Ansible knows (`a@b:22`) is one name as it stands, its port included.

use super::data::MAX_HOSTS;
use super::error::{Problem, shortened};
use super::python::number::python_int;

/// The names that a pattern stands for, and their port.
///
/// Sample: `blade-[d:z]-[01:16].example.com`, `host[1:10:2]`, `hera:3000`, `[2001:db8::5]:22`.
pub(super) fn expand(pattern: &str) -> Result<(Vec<String>, Option<i64>), Problem> {
    let (host, port) = without_port(pattern);
    let mut done = Vec::new();
    let mut open = vec![host.to_owned()];
    // depth first, last one first: the names come out in the order of the ranges
    while let Some(name) = open.pop() {
        if !name.contains('[') {
            done.push(name);
            continue;
        }
        let range = |why| Problem::Range(shortened(pattern), why);
        let (before, bounds, after) =
            first_range(&name).ok_or_else(|| range("brackets hold begin:end, as [1:50]"))?;
        let values = range_values(bounds).map_err(range)?;
        if values.len().saturating_add(open.len()).saturating_add(done.len()) > MAX_HOSTS {
            return Err(Problem::TooMany(MAX_HOSTS, "hosts"));
        }
        open.extend(values.into_iter().rev().map(|v| format!("{before}{v}{after}")));
    }
    Ok((done, port))
}

/// The pattern without `:22`. IPv6 addresses carry a port only behind brackets.
fn without_port(pattern: &str) -> (&str, Option<i64>) {
    let (mut host, mut port) = (pattern, None);
    if let Some((front, number)) = split_port(host)
        && let Some(inner) =
            front.strip_prefix('[').and_then(|f| f.strip_suffix(']')).filter(|i| !i.is_empty())
    {
        (host, port) = (inner, Some(number));
    }
    if let Some((front, number)) = split_port(host)
        && colons_only_in_brackets(front)
    {
        (host, port) = (front, Some(number));
    }
    if is_address(host) { (host, port) } else { (pattern, None) }
}

fn split_port(text: &str) -> Option<(&str, i64)> {
    let (front, digits) = text.rsplit_once(':')?;
    let number =
        (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?;
    number.map(|number| (front, number))
}

fn colons_only_in_brackets(text: &str) -> bool {
    pieces(text, ':').is_some_and(|pieces| pieces.len() == 1)
}

/// Splits where the separator stands outside brackets; none where brackets do not match.
fn pieces(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut found, mut start, mut inside) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '[' if !inside => inside = true,
            ']' if inside => inside = false,
            // a bracket inside brackets is one more character there
            '[' => {}
            ']' => return None,
            c if c == separator && !inside => {
                found.push(text.get(start..at)?);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    found.push(text.get(start..)?);
    (!inside).then_some(found)
}

/// An IPv4 or IPv6 address or a host name, each with ranges in it.
fn is_address(host: &str) -> bool {
    let Some(labels) = pieces(host, '.') else { return false };
    if labels.iter().all(|l| is_label(l)) {
        return true;
    }
    // a range stands for its first value: the form of the whole does not depend on it
    let mut plain = String::new();
    for piece in host.split('[') {
        let rest = piece.split_once(']').map_or(piece, |(range, rest)| {
            plain.push_str(range.split(':').next().unwrap_or("0"));
            rest
        });
        plain.push_str(rest);
    }
    plain.parse::<std::net::Ipv6Addr>().is_ok()
}

/// Letters, digits, `_`, `-` and ranges; no `-` at an end.
fn is_label(label: &str) -> bool {
    let mut rest = label;
    let mut first = true;
    let mut last = ' ';
    while let Some(c) = rest.chars().next() {
        if c == '[' {
            let Some((range, after)) = rest.get(1..).and_then(|r| r.split_once(']')) else { return false };
            if !is_label_range(range) {
                return false;
            }
            (rest, last) = (after, ']');
        } else if c.is_alphanumeric() || c == '_' || c == '-' && !first {
            rest = rest.get(c.len_utf8()..).unwrap_or("");
            last = c;
        } else {
            return false;
        }
        first = false;
    }
    !first && !matches!(last, '-' | '_')
}

fn is_label_range(range: &str) -> bool {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let letter = |s: &str| s.len() == 1 && s.bytes().all(|b| b.is_ascii_alphabetic());
    let parts: Vec<&str> = range.split(':').collect();
    match parts.as_slice() {
        [a, b] => digits(a) && digits(b) || letter(a) && letter(b),
        [a, b, step] => (digits(a) && digits(b) || letter(a) && letter(b)) && digits(step),
        _ => false,
    }
}

/// What stands before, in and after the first `[x:y]`.
fn first_range(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('[')?;
    let (range, after) = rest.split_once(']')?;
    // Ansible puts bars in the place of the brackets before it splits
    (!text.contains('|') && !before.contains(']')).then_some((before, range, after))
}

fn range_values(range: &str) -> Result<Vec<String>, &'static str> {
    let bounds: Vec<&str> = range.split(':').collect();
    let (begin, end, step) = match bounds.as_slice() {
        [begin, end] => (*begin, *end, Some(1)),
        [begin, end, step] => (*begin, *end, python_int(step)),
        _ => return Err("a range has a begin, an end and at most a step, as [1:50:2]"),
    };
    let begin = if begin.is_empty() { "0" } else { begin };
    if end.is_empty() {
        return Err("a range needs an end, as [1:50]");
    }
    let width = if begin.len() > 1 && begin.starts_with('0') { begin.len() } else { 0 };
    if width > 0 && width != end.len() {
        return Err("with leading zeros both ends need the same length, as [001:120]");
    }
    let step = step.filter(|s| *s != 0).ok_or("the step must be a whole number and not 0, as [1:50:2]")?;
    if let (Some(from), Some(to)) = (LETTERS.find(begin), LETTERS.find(end)) {
        return letters(from, to, step);
    }
    let (Some(from), Some(to)) = (python_int(begin), python_int(end)) else {
        return Err("both ends must be numbers or single letters");
    };
    let end = to.saturating_add(1);
    let count =
        if step > 0 { end.saturating_sub(from) } else { from.saturating_sub(end) } / step.saturating_abs();
    if count > MAX_HOSTS as i64 {
        return Err("the range names more hosts than an inventory can hold");
    }
    let mut values = Vec::new();
    let mut at = from;
    while if step > 0 { at < end } else { at > end } {
        values.push(filled(at, width));
        at = at.saturating_add(step);
    }
    Ok(values)
}

fn filled(number: i64, width: usize) -> String {
    if number < 0 { format!("{number:0width$}") } else { format!("{number:0>width$}") }
}

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// In Ansible's order: a to z, then A to Z.
fn letters(from: usize, to: usize, step: i64) -> Result<Vec<String>, &'static str> {
    if from > to {
        return Err("the begin must not be after the end");
    }
    let Ok(step) = usize::try_from(step) else { return Ok(Vec::new()) };
    Ok(LETTERS.get(from..=to).unwrap_or("").chars().step_by(step).map(String::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pattern: &str) -> String {
        let (names, port) = expand(pattern).unwrap();
        names.join(" ") + &port.map_or(String::new(), |p| format!(" @{p}"))
    }

    #[test]
    fn ranges_expand_in_order() {
        assert_eq!(names("host[1:3:2]"), "host1 host3");
        assert_eq!(names("cerberus[001:003]"), "cerberus001 cerberus002 cerberus003");
        assert_eq!(names("t[:2]"), "t0 t1 t2");
        assert_eq!(names("Bast[C:D]"), "BastC BastD");
        assert_eq!(names("host[1:2][A:B]"), "host1A host1B host2A host2B");
        assert_eq!(names("[1:2].fail"), "1.fail 2.fail");
        assert_eq!(names("cottus[99:100]"), "cottus99 cottus100");
        assert_eq!(names("h[5:1:-2]"), "h5 h3");
        assert_eq!(names("h[5:1]"), "");
    }

    #[test]
    fn ports_are_told_apart_from_names() {
        assert_eq!(names("hera:3000"), "hera @3000");
        assert_eq!(
            names("host-e-[10:11].example.net:1234"),
            "host-e-10.example.net host-e-11.example.net @1234"
        );
        assert_eq!(names("2001:db8::5"), "2001:db8::5");
        assert_eq!(names("[2001:db8::5]:22"), "2001:db8::5 @22");
        assert_eq!(names("192.0.2.1:22"), "192.0.2.1 @22");
        assert_eq!(names("a@b:22"), "a@b:22");
        assert_eq!(names("-a:22"), "-a:22");
    }

    #[test]
    fn wrong_ranges_are_refused_with_the_reason() {
        for bad in [
            "h[z:a]",
            "h[1:]",
            "h[1:2:0]",
            "h[1:2:3:4]",
            "h[01:100]",
            "h[a:5]",
            "h[0:9999999]",
            "h[1]",
            "h[",
            "a|b[1:2]",
        ] {
            assert!(matches!(expand(bad), Err(Problem::Range(..))), "{bad}");
        }
        assert!(matches!(expand("h[1:999][1:999]"), Err(Problem::TooMany(..))));
        assert!(matches!(expand("h[0:9]".repeat(30).as_str()), Err(Problem::TooMany(..))));
    }
}
