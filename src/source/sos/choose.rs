//! Which sosreports are meant: plain data, nothing but folders is read yet.

use super::member::is_archive_name;
use super::tar::is_tar;
use crate::source::SourceError;
use crate::source::http;
use crate::source::open::Compression;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use url::Url;

/// Folders in a folder of sosreports that are looked into.
const DEEPEST: usize = 4;

/// Where a sosreport lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// An archive or an unpacked report of this machine.
    Path(PathBuf),
    /// An archive on a web server.
    Url(Url),
    /// A folder of archives on a web server.
    Listing(Url),
}

impl At {
    /// As shown to people.
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Url(url) | Self::Listing(url) => http::shown(url),
        }
    }
}

/// Turns what the user named into places. `reports`: archives and unpacked reports; `folders`: folders of them.
pub fn choose(reports: &[PathBuf], folders: &[PathBuf]) -> (Vec<At>, Vec<SourceError>) {
    let (mut chosen, mut errors) = (Vec::new(), Vec::new());
    let mut remote = Vec::new();
    for path in reports {
        if let Some(url) = url(path) {
            remote.push(At::Url(url));
            continue;
        }
        match fs::metadata(path) {
            Ok(_) => chosen.push(path.clone()),
            Err(error) => errors.push(SourceError::io(path, error)),
        }
    }
    for folder in folders {
        if let Some(url) = url(folder) {
            remote.push(At::Listing(url));
            continue;
        }
        let before = (chosen.len(), errors.len());
        match fs::read_dir(folder) {
            Ok(_) => reports_in(folder, 0, &mut chosen, &mut errors),
            Err(error) => {
                errors.push(SourceError::io(folder, error));
                continue;
            }
        }
        if (chosen.len(), errors.len()) == before {
            errors.push(SourceError::NoReport(folder.display().to_string()));
        }
    }
    let mut seen = HashSet::new();
    let (once, twice): (Vec<_>, Vec<_>) = chosen
        .into_iter()
        .partition(|path| seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())));
    errors.extend(twice.into_iter().map(SourceError::Twice));
    let mut places: Vec<At> = once.into_iter().map(At::Path).collect();
    for at in remote {
        if places.contains(&at) {
            errors.push(SourceError::Twice(at.name().into()));
        } else {
            places.push(at);
        }
    }
    (places, errors)
}

/// A URL of a web server, where it is one.
pub fn url(path: &Path) -> Option<Url> {
    let text = path.to_str()?;
    let web = ["http://", "https://"]
        .iter()
        .any(|s| text.get(..s.len()).is_some_and(|t| t.eq_ignore_ascii_case(s)));
    Url::parse(text).ok().filter(|_| web)
}

/// A folder in which sosreports lie, packed or not, and no log beside them.
pub fn is_folder_of_reports(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    let entries: Vec<_> = entries.flatten().collect();
    let is_log = |entry: &fs::DirEntry| {
        entry.file_name().to_str().is_some_and(|name| name.starts_with("production.log"))
    };
    let is_report = |entry: &fs::DirEntry| {
        let path = entry.path();
        is_unpacked(&path) || is_archive(&path).unwrap_or_else(|_| has_archives_name(&path))
    };
    !entries.iter().any(is_log) && entries.iter().any(is_report)
}

fn reports_in(folder: &Path, depth: usize, chosen: &mut Vec<PathBuf>, errors: &mut Vec<SourceError>) {
    if is_unpacked(folder) {
        chosen.push(folder.to_owned());
        return;
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return errors.push(SourceError::io(folder, error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) => paths.push(entry.path()),
            Err(error) => errors.push(SourceError::io(folder, error)),
        }
    }
    paths.sort();
    for path in paths {
        if path.is_dir() {
            if depth < DEEPEST {
                reports_in(&path, depth + 1, chosen, errors);
            }
            continue;
        }
        match is_archive(&path) {
            Ok(true) => chosen.push(path),
            // sos writes for root alone
            Err(error) if path.is_file() && has_archives_name(&path) => {
                errors.push(SourceError::io(&path, error));
            }
            Ok(false) | Err(_) => {}
        }
    }
}

// what every report has, whatever its plugins were
fn is_unpacked(folder: &Path) -> bool {
    ["sos_commands", "sos_reports", "var/log"].iter().any(|part| folder.join(part).is_dir())
}

// told by content, whatever its name: a checksum beside an archive has a name much like it, an attachment may have any
fn is_archive(path: &Path) -> io::Result<bool> {
    if !path.is_file() {
        return Ok(false);
    }
    let mut magic = Vec::new();
    let mut file = File::open(path)?;
    (&mut file).take(6).read_to_end(&mut magic)?;
    let compression = Compression::of(&magic);
    if compression != Compression::None && has_archives_name(path) {
        // what is wrong inside is told when it is read
        return Ok(true);
    }
    let reader = compression.reader(Box::new(Cursor::new(magic).chain(file)));
    Ok(reader.is_ok_and(|mut reader| is_tar(&mut reader)))
}

fn has_archives_name(path: &Path) -> bool {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    is_archive_name(name) || name.starts_with("sosreport")
}
