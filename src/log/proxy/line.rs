//! A line of a capsule's log split into when, which request and what it says; only lines that matter get so far.
//!
//! ```text
//! 2026-04-04T17:59:38 e3c9c5ad [I] Finished GET /register with 200 (351.05 ms)      the file
//! 2019-11-13T17:59:13 [I] Smart proxy has launched on 1 socket(s)                   no request
//! 2022-08-17T12:26:52  [I] Successfully initialized 'foreman_proxy'                 no request, newer
//! Apr 04 17:59:38 capsule1 smart-proxy[7304]: Finished GET /register with 200 (351.05 ms)         the journal
//! Sat 2026-04-04 17:59:38 CEST capsule1 foreman-proxy.service[7304]: Finished ...           -o with-unit
//! {"__REALTIME_TIMESTAMP":"...","REQUEST":"e3c9c5ad-...","REMOTE_IP":"10.16.0.7","MESSAGE":"Finished ..."}
//! ```

use super::stamp::{Stamp, Stamps};
use super::{Asked, UNTIMED};
use crate::log::address::Address;
use crate::log::line::request_id;
use memchr::{memchr, memmem, memrchr};
use serde::Deserialize;
use std::borrow::Cow;

/// Which form a line has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// proxy.log itself.
    File,
    /// The journal's text.
    JournalText,
    /// The journal's JSON.
    JournalJson,
}

/// A line of a smart-proxy.
#[derive(Debug, PartialEq, Eq)]
pub struct ProxyLine<'a> {
    /// Its form.
    pub form: Form,
    /// What it says of a request; none where it matters to no registration.
    pub words: Option<Words<'a>>,
}

/// A line that says something of a request.
#[derive(Debug, PartialEq, Eq)]
pub struct Words<'a> {
    /// When.
    pub at: Stamp,
    /// Which request; 0 where the line does not tell.
    pub id: u64,
    /// The client's address, where a field tells it.
    pub client: Address,
    /// The host that wrote it, where the line tells.
    pub host: Option<Cow<'a, str>>,
    /// What.
    pub says: Says,
}

/// What a line says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// `Started GET /register activation_keys=...`
    Started(Asked),
    /// `Finished GET /register with 200 (351.05 ms)`: what, status, microseconds.
    Finished(Asked, u16, u32),
    /// `registration_script cache=HIT source=redis age=42s key_prefix=ab12`: whether it is a hit.
    Cache(bool),
}

/// Reads lines of one capsule.
#[derive(Debug, Default)]
pub struct Lines {
    stamps: Stamps,
}

