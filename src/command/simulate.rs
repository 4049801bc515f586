//! `reginfra simulate`: the storm's command line, and one line that says what was written.

use crate::cli::SimulateArgs;
use std::io::{Write, stderr};

/// Writes a storm into the folder.
///
/// # Errors
/// An option cannot be followed, the folder is not empty, or a file cannot be written.
pub fn run(args: &SimulateArgs) -> anyhow::Result<()> {
    let done = crate::simulate::simulate(args)?;
    let mb = done.bytes as f64 / 1e6;
    // a closed stderr is no reason to fail
    let _ = writeln!(
        stderr(),
        "{}: {} files; production.log: {} lines, {mb:.1} MB; {} registrations",
        args.dir.display(),
        done.files,
        done.lines,
        done.sessions
    );
    Ok(())
}
