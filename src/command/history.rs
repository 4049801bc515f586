//! `reginfra history`: kept runs in, where their figures changed out.

use super::say;
use crate::cli::history::{Chosen, HistoryArgs, HistoryFailOn, HistoryFormat};
use crate::compare::comparable::{LOAD, Refusal, SAME_LOAD};
use crate::compare::judge::{Subject, Verdict};
use crate::history::acknowledged;
use crate::history::judge::{Finding, History, Options, judge};
use crate::history::runs::{self, KeptRun, Loaded};
use crate::history::series::{Key, SUBJECTS, Series, keys};
use crate::metrics::answer::Statistic;
use crate::registration::session::Group;
use crate::report::atomic;
use crate::report::durations::counted;
use crate::report::history::sparkline::Signs;
use crate::report::history::{self as report, Shown};
use crate::report::save::parse_labels;
use crate::report::table::TableStyle;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

/// Nothing to look through (design: exit codes).
const NOTHING: u8 = 3;

/// Runs it; the exit code says what came of it.
///
/// # Errors
/// Misuse and input that cannot be read.
pub fn run(args: &HistoryArgs) -> anyhow::Result<ExitCode> {
    let options = Options { significance: args.significance, min_segment: usize::from(args.min_segment) };
    let looked = match look_through(&args.chosen, args.ack.as_deref(), options)? {
        Ok(looked) => looked,
        Err(code) => return Ok(ExitCode::from(code)),
    };
    let shown = looked.shown();
    let text = match args.format {
        HistoryFormat::Text => report::text::render(&shown, &TableStyle::for_stdout(), Signs::for_stdout()),
        HistoryFormat::Json => report::json::render(&shown)?,
    };
    match atomic::write_beside(Path::new("-"), |out| out.write_all(text.as_bytes())) {
        Err(error) if error.is_closed_pipe() => {}
        other => other?,
    }
    Ok(exit_code(args, &looked))
}

/// Runs, and what was found in them.
pub(super) struct LookedThrough {
    runs: Vec<KeptRun>,
    history: History,
    options: Options,
    unreadable: Vec<String>,
}

impl LookedThrough {
    /// As reports take it.
    pub fn shown(&self) -> Shown<'_> {
        let Self { runs, history, options, unreadable } = self;
        Shown { runs, history, options, unreadable }
    }
}

/// Loads runs and looks for changes; inside, the exit code where there is nothing to look through, which has been told.
pub(super) fn look_through(
    chosen: &Chosen,
    ack: Option<&Path>,
    options: Options,
) -> anyhow::Result<Result<LookedThrough, u8>> {
    let known = ack.map(acknowledged::load).transpose()?.unwrap_or_default();
    let (runs, unreadable) = match chosen_runs(chosen)? {
        Found::Runs { runs, unreadable } => (runs, unreadable),
        Found::Nothing(code) => return Ok(Err(code)),
    };
    if let Some(words) = several_loads(&runs) {
        say(&format!("error: {words}"));
        return Ok(Err(NOTHING));
    }
    tell_incomplete(&runs);
    if let Some(words) = other_loads(&runs) {
        say(&format!("warning: {words}"));
    }
    let keys = chosen_keys(chosen, &[None], &[Statistic::P50]);
    let series = keys.into_iter().map(|key| Series::of(key, &runs)).collect();
    let history = judge(series, &runs, &|key| Series::of(key, &runs), &options, &known);
    if history.judged.is_empty() {
        say("error: no run has a figure that was asked for");
        return Ok(Err(NOTHING));
    }
    for id in &history.unknown {
        say(&format!("warning: --ack: {id} is no change of this history"));
    }
    Ok(Ok(LookedThrough { runs, history, options, unreadable }))
}

/// What came of looking for runs.
pub(super) enum Found {
    /// In the order of time, and what could not be read.
    Runs { runs: Vec<KeptRun>, unreadable: Vec<String> },
    /// None, with the exit code of that.
    Nothing(u8),
}