impl Lines {
    /// Reads a line; none where it is no smart-proxy's, or the journal's without a time that is read. A line whose
    /// end is cut says nothing.
    #[inline]
    pub fn read<'a>(&mut self, line: &'a [u8]) -> Option<ProxyLine<'a>> {
        // the form that nearly every line of a file has, told by its fixed places
        if line.len() > 33 && line[10] == b'T' && line[19..21] != *b" [" && line[28..30] == *b" [" {
            if line[31..33] != *b"] " {
                return None;
            }
            let words = says(&line[33..]).and_then(|says| {
                let at = self.stamps.local(line)?;
                let id = request_id(&line[20..28])?;
                Some(Words { at, id, client: Address::NONE, host: None, says })
            });
            return Some(ProxyLine { form: Form::File, words });
        }
        match line.first() {
            Some(b'{') => self.json(line),
            _ => self.odd(line),
        }
    }

    /// When a line was written, whatever it says; none where it does not tell.
    pub fn time(&mut self, line: &[u8]) -> Option<Stamp> {
        if line.first() == Some(&b'{') {
            let wire: Wire<'_> = serde_json::from_slice(line).ok()?;
            return wire.realtime?.parse().ok().map(Stamp::Utc);
        }
        if after_time(line).is_some() {
            return self.stamps.local(line);
        }
        self.stamps.journal(line).map(|(stamp, _)| stamp)
    }

    fn odd<'a>(&mut self, line: &'a [u8]) -> Option<ProxyLine<'a>> {
        if let Some((id, text)) = after_time(line) {
            let words = says(text).and_then(|says| {
                let (at, id) = (self.stamps.local(line)?, request_id(id).unwrap_or(0));
                Some(Words { at, id, client: Address::NONE, host: None, says })
            });
            return Some(ProxyLine { form: Form::File, words });
        }
        let (prefix, message) = journal_prefix(line)?;
        let (at, end) = self.stamps.journal(line)?;
        let (id, text) = after_time(message).unwrap_or((&[], message));
        let words = says(text).map(|says| {
            // `--no-hostname` writes none
            let host = prefix.get(end..).unwrap_or_default().split(|b| *b == b' ').next();
            let host = host.and_then(|h| std::str::from_utf8(h).ok()).filter(|h| !h.is_empty());
            let (id, host) = (request_id(id).unwrap_or(0), host.map(Cow::Borrowed));
            Words { at, id, client: Address::NONE, host, says }
        });
        Some(ProxyLine { form: Form::JournalText, words })
    }

    fn json<'a>(&mut self, line: &'a [u8]) -> Option<ProxyLine<'a>> {
        let other = Some(ProxyLine { form: Form::JournalJson, words: None });
        // most lines need not be taken apart: their program is named in them
        if !may_matter(line) {
            let ours = PROGRAMS.iter().any(|name| {
                let mut named = memmem::find_iter(line, b"\"SYSLOG_IDENTIFIER\"");
                named.any(|at| program_at(line, at) == Some(name))
            });
            return other.filter(|_| ours);
        }
        let wire: Wire<'a> = serde_json::from_slice(line).ok()?;
        if !wire.identifier.as_deref().is_some_and(|name| PROGRAMS.contains(&name.as_bytes())) {
            return None;
        }
        let message: Cow<'_, [u8]> = match &wire.message {
            Some(Message::Text(text)) => Cow::Borrowed(text.as_bytes()),
            Some(Message::Bytes(bytes)) => Cow::Owned(without_escapes(bytes)),
            None => return other,
        };
        let (inner, text) = after_time(&message).unwrap_or((&[], &message));
        let Some(says) = says(text) else { return other };
        let Some(at) = wire.realtime.and_then(|t| t.parse().ok()).map(Stamp::Utc) else { return other };
        let field = wire.request.as_deref().and_then(|id| request_id(id.as_bytes()));
        let words = Words {
            at,
            id: field.or_else(|| request_id(inner)).unwrap_or(0),
            client: wire.remote.map_or(Address::NONE, |ip| Address::parse(ip.as_bytes())),
            host: wire.host,
            says,
        };
        Some(ProxyLine { form: Form::JournalJson, words: Some(words) })
    }
}

/// What smart-proxy is called in the journal: its own name, and its container's.
pub const PROGRAMS: [&[u8]; 2] = [b"smart-proxy", b"foreman-proxy"];

/// The program of a name in the journal's text, where `-o with-unit` has the unit: `foreman.service`,
/// `user@1000.service/foreman.service`.
pub fn program(name: &[u8]) -> &[u8] {
    let unit = name.rsplit(|b| *b == b'/').next().unwrap_or(name);
    unit.strip_suffix(b".service").unwrap_or(unit)
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default, rename = "MESSAGE")]
    message: Option<Message<'a>>,
    #[serde(borrow, default, rename = "REQUEST")]
    request: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "REMOTE_IP")]
    remote: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "__REALTIME_TIMESTAMP")]
    realtime: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "SYSLOG_IDENTIFIER")]
    identifier: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "_HOSTNAME")]
    host: Option<Cow<'a, str>>,
}

// the journal writes an array of bytes where a message is not plain UTF-8 text
#[derive(Deserialize)]
#[serde(untagged)]
enum Message<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Bytes(Vec<u8>),
}

fn may_matter(line: &[u8]) -> bool {
    [&b"Finished "[..], b"Started ", b"registration_script", b"\"MESSAGE\":["]
        .iter()
        .any(|words| memmem::find(line, words).is_some())
}

