//! `reginfra render`: an inventory's path and values in; the files that the roles would write, out.

use super::inventory::load;
use super::say;
use crate::cli::RenderArgs;
use crate::inventory::variables::Vaults;
use crate::render::{Part, RenderError, RenderedFile, Request, render, values};
use crate::report::atomic::{write_beside, write_with_mode};
use crate::report::diff;
use crate::report::table::TableStyle;
use anyhow::{Context, bail};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// There is no host whose file it would be.
const NOTHING: u8 = 3;

/// Writes the files, or shows what would change.
///
/// # Errors
/// The inventory or the values cannot be read, or are such that the role would refuse them; the output cannot be
/// written.
pub fn run(args: &RenderArgs) -> anyhow::Result<ExitCode> {
    check(args)?;
    let inventory = load(&args.inventory, args.via_ansible)?;
    for warning in inventory.warnings() {
        say(&format!("warning: {warning}"));
    }
    let vaults = if args.via_ansible { Vaults::ViaAnsible } else { Vaults::Closed };
    let request = Request {
        part: args.what,
        target: args.target,
        host: args.host.clone(),
        extra: values::extra(&args.vars, &args.set, vaults)?,
        current: args.current.as_deref().map(text_of).transpose()?,
    };
    let rendered = match render(&inventory, &request) {
        Err(error @ RenderError::NoHost { .. }) => {
            say(&format!("error: {error}"));
            return Ok(ExitCode::from(NOTHING));
        }
        rendered => rendered?,
    };
    for warning in &rendered.warnings {
        say(&format!("warning: {warning}"));
    }
    match (&args.output, args.diff) {
        (_, true) => show_changes(args, &rendered.files, request.current.as_deref())?,
        (Some(folder), false) => {
            for file in &rendered.files {
                write_with_mode(&place(folder, file)?, file.mode, &file.text)?;
            }
        }
        (None, false) => print(&rendered.files)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn check(args: &RenderArgs) -> anyhow::Result<()> {
    if args.current.is_some() && args.what != Part::CacheUrl {
        bail!("--current is of cache-url only: the other files are written as a whole");
    }
    if args.diff && args.output.is_none() && args.current.is_none() {
        let more = if args.what == Part::CacheUrl { ", or --current FILE" } else { "" };
        bail!("--diff needs what to compare with: give --output DIR{more}");
    }
    Ok(())
}

/// To stdout; where there are several, each under a line with its host and its path.
fn print(files: &[RenderedFile]) -> anyhow::Result<()> {
    Ok(write_beside(Path::new("-"), |out| {
        for file in files {
            if files.len() > 1 {
                writeln!(out, "# {} {}", file.host, file.path)?;
            }
            out.write_all(file.text.as_bytes())?;
            // the next line must not become part of this file's last one
            if files.len() > 1 && !file.text.is_empty() && !file.text.ends_with('\n') {
                writeln!(out)?;
            }
        }
        Ok(())
    })?)
}

fn show_changes(args: &RenderArgs, files: &[RenderedFile], current: Option<&str>) -> anyhow::Result<()> {
    let style = TableStyle::for_stdout();
    let mut all = String::new();
    for file in files {
        let new_name = format!("{} {}", file.host, file.path);
        let (old_name, old) = match (&args.output, &args.current) {
            (Some(folder), _) => match there(&place(folder, file)?)? {
                Some(text) => (place(folder, file)?.display().to_string(), text),
                None => ("/dev/null".to_owned(), String::new()),
            },
            (None, path) => {
                let name = path.as_deref().unwrap_or(Path::new("")).display().to_string();
                (name, current.unwrap_or_default().to_owned())
            }
        };
        all.push_str(&diff::unified(&old_name, &old, &new_name, &file.text, style));
    }
    Ok(write_beside(Path::new("-"), |out| out.write_all(all.as_bytes()))?)
}

/// `DIR/HOST/PATH`. Names of hosts and paths must not lead out of it.
fn place(folder: &Path, file: &RenderedFile) -> anyhow::Result<PathBuf> {
    let parts: Vec<&str> = file.path.split('/').filter(|part| !part.is_empty()).collect();
    let odd = |part: &str| part == ".." || part == "." || part.is_empty() || part.contains('/');
    if odd(&file.host) || parts.is_empty() || parts.iter().any(|part| odd(part)) {
        bail!("{}: {} is no place below {}", file.host, file.path, folder.display());
    }
    Ok(parts.into_iter().fold(folder.join(&file.host), |path, part| path.join(part)))
}

/// The text of a file that may be missing.
fn there(path: &Path) -> anyhow::Result<Option<String>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn text_of(path: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(path)
        .with_context(|| format!("cannot read {}: check the path and its permissions", path.display()))?;
    String::from_utf8(bytes).map_err(|_| {
        anyhow::anyhow!("{} is no text in UTF-8: give the capsule's registration.yml", path.display())
    })
}
