//! Capsules: how evenly their pool was used, what they answered, and how their script caches warmed up.

use super::{first_of, split};
use crate::kept::answer::{KeptAnswered, KeptCache, KeptCapsule};
use crate::metrics::answer::Statistic;
use crate::registration::session::Evidence;
use crate::report::durations::{count, millis, percent, share};
use crate::report::page::Report;
use crate::report::page::parts::{Cell, Chart, Key, Said, Section, Table, Tone, shown};
use crate::report::page::series::{Begun, Steps};
use crate::report::page::svg::bar;
use crate::report::page::svg::steps::{Layer, OverTime, Span};

/// Rows of capsules, and charts of caches, that are shown at most.
const MOST: usize = 60;
const MOST_CHARTS: usize = 8;

pub fn section(report: &Report<'_>, steps: Option<&Steps>) -> Option<Section> {
    let answer = report.answer;
    let mut section = Section::new("capsules", "Capsules and their script caches");
    for pool in answer.capsule_pools.iter().take(MOST_CHARTS) {
        let members: Vec<&KeptCapsule> = answer
            .capsules
            .iter()
            .filter(|c| c.load_balancer.as_ref() == Some(&pool.load_balancer))
            .collect();
        section.said.extend(balance(&pool.load_balancer, &members));
        if !pool.unread.is_empty() {
            let unread = pool.unread.iter().take(MOST).map(|n| shown(n)).collect::<Vec<_>>().join(", ");
            section.say(
                Tone::Caution,
                format!("Not read of the pool {}: {unread}.", shown(&pool.load_balancer)),
            );
        }
    }
    let pools = answer.capsule_pools.iter().map(|p| (p.load_balancer.as_str(), &p.script_cache));
    // those of a pool stand in its chart
    let alone = answer.capsules.iter().filter(|c| c.load_balancer.is_none());
    let alone = alone.map(|c| (c.name.as_deref().unwrap_or("a capsule without a name"), &c.script_cache));
    let (cold, used): (Vec<_>, Vec<_>) = pools.chain(alone).partition(|(_, cache)| cache.hits == 0);
    section.said.extend(never_hit(&cold));
    let drawn = used.into_iter().enumerate();
    section.charts =
        drawn.filter_map(|(at, (name, cache))| warm_up(at, name, cache)).take(MOST_CHARTS).collect();
    section.charts.extend(steps.map(|steps| over_time(report, steps)).unwrap_or_default());
    section.tables.extend(answered(&answer.capsules));
    section.tables.extend(registered(report));
    let parts =
        [("s-script", "scripts"), ("s-host", "host registrations"), ("ok", "succeeded"), ("bad", "failed")];
    section.charts.push(Chart {
        id: "capsules-keys".to_owned(),
        title: "Bars of the tables below".to_owned(),
        keys: parts.into_iter().map(|(class, label)| Key::new(class, label, false)).collect(),
        ..Chart::default()
    });
    (!section.tables.is_empty()).then_some(section)
}

// a capsule alone has nothing to be held against
fn over_time(report: &Report<'_>, steps: &Steps) -> Vec<Chart> {
    let all = report.attempts.capsules.len();
    if all < 2 {
        return Vec::new();
    }
    let twice = |name: &str| report.attempts.capsules.keys().filter(|(_, n)| n == name).count() > 1;
    let parts = steps.capsules.iter().map(|part| {
        let (group, name) = &part.of;
        let way_in = if twice(name) { format!(", {}", group.label()) } else { String::new() };
        split::Part { name: shown(name) + &way_in, class: "ok".to_owned(), steps: &part.steps }
    });
    let by = match steps.capsules.len() {
        drawn if drawn < all => format!("capsule, the {drawn} busiest of {all}"),
        _ => "capsule".to_owned(),
    };
    split::charts("by-capsule", &by, steps, &parts.collect::<Vec<_>>())
}

