//! `reginfra compare`: two sides of runs, read or kept, to verdicts.

use super::metrics::{self, Read};
use super::{causes, say};
use crate::archive::place::ArchivePlace;
use crate::archive::runs;
use crate::cli::compare::{CompareArgs, CompareFailOn, CompareFormat, CompareReading, Threshold};
use crate::cli::{Cli, Command, MetricsArgs};
use crate::compare::comparable::{self, Refusal};
use crate::compare::judge::{Options, Row, Subject, Thresholds, Verdict, compare_all};
use crate::compare::levels::{self, Pair, Source, Unpaired};
use crate::compare::run::{Reading, Run};
use crate::compare::same_run::named_twice;
use crate::kept::{Folder, KeptError};
use crate::metrics::answer::Metric;
use crate::metrics::targets;
use crate::report::atomic;
use crate::report::compare as report;
use crate::report::table::TableStyle;
use crate::source::choose::choose as choose_logs;
use crate::source::http::HttpOptions;
use crate::source::sos::choose;
use anyhow::{Context, bail};
use clap::Parser;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// Nothing to compare, or a verdict refused under --fail-on (design: exit codes).
const NOTHING: u8 = 3;
/// A Satellite is missing from the answer.
pub const MISSING: u8 = 1;

/// Runs it; the exit code says what came of it.
///
/// # Errors
/// Misuse and input that cannot be read, with the side that it is of.
pub fn run(args: &CompareArgs) -> anyhow::Result<ExitCode> {
    let options = Options {
        thresholds: thresholds(args.thresholds.as_deref(), &args.threshold)?,
        percentile: args.percentile,
    };
    let targets = match &args.targets {
        Some(path) => targets::load(path)?,
        None => targets::built_in(),
    };
    let (before, after) = match args.sides.as_slice() {
        [before, after] => (std::slice::from_ref(before), std::slice::from_ref(after)),
        [] => (args.before.as_slice(), args.after.as_slice()),
        more => bail!(
            "{} runs are named, and two are compared; several of a side: --before A1 A2 --after B1 B2",
            more.len()
        ),
    };
    tell_without_effect(before.iter().chain(after), &args.reading);
    // both sides are read, so that each tells its own errors
    let sides = [side("before", before, &args.reading), side("after", after, &args.reading)];
    let (before, after) = match sides {
        [Ok(before), Ok(after)] => (before, after),
        sides => return Ok(ExitCode::from(unread(sides.into_iter().filter_map(Result::err)))),
    };
    // each side's own are told
    let missing = [lacks_satellite("before", &before), lacks_satellite("after", &after)].contains(&true);
    if [is_empty("before", &before), is_empty("after", &after)].contains(&true) {
        return Ok(ExitCode::from(if missing { MISSING } else { NOTHING }));
    }
    let pairs = match levels::pairs(before, after) {
        Err(unpaired) => return Ok(ExitCode::from(unread(std::iter::once(unpaired.into())))),
        Ok(pairs) => pairs,
    };
    let sides: Vec<(&[Run], &[Run])> = pairs.iter().map(Pair::sides).collect();
    let rows = compare_all(&sides, &options);
    let comparisons =
        report::Comparisons { pairs: &pairs, options: &options, rows: &rows, targets: &targets };
    let text = match args.format {
        CompareFormat::Text => report::text::render(&comparisons, &TableStyle::for_stdout()),
        CompareFormat::Json => report::json::render(&comparisons)?,
        CompareFormat::Markdown => report::markdown::render(&comparisons),
        CompareFormat::Github => report::markdown::annotations(&comparisons),
    };
    let written = atomic::write_beside(Path::new("-"), |out| out.write_all(text.as_bytes()));
    match written {
        Err(error) if error.is_closed_pipe() => {}
        other => other?,
    }
    let found = exit_code(args, &pairs, &rows.concat());
    Ok(if missing { ExitCode::from(MISSING) } else { found })
}

