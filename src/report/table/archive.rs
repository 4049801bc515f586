//! An archive's levels: three tables, the law in words.

use super::TableStyle;
use super::grid::{Cell, Columns, Row};
use super::text::{Tone, escaped, paint, wrap};
use crate::archive::answer::{ArchiveAnswer, From, LevelAnswer};
use crate::archive::law::{Estimate, Kind, Law};
use crate::metrics::answer::{GroupAnswer, Metric};
use crate::registration::session::Evidence;
use crate::report::durations::{count, digits};

/// What is shown of the machines, where it was measured: the end of a figure's name, the heading, and what it is divided by.
const MONITORED: [(&str, &str, f64); 4] = [
    ("load.load.shortterm", "load", 1.0),
    ("memory.memory-used", "memory GB", 1e9),
    ("processes-Puma-Worker.ps_cputime.user", "Puma CPU", 1.0),
    ("processes-Tomcat.ps_cputime.user", "Tomcat CPU", 1.0),
];

/// How first tries failed, in the order of their columns.
const KINDS: &str = "of the failed that the Satellite saw: fast, the create was turned away in less than half the \
    median of good creates; slow, it took longer; later, a step after it failed; silent, it was never answered";

pub fn render(out: &mut String, archive: &ArchiveAnswer, style: TableStyle) {
    heading(out, &format!("Levels of load ({})", archive.name), style);
    table(out, &first_tries(archive), style);
    if archive.levels.iter().any(|level| level.first_tries.failed > 0) {
        for line in wrap(KINDS, style.width, 2, 4) {
            out.push_str(&format!("{}\n", paint(style, Tone::Quiet, &line)));
        }
    }
    heading(out, "What the Satellite and its clients took, P50, seconds", style);
    table(out, &timings(archive), style);
    let monitored = monitored(archive);
    if monitored.len() > 1 {
        heading(out, "The Satellite meanwhile, mean", style);
        table(out, &monitored, style);
    }
    heading(out, "Throughput against load", style);
    let mut words = match &archive.law {
        Ok(law) => law_words(law),
        Err(refused) => vec![format!("No law is fitted: {refused}.")],
    };
    if archive.outside > 0 {
        words.push(format!("{} registrations lie in no level and its retries.", count(archive.outside)));
    }
    for line in words.iter().flat_map(|words| wrap(&escaped(words), style.width, 2, 4)) {
        out.push_str(&format!("{line}\n"));
    }
}

fn heading(out: &mut String, words: &str, style: TableStyle) {
    out.push_str(&format!("\n{}\n", paint(style, Tone::Strong, &escaped(words))));
}

fn table(out: &mut String, rows: &[Row], style: TableStyle) {
    let columns = Columns::measure(rows.iter(), 2);
    for row in rows {
        out.push_str(&columns.line(row, style));
        out.push('\n');
    }
}

fn row(cells: impl IntoIterator<Item = String>) -> Row {
    Row { inferred: false, cells: cells.into_iter().map(Cell::plain).collect() }
}

fn words(cells: &[&str]) -> Row {
    row(cells.iter().map(|cell| (*cell).to_owned()))
}

fn first_tries(archive: &ArchiveAnswer) -> Vec<Row> {
    // 80 columns hold four digits of hosts
    let head = words(&[
        "level",
        "first try",
        "failed",
        "fast",
        "slow",
        "later",
        "silent",
        "retried",
        "gave up",
        "per s",
    ]);
    let of = |l: &LevelAnswer| {
        let (tries, retries) = (l.first_tries, l.retries);
        let mut row = row([
            count(l.level.load.into()),
            format!("{}/{}", count(tries.passed), count(tries.hosts)),
            count(tries.failed),
            count(l.failures.fast),
            count(l.failures.slow),
            count(l.failures.later_step),
            count(l.failures.unanswered),
            format!("{}/{}", count(retries.passed), count(retries.passed + retries.failed)),
            count(retries.given_up),
            l.throughput().map_or_else(|| "-".to_owned(), |x| digits(x, 3)),
        ]);
        // hosts that never got as far as a create are not in its log
        row.inferred = retries.from == From::Satellite && tries.failed > 0;
        row
    };
    std::iter::once(head).chain(archive.levels.iter().map(of)).collect()
}

