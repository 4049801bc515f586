//! Both sides in, what a reader must know of them before any verdict out: one sentence each.

use super::{Comparison, Comparisons};
use crate::compare::batches::{Batches, Side, batches};
use crate::compare::comparable::{self, LeftOut};
use crate::compare::levels::Pair;
use crate::compare::order::swapped;
use crate::compare::run::{Reading, Run};
use crate::compare::same_run::on_both_sides;
use crate::kept::TIME_LABEL;
use crate::report::durations::count;
use crate::timestamp::Timestamp;

/// Of a run, sentences of one kind that are told at most.
const MOST: usize = 5;

impl Comparisons<'_> {
    /// What a reader must know before any verdict.
    pub(crate) fn notes(&self) -> Vec<String> {
        [self.cautions(), self.remarks()].concat()
    }

    /// What verdicts must be read with: sides that look swapped or the same, what is not compared, what is missing.
    pub(super) fn cautions(&self) -> Vec<String> {
        let order = swapped(self.pairs).map(|swapped| swapped.to_string());
        let told = |pair: &Pair| match batches(&pair.before, &pair.after)? {
            Batches::Partly { has, lacks } => Some(half_seen(&has, &lacks)),
            Batches::Differ(..) => mixed(pair),
        };
        let mut cautions: Vec<String> = order.into_iter().chain(self.pairs.iter().filter_map(told)).collect();
        cautions.extend(self.each().filter_map(|one| without_parts(&one)));
        cautions.extend(same_on_both_sides(self.pairs));
        cautions.extend(by_run(self.pairs, lacking));
        cautions.extend(by_run(self.pairs, undated));
        cautions
    }

    /// What was said beside the figures of the runs.
    pub(super) fn remarks(&self) -> Vec<String> {
        by_run(self.pairs, |run| first_of(&run.reading.notes, "notes"))
    }
}

// another mix, of which verdicts are on a part alone
fn without_parts(comparison: &Comparison<'_>) -> Option<String> {
    if comparison.lacks().is_some() || comparison.refusal().is_some() {
        return None;
    }
    let LeftOut { weighed, others } = comparable::left_out(comparison.before, comparison.after)?;
    let level = comparison.level.map(|level| format!("level {level}: ")).unwrap_or_default();
    let others = others.into_iter().map(|(name, [before, after])| {
        format!("{} ({} before, {} after)", part(name), count(before as u64), count(after as u64))
    });
    Some(format!(
        "{level}another mix of groups or client releases: verdicts on all registrations are of {}, which both sides have \
         enough of, weighed as one mix; values and n are of all; left out: {}",
        weighed.into_iter().map(part).collect::<Vec<_>>().join(", "),
        others.collect::<Vec<_>>().join(", ")
    ))
}

// a run that is held against itself, which looks like nothing changed
fn same_on_both_sides(pairs: &[Pair]) -> Option<String> {
    let found = on_both_sides(pairs);
    let each: Vec<String> =
        found.iter().map(|(before, after)| format!("before: {before}, after: {after}")).collect();
    let alone = pairs.iter().all(|pair| pair.before.len() <= 1 && pair.after.len() <= 1);
    match each.as_slice() {
        [] => None,
        [one] if alone => {
            Some(format!("both sides are the same run ({one}), which shows no change: name another one"))
        }
        each => Some(format!(
            "both sides have the same run ({}), which hides a part of any change: name it on one side",
            each.join("; ")
        )),
    }
}

// when it was tells whether the sides look swapped
fn undated(run: &Run) -> Vec<String> {
    let refused = run.labels.get(TIME_LABEL).and_then(|text| Timestamp::parse(text).err());
    refused.map(|error| format!("label time: {error}; its log says when it was")).into_iter().collect()
}

// `lb-ssh rhel-9`, `lb-ssh` where the log does not tell the release
fn part(name: &str) -> &str {
    name.trim_end()
}

// what is not in a run
fn lacking(run: &Run) -> Vec<String> {
    let Reading { unreadable, missing, lines_lost, orphaned, .. } = &run.reading;
    let mut told = Vec::new();
    if !missing.is_empty() {
        told.push(format!("a Satellite is missing from the answer: {}", missing.join(", ")));
    }
    let unread = first_of(unreadable, "that could not be read");
    told.extend(unread.into_iter().map(|words| format!("not complete: {words}")));
    if *lines_lost > 0 {
        let lines = count(*lines_lost);
        told.push(format!("journald dropped {lines} lines of the log: what is counted is too low"));
    }
    if comparable::begins_within(run) {
        told.push(format!(
            "the log begins in the middle of the storm ({} requests have no start): who registered before is not in it",
            count(*orphaned)
        ));
    }
    told
}

