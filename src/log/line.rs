//! A line of production.log split into the request it belongs to and what it says.
//!
//! Patterns and what real systems and people put around them:
//! ```text
//! 2026-04-04T12:00:01 [I|app|3f9c1a2b] Started ...          Foreman's pattern since 12/2018
//!  3f9c1a2b | text                                           continuation, multiline_request_pattern
//!  | text                                                    continuation, multiline_pattern
//! Aug 10 07:19:29 host foreman[1632]: 2026-08-10T07:19:29 [I|app|eb515c9c] ...   the journal's text forms
//! 14:23:56 rails.1   | 2026-07-15T14:23:56 [I|app|c27c8dbf] ...                  foreman start
//! /root/file1/production.log 2018-06-25T03:40:24 [I|app|cc8ef] ...               grep
//! ```

use super::proxy::line::{PROGRAMS, program};
use crate::registration::session;
use memchr::{memchr, memmem};

/// Why a line is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skip {
    /// Nothing in it.
    Empty,
    /// No prefix: a continuation of a message in the layouts that do not mark them, or no log line at all.
    Unmarked,
    /// ` | text`: a continuation that names no request.
    Continuation,
    /// A pattern line without a request: start-up, console, jobs; in 2018 some Started lines too.
    NoRequest,
    /// `2016-08-02 03:34:06 [app] [I] text`: no request id, concurrent requests cannot be told apart.
    OldNoId,
    /// `2017-01-12 04:03:01 dce44c8c [app] [I] text`: the digits are the session's in some releases.
    OldSessionId,
    /// `2019-11-13T18:02:35 736046d2 [I] Started GET /version`: a capsule's proxy.log.
    ProxyLog,
    /// The journal's line of another program of the unit.
    OtherProgram,
    /// A capsule's line in the Satellite's journal.
    Capsule,
    /// The journal's own words, `-- Logs begin at ...`, `==> file <==` of tail.
    Header,
    /// A JSON line that cannot be read, or one without a message.
    BadJson,
}

impl Skip {
    /// How many reasons there are.
    pub const COUNT: usize = 11;
    /// Every reason, in the order of their numbers.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Empty,
        Self::Unmarked,
        Self::Continuation,
        Self::NoRequest,
        Self::OldNoId,
        Self::OldSessionId,
        Self::ProxyLog,
        Self::OtherProgram,
        Self::Capsule,
        Self::Header,
        Self::BadJson,
    ];

    /// The reason in words.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Unmarked => "no log prefix (unmarked continuation of a message, or no log line)",
            Self::Continuation => "continuation of a message",
            Self::NoRequest => "no request id",
            Self::OldNoId => {
                "layout without request ids (Foreman before July 2016): concurrent requests cannot be told apart"
            }
            Self::OldSessionId => {
                "layout whose ids can be a session's (Foreman 1.12 to 1.16): requests cannot be told apart"
            }
            Self::ProxyLog => "a capsule's proxy.log",
            Self::OtherProgram => "another program's line in the journal",
            Self::Capsule => "a capsule's line in the Satellite's journal",
            Self::Header => "header of tail or journalctl",
            Self::BadJson => {
                "JSON that cannot be read or has no message (journalctl leaves long ones out without --all)"
            }
        }
    }

    /// Whether the line is part of the layout: understood, and of no use to a registration.
    pub const fn understood(self) -> bool {
        matches!(
            self,
            Self::Empty
                | Self::Continuation
                | Self::NoRequest
                | Self::Header
                | Self::OtherProgram
                | Self::Capsule
        )
    }
}

/// A line that names its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The request.
    pub id: u64,
    /// What it says.
    pub text: &'a [u8],
    /// Where its time stands in the line (`2026-04-04T12:00:01`), where there is one.
    pub time: Option<&'a [u8]>,
    /// The line is a continuation.
    pub continued: bool,
    /// The line has the prefix of the journal's text form.
    pub journal: bool,
    /// Foreman itself, or Katello, says that something went wrong: WARN, ERROR or FATAL.
    pub trouble: bool,
}

/// Splits a line; `Err` says why it is not used.
pub fn split(line: &[u8]) -> Result<Line<'_>, Skip> {
    usual(line).map_or_else(|| split_odd(line), Ok)
}

