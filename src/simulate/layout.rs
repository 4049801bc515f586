//! Messages in, lines out: the six layouts in which Foreman's log is found.

use super::error::SimulateError;
use super::rotate::RotatedSet;
use super::text::{Clock, push_hex, push_number, push_padded, push_uuid};
use super::topology::SATELLITE;
use crate::cli::SimulatedLayout;

/// Severity of a message: its first letter, and its name in JSON.
#[derive(Clone, Copy, Debug)]
pub enum Level {
    /// I
    Info,
    /// W
    Warn,
    /// E
    Error,
}

impl Level {
    const fn letter(self) -> u8 {
        match self {
            Self::Info => b'I',
            Self::Warn => b'W',
            Self::Error => b'E',
        }
    }

    const fn name(self) -> &'static [u8] {
        match self {
            Self::Info => b"INFO",
            Self::Warn => b"WARN",
            Self::Error => b"ERROR",
        }
    }

    /// Syslog's number.
    const fn priority(self) -> u8 {
        match self {
            Self::Info => b'6',
            Self::Warn => b'4',
            Self::Error => b'3',
        }
    }
}

/// Where a message belongs.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// Microseconds, UTC.
    pub at: i64,
    /// How grave it is.
    pub level: Level,
    /// The logger's three letters: `app`, `aud`.
    pub logger: &'static [u8; 3],
    /// The request's UUID.
    pub request: u128,
}

/// foreman's process in the journal.
const PID: &[u8] = b"1632";

/// Foreman's log.
pub struct Log {
    layout: SimulatedLayout,
    clock: Clock,
    set: RotatedSet,
    message: Vec<u8>,
}

impl Log {
    /// A log in this layout.
    pub const fn new(layout: SimulatedLayout, clock: Clock, set: RotatedSet) -> Self {
        Self { layout, clock, set, message: Vec::new() }
    }

    /// The set, for its end.
    pub fn into_set(self) -> RotatedSet {
        self.set
    }

    /// Writes a message of one line.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn line(
        &mut self,
        mark: Mark,
        write: impl FnOnce(&mut Vec<u8>, &mut Clock),
    ) -> Result<(), SimulateError> {
        let begin = self.set.begin(mark.at)?;
        let Self { layout, clock, set, message } = self;
        let out = &mut set.buffer;
        match layout {
            SimulatedLayout::MultilineRequest | SimulatedLayout::Multiline | SimulatedLayout::Pattern => {
                push_prefix(out, clock, mark);
                write(out, clock);
                out.push(b'\n');
            }
            SimulatedLayout::Journal => {
                push_journal(out, clock, mark.at);
                push_prefix(out, clock, mark);
                write(out, clock);
                out.push(b'\n');
            }
            SimulatedLayout::Json => {
                message.clear();
                write(message, clock);
                push_json(out, clock, mark, message);
            }
            SimulatedLayout::JournalJson => {
                message.clear();
                push_prefix(message, clock, mark);
                write(message, clock);
                push_journal_json(out, mark, message);
            }
        }
        set.end(begin, 1);
        Ok(())
    }

    /// Writes a message of several lines: a backtrace, an answer's body.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn lines(&mut self, mark: Mark, lines: &[&[u8]]) -> Result<(), SimulateError> {
        let begin = self.set.begin(mark.at)?;
        let Self { layout, clock, set, message } = self;
        let out = &mut set.buffer;
        if *layout == SimulatedLayout::Json {
            push_json(out, clock, mark, &lines.join(&b"\n"[..]));
            set.end(begin, 1);
            return Ok(());
        }
        for (i, line) in lines.iter().enumerate() {
            message.clear();
            match layout {
                _ if i == 0 => push_prefix(message, clock, mark),
                SimulatedLayout::Pattern => {}
                SimulatedLayout::Multiline => message.extend_from_slice(b" | "),
                _ => {
                    message.push(b' ');
                    push_hex(message, (mark.request >> 96) as u64, 8);
                    message.extend_from_slice(b" | ");
                }
            }
            message.extend_from_slice(line);
            match layout {
                SimulatedLayout::JournalJson => {
                    push_journal_json(out, mark, message);
                    continue;
                }
                SimulatedLayout::Journal => push_journal(out, clock, mark.at),
                _ => {}
            }
            out.extend_from_slice(message);
            out.push(b'\n');
        }
        set.end(begin, lines.len() as u64);
        Ok(())
    }
}

