//! What the integration tests share: a runner of the program in a scrubbed environment, storms, and answers.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod chromium;
pub mod random;

use clap::Parser;
use reginfra::cli::{Cli, Command};
use serde_json::Value;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// No call of the program in these tests may take longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// A call of the program: `Run::new("metrics --json --log").arg(path).go().code(0)`.
pub struct Run {
    command: std::process::Command,
    words: String,
    stdin: Option<Vec<u8>>,
}

impl Run {
    pub fn new(words: &str) -> Self {
        Self::through(&[], words)
    }

    /// The same started by another program, which gets the program's path behind its own words.
    pub fn through(starter: &[&str], words: &str) -> Self {
        let all = [starter, &[env!("CARGO_BIN_EXE_reginfra")]].concat();
        let mut command = std::process::Command::new(all[0]);
        command.args(&all[1..]);
        command.env_clear().env("COLUMNS", "80").env("NO_COLOR", "1");
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        Self { command, words: "reginfra".to_owned(), stdin: None }.words(words)
    }

    pub fn words(self, words: &str) -> Self {
        words.split_whitespace().fold(self, Self::arg)
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.words.push(' ');
        self.words.push_str(&arg.as_ref().to_string_lossy());
        self.command.arg(arg);
        self
    }

    pub fn args<A: AsRef<OsStr>>(self, args: impl IntoIterator<Item = A>) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn current_dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    pub fn go(mut self) -> Done {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        self.command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut child = self.command.spawn().unwrap();
        let mut pipe = child.stdin.take();
        let stdin = self.stdin.take().unwrap_or_default();
        // the program may end before it has read everything
        let writer = std::thread::spawn(move || pipe.as_mut().map(|pipe| pipe.write_all(&stdin)));
        let stdout = drain(child.stdout.take().unwrap());
        let stderr = drain(child.stderr.take().unwrap());
        let since = Instant::now();
        let (mut peak_memory, mut worked) = (0, Duration::ZERO);
        let status = loop {
            peak_memory = peak_memory.max(peak_memory_of(child.id()));
            worked = worked.max(worked_of(child.id()));
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if since.elapsed() > PATIENCE {
                child.kill().unwrap();
                panic!("hangs: {}", self.words);
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let _ = writer.join();
        Done {
            words: self.words,
            code: status.code(),
            stdout: stdout.join().unwrap(),
            stderr: stderr.join().unwrap(),
            peak_memory,
            worked,
        }
    }
}

/// How long the processors worked for a process so far, as the kernel counts it; no time where it says nothing.
fn worked_of(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // behind the name come the state and numbers; hundredths of a second
    let ticks = stat.rsplit_once(") ").map_or(0, |(_, rest)| {
        rest.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
    });
    Duration::from_millis(10 * ticks)
}

/// The most memory that a process held so far, in bytes, as the kernel counts it (VmHWM); 0 where it says nothing.
fn peak_memory_of(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

fn drain(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8(bytes).unwrap()
    })
}

/// What came of a call.
#[derive(Debug)]
pub struct Done {
    pub words: String,
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    /// Bytes, as seen a few times while it ran.
    pub peak_memory: u64,
    /// Of processors, whatever else the machine does.
    pub worked: Duration,
}

impl Done {
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    #[track_caller]
    pub fn told(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "stderr lacks {words:?}: {self:#?}");
        self
    }

    #[track_caller]
    pub fn says_nothing_on_stdout(self) -> Self {
        assert!(self.stdout.is_empty(), "{self:#?}");
        self
    }

    #[track_caller]
    pub fn says_nothing_on_stderr(self) -> Self {
        assert!(self.stderr.is_empty(), "{self:#?}");
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:#?}"))
    }
}

/// What `metrics --json --sessions` answered.
pub struct Answer {
    pub json: Value,
    pub sessions: Vec<Value>,
    /// The sessions file as it was written.
    pub text: String,
    pub stderr: String,
    /// Bytes that the program took at most.
    pub peak_memory: u64,
    /// How long processors worked for it.
    pub worked: Duration,
}

impl Answer {
    /// Runs `metrics --json --sessions FILE WORDS --log PATHS`.
    #[track_caller]
    pub fn of<P: AsRef<Path>>(words: &str, paths: impl IntoIterator<Item = P>) -> Self {
        Self::by(Run::new("metrics").words(words), paths)
    }

    #[track_caller]
    pub fn by<P: AsRef<Path>>(run: Run, paths: impl IntoIterator<Item = P>) -> Self {
        Self::read(paths.into_iter().fold(run.arg("--log"), |run, path| run.arg(path.as_ref())))
    }

