//! One file a subcommand; the only place where errors become exit codes.

pub mod bench_verdicts;
pub mod cache;
pub mod compare;
pub mod completions;
pub mod export;
pub mod history;
pub mod inventory;
pub mod man;
pub mod metrics;
pub mod render;
pub mod report;
pub mod simulate;
pub mod trace;
pub mod validate;

use crate::cli::{Cli, Command};
use crate::report::atomic::WriteError;
use crate::report::table::text::escaped;
use std::io::{Write, stderr};
use std::process::ExitCode;

/// Runs what the user asked for.
pub fn run(cli: Cli) -> ExitCode {
    exit_code(match cli.command {
        Command::BenchVerdicts(args) => done(bench_verdicts::run(&args)),
        Command::Simulate(args) => done(simulate::run(&args)),
        Command::Metrics(args) => metrics::run(&args),
        Command::Cache(args) => cache::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Trace(args) => trace::run(&args),
        Command::Export(args) => export::run(&args),
        Command::History(args) => history::run(&args),
        Command::Validate(args) => validate::run(&args),
        Command::Inventory(args) => done(inventory::run(&args)),
        Command::Render(args) => render::run(&args),
        Command::Completions { shell } => done(completions::run(shell)),
        Command::Man { output } => done(man::run(output.as_deref())),
    })
}

fn done(result: anyhow::Result<()>) -> anyhow::Result<ExitCode> {
    result.map(|()| ExitCode::SUCCESS)
}

/// A line on stderr. Names come from logs and inventories: what would steer a terminal is shown, not sent.
pub(crate) fn say(words: &str) {
    let shown: Vec<String> = words.lines().map(escaped).collect();
    let _ = writeln!(stderr(), "{}", shown.join("\n"));
}

/// An error and its causes, each once: some tell their cause themselves.
pub(crate) fn causes(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !told.contains(&cause) {
            told.push_str(if told.is_empty() { "" } else { ": " });
            told.push_str(&cause);
        }
    }
    told
}

/// A command's own, or 2 with the reason on stderr. A reader that closed its pipe has what it wanted.
fn exit_code(done: anyhow::Result<ExitCode>) -> ExitCode {
    match done {
        Ok(code) => code,
        Err(error) if error.downcast_ref().is_some_and(WriteError::is_closed_pipe) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {}", causes(&error)));
            ExitCode::from(2)
        }
    }
}