// a kept run has its groups and times
fn tell_without_effect<'a>(mut runs: impl Iterator<Item = &'a String>, reading: &CompareReading) {
    let options = [
        ("-i", reading.inventory.is_some()),
        ("--via-ansible", reading.via_ansible),
        ("--no-verify-ssl", reading.no_verify_ssl),
        ("--ca-file", reading.ca_file.is_some()),
        ("--unpack-limit", reading.unpack_limit.is_some()),
        ("--utc-offset", reading.utc_offset.is_some()),
    ];
    let given: Vec<&str> = options.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect();
    if given.is_empty() || !runs.all(|run| matches!(Folder::at(Path::new(run)), Ok(Some(_)))) {
        return;
    }
    let (has, it) = if given.len() == 1 { ("has", "it") } else { ("have", "them") };
    let given = given.join(" and ");
    say(&format!("warning: {given} {has} no effect on kept runs; give {it} to `reginfra metrics --save`"));
}

/// Whether a Satellite is missing from a run of a side, which is told.
pub fn lacks_satellite(side: &str, sources: &[Source]) -> bool {
    let lacking = || sources.iter().filter_map(Source::first).filter(|run| !run.reading.missing.is_empty());
    for run in lacking() {
        let (name, missing) = (&run.name, run.reading.missing.join(", "));
        say(&format!("error: {side}: {name}: a Satellite is missing from the answer: {missing}"));
    }
    lacking().next().is_some()
}

/// Whether a run of a side has nothing to compare, which is told.
pub fn is_empty(side: &str, sources: &[Source]) -> bool {
    let mut empty = false;
    for source in sources {
        if let Source::Whole(run) = source
            && run.registrations.is_empty()
        {
            say(&format!("error: {side}: {} holds no registration: there is nothing to compare", run.name));
            empty = true;
        }
    }
    empty
}

/// A run of which nothing could be opened, with the exit code of that.
#[derive(Debug, thiserror::Error)]
#[error("nothing of it could be read; the reasons stand above")]
pub struct NothingRead(pub u8);

/// Tells why sides cannot be used; the exit code of that.
pub fn unread(errors: impl Iterator<Item = anyhow::Error>) -> u8 {
    let mut code = NOTHING;
    for error in errors {
        say(&format!("error: {}", causes(&error)));
        // unreadable before nothing to analyse
        code = code.min(match (error.downcast_ref::<NothingRead>(), error.downcast_ref::<Unpaired>()) {
            (Some(nothing), _) => nothing.0,
            (_, Some(Unpaired::NoneInBoth { .. })) => NOTHING,
            _ => 2,
        });
    }
    code
}

/// Thresholds of a file and of the command line, which goes before it.
///
/// # Errors
/// A file that cannot be used, a metric that there is not.
pub fn thresholds(file: Option<&Path>, own: &[Threshold]) -> anyhow::Result<Thresholds> {
    let mut found = match file {
        Some(path) => Thresholds::load(path)?,
        None => Thresholds::default(),
    };
    for threshold in own {
        found.set(threshold.metric.as_deref(), threshold.share).context("--threshold")?;
    }
    Ok(found)
}

/// Reads the runs of a side.
///
/// # Errors
/// Names the side and the run that cannot be read, or both names of one that is there twice.
pub fn side(name: &str, runs: &[String], reading: &CompareReading) -> anyhow::Result<Vec<Source>> {
    let each = |run: &String| {
        read(name, run, reading).map_err(|error| {
            // words of a kept run or an inventory begin with its path
            let named = error.is::<KeptError>() || begins_with(&error.to_string(), run);
            error.context(if named { name.to_owned() } else { format!("{name}: {run}") })
        })
    };
    let sources = runs.iter().map(each).collect::<anyhow::Result<Vec<Source>>>()?;
    let all: Vec<&Run> = sources
        .iter()
        .flat_map(|source| match source {
            Source::Whole(run) => vec![&**run],
            Source::Levels(levels) => levels.iter().map(|(_, run)| run).collect(),
        })
        .collect();
    match named_twice(&all) {
        Some(twice) => Err(anyhow::Error::new(twice).context(name.to_owned())),
        None => Ok(sources),
    }
}

