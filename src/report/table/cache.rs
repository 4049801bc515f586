//! The caches of load balancers: a block each, its findings with the way out below.

use super::TableStyle;
use super::text::{Tone, escaped, paint, tied, wrap};
use crate::cache::snapshot::{Counters, Run, Snapshot};
use crate::cache::{CacheRow, Capsules};
use crate::report::durations::{bytes, count, share, span};

/// Names of the lines stand in a column of this width.
const NAME: usize = 11;

pub fn render(out: &mut String, rows: &[CacheRow], style: TableStyle) {
    let title = if rows.len() == 1 { "Script cache" } else { "Script caches" };
    out.push_str(&format!("\n{}\n", paint(style, Tone::Title, title)));
    out.push_str(&format!("{}\n", paint(style, Tone::Quiet, &"-".repeat(title.len()))));
    for (i, row) in rows.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        Block { out, style }.row(row);
    }
}

struct Block<'a> {
    out: &'a mut String,
    style: TableStyle,
}

impl Block<'_> {
    fn row(&mut self, row: &CacheRow) {
        let place = row.location.as_ref().map(|l| format!(" ({l})")).unwrap_or_default();
        let head =
            format!("{}{place}, {}{}", row.load_balancer, row.address, about(row.result.as_ref().ok()));
        self.wrapped(Tone::Strong, &head, 2, 4);
        match &row.result {
            Ok(snapshot) => {
                self.line("hit rate", &hit_rate(&snapshot.counters, row.run.as_ref()));
                self.line("memory", &memory(snapshot, row.run.as_ref()));
                self.line(
                    "capsules",
                    &row.capsules.as_ref().map_or_else(|| "not told".to_owned(), connected),
                );
                if let Some(latency) = snapshot.latency {
                    let text = format!(
                        "{} us at least, {} us the median of {} PINGs",
                        count(latency.min_us),
                        count(latency.median_us),
                        latency.count
                    );
                    self.line("round trip", &text);
                }
                for refused in &snapshot.unread {
                    self.line("not told", refused);
                }
            }
            Err(error) => self.told(error.id(), &error.to_string(), error.way_out()),
        }
        for finding in &row.findings {
            self.told(finding.id, &finding.text, finding.way_out);
        }
    }

    fn line(&mut self, name: &str, text: &str) {
        let start = NAME + 4;
        for (i, part) in wrap(&escaped(text), self.style.width, start, start).iter().enumerate() {
            let name = if i == 0 { name } else { "" };
            let name = paint(self.style, Tone::Quiet, &format!("    {name:NAME$}"));
            self.out.push_str(&format!("{name}{}\n", part.trim_start()));
        }
    }

    fn told(&mut self, id: &str, text: &str, way_out: &str) {
        self.wrapped(Tone::Bad, &format!("! {id}: {text}"), 2, 4);
        self.wrapped(Tone::Plain, way_out, 6, 6);
    }

    fn wrapped(&mut self, tone: Tone, text: &str, first: usize, rest: usize) {
        for line in wrap(&escaped(text), self.style.width, first, rest) {
            self.out.push_str(&paint(self.style, tone, &line));
            self.out.push('\n');
        }
    }
}

/// `, valkey 8.1.1, up 3 h 2 min`.
fn about(snapshot: Option<&Snapshot>) -> String {
    let Some(server) = snapshot.map(|s| &s.server) else { return String::new() };
    let mut text = String::new();
    if let (Some(software), Some(version)) = (&server.software, &server.version) {
        text.push_str(&format!(", {}", tied(software, version)));
    }
    if let Some(uptime) = server.uptime_s {
        let ms = i64::try_from(uptime.saturating_mul(1000)).unwrap_or(i64::MAX);
        text.push_str(&format!(", {}", tied("up", &span(ms)).replace(' ', "\u{a0}")));
    }
    text
}

fn hit_rate(total: &Counters, run: Option<&Run>) -> String {
    let of = |counters: &Counters, span: &str| match (counters.hits, counters.lookups()) {
        (Some(hits), Some(all)) if all > 0 => {
            format!("{} of {} lookups {span}", share(hits, all), count(all))
        }
        (Some(_), Some(_)) => format!("no lookup {span}"),
        _ => format!("not told {span}"),
    };
    match run.filter(|run| run.interruption.is_none()) {
        Some(run) => format!("{}; {}", of(&run.counters, "in the run"), of(total, "since its start")),
        None => of(total, "since its start"),
    }
}

fn memory(s: &Snapshot, run: Option<&Run>) -> String {
    let used = s.memory.used.map_or_else(|| "not told".to_owned(), bytes);
    let limit = match (s.memory.max, s.memory.share()) {
        (Some(0), _) => ", no limit".to_owned(),
        (Some(max), Some(part)) => format!(" of {} ({:.1} %)", bytes(max), part * 100.0),
        (Some(max), None) => format!(" of {}", bytes(max)),
        (None, _) => ", limit not told".to_owned(),
    };
    let policy = s.memory.policy.as_ref().map(|p| format!(", {p}")).unwrap_or_default();
    let run = run.filter(|run| run.interruption.is_none());
    let evicted = run.map_or(s.counters.evicted_keys, |run| run.counters.evicted_keys);
    let evicted = evicted.map(|n| format!(", {}", tied(&count(n), "evicted"))).unwrap_or_default();
    let evicted = if run.is_some() && !evicted.is_empty() { evicted + " in the run" } else { evicted };
    let keys = s.keys.map(|n| format!(", {}", tied(&count(n), "keys"))).unwrap_or_default();
    format!("{used}{limit}{policy}{evicted}{keys}")
}

fn connected(c: &Capsules) -> String {
    let all = c.connected.len() + c.missing.len();
    let mut text = format!("{} of {all} connected, {} connections", c.connected.len(), count(c.connections));
    if c.other_connections > 0 {
        text.push_str(&format!("; {} of others ({})", count(c.other_connections), c.others.join(", ")));
    }
    text
}
