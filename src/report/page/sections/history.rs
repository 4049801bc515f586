//! How figures went from run to run, and where they changed for good.

use crate::compare::judge::{Subject, Verdict};
use crate::history::judge::{Finding, Judged};
use crate::metrics::answer::Metric;
use crate::report::compare::{group_label, meaning, verdict_words};
use crate::report::durations::{calls, count, percent};
use crate::report::history::{Shown, change, figure_name, sure, value};
use crate::report::page::parts::{Cell, Chart, Key, Section, Table, Tone, shown};
use crate::report::page::svg::course::Course;

/// What is drawn whether it changed or not.
const ALWAYS: [Subject; 4] = [
    Subject::Metric(Metric::ConsumerCreateMs),
    Subject::Metric(Metric::CreateAndFactsMs),
    Subject::Metric(Metric::HostRegisterMs),
    Subject::ErrorRate,
];
/// A course of fewer runs says nothing.
const FEWEST: usize = 2;

/// The findings, counted.
pub fn headline(history: &Shown<'_>) -> (Tone, String) {
    let news: Vec<&Finding> = history.history.news().collect();
    let of = |wanted: &Verdict| news.iter().filter(|f| f.verdict == *wanted).count();
    let (worse, better) = (of(&Verdict::Regressed), of(&Verdict::Improved));
    let runs = history.runs.len();
    if history.history.judged.iter().all(|j| j.needed.is_some()) {
        return (
            Tone::Caution,
            format!("A history of {runs} runs is too short to tell a change from chance."),
        );
    }
    if news.is_empty() {
        return (Tone::Plain, format!("No change stands out in the history of {runs} runs."));
    }
    let parts = [
        (worse, "for the worse"),
        (better, "for the better"),
        (news.len() - worse - better, "of another kind"),
    ];
    let told: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, kind)| format!("{n} {kind}")).collect();
    let words = format!("Changes that stand out in the history of {runs} runs: {}.", told.join(", "));
    (if worse > 0 { Tone::Bad } else { Tone::Plain }, words)
}

pub fn section(history: &Shown<'_>) -> Section {
    let mut section = Section::new("history", "From run to run");
    let told = history.history.judged.iter().filter(|j| j.series.points.len() >= FEWEST);
    let (drawn, steady): (Vec<_>, Vec<_>) =
        told.partition(|j| !j.findings.is_empty() || ALWAYS.contains(&j.series.key.subject));
    section.charts = drawn.into_iter().map(|judged| chart(history, judged)).collect();
    section.explain(
        "Each dot is a run, in the order of time. The dashed line is the median of the runs between two changes; an upright \
         line is a change.",
    );
    section.say(
        Tone::Quiet,
        format!(
            "Of histories in which nothing has changed, {} have a finding all the same, over all figures together.",
            percent(history.options.significance)
        ),
    );
    let (short, steady): (Vec<_>, Vec<_>) = steady.into_iter().partition(|j| j.needed.is_some());
    let names = |of: Vec<&Judged>| of.into_iter().map(name).collect::<Vec<_>>().join("; ");
    if !steady.is_empty() {
        section.say(Tone::Quiet, format!("No change stands out in {}.", names(steady)));
    }
    if !short.is_empty() {
        section.say(Tone::Caution, format!("Too few runs to tell a change: {}.", names(short)));
    }
    for words in history.unreadable {
        section.say(Tone::Caution, shown(words));
    }
    section.tables.push(changes(history));
    section
}

fn name(judged: &Judged) -> String {
    let key = judged.series.key;
    let figure = figure_name(key);
    if key.group.is_none() { figure } else { format!("{}, {figure}", group_label(key.group)) }
}