// `lab.ini: `, `lab.ini:3: `, `lab/hosts: `
fn begins_with(words: &str, path: &str) -> bool {
    let behind = words.strip_prefix(path.trim_end_matches('/'));
    behind.is_some_and(|behind| behind.starts_with([':', '/']))
}

fn tell_unread<'a>(side: &str, unread: impl IntoIterator<Item = &'a String>) {
    for words in unread {
        say(&format!("warning: {side}: {words}"));
    }
}

fn read(side: &str, run: &str, reading: &CompareReading) -> anyhow::Result<Source> {
    let path = Path::new(run);
    if let Some(folder) = Folder::at(path)? {
        let run = Run::read(&folder, &folder.answer()?, |_| ())?;
        tell_unread(side, &run.reading.unreadable);
        return Ok(Source::Whole(Box::new(run)));
    }
    let options = metrics_options(run, reading)?;
    let (answer, registrations) = match metrics::read(&options)? {
        Read::Found(found) => *found,
        Read::Nothing(code) => return Err(NothingRead(code).into()),
    };
    tell_unread(side, metrics::broken_off(&answer));
    let Some(archive) = &answer.archive else {
        return Ok(Source::Whole(Box::new(Run::of(run, &answer, &registrations))));
    };
    let (levels, unseen) = runs::runs(archive, run, &Reading::of(&answer), &registrations);
    if levels.is_empty() {
        say(&format!("error: {side}: {run}: no registration lies in any of its levels"));
        return Err(NothingRead(NOTHING).into());
    }
    if !unseen.is_empty() {
        let unseen = levels::words(unseen.into_iter());
        say(&format!("warning: {side}: {run}: without registrations, and so left out: level {unseen}"));
    }
    Ok(Source::Levels(levels))
}

// a folder above kept runs, and of no log
fn refuse_folder_of_runs(path: &Path) -> anyhow::Result<()> {
    const SHOWN: usize = 3;
    let kept = Folder::below(path);
    if kept.is_empty() || !choose_logs(&[path.to_owned()]).0.is_empty() {
        return Ok(());
    }
    let mut named: Vec<String> =
        kept.iter().take(SHOWN).map(|folder| folder.path().display().to_string()).collect();
    if kept.len() > SHOWN {
        named.push(format!("{} more", kept.len() - SHOWN));
    }
    bail!(
        "a folder of kept runs ({}) is no run: name one of them, or several with --before and --after",
        named.join(", ")
    )
}

// how `metrics` would be asked for it
fn metrics_options(run: &str, reading: &CompareReading) -> anyhow::Result<Box<MetricsArgs>> {
    let http = HttpOptions { no_verify: reading.no_verify_ssl, ca_file: reading.ca_file.clone() };
    let option = option_for(run, &http);
    if option == "--log" {
        refuse_folder_of_runs(Path::new(run))?;
    }
    let mut words: Vec<OsString> = ["reginfra", "metrics", "--quiet", option].map(OsString::from).into();
    words.push(run.into());
    if let Some(inventory) = &reading.inventory
        && option != "--inventory"
    {
        words.extend([OsString::from("--inventory"), inventory.into()]);
    }
    match Cli::try_parse_from(words)?.command {
        Command::Metrics(mut options) => {
            options.source.via_ansible = reading.via_ansible;
            options.source.no_verify_ssl = reading.no_verify_ssl;
            options.source.ca_file.clone_from(&reading.ca_file);
            options.source.unpack_limit = reading.unpack_limit;
            options.source.utc_offset = reading.utc_offset;
            Ok(options)
        }
        _ => bail!("'{run}' is no source"),
    }
}

