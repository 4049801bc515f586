//! The answer in, a table for people out: a block a group, what was read and what it rests on at the end.
//!
//! Fits 80 columns with short labels; wider terminals get the routes and full labels. Plain ASCII but for names
//! that the log holds; without colour it says the same.

mod archive;
mod cache;
mod capsules;
pub(crate) mod grid;
mod group;
mod hosts;
mod tail;
pub(crate) mod text;

use crate::cache::CacheRow;
use crate::metrics::answer::{Answer, Metric};
use crate::metrics::targets::Judgement;
use std::io::IsTerminal;
use text::{Tone, escaped, from_to, paint, wrap};

/// What a table is as wide as where nothing tells (a pipe, a file): it fits every mail and ticket.
pub const DEFAULT_WIDTH: usize = 80;
/// Wider lines are hard to follow.
pub(crate) const MAX_WIDTH: usize = 140;
/// No row fits into less.
pub(crate) const MIN_WIDTH: usize = 60;

/// How a table is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableStyle {
    /// Columns that a line may take.
    pub width: usize,
    /// Whether to colour.
    pub color: bool,
}

impl TableStyle {
    /// For stdout: as wide as `COLUMNS` says, else as the terminal is, else `DEFAULT_WIDTH`; colour on a
    /// terminal only, where NO_COLOR does not forbid it.
    pub fn for_stdout() -> Self {
        let stdout = std::io::stdout();
        let columns = std::env::var("COLUMNS").ok().and_then(|c| c.trim().parse().ok()).filter(|c| *c > 0);
        let terminal = || {
            let size = stdout.is_terminal().then(|| terminal_size::terminal_size_of(&stdout)).flatten();
            size.map(|(width, _)| usize::from(width.0)).filter(|w| *w > 0)
        };
        let color = anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never;
        Self { width: columns.or_else(terminal).unwrap_or(DEFAULT_WIDTH), color }
    }
}

impl Default for TableStyle {
    fn default() -> Self {
        Self { width: DEFAULT_WIDTH, color: false }
    }
}

/// The answer as text, lines ended by newlines.
pub fn render(answer: &Answer, judgements: &[Judgement], style: &TableStyle) -> String {
    let style = TableStyle { width: style.width.clamp(MIN_WIDTH, MAX_WIDTH), ..*style };
    let mut out = String::new();
    title(&mut out, answer, style);
    group::render(&mut out, answer, judgements, style);
    if let Some(rows) = &answer.cache {
        cache::render(&mut out, rows, style);
    }
    capsules::render(&mut out, answer, style);
    if let Some(archive) = &answer.archive {
        archive::render(&mut out, archive, style);
    }
    hosts::render(&mut out, &answer.hosts, style);
    tail::render(&mut out, answer, judgements, style);
    out
}

/// Caches alone as text, lines ended by newlines.
pub fn render_caches(rows: &[CacheRow], style: &TableStyle) -> String {
    let style = TableStyle { width: style.width.clamp(MIN_WIDTH, MAX_WIDTH), ..*style };
    let mut out = String::new();
    cache::render(&mut out, rows, style);
    out.trim_start().to_owned()
}

fn title(out: &mut String, answer: &Answer, style: TableStyle) {
    let Some((start, end)) = answer.window else { return };
    let offsets: Vec<String> = answer.utc_offsets.iter().map(ToString::to_string).collect();
    let written = match offsets.len() {
        0 => String::new(),
        1..=4 => format!(", written at {}", offsets.join(" then ")),
        n => format!(", written at {n} offsets, last {}", offsets[n - 1]),
    };
    let line = format!("Log of {}{written}", from_to(start, end));
    for line in wrap(&escaped(&line), style.width, 0, 2) {
        out.push_str(&paint(style, Tone::Strong, &line));
        out.push('\n');
    }
}

/// A metric's name where there is little room.
pub(crate) const fn short_label(metric: Metric) -> &'static str {
    Labels::Short.of(metric)
}

/// How much room a metric's name may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Labels {
    /// `POST /rhsm/consumers (consumer create)`
    Full,
    /// `POST /rhsm/consumers`
    Route,
    /// `consumer create`
    Short,
}

impl Labels {
    const fn of(self, metric: Metric) -> &'static str {
        match (self, metric) {
            (Self::Full, _) => metric.label(),
            (Self::Route, Metric::ConsumerCreateMs) => "POST /rhsm/consumers",
            (Self::Route, Metric::ScriptFetchMs) => "GET /register (script)",
            (Self::Route, Metric::HostRegisterMs) => "POST /register (host)",
            (Self::Route, Metric::FactUpdateMs) => "PUT /rhsm/consumers/:id",
            (Self::Route, Metric::ComplianceCalls | Metric::StatusCalls | Metric::CreateAndFactsMs) => {
                metric.label()
            }
            (Self::Route, Metric::RedundantConsumerGets) => "GET /rhsm/consumers/:id",
            (Self::Route, Metric::ScriptFetches) => "GET /register (fetches)",
            (Self::Route, Metric::CapsuleScriptFetchMs) => "GET /register, capsule",
            (Self::Route, Metric::CapsuleHostRegisterMs) => "POST /register, capsule",
            (Self::Route | Self::Short, Metric::ScriptCacheHitRate) => metric.label(),
            (Self::Short, Metric::ConsumerCreateMs) => "consumer create",
            (Self::Short, Metric::ScriptFetchMs) => "script fetch",
            (Self::Short, Metric::HostRegisterMs) => "host register",
            (Self::Short, Metric::FactUpdateMs) => "fact update",
            (Self::Short, Metric::CreateAndFactsMs) => "create + facts",
            (Self::Short, Metric::ComplianceCalls) => "compliance",
            (Self::Short, Metric::StatusCalls) => "status",
            (Self::Short, Metric::RedundantConsumerGets) => "consumer gets",
            (Self::Short, Metric::ScriptFetches) => "script fetches",
            (Self::Short, Metric::CapsuleScriptFetchMs) => "capsule script",
            (Self::Short, Metric::CapsuleHostRegisterMs) => "capsule host",
        }
    }
}

#[cfg(test)]
mod tests;
