//! Lines in, requests out: the lines of one block of the log put together by request id.
//!
//! A request that begins or ends outside the block comes out in part; `registration::join` puts the parts together.
//! Nothing here depends on where a block ends.

use super::clock::DateCache;
pub use super::counts::Counts;
use super::counts::SAMPLES;
use super::json;
use super::line::{self, Line, Skip};
use super::params;
use super::request::{Details, HostAt, Kind, Request, Through};
use super::slots::{IdMap, Slots};
use super::text::{self, Started};
use crate::registration::session::Uuid;
use hashbrown::hash_map::Entry;
use serde::{Deserialize, Serialize};

/// What is kept of a line; the rest of a longer one is dropped and the line counted as cut.
pub const KEEP: usize = 64 * 1024;

/// One step of the log, in the order in which the log wrote it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// A request, whole or in part, that a line of the block ended.
    Ended(Request),
    /// A create that has not ended yet named its consumer: what that consumer sends meanwhile must be kept.
    /// The id is given where the block does not hold its Started line.
    Announced(Option<u64>, Uuid),
}

/// What one block of the log holds.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Block {
    /// Requests and parts of requests, in the order of the lines that ended them.
    pub events: Vec<Event>,
    /// Requests that the block leaves open, in the order of their first lines.
    pub open: Vec<Request>,
    /// Hosts that fact updates name, one behind the other.
    pub hosts: String,
    /// Lines.
    pub counts: Counts,
}

/// Puts the lines of one block together.
#[derive(Debug, Default)]
pub struct Assembler {
    dates: DateCache,
    user_offset: Option<i32>,
    offset: Option<i32>,
    open: IdMap<u32>,
    slots: Slots,
    scratch: Vec<u8>,
    block: Block,
}

impl Assembler {
    /// `user_offset` is used for Started lines that do not tell theirs (seconds east of UTC).
    pub fn new(user_offset: Option<i32>) -> Self {
        Self { user_offset, ..Self::default() }
    }

    /// Hands out what was collected and begins a new block; `events` is an emptied vector to be used again.
    pub fn finish(&mut self, events: Vec<Event>) -> Block {
        let mut open: Vec<u32> = self.open.drain().map(|(_, slot)| slot).collect();
        open.sort_unstable_by_key(|slot| self.slots.order[*slot as usize]);
        let Block { open: left, hosts, .. } = &mut self.block;
        left.extend(open.iter().map(|slot| {
            let mut request = self.slots.take(*slot);
            request.keep_host(hosts);
            request
        }));
        self.slots.clear();
        self.offset = None;
        std::mem::replace(&mut self.block, Block { events, ..Block::default() })
    }

    /// Takes bytes that were read into account.
    pub fn bytes(&mut self, n: usize) {
        self.block.counts.bytes += n as u64;
    }

    /// Takes one line, without its newline.
    #[inline]
    pub fn line(&mut self, raw: &[u8]) {
        self.block.counts.lines += 1;
        let mut line = raw;
        if line.len() > KEEP {
            self.block.counts.cut += 1;
            line = &line[..KEEP];
        }
        if let [rest @ .., b'\r'] = line {
            line = rest;
        }
        match line::usual(line) {
            Some(usual) if line[0] != b'{' => self.take(usual, None),
            _ => self.odd_line(line),
        }
    }

    #[inline(never)]
    fn odd_line(&mut self, line: &[u8]) {
        if line.first() == Some(&b'{') {
            return self.json_line(line);
        }
        match line::split(line) {
            Ok(l) => {
                self.block.counts.id_continuations += u64::from(l.continued);
                self.block.counts.journal_text += u64::from(l.journal);
                self.take(l, None);
            }
            Err(skip) => self.skip(skip, line),
        }
    }

    /// Takes one line that has ANSI escapes in it.
    pub fn line_with_escapes(&mut self, raw: &[u8]) {
        let mut plain = std::mem::take(&mut self.scratch);
        plain.clear();
        strip_escapes(raw, &mut plain);
        self.line(&plain);
        self.scratch = plain;
    }

    /// Counts a line that a file's end cut.
    pub fn cut(&mut self) {
        self.block.counts.cut += 1;
    }

    #[cold]
    fn skip(&mut self, skip: Skip, line: &[u8]) {
        let counts = &mut self.block.counts;
        counts.skipped[skip as usize] += 1;
        if skip == Skip::OtherProgram {
            counts.lost += text::suppressed(line);
        }
        if !skip.understood() && counts.samples.len() < SAMPLES {
            let text: String = String::from_utf8_lossy(&line[..line.len().min(120)])
                .chars()
                .map(|c| if c.is_control() { '.' } else { c })
                .collect();
            counts.samples.push((counts.lines, text));
        }
    }