// `"SYSLOG_IDENTIFIER":"smart-proxy"`, with or without blanks around the colon
fn program_at(line: &[u8], key: usize) -> Option<&[u8]> {
    let rest = line[key + b"\"SYSLOG_IDENTIFIER\"".len()..].trim_ascii_start();
    let rest = rest.strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    Some(&rest[..memchr(b'"', rest)?])
}

fn without_escapes(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    crate::log::assemble::strip_escapes(bytes, &mut plain);
    plain
}

/// `2019-11-13T18:02:35 736046d2 [I] text` as id and text; the id is empty where there is none.
fn after_time(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = line.get(19..)?;
    if line[10] != b'T' || line[4] != b'-' || line[13] != b':' || !line[0].is_ascii_digit() {
        return None;
    }
    let open = memchr(b'[', &rest[..rest.len().min(48)])?;
    let [_, level, b']', ..] = &rest[open..] else { return None };
    let id = rest[..open].trim_ascii();
    let blank = rest[..open].first() == Some(&b' ') && rest[..open].last() == Some(&b' ');
    if !blank || !level.is_ascii_uppercase() || !id.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let text = &rest[open + 3..];
    Some((id, text.strip_prefix(b" ").unwrap_or(text)))
}

/// `Apr 04 12:00:01 host smart-proxy[7304]: text` as what stands before the program and the text.
fn journal_prefix(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let head = &line[..line.len().min(200)];
    let end = memmem::find(head, b"]: ")?;
    let open = memrchr(b'[', &head[..end])?;
    let name = memrchr(b' ', &head[..open])?;
    PROGRAMS.contains(&program(&head[name + 1..open])).then(|| (&head[..name], &line[end + 3..]))
}

