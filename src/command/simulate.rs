//! `reginfra simulate`: the storm's command line, and one line that says what was written.

use crate::cli::SimulateArgs;
use crate::report::durations::counted;
use crate::simulate::place;
use std::io::{Write, stderr};

/// Writes a storm into the folder, or its log to standard output.
///
/// # Errors
/// An option cannot be followed, the folder is not empty, or a file cannot be written.
pub fn run(args: &SimulateArgs) -> anyhow::Result<()> {
    let done = match crate::simulate::simulate(args) {
        // whoever reads the log has what it wanted
        Err(error) if place::streams(args) && error.is_closed_pipe() => return Ok(()),
        done => done?,
    };
    let files = place::folder(args).map(|dir| format!("{}: {} files; ", dir.display(), done.files));
    // a closed stderr is no reason to fail
    let _ = writeln!(
        stderr(),
        "{}production.log: {} lines, {:.1} MB; {}",
        files.unwrap_or_default(),
        done.lines,
        done.bytes as f64 / 1e6,
        counted(done.sessions, "registration")
    );
    Ok(())
}
