//! What failed: by class and way in, what to look at first, and the first attempts of each class by name.

use super::slowest::names;
use crate::registration::failures::SAMPLES;
use crate::registration::session::ErrorClass;
use crate::report::durations::count;
use crate::report::page::Report;
use crate::report::page::attempts::Attempt;
use crate::report::page::parts::{Cell, Section, Table, Tone, shown};

/// What a class is, and the first thing to look at (docs/metrics.md).
const fn about(class: ErrorClass) -> (&'static str, &'static str) {
    match class {
        ErrorClass::NoResponse => {
            ("never answered although the log goes on", "a worker that was killed, memory")
        }
        ErrorClass::Auth => ("401, 403", "token, activation key, clock"),
        ErrorClass::RateLimited => ("429", "limits in front of the Satellite"),
        ErrorClass::Server => ("5xx", "the lines around the request in production.log, Candlepin's log"),
        ErrorClass::Client => ("any other 4xx", "the host's name, what it sent"),
    }
}

pub fn section(report: &Report<'_>) -> Section {
    let mut section = Section::new("errors", "What failed");
    let Some(all) = report.answer.all().filter(|all| all.error_count > 0) else {
        section.say(Tone::Good, "No attempt failed.");
        return section;
    };
    let groups: Vec<_> = report.answer.groups.iter().filter(|g| g.group != "all").collect();
    let mut heads = vec!["Class".to_owned(), "#all".to_owned()];
    heads.extend(groups.iter().map(|g| format!("#{}", shown(&g.label))));
    heads.extend(["+What it is".to_owned(), "+What to look at first".to_owned()]);
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let mut table = Table::new("errors-table", "Failed attempts by class and way in", &heads);
    for class in ErrorClass::ALL {
        let of = |breakdown: &std::collections::BTreeMap<String, u64>| {
            breakdown.get(class.name()).copied().unwrap_or(0)
        };
        if of(&all.error_breakdown) == 0 {
            continue;
        }
        let (what, look) = about(class);
        let mut row = vec![Cell::text(class.name()), Cell::count(of(&all.error_breakdown))];
        row.extend(groups.iter().map(|g| Cell::count(of(&g.error_breakdown))));
        row.extend([Cell::text(what), Cell::text(look)]);
        table.rows.push(row);
    }
    section.tables.push(table);
    section.tables.push(samples(report));
    section
}

// of the class's attempt at this place; runs that an earlier version kept have no lines
fn said(report: &Report<'_>, class: ErrorClass, place: usize, attempt: &Attempt) -> Cell {
    let started_at = attempt.started_at.to_string();
    let of_class = report.answer.failure_samples.iter().filter(|sample| sample.error_class == class.name());
    let same = of_class.skip(place).take(1).find(|sample| {
        sample.started_at == started_at && sample.host.as_deref().unwrap_or_default() == attempt.host
    });
    match same {
        Some(sample) if !sample.lines.is_empty() => {
            let lines: Vec<String> = sample.lines.iter().map(|line| shown(line)).collect();
            Cell::text(lines.join("\n"))
        }
        Some(_) if class == ErrorClass::NoResponse => {
            Cell::text("no error line, no Completed line").toned(Tone::Quiet)
        }
        _ => Cell::text("-").toned(Tone::Quiet),
    }
}

fn samples(report: &Report<'_>) -> Table {
    let heads = [
        "Class",
        "Host",
        "#create status",
        "+What the log says",
        "Started (UTC)",
        "Way in",
        "Capsule",
        "Client",
        "#attempt",
    ];
    let caption = format!("The first attempts of each class, {SAMPLES} at most");
    let mut table = Table::new("samples-table", &caption, &heads);
    table.filter = true;
    for (class, attempts) in &report.attempts.failed {
        for (attempt, place) in attempts.iter().zip(0..) {
            let status = attempt.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
            let mut row = vec![
                Cell::text(class.name()),
                Cell::text(shown(&attempt.host)),
                Cell { value: Some(attempt.status.unwrap_or(0).to_string()), ..Cell::text(status) },
            ];
            row.push(said(report, *class, place, attempt));
            row.extend(names(attempt));
            row.push(Cell::number(f64::from(attempt.attempt), count(u64::from(attempt.attempt))));
            table.rows.push(row);
        }
    }
    table
}
