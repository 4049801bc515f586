//! Parses, dispatches, sets the exit code.

use clap::Parser;
use reginfra::{cli::Cli, command};
use std::process::ExitCode;

fn main() -> ExitCode {
    command::run(Cli::parse())
}
