//! Lines of one capsule in, its requests out, each once: what stands twice at the seam of two files is known by its id.

use super::line::{Form, Lines, ProxyLine, Says, Words};
use super::{Asked, Cached, CapsuleLog, Finished};
use crate::log::assemble::{KEEP, strip_escapes};
use crate::log::slots::{IdHasher, IdMap};
use crate::log::text::suppressed;
use hashbrown::HashSet;
use std::hash::BuildHasherDefault;

/// Requests under way at once; past it the oldest are given up, so that ids without an end cannot fill the memory.
const MOST_OPEN: usize = 1 << 18;

/// Lines of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyCounts {
    /// Lines.
    pub lines: u64,
    /// Bytes after decompression.
    pub bytes: u64,
    /// Lines of a smart-proxy, by form.
    pub forms: [u64; 3],
    /// Finished lines of GET and POST /register.
    pub requests: u64,
    /// Lines longer than is kept, or cut where a file begins or ends.
    pub cut: u64,
    /// Lines that journald says it dropped.
    pub lost: u64,
}

impl ProxyCounts {
    /// Lines that a smart-proxy wrote; the others are stack traces, headers, other programs' lines of the journal.
    pub fn ours(&self) -> u64 {
        self.forms.iter().sum()
    }

    /// The form that most of its lines have.
    pub fn form(&self) -> Option<Form> {
        let forms = [Form::File, Form::JournalText, Form::JournalJson];
        let most = forms.into_iter().zip(self.forms).max_by_key(|(_, n)| *n)?;
        (most.1 > 0).then_some(most.0)
    }

