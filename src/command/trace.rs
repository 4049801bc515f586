//! `reginfra trace`: from the sources of `metrics` to one registration request by request, or to the times of all.

use super::metrics::{self, NOTHING, Read};
use super::say;
use crate::cli::TraceArgs;
use crate::cli::trace::TraceFormat;
use crate::kept::Folder;
use crate::registration::finish::Registrations;
use crate::report::atomic;
use crate::report::table::TableStyle;
use crate::report::table::text::escaped;
use crate::report::trace::{Report, chrome, json, mermaid, svg, text};
use crate::trace::Trace;
use crate::trace::aggregate::aggregate;
use crate::trace::select::{SelectError, Wanted, select};
use anyhow::bail;
use std::path::Path;
use std::process::ExitCode;

/// Runs it; the exit code says what came of it.
///
/// # Errors
/// Misuse and input that cannot be read.
pub fn run(args: &TraceArgs) -> anyhow::Result<ExitCode> {
    metrics::check_window(&args.source)?;
    check_logs(args)?;
    let wanted = wanted(args);
    let picture = matches!(args.format, TraceFormat::Mermaid | TraceFormat::Svg | TraceFormat::Chrome);
    if wanted.is_none() && picture {
        bail!("this format shows single registrations: name a UUID or a host, or give --slowest N");
    }
    let (answer, all) = match metrics::read_recorded(&args.source)? {
        Read::Found(found) => *found,
        Read::Nothing(code) => return Ok(ExitCode::from(code)),
    };
    metrics::tell_unused(&answer);
    let incomplete = metrics::nothing_to_analyse(&args.source, &answer);
    if all.traced.is_empty() {
        return Ok(incomplete.unwrap_or(ExitCode::from(NOTHING)));
    }
    let (traces, groups) = match wanted {
        None => (Vec::new(), aggregate(&all)),
        Some(wanted) => match select(&wanted, &all) {
            Ok(places) => (traces(&places, &all), Vec::new()),
            Err(error) => return Ok(refused(&error)),
        },
    };
    let report = Report {
        traces,
        groups,
        whole_seconds: all.traced.iter().all(|traced| traced.whole_seconds),
        complete: answer.coverage.complete,
        notes: &answer.notes,
    };
    write_out(args, &report)?;
    Ok(incomplete.unwrap_or(ExitCode::SUCCESS))
}

// what a user means who writes the host behind --log, or names a kept run
fn check_logs(args: &TraceArgs) -> anyhow::Result<()> {
    let logs = &args.source.log;
    if let Some(last) = logs.last().filter(|last| logs.len() > 1 && wanted(args).is_none() && !last.exists())
    {
        let last = last.display();
        bail!("{last}: no such file; a host or UUID comes before --log: reginfra trace {last} --log ...");
    }
    for path in logs {
        if Folder::at(path)?.is_some() {
            bail!(
                "{}: a kept run holds single requests of its slowest alone, which `reginfra report` shows; name the log that it came from",
                path.display()
            );
        }
    }
    Ok(())
}

fn wanted(args: &TraceArgs) -> Option<Wanted> {
    let slowest = args.slowest.map(|n| Wanted::Slowest(n as usize));
    args.registration.clone().map(Wanted::Named).or(slowest)
}

fn traces<'a>(places: &[usize], all: &'a Registrations) -> Vec<Trace<'a>> {
    places.iter().filter_map(|i| all.traced.get(*i)).map(|traced| Trace::of(traced, all)).collect()
}

fn refused(error: &SelectError) -> ExitCode {
    say(&format!("error: {}", escaped(&error.to_string())));
    match error {
        SelectError::Unknown { .. } => ExitCode::from(NOTHING),
        SelectError::Ambiguous { .. } => ExitCode::from(2),
    }
}

fn write_out(args: &TraceArgs, report: &Report<'_>) -> anyhow::Result<()> {
    let path = args.output.as_deref().unwrap_or(Path::new("-"));
    if args.source.quiet && args.output.is_none() && args.format == TraceFormat::Text {
        return Ok(());
    }
    let style = match args.output {
        None => TableStyle::for_stdout(),
        Some(_) => TableStyle { color: false, ..TableStyle::for_stdout() },
    };
    let written = match args.format {
        TraceFormat::Text => text::render(report, &style),
        TraceFormat::Json => json::render(report)?,
        TraceFormat::Mermaid => mermaid::render(report),
        TraceFormat::Svg => svg::render(report)?,
        TraceFormat::Chrome => chrome::render(report)?,
    };
    metrics::ignore_closed_pipe(atomic::write_beside(path, |out| out.write_all(written.as_bytes())))
}
