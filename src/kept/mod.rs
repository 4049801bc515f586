//! A run that `metrics --save` kept: a folder in, its answer, labels and lines out. Nothing else knows these files.
//!
//! `sessions`, `requests` and `traces` are lines as they are written and read, `answer` mirrors what `report::json` writes.
//! `history` reads the answer and the labels alone, `compare` and `report` each line once.

pub mod answer;
pub mod requests;
pub mod sessions;
pub mod traces;

use crate::keys_once::{KeysOnce, TWICE};
use requests::RequestLine;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;
use sessions::SessionLine;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use traces::TraceLine;

/// Of the answer. Goes up where a key changes its meaning or goes; new keys do not move it.
pub const SCHEMA_VERSION: u32 = 1;

/// The answer of `metrics --json`.
pub const ANSWER: &str = "metrics.json";
/// Registrations, a line each.
pub const SESSIONS: &str = "sessions.jsonl";
/// GET and POST /register, a line each; runs that an earlier version kept have none.
pub const REQUESTS: &str = "requests.jsonl";
/// The slowest registrations request by request, a line each; runs that an earlier version kept have none.
pub const TRACES: &str = "traces.jsonl";
/// What the user said of the run; may be missing.
pub const LABELS: &str = "labels.json";
/// The label that says when a run was, before its first registration does.
pub const TIME_LABEL: &str = "time";
/// The files of a kept run.
pub const FILES: [&str; 5] = [ANSWER, SESSIONS, REQUESTS, TRACES, LABELS];
/// Those without which it is none.
const NEEDED: [&str; 2] = [ANSWER, SESSIONS];

/// The way out of a file that is damaged.
const AGAIN: &str = "keep the run again with `reginfra metrics --save`";

/// Why a kept run cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// A file of it.
    #[error("{path}: {source}; a kept run is a folder that `reginfra metrics --save` wrote", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line of it.
    #[error("{path}:{line}: {words}", path = .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong, and the way out.
        words: String,
    },
    /// A file of something else.
    #[error("{path}: is no kept run; name a folder that `reginfra metrics --save` wrote", path = .path.display())]
    NoRun {
        /// The file.
        path: PathBuf,
    },
    /// One of its files is missing.
    #[error("{path}: {missing} is missing; {AGAIN}", path = .path.display())]
    Incomplete {
        /// The folder.
        path: PathBuf,
        /// The file.
        missing: &'static str,
    },
    /// One of its files was named.
    #[error("{path} is a part of a kept run; name its folder: {folder}", path = .path.display(), folder = .folder.display())]
    OneFile {
        /// The file.
        path: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
    /// Lines are missing, or there are too many.
    #[error(
        "{path}: {found} {what}, where metrics.json counts {counted}: it is not whole; {AGAIN}",
        path = .path.display()
    )]
    Cut {
        /// The file.
        path: PathBuf,
        /// What its lines are.
        what: &'static str,
        /// Its lines.
        found: u64,
        /// What they should be.
        counted: u64,
    },
    /// Another version of the schema.
    #[error(
        "{path}: schema_version is {found}, and this program reads {SCHEMA_VERSION}; \
         run `reginfra metrics --save` again with this version, or use the version that kept it",
        path = .path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// What stands there.
        found: String,
    },
}

/// A folder that holds a kept run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The kept run at a path; none where there is something else.
    ///
    /// # Errors
    /// It nearly is one: a file is missing, or one of its files was named in its place.
    pub fn at(path: &Path) -> Result<Option<Self>, KeptError> {
        let found = NEEDED.map(|name| path.join(name).is_file());
        if let Some(folder) = folder_of_part(path) {
            return Err(KeptError::OneFile { path: path.to_owned(), folder: folder.to_owned() });
        }
        if found[0] != found[1] {
            let missing = NEEDED[usize::from(found[0])];
            return Err(KeptError::Incomplete { path: path.to_owned(), missing });
        }
        Ok(found[0].then(|| Self { path: path.to_owned() }))
    }

    /// Kept runs that lie in a folder, by name; none where it cannot be listed.
    pub fn below(path: &Path) -> Vec<Self> {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        found.sort();
        found.iter().filter_map(|path| Self::at(path).ok().flatten()).collect()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its answer.
    ///
    /// # Errors
    /// It cannot be read, is of another version, or holds something else.
    pub fn answer(&self) -> Result<answer::KeptAnswer, KeptError> {
        let path = self.path.join(ANSWER);
        answer::KeptAnswer::parse(&path, &bytes(&path)?)
    }

    /// Its labels.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn labels(&self) -> Result<BTreeMap<String, String>, KeptError> {
        labels(&self.path.join(LABELS))
    }

    /// Its registrations, in the order of the file.
    ///
    /// # Errors
    /// They cannot be opened; of each line that it is none.
    pub fn sessions(
        &self,
    ) -> Result<impl Iterator<Item = Result<SessionLine<'static>, KeptError>>, KeptError> {
        lines(self.path.join(SESSIONS), "sessions")
    }

    /// Its requests of /register, in the order of the file; none where it was kept without them.
    ///
    /// # Errors
    /// They cannot be opened; of each line that it is none.
    pub fn requests(
        &self,
    ) -> Result<Option<impl Iterator<Item = Result<RequestLine, KeptError>>>, KeptError> {
        let path = self.path.join(REQUESTS);
        path.exists().then(|| lines(path, "requests")).transpose()
    }

    /// Its slowest registrations request by request, the slowest first; none where it was kept without them.
    ///
    /// # Errors
    /// They cannot be opened; a line is none of them.
    pub fn traces(&self) -> Result<Vec<TraceLine>, KeptError> {
        let path = self.path.join(TRACES);
        if path.exists() { lines(path, "traces")?.collect() } else { Ok(Vec::new()) }
    }
}

