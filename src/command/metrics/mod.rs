//! `reginfra metrics`: from places to the answer (`flow`, `answer`), and what the user is told beside it.

mod answer;
mod caches;
mod capsules;
mod flow;
mod hosts;
mod progress;

use super::{NOTHING, say};
use crate::cli::compare::{CompareArgs, CompareFormat, CompareReading};
use crate::cli::{FailOn, MetricsArgs, SourceArgs};
use crate::inventory::Inventory;
use crate::inventory::topology::Topology;
use crate::metrics::answer::Answer;
use crate::metrics::targets::{self, Judgement};
use crate::registration::finish::Registrations;
use crate::report::table::{self, TableStyle};
use crate::report::{atomic, json, save, sessions};
use crate::source::choose::{Chosen, choose};
use crate::source::http::HttpOptions;
use crate::source::sos::{self, choose::At};
use crate::source::{Place, SourceError};
use anyhow::{Context, bail};
use std::process::ExitCode;

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

/// Before anything is read: whether registrations can lie between --since and --until.
///
/// # Errors
/// They cannot.
pub fn check_window(source: &SourceArgs) -> anyhow::Result<()> {
    if let (Some(since), Some(until)) = (source.since, source.until)
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
        reading: CompareReading {
            inventory: args.source.inventory.clone(),
            via_ansible: args.source.via_ansible,
            no_verify_ssl: args.source.no_verify_ssl,
            ca_file: args.source.ca_file.clone(),
            utc_offset: args.source.utc_offset,
        },
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

/// Reads what the options name, and tells on stderr what could not be read.
///
/// # Errors
/// An inventory that cannot be used, misuse.
pub fn read(args: &MetricsArgs) -> anyhow::Result<Read> {
    read_and_ask(&args.source, &|inventory, topology| caches::plan(args, inventory, topology))
}

/// The same without caches.
///
/// # Errors
/// As `read`.
pub fn read_source(source: &SourceArgs) -> anyhow::Result<Read> {
    read_and_ask(source, &|_, _| Ok(None))
}

type CachePlan = Option<super::cache::Plan>;

fn read_and_ask(
    source: &SourceArgs,
    caches_of: &dyn Fn(Option<&Inventory>, Option<&Topology>) -> anyhow::Result<CachePlan>,
) -> anyhow::Result<Read> {
    let load = |path: &std::path::PathBuf| super::inventory::load(path, source.via_ansible);
    let inventory = source.inventory.as_ref().map(load).transpose()?;
    let topology = inventory.as_ref().map(Topology::of).transpose()?;
    let (chosen, refused) = choose(&source.log);
    let (reports, refused_reports) = sos::choose::choose(&source.sosreport, &source.sosreport_dir);
    let refused: Vec<_> = refused.into_iter().chain(refused_reports).collect();
    let (twice, refused) = refused.into_iter().partition::<Vec<_>, _>(|e| matches!(e, SourceError::Twice(_)));
    // caches are asked while the log is read
    let asked =
        caches_of(inventory.as_ref(), topology.as_ref())?.map(|plan| std::thread::spawn(move || plan.ask()));
    let here = places(source, chosen, reports);
    // beside files an inventory is topology only: nothing is contacted
    let alone = source.log.is_empty() && source.sosreport.is_empty() && source.sosreport_dir.is_empty();
    let remote = match (&inventory, &topology) {
        (Some(inventory), Some(topology)) if alone => hosts::remote(source, inventory, topology)?,
        _ => hosts::Remote { places: here, ..hosts::Remote::default() },
    };
    let mut collected = flow::collect(source, &remote.places, topology.as_ref());
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
    for words in &collected.left_out {
        say(&format!("note: {words}"));
    }
    let mut answer = answer::answer_of(&collected);
    if let Some(rows) = asked {
        caches::add(&mut answer, rows.join().unwrap_or_default());
    }
    Ok(Read::Found(Box::new((answer, collected.registrations))))
}

fn places(args: &SourceArgs, chosen: Vec<Chosen>, reports: Vec<At>) -> Vec<Place> {
    let mut places = Vec::new();
    if !chosen.is_empty() {
        places.push(Place::Files(chosen));
    }
    if !reports.is_empty() {
        let http = HttpOptions { no_verify: args.no_verify_ssl, ca_file: args.ca_file.clone() };
        places.push(Place::Reports(reports, flow::scanning(args), http));
    }
    places
}

/// Tells on stderr what of the sources is missing from the answer.
pub fn warn(answer: &Answer) {
    for unreadable in answer.coverage.unreadable.iter().filter(|_| !answer.sources.is_empty()) {
        // what could not be opened has been told already
        if answer.sources.iter().any(|s| unreadable.starts_with(&format!("{}: ", s.path))) {
            say(&format!("warning: {unreadable}"));
        }
    }
    for source in &answer.sources {
        if let Some(why) = &source.skipped {
            say(&format!("warning: {}: {why}", source.path));
        }
    }
}

fn write_out(
    args: &MetricsArgs,
    answer: &Answer,
    judgements: &[Judgement],
    all: &Registrations,
    labels: &std::collections::BTreeMap<String, String>,
) -> anyhow::Result<()> {
    warn(answer);
    if let Some(path) = &args.sessions {
        let written = atomic::write_beside(path, |out| sessions::write_lines(out, &all.sessions, &all.names));
        ignore_closed_pipe(written)?;
    }
    if let Some(dir) = &args.save {
        save::save(dir, answer, judgements, all, labels)
            .with_context(|| format!("--save {}", dir.display()))?;
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

fn ignore_closed_pipe(written: Result<(), atomic::WriteError>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.is_closed_pipe() => Ok(()),
        other => Ok(other?),
    }
}

/// Tells on stderr where the answer says nothing, or a Satellite is missing from it; the exit code of that.
pub fn answered(source: &SourceArgs, answer: &Answer) -> Option<u8> {
    let missing = hosts::missing_satellites(&answer.hosts);
    if !missing.is_empty() {
        say(&format!("error: a Satellite is missing from the answer: {}", missing.join(", ")));
        return Some(1);
    }
    if answer.groups.is_empty() && answer.capsules.iter().all(|c| c.window.is_none()) {
        let asked = if source.since.is_some() || source.until.is_some() {
            " between --since and --until"
        } else {
            ""
        };
        let used = answer.sources.iter().filter(|s| s.skipped.is_none()).count();
        say(&if used == 0 {
            "error: nothing to analyse: no file holds lines of Foreman's production.log".to_owned()
        } else {
            format!(
                "error: nothing to analyse: no registration (POST /rhsm/consumers) in {used} files{asked}"
            )
        });
        return Some(NOTHING);
    }
    None
}

fn exit_code(args: &MetricsArgs, answer: &Answer, judgements: &[Judgement]) -> ExitCode {
    if let Some(code) = answered(&args.source, answer) {
        return ExitCode::from(code);
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
