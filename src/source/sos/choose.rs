//! Which sosreports are meant: plain data, nothing but folders is read yet.

use super::member::is_archive_name;
use super::tar::is_tar;
use crate::source::SourceError;
use crate::source::http;
use crate::source::open::Compression;
use std::collections::{HashSet, VecDeque};
use std::fs::{self, File};
use std::io::{self, Cursor, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use url::Url;

/// Folders in a folder of sosreports that are looked into.
const DEEPEST: usize = 4;
/// Folders of one place that lie too deep and are told one by one.
const TOLD: usize = 3;

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
            Ok(_) => reports_in(folder, &mut chosen, &mut errors),
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
        is_unpacked(&path) || is_archive(&path).unwrap_or_else(|_| has_archives_name(name_of(&path)))
    };
    !entries.iter().any(is_log) && entries.iter().any(is_report)
}

/// Words on a folder that lies too deep to be looked into.
pub fn too_deep(deepest: usize, way_out: &str) -> String {
    format!("folders in folders are looked into {deepest} deep: {way_out}")
}

/// The same of many: the first are told one by one, the others by their number.
pub fn all_too_deep(mut folders: Vec<String>, deepest: usize, way_out: &str) -> Vec<SourceError> {
    let more = folders.len().saturating_sub(TOLD);
    folders.truncate(TOLD);
    if more > 0 {
        folders.push(format!("{more} more folders of which the same is true"));
    }
    let told = |name| SourceError::Report { name, words: too_deep(deepest, way_out) };
    folders.into_iter().map(told).collect()
}

// each folder once, where it lies least deep, however many links lead to it
fn reports_in(top: &Path, chosen: &mut Vec<PathBuf>, errors: &mut Vec<SourceError>) {
    let (mut found, mut deep, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    let mut waiting = VecDeque::from([(top.to_owned(), 0)]);
    while let Some((folder, depth)) = waiting.pop_front() {
        match fs::metadata(&folder) {
            Ok(metadata) if !seen.insert((metadata.dev(), metadata.ino())) => continue,
            Ok(_) if depth > DEEPEST => {
                deep.push(folder.display().to_string());
                continue;
            }
            Ok(_) if is_unpacked(&folder) => {
                found.push(folder);
                continue;
            }
            // listing it says the same
            _ => {}
        }
        for path in listed(&folder, errors) {
            if path.is_dir() {
                waiting.push_back((path, depth + 1));
                continue;
            }
            match is_archive(&path) {
                Ok(true) => found.push(path),
                Ok(false) => {}
                Err(error) => errors.push(SourceError::io(&path, error)),
            }
        }
    }
    errors.extend(all_too_deep(deep, DEEPEST, "name it with --sosreport-dir"));
    found.sort();
    chosen.append(&mut found);
}

fn listed(folder: &Path, errors: &mut Vec<SourceError>) -> Vec<PathBuf> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            errors.push(SourceError::io(folder, error));
            return Vec::new();
        }
    };
    let mut paths = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) => paths.push(entry.path()),
            Err(error) => errors.push(SourceError::io(folder, error)),
        }
    }
    paths.sort();
    paths
}

// what every report has, whatever its plugins were
fn is_unpacked(folder: &Path) -> bool {
    ["sos_commands", "sos_reports", "var/log"].iter().any(|part| folder.join(part).is_dir())
}

// what has an archive's name is one: what is wrong with it is told when it is read. All else is told by content: a checksum
// beside an archive has a name much like it, an attachment may have any. Errors: it may be one
pub(super) fn is_archive(path: &Path) -> io::Result<bool> {
    let name = name_of(path);
    if is_archive_name(name) {
        // a pipe or device would be waited for
        return Ok(fs::metadata(path)?.is_file());
    }
    if !path.is_file() {
        return Ok(false);
    }
    let mut file = match File::open(path) {
        Ok(file) => file,
        // sos writes for root alone
        Err(error) if has_archives_name(name) => return Err(error),
        Err(_) => return Ok(false),
    };
    let mut magic = Vec::new();
    (&mut file).take(6).read_to_end(&mut magic)?;
    let compression = Compression::of(&magic);
    if compression != Compression::None && has_archives_name(name) {
        return Ok(true);
    }
    is_tar(&mut compression.reader(Box::new(Cursor::new(magic).chain(file)))?)
}

fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|n| n.to_str()).unwrap_or_default()
}

fn has_archives_name(name: &str) -> bool {
    is_archive_name(name) || name.starts_with("sosreport")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_folders_that_lie_too_deep_the_first_are_told_and_how_many_more() {
        for (folders, told, last) in
            [(3, 3, "1/2/3/4/2: folders in"), (50, 4, "47 more folders of which the same is true: folders")]
        {
            let place = tempfile::tempdir().unwrap();
            for n in 0..folders {
                fs::create_dir_all(place.path().join(format!("1/2/3/4/{n}"))).unwrap();
            }
            let (chosen, errors) = choose(&[], &[place.path().to_owned()]);
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            assert_eq!((chosen.len(), errors.len()), (0, told), "{errors:?}");
            assert!(errors[0].contains("1/2/3/4/0: folders in folders are looked into 4 deep"), "{errors:?}");
            assert!(errors[told - 1].contains(last), "{errors:?}");
            assert!(errors.iter().all(|error| error.ends_with("name it with --sosreport-dir")), "{errors:?}");
        }
    }
}