// how far the busiest capsule of a pool is from the idlest
fn balance(pool: &str, members: &[&KeptCapsule]) -> Option<Said> {
    let asked = |c: &&KeptCapsule| c.script.count + c.host_register.count;
    let (most, least) = (members.iter().map(asked).max()?, members.iter().map(asked).min()?);
    let all: u64 = members.iter().map(asked).sum();
    if members.len() < 2 || all == 0 {
        return None;
    }
    let even = 1.0 / members.len() as f64;
    let busiest = most as f64 / all as f64;
    // a fifth above an even share: more than chance has it at the sizes that a storm has
    let tone = if busiest > even * 1.2 { Tone::Caution } else { Tone::Plain };
    // a number and its sign stay together
    let percent = |share| percent(share).replace(' ', "\u{a0}");
    let text = format!(
        "Pool {}: {} requests of /register on {} capsules; the busiest answered {} ({}), the idlest {}; an even share is {}.",
        shown(pool),
        count(all),
        members.len(),
        count(most),
        percent(busiest),
        count(least),
        percent(even)
    );
    Some(Said { tone, text, of_charts: false })
}

// a line at 0 % says less than its words
fn never_hit(caches: &[(&str, &KeptCache)]) -> Option<Said> {
    let known = caches.iter().filter(|(_, cache)| cache.hit_rate.is_some());
    let names: Vec<String> = known
        .map(|(name, cache)| format!("{}{name} ({} scripts)", mark_of(cache), count(cache.requests)))
        .collect();
    let text = format!("No script came from the cache of {}.", first_of(&names, MOST_CHARTS).join(", "));
    (!names.is_empty()).then_some(Said { tone: Tone::Plain, text, of_charts: false })
}

const fn mark_of(cache: &KeptCache) -> &'static str {
    match cache.evidence {
        Evidence::Inferred => "~\u{a0}",
        _ => "",
    }
}

fn warm_up(at: usize, name: &str, cache: &KeptCache) -> Option<Chart> {
    let rate = cache.hit_rate?;
    let starts: Vec<(i64, f64)> =
        cache.steps.iter().map(|s| (s.start.0, s.hits as f64 / s.requests.max(1) as f64)).collect();
    let (first, last) = (starts.first()?.0, starts.last()?.0);
    let step_us = cache.step_seconds.clamp(1, i64::MAX / 1_000_000) * 1_000_000;
    let steps = last.checked_sub(first)? / step_us + 1;
    // the answer has few steps; a file that says otherwise is not drawn
    let steps = usize::try_from(steps).ok().filter(|n| (2..=400).contains(n))?;
    let mut values = vec![f64::NAN; steps];
    for (start, share) in starts {
        if let Some(value) = usize::try_from((start - first) / step_us).ok().and_then(|at| values.get_mut(at))
        {
            *value = share;
        }
    }
    let mark = mark_of(cache);
    let title = format!(
        "{mark}Script cache of {}: {} of {} scripts from it",
        shown(name),
        percent(rate),
        count(cache.requests)
    );
    let misses = cache.misses_before_first_hit.map(|n| format!(" {} misses before the first hit.", count(n)));
    let layers = [Layer { class: "g-all".to_owned(), label: "hit rate".to_owned(), values }];
    let id = format!("cache-{at}");
    let chart = OverTime {
        id: &id,
        title: &title,
        description: &format!("Hit rate in steps of {} s.{}", cache.step_seconds, misses.unwrap_or_default()),
        span: Span { start_us: first, step_us, count: steps },
        layers: &layers,
        lines: true,
        at_least: 1.0,
        shown: |share| format!("{:.0} %", share * 100.0),
    };
    Some(Chart {
        svg: chart.draw(),
        keys: vec![Key::new("g-all", "hit rate", true)],
        id,
        title,
        ..Chart::default()
    })
}