/// Splits a line of the form that nearly every line has, told by its fixed places.
// the fields stay in registers where this is part of its caller
#[inline(always)]
pub fn usual(line: &[u8]) -> Option<Line<'_>> {
    if line.len() > 37
        && line[10] == b'T'
        && line[20] == b'['
        && line[22] == b'|'
        && line[26] == b'|'
        && line[35] == b']'
        && line[36] == b' '
        && let Some(id) = hex8(&line[27..35])
    {
        return Some(Line {
            id,
            text: &line[37..],
            time: Some(&line[..19]),
            continued: false,
            journal: false,
            trouble: line[21] != b'I' && is_trouble(&line[21..22], &line[23..26]),
        });
    }
    None
}

/// `W`, `ERROR`, `fatal` of Foreman's own loggers. What others say is of other things, or a copy.
pub fn is_trouble(level: &[u8], logger: &[u8]) -> bool {
    matches!(level.first().map(u8::to_ascii_lowercase), Some(b'w' | b'e' | b'f'))
        && (logger == b"app" || logger.starts_with(b"kat"))
}

#[inline(always)]
fn hex8(digits: &[u8]) -> Option<u64> {
    session::hex8(u64::from_be_bytes(digits.try_into().ok()?))
}

/// The number of a request id of any form: its first 8 hex digits, else a hash.
pub fn request_id(id: &[u8]) -> Option<u64> {
    if id.is_empty() {
        return None;
    }
    // the log shows the first 8 characters of a UUID; a caller's own X-Request-ID can hold anything
    if let Some(number) = id.get(..8).and_then(hex8)
        && matches!(id.get(8), None | Some(b'-'))
    {
        return Some(number);
    }
    let id = &id[..id.len().min(36)];
    Some(u64::from(super::text::tag(id)) << 32 | u64::from(super::text::tag(&id[id.len() / 2..])) | 1 << 63)
}

#[cold]
fn split_odd(line: &[u8]) -> Result<Line<'_>, Skip> {
    if line.trim_ascii().is_empty() {
        return Err(Skip::Empty);
    }
    if line.starts_with(b"==> ")
        || line.starts_with(b"-- ")
        || line.trim_ascii_start().starts_with(b"-- Logs begin")
    {
        return Err(Skip::Header);
    }
    if let Some(bracket) = find_bracket(line) {
        return bracket.line(line);
    }
    split_continuation(line)
}

// `[I|app|3f9c1a2b] `, `[error|app|67b4093b] `, `[I|app|] `
struct Bracket {
    start: usize,
    logger: (usize, usize),
    id: (usize, usize),
    text: usize,
}

impl Bracket {
    fn line<'a>(&self, line: &'a [u8]) -> Result<Line<'a>, Skip> {
        let before = &line[..self.start];
        if !before_is_prefix(before) {
            return Err(Skip::Unmarked);
        }
        if let Some(skip) = journal_program(before).and_then(other_program) {
            return Err(skip);
        }
        let id = request_id(&line[self.id.0..self.id.1]).ok_or(Skip::NoRequest)?;
        let time = self.start.checked_sub(20).map(|at| &line[at..at + 19]).filter(|t| looks_like_time(t));
        let journal = memmem::find(before, b"]: ").is_some();
        let (level, logger) = (&line[self.start + 1..], &line[self.logger.0..self.logger.1]);
        let trouble = is_trouble(level, logger);
        Ok(Line { id, text: &line[self.text..], time, continued: false, journal, trouble })
    }
}

fn find_bracket(line: &[u8]) -> Option<Bracket> {
    // what stands before the pattern is short: a path, a host, a time
    let head = &line[..line.len().min(400)];
    let mut from = 0;
    for _ in 0..4 {
        let start = from + memchr(b'[', &head[from..])?;
        if let Some(bracket) = bracket_at(line, start) {
            return Some(bracket);
        }
        from = start + 1;
    }
    None
}

