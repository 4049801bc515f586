//! What was asked and answered, in one screen.

use super::timings::LEAST;
use super::{capital, clock, figure_text};
use crate::metrics::answer::{Metric, Statistic};
use crate::report::durations::{count, share, step, tenths};
use crate::report::page::Report;
use crate::report::page::parts::{Card, Said, Tone, shown};
use crate::report::page::series::Steps;
use crate::report::table::short_label;
use crate::report::table::text::span_of_time;
use crate::timestamp::Timestamp;

/// The line below the title: what was read, and of when.
pub fn asked(report: &Report<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let answer = report.answer;
    let used: Vec<_> = answer.sources.iter().filter(|s| s.skipped.is_none()).collect();
    let lines_read = count(used.iter().map(|s| s.lines).sum());
    let name = shown(&report.run.name);
    lines.push(match used.as_slice() {
        [one] if one.path == report.run.name => format!("{name}, {lines_read} lines"),
        all => format!("{name}: {} files, {lines_read} lines", count(all.len() as u64)),
    });
    if let Some(all) = answer.all()
        && let (Some(start), Some(end)) = (all.window_start, all.window_end)
    {
        lines.push(format!("Registrations from {}", span_of_time(start, end)));
    }
    if !report.run.labels.is_empty() {
        let label = |(key, value): (&String, &String)| format!("{}={}", shown(key), shown(value));
        lines.push(report.run.labels.iter().take(12).map(label).collect::<Vec<_>>().join(", "));
    }
    if let Some(comparison) = report.comparison {
        let names: Vec<String> = comparison.before.iter().take(12).map(|r| shown(&r.name)).collect();
        lines.push(format!("Held against {}", names.join(", ")));
    }
    lines
}

/// The figures that are looked for first.
pub fn cards(report: &Report<'_>, steps: Option<&Steps>) -> Vec<Card> {
    let Some(all) = report.answer.all() else { return Vec::new() };
    let mut cards = vec![
        Card {
            label: "Registrations".to_owned(),
            value: count(all.session_count),
            note: match all.cut_count {
                0 => "attempts of hosts".to_owned(),
                n => format!("attempts of hosts; {} more cut off by the log's end", count(n)),
            },
            tone: Tone::Plain,
        },
        Card {
            label: "Failed".to_owned(),
            value: share(all.error_count, all.session_count),
            note: match worst(&all.error_breakdown) {
                Some((class, n)) if all.error_count > 0 => {
                    format!("{} attempts; most often {class} ({})", count(all.error_count), count(n))
                }
                _ => "no attempt failed".to_owned(),
            },
            tone: if all.error_count == 0 { Tone::Good } else { Tone::Bad },
        },
    ];
    for metric in [Metric::ConsumerCreateMs, Metric::CreateAndFactsMs] {
        let found = all.metric(metric);
        let text = |statistic| found.get(statistic).map_or("-".to_owned(), |v| figure_text(metric, v));
        let mut note = format!("median of {}", count(found.count));
        if found.count >= LEAST as u64 {
            note += &format!("; P95 {}, P99 {}", text(Statistic::P95), text(Statistic::P99));
        }
        cards.push(Card {
            label: capital(short_label(metric)),
            value: text(Statistic::P50),
            note,
            tone: Tone::Plain,
        });
    }
    cards.extend(steps.and_then(most_at_once));
    let judged: Vec<bool> =
        report.answer.targets.iter().filter(|t| t.group == "all").filter_map(|t| t.met).collect();
    if !judged.is_empty() {
        let met = judged.iter().filter(|met| **met).count();
        cards.push(Card {
            label: "Targets met".to_owned(),
            value: format!("{met} of {}", judged.len()),
            note: "all registrations together".to_owned(),
            tone: if met == judged.len() { Tone::Good } else { Tone::Bad },
        });
    }
    cards
}

fn worst(breakdown: &std::collections::BTreeMap<String, u64>) -> Option<(&str, u64)> {
    breakdown.iter().max_by_key(|(_, n)| **n).map(|(class, n)| (class.as_str(), *n))
}

fn most_at_once(steps: &Steps) -> Option<Card> {
    let under_way = |at: usize| steps.steps.get(at).map_or(0.0, |step| steps.under_way(step));
    let at = (0..steps.steps.len()).max_by(|a, b| under_way(*a).total_cmp(&under_way(*b)))?;
    let starts = |at: usize| Timestamp(steps.start_us + at as i64 * steps.step_us).to_string();
    // 2026-04-01T10:00:00Z: the day where there are several
    let (time, last) = (starts(at), starts(steps.steps.len().saturating_sub(1)));
    let one_day = starts(0).get(..10) == last.get(..10);
    let time = if one_day { time.get(11..19).unwrap_or(&time).to_owned() } else { clock(&time) };
    Some(Card {
        label: "Creates under way".to_owned(),
        value: tenths(under_way(at)),
        note: format!("on average in the busiest {}, at {time}", step(steps.seconds())),
        tone: Tone::Plain,
    })
}

/// What stands out, in sentences.
pub fn said(report: &Report<'_>) -> Vec<Said> {
    let mut said = Vec::new();
    let mut say = |tone: Tone, text: String| said.push(Said { tone, text, of_charts: false });
    if let Some(comparison) = report.comparison {
        let (tone, text) = super::comparison::headline(comparison);
        say(tone, text);
    }
    if let Some((tone, text)) = report.history.map(super::history::headline) {
        say(tone, text);
    }
    for target in report.answer.targets.iter().filter(|t| t.group == "all" && t.met == Some(false)) {
        let Some(metric) = Metric::ALL.into_iter().find(|m| m.name() == target.metric) else { continue };
        let text = |value: Option<f64>| value.map_or("-".to_owned(), |v| figure_text(metric, v));
        let what = if target.statistic == "avg" && !metric.is_timing() {
            if metric.is_share() { "" } else { " a registration" }
        } else {
            ""
        };
        say(
            Tone::Bad,
            format!(
                "{}: {}{what} where the target is {}. {} ({}) would bring it there.",
                capital(short_label(metric)),
                text(target.value),
                text(target.target),
                shown(&target.change),
                shown(&target.state)
            ),
        );
    }
    if !report.answer.coverage.complete {
        say(
            Tone::Caution,
            "Not all that was asked for could be read; what is missing stands at the end of the page."
                .to_owned(),
        );
    }
    said
}
