//! `reginfra history`: kept runs in, where their figures changed out.

use super::say;
use crate::cli::history::{Chosen, HistoryArgs, HistoryFailOn, HistoryFormat};
use crate::compare::judge::Subject;
use crate::history::acknowledged;
use crate::history::judge::{History, Options, judge};
use crate::history::runs::{self, KeptRun, Loaded};
use crate::history::series::{Key, SUBJECTS, Series, keys};
use crate::metrics::answer::Statistic;
use crate::registration::session::Group;
use crate::report::atomic;
use crate::report::history::sparkline::Signs;
use crate::report::history::{self as report, Shown};
use crate::report::save::parse_labels;
use crate::report::table::TableStyle;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

/// Nothing to look through (design: exit codes).
const NOTHING: u8 = 3;
/// Labels that say what load was asked for.
const LOADS: [&str; 3] = ["level", "concurrency", "batch"];

/// Runs it; the exit code says what came of it.
///
/// # Errors
/// Misuse and input that cannot be read.
pub fn run(args: &HistoryArgs) -> anyhow::Result<ExitCode> {
    let options = Options { significance: args.significance, min_segment: usize::from(args.min_segment) };
    let known = args.ack.as_deref().map(acknowledged::load).transpose()?.unwrap_or_default();
    let (runs, unreadable) = match chosen_runs(&args.chosen)? {
        Found::Runs { runs, unreadable } => (runs, unreadable),
        Found::Nothing(code) => return Ok(ExitCode::from(code)),
    };
    if let Some(words) = several_loads(&runs) {
        say(&format!("error: {words}"));
        return Ok(ExitCode::from(NOTHING));
    }
    for run in runs.iter().filter(|run| !run.complete()) {
        say(&format!("warning: {}: its log was cut, or not all of it could be read", run.name));
    }
    let keys = chosen_keys(&args.chosen, &[None], &[Statistic::P50]);
    let series = keys.into_iter().map(|key| Series::of(key, &runs)).collect();
    let history = judge(series, &options, &known);
    if history.judged.is_empty() {
        say("error: no run has a figure that was asked for");
        return Ok(ExitCode::from(NOTHING));
    }
    for id in &history.unknown {
        say(&format!("warning: --ack: {id} is no change of this history"));
    }
    let shown = Shown { runs: &runs, history: &history, options: &options, unreadable: &unreadable };
    let text = match args.format {
        HistoryFormat::Text => report::text::render(&shown, &TableStyle::for_stdout(), Signs::for_stdout()),
        HistoryFormat::Json => report::json::render(&shown)?,
    };
    match atomic::write_beside(Path::new("-"), |out| out.write_all(text.as_bytes())) {
        Err(error) if error.is_closed_pipe() => {}
        other => other?,
    }
    Ok(exit_code(args, &history))
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
    let unreadable: Vec<String> = errors.iter().map(ToString::to_string).collect();
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

// why runs are no series: another load is no change of the Satellite
fn several_loads(runs: &[KeptRun]) -> Option<String> {
    for label in LOADS {
        let mut values: BTreeMap<&str, usize> = BTreeMap::new();
        for value in runs.iter().filter_map(|run| run.labels.get(label)) {
            *values.entry(value).or_default() += 1;
        }
        if values.len() > 1 {
            let told: Vec<String> = values.iter().map(|(v, n)| format!("{label}={v} ({n} runs)")).collect();
            let first = values.keys().next().unwrap_or(&"");
            return Some(format!(
                "these runs were asked for other loads, which no figure can be compared over: {}; choose with --where \
                 {label}={first}",
                told.join(", ")
            ));
        }
    }
    None
}

fn exit_code(args: &HistoryArgs, history: &History) -> ExitCode {
    if args.fail_on.is_empty() {
        return ExitCode::SUCCESS;
    }
    let any = args.fail_on.contains(&HistoryFailOn::Change);
    if history.news().any(|finding| any || finding.worse) {
        return ExitCode::from(1);
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
