//! What changed between the two sides, with the judge's verdicts.

use crate::compare::judge::{Row, Verdict};
use crate::kept::answer::KeptAnswer;
use crate::report::compare::{
    ALONE, Comparison, because, difference, group_label, group_name, label, ratio, stands_out_alone, value,
    verdict_words,
};
use crate::report::page::Report;
use crate::report::page::parts::{Cell, Section, Table, Tone, shown};
use crate::report::table::text::escaped;

/// How a sentence ends that says how many more there are.
const MORE: &str = "`reginfra metrics` tells all of them";

/// The verdicts, counted.
pub fn headline(comparison: &Comparison<'_>) -> (Tone, String) {
    if let Some(refusal) = comparison.refusal() {
        return (
            Tone::Caution,
            format!("Against the run before there is no verdict: {}.", shown(&refusal.to_string())),
        );
    }
    let all: Vec<&Row> = comparison.of(None).collect();
    let named = |wanted: &dyn Fn(&Verdict) -> bool| -> Vec<&str> {
        all.iter().filter(|r| wanted(&r.verdict)).map(|r| label(r.subject)).collect()
    };
    let improved = named(&|v| *v == Verdict::Improved);
    let regressed = named(&|v| *v == Verdict::Regressed);
    let moved = named(&|v| *v == Verdict::Moved);
    let mut parts = Vec::new();
    for (words, names) in [("Regressed", &regressed), ("Improved", &improved), ("Moved", &moved)] {
        if !names.is_empty() {
            // some names have a comma of their own
            parts.push(format!("{words}: {}.", names.join("; ")));
        }
    }
    let unchanged = named(&|v| *v == Verdict::NoChangeSeen).len();
    let refused = named(&|v| matches!(v, Verdict::NotComparable(_))).len();
    if unchanged > 0 {
        parts.push(format!("No change seen in {unchanged}."));
    }
    if refused > 0 {
        parts.push(format!("No verdict on {refused}."));
    }
    let in_groups: Vec<&Row> = comparison.rows.iter().filter(|row| in_a_group_alone(&all, row)).collect();
    for row in &in_groups {
        parts.push(format!(
            "{}, {}: {}.",
            group_label(row.group),
            label(row.subject),
            verdict_words(&row.verdict).to_lowercase()
        ));
    }
    let worse = |row: &&&Row| row.verdict == Verdict::Regressed;
    let regressed_somewhere = !regressed.is_empty() || in_groups.iter().any(|row| worse(&row));
    let tone = match (!regressed_somewhere, improved.is_empty()) {
        (false, _) => Tone::Bad,
        (true, false) => Tone::Good,
        (true, true) => Tone::Plain,
    };
    (tone, format!("Against the run before, {} figures of all registrations. {}", all.len(), parts.join(" ")))
}

// what changed in a group, and did not change in the same way of all
fn in_a_group_alone(all: &[&Row], row: &Row) -> bool {
    row.group.is_some()
        && row.verdict.is_change()
        && !all.iter().any(|of_all| of_all.subject == row.subject && of_all.verdict == row.verdict)
}

/// What must be known first, then a table a group, that of all registrations first and open.
pub fn section(report: &Report<'_>, comparison: &Comparison<'_>) -> Section {
    let mut section = Section::new("comparison", "Before and after");
    for note in report.comparison_notes.iter().filter_map(|note| of_others(note, comparison, report.answer)) {
        section.say(Tone::Caution, format!("Note: {}.", escaped(&note)));
    }
    if let Some(refusal) = comparison.refusal() {
        section.say(Tone::Caution, format!("No verdict: {}.", shown(&refusal.to_string())));
    }
    let mut groups = comparison.groups();
    // of all first: the groups are its parts
    groups.sort_by_key(Option::is_some);
    for group in groups {
        let caption = format!("{}: what changed", group_label(group));
        let columns = [
            "Figure",
            "Verdict",
            "#Before",
            "#n before",
            "#After",
            "#n after",
            "#Change",
            "#95 % interval",
            "#Difference, its interval",
            "+Why, or what it speaks of",
        ];
        let mut table = Table::new(&format!("comparison-{}", group_name(group)), &caption, &columns);
        table.folded = group.is_some() && !comparison.of(group).any(|row| row.verdict.is_change());
        let common = comparison.group_refusal(group);
        table.rows = comparison.of(group).map(|row| cells(comparison, row, common.is_some())).collect();
        if let Some(refusal) = common.filter(|_| comparison.refusal().is_none()) {
            let words = format!("{}: no verdict: {}.", group_label(group), shown(&refusal.to_string()));
            section.say(Tone::Caution, words);
        }
        section.tables.push(table);
    }
    if comparison.rows.iter().any(stands_out_alone) {
        section.say(Tone::Quiet, ALONE);
    }
    section.say(
        Tone::Quiet,
        "Timings are medians; their change is where the whole distribution went. Calls are means a registration. n: \
         values; of registered/s and creates under way, slices of time. Shares differ in points (pt). How often verdicts \
         are wrong: docs/compare.md of reginfra. ~ marks what is inferred.",
    );
    section
}

