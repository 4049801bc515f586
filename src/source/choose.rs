//! Which files are meant: plain data, nothing is opened yet.

use super::SourceError;
use std::path::{Path, PathBuf};

/// Where a Satellite, an old sosreport and an unpacked one keep production.log below a folder that was named.
const BELOW: [&str; 4] =
    ["foreman", "log/foreman", "var/log/foreman", "sos_commands/foreman/foreman-debug/var/log/foreman"];

/// Where a capsule, a Satellite and an unpacked sosreport keep proxy.log below a folder that was named.
const PROXY_BELOW: [&str; 3] = ["foreman-proxy", "log/foreman-proxy", "var/log/foreman-proxy"];

/// A file that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

/// Turns what the user named into files; a folder stands for the whole rotated set in it.
///
/// What cannot be used comes back beside what can.
pub fn choose(paths: &[PathBuf]) -> (Vec<Chosen>, Vec<SourceError>) {
    let (mut chosen, mut errors) = (Vec::new(), Vec::new());
    let mut seen = std::collections::HashSet::new();
    for path in paths {
        let stdin = path.as_os_str() == "-";
        let found = if stdin { Ok(vec![Chosen::Stdin]) } else { choose_path(path, &mut errors) };
        match found {
            Ok(files) => {
                for file in files {
                    let named = match &file {
                        Chosen::Stdin => path,
                        Chosen::File(path) => path,
                    }
                    .clone();
                    let identity = named.canonicalize().unwrap_or_else(|_| named.clone());
                    if seen.insert(identity) {
                        chosen.push(file);
                    } else {
                        errors.push(SourceError::Twice(named));
                    }
                }
            }
            Err(error) => errors.push(error),
        }
    }
    (chosen, errors)
}

// folders below the one that was named may be missing, but not closed: that is told
fn choose_path(path: &Path, closed: &mut Vec<SourceError>) -> Result<Vec<Chosen>, SourceError> {
    let metadata = std::fs::metadata(path).map_err(|e| SourceError::io(path, e))?;
    if !metadata.is_dir() {
        return Ok(vec![Chosen::File(path.to_owned())]);
    }
    let before = closed.len();
    let mut files = logs_in(path)?;
    for below in BELOW {
        if files.is_empty() {
            files = or_none(logs_in(&path.join(below)), closed);
        }
    }
    let known: std::collections::HashSet<PathBuf> = files.iter().cloned().collect();
    files.extend(proxy_logs_below(path, closed).into_iter().filter(|file| !known.contains(file)));
    if files.is_empty() && closed.len() == before {
        return Err(SourceError::EmptyFolder(path.to_owned()));
    }
    Ok(files.into_iter().map(Chosen::File).collect())
}

// of the folder itself, and of capsules that have a folder each in `capsules/`
fn proxy_logs_below(folder: &Path, closed: &mut Vec<SourceError>) -> Vec<PathBuf> {
    let mut hosts = or_none(paths_in(&folder.join("capsules")), closed);
    hosts.sort();
    hosts.insert(0, folder.to_owned());
    let mut files = Vec::new();
    for host in hosts {
        let before = closed.len();
        files.extend(proxy_logs_in(&host, closed));
        // what is closed is told once
        if closed.len() == before {
            files.extend(PROXY_BELOW.iter().flat_map(|below| proxy_logs_in(&host.join(below), closed)));
        }
    }
    files
}

fn proxy_logs_in(folder: &Path, closed: &mut Vec<SourceError>) -> Vec<PathBuf> {
    let named = |path: &PathBuf| {
        path.file_name().and_then(|n| n.to_str()).is_some_and(|name| name.starts_with("proxy.log"))
    };
    let mut files = or_none(paths_in(folder), closed);
    files.retain(|path| named(path) && path.is_file());
    files.sort_by_key(|path| rank(path));
    files
}

fn paths_in(folder: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let entries = std::fs::read_dir(folder).map_err(|e| SourceError::io(folder, e))?;
    entries.map(|entry| entry.map(|e| e.path()).map_err(|e| SourceError::io(folder, e))).collect()
}

