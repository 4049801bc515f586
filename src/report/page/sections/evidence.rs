//! What the page rests on, never silent: sources, coverage, attribution, background, hosts, notes.

use super::{first_of, mix};
use crate::kept::answer::KeptAnswer;
use crate::report::durations::{bytes, count, share};
use crate::report::page::Report;
use crate::report::page::parts::{Cell, Section, Table, Tone, shown};

/// Files, hosts, notes and lines that are shown at most.
const MOST: usize = 40;

pub fn section(report: &Report<'_>) -> Section {
    let answer = report.answer;
    let mut section = Section::new("evidence", "What this rests on");
    if answer.coverage.complete {
        section.say(Tone::Good, "All that was asked for could be read.");
    } else {
        section.say(Tone::Bad, "NOT COMPLETE: not all that was asked for could be read.");
    }
    for what in first_of(&answer.coverage.unreadable, MOST) {
        section.say(Tone::Bad, what);
    }
    if report.run.requests.is_none() {
        section.say(
            Tone::Caution,
            "The run was kept without requests.jsonl: distributions of scripts, and of what capsules answered, cannot be drawn.",
        );
    }
    section.tables.push(coverage(answer));
    section.tables.push(sources(answer));
    section.tables.extend(hosts(answer));
    section.tables.extend(samples(answer));
    let notes = answer.targets.iter().filter_map(|t| t.note.as_ref().map(|n| format!("{}: {n}", t.change)));
    let mut told: Vec<String> = answer.notes.clone();
    for note in notes {
        if !told.contains(&note) {
            told.push(note);
        }
    }
    for note in first_of(&told, MOST) {
        section.say(Tone::Plain, note);
    }
    section.say(
        Tone::Quiet,
        "Percentiles are nearest rank over n values of requests that succeeded; calls are averages over n successful \
         registrations. ~ marks what is inferred: told by time or shared out, not by a key.",
    );
    section
}

fn coverage(answer: &KeptAnswer) -> Table {
    let mut table = Table::new(
        "coverage-table",
        "Lines, requests and their evidence",
        &["What", "#count", "+What that means"],
    );
    let c = &answer.coverage;
    let a = &answer.attribution;
    let b = &answer.background;
    let skipped: u64 = c.lines_skipped.values().sum();
    let requests = a.exact + a.inferred + a.unattributed;
    let of_requests =
        |n: u64| format!("{} of {} requests of registrations", share(n, requests), count(requests));
    let rows = [
        ("lines read", c.lines_read, "of Foreman's log; those of each file stand below".to_owned()),
        ("lines parsed", c.lines_parsed, share(c.lines_parsed, c.lines_read)),
        ("lines skipped", skipped, mix(&c.lines_skipped, 8)),
        ("lines cut", c.lines_cut, "at a file's start or end, or too long".to_owned()),
        ("lines dropped", c.lines_lost, "by journald; where there are any, figures are too low".to_owned()),
        ("lines doubled", c.lines_doubled, "counted once".to_owned()),
        ("requests matched", c.requests_matched, "their start and their end are known".to_owned()),
        ("requests orphaned", c.requests_orphaned, "no start in the log".to_owned()),
        ("requests cut off", c.requests_cut, "by the log's end or a hole in it".to_owned()),
        ("requests never answered", c.requests_unanswered, "although the log goes on".to_owned()),
        ("requests doubled", c.requests_doubled, "counted once".to_owned()),
        ("exact", a.exact, format!("a key names them: {}", of_requests(a.exact))),
        ("inferred", a.inferred, format!("told by time or shared out: {}", of_requests(a.inferred))),
        ("not attributed", a.unattributed, of_requests(a.unattributed)),
        (
            "background requests",
            b.keyed_requests,
            format!("of {} consumers registered already", count(b.consumers)),
        ),
        ("background GET status", b.status_calls, "that no way in counts".to_owned()),
        ("background POST /register", b.host_registers, "that no registration's keys name".to_owned()),
        ("other requests", b.other_requests, "outside /rhsm and /register".to_owned()),
    ];
    table.rows = rows
        .into_iter()
        .map(|(what, n, means)| vec![Cell::text(what), Cell::count(n), Cell::text(means)])
        .collect();
    table
}

fn sources(answer: &KeptAnswer) -> Table {
    let heads = ["Source", "Layout", "Compression", "#lines", "#size", "+Not used because"];
    let mut table = Table::new("sources-table", "Files that were read", &heads);
    table.rows = answer
        .sources
        .iter()
        .take(MOST)
        .map(|s| {
            vec![
                Cell::text(shown(&s.path)),
                Cell::text(shown(&s.layout)),
                Cell::text(shown(&s.compression)),
                Cell::count(s.lines),
                Cell::number(s.bytes as f64, bytes(s.bytes)),
                Cell::text(s.skipped.as_deref().map(shown).unwrap_or_default()).toned(Tone::Caution),
            ]
        })
        .collect();
    if answer.sources.len() > MOST {
        let more = answer.sources.len() - MOST;
        let mut row = vec![Cell::text(format!("... and {more} more"))];
        row.resize(heads.len(), Cell::default());
        table.rows.push(row);
    }
    table
}

fn hosts(answer: &KeptAnswer) -> Option<Table> {
    let heads = ["Host", "Role", "Status", "#files", "#size", "+What it said", "+Way out"];
    let mut table = Table::new("hosts-table", "Hosts that were asked", &heads);
    table.rows = answer
        .hosts
        .iter()
        .take(5 * MOST)
        .map(|h| {
            let tone = if h.status == "read" { Tone::Good } else { Tone::Bad };
            vec![
                Cell::text(shown(&h.name)),
                Cell::text(shown(&h.role)),
                Cell::text(shown(&h.status)).toned(tone),
                Cell::count(h.files),
                Cell::number(h.bytes as f64, bytes(h.bytes)),
                Cell::text(h.error.as_deref().map(shown).unwrap_or_default()),
                Cell::text(h.way_out.as_deref().map(shown).unwrap_or_default()),
            ]
        })
        .collect();
    (!table.rows.is_empty()).then_some(table)
}

fn samples(answer: &KeptAnswer) -> Option<Table> {
    let mut table = Table::new("unparsed-table", "Lines that no layout fits, the first of them", &["Line"]);
    table.folded = true;
    table.rows =
        first_of(&answer.coverage.skipped_samples, MOST).into_iter().map(|l| vec![Cell::text(l)]).collect();
    (!table.rows.is_empty()).then_some(table)
}
