//! Parses, dispatches, sets the exit code.

use clap::Parser;
use reginfra::{cli::Cli, command};
use std::process::ExitCode;

fn main() -> ExitCode {
    command::run(Cli::parse())
}

// blocks are filled by one thread and emptied by another: the system's allocator makes them wait for each other
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
