//! The registrations that took longest, by the steps that they tell themselves.

use super::waterfall;
use crate::report::durations::{count, millis};
use crate::report::page::Report;
use crate::report::page::attempts::{Attempt, STEPS};
use crate::report::page::parts::{Cell, Chart, Key, Section, Table, Tone, shown};
use crate::report::page::svg::bar;

/// Registrations that paper and Markdown show request by request.
const TOLD: usize = 3;

pub fn section(report: &Report<'_>) -> Option<Section> {
    let slowest = &report.attempts.slowest;
    let longest = slowest.first()?.total();
    let mut section = Section::new("slowest", "Slowest registrations");
    section.say(
        Tone::Quiet,
        "By what the Satellite took for the steps that a registration tells, one after the other; what a host waited between \
         them is not in it. A script has no key: it is shown only where one alone can be meant (~), and left out elsewhere.",
    );
    let mut heads = vec![
        "Host",
        "%Steps",
        "#all",
        // its mark does not stand in a line of its own
        "#~\u{a0}script",
        "#create",
        "#facts",
        "#host",
        "Started (UTC)",
        "Way in",
        "Capsule",
    ];
    // where there are waterfalls these stand above them
    let alone = report.traces.is_empty();
    if alone {
        heads.extend(["Client", "#attempt", "Consumer"]);
    }
    let mut table = Table::new("slowest-table", "The registrations whose known steps took longest", &heads);
    table.filter = true;
    table.rows = slowest.iter().map(|attempt| row(attempt, longest, alone)).collect();
    section.tables.push(table);
    waterfalls(&mut section, report);
    let keys = STEPS.iter().map(|(class, label, inferred)| {
        Key::new(
            &format!("s-{class}"),
            if *inferred { format!("~ {label}") } else { (*label).to_owned() },
            false,
        )
    });
    let of_waterfalls =
        [waterfall::OTHER, waterfall::FAILED].map(|(class, label)| Key::new(class, label, false));
    let keys = keys.chain(of_waterfalls.into_iter().filter(|_| !report.traces.is_empty()));
    // the bars stand in the table: a legend alone
    let title = format!("The longest took {} in all its known steps", millis(longest as f64));
    section.charts.push(Chart {
        id: "slowest-keys".to_owned(),
        title,
        keys: keys.collect(),
        ..Chart::default()
    });
    Some(section)
}

fn waterfalls(section: &mut Section, report: &Report<'_>) {
    if report.traces.is_empty() {
        section.say(
            Tone::Quiet,
            "The run was kept without traces.jsonl, which has its slowest registrations request by request: a report of its \
             log shows them, and so does this page where the run is kept again.",
        );
    } else {
        section.explain(
            "Below each of them request by request, with its client, attempt and consumer. Calls that carry no key are left \
             out where others share the host's address.",
        );
    }
    for (trace, number) in report.traces.iter().zip(1..) {
        let mut table = waterfall::table(trace, number);
        table.printed = number <= TOLD;
        section.tables.push(table);
        if number <= TOLD {
            section.tables.push(waterfall::brief(trace, number));
        }
    }
}

fn row(attempt: &Attempt, longest: u64, alone: bool) -> Vec<Cell> {
    let parts: Vec<(String, String, f64)> = STEPS
        .iter()
        .zip(attempt.steps)
        .filter_map(|((class, label, _), ms)| {
            let ms = f64::from(ms?);
            Some((format!("s-{class}"), format!("{label}: {}", millis(ms)), ms))
        })
        .collect();
    let parts: Vec<(&str, String, f64)> =
        parts.iter().map(|(class, words, ms)| (class.as_str(), words.clone(), *ms)).collect();
    let ms = |value: Option<u32>| match value {
        Some(ms) => Cell::number(f64::from(ms), millis(f64::from(ms))),
        None => Cell::text("-").toned(Tone::Quiet),
    };
    let total = attempt.total();
    let mut row = vec![
        Cell::text(shown(&attempt.host)),
        Cell { svg: Some(bar::draw(&parts, longest as f64)), ..Cell::default() },
        Cell::number(total as f64, millis(total as f64)),
    ];
    row.extend(attempt.steps.map(ms));
    row.extend(names(attempt).into_iter().take(if alone { 4 } else { 3 }));
    if alone {
        row.push(Cell::number(f64::from(attempt.attempt), count(u64::from(attempt.attempt))));
        row.push(Cell::text(shown(&attempt.uuid)));
    }
    row
}

/// When, which way, through which capsule, with which client.
pub fn names(attempt: &Attempt) -> [Cell; 4] {
    [
        Cell::text(super::clock(&attempt.started_at.to_string())),
        Cell::text(attempt.group.label()),
        Cell::text(shown(&attempt.capsule)),
        Cell::text(shown(&attempt.client_os)),
    ]
}