/// Labels of a run; none where there is no such file.
///
/// # Errors
/// The file cannot be read, holds no object, or a key twice.
pub fn labels(path: &Path) -> Result<BTreeMap<String, String>, KeptError> {
    const WAY_OUT: &str = "write an object of KEY: VALUE";
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let read: Result<KeysOnce<Value>, _> = serde_json::from_slice(&bytes(path)?);
    // they decide whether the load is the same: what is there is never taken as none, nor the last of two
    let labels = read.map_err(|error| {
        let words = match without_place(&error) {
            words if words.ends_with(TWICE) => words,
            _ if error.classify() == Category::Data => format!("these are no labels; {WAY_OUT}"),
            _ => return malformed(path, &error, WAY_OUT),
        };
        KeptError::Malformed { path: path.to_owned(), line: error.line(), words }
    })?;
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(labels.0.into_iter().map(|(key, value)| (key, text(value))).collect())
}

/// A file of a kept run.
///
/// # Errors
/// It cannot be read.
pub fn bytes(path: &Path) -> Result<Vec<u8>, KeptError> {
    fs::read(path).map_err(|source| KeptError::Unreadable { path: path.to_owned(), source })
}

// the folder of a kept run, where a file of it is named; names that others may have count beside an answer alone
fn folder_of_part(path: &Path) -> Option<&Path> {
    let (name, folder) = (path.file_name()?, path.parent()?);
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let any = |files: &[&str]| files.iter().any(|file| name == *file);
    let part = any(&NEEDED) || (any(&FILES) && folder.join(ANSWER).is_file());
    (part && path.is_file()).then_some(folder)
}

// a file that is no answer: another one of a kept run, or none of its files
fn no_answer(path: &Path) -> KeptError {
    let path = path.to_owned();
    match folder_of_part(&path).filter(|_| !path.ends_with(ANSWER)).map(Path::to_owned) {
        Some(folder) => KeptError::OneFile { path, folder },
        None => KeptError::NoRun { path },
    }
}

// where a file is damaged, as the parser tells it
fn malformed(path: &Path, error: &serde_json::Error, way_out: &str) -> KeptError {
    let words = format!("{}; {way_out}", without_place(error));
    KeptError::Malformed { path: path.to_owned(), line: error.line(), words }
}

// the line stands beside the path; a column would be taken for a part of what the words end in
fn without_place(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    words.strip_suffix(place.as_str()).unwrap_or(&words).to_owned()
}