// a note less what the page says of its own run, under what it rests on; what all runs have is then of those before
fn of_others(note: &str, comparison: &Comparison<'_>, answer: &KeptAnswer) -> Option<String> {
    let [own] = comparison.after else { return Some(note.to_owned()) };
    let own = format!("after: {}: ", own.name);
    let found = match note.strip_prefix("all runs: ") {
        Some(words) => {
            let before = comparison.before.iter().map(|run| format!("before: {}", run.name));
            Some((before.collect::<Vec<_>>().join(", "), words))
        }
        None => note.split_once(&own).map(|(who, words)| (who.trim_end_matches(", ").to_owned(), words)),
    };
    match found {
        Some((who, words)) if is_told(words, answer) => (!who.is_empty()).then(|| format!("{who}: {words}")),
        _ => Some(note.to_owned()),
    }
}

fn is_told(words: &str, answer: &KeptAnswer) -> bool {
    let (of, words) = match words.strip_prefix("not complete: ") {
        Some(words) => (&answer.coverage.unreadable, words),
        None => (&answer.notes, words),
    };
    words.ends_with(MORE) || of.iter().any(|told| told.trim_end_matches('.') == words)
}

fn cells(comparison: &Comparison<'_>, row: &Row, told: bool) -> Vec<Cell> {
    let (at, interval) = ratio(row).unwrap_or_else(|| ("-".to_owned(), "-".to_owned()));
    let by = difference(row).zip(row.difference);
    let by = by.map_or_else(
        || Cell::text("-"),
        |((at, interval), (value, ..))| Cell::number(value, format!("{at} ({interval})")),
    );
    let tone = match row.verdict {
        Verdict::Improved => Tone::Good,
        Verdict::Regressed => Tone::Bad,
        Verdict::Moved => Tone::Caution,
        Verdict::NoChangeSeen | Verdict::NotComparable(_) => Tone::Quiet,
    };
    let speaks = comparison.optimisation(row).filter(|_| row.verdict.is_change());
    let speaks = speaks.map(|t| format!("{} ({})", shown(&t.change), shown(&t.state)));
    let why: Vec<String> =
        because(row).filter(|_| !told).map(|w| shown(&w)).into_iter().chain(speaks).collect();
    let mark = if row.inferred { "~ " } else { "" };
    let number = |figure: &crate::compare::judge::Figure| match figure.value {
        Some(found) => Cell::number(found, value(row.subject, figure)),
        None => Cell::text("-"),
    };
    vec![
        Cell::text(format!("{mark}{}", label(row.subject))),
        Cell::text(verdict_words(&row.verdict)).toned(tone),
        number(&row.before),
        Cell::count(row.before.n as u64),
        number(&row.after),
        Cell::count(row.after.n as u64),
        row.ratio.map_or_else(|| Cell::text(at.clone()), |(ratio, _, _)| Cell::number(ratio, at.clone())),
        Cell::text(interval),
        by,
        Cell::text(why.join("; ")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::judge::Options;
    use crate::compare::run::Run;

    #[test]
    fn what_the_page_says_of_its_own_run_is_left_out_and_nothing_else() {
        let run = |name: &str| Run { name: name.to_owned(), ..Run::default() };
        let (before, after, options) = ([run("a"), run("b")], [run("c")], Options::default());
        let comparison = Comparison {
            level: None,
            before: &before,
            after: &after,
            options: &options,
            rows: &[],
            targets: &[],
        };
        let mut answer = KeptAnswer { notes: vec!["One.".to_owned()], ..KeptAnswer::default() };
        answer.coverage.unreadable = vec!["x: refused".to_owned()];
        let left = |note: &str| of_others(note, &comparison, &answer);
        let more = "2 more notes: `reginfra metrics` tells all of them";
        for words in ["One", "not complete: x: refused", more] {
            assert_eq!(left(&format!("after: c: {words}")), None);
            assert_eq!(left(&format!("all runs: {words}")), Some(format!("before: a, before: b: {words}")));
            assert_eq!(left(&format!("before: b, after: c: {words}")), Some(format!("before: b: {words}")));
        }
        for note in [
            "before: a: One",
            "before: a, before: b: One",
            "after: c: journald dropped 12 lines of the log: what is counted is too low",
            "all runs: the log begins in the middle of the storm",
            "both sides have the same run (before: a, after: c), which hides a part of any change",
        ] {
            assert_eq!(left(note).as_deref(), Some(note));
        }
    }
}