fn timings(archive: &ArchiveAnswer) -> Vec<Row> {
    let head =
        words(&["level", "n", "create", "P95", "facts", "host", "client", "P95", "joined", "elsewhere"]);
    let of = |l: &LevelAnswer| {
        let all: Option<&GroupAnswer> = l.groups.iter().find(|g| g.group.is_none());
        let shown = |ms: Option<f64>| ms.map_or_else(|| "-".to_owned(), |ms| digits(ms / 1000.0, 1));
        let metric = |metric: Metric| all.and_then(|g| g.metrics.get(&metric));
        let create = metric(Metric::ConsumerCreateMs);
        let p50 = |found: Metric| shown(metric(found).and_then(|d| d.p50));
        let client = &l.client;
        let mut row = row([
            count(l.level.load.into()),
            count(all.map_or(0, |g| g.session_count)),
            shown(create.and_then(|d| d.p50)),
            shown(create.and_then(|d| d.p95)),
            p50(Metric::FactUpdateMs),
            p50(Metric::HostRegisterMs),
            shown(client.client_ms.p50),
            shown(client.client_ms.p95),
            count(client.satellite_ms.count),
            shown(client.elsewhere_ms.p50),
        ]);
        row.inferred = client.elsewhere_ms.evidence == Evidence::Inferred;
        row
    };
    std::iter::once(head).chain(archive.levels.iter().map(of)).collect()
}

fn monitored(archive: &ArchiveAnswer) -> Vec<Row> {
    let mean = |l: &LevelAnswer, end: &str| {
        l.monitored.iter().find(|m| m.name.starts_with("satellite.") && m.name.ends_with(end)).map(|m| m.mean)
    };
    let shown: Vec<_> =
        MONITORED.iter().filter(|(end, ..)| archive.levels.iter().any(|l| mean(l, end).is_some())).collect();
    if shown.is_empty() {
        return Vec::new();
    }
    let head =
        row(std::iter::once("level".to_owned()).chain(shown.iter().map(|(_, head, _)| (*head).to_owned())));
    let of = |l: &LevelAnswer| {
        let figure = |(end, _, by): &&(&str, &str, f64)| {
            mean(l, end).map_or_else(|| "-".to_owned(), |value| digits(value / by, 2))
        };
        row(std::iter::once(count(l.level.load.into())).chain(shown.iter().map(figure)))
    };
    std::iter::once(head).chain(archive.levels.iter().map(of)).collect()
}

fn law_words(law: &Law) -> Vec<String> {
    let interval = |e: &Estimate, behind: usize| {
        let high = e.high.map_or_else(|| "open".to_owned(), |high| digits(high, behind));
        format!("{} (95 %: {} to {high})", digits(e.at, behind), digits(e.low, behind))
    };
    let name = match law.kind {
        Kind::Linear => "a straight line: nothing holds it back yet",
        Kind::Amdahl => "Amdahl's law: hosts wait for what serves one at a time",
        Kind::Usl => "Gunther's Universal Scalability Law: hosts wait, and cost each other",
    };
    let mut words = vec![format!(
        "{} levels follow {name}; they lie {} % from it.",
        law.levels,
        digits(law.scatter * 100.0, 1)
    )];
    words.push(format!("lambda {} registrations a second and host", interval(&law.lambda, 4)));
    let parts = [("sigma", &law.sigma, 4), ("kappa", &law.kappa, 7)];
    let fitted = parts
        .into_iter()
        .filter_map(|(name, part, behind)| Some(format!("{name} {}", interval(part.as_ref()?, behind))));
    let fitted: Vec<String> = fitted.collect();
    if !fitted.is_empty() {
        words.push(fitted.join(", "));
    }
    match &law.end {
        Ok(end) => words.push(format!("knee at {} hosts: beyond it they wait", interval(&end.knee, 0))),
        Err(refused) => words.push(format!("no knee and no ceiling: {refused}")),
    }
    if let Some(peak) = &law.peak {
        words.push(format!("most at {} hosts: beyond it throughput falls", interval(peak, 0)));
    }
    if let Ok(end) = &law.end {
        words.push(format!("ceiling {} registrations a second", interval(&end.ceiling, 3)));
    }
    words
}
