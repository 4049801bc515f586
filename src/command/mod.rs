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
    match cli.command {
        Command::BenchVerdicts(args) => exit_code(bench_verdicts::run(&args)),
        Command::Simulate(args) => exit_code(simulate::run(&args)),
        Command::Metrics(args) => match metrics::run(&args) {
            Ok(code) => code,
            Err(error) => exit_code(Err(error)),
        },
        Command::Cache(args) => match cache::run(&args) {
            Ok(code) => code,
            Err(error) => exit_code(Err(error)),
        },
        Command::Compare(args) => match compare::run(&args) {
            Ok(code) => code,
            Err(error) => exit_code(Err(error)),
        },
        Command::Report(args) => match report::run(&args) {
            Ok(code) => code,
            Err(error) => exit_code(Err(error)),
        },
        Command::Trace(args) => match trace::run(&args) {
            Ok(code) => code,
            Err(error) => exit_code(Err(error)),
        },
        Command::Export(args) => match export::run(&args) {
            Ok(code) => code,
            Err(error) => exit_code(Err(error)),
        },
        Command::History(args) => match history::run(&args) {
            Ok(code) => code,
            Err(error) => exit_code(Err(error)),
        },
        Command::Validate(args) => match validate::run(&args) {
            Ok(code) => code,
            Err(error) => exit_code(Err(error)),
        },
        Command::Inventory(args) => exit_code(inventory::run(&args)),
        Command::Render(args) => match render::run(&args) {
            Ok(code) => code,
            Err(error) => exit_code(Err(error)),
        },
        Command::Completions { shell } => exit_code(completions::run(shell)),
        Command::Man { output } => exit_code(man::run(output.as_deref())),
    }
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

/// 0, or 2 with the reason on stderr. A reader that closed its pipe has what it wanted.
fn exit_code(done: anyhow::Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.downcast_ref().is_some_and(WriteError::is_closed_pipe) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {}", causes(&error)));
            ExitCode::from(2)
        }
    }
}
