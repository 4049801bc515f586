//! One file a subcommand; the only place where errors become exit codes.

pub mod metrics;
pub mod simulate;

use crate::cli::{Cli, Command};
use std::io::{Write, stderr};
use std::process::ExitCode;

/// Runs what the user asked for.
pub fn run(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Simulate(args) => exit_code(simulate::run(&args)),
        Command::Metrics(args) => match metrics::run(&args) {
            Ok(code) => code,
            Err(error) => exit_code(Err(error)),
        },
        Command::Completions { .. } | Command::Man { .. } => ExitCode::from(2),
    }
}

/// 0, or 2 with the reason on stderr.
fn exit_code(done: anyhow::Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(stderr(), "error: {error:#}");
            ExitCode::from(2)
        }
    }
}