fn bracket_at(line: &[u8], start: usize) -> Option<Bracket> {
    let inside = &line[start + 1..line.len().min(start + 80)];
    let first = memchr(b'|', inside)?;
    let second = first + 1 + memchr(b'|', &inside[first + 1..])?;
    let end = second + 1 + memchr(b']', &inside[second + 1..])?;
    let level = &inside[..first];
    let logger = &inside[first + 1..second];
    let id = &inside[second + 1..end];
    let word = |w: &[u8]| {
        !w.is_empty() && w.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'/'))
    };
    if level.is_empty()
        || level.len() > 7
        || !level.iter().all(u8::is_ascii_alphabetic)
        || !word(logger)
        || logger.len() > 24
    {
        return None;
    }
    if !id.is_empty() && !id.iter().all(|b| b.is_ascii_graphic()) {
        return None;
    }
    let at = |i: usize| start + 1 + i;
    let text = match line.get(at(end) + 1) {
        Some(b' ') => at(end) + 2,
        _ => at(end) + 1,
    };
    Some(Bracket {
        start,
        logger: (at(first) + 1, at(second)),
        id: (at(second) + 1, at(end)),
        text: text.min(line.len()),
    })
}

// nothing, a time (perhaps without its first characters), or the journal's `name[pid]: `
fn before_is_prefix(before: &[u8]) -> bool {
    if before.is_empty() || before.ends_with(b"]: ") || before.ends_with(b": ") {
        return true;
    }
    let Some(time) = before.strip_suffix(b" ") else { return false };
    match time.len().checked_sub(19) {
        Some(at) if looks_like_time(&time[at..]) => true,
        // a cut head: `021-02-25T16:15:36`
        _ => time.len() < 19 && looks_like_time(&[&b"2000-01-01T00:00:00"[..19 - time.len()], time].concat()),
    }
}

fn looks_like_time(text: &[u8]) -> bool {
    text.len() == 19
        && text.iter().zip(b"dddd-dd-dd?dd:dd:dd").all(|(b, want)| match want {
            b'd' => b.is_ascii_digit(),
            b'?' => matches!(b, b'T' | b' '),
            other => b == other,
        })
}

// `Aug 10 07:19:29 host foreman[1632]: `: the program of the journal's prefix, where there is one
fn journal_program(before: &[u8]) -> Option<&[u8]> {
    let end = memmem::rfind(before, b"]: ")?;
    let open = before[..end].iter().rposition(|b| *b == b'[')?;
    before[..open].rsplit(|b| *b == b' ').next().map(program)
}

// a line of the journal that has nothing of Foreman's as program and message
fn journal_parts(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memmem::find(&line[..line.len().min(200)], b"]: ")? + 3;
    Some((journal_program(&line[..end])?, &line[end..]))
}

/// Why a line that the journal has of a program is not used; none of Foreman's own.
pub fn other_program(name: &[u8]) -> Option<Skip> {
    match name {
        b"foreman" | b"rails" | b"puma" | b"ruby" => None,
        name if PROGRAMS.contains(&name) => Some(Skip::Capsule),
        _ => Some(Skip::OtherProgram),
    }
}

fn split_continuation(line: &[u8]) -> Result<Line<'_>, Skip> {
    // `14:27:34 rails.1   | ` stands before continuations too
    let line = procfile_rest(line).unwrap_or(line);
    let line = match journal_parts(line) {
        Some((program, message)) if other_program(program).is_none() => message,
        _ => line,
    };
    // ` 3f9c1a2b | text`, ` 284b4c56 |`
    let inner = line.strip_prefix(b" ").unwrap_or(line);
    if let Some(bar) = memchr(b'|', &inner[..inner.len().min(40)]) {
        let id = inner[..bar].trim_ascii_end();
        if id.is_empty() {
            return Err(Skip::Continuation);
        }
        if bar == id.len() + 1 && id.len() >= 5 && id.iter().all(u8::is_ascii_hexdigit) {
            let text = inner[bar + 1..].strip_prefix(b" ").unwrap_or(&inner[bar + 1..]);
            let id = request_id(id).ok_or(Skip::Continuation)?;
            return Ok(Line { id, text, time: None, continued: true, journal: false, trouble: false });
        }
    }
    Err(old_layout(line))
}

fn procfile_rest(line: &[u8]) -> Option<&[u8]> {
    let time = line.get(..9)?;
    let is_time =
        time.iter().zip(b"dd:dd:dd ").all(|(b, w)| if *w == b'd' { b.is_ascii_digit() } else { b == w });
    if !is_time {
        return None;
    }
    let bar = memchr(b'|', &line[..line.len().min(60)])?;
    Some(line[bar + 1..].strip_prefix(b" ").unwrap_or_default())
}

