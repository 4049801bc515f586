//! Where an archive is: a folder of this machine or a web server's listing in, its files by name out.

use super::error::ArchiveError;
use crate::source::http::{self, Client, HttpOptions};
use crate::source::sos::choose::{all_too_deep, url};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use url::Url;

/// The file that makes a folder an archive.
pub const MEASUREMENT_LOG: &str = "measurement.log";
/// The folder of its sosreports.
const REPORTS: &str = "sosreport";
/// Folders whose files are wanted: `50-concurrent-exec-container-host-client-logs/HOST/root/`.
const CLIENT_LOGS: &str = "client-logs";
/// Folders in the archive, such a folder among them.
const DEEPEST: usize = 5;

/// An archive's place.
#[derive(Clone, Debug)]
pub enum ArchivePlace {
    /// A folder.
    Folder(PathBuf),
    /// A listing.
    Web(Url, HttpOptions),
}

/// What is there.
#[derive(Debug, Default)]
pub struct Files {
    /// Paths below the archive, in the order of their names: its own files and those of clients.
    pub names: Vec<String>,
    /// Whether there is a folder of sosreports.
    pub reports: bool,
    /// Words on folders of clients' logs that cannot be looked into.
    pub unread: Vec<String>,
}

impl ArchivePlace {
    /// The place that the user named.
    pub fn of(path: &Path, http: &HttpOptions) -> Self {
        url(path).map_or_else(|| Self::Folder(path.to_owned()), |url| Self::Web(url, http.clone()))
    }

    /// Whether measurement.log is in it; not, where that cannot be seen.
    pub fn is_archive(&self) -> bool {
        match self {
            Self::Folder(path) => path.join(MEASUREMENT_LOG).is_file(),
            Self::Web(url, options) => {
                let listed =
                    Client::new(options, url).and_then(|client| client.files_below(url, DEEPEST, &|_| false));
                listed.is_ok_and(|names| names.files.iter().any(|file| file == MEASUREMENT_LOG))
            }
        }
    }

    /// As shown to people.
    pub fn name(&self) -> String {
        match self {
            Self::Folder(path) => path.display().to_string(),
            Self::Web(url, _) => http::shown(url),
        }
    }

    /// A file of it as shown to people.
    pub fn shown(&self, name: &str) -> String {
        match self {
            Self::Folder(path) => path.join(name).display().to_string(),
            Self::Web(url, _) => format!("{}/{name}", http::shown(url).trim_end_matches('/')),
        }
    }

    /// What the sosreports are read from, as an option would name it.
    pub fn reports(&self) -> PathBuf {
        match self {
            Self::Folder(path) => path.join(REPORTS),
            // with its user and password, which are for the whole archive
            Self::Web(url, _) => format!("{}/{REPORTS}/", url.as_str().trim_end_matches('/')).into(),
        }
    }

    /// Every file that may matter.
    ///
    /// # Errors
    /// The folder cannot be read, or the server says no.
    pub fn files(&self) -> Result<Files, ArchiveError> {
        let mut files = Files::default();
        match self {
            Self::Folder(path) => {
                let error = |e: io::Error| self.unreadable(None, &e.to_string());
                let mut deep = Vec::new();
                for entry in fs::read_dir(path).map_err(|e| self.no_folder(&e))? {
                    let entry = entry.map_err(error)?;
                    let name = entry.file_name().to_string_lossy().into_owned();
                    let kind = entry.file_type().map_err(error)?;
                    if kind.is_dir() && name == REPORTS {
                        files.reports = true;
                    } else if kind.is_dir() && name.ends_with(CLIENT_LOGS) {
                        below(&entry.path(), &name, 1, (&mut files, &mut deep));
                    } else if kind.is_file() {
                        files.names.push(name);
                    }
                }
                let told = all_too_deep(deep, DEEPEST, "move it up");
                files.unread.extend(told.iter().map(ToString::to_string));
            }
            Self::Web(url, options) => {
                let wanted =
                    |folder: &str| folder.split('/').next().is_some_and(|f| f.ends_with(CLIENT_LOGS));
                let found =
                    Client::new(options, url).and_then(|client| client.files_below(url, DEEPEST, &wanted));
                let found = found.map_err(|e| self.unreadable(None, &e.to_string()))?;
                files.names = found.files;
                files.reports = found.folders.iter().any(|folder| folder == REPORTS);
                files.unread = found.unread.iter().map(ToString::to_string).collect();
            }
        }
        files.names.sort();
        Ok(files)
    }

    /// A file of it, as a stream.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(&self, name: &str) -> Result<Box<dyn Read + Send>, ArchiveError> {
        let error = |words: String| self.unreadable(Some(name), &words);
        match self {
            Self::Folder(path) => {
                let file = File::open(path.join(name)).map_err(|e| error(e.to_string()))?;
                Ok(Box::new(file))
            }
            Self::Web(url, options) => {
                let mut file = url.clone();
                if let Ok(mut segments) = file.path_segments_mut() {
                    segments.pop_if_empty().extend(name.split('/'));
                }
                let body = Client::new(options, url).and_then(|client| client.open(&file));
                Ok(Box::new(body.map_err(|e| error(e.to_string()))?))
            }
        }
    }

    fn no_folder(&self, error: &io::Error) -> ArchiveError {
        match error.kind() {
            io::ErrorKind::NotFound => self.unreadable(None, "no such folder"),
            io::ErrorKind::NotADirectory => self.unreadable(
                None,
                &format!("is a file: name the folder of the run, which holds {MEASUREMENT_LOG}"),
            ),
            _ => self.unreadable(None, &error.to_string()),
        }
    }

    fn unreadable(&self, name: Option<&str>, words: &str) -> ArchiveError {
        let name = name.map_or_else(|| self.name(), |name| self.shown(name));
        ArchiveError::Unreadable { name, words: words.to_owned() }
    }
}

// links are not followed; `depth` is that of the folder in the archive. Files, and folders that lie too deep, come out
fn below(folder: &Path, name: &str, depth: usize, found: (&mut Files, &mut Vec<String>)) {
    let (files, deep) = found;
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return files.unread.push(format!("{}: {error}", folder.display())),
    };
    for entry in entries {
        let told = entry.and_then(|entry| Ok((entry.path(), entry.file_name(), entry.file_type()?)));
        let (path, file, kind) = match told {
            Ok(told) => told,
            Err(error) => {
                files.unread.push(format!("{}: {error}", folder.display()));
                continue;
            }
        };
        let name = format!("{name}/{}", file.to_string_lossy());
        if kind.is_file() {
            files.names.push(name);
        } else if kind.is_dir() && depth < DEEPEST {
            below(&path, &name, depth + 1, (&mut *files, &mut *deep));
        } else if kind.is_dir() {
            deep.push(path.display().to_string());
        }
    }
}