/// `2026-04-04T12:00:01 [I|app|3f9c1a2b] `
fn push_prefix(out: &mut Vec<u8>, clock: &mut Clock, mark: Mark) {
    out.extend_from_slice(clock.stamp(mark.at));
    out.extend_from_slice(&[b' ', b'[', mark.level.letter(), b'|']);
    out.extend_from_slice(mark.logger);
    out.push(b'|');
    push_hex(out, (mark.request >> 96) as u64, 8);
    out.extend_from_slice(b"] ");
}

/// `Apr 04 12:00:01 sat.example.com foreman[1632]: `
fn push_journal(out: &mut Vec<u8>, clock: &mut Clock, at: i64) {
    out.extend_from_slice(clock.journal(at));
    out.push(b' ');
    out.extend_from_slice(SATELLITE.as_bytes());
    out.extend_from_slice(b" foreman[");
    out.extend_from_slice(PID);
    out.extend_from_slice(b"]: ");
}

/// The json layout: `{"timestamp":"2026-04-04T12:00:01.123456+02:00","level":"INFO","logger":"app","message":...`
fn push_json(out: &mut Vec<u8>, clock: &mut Clock, mark: Mark, message: &[u8]) {
    out.extend_from_slice(b"{\"timestamp\":\"");
    out.extend_from_slice(clock.stamp(mark.at));
    out.push(b'.');
    push_padded(out, mark.at.rem_euclid(1_000_000) as u64, 6);
    out.extend_from_slice(clock.offset(mark.at));
    out.extend_from_slice(b"\",\"level\":\"");
    out.extend_from_slice(mark.level.name());
    out.extend_from_slice(b"\",\"logger\":\"");
    out.extend_from_slice(mark.logger);
    out.extend_from_slice(b"\",\"message\":\"");
    push_escaped(out, message);
    out.extend_from_slice(b"\",\"mdc\":{\"request\":\"");
    push_uuid(out, mark.request);
    out.extend_from_slice(b"\"},\"ndc\":[]}\n");
}

/// `journalctl -o json`
fn push_journal_json(out: &mut Vec<u8>, mark: Mark, message: &[u8]) {
    out.extend_from_slice(b"{\"__REALTIME_TIMESTAMP\":\"");
    push_number(out, mark.at.max(0) as u64);
    out.extend_from_slice(b"\",\"_HOSTNAME\":\"");
    out.extend_from_slice(SATELLITE.as_bytes());
    out.extend_from_slice(b"\",\"SYSLOG_IDENTIFIER\":\"foreman\",\"_PID\":\"");
    out.extend_from_slice(PID);
    out.extend_from_slice(b"\",\"PRIORITY\":\"");
    out.push(mark.level.priority());
    out.extend_from_slice(b"\",\"MESSAGE\":\"");
    push_escaped(out, message);
    out.extend_from_slice(b"\"}\n");
}

/// Our messages hold no control character but the newline.
pub fn push_escaped(out: &mut Vec<u8>, text: &[u8]) {
    let mut from = 0;
    for at in memchr::memchr3_iter(b'"', b'\\', b'\n', text) {
        out.extend_from_slice(&text[from..at]);
        out.push(b'\\');
        out.push(if text[at] == b'\n' { b'n' } else { text[at] });
        from = at + 1;
    }
    out.extend_from_slice(&text[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_strings_read_back_as_they_were() {
        let text = "a \"b\" => \\c\n\n |";
        let mut out = vec![b'"'];
        push_escaped(&mut out, text.as_bytes());
        out.push(b'"');
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
    }
}