// the first of many, with the number of the others
fn first_of(all: &[String], what: &str) -> Vec<String> {
    let sentence = |words: &String| words.trim_end_matches('.').to_owned();
    let mut told: Vec<String> = all.iter().take(MOST).map(sentence).collect();
    if all.len() > MOST {
        told.push(format!("{} more {what}: `reginfra metrics` tells all of them", all.len() - MOST));
    }
    told
}

// what is said of runs, each sentence once with the runs that it is of; levels of an archive were read together
fn by_run(pairs: &[Pair], of: impl Fn(&Run) -> Vec<String>) -> Vec<String> {
    let before = pairs.iter().flat_map(|pair| &pair.before).map(|run| ("before", run));
    let after = pairs.iter().flat_map(|pair| &pair.after).map(|run| ("after", run));
    let mut runs: Vec<String> = Vec::new();
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    for (side, run) in before.chain(after) {
        let who = format!("{side}: {}", run.name);
        if !runs.contains(&who) {
            runs.push(who.clone());
        }
        for words in of(run) {
            match told.iter_mut().find(|(known, _)| *known == words) {
                Some((_, by)) if by.contains(&who) => {}
                Some((_, by)) => by.push(who.clone()),
                None => told.push((words, vec![who.clone()])),
            }
        }
    }
    let sentence = |(words, by): (String, Vec<String>)| {
        let who = if by.len() == runs.len() && by.len() > 1 { "all runs".to_owned() } else { by.join(", ") };
        format!("{who}: {words}")
    };
    told.into_iter().map(sentence).collect()
}

fn half_seen(has: &Side, lacks: &Side) -> String {
    let Side { name, runs, .. } = lacks;
    let shown = match lacks.unseen() {
        unseen if unseen < *runs => format!("none are seen in {unseen} of {runs} runs of the side {name}"),
        _ => format!("no run of the side {name} shows any"),
    };
    format!(
        "hosts of the side {} came in batches of {has}, and {shown}; where batches of another size were asked for, that is \
         another load: keep the runs with a label batch",
        has.name
    )
}

// the refusal names one size a side
fn mixed(pair: &Pair) -> Option<String> {
    let [before, after] = [Side::of("before", &pair.before), Side::of("after", &pair.after)];
    let more = |side: &Side| side.distinct().len() > 1 || side.unseen() > 0;
    (more(&before) || more(&after)).then(|| {
        format!(
            "hosts of the side before came in batches of {before}, those of the side after in batches of {after}; hold runs \
             of one size against each other"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_side_that_lacks_batches_is_told_with_its_runs() {
        let has = Side { name: "after", runs: 2, sizes: vec![50, 200] };
        let lacks = |sizes: &[usize]| Side { name: "before", runs: 2, sizes: sizes.to_vec() };
        let told = half_seen(&has, &lacks(&[50]));
        let words = "the side after came in batches of about 50 and 200, and none are seen in 1 of 2 runs of the side before;";
        assert!(told.contains(words), "{told}");
        let told = half_seen(&has, &lacks(&[]));
        assert!(told.contains("no run of the side before shows any;"), "{told}");
    }

    #[test]
    fn a_label_that_is_no_time_is_told() {
        let run = |time: &str| Run {
            labels: [(TIME_LABEL.to_owned(), time.to_owned())].into_iter().collect(),
            ..Run::default()
        };
        assert!(undated(&run("yesterday"))[0].starts_with("label time: 'yesterday' is no time: give "));
        assert_eq!(undated(&run("2026-04-04T10:00:00Z")), [""; 0]);
        assert_eq!(undated(&Run::default()), [""; 0]);
    }

    #[test]
    fn what_runs_say_stands_once_with_those_that_say_it() {
        let run = |name: &str, notes: &[&str]| {
            let notes = notes.iter().map(|words| (*words).to_owned()).collect();
            Run { name: name.to_owned(), reading: Reading { notes, ..Reading::default() }, ..Run::default() }
        };
        let level = || Pair {
            level: None,
            before: vec![run("a", &["one.", "two"])],
            after: vec![run("b", &["one."]), run("c", &["one."])],
        };
        let told = by_run(&[level(), level()], |run| first_of(&run.reading.notes, "notes"));
        assert_eq!(told, ["all runs: one", "before: a: two"]);
        let many: Vec<String> = (0..7).map(|n| n.to_string()).collect();
        let told = first_of(&many, "notes");
        assert_eq!(told[4..], ["4", "2 more notes: `reginfra metrics` tells all of them"]);
    }
}
