//! Which sosreports are meant: plain data, nothing but folders is read yet.

use super::member::is_archive_name;
use crate::source::SourceError;
use crate::source::http;
use crate::source::open::Compression;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Read;
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
        let before = chosen.len();
        match fs::read_dir(folder) {
            Ok(_) => reports_in(folder, 0, &mut chosen),
            Err(error) => {
                errors.push(SourceError::io(folder, error));
                continue;
            }
        }
        if chosen.len() == before {
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

fn reports_in(folder: &Path, depth: usize, chosen: &mut Vec<PathBuf>) {
    if is_unpacked(folder) {
        chosen.push(folder.to_owned());
        return;
    }
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() && depth < DEEPEST {
            reports_in(&path, depth + 1, chosen);
        } else if path.is_file() && is_archive(&path) {
            chosen.push(path);
        }
    }
}

// what every report has, whatever its plugins were
fn is_unpacked(folder: &Path) -> bool {
    ["sos_commands", "sos_reports", "var/log"].iter().any(|part| folder.join(part).is_dir())
}

// told by content: a checksum beside an archive has a name much like it
fn is_archive(path: &Path) -> bool {
    let mut magic = Vec::new();
    let read = File::open(path).and_then(|file| file.take(512).read_to_end(&mut magic));
    let plain = magic.get(257..262) == Some(b"ustar");
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let packed = Compression::of(&magic) != Compression::None;
    read.is_ok() && (plain || (packed && (is_archive_name(name) || name.starts_with("sosreport"))))
}
