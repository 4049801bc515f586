//! One file a subcommand; the only place where errors become exit codes.

use crate::cli::{Cli, Command};
use std::process::ExitCode;

/// Runs what the user asked for.
pub fn run(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Metrics(_) | Command::Simulate(_) | Command::Completions { .. } | Command::Man { .. } => {
            ExitCode::from(2)
        }
    }
}