fn chart(history: &Shown<'_>, judged: &Judged) -> Chart {
    let (key, points) = (judged.series.key, &judged.series.points);
    let text = |v: f64| value(key.subject, v);
    let run = |at: usize| points.get(at).and_then(|point| history.run(point));
    let date = |at: usize| run(at).map_or_else(String::new, |run| super::clock(&run.time.to_string()));
    let values: Vec<(f64, String)> = points
        .iter()
        .enumerate()
        .map(|(at, point)| {
            let name = run(at).map_or_else(String::new, |run| shown(&run.name));
            (point.value, format!("{name}, {}: {}", date(at), text(point.value)))
        })
        .collect();
    let last = points.len();
    let begins = judged.findings.iter().map(|finding| (finding.at, finding.after));
    let level = judged.findings.first().map(|finding| finding.before).or_else(|| judged.level());
    let starts: Vec<(usize, f64)> = level.map(|level| (0, level)).into_iter().chain(begins).collect();
    let ends = starts.iter().skip(1).map(|(from, _)| *from).chain([last]);
    let stretches: Vec<(usize, usize, f64)> =
        starts.iter().zip(ends).map(|((from, level), to)| (*from, to, *level)).collect();
    let title = match judged.findings.last() {
        Some(finding) => format!("{}: {} at {}", name(judged), change(key, finding), date(finding.at)),
        None if judged.needed.is_some() => format!("{}: too few runs to tell a change", name(judged)),
        None => format!("{}: no change stands out", name(judged)),
    };
    let told: Vec<String> = judged
        .findings
        .iter()
        .map(|f| {
            format!(
                "{} from {} to {} at {}",
                verdict_words(&f.verdict),
                text(f.before),
                text(f.after),
                date(f.at)
            )
        })
        .collect();
    let description = format!("{} runs. {}", count(last as u64), told.join(". "));
    let id = format!("history-{}", key.id().replace([':', '_'], "-"));
    let (first, newest) = (date(0), date(last.saturating_sub(1)));
    let svg = Course {
        id: &id,
        title: &title,
        description: &description,
        values: &values,
        stretches: &stretches,
        ends: [&first, &newest],
        shown: &|value| at_axis(key.subject, value),
    }
    .draw();
    let keys = vec![Key::new("g-all", "a run", true), Key::new("p-95", "median between changes", true)];
    Chart { id, title, keys, svg, ..Chart::default() }
}

// `2.5 s`, `50 %`
fn at_axis(subject: Subject, value: f64) -> String {
    let short = |value: f64| calls((value * 100.0).round() / 100.0);
    match subject {
        subject if subject.is_timing() && value < 1000.0 => format!("{value:.0} ms"),
        subject if subject.is_timing() => format!("{} s", short(value / 1000.0)),
        subject if subject.is_share() => format!("{} %", short(value * 100.0)),
        _ => short(value),
    }
}

fn changes(history: &Shown<'_>) -> Table {
    let heads = [
        "Figure",
        "Change",
        "#by",
        "#before",
        "#after",
        "#sure",
        "+First run with it",
        "+What it means",
        "+Known",
    ];
    let mut table = Table::new("history-table", "Changes from run to run", &heads);
    for judged in &history.history.judged {
        let key = judged.series.key;
        for finding in &judged.findings {
            let tone = match finding.verdict {
                Verdict::Improved => Tone::Good,
                Verdict::Regressed => Tone::Bad,
                _ => Tone::Caution,
            };
            let since = history.sides(judged, finding).map_or_else(String::new, |(_, after)| {
                let labels: Vec<String> = after.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
                format!("{}, {} {}", after.name, super::clock(&after.time.to_string()), labels.join(", "))
            });
            let means = meaning(&finding.verdict, finding.together.as_ref()).unwrap_or_default();
            table.rows.push(vec![
                Cell::text(name(judged)),
                Cell::text(verdict_words(&finding.verdict)).toned(tone),
                Cell::text(change(key, finding)),
                Cell::number(finding.before, value(key.subject, finding.before)),
                Cell::number(finding.after, value(key.subject, finding.after)),
                Cell::number(1.0 - finding.probability, sure(finding.probability)),
                Cell::text(shown(since.trim_end())),
                Cell::text(shown(&means)),
                Cell::text(shown(finding.acknowledged.as_deref().unwrap_or_default())),
            ]);
        }
    }
    table
}
