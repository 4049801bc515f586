//! `reginfra metrics`: from places to the answer (`flow`, `answer`), and what the user is told beside it.

mod answer;
mod caches;
mod capsules;
mod flow;
mod hosts;
mod progress;

use super::say;
use crate::archive::Archive;
use crate::cli::compare::{CompareArgs, CompareFormat, CompareReading};
use crate::cli::{FailOn, MetricsArgs, SourceArgs};
use crate::inventory::Inventory;
use crate::inventory::topology::Topology;
use crate::kept::sessions;
use crate::metrics::answer::{Answer, unused};
use crate::metrics::targets::{self, Judgement};
use crate::registration::finish::Registrations;
use crate::registration::record::Keep;
use crate::report::page::attempts::SLOWEST;
use crate::report::table::{self, TableStyle};
use crate::report::{atomic, json, parquet, save};
use crate::source::choose::{Chosen, choose};
use crate::source::http::HttpOptions;
use crate::source::sos::{self, choose::At};
use crate::source::{Place, SourceError};
use anyhow::{Context, bail};
use std::process::ExitCode;

/// Nothing to analyse (design: exit codes).
pub const NOTHING: u8 = 3;

/// Runs it; the exit code says what came of it.
///
/// # Errors
/// Misuse and input that cannot be read.
pub fn run(args: &MetricsArgs) -> anyhow::Result<ExitCode> {
    if !args.compare.is_empty() {
        return super::compare::run(&as_compare(args));
    }
    let targets = match &args.targets {
        Some(path) => targets::load(path)?,
        None => targets::built_in(),
    };
    let labels = save::parse_labels(&args.label)?;
    if let Some(dir) = &args.save {
        save::check(dir)?;
    }
    if let Some(dir) = &args.parquet {
        parquet::check(dir, args.run.as_deref()).with_context(|| format!("--parquet {}", dir.display()))?;
    }
    check_window(&args.source)?;
    if args.json && args.sessions.as_deref() == Some(std::path::Path::new("-")) {
        bail!("--json and --sessions - both write to stdout: name a file for --sessions");
    }
    let (answer, registrations) = match read(args)? {
        Read::Found(found) => *found,
        Read::Nothing(code) => return Ok(ExitCode::from(code)),
    };
    let judgements = targets::judge(&targets, &answer);
    write_out(args, &answer, &judgements, &registrations, &labels)?;
    Ok(exit_code(args, &answer, &judgements))
}

/// Refuses a window that nothing can lie in.
///
/// # Errors
/// `--since` is not before `--until`.
pub fn check_window(args: &SourceArgs) -> anyhow::Result<()> {
    if let (Some(since), Some(until)) = (args.since, args.until)
        && since >= until
    {
        bail!("--since {since} is not before --until {until}: no registration can lie between them");
    }
    Ok(())
}

// `--compare BEFORE AFTER` as `reginfra compare` would be asked
fn as_compare(args: &MetricsArgs) -> CompareArgs {
    CompareArgs {
        sides: args.compare.clone(),
        before: Vec::new(),
        after: Vec::new(),
        reading: CompareReading::of(&args.source),
        threshold: Vec::new(),
        thresholds: None,
        percentile: None,
        fail_on: Vec::new(),
        targets: args.targets.clone(),
        format: if args.json { CompareFormat::Json } else { CompareFormat::Text },
    }
}

/// What came of reading.
pub enum Read {
    /// The answer, and the registrations behind it.
    Found(Box<(Answer, Registrations)>),
    /// Nothing could be opened, with the exit code of that; the reasons have been told.
    Nothing(u8),
}

/// Who is who, where an inventory says so.
#[derive(Debug, Default)]
struct Who {
    inventory: Option<Inventory>,
    topology: Option<Topology>,
}

impl Who {
    fn load(args: &SourceArgs) -> anyhow::Result<Self> {
        let load = |path: &std::path::PathBuf| super::inventory::load(path, args.via_ansible);
        let inventory = args.inventory.as_ref().map(load).transpose()?;
        let topology = inventory.as_ref().map(Topology::of).transpose()?;
        Ok(Self { inventory, topology })
    }
}