fn old_layout(line: &[u8]) -> Skip {
    // `[I] Started GET ...`: the pattern of a development set-up, without time and request
    if let Some((level, rest)) = bracketed(line)
        && level.len() == 1
        && level[0].is_ascii_uppercase()
        && rest.first() == Some(&b' ')
    {
        return Skip::NoRequest;
    }
    // the journal's own times go on behind the seconds
    let timed = |(time, rest): &(&[u8], &[u8])| looks_like_time(time) && rest.starts_with(b" ");
    let Some((time, rest)) = line.split_at_checked(19).filter(timed) else {
        let program = journal_parts(line).map(|(program, _)| program);
        return program.and_then(other_program).unwrap_or(Skip::Unmarked);
    };
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    let digits = rest.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let has_id = digits > 0 && digits <= 40 && rest.get(digits) == Some(&b' ');
    let marks = if has_id { &rest[digits + 1..] } else { rest.trim_ascii_start() };
    let Some((first, after)) = bracketed(marks) else { return Skip::Unmarked };
    match bracketed(after.trim_ascii_start()) {
        // `[app] [I]`, `[katello/cp_proxy] [E]`
        Some((level, _)) if first.len() > 1 && level.len() == 1 => {
            if has_id {
                Skip::OldSessionId
            } else {
                Skip::OldNoId
            }
        }
        _ if first.len() != 1 => Skip::Unmarked,
        // smart-proxy writes a T between date and time, Foreman of 2015 a blank
        _ if time[10] == b'T' => Skip::ProxyLog,
        _ => Skip::OldNoId,
    }
}

