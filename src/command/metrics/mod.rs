//! `reginfra metrics`: from places to the answer (`flow`, `answer`), and what the user is told beside it.

mod answer;
mod caches;
mod capsules;
mod flow;
mod hosts;
mod progress;

use crate::cli::compare::{CompareArgs, CompareFormat, CompareReading};
use crate::cli::{FailOn, MetricsArgs};
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
use std::io::{Write, stderr};
use std::process::ExitCode;

/// Nothing to analyse (design: exit codes).
const NOTHING: u8 = 3;

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
    if let (Some(since), Some(until)) = (args.since, args.until)
        && since >= until
    {
        bail!("--since {since} is not before --until {until}: no registration can lie between them");
    }
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

// `--compare BEFORE AFTER` as `reginfra compare` would be asked
fn as_compare(args: &MetricsArgs) -> CompareArgs {
    CompareArgs {
        sides: args.compare.clone(),
        before: Vec::new(),
        after: Vec::new(),
        reading: CompareReading {
            inventory: args.inventory.clone(),
            via_ansible: args.via_ansible,
            no_verify_ssl: args.no_verify_ssl,
            ca_file: args.ca_file.clone(),
            utc_offset: args.utc_offset,
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
    let load = |path: &std::path::PathBuf| super::inventory::load(path, args.via_ansible);
    let inventory = args.inventory.as_ref().map(load).transpose()?;
    let topology = inventory.as_ref().map(Topology::of).transpose()?;
    let (chosen, refused) = choose(&args.log);
    let (reports, refused_reports) = sos::choose::choose(&args.sosreport, &args.sosreport_dir);
    let refused: Vec<_> = refused.into_iter().chain(refused_reports).collect();
    let (twice, refused) = refused.into_iter().partition::<Vec<_>, _>(|e| matches!(e, SourceError::Twice(_)));
    // caches are asked while the log is read
    let asked = caches::plan(args, inventory.as_ref(), topology.as_ref())?
        .map(|plan| std::thread::spawn(move || plan.ask()));
    let here = places(args, chosen, reports);
    // beside files an inventory is topology only: nothing is contacted
    let alone = args.log.is_empty() && args.sosreport.is_empty() && args.sosreport_dir.is_empty();
    let remote = match (&inventory, &topology) {
        (Some(inventory), Some(topology)) if alone => hosts::remote(args, inventory, topology)?,
        _ => hosts::Remote { places: here, ..hosts::Remote::default() },
    };
    let mut collected = flow::collect(args, &remote.places, topology.as_ref());
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

fn places(args: &MetricsArgs, chosen: Vec<Chosen>, reports: Vec<At>) -> Vec<Place> {
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

fn write_out(
    args: &MetricsArgs,
    answer: &Answer,
    judgements: &[Judgement],
    all: &Registrations,
    labels: &std::collections::BTreeMap<String, String>,
) -> anyhow::Result<()> {
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
    } else if args.quiet || args.sessions.as_deref() == Some(stdout) {
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

fn exit_code(args: &MetricsArgs, answer: &Answer, judgements: &[Judgement]) -> ExitCode {
    let missing = hosts::missing_satellites(&answer.hosts);
    if !missing.is_empty() {
        say(&format!("error: a Satellite is missing from the answer: {}", missing.join(", ")));
        return ExitCode::from(1);
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
        return ExitCode::from(NOTHING);
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

fn say(words: &str) {
    let _ = writeln!(stderr(), "{words}");
}