// what is not there, or is a file, holds none
fn or_none(paths: Result<Vec<PathBuf>, SourceError>, closed: &mut Vec<SourceError>) -> Vec<PathBuf> {
    paths.unwrap_or_else(|error| {
        let missing = match &error {
            SourceError::Missing(_) => true,
            SourceError::Unreadable { error, .. } => error.kind() == std::io::ErrorKind::NotADirectory,
            _ => false,
        };
        if !missing {
            closed.push(error);
        }
        Vec::new()
    })
}

// production.log and its rotated files; where there are none, whatever is named as a log
fn logs_in(folder: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let mut files = paths_in(folder)?;
    files.retain(|path| path.is_file());
    files.sort_by_key(|path| rank(path));
    let named = |path: &&PathBuf, start: &str| {
        path.file_name().and_then(|n| n.to_str()).is_some_and(|name| name.starts_with(start))
    };
    let production: Vec<PathBuf> = files.iter().filter(|p| named(p, "production.log")).cloned().collect();
    if !production.is_empty() {
        return Ok(production);
    }
    let is_log = |path: &&PathBuf| {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        name.contains(".log") || name.contains("journal")
    };
    Ok(files.iter().filter(is_log).cloned().collect())
}

/// The place of a file in its rotated set by its name alone: the order where the times inside do not decide.
///
/// `production.log.2.gz` before `.1` before `production.log-20260403` before `-20260404` before `production.log`.
pub fn rank(path: &Path) -> (u8, i64, String) {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let bare = name.trim_end_matches(".gz").trim_end_matches(".xz").trim_end_matches(".zst");
    if let Some((_, number)) = bare.rsplit_once('.')
        && let Ok(number) = number.parse::<i64>()
    {
        return (0, -number, name.to_owned());
    }
    if bare
        .rsplit_once('-')
        .is_some_and(|(_, date)| date.len() >= 8 && date.bytes().all(|b| b.is_ascii_digit()))
    {
        return (1, 0, name.to_owned());
    }
    (2, 0, name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_rotated_set_are_ranked_oldest_first() {
        let mut names = ["production.log", "production.log.1", "production.log.10.gz", "production.log.2.gz"];
        names.sort_by_key(|n| rank(Path::new(n)));
        assert_eq!(
            names,
            ["production.log.10.gz", "production.log.2.gz", "production.log.1", "production.log"]
        );
        let mut names = ["production.log", "production.log-20260404", "production.log-20260403.gz"];
        names.sort_by_key(|n| rank(Path::new(n)));
        assert_eq!(names, ["production.log-20260403.gz", "production.log-20260404", "production.log"]);
    }

    #[test]
    fn a_folder_stands_for_its_rotated_set_only() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["production.log", "production.log-20260404.gz", "cron.log", "truth.json"] {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        let (chosen, errors) = choose(&[dir.path().to_owned()]);
        assert_eq!((chosen.len(), errors.len()), (2, 0));
    }

    #[test]
    fn a_folder_brings_the_logs_of_its_capsules() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for name in [
            "production.log",
            "capsules/c1.example.com/proxy.log",
            "capsules/c1.example.com/proxy.log.1",
            "capsules/c2.example.com/var/log/foreman-proxy/proxy.log",
            "foreman-proxy/proxy.log",
            "capsules/c3/other.log",
        ] {
            std::fs::create_dir_all(path(name).parent().unwrap()).unwrap();
            std::fs::write(path(name), "x").unwrap();
        }
        let (chosen, errors) = choose(&[dir.path().to_owned()]);
        assert_eq!((chosen.len(), errors.len()), (5, 0), "{chosen:?}");
        let (chosen, _) = choose(&[path("capsules/c2.example.com")]);
        assert_eq!(chosen.len(), 1);
    }

    #[test]
    fn what_is_missing_empty_or_given_twice_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.log");
        std::fs::write(&file, "x").unwrap();
        let empty = dir.path().join("empty");
        std::fs::create_dir(&empty).unwrap();
        let (chosen, errors) = choose(&[file.clone(), file, empty, dir.path().join("none")]);
        assert_eq!(chosen.len(), 1);
        let words: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert!(
            words[0].contains("given twice")
                && words[1].contains("no log in this folder")
                && words[2].contains("no such file")
        );
    }
}
