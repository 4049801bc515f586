//! One file a subcommand; the only place where errors become exit codes.

pub mod bench_verdicts;
pub mod cache;
pub mod compare;
pub mod completions;
pub mod inventory;
pub mod man;
pub mod metrics;
pub mod render;
pub mod simulate;
pub mod validate;

use crate::cli::{Cli, Command};
use crate::report::atomic::WriteError;
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

/// 0, or 2 with the reason on stderr. A reader that closed its pipe has what it wanted.
fn exit_code(done: anyhow::Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.downcast_ref().is_some_and(WriteError::is_closed_pipe) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(stderr(), "error: {error:#}");
            ExitCode::from(2)
        }
    }
}