    fn json_line(&mut self, line: &[u8]) {
        let parsed = match json::parse(line) {
            Ok(parsed) => parsed,
            Err(skip) => return self.skip(skip, line),
        };
        self.block.counts.json[usize::from(parsed.realtime_us.is_some())] += 1;
        let mut found = false;
        for (text, first) in
            parsed.message.split(|b| *b == b'\n').zip([true].into_iter().chain(std::iter::repeat(false)))
        {
            let split = match parsed.request {
                // Foreman's pattern can stand in the message even where a field names the request
                Some(id) => Ok(line::split(text).unwrap_or(Line {
                    id,
                    text,
                    time: None,
                    continued: false,
                    journal: false,
                    // what follows the first line is a backtrace
                    trouble: parsed.trouble && first,
                })),
                None => line::split(text),
            };
            if let Ok(l) = split {
                found = true;
                self.take(l, parsed.realtime_us);
            }
        }
        if !found {
            self.skip(Skip::NoRequest, line);
        }
    }

    #[inline(always)]
    fn take(&mut self, line: Line<'_>, realtime_us: Option<i64>) {
        let text = line.text;
        if line.trouble {
            self.trouble(line.id, text);
        }
        match text.first() {
            Some(b'S') if text.starts_with(b"Started ") => self.started(line, realtime_us),
            Some(b'C') if text.starts_with(b"Completed ") => self.completed(line),
            Some(b' ' | b'P') => {
                let inner = text.trim_ascii_start();
                if inner.starts_with(b"Parameters: ") && !params::only_an_id(inner) {
                    self.parameters(line.id, inner);
                }
            }
            Some(b'K' | b'H' | b'I') => self.detail_line(line.id, text),
            // not `Current user is ...`, of which there are many
            Some(b'C') if text.starts_with(b"Candlepin ") => self.detail_line(line.id, text),
            // how Foreman logs an exception: the words at WARN, what it was at INFO
            Some(b'B') if text.starts_with(b"Backtrace for '") => self.trouble(line.id, text),
            Some(b'u') if text.starts_with(b"unattended: ") => self.built(line.id, text),
            _ => {}
        }
    }

    fn started(&mut self, line: Line<'_>, realtime_us: Option<i64>) {
        let Some(started) = Started::parse(line.text, &mut self.dates) else {
            self.block.counts.cut += 1;
            return;
        };
        let offset = started.offset.or(self.user_offset).unwrap_or_else(|| {
            self.block.counts.offset_unknown += 1;
            0
        });
        if started.offset.is_some() && self.offset != started.offset {
            self.offset = started.offset;
            self.block.counts.offsets.push(offset);
            self.block.counts.offsets_from.push((started.local_secs - i64::from(offset)) * 1_000_000);
        }
        let start_us = (started.local_secs - i64::from(offset)) * 1_000_000;
        // the journal's own time has microseconds; one that is far off is a clock's or an import's
        let start_us = match realtime_us {
            Some(us) if us.abs_diff(start_us) < 5_000_000 => us,
            _ => start_us,
        };
        self.block.counts.started(start_us, started.offset.is_some());
        let tag = text::started_tag(line.text);
        let (kind, uuid) = text::classify(started.method, started.path);
        let details = if kind == Kind::Script { params::query_details(started.path) } else { None };
        let request = Request {
            id: line.id,
            start_us,
            uuid,
            address: started.address,
            started_tag: tag,
            kind,
            details,
            ..Request::default()
        };
        match self.open.entry(line.id) {
            Entry::Vacant(place) => {
                place.insert(self.slots.put(request));
            }
            Entry::Occupied(open) if self.slots.requests[*open.get() as usize].started_tag == tag => {
                self.block.counts.doubled_lines += 1;
            }
            // a new Started with a known id begins a new request
            Entry::Occupied(mut open) => {
                self.block.events.push(Event::Ended(self.slots.take(*open.get())));
                open.insert(self.slots.put(request));
            }
        }
    }

    fn completed(&mut self, line: Line<'_>) {
        let Some((status, ms)) = text::completed(line.text) else {
            self.block.counts.cut += 1;
            return;
        };
        let tag = text::completed_tag(line.text, status, ms);
        if status >= 400 {
            self.refused(line.id, line.text);
        }
        if let Some(slot) = self.open.remove(&line.id) {
            let mut request = self.slots.take(slot);
            (request.status, request.duration_ms, request.completed_tag) = (status, ms, tag);
            if !request.started() {
                request.start_us = self.local_us(line);
            }
            self.block.events.push(Event::Ended(request));
            return;
        }
        let start_us = self.local_us(line);
        let part = Request {
            id: line.id,
            status,
            duration_ms: ms,
            completed_tag: tag,
            start_us,
            ..Request::default()
        };
        self.block.events.push(Event::Ended(part));
    }

