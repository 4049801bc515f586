//! Hosts that were read over SSH: a line each, and what went wrong with the way out.

use super::TableStyle;
use super::text::{Tone, escaped, paint, wrap};
use crate::metrics::answer::HostAnswer;
use crate::report::durations::bytes;

/// A section of its own; none where no host was asked.
pub fn render(out: &mut String, hosts: &[HostAnswer], style: TableStyle) {
    if hosts.is_empty() {
        return;
    }
    out.push('\n');
    let mut push = |tone: Tone, text: &str, first: usize, rest: usize| {
        for line in wrap(&escaped(text), style.width, first, rest) {
            out.push_str(&paint(style, tone, &line));
            out.push('\n');
        }
    };
    push(Tone::Title, "Hosts", 0, 0);
    push(Tone::Quiet, "-----", 0, 0);
    for host in hosts {
        let tone = match host.status {
            "read" => Tone::Plain,
            "failed" => Tone::Bad,
            _ => Tone::Caution,
        };
        let files = if host.files == 1 { "1 file".to_owned() } else { format!("{} files", host.files) };
        let read =
            format!("{} ({}): {}, {files}, {}", host.name, host.role, said(host.status), bytes(host.bytes));
        push(tone, &read, 2, 4);
        if let (Some(error), Some(way_out)) = (&host.error, &host.way_out) {
            push(tone, error, 4, 4);
            push(Tone::Plain, way_out, 4, 4);
        }
        if let Some(left) = &host.left {
            push(Tone::Quiet, left, 4, 4);
        }
    }
}

const fn said(status: &str) -> &str {
    match status.as_bytes() {
        b"partly-read" => "READ IN PART",
        b"failed" => "NOT READ",
        _ => status,
    }
}
