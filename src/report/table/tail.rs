//! What the figures rest on, never silent: sources, coverage, attribution, background, notes.

use super::TableStyle;
use super::text::{Tone, escaped, paint, tied, wrap};
use crate::metrics::answer::{Answer, Coverage, SourceAnswer, unused};
use crate::metrics::targets::Judgement;
use crate::registration::session::Evidence;
use crate::report::durations::{bytes, count, share};
use std::collections::BTreeMap;

pub fn render(out: &mut String, answer: &Answer, judgements: &[Judgement], style: TableStyle) {
    let mut tail = Tail { out, style };
    tail.heading("What this rests on");
    tail.sources(&answer.sources);
    tail.coverage(&answer.coverage);
    tail.attribution(answer);
    tail.background(answer);
    tail.notes(answer, judgements);
}

/// Names of the lines stand in a column of this width.
const NAME: usize = 13;

struct Tail<'a> {
    out: &'a mut String,
    style: TableStyle,
}

impl Tail<'_> {
    fn heading(&mut self, text: &str) {
        self.out.push('\n');
        self.push(Tone::Title, text);
        self.push(Tone::Quiet, &"-".repeat(text.len()));
    }

    fn push(&mut self, tone: Tone, text: &str) {
        self.out.push_str(&paint(self.style, tone, text));
        self.out.push('\n');
    }

    /// A line `name   text`, the text wrapped in its own column.
    fn line(&mut self, name: &str, tone: Tone, text: &str) {
        let start = NAME + 2;
        for (i, part) in wrap(&escaped(text), self.style.width, start, start).iter().enumerate() {
            if i == 0 {
                let name = paint(self.style, Tone::Quiet, &format!("  {name:NAME$}"));
                let text = paint(self.style, tone, part.trim_start());
                self.push(Tone::Plain, &format!("{name}{text}"));
            } else {
                self.push(tone, part);
            }
        }
    }

    fn sources(&mut self, sources: &[SourceAnswer]) {
        let used: Vec<&SourceAnswer> = sources.iter().filter(|s| s.skipped.is_none()).collect();
        let lines = used.iter().map(|s| s.lines).sum();
        let size = used.iter().map(|s| s.bytes).sum();
        let by = |key: fn(&SourceAnswer) -> &str| {
            let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
            used.iter().for_each(|s| *counts.entry(key(s)).or_default() += 1);
            let all = counts.iter().filter(|(k, _)| !matches!(**k, "none" | ""));
            all.map(|(k, n)| format!("; {}", tied(k, &n.to_string()))).collect::<String>()
        };
        let files = match used.as_slice() {
            [one] => one.path.clone(),
            all => format!("{} files", all.len()),
        };
        let text = format!(
            "{files}, {} lines, {}{}{}",
            count(lines),
            bytes(size),
            by(|s| &s.layout),
            by(|s| &s.compression)
        );
        self.line("sources", Tone::Plain, &text);
        for words in unused(sources) {
            self.line("not used", Tone::Caution, &words);
        }
    }

    fn coverage(&mut self, c: &Coverage) {
        let skipped: u64 = c.lines_skipped.values().sum();
        let mut lines = format!(
            "{} of Foreman's log read, {} parsed, {} skipped",
            count(c.lines_read),
            count(c.lines_parsed),
            count(skipped)
        );
        if skipped > 0 {
            let reasons: Vec<String> = c.lines_skipped.iter().map(|(why, n)| tied(why, &count(*n))).collect();
            lines += &format!(" ({})", reasons.join(", "));
        }
        lines += &format!(", {} cut, {} doubled", count(c.lines_cut), count(c.lines_doubled));
        if c.lines_lost > 0 {
            lines += &format!(", {} dropped by journald", count(c.lines_lost));
        }
        self.line("lines", Tone::Plain, &lines);
        let requests = format!(
            "{} matched, {} orphaned (no start), {} cut off by the log's end or a hole, {} never answered, {} doubled (counted once)",
            count(c.requests_matched),
            count(c.requests_orphaned),
            count(c.requests_cut),
            count(c.requests_unanswered),
            count(c.requests_doubled)
        );
        self.line("requests", Tone::Plain, &requests);
        if !c.complete {
            self.line("NOT COMPLETE", Tone::Bad, "not all that was asked for could be read:");
        }
        for what in &c.unreadable {
            self.line("", Tone::Bad, what);
        }
        for (i, sample) in c.skipped_samples.iter().enumerate() {
            self.line(if i == 0 { "not parsed" } else { "" }, Tone::Quiet, sample);
        }
    }

    fn attribution(&mut self, answer: &Answer) {
        let a = answer.attribution;
        let all = a.exact + a.inferred + a.unattributed;
        let part = |n| format!("{} ({})", count(n), share(n, all));
        let text = format!(
            "of {} requests {} exact (a key names them), {} inferred, {} not attributed",
            count(all),
            part(a.exact),
            part(a.inferred),
            part(a.unattributed)
        );
        self.line("attribution", Tone::Plain, &text);
    }

    fn background(&mut self, answer: &Answer) {
        let b = &answer.background;
        let text = format!(
            "counted to no registration: {} requests of {} consumers that were registered already, {} GET status, \
             {} POST /register, {} other requests",
            count(b.keyed_requests),
            count(b.consumers),
            count(b.status_calls),
            count(b.host_registers),
            count(b.other_requests)
        );
        self.line("background", Tone::Plain, &text);
    }

    fn notes(&mut self, answer: &Answer, judgements: &[Judgement]) {
        let mut told: Vec<String> = answer.notes.clone();
        for j in judgements {
            let note = j.note.as_ref().map(|note| format!("{}: {note}", j.change));
            told.extend(note.filter(|note| !told.contains(note)));
        }
        for (i, note) in told.iter().enumerate() {
            self.line(if i == 0 { "notes" } else { "" }, Tone::Plain, note);
        }
        let distributions = answer.groups.iter().flat_map(|g| g.metrics.values());
        if distributions.into_iter().any(|d| d.evidence == Evidence::Inferred) {
            self.line("~", Tone::Caution, "inferred: told by time or shared out, not by a key");
        }
        if !answer.groups.is_empty() {
            self.line(
                "reading",
                Tone::Quiet,
                "percentiles are nearest rank over n values of requests that succeeded; calls are averages over \
                 n successful registrations",
            );
        }
    }
}