/// Runs that were asked for; why there is none, or some cannot be read, is told.
pub(super) fn chosen_runs(chosen: &Chosen) -> anyhow::Result<Found> {
    let wanted = parse_labels(&chosen.with)?;
    let Loaded { mut runs, errors } = runs::load(&chosen.runs);
    let mut unreadable: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let kind = if runs.is_empty() { "error" } else { "warning" };
    for words in &unreadable {
        say(&format!("{kind}: {words}"));
    }
    if runs.is_empty() {
        let nothing = errors.iter().all(|e| matches!(e, runs::LoadError::None { .. }));
        return Ok(Found::Nothing(if nothing { NOTHING } else { 2 }));
    }
    runs.retain(|run| wanted.iter().all(|(key, value)| run.labels.get(key) == Some(value)));
    if runs.is_empty() {
        say(&format!("error: no run has the label {}", chosen.with.join(" and ")));
        return Ok(Found::Nothing(NOTHING));
    }
    let newest_is_empty = runs.last().is_some_and(KeptRun::is_empty);
    let (mut runs, empty): (Vec<_>, Vec<_>) = runs.into_iter().partition(|run| !run.is_empty());
    let of_empty = |run: &KeptRun| {
        format!("{}: holds no registration; read the log that has them, or take it away", run.name)
    };
    let mut empty: Vec<String> = empty.iter().map(of_empty).collect();
    let kind = if runs.is_empty() { "error" } else { "warning" };
    for words in &empty {
        say(&format!("{kind}: {words}"));
    }
    if runs.is_empty() {
        return Ok(Found::Nothing(NOTHING));
    }
    // what an older one would have told stands in the runs after it
    unreadable.extend(empty.pop().filter(|_| newest_is_empty));
    for (copy, first) in runs::drop_copies(&mut runs) {
        say(&format!("warning: {copy}: is the same run as {first}, which counts once"));
    }
    Ok(Found::Runs { runs, unreadable })
}

/// Figures that were asked for, of groups and statistics that stand where none is named.
pub(super) fn chosen_keys(chosen: &Chosen, groups: &[Option<Group>], statistics: &[Statistic]) -> Vec<Key> {
    fn picked<T: Copy>(all: &[T], names: &[String], name: fn(T) -> &'static str, unnamed: &[T]) -> Vec<T> {
        let named = |item: &T| names.iter().any(|n| n == name(*item));
        if names.is_empty() { unnamed.to_vec() } else { all.iter().copied().filter(named).collect() }
    }
    let every: Vec<Option<Group>> = Group::ALL.into_iter().map(Some).chain([None]).collect();
    let subjects = picked(&SUBJECTS, &chosen.metric, Subject::name, &SUBJECTS);
    let groups = picked(&every, &chosen.group, |g| g.map_or("all", Group::name), groups);
    let statistics = picked(&Statistic::ALL, &chosen.stat, Statistic::name, statistics);
    keys(&groups, &subjects, &statistics)
}

/// Tells which runs are not whole.
pub(super) fn tell_incomplete(runs: &[KeptRun]) {
    for run in runs.iter().filter(|run| !run.complete()) {
        say(&format!("warning: {}: not complete: {}", run.name, lacks(run).join("; ")));
    }
}

fn lacks(run: &KeptRun) -> Vec<String> {
    const SHOWN: usize = 2;
    let unreadable = &run.answer.coverage.unreadable;
    let mut words: Vec<String> = unreadable.iter().take(SHOWN).cloned().collect();
    if unreadable.len() > SHOWN {
        words.push(format!("{} more could not be read", unreadable.len() - SHOWN));
    }
    let missing = run.answer.missing_satellites();
    if !missing.is_empty() {
        words.push(format!("a Satellite is missing from it: {}", missing.join(", ")));
    }
    match run.lines_lost() {
        0 => {}
        n => words.push(format!("journald dropped {}: what is counted is too low", counted(n, "line"))),
    }
    match run.cut_before() {
        0 => {}
        n => words.push(format!(
            "its log begins in the middle of the storm: it lacks the start of {}",
            counted(n, "request")
        )),
    }
    match run.cut() {
        0 if words.is_empty() => words.push("not all of its log could be read".to_owned()),
        0 => {}
        n => words.push(format!("its log was cut: {n} creates have no end")),
    }
    words
}

