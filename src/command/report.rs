//! `reginfra report`: a run, read or kept, and what it is held against, to a page or to Markdown.

use super::compare;
use super::history;
use super::metrics::{self, NOTHING, Read};
use super::say;
use crate::cli::SourceArgs;
use crate::cli::compare::CompareReading;
use crate::cli::history::Chosen;
use crate::cli::report::{ReportArgs, ReportFormat, is_no_run};
use crate::compare::judge::{self, Options};
use crate::compare::levels::{self, Pair, Source};
use crate::compare::run::Run;
use crate::history::judge::Options as HistoryOptions;
use crate::kept::Folder;
use crate::kept::answer::KeptAnswer;
use crate::kept::traces::TraceLine;
use crate::metrics::targets::{self, Target};
use crate::report::atomic;
use crate::report::compare::Comparisons;
use crate::report::json::AnswerJson;
use crate::report::page::attempts::Attempts;
use crate::report::page::{self, Report};
use crate::source::http::HttpOptions;
use anyhow::{Context, bail};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A run, with what a page needs beside its figures.
struct Side {
    run: Run,
    answer: KeptAnswer,
    attempts: Attempts,
    /// The slowest of them request by request.
    traces: Vec<TraceLine>,
    /// What `metrics` would exit with.
    code: ExitCode,
}

/// Runs it; the exit code says what came of it.
///
/// # Errors
/// Misuse and input that cannot be read.
pub fn run(args: &ReportArgs) -> anyhow::Result<ExitCode> {
    metrics::check_window(&args.source)?;
    if args.format == ReportFormat::Html && args.output == Path::new("-") && std::io::stdout().is_terminal() {
        bail!("a page is not for a terminal: name a file with -o report.html, or ask for --format markdown");
    }
    let targets = match &args.targets {
        Some(path) => targets::load(path)?,
        None => targets::built_in(),
    };
    let options = Options {
        thresholds: compare::thresholds(args.thresholds.as_deref(), &args.threshold)?,
        percentile: args.percentile,
    };
    // both sides are read, so that each tells its own errors
    let side = read(args, &targets);
    let before = compare::side("before", &args.before, &CompareReading::of(&args.source));
    let (side, before) = match (side, before) {
        (Ok(Some(side)), Ok(before)) => (side, before),
        (Ok(None), Ok(_)) => return Ok(ExitCode::from(NOTHING)),
        (side, before) => {
            let errors = side.err().into_iter().chain(before.err());
            return Ok(ExitCode::from(compare::unread(errors)));
        }
    };
    let missing = compare::lacks_satellite("before", &before);
    if compare::is_empty("before", &before) {
        return Ok(ExitCode::from(if missing { compare::MISSING } else { NOTHING }));
    }
    let looked = match history_of(args)? {
        Some(Err(code)) => return Ok(ExitCode::from(code)),
        looked => looked.and_then(Result::ok),
    };
    let history = looked.as_ref().map(history::LookedThrough::shown);
    let Side { run, answer, attempts, traces, code } = side;
    // one run has one level at most
    let pair = match levels::pairs(before, vec![Source::Whole(Box::new(run))]) {
        Err(unpaired) => return Ok(ExitCode::from(compare::unread(std::iter::once(unpaired.into())))),
        Ok(mut pairs) => pairs.pop().unwrap_or_default(),
    };
    let Pair { before, after, .. } = &pair;
    let [run] = after.as_slice() else { bail!("a report is of one run") };
    let rows = if before.is_empty() { Vec::new() } else { judge::compare(before, after, &options) };
    let comparisons = Comparisons {
        pairs: std::slice::from_ref(&pair),
        rows: std::slice::from_ref(&rows),
        options: &options,
        targets: &targets,
    };
    let comparison = comparisons.each().next().filter(|_| !before.is_empty());
    let notes = comparisons.notes();
    let report = Report {
        title: &args.title,
        run,
        answer: &answer,
        attempts: &attempts,
        traces: &traces,
        comparison: comparison.as_ref(),
        comparison_notes: &notes,
        history: history.as_ref(),
    };
    let text = match args.format {
        ReportFormat::Html => page::html(&report)?,
        ReportFormat::Markdown => page::markdown(&report)?,
    };
    let written = atomic::write_beside(&args.output, |out| out.write_all(text.as_bytes()));
    metrics::ignore_closed_pipe(written)?;
    Ok(if missing { ExitCode::from(compare::MISSING) } else { code })
}

