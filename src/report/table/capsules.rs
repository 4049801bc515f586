//! A block of all capsules whose logs were read: a row each, their script caches, their clocks.

use super::TableStyle;
use super::grid::{Cell, Columns, Row};
use super::text::{Tone, escaped, paint, tied, wrap};
use crate::metrics::answer::{Answer, CacheAnswer, CapsuleAnswer};
use crate::registration::capsule::OffsetFrom;
use crate::registration::session::Evidence;
use crate::report::durations::{count, millis, percent, share};

/// Steps in time that a line shows.
const STEPS: usize = 6;

pub fn render(out: &mut String, answer: &Answer, style: TableStyle) {
    if answer.capsules.is_empty() {
        return;
    }
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    line("");
    line(&paint(style, Tone::Title, "Capsules"));
    line(&paint(style, Tone::Quiet, "--------"));
    let rows = rows(&answer.capsules);
    let columns = Columns::measure(rows.iter(), 1);
    let fits = columns.total() <= style.width;
    for row in &rows {
        if fits {
            line(&columns.line(row, style));
        } else {
            stacked(&mut line, row, style);
        }
    }
    let mut say = |tone: Tone, text: String| {
        wrap(&escaped(&text), style.width, 2, 4).iter().for_each(|l| line(&paint(style, tone, l)));
    };
    for pool in &answer.pools {
        say(Tone::Plain, format!("script cache of the pool {}: {}", pool.load_balancer, cache(&pool.cache)));
        if !pool.unread.is_empty() {
            say(Tone::Caution, format!("not read of this pool: {}", pool.unread.join(", ")));
        }
    }
    for capsule in &answer.capsules {
        // the pool's line says it for all of its capsules, unless they tell it one by one
        if capsule.load_balancer.is_none() || capsule.cache.evidence == Evidence::Exact {
            say(Tone::Plain, format!("script cache of {}: {}", name(capsule), cache(&capsule.cache)));
        }
        say(Tone::Plain, format!("{}: {}", name(capsule), both_sides(capsule)));
        let clock = clock(capsule);
        if !clock.is_empty() {
            say(Tone::Caution, format!("{}: {clock}", name(capsule)));
        }
    }
}

fn name(capsule: &CapsuleAnswer) -> &str {
    capsule.name.as_deref().unwrap_or("a capsule without a name")
}

fn rows(capsules: &[CapsuleAnswer]) -> Vec<Row> {
    let heads = ["capsule", "scripts", "P50", "P99", "hosts", "P50", "P99", "failed", "cached", "probes"];
    let mut rows = vec![Row {
        inferred: false,
        cells: heads.iter().map(|head| Cell::new(*head, Tone::Quiet)).collect(),
    }];
    for c in capsules {
        let ms = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| millis(v).replace(' ', ""));
        let failed = c.script.failed + c.host_register.failed;
        let rate =
            c.cache.hit_rate().map_or_else(|| "-".to_owned(), |_| share(c.cache.hits, c.cache.requests));
        let cells = [
            escaped(name(c)),
            count(c.script.count),
            ms(c.script.ms.p50),
            ms(c.script.ms.p99),
            count(c.host_register.count),
            ms(c.host_register.ms.p50),
            ms(c.host_register.ms.p99),
            count(failed),
            rate,
            count(c.probes),
        ];
        rows.push(Row {
            inferred: c.cache.evidence == Evidence::Inferred,
            cells: cells.into_iter().map(Cell::plain).collect(),
        });
    }
    rows
}

/// For terminals too narrow for a row: the name, and its figures below.
fn stacked(line: &mut impl FnMut(&str), row: &Row, style: TableStyle) {
    let heads = [
        "scripts",
        "script P50",
        "script P99",
        "hosts",
        "host P50",
        "host P99",
        "failed",
        "cached",
        "probes",
    ];
    let mut cells = row.cells.iter();
    let Some(label) = cells.next().filter(|l| l.text != "capsule") else { return };
    line(&format!("{} {}", if row.inferred { "~" } else { " " }, label.text));
    let pairs: Vec<String> = heads.iter().zip(cells).map(|(head, c)| tied(head, &c.text)).collect();
    wrap(&pairs.join(", "), style.width, 4, 4).iter().for_each(|l| line(l));
}