fn answered(capsules: &[KeptCapsule]) -> Option<Table> {
    let heads = [
        "Capsule",
        "Load balancer",
        "%Requests",
        "#scripts",
        "#script P50",
        "#script P99",
        "#hosts",
        "#host P50",
        "#host P99",
        "#failed",
        "#from cache",
        "#probes",
    ];
    let mut table = Table::new("capsules-table", "What capsules answered, by their own logs", &heads);
    table.filter = capsules.len() > 8;
    let asked = |c: &KeptCapsule| (c.script.count + c.host_register.count) as f64;
    let most = capsules.iter().map(asked).fold(0.0, f64::max);
    for capsule in capsules.iter().take(MOST) {
        let ms = |a: &KeptAnswered, statistic| match a.ms.get(statistic) {
            Some(ms) => Cell::number(ms, millis(ms)),
            None => Cell::text("-").toned(Tone::Quiet),
        };
        let cache = &capsule.script_cache;
        let mark = mark_of(cache);
        let parts = [
            ("s-script", format!("scripts: {}", count(capsule.script.count)), capsule.script.count as f64),
            (
                "s-host",
                format!("hosts: {}", count(capsule.host_register.count)),
                capsule.host_register.count as f64,
            ),
        ];
        table.rows.push(vec![
            Cell::text(capsule.name.as_deref().map_or_else(|| "without a name".to_owned(), shown)),
            Cell::text(capsule.load_balancer.as_deref().map(shown).unwrap_or_default()),
            Cell { svg: Some(bar::draw(&parts, most)), ..Cell::default() },
            Cell::count(capsule.script.count),
            ms(&capsule.script, Statistic::P50),
            ms(&capsule.script, Statistic::P99),
            Cell::count(capsule.host_register.count),
            ms(&capsule.host_register, Statistic::P50),
            ms(&capsule.host_register, Statistic::P99),
            Cell::count(capsule.script.failed + capsule.host_register.failed),
            cache.hit_rate.map_or_else(
                || Cell::text("-").toned(Tone::Quiet),
                |rate| Cell::number(rate, format!("{mark}{}", share(cache.hits, cache.requests))),
            ),
            Cell::count(capsule.probes),
        ]);
    }
    (!table.rows.is_empty()).then_some(table)
}

// by the Satellite's log: where it knows the capsule that a registration came through
fn registered(report: &Report<'_>) -> Option<Table> {
    let heads = ["Capsule", "Way in", "%Attempts", "#attempts", "#failed", "#share failed"];
    let caption = "Registrations by capsule, where the Satellite's log tells it";
    let mut table = Table::new("registered-table", caption, &heads);
    let failed = |begun: &Vec<Begun>| begun.iter().filter(|b| b.error.is_some()).count() as u64;
    let of = |(key, begun): (_, &Vec<Begun>)| (key, (begun.len() as u64, failed(begun)));
    let mut rows: Vec<_> = report.attempts.capsules.iter().map(of).collect();
    rows.sort_by(|a, b| b.1.0.cmp(&a.1.0).then(a.0.cmp(b.0)));
    table.filter = rows.len() > 8;
    let most = rows.first()?.1.0 as f64;
    for ((group, capsule), (attempts, failed)) in rows.iter().take(MOST) {
        let parts = [
            ("ok", format!("succeeded: {}", count(attempts - failed)), (attempts - failed) as f64),
            ("bad", format!("failed: {}", count(*failed)), *failed as f64),
        ];
        table.rows.push(vec![
            Cell::text(shown(capsule)),
            Cell::text(group.label()),
            Cell { svg: Some(bar::draw(&parts, most)), ..Cell::default() },
            Cell::count(*attempts),
            Cell::count(*failed),
            Cell::number(*failed as f64 / *attempts as f64, share(*failed, *attempts)),
        ]);
    }
    if rows.len() > MOST {
        let (attempts, failed) =
            rows.iter().skip(MOST).fold((0, 0), |sum, (_, (n, bad))| (sum.0 + n, sum.1 + bad));
        table.rows.push(vec![
            Cell::text(format!("... and {} more", rows.len() - MOST)),
            Cell::default(),
            Cell::default(),
            Cell::count(attempts),
            Cell::count(failed),
            Cell::number(failed as f64 / attempts.max(1) as f64, share(failed, attempts)),
        ]);
    }
    Some(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caches_that_no_script_came_from_are_told_in_words() {
        let exact = |requests, hit_rate| KeptCache {
            requests,
            hit_rate,
            evidence: Evidence::Exact,
            ..KeptCache::default()
        };
        let (cold, unknown) = (exact(800, Some(0.0)), exact(5, None));
        let inferred = KeptCache { evidence: Evidence::Inferred, ..exact(62, Some(0.0)) };
        let said = never_hit(&[("lb", &cold), ("one", &unknown), ("two", &inferred)]).unwrap();
        assert_eq!(said.text, "No script came from the cache of lb (800 scripts), ~\u{a0}two (62 scripts).");
        assert!(never_hit(&[("one", &unknown)]).is_none());
    }
}