// why runs are no series: another load is no change of the Satellite, and one that nobody tells may be another
fn several_loads(runs: &[KeptRun]) -> Option<String> {
    let all_have = |label: &str| runs.iter().all(|run| run.labels.contains_key(label));
    for label in LOAD {
        let mut values: BTreeMap<Option<&str>, usize> = BTreeMap::new();
        for run in runs {
            *values.entry(run.labels.get(label).map(String::as_str)).or_default() += 1;
        }
        if values.len() > 1 && all_have(LOAD[0]) {
            // what was asked for is told
            values.remove(&None);
        }
        if values.len() > 1 {
            let told = |(value, n): (&Option<&str>, &usize)| match value {
                Some(value) => format!("{label}={value} ({})", counted(*n as u64, "run")),
                None => format!("no label {label} ({})", counted(*n as u64, "run")),
            };
            let value = values.keys().flatten().next().unwrap_or(&"");
            let label_them = format!("; or label those that have none ({label} in the labels.json of each)");
            return Some(format!(
                "these runs were asked for several loads, which no figure can be compared over: {}; choose with \
                 --where {label}={value}{}",
                values.iter().map(told).collect::<Vec<_>>().join(", "),
                if values.contains_key(&None) { &label_them } else { "" }
            ));
        }
    }
    None
}

// what may be several loads where no label tells: attempts are an outcome, and refuse nothing
fn other_loads(runs: &[KeptRun]) -> Option<String> {
    let attempts = || runs.iter().filter_map(|run| run.group(None)).map(|all| all.session_count);
    let (least, most) = (attempts().min()?, attempts().max()?);
    let labelled = LOAD.iter().any(|label| runs.iter().all(|run| run.labels.contains_key(*label)));
    (!labelled && most as f64 > SAME_LOAD * least.max(1) as f64).then(|| {
        format!(
            "the runs have {least} to {most} registrations, and no label tells whether that was asked for: put level=N \
             into the labels.json of each, and choose with --where level=N"
        )
    })
}

fn exit_code(args: &HistoryArgs, looked: &LookedThrough) -> ExitCode {
    let LookedThrough { history, unreadable, .. } = looked;
    if args.fail_on.is_empty() {
        return ExitCode::SUCCESS;
    }
    let any = args.fail_on.contains(&HistoryFailOn::Change);
    let asked = |f: &Finding| f.verdict == Verdict::Regressed || (any && f.verdict.is_change());
    if history.news().any(asked) {
        return ExitCode::from(1);
    }
    // the newest run may be among them
    if !unreadable.is_empty() {
        say(
            "error: --fail-on: a run could not be read or holds nothing, and may hide a change; mend it or take it away",
        );
        return ExitCode::from(NOTHING);
    }
    // other figures stand for what a cache hides
    let refused = |f: &Finding| matches!(&f.verdict, Verdict::NotComparable(refusal) if !matches!(refusal, Refusal::Thinned { .. }));
    if history.news().any(refused) {
        say(
            "error: --fail-on: a change has no verdict; its reason stands in the answer, and --ack takes its id where it is known",
        );
        return ExitCode::from(NOTHING);
    }
    let short = |needed: Option<usize>| needed.is_some();
    let by_name = !args.chosen.metric.is_empty() && history.judged.iter().any(|j| short(j.needed));
    if by_name || history.judged.iter().all(|j| short(j.needed)) {
        say(
            "error: --fail-on: the series is too short to tell a change; the answer says how many runs are needed",
        );
        return ExitCode::from(NOTHING);
    }
    ExitCode::SUCCESS
}