fn cache(c: &CacheAnswer) -> String {
    let Some(rate) = c.hit_rate() else {
        return "not told: no cache lines, and the Satellite's log does not tell what reached it".to_owned();
    };
    let mut text = format!("{} of {} scripts from it ({})", count(c.hits), count(c.requests), percent(rate));
    if c.evidence == Evidence::Inferred {
        text += ", inferred from what reached the Satellite";
    }
    if let (Some(hit), Some(before)) = (c.first_hit, c.misses_before) {
        text += &format!("; first hit at {hit}, {} misses before it", count(before));
    }
    if c.hits > 0 && c.steps.len() > 1 {
        let shown: Vec<String> =
            c.steps.iter().take(STEPS).map(|s| share(s.hits, s.requests).replace(' ', "")).collect();
        let more = if c.steps.len() > STEPS { " ..." } else { "" };
        text += &format!("; in steps of {} s: {}{more}", c.step_secs, shown.join(" "));
    }
    text
}

fn both_sides(c: &CapsuleAnswer) -> String {
    let p = &c.pairs;
    let n = p.by_request_id + p.by_time;
    let mut parts = Vec::new();
    if let Some(mean) = p.mean_in_capsule_ms {
        parts.push(format!(
            "a host's registration spends {} in the capsule on average (inferred)",
            millis(mean.max(0.0))
        ));
    }
    if let (Some(here), Some(there)) = (p.in_capsule_ms.p50, p.waiting_ms.p50) {
        let by = match (p.by_request_id, p.by_time) {
            (_, 0) => "by request id".to_owned(),
            (0, _) => "by time, inferred".to_owned(),
            (ids, _) => format!("{} by request id, the others by time, inferred", count(ids)),
        };
        parts.push(format!(
            "{} requests paired with the Satellite's ({by}): P50 {} in the capsule, {} waiting for the Satellite",
            count(n),
            millis(here),
            millis(there)
        ));
    }
    if parts.is_empty() {
        parts.push("no request can be paired with the Satellite's".to_owned());
    }
    if c.unfinished > 0 {
        parts.push(format!("{} requests without an end", count(c.unfinished)));
    }
    if c.doubled > 0 {
        parts.push(format!("{} requests stand twice (counted once)", count(c.doubled)));
    }
    parts.join("; ")
}

fn clock(c: &CapsuleAnswer) -> String {
    let mut parts = Vec::new();
    match c.offset {
        Some((offset, OffsetFrom::Pairs)) => {
            parts.push(format!("its lines are at {offset} (inferred from requests that both sides have)"));
        }
        Some((offset, OffsetFrom::Satellite)) => {
            parts.push(format!(
                "its lines are taken to be at {offset} as the Satellite's; --utc-offset says otherwise"
            ));
        }
        Some((offset, OffsetFrom::Unknown)) => {
            parts.push(format!(
                "what its lines are at is not known, as the Satellites' offsets differ: taken to be at {offset}; \
                 --utc-offset says otherwise"
            ));
        }
        Some((offset, OffsetFrom::Report)) => {
            parts.push(format!("its lines are at {offset} by its sosreport"))
        }
        Some((_, OffsetFrom::User)) | None => {}
    }
    if let Some(skew) = c.skew {
        let way = if skew.median_ms < 0.0 { "behind" } else { "ahead of" };
        let ms = |v: f64| if v < 0.0 { format!("-{}", millis(-v)) } else { millis(v) };
        parts.push(format!(
            "its clock is {} {way} the Satellite's, estimated from {} {} (8 in 10 within {} to {}), not set right",
            millis(skew.median_ms.abs()),
            count(skew.pairs),
            if skew.of_pairs { "pairs" } else { "requests of like duration" },
            ms(skew.spread_ms.0),
            ms(skew.spread_ms.1)
        ));
    }
    parts.join("; ")
}
