//! An unpacked sosreport, or a folder of several: the same as an archive, but its logs are read where they lie.

use super::about;
use super::choose::is_archive;
use super::member::{self, Member, Role};
use super::scan::{self, Found, Report, Scanning};
use crate::source::SourceError;
use crate::source::open::open_file;
use std::collections::BTreeMap;
use std::fs::{self, File, FileType};
use std::io::Read;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Folders in folders; a report is a dozen deep.
const DEEPEST: usize = 40;

/// Reads a folder. Links are not followed: what they lead to inside the report is read where it is, if it has a name
/// that is read.
pub fn scan(root: &Path, scanning: &Scanning, offsets: &BTreeMap<String, i32>) -> Found {
    let mut found = Found::default();
    let mut waiting = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = waiting.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                found.cannot_read(&folder.display().to_string(), error.to_string());
                continue;
            }
        };
        for entry in entries {
            let told = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)));
            match told {
                Ok((path, kind)) if kind.is_dir() && depth < DEEPEST => waiting.push((path, depth + 1)),
                Ok((path, kind)) if kind.is_dir() => {
                    let words =
                        format!("folders in folders are read {DEEPEST} deep: name it with --sosreport");
                    found.cannot_read(&path.display().to_string(), words);
                }
                Ok((path, kind)) => take(root, &path, kind, scanning, offsets, &mut found),
                Err(error) => found.cannot_read(&folder.display().to_string(), error.to_string()),
            }
        }
    }
    found
}

fn take(
    root: &Path,
    path: &Path,
    kind: FileType,
    scanning: &Scanning,
    offsets: &BTreeMap<String, i32>,
    found: &mut Found,
) {
    // the folder's own name stands for the top folder of an archive
    let Ok(relative) = path.strip_prefix(root) else { return };
    let relative = format!("./{}", relative.to_string_lossy());
    let Some(member) = member::member(&relative) else {
        return unnamed(path, kind, &relative, scanning, offsets, found);
    };
    if kind.is_symlink() {
        return take_link(root, path, member, found);
    }
    if !kind.is_file() {
        // opening a pipe would wait for who writes into it
        return found.cannot_read(
            &path.display().to_string(),
            "it is no file: not read, put a copy of what it gives there".to_owned(),
        );
    }
    match member.role {
        Role::ProductionLog | Role::ForemanJournal | Role::ProxyLog | Role::ProxyJournal => {
            let utc_offset = scanning.utc_offset.or_else(|| offsets.get(member.report).copied());
            take_log(path, member, utc_offset, found);
        }
        Role::LoadBalancer => report(found, member).about.balances = true,
        Role::Archive => take_archive(path, &relative, scanning, offsets, found),
        role => {
            let mut content = Vec::new();
            let read = File::open(path).and_then(|file| file.take(about::MOST).read_to_end(&mut content));
            match read {
                Ok(_) => report(found, member).about.take(role, &content),
                Err(error) => found.fail(SourceError::io(path, error)),
            }
        }
    }
}

// what has no name of an archive may be one all the same
fn unnamed(
    path: &Path,
    kind: FileType,
    relative: &str,
    scanning: &Scanning,
    offsets: &BTreeMap<String, i32>,
    found: &mut Found,
) {
    let large = || fs::metadata(path).is_ok_and(|metadata| metadata.len() >= member::SMALLEST_ARCHIVE);
    if !kind.is_file() || member::unnamed(relative).is_none() || !large() {
        return;
    }
    match is_archive(path) {
        Ok(true) => take_archive(path, relative, scanning, offsets, found),
        Ok(false) => {}
        Err(error) => found.fail(SourceError::io(path, error)),
    }
}

fn take_archive(
    path: &Path,
    relative: &str,
    scanning: &Scanning,
    offsets: &BTreeMap<String, i32>,
    found: &mut Found,
) {
    match File::open(path) {
        Ok(file) => {
            let prefix = format!("{relative}!");
            let inside =
                offsets.iter().filter_map(|(name, at)| Some((name.strip_prefix(&prefix)?.to_owned(), *at)));
            let inside = inside.collect();
            let inner = scan::scan(&path.display().to_string(), Box::new(file), scanning, &inside);
            found.add(inner, &prefix);
        }
        Err(error) => found.fail(SourceError::io(path, error)),
    }
}

fn report<'a>(found: &'a mut Found, member: Member<'_>) -> &'a mut Report {
    found.reports.entry(member.report.to_owned()).or_default()
}

fn take_link(root: &Path, path: &Path, member: Member<'_>, found: &mut Found) {
    let Ok(target) = fs::read_link(path) else { return };
    if member.role == Role::LocalTime {
        report(found, member).about.take_link(&target.to_string_lossy());
    } else if !matches!(member.role, Role::HostName(_) | Role::Date) && !is_read_there(root, path) {
        let words = format!("{}: a link to {}, which is not followed", path.display(), target.display());
        found.leave_out(words);
    }
}

// what it leads to lies in the report, under a name that is read
fn is_read_there(root: &Path, link: &Path) -> bool {
    let (Ok(root), Ok(target)) = (root.canonicalize(), link.canonicalize()) else { return false };
    let inside = target.strip_prefix(root);
    inside.is_ok_and(|path| member::member(&format!("./{}", path.to_string_lossy())).is_some())
}

fn take_log(path: &Path, member: Member<'_>, utc_offset: Option<i32>, found: &mut Found) {
    let opened = File::open(path)
        .and_then(|file| file.metadata().map(|metadata| (file, metadata)))
        .map_err(|error| SourceError::io(path, error))
        .and_then(|(file, metadata)| {
            let written = metadata.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
            let written = written.map_or(0, |age| age.as_secs().cast_signed());
            Ok((open_file(path, file, metadata.len(), utc_offset)?, written))
        });
    match opened {
        Ok((input, written)) => {
            found.offset_wanted |= input.head.offset_unknown > 0;
            report(found, member).add(member.role, input, written);
        }
        // sos leaves empty files where a log was empty
        Err(SourceError::Empty(_)) => {}
        Err(error) => found.fail(error),
    }
}

impl Found {
    fn add(&mut self, inner: Self, prefix: &str) {
        for (name, report) in inner.reports {
            self.reports.insert(format!("{prefix}{name}"), report);
        }
        inner.left_out.into_iter().for_each(|words| self.leave_out(words));
        inner.unread.into_iter().for_each(|error| self.fail(error));
        self.offset_wanted |= inner.offset_wanted;
    }
}
