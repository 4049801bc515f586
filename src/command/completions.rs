//! `reginfra completions SHELL`: the command line's definitions in, a shell's completion script out.

use crate::cli::Cli;
use clap::CommandFactory;
use clap_complete::Shell;
use std::io::{self, Write};

/// Prints the completion script.
///
/// # Errors
/// Where stdout cannot be written.
pub(super) fn run(shell: Shell) -> io::Result<()> {
    // not straight to stdout: the generator panics where it cannot write
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "reginfra", &mut script);
    let mut out = io::stdout().lock();
    out.write_all(&script)?;
    out.flush()
}