// what each line of a file holds
fn lines<T: DeserializeOwned>(
    path: PathBuf,
    file: &'static str,
) -> Result<impl Iterator<Item = Result<T, KeptError>>, KeptError> {
    let unreadable = |path: &Path, source| KeptError::Unreadable { path: path.to_owned(), source };
    let opened = File::open(&path).map_err(|source| unreadable(&path, source))?;
    Ok(BufReader::new(opened).lines().enumerate().map(move |(at, line)| {
        let line = line.map_err(|source| unreadable(&path, source))?;
        serde_json::from_str(&line).map_err(|error| {
            let words = match (error.classify(), without_place(&error)) {
                (Category::Data, words) => format!("is no line of a {file} file: {words}"),
                (_, words) => words,
            };
            KeptError::Malformed { path: path.clone(), line: at + 1, words: format!("{words}; {AGAIN}") }
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::run::Run;
    use crate::metrics::answer::Metric;
    use crate::metrics::targets;
    use crate::registration::finish::Registrations;
    use crate::report::page::attempts::Attempts;
    use crate::report::{samples, save};

    /// The run of the samples, and where it is kept.
    struct Sample {
        answer: crate::metrics::answer::Answer,
        all: Registrations,
        place: tempfile::TempDir,
    }

    impl Sample {
        fn new() -> Self {
            let (sessions, names) = samples::sessions();
            let mut answer = samples::answer();
            for group in answer.groups.iter_mut().filter(|g| g.group.is_none()) {
                group.session_count = sessions.len() as u64;
                // no request of /register is kept
                group.metrics.remove(&Metric::ScriptFetchMs);
            }
            let all = Registrations { sessions, names, ..Registrations::default() };
            let place = tempfile::tempdir().unwrap();
            let judged = targets::judge(&targets::built_in(), &answer);
            save::save(place.path(), &answer, &judged, &all, &BTreeMap::new()).unwrap();
            Self { answer, all, place }
        }

        fn folder(&self) -> Folder {
            Folder::at(self.place.path()).unwrap().unwrap()
        }

        fn told(&self, file: &str, text: &str) -> String {
            fs::write(self.place.path().join(file), text).unwrap();
            let folder = self.folder();
            let read = folder.answer().and_then(|answer| Run::read(&folder, &answer, |_| ()));
            read.unwrap_err().to_string().replace(&self.place.path().display().to_string(), "")
        }
    }

    #[test]
    fn what_is_read_back_is_what_was_kept() {
        let sample = Sample::new();
        let folder = sample.folder();
        let answer = folder.answer().unwrap();
        let name = folder.path().display().to_string();
        let mut attempts = Attempts::default();
        let run = Run::read(&folder, &answer, |line| attempts.take(line)).unwrap();
        attempts.end();
        // NaN is not equal to itself
        assert_eq!(format!("{run:?}"), format!("{:?}", Run::of(&name, &sample.answer, &sample.all)));
        assert_eq!(format!("{attempts:?}"), format!("{:?}", Attempts::of(&sample.all)));
        assert!(!run.averages.is_empty() && !attempts.slowest.is_empty(), "{run:?}");
        let lines: Vec<_> = folder.sessions().unwrap().map(Result::unwrap).collect();
        let written = sample.all.sessions.iter().map(|s| SessionLine::of(s, &sample.all.names));
        assert_eq!(lines, written.collect::<Vec<_>>());
    }

    #[test]
    fn an_answer_has_the_figures_that_were_kept() {
        let sample = Sample::new();
        let read = sample.folder().answer().unwrap();
        assert_eq!(read.groups.len(), sample.answer.groups.len());
        for (read, written) in read.groups.iter().zip(&sample.answer.groups) {
            assert_eq!((read.window_start, read.window_end), (written.window_start, written.window_end));
            for metric in Metric::ALL {
                let mut wanted = written.metrics.get(&metric).cloned().unwrap_or_default();
                wanted.avg = wanted.avg.map(|avg| (avg * 1000.0).round() / 1000.0);
                assert_eq!(read.metric(metric), wanted, "{metric:?}");
            }
            assert!(read.metric(Metric::ComplianceCalls).count > 0 || read.group == "unknown");
        }
        assert_eq!(read.coverage.unreadable, sample.answer.coverage.unreadable);
        assert_eq!(read.capsules.len(), sample.answer.capsules.len());
        assert_eq!(read.targets.len(), targets::judge(&targets::built_in(), &sample.answer).len());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let good = fs::read_to_string(Sample::new().place.path().join(SESSIONS)).unwrap();
        let first = good.lines().next().unwrap();
        for (file, text, told) in [
            (
                SESSIONS,
                format!("{first}\n{{\"host\": 1}}\n"),
                "/sessions.jsonl:2: is no line of a sessions file: ",
            ),
            (
                SESSIONS,
                format!("{first}\n{{\"host\": \n"),
                "/sessions.jsonl:2: EOF while parsing a value; keep the run again",
            ),
            (SESSIONS, first.replace("lb-ssh", "bus"), "unknown variant `bus`"),
            (SESSIONS, first.replace("2026-04-04", "yesterday "), "T12:10:00+02:00); keep the run again"),
            (REQUESTS, "[]\n".to_owned(), "/requests.jsonl:1: is no line of a requests file: "),
            (LABELS, "{\n{".to_owned(), "/labels.json:2: key must be a string; write an object"),
            (LABELS, "{\"a\": 4,\n\"ab\": 1,\n\"a\": 5}".to_owned(), "/labels.json:3: a stands twice; keep"),
            (LABELS, "[1, 2]".to_owned(), "/labels.json:1: these are no labels; write an object of KEY"),
            (LABELS, "null".to_owned(), "/labels.json:1: these are no labels"),
            (ANSWER, String::new(), "/metrics.json:1: EOF while parsing a value; keep the run again with"),
            (
                ANSWER,
                "{\"schema_version\": 1,\n\"g".to_owned(),
                "/metrics.json:2: EOF while parsing a string; keep the run again",
            ),
            (
                ANSWER,
                "{\"schema_version\": 1,\n\"window\": {\"start\": \"yesterday\"}}".to_owned(),
                "/metrics.json:2: 'yesterday' is no time: give seconds since 1970 (1775297400) or RFC 3339 \
                 (2026-04-04T12:10:00+02:00); keep the run again with `reginfra metrics --save`",
            ),
            (ANSWER, "{\"mood\": 7}".to_owned(), "/metrics.json: is no kept run; name a folder that"),
            (ANSWER, "[1]".to_owned(), "/metrics.json: is no kept run"),
            (
                ANSWER,
                "{\n\"schema_version\": 7, \"groups\": 3}".to_owned(),
                "/metrics.json: schema_version is 7",
            ),
            (ANSWER, "{\"schema_version\": 1,\n\"groups\": 3}".to_owned(), "/metrics.json:2: invalid type"),
        ] {
            let found = Sample::new().told(file, &text);
            assert!(found.contains(told), "{file}: {found}");
            assert!(!found.contains(" at line ") && !found.contains("column"), "{file}: {found}");
        }
    }

    #[test]
    fn requests_that_are_missing_are_told() {
        let sample = Sample::new();
        let script = r#"{"started_at":"2026-04-04T10:00:00Z","group":"lb-ssh","call":"script","ms":300}"#;
        let told = sample.told(REQUESTS, script);
        let words = "/requests.jsonl: 1 timed script fetches, where metrics.json counts 0: it is not whole";
        assert!(told.starts_with(words), "{told}");
        // one that failed has no time
        fs::write(sample.place.path().join(REQUESTS), script.replace("300", "null")).unwrap();
        let folder = sample.folder();
        assert!(Run::read(&folder, &folder.answer().unwrap(), |_| ()).is_ok());
    }

    #[test]
    fn a_file_that_is_no_answer_says_what_to_name() {
        let sample = Sample::new();
        let place = sample.place.path();
        let told = |name: &str, text: &str| {
            let path = place.join(name);
            if !path.exists() {
                fs::write(&path, text).unwrap();
            }
            let error = answer::KeptAnswer::parse(&path, &bytes(&path).unwrap()).unwrap_err();
            error.to_string().replace(&place.display().to_string(), "")
        };
        for name in [SESSIONS, REQUESTS, LABELS] {
            let words = format!("/{name} is a part of a kept run; name its folder: ");
            assert!(told(name, "").starts_with(&words), "{name}");
        }
        let way_out = "is no kept run; name a folder that `reginfra metrics --save` wrote";
        let log = "2026-04-04T10:00:00 [I|app|8d1c2f60] Completed 200 OK in 12ms\n";
        for (name, text) in
            [("a.log", log), ("empty", ""), ("b.json", "{\"a\": 1}\n{\"a\": 2}\n"), ("c.json", "[]")]
        {
            assert_eq!(told(name, text), format!("/{name}: {way_out}"));
        }
        // an answer whatever its name, and damaged
        let told = told("tonight.json", "{\"schema_version\": 1, \"groups\": [");
        assert!(told.starts_with("/tonight.json:1: EOF while parsing a list; keep the run"), "{told}");
        assert!(matches!(Folder::at(&place.join(REQUESTS)), Err(KeptError::OneFile { .. })));
        fs::remove_file(place.join(ANSWER)).unwrap();
        assert_eq!(Folder::at(&place.join(REQUESTS)).unwrap(), None);
    }

    #[test]
    fn a_folder_above_kept_runs_lists_them() {
        let place = tempfile::tempdir().unwrap();
        for (name, files) in [("b", 2), ("a", 2), ("half", 1), ("none", 0)] {
            fs::create_dir(place.path().join(name)).unwrap();
            for file in &NEEDED[..files] {
                fs::write(place.path().join(name).join(file), "").unwrap();
            }
        }
        let found: Vec<_> = Folder::below(place.path()).into_iter().map(|folder| folder.path).collect();
        assert_eq!(found, ["a", "b"].map(|name| place.path().join(name)));
        assert!(Folder::below(&place.path().join("missing")).is_empty());
    }

    #[test]
    fn what_a_later_version_adds_is_passed_over() {
        let sample = Sample::new();
        let path = sample.place.path().join(SESSIONS);
        let text = fs::read_to_string(&path).unwrap();
        let newer = text.replace("\"success\"", "\"mood\":[],\"success\"").replace("\"url\"", "\"pigeon\"");
        fs::write(&path, newer).unwrap();
        let lines: Vec<_> = sample.folder().sessions().unwrap().map(Result::unwrap).collect();
        assert_eq!((lines.len(), lines[0].way_in, lines[0].success), (3, None, true));
    }
}