// `[word] rest` as (word, rest)
fn bracketed(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = text.strip_prefix(b"[")?;
    let end = memchr(b']', &inner[..inner.len().min(40)])?;
    let word = &inner[..end];
    let plain =
        !word.is_empty() && word.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'/'));
    plain.then_some((word, &inner[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(line: &str) -> Result<(u64, String), Skip> {
        split(line.as_bytes()).map(|l| (l.id, String::from_utf8_lossy(l.text).into_owned()))
    }

    #[test]
    fn the_usual_line_is_split() {
        let got = text_of("2026-04-04T12:00:01 [I|app|3f9c1a2b] Started x");
        assert_eq!(got, Ok((0x3f9c_1a2b, "Started x".into())));
    }

    #[test]
    fn what_people_put_before_a_line_is_taken_off() {
        for line in [
            "14:23:56 rails.1   | 2026-07-15T14:23:56 [I|app|c27c8dbf] x",
            "Aug 10 07:19:29 q.example.com foreman[1632]: 2026-08-10T07:19:29 [I|app|c27c8dbf] x",
            " 3月 13 10:18:35 centos7 foreman[17690]: 2018-03-13T10:18:35 [I|app|c27c8dbf] x",
            "Aug 10 07:19:29 q foreman[1632]: [I|app|c27c8dbf] x",
            "/root/file1/production.log 2018-06-25T03:40:24 [I|app|c27c8dbf] x",
            "production.log:2018-06-25T03:40:24 [I|app|c27c8dbf] x",
            "021-02-25T16:15:36 [I|app|c27c8dbf] x",
            "[error|app|c27c8dbf] x",
            "2023-07-27T13:17:26 [error|app|c27c8dbf] x",
            " c27c8dbf | x",
            "c27c8dbf | x",
            "14:23:57 rails.1   |  c27c8dbf | x",
            "Aug 10 07:19:29 q foreman[1632]:  c27c8dbf | x",
            "Aug 10 07:19:29.123456 q foreman[1632]:  c27c8dbf | x",
            "2026-08-10T07:19:29.123456+02:00 q foreman[1632]:  c27c8dbf | x",
            "1786339169.123456 q foreman[1632]:  c27c8dbf | x",
            "Mon 2026-08-10 07:19:29 CEST q foreman[1632]: 2026-08-10T07:19:29 [I|app|c27c8dbf] x",
            "Mon 2026-08-10 07:19:29 CEST q foreman.service[1632]: 2026-08-10T07:19:29 [I|app|c27c8dbf] x",
            "Mon 2026-08-10 07:19:29 CEST q user@1000.service/foreman.service[1632]:  c27c8dbf | x",
        ] {
            assert_eq!(text_of(line), Ok((0xc27c_8dbf, "x".into())), "{line}");
        }
    }

    #[test]
    fn ids_of_other_forms_are_told_apart() {
        let five = text_of("2018-06-25T03:40:24 [I|app|cc8ef] x").unwrap().0;
        assert_ne!(five, text_of("2018-06-25T03:40:24 [I|app|cc8ee] x").unwrap().0);
        assert_eq!(five, text_of(" cc8ef | x").unwrap().0);
        assert_eq!(request_id(b"3f9c1a2b-1f5e-4a3b-9a57-0c3b8f1f2d11"), Some(0x3f9c_1a2b));
        assert_ne!(request_id(b"my-own-id"), request_id(b"my-own-ie"));
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        for (line, why) in [
            ("", Skip::Empty),
            ("  \t", Skip::Empty),
            (" | text", Skip::Continuation),
            ("/opt/theforeman/tfm/x.rb:365:in `block'", Skip::Unmarked),
            ("\t/opt/x.rb:231:in `check'", Skip::Unmarked),
            ("Started GET \"/x\" for 1.1.1.1 at Tue Oct 15 07:29:20 -0700 2013", Skip::Unmarked),
            ("2018-06-25T04:14:45 [I|app|] Current user", Skip::NoRequest),
            ("[I] Started GET \"/x\" for 1.1.1.1 at 2019-03-13 16:17:41 -0400", Skip::NoRequest),
            ("2016-08-02 03:34:06 [app] [I] Started GET", Skip::OldNoId),
            ("2015-11-13 03:30:07 [I] Completed 200 OK in 1783ms", Skip::OldNoId),
            ("2017-01-12 03:38:17 dce44c8c [app] [I] Started GET", Skip::OldSessionId),
            ("2016-08-26T14:38:42 2576109c [app] [I] Create", Skip::OldSessionId),
            ("2017-09-16 18:56:11  [app] [I] memcached", Skip::OldNoId),
            ("2019-11-13T18:02:35 736046d2 [I] Started GET /version", Skip::ProxyLog),
            ("2022-08-17T12:26:52  [I] Successfully initialized", Skip::ProxyLog),
            (
                "Oct 24 16:56:20 h dynflow-sidekiq@orchestrator[32178]: 2019-10-24T16:56:20.455Z INFO: x",
                Skip::OtherProgram,
            ),
            ("2026-08-10T07:19:29+0200 h systemd-journald[412]: Suppressed 5 messages", Skip::OtherProgram),
            ("Mon 2026-08-10 07:19:29 CEST h foreman-proxy.service[7304]: Started GET /x", Skip::Capsule),
            ("==> /var/log/foreman/production.log <==", Skip::Header),
            ("-- Logs begin at Tue 2019-03-12 11:38:52 CET, end at Tue --", Skip::Header),
            ("2016-09-09 13:45:52,650 [req=bd5a4284, org=] INFO org.candlepin", Skip::Unmarked),
            ("2024-09-05 07:40:42 [NOTICE] [root] Loading installer", Skip::Unmarked),
            (r#"10.9.0.93 - - [03/Nov/2016:14:18:22 -0700] "POST /hosts HTTP/1.1" 200"#, Skip::Unmarked),
        ] {
            assert_eq!(text_of(line).map(|_| ()), Err(why), "{line}");
        }
    }

    #[test]
    fn eight_hex_digits_are_read_at_once() {
        for n in [0u32, 1, 0xffff_ffff, 0x89ab_cdef, 0x0123_4567] {
            assert_eq!(hex8(format!("{n:08x}").as_bytes()), Some(u64::from(n)));
        }
        for bad in [
            "3f9c1a2g",
            "3F9C1A2B",
            "3f9c1a2 ",
            "3f9c1a2`",
            ":f9c1a2b",
            "/f9c1a2b",
            "3f9c\u{00e9}b1",
            "@abcdef0",
        ] {
            assert_eq!(hex8(bad.as_bytes()), None, "{bad}");
        }
    }
}