// none where no history was asked for; inside, the exit code where there is nothing to look through
fn history_of(args: &ReportArgs) -> anyhow::Result<Option<Result<history::LookedThrough, u8>>> {
    if args.history.is_empty() {
        return Ok(None);
    }
    let chosen = Chosen {
        runs: args.history.clone(),
        with: args.with.clone(),
        metric: Vec::new(),
        group: Vec::new(),
        stat: Vec::new(),
    };
    history::look_through(&chosen, args.ack.as_deref(), HistoryOptions::default()).map(Some)
}

// none where there is nothing to analyse, which has been told
fn read(args: &ReportArgs, targets: &[Target]) -> anyhow::Result<Option<Side>> {
    let mut source = args.source.clone();
    if let Some(run) = &args.run {
        if let Some(folder) = Folder::at(Path::new(run)).with_context(|| run.clone())? {
            refuse_what_cannot_count(args)?;
            return kept(&folder).with_context(|| run.clone());
        }
        let path = PathBuf::from(run);
        let http = HttpOptions { no_verify: source.no_verify_ssl, ca_file: source.ca_file.clone() };
        match compare::option_for(run, &http) {
            "--archive" => bail!("{run} is a run's archive, and {}", is_no_run(run)),
            "--sosreport" => source.sosreport.push(path),
            "--sosreport-dir" => source.sosreport_dir.push(path),
            "--inventory" if source.inventory.is_none() => source.inventory = Some(path),
            _ => source.log.push(path),
        }
    }
    let found = match metrics::read_slowest(&source)? {
        Read::Found(found) => found,
        Read::Nothing(code) => return Err(compare::NothingRead(code).into()),
    };
    let (answer, registrations) = *found;
    metrics::tell_unused(&answer);
    let code = metrics::nothing_to_analyse(&source, &answer);
    if code == Some(ExitCode::from(NOTHING)) {
        return Ok(None);
    }
    let judgements = targets::judge(targets, &answer);
    let attempts = Attempts::of(&registrations);
    Ok(Some(Side {
        run: Run::of(&name_of(&source), &answer, &registrations),
        // a page shows what other programs get
        answer: serde_json::from_value(serde_json::to_value(AnswerJson::of(&answer, &judgements))?)?,
        traces: attempts.traces(&registrations),
        attempts,
        code: code.unwrap_or(ExitCode::SUCCESS),
    }))
}

// a kept run has its figures, groups and verdicts already
fn refuse_what_cannot_count(args: &ReportArgs) -> anyhow::Result<()> {
    if args.source.since.is_some() || args.source.until.is_some() {
        bail!(
            "--since and --until choose from a log; name the log that this run was kept of, or leave them out"
        );
    }
    if args.targets.is_some() {
        bail!(
            "--targets judges what is read; name the log that this run was kept of, or keep it again with \
             `reginfra metrics --save --targets`"
        );
    }
    if args.source.inventory.is_some() && args.before.is_empty() {
        bail!("-i tells the groups of a log; this run was kept with its groups: leave it out");
    }
    Ok(())
}

fn kept(folder: &Folder) -> anyhow::Result<Option<Side>> {
    let answer = folder.answer()?;
    let mut attempts = Attempts::default();
    let run = Run::read(folder, &answer, |line| attempts.take(line))?;
    attempts.end();
    if run.registrations.is_empty() {
        say(&format!("error: nothing to analyse: {} holds no registration", run.name));
        return Ok(None);
    }
    for words in &run.reading.unreadable {
        say(&format!("warning: {words}"));
    }
    let code = metrics::tell_missing(&answer.missing_satellites()).unwrap_or(ExitCode::SUCCESS);
    Ok(Some(Side { run, answer, attempts, traces: folder.traces()?, code }))
}

// what was asked for, in the user's own words
fn name_of(source: &SourceArgs) -> String {
    let mut paths = source.log.iter().chain(&source.sosreport).chain(&source.sosreport_dir);
    let first = paths.next().or(source.inventory.as_ref());
    let name = first.map(|path| path.display().to_string()).unwrap_or_default();
    match paths.count() {
        0 => name,
        more => format!("{name} and {more} more"),
    }
}
