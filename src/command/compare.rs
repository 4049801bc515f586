//! `reginfra compare`: two sides of runs, read or kept, to verdicts.

use super::metrics::{self, Read};
use crate::cli::compare::{CompareArgs, CompareFailOn, CompareFormat};
use crate::cli::{Cli, Command, MetricsArgs};
use crate::compare::comparable::Refusal;
use crate::compare::judge::{Row, SUBJECTS, Subject, Thresholds, Verdict, compare};
use crate::compare::run::Run;
use crate::report::atomic;
use crate::report::compare as report;
use crate::report::table::TableStyle;
use anyhow::{Context, bail};
use clap::Parser;
use std::ffi::OsString;
use std::io::{Write, stderr};
use std::path::Path;
use std::process::ExitCode;

/// Nothing to compare, or a verdict refused under --fail-on (design: exit codes).
const NOTHING: u8 = 3;

/// Runs it; the exit code says what came of it.
///
/// # Errors
/// Misuse and input that cannot be read, with the side that it is of.
pub fn run(args: &CompareArgs) -> anyhow::Result<ExitCode> {
    let thresholds = thresholds(args)?;
    let (before, after) = match args.sides.as_slice() {
        [before, after] => (std::slice::from_ref(before), std::slice::from_ref(after)),
        _ => (args.before.as_slice(), args.after.as_slice()),
    };
    let before = side("before", before, args)?;
    let after = side("after", after, args)?;
    for (side, runs) in [("before", &before), ("after", &after)] {
        for run in runs {
            for words in &run.unreadable {
                say(&format!("warning: {side}: {words}"));
            }
            if run.registrations.is_empty() {
                say(&format!(
                    "error: {side}: {} holds no registration: there is nothing to compare",
                    run.name
                ));
                return Ok(ExitCode::from(NOTHING));
            }
        }
    }
    let rows = compare(&before, &after, &thresholds);
    let comparison =
        report::Comparison { before: &before, after: &after, thresholds: &thresholds, rows: &rows };
    let text = match args.format {
        CompareFormat::Text => report::text::render(&comparison, &TableStyle::for_stdout()),
        CompareFormat::Json => report::json::render(&comparison)?,
        CompareFormat::Markdown => report::markdown::render(&comparison),
        CompareFormat::Github => report::markdown::annotations(&comparison),
    };
    let written = atomic::write_beside(Path::new("-"), |out| out.write_all(text.as_bytes()));
    match written {
        Err(error) if error.is_closed_pipe() => {}
        other => other?,
    }
    Ok(exit_code(args, &rows))
}

fn thresholds(args: &CompareArgs) -> anyhow::Result<Thresholds> {
    let mut found = Thresholds::default();
    for threshold in &args.threshold {
        match &threshold.metric {
            None => found.all = threshold.share,
            Some(name) if SUBJECTS.iter().any(|s| s.name() == name) => {
                found.of.insert(name.clone(), threshold.share);
            }
            Some(name) => {
                let known: Vec<&str> = SUBJECTS.iter().map(|s| s.name()).collect();
                bail!("--threshold: '{name}' is no metric that is compared; these are: {}", known.join(", "));
            }
        }
    }
    Ok(found)
}

fn side(name: &str, runs: &[String], args: &CompareArgs) -> anyhow::Result<Vec<Run>> {
    runs.iter().map(|run| read(run, args).with_context(|| format!("{name}: {run}"))).collect()
}

fn read(run: &str, args: &CompareArgs) -> anyhow::Result<Run> {
    let path = Path::new(run);
    if Run::is_kept(path) {
        return Ok(Run::load(path)?);
    }
    let options = metrics_options(run, args)?;
    let Read::Found(found) = metrics::read(&options)? else {
        bail!("nothing of it could be read; the reasons stand above");
    };
    Ok(Run::of(run, &found.0, &found.1))
}

// how `metrics` would be asked for it
fn metrics_options(run: &str, args: &CompareArgs) -> anyhow::Result<Box<MetricsArgs>> {
    let mut words: Vec<OsString> =
        ["reginfra", "metrics", "--quiet", option_for(run)].map(OsString::from).into();
    words.push(run.into());
    if let Some(inventory) = &args.inventory
        && option_for(run) != "--inventory"
    {
        words.extend([OsString::from("--inventory"), inventory.into()]);
    }
    match Cli::try_parse_from(words)?.command {
        Command::Metrics(options) => Ok(options),
        _ => bail!("'{run}' is no source"),
    }
}

fn option_for(run: &str) -> &'static str {
    let name = run.to_ascii_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    let url = name.starts_with("http://") || name.starts_with("https://");
    let archive = ends(&[".tar", ".tar.xz", ".tar.gz", ".tgz", ".tar.bz2", ".tar.zst"]);
    let path = Path::new(run);
    match () {
        () if archive || path.join("sos_commands").is_dir() => "--sosreport",
        () if url => "--sosreport-dir",
        () if ends(&[".ini", ".yml", ".yaml"]) => "--inventory",
        () => "--log",
    }
}

fn exit_code(args: &CompareArgs, rows: &[Row]) -> ExitCode {
    let asked = |what: CompareFailOn, row: &Row| match what {
        CompareFailOn::Regression => true,
        CompareFailOn::ErrorRate => row.subject == Subject::ErrorRate,
    };
    let any = |found: fn(&Verdict) -> bool| {
        args.fail_on.iter().any(|what| rows.iter().any(|row| asked(*what, row) && found(&row.verdict)))
    };
    if any(|verdict| *verdict == Verdict::Regressed) {
        return ExitCode::from(1);
    }
    // too few values of a small group is no answer that was asked for; all the rest is
    let refused = |row: &Row| {
        row.group.is_none()
            && matches!(&row.verdict, Verdict::NotComparable(why) if !matches!(why, Refusal::TooFew { .. }))
    };
    if args.fail_on.iter().any(|what| rows.iter().any(|row| asked(*what, row) && refused(row)))
        || rows.is_empty()
    {
        say("error: a verdict that --fail-on asks for had to be refused; the reasons stand in the answer");
        return ExitCode::from(NOTHING);
    }
    ExitCode::SUCCESS
}

fn say(words: &str) {
    let _ = writeln!(stderr(), "{words}");
}
