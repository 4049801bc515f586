//! A storm of registrations with known truth, in the real formats.
//!
//! Options in; production.log (a rotated set, in any of six layouts), each capsule's proxy.log, an inventory and
//! the truth out. It is a simulation of events in the order of time: what is in flight is in memory, nothing else.

mod actor;
mod archive;
mod background;
mod calls;
mod capsule_log;
pub mod error;
mod events;
mod histogram;
mod host;
mod layout;
pub mod place;
mod plan;
mod random;
mod requests;
mod rhythm;
mod rotate;
mod scale;
mod sos;
mod steps;
mod storm;
mod text;
mod topology;
mod truth;

use crate::cli::SimulateArgs;
use capsule_log::CapsuleLog;
use error::SimulateError;
use place::{LogPlace, Place};
use plan::Plan;
use random::Random;
use requests::Scribe;
use rotate::{RotatedSet, SetOptions};
use std::fs;
use std::path::{Path, PathBuf};
use storm::Storm;
use text::Clock;
use truth::TruthWriter;

/// What was written.
#[derive(Debug)]
pub struct Summary {
    /// Files, the capsules' and the truth's included.
    pub files: u64,
    /// Lines of production.log and its rotated set.
    pub lines: u64,
    /// Bytes of the same, before compression.
    pub bytes: u64,
    /// Registrations, failed attempts included.
    pub sessions: u64,
}

/// Writes the storm into `args.dir`, its production.log to standard output where that is asked for.
///
/// # Errors
/// An option cannot be followed, the folder is not empty, or a file cannot be written. No file is left behind then.
pub fn simulate(args: &SimulateArgs) -> Result<Summary, SimulateError> {
    let plan = Plan::new(args)?;
    if (args.sos.is_some() || !args.archive.is_empty()) && place::streams(args) {
        return Err(SimulateError::Option {
            option: if args.sos.is_some() { "--sos" } else { "--archive" },
            value: String::new(),
            problem: "a sosreport is made of a log that stands in a folder",
            way_out: "name a folder, and leave --stdout out".to_owned(),
        });
    }
    let Some(dir) = place::folder(args) else {
        return write(&plan, &Place::Nowhere, LogPlace::Stdout);
    };
    let unfinished = Unfinished::begin(dir)?;
    let part = unfinished.part.clone();
    let log = if args.stdout { LogPlace::Stdout } else { LogPlace::Folder(part.clone()) };
    let summary = write(&plan, &Place::Folder(part), log)?;
    unfinished.complete()?;
    Ok(summary)
}

fn write(plan: &Plan<'_>, place: &Place, log_place: LogPlace) -> Result<Summary, SimulateError> {
    let args = plan.args;
    let offsets = (args.utc_offset, plan.offset_after);
    let changes_at = plan.offset_changes_at();
    let clock = Clock::new(offsets.0, offsets.1, changes_at);
    let options = SetOptions {
        splits: plan.splits(),
        names: args.rotate_names,
        compress: args.compress,
        seam: args.seam,
        day: clock.date_at(plan.start + 86_400 * plan::SECOND),
    };
    let set = RotatedSet::create(log_place, options, Random::new(args.seed, 2))?;
    let scribe = Scribe { plan, log: layout::Log::new(args.layout, clock, set) };
    let capsule_logs = plan
        .capsules
        .iter()
        .map(|capsule| {
            let offsets = args.capsule_utc_offset.map_or(offsets, |own| (own, own));
            CapsuleLog::create(place, capsule, offsets, changes_at, args.capsule_layout)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let truth = TruthWriter::create(place, plan)?;
    let archive = archive::ArchiveWriter::create(place, plan)?;
    let mut after = Storm::new(plan, scribe, capsule_logs, truth, archive).run()?;
    let log = after.scribe.log.into_set().finish()?;
    for (truth, log) in after.capsules.iter_mut().zip(after.capsule_logs) {
        truth.lines = log.finish()?;
    }
    // beside the log: a file a capsule, two of truth, the inventory
    let files = log.written_files + after.capsules.len() as u64 + 3;
    after.truth.finish(place, plan, after.requests, &after.background.truth, after.capsules, &log)?;
    let text = topology::inventory(&plan.capsules);
    let mut inventory = place.file("inventory.ini", text.len())?;
    inventory.write(text.as_bytes())?;
    inventory.finish()?;
    let files = files + after.archive.map_or(Ok(0), archive::ArchiveWriter::finish)?;
    let files =
        files + if let Place::Folder(folder) = place { sos::write(folder, plan, &log.files)? } else { 0 };
    Ok(Summary { files, lines: log.lines, bytes: log.bytes, sessions: plan.sessions })
}

/// A folder being filled: files stand in a folder of their own inside it until all are whole.
struct Unfinished {
    dir: PathBuf,
    part: PathBuf,
    made: bool,
    done: bool,
}

impl Unfinished {
    fn begin(dir: &Path) -> Result<Self, SimulateError> {
        let made = match fs::read_dir(dir) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(SimulateError::NotEmpty(dir.to_owned()));
                }
                false
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                fs::create_dir_all(dir).map_err(SimulateError::io("create", dir))?;
                true
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotADirectory => {
                return Err(SimulateError::NotAFolder(dir.to_owned()));
            }
            Err(e) => return Err(SimulateError::io("read", dir)(e)),
        };
        let part = dir.join(".part");
        let unfinished = Self { dir: dir.to_owned(), part, made, done: false };
        fs::create_dir(&unfinished.part).map_err(SimulateError::io("create", &unfinished.part))?;
        Ok(unfinished)
    }

    fn complete(mut self) -> Result<(), SimulateError> {
        let entries = fs::read_dir(&self.part).map_err(SimulateError::io("read", &self.part))?;
        for entry in entries {
            let entry = entry.map_err(SimulateError::io("read", &self.part))?;
            let to = self.dir.join(entry.file_name());
            fs::rename(entry.path(), &to).map_err(SimulateError::io("create", &to))?;
        }
        self.done = true;
        fs::remove_dir(&self.part).map_err(SimulateError::io("remove", &self.part))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.done {
            // the error that brought us here is the one to tell
            let _ = fs::remove_dir_all(&self.part);
            if self.made {
                let _ = fs::remove_dir(&self.dir);
            }
        }
    }
}