    /// Runs that with `--json --sessions FILE`.
    #[track_caller]
    pub fn read(run: Run) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sessions.jsonl");
        let done = run.arg("--json").arg("--sessions").arg(&file).go().code(0);
        let text = fs::read_to_string(&file).unwrap();
        let sessions = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let (peak_memory, worked) = (done.peak_memory, done.worked);
        Self { json: done.json(), sessions, text, stderr: done.stderr, peak_memory, worked }
    }

    #[track_caller]
    pub fn group(&self, name: &str) -> &Value {
        let groups = self.json["groups"].as_array().unwrap();
        groups.iter().find(|g| g["group"] == name).unwrap_or_else(|| panic!("no group {name}"))
    }

    pub fn has_group(&self, name: &str) -> bool {
        self.json["groups"].as_array().unwrap().iter().any(|g| g["group"] == name)
    }

    #[track_caller]
    pub fn session(&self, host: &str, attempt: u64) -> &Value {
        let mut found = self.sessions.iter().filter(|s| s["host"] == host && s["attempt"] == attempt);
        let session = found.next().unwrap_or_else(|| panic!("no attempt {attempt} of {host}: {}", self.text));
        assert!(found.next().is_none(), "two sessions are attempt {attempt} of {host}: {}", self.text);
        session
    }

    pub fn coverage(&self, key: &str) -> u64 {
        self.json["coverage"][key].as_u64().unwrap()
    }

    pub fn background(&self, key: &str) -> u64 {
        self.json["background"][key].as_u64().unwrap()
    }

    pub fn notes(&self) -> String {
        self.json["notes"].to_string()
    }

    /// The answer without what names files or tells how they were read.
    pub fn figures(&self) -> Value {
        let mut json = self.json.clone();
        let map = json.as_object_mut().unwrap();
        map.remove("sources");
        map.remove("coverage");
        json
    }
}

/// A storm in a folder of its own.
pub struct Storm {
    _folder: tempfile::TempDir,
    pub dir: PathBuf,
}

impl Storm {
    pub fn new(options: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("storm");
        let words = ["reginfra", "simulate", dir.to_str().unwrap()];
        let cli = Cli::try_parse_from(words.into_iter().chain(options.split_whitespace())).unwrap();
        let Command::Simulate(args) = cli.command else { panic!("not simulate") };
        reginfra::simulate::simulate(&args).unwrap();
        Self { _folder: folder, dir }
    }

    pub fn truth(&self) -> Value {
        serde_json::from_slice(&fs::read(self.dir.join("truth.json")).unwrap()).unwrap()
    }

    pub fn sessions(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.dir.join("truth_sessions.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub fn inventory(&self) -> PathBuf {
        self.dir.join("inventory.ini")
    }

    pub fn log(&self) -> PathBuf {
        self.dir.join("production.log")
    }

    /// The log of a storm that is not rotated.
    pub fn bytes(&self) -> Vec<u8> {
        fs::read(self.log()).unwrap()
    }

    /// A file of the storm, decompressed.
    pub fn read(&self, name: &str) -> String {
        let file = fs::File::open(self.dir.join(name)).unwrap();
        let mut reader: Box<dyn Read> = match name.rsplit('.').next() {
            Some("gz") => Box::new(flate2::read::GzDecoder::new(file)),
            Some("xz") => Box::new(xz2::read::XzDecoder::new(file)),
            Some("zst") => Box::new(zstd::Decoder::new(file).unwrap()),
            _ => Box::new(file),
        };
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        text
    }

    /// The files of the rotated set, oldest first.
    pub fn set(&self) -> Vec<String> {
        let truth = self.truth();
        let names = truth["log"]["files"].as_array().unwrap().iter();
        names.map(|name| self.read(name.as_str().unwrap())).collect()
    }

    /// The log from end to end, whatever it was rotated into.
    pub fn text(&self) -> String {
        self.set().concat()
    }

    pub fn capsule_logs(&self) -> Vec<String> {
        let names = self.truth()["capsules"].as_array().unwrap().clone();
        let path = |c: &Value| format!("capsules/{}/proxy.log", c["name"].as_str().unwrap());
        names.iter().map(|capsule| self.read(&path(capsule))).collect()
    }

    /// The whole folder: the Satellite's log and the capsules'.
    #[track_caller]
    pub fn answer(&self, words: &str) -> Answer {
        Answer::by(Run::new("metrics -i").arg(self.inventory()).words(words), [&self.dir])
    }

    /// The Satellite's log alone.
    #[track_caller]
    pub fn satellite(&self, words: &str) -> Answer {
        Answer::by(Run::new("metrics -i").arg(self.inventory()).words(words), self.satellite_files())
    }

    /// The rotated set of the Satellite's log.
    pub fn satellite_files(&self) -> Vec<PathBuf> {
        let truth = self.truth();
        let names = truth["log"]["files"].as_array().unwrap().iter();
        names.map(|name| self.dir.join(name.as_str().unwrap())).collect()
    }
}

/// Sessions by host and attempt.
pub fn by_attempt(sessions: &[Value]) -> HashMap<(String, u64), &Value> {
    let key = |s: &Value| (s["host"].as_str().unwrap().to_owned(), s["attempt"].as_u64().unwrap());
    sessions.iter().map(|s| (key(s), s)).collect()
}

/// Told past the capture of a test's output, and by .ci/steps in its table.
pub fn skip(words: &str) {
    std::io::stderr().write_all(format!("SKIPPED: {words}\n").as_bytes()).unwrap();
    let Some(file) = std::env::var_os("SKIPPED").filter(|file| !file.is_empty()) else { return };
    if !fs::read_to_string(&file).is_ok_and(|told| told.lines().any(|line| line == words)) {
        let mut file = fs::OpenOptions::new().append(true).create(true).open(file).unwrap();
        file.write_all(format!("{words}\n").as_bytes()).unwrap();
    }
}