    // the time of a line whose request began elsewhere, as local time: its offset is known there
    fn local_us(&mut self, line: Line<'_>) -> i64 {
        line.time.and_then(|t| self.dates.local_secs(t)).unwrap_or(0) * 1_000_000
    }

    fn kind_of(&self, id: u64) -> Kind {
        self.open.get(&id).map_or(Kind::Unseen, |slot| self.slots.requests[*slot as usize].kind)
    }

    fn may_register(&self, id: u64) -> bool {
        matches!(self.kind_of(id), Kind::Create | Kind::HostRegister | Kind::Unseen)
    }

    // for those who ask why a registration failed
    #[cold]
    fn trouble(&mut self, id: u64, text: &[u8]) {
        if self.may_register(id) {
            let known =
                self.open.get(&id).and_then(|slot| self.slots.requests[*slot as usize].details.as_ref());
            if known.is_none_or(|details| details.has_room()) {
                self.detail(id, Details::of_trouble(text));
            }
        }
    }

    #[cold]
    fn refused(&mut self, id: u64, text: &[u8]) {
        if self.may_register(id) {
            self.detail(id, Details::of_refusal(text));
        }
    }

    fn parameters(&mut self, id: u64, text: &[u8]) {
        let kind = self.kind_of(id);
        if matches!(kind, Kind::Create | Kind::HostRegister | Kind::Unseen) {
            self.detail(id, params::details(text, kind));
        }
    }

    fn detail_line(&mut self, id: u64, text: &[u8]) {
        let kind = self.kind_of(id);
        if !matches!(kind, Kind::Create | Kind::Facts | Kind::HostRegister | Kind::Unseen) {
            return;
        }
        if kind == Kind::Facts && self.facts_line(id, text) {
            return;
        }
        let mut found = Details::default();
        if let Some((old, new)) = text::audit_uuid(text) {
            (found.old_uuid, found.uuid) = (old, new);
        } else if let Some(old) = text::candlepin_other_uuid(text) {
            found.old_uuid = old;
        } else if let Some(host) = text::audit_host(text).or_else(|| text::fact_import_host(text)) {
            found.host = Some(host.to_ascii_lowercase().into());
        } else if let Some((host, balanced, name)) = text::registered_through(text) {
            // what was said first stays
            let known = self.open.get(&id).map(|slot| &self.slots.requests[*slot as usize]);
            if known.is_none_or(|request| !request.names_host()) {
                found.host = Some(host.to_ascii_lowercase().into());
            }
            let name = name.to_ascii_lowercase().into();
            found.through = Some(if balanced { Through::LoadBalancer(name) } else { Through::Proxy(name) });
        } else {
            return;
        }
        if found.uuid.is_some() && matches!(kind, Kind::Create | Kind::Unseen) {
            let id = (kind == Kind::Unseen).then_some(id);
            self.block.events.push(Event::Announced(id, found.uuid));
        }
        self.detail(id, found);
    }

    // of a fact update only the host counts, and the way it came by
    fn facts_line(&mut self, id: u64, text: &[u8]) -> bool {
        let Some(host) = text::fact_import_host(text).or_else(|| text::audit_host(text)) else {
            return text.starts_with(b"Katello::");
        };
        if let Some(slot) = self.open.get(&id) {
            let request = &mut self.slots.requests[*slot as usize];
            if !request.names_host() {
                request.host = HostAt::put(&mut self.block.hosts, host);
            }
        }
        true
    }

    #[cold]
    fn built(&mut self, id: u64, text: &[u8]) {
        if let Some(host) = text::built_host(text) {
            self.detail(id, Details { host: Some(host.to_ascii_lowercase().into()), ..Details::default() });
        }
    }

    fn detail(&mut self, id: u64, found: Details) {
        if found == Details::default() {
            return;
        }
        let slots = &mut self.slots;
        let new = || slots.put(Request { id, ..Request::default() });
        let slot = *self.open.entry(id).or_insert_with(new);
        match &mut self.slots.requests[slot as usize].details {
            Some(details) => details.merge(found),
            none => *none = Some(Box::new(found)),
        }
    }
}

/// Appends a line without its ANSI escape sequences (`ESC [ ... letter`).
pub fn strip_escapes(raw: &[u8], plain: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(0x1b, rest) {
        plain.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(sequence) = rest.strip_prefix(b"[") {
            let end =
                sequence.iter().position(|b| (0x40..0x7f).contains(b)).map_or(sequence.len(), |end| end + 1);
            rest = &sequence[end..];
        }
    }
    plain.extend_from_slice(rest);
}