/// Reads what the options name, and tells on stderr what could not be read.
///
/// # Errors
/// An inventory that cannot be used, misuse.
pub fn read(args: &MetricsArgs) -> anyhow::Result<Read> {
    let who = Who::load(&args.source)?;
    // caches are asked while the log is read
    let asked = caches::plan(args, who.inventory.as_ref(), who.topology.as_ref())?
        .map(|plan| std::thread::spawn(move || plan.ask()));
    // a kept run has its slowest request by request
    let slowest = args.save.as_ref().map(|_| Keep::Slowest(SLOWEST));
    let record = if args.parquet.is_some() { Some(Keep::All) } else { slowest };
    let mut read = match &args.archive {
        Some(path) => read_archive(path, &args.source, &who, record)?,
        None => read_sources(&args.source, &who, record)?,
    };
    if let (Read::Found(found), Some(rows)) = (&mut read, asked) {
        caches::add(&mut found.0, rows.join().unwrap_or_default());
    }
    Ok(read)
}

// its sosreports, of the time of its levels
fn read_archive(
    path: &std::path::Path,
    args: &SourceArgs,
    who: &Who,
    record: Option<Keep>,
) -> anyhow::Result<Read> {
    let mut archive = Archive::load(path, &http_options(args))?;
    let unread = std::mem::take(&mut archive.unread);
    for words in &unread {
        say(&format!("error: {words}"));
    }
    let span = archive.span();
    let source = SourceArgs {
        sosreport_dir: vec![archive.place.reports()],
        since: span.map(|(since, _)| since),
        until: span.map(|(_, until)| until),
        ..args.clone()
    };
    let mut read = read_sources(&source, who, record)?;
    if let Read::Found(found) = &mut read {
        let (levels, notes) = archive.answer(&found.1);
        found.0.archive = Some(Box::new(levels));
        found.0.notes.extend(notes);
        found.0.coverage.complete &= unread.is_empty();
        found.0.coverage.unreadable.extend(unread);
    }
    Ok(read)
}

/// The same of sources alone, with the requests of each registration: no cache is asked.
///
/// # Errors
/// As `read`.
pub fn read_recorded(args: &SourceArgs) -> anyhow::Result<Read> {
    read_sources(args, &Who::load(args)?, Some(Keep::All))
}

/// The same with the requests of those registrations that a page shows one by one.
///
/// # Errors
/// As `read`.
pub fn read_slowest(args: &SourceArgs) -> anyhow::Result<Read> {
    read_sources(args, &Who::load(args)?, Some(Keep::Slowest(SLOWEST)))
}

fn read_sources(args: &SourceArgs, who: &Who, record: Option<Keep>) -> anyhow::Result<Read> {
    let (chosen, refused) = choose(&args.log);
    let (reports, refused_reports) = sos::choose::choose(&args.sosreport, &args.sosreport_dir);
    let refused: Vec<_> = refused.into_iter().chain(refused_reports).collect();
    let (twice, refused) = refused.into_iter().partition::<Vec<_>, _>(|e| matches!(e, SourceError::Twice(_)));
    let here = places(args, chosen, reports);
    // beside files an inventory is topology only: nothing is contacted
    let alone = args.log.is_empty() && args.sosreport.is_empty() && args.sosreport_dir.is_empty();
    let remote = match (&who.inventory, &who.topology) {
        (Some(inventory), Some(topology)) if alone => hosts::remote(args, inventory, topology)?,
        _ => hosts::Remote { places: here, ..hosts::Remote::default() },
    };
    let mut collected = flow::collect(args, &remote.places, who.topology.as_ref(), record);
    collected.refuse(remote.refused);
    collected.refused.splice(..0, refused);
    collected.left_out.splice(..0, twice.iter().map(ToString::to_string));
    for error in &collected.refused {
        say(&format!("error: {error}"));
    }
    if collected.files.is_empty() && collected.hosts.is_empty() {
        let nothing = collected.refused.iter().all(SourceError::is_nothing);
        return Ok(Read::Nothing(if nothing && !collected.refused.is_empty() { NOTHING } else { 2 }));
    }
    for words in collected.left_out.iter().chain(&answer::backwards(&collected)) {
        say(&format!("note: {words}"));
    }
    let answer = answer::answer_of(&collected);
    Ok(Read::Found(Box::new((answer, collected.registrations))))
}

fn places(args: &SourceArgs, chosen: Vec<Chosen>, reports: Vec<At>) -> Vec<Place> {
    let mut places = Vec::new();
    if !chosen.is_empty() {
        places.push(Place::Files(chosen));
    }
    if !reports.is_empty() {
        places.push(Place::Reports(reports, flow::scanning(args), http_options(args)));
    }
    places
}

fn http_options(args: &SourceArgs) -> HttpOptions {
    HttpOptions { no_verify: args.no_verify_ssl, ca_file: args.ca_file.clone() }
}