/// The option of `metrics` that a run's name stands for. A folder or listing that holds measurement.log is an archive.
pub fn option_for(run: &str, http: &HttpOptions) -> &'static str {
    let name = run.to_ascii_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    let url = name.starts_with("http://") || name.starts_with("https://");
    let packed = ends(&[".tar", ".tar.xz", ".tar.gz", ".tgz", ".tar.bz2", ".tar.zst"]);
    let path = Path::new(run);
    match () {
        () if packed || path.join("sos_commands").is_dir() => "--sosreport",
        () if ArchivePlace::of(path, http).is_archive() => "--archive",
        () if url || choose::is_folder_of_reports(path) => "--sosreport-dir",
        () if ends(&[".ini", ".yml", ".yaml"]) => "--inventory",
        () => "--log",
    }
}

const fn asked(what: CompareFailOn, row: &Row) -> bool {
    match what {
        CompareFailOn::Regression => true,
        CompareFailOn::Timing => row.subject.is_timing(),
        CompareFailOn::Calls => matches!(row.subject, Subject::Metric(metric) if !metric.is_timing()),
        CompareFailOn::ErrorRate => matches!(row.subject, Subject::ErrorRate),
        CompareFailOn::Throughput => matches!(row.subject, Subject::Throughput),
    }
}

fn exit_code(args: &CompareArgs, pairs: &[Pair], rows: &[Row]) -> ExitCode {
    if args.fail_on.is_empty() {
        return ExitCode::SUCCESS;
    }
    let named = |row: &Row| args.fail_on.iter().any(|what| asked(*what, row));
    // a part of what grew where the whole did not is no regression, but a sum that grew is
    if rows.iter().any(|row| named(row) && row.verdict == Verdict::Regressed) {
        return ExitCode::from(1);
    }
    let whole = || rows.iter().filter(|row| row.group.is_none());
    let too_few = |row: &Row| matches!(row.verdict, Verdict::NotComparable(Refusal::TooFew { .. }));
    let enough_elsewhere = |subject: Subject| whole().any(|row| row.subject == subject && !too_few(row));
    // of all registrations; other figures stand for what a cache hides or one side cannot tell
    let by_name = |row: &Row| args.fail_on.iter().any(|w| *w != CompareFailOn::Regression && asked(*w, row));
    let refused = |row: &Row| match &row.verdict {
        Verdict::NotComparable(Refusal::Thinned { .. }) => false,
        Verdict::NotComparable(Refusal::OneSided { .. } | Refusal::NoneSucceeded { .. }) => by_name(row),
        // low levels are part of every run; but without enough creates nothing says that none got slower
        Verdict::NotComparable(Refusal::TooFew { .. }) => {
            (by_name(row) || row.subject == Subject::Metric(Metric::ConsumerCreateMs))
                && !enough_elsewhere(row.subject)
        }
        Verdict::NotComparable(_) => !row.subject.is_of_slices() || by_name(row),
        _ => false,
    };
    let judged = whole().any(|row| named(row) && !matches!(row.verdict, Verdict::NotComparable(_)));
    if let Some(pair) = pairs.iter().find(|pair| pair.lacks().is_some()) {
        let (level, lacks) = (levels::words(pair.level.into_iter()), pair.lacks().unwrap_or_default());
        say(&format!("error: the side {lacks} has no level {level}, of which --fail-on asks for verdicts"));
        return ExitCode::from(NOTHING);
    }
    let mut runs = pairs.iter().flat_map(|pair| pair.before.iter().chain(&pair.after));
    if let Some(run) = runs.find(|run| !comparable::is_complete(run)) {
        say(&format!(
            "error: {} is not complete, which is no pass under --fail-on; the answer says why",
            run.name
        ));
        return ExitCode::from(NOTHING);
    }
    if !judged || whole().any(|row| named(row) && refused(row)) {
        say("error: a verdict that --fail-on asks for had to be refused; the reasons stand in the answer");
        return ExitCode::from(NOTHING);
    }
    ExitCode::SUCCESS
}