    /// Adds a later part of the same file.
    pub fn add(&mut self, later: &Self) {
        self.lines += later.lines;
        self.bytes += later.bytes;
        for (mine, theirs) in self.forms.iter_mut().zip(later.forms) {
            *mine += theirs;
        }
        self.requests += later.requests;
        self.cut += later.cut;
        self.lost += later.lost;
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Open {
    started: bool,
    cached: Cached,
}

/// Puts the lines of one capsule together, in the order in which it wrote them.
#[derive(Debug, Default)]
pub struct Collector {
    lines: Lines,
    log: CapsuleLog,
    open: IdMap<Open>,
    seen: HashSet<u64, BuildHasherDefault<IdHasher>>,
    scratch: Vec<u8>,
    counts: ProxyCounts,
}

impl Collector {
    /// Takes one line, without its newline.
    #[inline]
    pub fn line(&mut self, raw: &[u8]) {
        self.counts.lines += 1;
        let mut line = raw;
        if line.len() > KEEP {
            self.counts.cut += 1;
            line = &line[..KEEP];
        }
        if let [rest @ .., b'\r'] = line {
            line = rest;
        }
        let Some(ProxyLine { form, words }) = self.lines.read(line) else {
            self.counts.lost += suppressed(line);
            return;
        };
        self.counts.forms[form as usize] += 1;
        if let Some(words) = words {
            take(&mut self.log, &mut self.open, &mut self.seen, &mut self.counts, words);
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

    /// Takes bytes that were read into account.
    pub fn bytes(&mut self, n: usize) {
        self.counts.bytes += n as u64;
    }

    /// Counts a line that a file's end cut.
    pub fn cut(&mut self) {
        self.counts.cut += 1;
    }

    /// The counts since the last call: those of one file.
    pub fn take_counts(&mut self) -> ProxyCounts {
        std::mem::take(&mut self.counts)
    }

    /// The log is over.
    pub fn finish(mut self) -> CapsuleLog {
        self.log.unfinished += self.open.values().filter(|open| open.started).count() as u64;
        self.log
    }
}

fn take(
    log: &mut CapsuleLog,
    open: &mut IdMap<Open>,
    seen: &mut HashSet<u64, BuildHasherDefault<IdHasher>>,
    counts: &mut ProxyCounts,
    words: Words<'_>,
) {
    match words.says {
        Says::Finished(Asked::Probe, ..) => log.probes += 1,
        Says::Finished(Asked::Other, ..) => log.others += 1,
        Says::Finished(asked, status, took_us) => {
            counts.requests += 1;
            if log.host.is_none() {
                log.host = words.host.map(std::borrow::Cow::into_owned);
            }
            let cached = open.remove(&words.id).unwrap_or_default().cached;
            let (at, id, client) = (words.at, words.id, words.client);
            let request = Finished { at, took_us, status, asked, cached, id, client };
            if id != 0 && !seen.insert(print(&request)) {
                log.doubled += 1;
                return;
            }
            log.requests.push(request);
        }
        Says::Started(asked) if asked.is_register() && words.id != 0 => {
            entry(log, open, words.id).started = true;
        }
        Says::Started(_) => {}
        Says::Cache(hit) if words.id == 0 => {
            if hit {
                log.loose_hits.push(words.at);
            } else {
                log.loose_misses += 1;
            }
        }
        // a fill writes its MISS twice on some releases: it stays one
        Says::Cache(hit) => {
            entry(log, open, words.id).cached = if hit { Cached::Hit } else { Cached::Miss };
        }
    }
}

fn entry<'a>(log: &mut CapsuleLog, open: &'a mut IdMap<Open>, id: u64) -> &'a mut Open {
    if open.len() >= MOST_OPEN && !open.contains_key(&id) {
        log.unfinished += open.values().filter(|open| open.started).count() as u64;
        open.clear();
    }
    open.entry(id).or_default()
}

// what makes a Finished line the same one
fn print(request: &Finished) -> u64 {
    let when = match request.at {
        super::stamp::Stamp::Utc(t) | super::stamp::Stamp::Local(t) => t,
        super::stamp::Stamp::Yearless(t) => i64::from(t),
    };
    let mut text = [0; 24];
    text[..8].copy_from_slice(&when.to_le_bytes());
    text[8..16].copy_from_slice(&request.id.to_le_bytes());
    text[16..20].copy_from_slice(&request.took_us.to_le_bytes());
    text[20..22].copy_from_slice(&request.status.to_le_bytes());
    text[22] = request.asked as u8;
    crate::log::text::hash(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(lines: &[&str]) -> CapsuleLog {
        let mut collector = Collector::default();
        for line in lines {
            collector.line_with_escapes(line.as_bytes());
        }
        collector.finish()
    }

    #[test]
    fn a_doubled_block_counts_once() {
        let block = [
            "2026-04-04T12:00:01 0000000a [I] Started GET /register ",
            "2026-04-04T12:00:01 0000000a [I] registration_script cache=MISS",
            "2026-04-04T12:00:01 0000000a [I] registration_script cache=MISS",
            "2026-04-04T12:00:02 0000000a [I] Finished GET /register with 200 (900.00 ms)",
        ];
        let log = collect(&[block, block].concat());
        assert_eq!((log.requests.len(), log.doubled, log.unfinished), (1, 1, 0));
        assert_eq!(log.requests[0].cached, Cached::Miss);
    }

    #[test]
    fn an_id_that_comes_again_is_another_request() {
        let log = collect(&[
            "2026-04-04T12:00:01 0000000a [I] registration_script cache=HIT source=redis age=1s",
            "2026-04-04T12:00:01 0000000a [I] Finished GET /register with 200 (2.00 ms)",
            "2026-04-04T12:30:01 0000000a [I] Finished GET /register with 200 (2.00 ms)",
        ]);
        let cached: Vec<_> = log.requests.iter().map(|r| r.cached).collect();
        assert_eq!(cached, [Cached::Hit, Cached::Untold]);
    }

    #[test]
    fn lines_without_ids_are_never_taken_for_doubles() {
        let line = "Apr 04 12:00:01 c1 smart-proxy[1]: Finished POST /register with 201 (2.00 ms)";
        let hit = "Apr 04 12:00:01 c1 smart-proxy[1]: registration_script cache=HIT source=redis";
        let log = collect(&[line, line, hit]);
        assert_eq!((log.requests.len(), log.doubled, log.loose_hits.len()), (2, 0, 1));
        assert_eq!(log.host.as_deref(), Some("c1"));
    }

    #[test]
    fn what_journald_dropped_is_counted() {
        let mut collector = Collector::default();
        for line in [
            "Aug 10 07:19:29 cap systemd-journald[412]: Suppressed 12 messages from foreman-proxy.service",
            "Aug 10 07:19:29 cap systemd-journald[412]: Suppressed 5 messages from cron.service",
        ] {
            collector.line(line.as_bytes());
        }
        assert_eq!(collector.take_counts().lost, 12);
    }

    #[test]
    fn probes_and_other_requests_are_counted_apart() {
        let log = collect(&[
            "2026-04-04T12:00:01 0000000a [I] Started GET /register/health ",
            "2026-04-04T12:00:01 0000000a [I] Finished GET /register/health with 404 (2.00 ms)",
            "2026-04-04T12:00:01 0000000b [I] Finished GET /features with 200 (2.00 ms)",
            "2026-04-04T12:00:01 0000000c [I] Finished GET /logs/ with 200 (0.96 ms)",
            "2026-04-04T12:00:01 0000000d [I] Started POST /register ",
        ]);
        assert_eq!((log.requests.len(), log.probes, log.others, log.unfinished), (0, 2, 1, 1));
    }
}