/// Tells on stderr what was opened and is not, or not whole, in the answer.
pub fn tell_unused(answer: &Answer) {
    for unreadable in broken_off(answer) {
        say(&format!("warning: {unreadable}"));
    }
    for words in unused(&answer.sources) {
        say(&format!("warning: {words}"));
    }
}

/// What could not be read of what was opened; what could not be opened has been told already.
pub fn broken_off(answer: &Answer) -> impl Iterator<Item = &String> {
    let of = |words: &str, path: &str| words.strip_prefix(path).is_some_and(|rest| rest.starts_with(": "));
    let opened = move |words: &&String| answer.sources.iter().any(|source| of(words, &source.path));
    answer.coverage.unreadable.iter().filter(opened)
}

fn write_out(
    args: &MetricsArgs,
    answer: &Answer,
    judgements: &[Judgement],
    all: &Registrations,
    labels: &std::collections::BTreeMap<String, String>,
) -> anyhow::Result<()> {
    tell_unused(answer);
    if let Some(path) = &args.sessions {
        let written = atomic::write_beside(path, |out| sessions::write_lines(out, &all.sessions, &all.names));
        ignore_closed_pipe(written)?;
    }
    if let Some(dir) = &args.save {
        save::save(dir, answer, judgements, all, labels)
            .with_context(|| format!("--save {}", dir.display()))?;
    }
    if let Some(dir) = &args.parquet {
        let written = parquet::write(dir, args.run.as_deref(), all)
            .with_context(|| format!("--parquet {}", dir.display()))?;
        if let Some(written) = written.filter(|_| !args.source.quiet) {
            let how = if written.replaced { ", in place of the one that was there" } else { "" };
            say(&format!("note: {}: run {}{how}", dir.display(), written.run));
        }
    }
    let stdout = std::path::Path::new("-");
    if args.json {
        ignore_closed_pipe(atomic::write_beside(stdout, |out| json::write(out, answer, judgements)))
    } else if args.source.quiet || args.sessions.as_deref() == Some(stdout) {
        Ok(())
    } else {
        let text = table::render(answer, judgements, &TableStyle::for_stdout());
        ignore_closed_pipe(atomic::write_beside(stdout, |out| out.write_all(text.as_bytes())))
    }
}

/// A reader that closed its pipe has what it wanted.
///
/// # Errors
/// Everything else.
pub fn ignore_closed_pipe(written: Result<(), atomic::WriteError>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.is_closed_pipe() => Ok(()),
        other => Ok(other?),
    }
}

/// Says why there is no answer, where there is none or a Satellite is missing from it.
pub fn nothing_to_analyse(args: &SourceArgs, answer: &Answer) -> Option<ExitCode> {
    if let Some(code) = tell_missing(&hosts::missing_satellites(&answer.hosts)) {
        return Some(code);
    }
    if answer.groups.is_empty() && answer.capsules.iter().all(|c| c.window.is_none()) {
        let asked =
            if args.since.is_some() || args.until.is_some() { " between --since and --until" } else { "" };
        let used = answer.sources.iter().filter(|s| s.skipped.is_none()).count();
        say(&if used == 0 {
            "error: nothing to analyse: no file holds lines of Foreman's production.log".to_owned()
        } else {
            format!(
                "error: nothing to analyse: no registration (POST /rhsm/consumers) in {used} files{asked}"
            )
        });
        return Some(ExitCode::from(NOTHING));
    }
    None
}

/// Tells which Satellites are missing from an answer; the exit code of that, none where all are there.
pub fn tell_missing(satellites: &[&str]) -> Option<ExitCode> {
    if satellites.is_empty() {
        return None;
    }
    say(&format!("error: a Satellite is missing from the answer: {}", satellites.join(", ")));
    Some(ExitCode::from(1))
}

fn exit_code(args: &MetricsArgs, answer: &Answer, judgements: &[Judgement]) -> ExitCode {
    if let Some(code) = nothing_to_analyse(&args.source, answer) {
        return code;
    }
    if args.fail_on != Some(FailOn::Target) {
        return ExitCode::SUCCESS;
    }
    if judgements.iter().all(|j| j.met.is_none()) {
        say("error: no target could be judged: no group has a figure that a target with a number speaks of");
        return ExitCode::from(NOTHING);
    }
    if judgements.iter().any(|j| j.met == Some(false)) { ExitCode::from(1) } else { ExitCode::SUCCESS }
}