#[inline]
fn says(text: &[u8]) -> Option<Says> {
    match text.first()? {
        b'F' => finished(text.strip_prefix(b"Finished ")?),
        b'S' => {
            let (method, rest) = split_blank(text.strip_prefix(b"Started ")?)?;
            let path = &rest[..memchr(b' ', rest).unwrap_or(rest.len())];
            Some(Says::Started(Asked::of(method, path)))
        }
        b'r' => {
            let rest = text.strip_prefix(b"registration_script cache=")?;
            match rest.split(|b| *b == b' ').next()? {
                b"HIT" => Some(Says::Cache(true)),
                b"MISS" => Some(Says::Cache(false)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// `GET /register with 200 (351.05 ms)`; the oldest releases write no duration.
fn finished(text: &[u8]) -> Option<Says> {
    let (method, rest) = split_blank(text)?;
    let with = memmem::rfind(rest, b" with ")?;
    let asked = Asked::of(method, &rest[..with]);
    let rest = rest[with + 6..].trim_ascii_end();
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits != 3 {
        return None;
    }
    let status = rest[..3].iter().fold(0, |n, b| n * 10 + u16::from(b - b'0'));
    let took = match &rest[3..] {
        [] => UNTIMED,
        [b' ', b'(', time @ .., b' ', b'm', b's', b')'] => microseconds(time)?,
        _ => return None,
    };
    Some(Says::Finished(asked, status, took))
}

fn split_blank(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr(b' ', &text[..text.len().min(16)])?;
    Some((&text[..at], &text[at + 1..]))
}

/// `351.05` milliseconds; what does not fit is held at the largest that does.
fn microseconds(text: &[u8]) -> Option<u32> {
    let (whole, part) = match memchr(b'.', text) {
        Some(point) => (&text[..point], &text[point + 1..]),
        None => (text, &[][..]),
    };
    let all = |t: &[u8]| t.iter().all(u8::is_ascii_digit);
    if whole.is_empty() || whole.len() > 12 || !all(whole) || !all(part) {
        return None;
    }
    let ms = whole.iter().fold(0u64, |n, b| n * 10 + u64::from(b - b'0'));
    let us = (0..3).fold(0u64, |n, i| n * 10 + u64::from(part.get(i).map_or(0, |b| b - b'0')));
    Some(u32::try_from(ms * 1000 + us).unwrap_or(UNTIMED).min(UNTIMED - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<(Form, Option<(u64, Says)>)> {
        let mut lines = Lines::default();
        let read = lines.read(line.as_bytes())?;
        Some((read.form, read.words.map(|w| (w.id, w.says))))
    }

    #[test]
    fn a_finished_line_suffices() {
        let finished = Says::Finished(Asked::Script, 200, 351_050);
        for (line, form, id) in [
            (
                "2026-04-04T17:59:38 e3c9c5ad [I] Finished GET /register with 200 (351.05 ms)",
                Form::File,
                0xe3c9_c5ad,
            ),
            ("2026-04-04T17:59:38 [I] Finished GET /register with 200 (351.05 ms)", Form::File, 0),
            ("2026-04-04T17:59:38  [I] Finished GET /register with 200 (351.05 ms)", Form::File, 0),
            (
                "Apr 04 17:59:38 capsule1 smart-proxy[7304]: Finished GET /register with 200 (351.05 ms)",
                Form::JournalText,
                0,
            ),
            (
                "Apr 04 17:59:38 capsule1 foreman-proxy[73]: 2026-04-04T17:59:38 e3c9c5ad [I] Finished GET /register with 200 (351.05 ms)",
                Form::JournalText,
                0xe3c9_c5ad,
            ),
            (
                r#"{"SYSLOG_IDENTIFIER":"smart-proxy","__REALTIME_TIMESTAMP":"1775304001123456","REQUEST":"e3c9c5ad-1f5e-4a3b-9a57-0c3b8f1f2d11","MESSAGE":"Finished GET /register with 200 (351.05 ms)"}"#,
                Form::JournalJson,
                0xe3c9_c5ad,
            ),
        ] {
            assert_eq!(read(line), Some((form, Some((id, finished)))), "{line}");
        }
    }

    #[test]
    fn the_journal_names_the_host_and_the_client() {
        let line = br#"{"SYSLOG_IDENTIFIER" : "smart-proxy","_HOSTNAME":"capsule1","__REALTIME_TIMESTAMP":"1775304001123456","REMOTE_IP":"10.16.0.7","MESSAGE":"Finished POST /register with 500 (7 ms)"}"#;
        let words = Lines::default().read(line).unwrap().words.unwrap();
        assert_eq!(words.at, Stamp::Utc(1_775_304_001_123_456));
        assert_eq!(
            (words.host.as_deref(), words.client.to_string().as_str()),
            (Some("capsule1"), "10.16.0.7")
        );
        assert_eq!(words.says, Says::Finished(Asked::HostRegister, 500, 7000));
        let text = b"Apr 04 17:59:38 capsule1.example.com smart-proxy[7304]: Started GET /features ";
        let words = Lines::default().read(text).unwrap().words.unwrap();
        assert_eq!(words.host.as_deref(), Some("capsule1.example.com"));
    }

    #[test]
    fn every_text_form_of_the_journal_that_tells_the_time_is_read() {
        let said = "Finished GET /register with 200 (351.05 ms)";
        let utc = Stamp::Utc(1_775_304_001_000_000);
        for (before, at) in [
            ("Apr 04 12:00:01.123456 capsule1 smart-proxy", None),
            ("2026-04-04T14:00:01+0200 capsule1 smart-proxy", Some(utc)),
            ("2026-04-04T14:00:01.000000+02:00 capsule1 smart-proxy", Some(utc)),
            ("1775304001.000000 capsule1 smart-proxy", Some(utc)),
            ("Sat 2026-04-04 14:00:01 CEST capsule1 smart-proxy", Some(Stamp::Local(1_775_311_201))),
            ("Sat 2026-04-04 12:00:01 UTC capsule1 foreman-proxy.service", Some(utc)),
            ("Sat 2026-04-04 12:00:01 UTC capsule1 user@1000.service/foreman-proxy.service", Some(utc)),
        ] {
            let line = format!("{before}[7304]: {said}");
            let words = Lines::default().read(line.as_bytes()).unwrap().words.unwrap();
            assert_eq!(words.says, Says::Finished(Asked::Script, 200, 351_050), "{line}");
            assert_eq!(words.host.as_deref(), Some("capsule1"), "{line}");
            assert!(at.is_none_or(|at| at == words.at), "{line}: {:?}", words.at);
        }
        let nameless = format!("Apr 04 12:00:01 smart-proxy[7304]: {said}");
        assert_eq!(Lines::default().read(nameless.as_bytes()).unwrap().words.unwrap().host, None);
        for before in ["[    8.123456] capsule1", "avril 04 12:00:01 capsule1", "r 04 12:00:01 capsule1"] {
            assert_eq!(read(&format!("{before} smart-proxy[7304]: {said}")), None, "{before}");
        }
    }

    #[test]
    fn lines_of_a_smart_proxy_that_matter_to_nobody_are_known_as_such() {
        for line in [
            "2019-11-13T17:59:13 [I] Smart proxy has launched on 1 socket(s), waiting for requests",
            "2022-08-17T12:26:52  [I] Successfully initialized 'foreman_proxy'",
            "2022-04-25T19:04:33 6923a89a [E] <RuntimeError> A sub task failed",
            "Mar 12 11:39:13 host smart-proxy[7304]: Errors detected on startup, see log for details.",
            r#"{"MESSAGE":"Smart proxy has launched","SYSLOG_IDENTIFIER":"smart-proxy"}"#,
            "2026-04-04T17:59:38 e3c9c5ad [I] Finished GET /register with 200 (351.05",
            "2026-04-04T17:59:38 e3c9c5ad [I] Finished GET /reg",
            "2026-04-04T17:59:38 e3c9c5ad [I] registration_script cache=EXPIRED",
        ] {
            assert!(matches!(read(line), Some((_, None))), "{line}: {:?}", read(line));
        }
    }

    #[test]
    fn lines_of_others_are_none() {
        for line in [
            "",
            "2026-04-04T12:00:01 [I|app|3f9c1a2b] Started GET \"/register\" for 10.1.1.1 at 2026-04-04 12:00:01 +0200",
            "2016-08-02 03:34:06 [app] [I] text",
            "Mar 12 11:39:03 host systemd[1]: Starting Foreman Proxy...",
            "Aug 10 07:19:29 host foreman[1632]: 2026-08-10T07:19:29 [I|app|eb515c9c] Completed 200 OK in 1ms",
            r#"{"MESSAGE":"Finished GET /register with 200 (1 ms)","SYSLOG_IDENTIFIER":"foreman"}"#,
            r#"{"MESSAGE":"x","SYSLOG_IDENTIFIER":"systemd"}"#,
            r#"{"MESSAGE":"Finished GET"#,
            "E, [2016-05-31T09:57:35.884636 #4494] ERROR -- : Record not found ]",
            "\t/usr/share/ruby/openssl/ssl.rb:280:in `accept'",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn the_cache_speaks_of_hits_and_misses() {
        let hit = "2026-04-04T17:59:38 e3c9c5ad [I] registration_script cache=HIT source=redis age=42s key_prefix=ab12";
        let miss = "2026-04-04T17:59:38 e3c9c5ad [D] registration_script cache=MISS";
        assert_eq!(read(hit), Some((Form::File, Some((0xe3c9_c5ad, Says::Cache(true))))));
        assert_eq!(read(miss), Some((Form::File, Some((0xe3c9_c5ad, Says::Cache(false))))));
    }

    #[test]
    fn a_duration_is_read_in_every_form() {
        for (text, us) in [
            ("351.05", Some(351_050)),
            ("0.96", Some(960)),
            ("7", Some(7000)),
            ("1.23456", Some(1234)),
            ("99999999999", Some(UNTIMED - 1)),
            ("", None),
            ("1e3", None),
            ("-1", None),
        ] {
            assert_eq!(microseconds(text.as_bytes()), us, "{text}");
        }
    }
}
