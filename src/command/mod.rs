//! One file a subcommand; the only place where errors become exit codes.

mod completions;
mod man;

use crate::cli::{Cli, Command};
use std::io;
use std::process::ExitCode;

/// Runs what the user asked for.
pub fn run(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Metrics(_) | Command::Simulate(_) => ExitCode::from(2),
        Command::Completions { shell } => exit_code_of_writing(completions::run(shell)),
        Command::Man { output } => exit_code_of_writing(man::run(output.as_deref())),
    }
}

/// A reader that closed its pipe has what it wanted; anything else that could not be written is said.
fn exit_code_of_writing(written: io::Result<()>) -> ExitCode {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            anstream::eprintln!("reginfra: {error}");
            ExitCode::from(2)
        }
        _ => ExitCode::SUCCESS,
    }
}
