//! Levels of load in, what is said of all of them together out: a line a level, and which of them have no verdict.

use super::Comparison;
use crate::compare::comparable::{FEWEST, Refusal};
use crate::compare::judge::{Row, Verdict};
use crate::compare::levels;
use crate::compare::run::{OfLevel, Run};
use crate::registration::session::Group;
use crate::report::durations::digits;

/// The heads of `cells`.
pub const HEADS: [&str; 6] = ["level", "first tries", "after", "passed/s", "after", ""];

/// Level, first tries and first-try successes a second of both sides, and its verdicts, counted.
pub fn cells(comparison: &Comparison<'_>) -> [String; 6] {
    let tries = |runs: &[Run]| {
        let of = |figure: fn(&OfLevel) -> u64| -> u64 {
            runs.iter().filter_map(|run| run.level.as_ref()).map(figure).sum()
        };
        let hosts = of(|level| level.hosts);
        if hosts == 0 { "-".to_owned() } else { format!("{} of {hosts}", of(|level| level.passed)) }
    };
    let rate = |runs: &[Run]| per_second(runs).map_or_else(|| "-".to_owned(), |rate| digits(rate, 2));
    let Comparison { before, after, .. } = *comparison;
    let level = levels::words(comparison.level.into_iter());
    [level, tries(before), tries(after), rate(before), rate(after), verdicts(comparison)]
}

/// First-try successes a second, the mean of the runs that tell.
pub fn per_second(runs: &[Run]) -> Option<f64> {
    let rates: Vec<f64> = runs.iter().filter_map(|run| run.level.as_ref()?.per_second).collect();
    (!rates.is_empty()).then(|| rates.iter().sum::<f64>() / rates.len() as f64)
}

fn verdicts(comparison: &Comparison<'_>) -> String {
    if let Some(lacks) = comparison.lacks() {
        return format!("none {lacks}");
    }
    let count = |verdict: Verdict| comparison.rows.iter().filter(|row| row.verdict == verdict).count();
    let told = [
        (count(Verdict::Regressed), "REGRESSED"),
        (count(Verdict::Improved), "improved"),
        (count(Verdict::Moved), "moved"),
    ];
    let told: Vec<String> =
        told.into_iter().filter(|(n, _)| *n > 0).map(|(n, words)| format!("{n} {words}")).collect();
    match () {
        () if !told.is_empty() => told.join(", "),
        () if comparison.refusal().is_some() => "no verdict".to_owned(),
        () => "no change seen".to_owned(),
    }
}

/// Which levels have no verdict at all, and why, the lowest first; those that one side lacks, and those that are too low,
/// in one sentence.
pub fn without_verdict(all: &[Comparison<'_>]) -> Vec<String> {
    let levels_where = |is: &dyn Fn(&Comparison<'_>) -> bool| -> Vec<u32> {
        all.iter().filter(|one| is(one)).filter_map(|one| one.level).collect()
    };
    let mut told = Vec::new();
    for side in ["before", "after"] {
        let lone = levels_where(&|one| one.lacks() == Some(side));
        told.push((lone, format!("not compared: the side {side} has none of it")));
    }
    let low = levels_where(&is_low);
    told.push((low, format!("no verdict: {FEWEST} registrations in a run are needed")));
    for one in all.iter().filter(|one| !is_low(one)) {
        let (Some(level), Some(refusal)) = (one.level, one.refusal()) else { continue };
        told.push((vec![level], format!("no verdict: {refusal}")));
    }
    told.retain(|(levels, _)| !levels.is_empty());
    told.sort_by_key(|(levels, _)| levels.first().copied());
    told.into_iter().map(|(levels, words)| format!("{} {words}", named(&levels))).collect()
}

fn is_low(comparison: &Comparison<'_>) -> bool {
    matches!(comparison.refusal(), Some(Refusal::TooFew { .. }))
}

// `Level 8:`, `Levels 4, 8:`
fn named(levels: &[u32]) -> String {
    let words = levels::words(levels.iter().copied());
    format!("Level{} {words}:", if levels.len() == 1 { "" } else { "s" })
}

/// The rows that are shown: of a level's groups those that changed, of all else all.
pub fn rows<'a>(comparison: &'a Comparison<'_>, group: Option<Group>) -> Vec<&'a Row> {
    let whole = comparison.level.is_none() || group.is_none();
    comparison.of(group).filter(|row| whole || row.verdict.is_change()).collect()
}

/// Groups whose figures are shown: all of them together, and those in which something changed; the others are named.
pub fn shown(comparison: &Comparison<'_>) -> (Vec<Option<Group>>, Vec<Option<Group>>) {
    let changed =
        |group: &Option<Group>| group.is_none() || comparison.of(*group).any(|row| row.verdict.is_change());
    comparison.groups().into_iter().partition(changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::judge::{Figure, Options, Subject};

    fn refused(refusal: &Refusal) -> Vec<Row> {
        let row = |subject| Row {
            verdict: Verdict::NotComparable(refusal.clone()),
            ..Row::of(None, subject, Figure::default(), Figure::default())
        };
        vec![row(Subject::ErrorRate), row(Subject::Throughput)]
    }

    #[test]
    fn levels_without_a_verdict_come_in_the_order_of_load() {
        let few = refused(&Refusal::TooFew { found: 16, needed: FEWEST, of: "registrations" });
        let mix = refused(&Refusal::AnotherMix);
        let (one, options) = ([Run::default()], Options::default());
        let level = |level: u32, before: bool, after: bool| Comparison {
            level: Some(level),
            before: if before { &one[..] } else { &[] },
            after: if after { &one[..] } else { &[] },
            options: &options,
            rows: match level {
                32 => &mix[..],
                16 | 48 => &few[..],
                _ => &[],
            },
            targets: &[],
        };
        let all = [
            level(8, true, false),
            level(16, true, true),
            level(32, true, true),
            level(48, true, true),
            level(64, false, true),
            level(128, true, false),
        ];
        let told = without_verdict(&all);
        let begins = ["Levels 8, 128: not", "Levels 16, 48: no", "Level 32: no", "Level 64: not"];
        assert_eq!(told.len(), begins.len(), "{told:#?}");
        assert!(told.iter().zip(begins).all(|(told, begin)| told.starts_with(begin)), "{told:#?}");
        let told = without_verdict(&all[1..]);
        assert!(told[0].starts_with("Levels 16, 48") && told[3].starts_with("Level 128: not"), "{told:#?}");
    }
}
