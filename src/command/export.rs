//! `reginfra export`: kept runs in, the documents of trackers out.

use super::history::{Found, chosen_keys, chosen_runs, tell_incomplete};
use super::say;
use crate::cli::export::{ExportArgs, ExportFormat};
use crate::history::runs::KeptRun;
use crate::history::series::Key;
use crate::metrics::answer::Statistic;
use crate::registration::session::Group;
use crate::report::atomic;
use crate::report::export::{ExportError, figures, horreum, openmetrics, orion, otava, status_data};
use anyhow::{Context, bail};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::ExitCode;

/// Nothing to write (design: exit codes).
const NOTHING: u8 = 3;

/// Runs it; the exit code says what came of it.
///
/// # Errors
/// Misuse, input that cannot be read, a document that cannot be extended.
pub fn run(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let runs = match chosen_runs(&args.chosen)? {
        Found::Runs { runs, .. } => runs,
        Found::Nothing(code) => return Ok(ExitCode::from(code)),
    };
    let series = args.format == ExportFormat::OtavaCsv;
    let groups: Vec<Option<Group>> = match series {
        true => vec![None],
        false => Group::ALL.into_iter().map(Some).chain([None]).collect(),
    };
    let statistics: &[Statistic] = if series { &[Statistic::P50] } else { &Statistic::ALL };
    let keys = chosen_keys(&args.chosen, &groups, statistics);
    if runs.iter().all(|run| figures(run, &keys).is_empty()) {
        say("error: no run has a figure that was asked for");
        return Ok(ExitCode::from(NOTHING));
    }
    tell_incomplete(&runs);
    match (args.format, runs.as_slice()) {
        (ExportFormat::OtavaCsv, _) => return otava_files(args, &runs, &keys),
        (ExportFormat::Orion, _) => {
            let (bulk, yaml) = orion::files(&runs, &keys, &args.name)?;
            write_folder(args, [(orion::BULK, bulk), (orion::YAML, yaml)])?;
        }
        (ExportFormat::StatusData, [run]) => status_data(args, run, &keys)?,
        (ExportFormat::Horreum, [run]) => write_file(args, &horreum::document(run, &keys, &args.name)?)?,
        (ExportFormat::Openmetrics, [run]) => write_file(args, &openmetrics::exposition(run, &keys)?)?,
        (_, runs) => bail!(
            "this format holds one run, and these are {}: {}; name one of them",
            runs.len(),
            first_names(runs)
        ),
    }
    Ok(ExitCode::SUCCESS)
}

fn first_names(runs: &[KeptRun]) -> String {
    const SHOWN: usize = 3;
    let mut names: Vec<&str> = runs.iter().take(SHOWN).map(|run| run.name.as_str()).collect();
    if runs.len() > SHOWN {
        names.push("...");
    }
    names.join(", ")
}

fn status_data(args: &ExportArgs, run: &KeptRun, keys: &[Key]) -> anyhow::Result<()> {
    let there = match args.output.as_deref().map(|path| (path, fs::read_to_string(path))) {
        Some((_, Ok(text))) => Some(text),
        Some((path, Err(error))) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("{}: cannot be extended", path.display()));
        }
        _ => None,
    };
    let document = status_data::document(there.as_deref(), run, keys, &args.name);
    let document = match (&args.output, document) {
        (Some(path), Err(error @ ExportError::NotStatusData(_))) => {
            let empty = there.is_some_and(|text| text.trim().is_empty());
            let mend = if empty { "" } else { "mend it, or " };
            bail!("{}: {error}: {mend}take it away, and a new one is written", path.display())
        }
        (Some(path), document) => document.with_context(|| path.display().to_string())?,
        (None, document) => document?,
    };
    write_file(args, &document)
}

fn otava_files(args: &ExportArgs, runs: &[KeptRun], keys: &[Key]) -> anyhow::Result<ExitCode> {
    let files = otava::files(runs, keys, &args.name)?;
    for key in &files.ragged {
        say(&format!("warning: {} is left out: not every run has it, and Otava takes no gaps", key.id()));
    }
    if files.columns == 0 {
        say("error: there is no figure that every run has");
        return Ok(ExitCode::from(NOTHING));
    }
    if files.branches > 1 {
        let blank = match files.blank {
            0 => String::new(),
            blank => format!(", a blank one (in {blank} of {} runs) among them", runs.len()),
        };
        say(&format!(
            "warning: the label branch has {} values{blank}: `otava analyze` will ask for --branch",
            files.branches
        ));
    }
    write_folder(args, [(otava::CSV, files.csv), (otava::YAML, files.yaml)])?;
    Ok(ExitCode::SUCCESS)
}

fn write_file(args: &ExportArgs, text: &str) -> anyhow::Result<()> {
    let path = args.output.as_deref().unwrap_or(Path::new("-"));
    Ok(atomic::write_beside(path, |out| out.write_all(text.as_bytes()))?)
}

fn write_folder(args: &ExportArgs, files: [(&str, String); 2]) -> anyhow::Result<()> {
    // clap has seen to it that there is one
    let folder = args.output.as_deref().unwrap_or(Path::new("."));
    if let Some(file) = folder.ancestors().find(|place| place.exists() && !place.is_dir()) {
        let [first, second] = files.map(|(name, _)| name);
        bail!("{} is a file: name a folder with --output, for {first} and {second}", file.display());
    }
    fs::create_dir_all(folder).map_err(|error| atomic::WriteError::new(folder, error))?;
    for (name, text) in files {
        atomic::write_beside(&folder.join(name), |out| out.write_all(text.as_bytes()))?;
    }
    Ok(())
}
