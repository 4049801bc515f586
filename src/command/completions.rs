//! `reginfra completions SHELL`: the command line's definitions in, a shell's completion script out.

use crate::cli::Cli;
use crate::report::atomic::write_beside;
use clap::CommandFactory;
use clap_complete::Shell;
use std::path::Path;

/// Prints the completion script.
///
/// # Errors
/// Stdout cannot be written.
pub fn run(shell: Shell) -> anyhow::Result<()> {
    // not straight to stdout: the generator panics where it cannot write
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "reginfra", &mut script);
    Ok(write_beside(Path::new("-"), |out| out.write_all(&script))?)
}
