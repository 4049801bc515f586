//! Host patterns as Ansible's INI takes them: `web[01:50].example.com:2222` in, names out; the port is dropped.

use super::ini::IniProblem;

/// No inventory of ours comes near it; a typo in a range must not fill the memory.
pub const MAX_HOSTS: usize = 100_000;

/// The names that a pattern stands for.
///
/// Sample: `blade-[d:z]-[01:16].example.com`, `host[1:10:2]`, `hera:3000`, `[2001:db8::5]:22`.
pub fn expand(pattern: &str) -> Result<Vec<String>, IniProblem> {
    if pattern == "---" || pattern.ends_with(':') {
        return Err(IniProblem::LooksLikeYaml(pattern.to_owned()));
    }
    let mut done = Vec::new();
    let mut open = vec![(String::new(), without_port(pattern))];
    // depth first, last one first: the names come out in the order of the ranges
    while let Some((head, rest)) = open.pop() {
        let Some((before, range, after)) = first_range(rest) else {
            done.push(head + rest);
            continue;
        };
        let values = range_values(range).map_err(|why| IniProblem::Range(pattern.to_owned(), why))?;
        if values.len().saturating_add(open.len()).saturating_add(done.len()) > MAX_HOSTS {
            return Err(IniProblem::TooManyHosts(MAX_HOSTS));
        }
        open.extend(values.into_iter().rev().map(|v| (format!("{head}{before}{v}"), after)));
    }
    Ok(done)
}

/// The pattern without `:22`; IPv6 addresses carry a port only in brackets.
fn without_port(pattern: &str) -> &str {
    let Some((host, port)) = pattern.rsplit_once(':') else { return pattern };
    if port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()) {
        return pattern;
    }
    if let Some(inner) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'))
        && inner.parse::<std::net::Ipv6Addr>().is_ok()
    {
        return inner;
    }
    let mut depth = 0;
    for b in host.bytes() {
        match b {
            b'[' => depth += 1,
            b']' => depth -= 1,
            b':' if depth == 0 => return pattern,
            _ => {}
        }
    }
    if depth == 0 { host } else { pattern }
}

/// What stands before, in and after the first `[x:y]`.
fn first_range(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('[')?;
    let (range, after) = rest.split_once(']')?;
    range.contains(':').then_some((before, range, after))
}

fn range_values(range: &str) -> Result<Vec<String>, &'static str> {
    let mut bounds = range.split(':');
    let begin = bounds.next().filter(|b| !b.is_empty()).unwrap_or("0");
    let end = bounds.next().filter(|e| !e.is_empty()).ok_or("a range needs an end, as [1:50]")?;
    let step: usize = match bounds.next() {
        None => 1,
        Some(step) => {
            step.parse().ok().filter(|s| *s > 0).ok_or("the step must be 1 or more, as [1:50:2]")?
        }
    };
    if bounds.next().is_some() {
        return Err("a range has a begin, an end and at most a step, as [1:50:2]");
    }
    if let ([b], [e]) = (begin.as_bytes(), end.as_bytes())
        && b.is_ascii_alphabetic()
        && e.is_ascii_alphabetic()
    {
        return letters(*b, *e, step);
    }
    let (from, to) = match (number(begin), number(end)) {
        (Some(from), Some(to)) => (from, to),
        _ => return Err("both ends must be numbers or single letters"),
    };
    if begin.len() > 1 && begin.starts_with('0') && begin.len() != end.len() {
        return Err("with leading zeros both ends need the same length, as [001:120]");
    }
    if from > to {
        return Err("the begin must not be after the end");
    }
    if (to - from) / step > MAX_HOSTS {
        return Err("the range names more hosts than an inventory can hold");
    }
    let width = if begin.starts_with('0') { begin.len() } else { 0 };
    Ok((from..=to).step_by(step).map(|n| format!("{n:0width$}")).collect())
}

fn number(text: &str) -> Option<usize> {
    (text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// In Ansible's order: a to z, then A to Z.
fn letters(begin: u8, end: u8, step: usize) -> Result<Vec<String>, &'static str> {
    let all = || (b'a'..=b'z').chain(b'A'..=b'Z');
    let at = |letter| all().position(|l| l == letter).unwrap_or(0);
    if at(begin) > at(end) {
        return Err("the begin must not be after the end");
    }
    Ok(all()
        .skip(at(begin))
        .take(at(end) - at(begin) + 1)
        .step_by(step)
        .map(|l| char::from(l).to_string())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pattern: &str) -> String {
        expand(pattern).unwrap().join(" ")
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
    }

    #[test]
    fn ports_are_dropped_and_ipv6_is_kept() {
        assert_eq!(names("hera:3000"), "hera");
        assert_eq!(names("host-e-[10:11].example.net:1234"), "host-e-10.example.net host-e-11.example.net");
        assert_eq!(names("2001:db8::5"), "2001:db8::5");
        assert_eq!(names("[2001:db8::5]:22"), "2001:db8::5");
    }

    #[test]
    fn wrong_ranges_are_refused_with_the_reason() {
        for bad in
            ["h[5:1]", "h[z:a]", "h[1:]", "h[1:2:0]", "h[1:2:3:4]", "h[01:100]", "h[a:5]", "h[0:9999999]"]
        {
            assert!(matches!(expand(bad), Err(IniProblem::Range(..))), "{bad}");
        }
        assert!(matches!(expand("h[1:999][1:999]"), Err(IniProblem::TooManyHosts(_))));
        assert!(matches!(expand("h[0:9]".repeat(30).as_str()), Err(IniProblem::TooManyHosts(_))));
        assert!(matches!(expand("all:"), Err(IniProblem::LooksLikeYaml(_))));
    }
}
