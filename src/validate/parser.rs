//! HAProxy's own parser, where it is installed: a set of files in, its messages as findings out.
//!
//! `haproxy -c` opens no port and starts nothing, but runs Lua that a configuration loads: such sets are not given to
//! it. The exit code says whether it takes the set; words are for people only.

use super::check::{Input, Subject};
use super::files::{FileId, Files, Origin};
use super::finding::{Finding, Severity};
use super::read::haproxy::Haproxy;
use super::target::{Target, Version};
use regex::Regex;
use std::ffi::OsString;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A name that does not resolve may keep it waiting.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of asking.
#[derive(Debug, Default)]
pub struct Asked {
    /// What it said; none where it was not asked at all.
    pub findings: Option<Vec<Finding>>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Asks about every set of HAProxy's files. `program`: what is run.
pub fn ask(input: &Input, program: &OsString, target: Option<Target>) -> Asked {
    let mut asked = Asked::default();
    let sets: Vec<&Haproxy> = input
        .units
        .iter()
        .filter_map(|unit| match &unit.subject {
            Subject::Haproxy(config) => Some(config),
            _ => None,
        })
        .collect();
    if sets.is_empty() {
        return asked;
    }
    let Some(version) = version(program) else {
        asked.notes.push("HAProxy is not installed here: its own parser was not asked".to_owned());
        return asked;
    };
    let mut findings = Vec::new();
    for config in sets {
        match ask_one(&input.files, config, program, version, target) {
            Ok(found) => findings.extend(found),
            Err(note) => asked.notes.push(note),
        }
    }
    asked.findings = Some(findings);
    asked
}

/// `HAProxy version 2.6.12-1+deb12u4 2026/10/17`, `HA-Proxy version 1.8.27`.
fn version(program: &OsString) -> Option<Version> {
    let out = Command::new(program).arg("-v").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let mut parts = text.split_whitespace().skip_while(|w| *w != "version").nth(1)?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn ask_one(
    files: &Files,
    config: &Haproxy,
    program: &OsString,
    version: Version,
    target: Option<Target>,
) -> Result<Vec<Finding>, String> {
    let name = &files.get(config.first_file()).name;
    if let Some(lua) = config.global(&[]).into_iter().find(|s| s.word(0).starts_with("lua-")) {
        let line = files.get(lua.span.file).line_of(lua.span.start);
        return Err(format!(
            "{name}:{line}: loads Lua, which HAProxy's parser would run here: it was not asked"
        ));
    }
    let folder =
        tempfile::Builder::new().prefix("reginfra-").tempdir().map_err(|e| format!("{name}: {e}"))?;
    let mut command = Command::new(program);
    command.arg("-c");
    let mut names: Vec<(String, FileId)> = Vec::new();
    for (at, id) in config.files.iter().enumerate() {
        let file = files.get(*id);
        let path = match &file.origin {
            Origin::Disk(path) if std::fs::read(path).is_ok_and(|bytes| bytes == file.bytes) => path.clone(),
            _ => {
                let path = folder.path().join(format!("{at:03}.cfg"));
                std::fs::write(&path, &file.bytes).map_err(|e| format!("{}: {e}", path.display()))?;
                path
            }
        };
        names.push((path.to_string_lossy().into_owned(), *id));
        command.arg("-f").arg(path);
    }
    let (code, words) =
        run(command).map_err(|why| format!("{name}: HAProxy's parser gave no answer: {why}"))?;
    let newer = target.is_some_and(|t| t.haproxy() > version);
    let mut found = messages(&words, &names, config.first_file(), files, newer);
    // 2: no error, and nothing that listens; a part of a set is right so
    let ok = matches!(code, Some(0 | 2));
    let told = !found.is_empty() && words.lines().any(|l| l.trim_start().starts_with("[ALERT]"));
    if !ok && !told {
        let last = words.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or("it says nothing").trim();
        let finding =
            Finding::of_file(config.first_file(), format!("HAProxy refuses the configuration: {last}"));
        found.push(finding.severity(if is_local(files, config.first_file()) {
            Severity::Error
        } else {
            Severity::Warning
        }));
    }
    let by = format!("HAProxy {}.{} of this machine says so (haproxy -c)", version.0, version.1);
    Ok(found.into_iter().map(|f| f.way_out(by.clone())).collect())
}

fn run(mut command: Command) -> Result<(Option<i32>, String), String> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| e.to_string())?;
    let stderr = child.stderr.take();
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(stderr) = stderr {
            let _ = stderr.take(1 << 20).read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let since = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok((status.code(), reader.join().unwrap_or_default())),
            Ok(None) if since.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(3)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("none within {} s", PATIENCE.as_secs()));
            }
        }
    }
}

/// Of the machine's own configuration everything counts; of another's not what only that machine has.
fn is_local(files: &Files, id: FileId) -> bool {
    matches!(&files.get(id).origin, Origin::Disk(path) if path.starts_with("/etc"))
}

/// Words about the machine on which it runs: names, users, files, policies.
const OF_THE_MACHINE: [&str; 11] = [
    "failed to initialize server",
    "could not resolve",
    "cannot find user",
    "cannot find group",
    "unable to stat",
    "no such file",
    "can't open",
    "unable to load",
    "unable to set ssl cipher",
    "cannot open",
    "permission denied",
];

/// `[ALERT]    (1234) : config : parsing [/etc/haproxy/haproxy.cfg:12] : unknown keyword 'x' in 'global' section`.
fn messages(
    words: &str,
    names: &[(String, FileId)],
    first: FileId,
    files: &Files,
    newer: bool,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for line in words.lines() {
        let severity = match line.trim_start() {
            l if l.starts_with("[ALERT]") => Severity::Error,
            l if l.starts_with("[WARNING]") => Severity::Warning,
            _ => continue,
        };
        let text = line.split_once(" : ").map_or(line, |(_, rest)| rest).trim();
        let text = text.strip_prefix("config : ").unwrap_or(text);
        // what only sums up
        if text.starts_with("Error(s) found") || text.starts_with("Fatal errors found") {
            continue;
        }
        let finding = placed(text, names, first, files);
        let lower = text.to_lowercase();
        let elsewhere = OF_THE_MACHINE.iter().any(|w| lower.contains(w)) && !is_local(files, first);
        let unknown = newer && lower.contains("unknown keyword");
        found.push(finding.severity(if elsewhere || unknown { Severity::Advice } else { severity }));
    }
    found
}

/// `parsing [FILE:LINE] : words`, `[FILE:LINE] : words`, `words (FILE:LINE) words`; a copy goes by its file's own name.
fn placed(text: &str, names: &[(String, FileId)], first: FileId, files: &Files) -> Finding {
    static PLACE: OnceLock<Option<Regex>> = OnceLock::new();
    let pattern = r"^(?:parsing )?\[([^\[\]]+):(\d+)\]\s*:?\s*|\(([^()]+):(\d+)\)";
    let captures = PLACE.get_or_init(|| Regex::new(pattern).ok()).as_ref().and_then(|p| p.captures(text));
    let group = |at: usize| captures.as_ref().and_then(|c| c.get(at));
    let at = group(1).or(group(3)).zip(group(2).or(group(4))).and_then(|(path, line)| {
        let id = names.iter().find(|(name, _)| name == path.as_str())?.1;
        Some((id, line.as_str().parse::<usize>().ok()?))
    });
    let rest = group(0).filter(|_| at.is_some() && group(1).is_some()).and_then(|all| text.get(all.end()..));
    let mut message = rest.unwrap_or(text).to_owned();
    for (name, id) in names {
        message = message.replace(name.as_str(), &files.get(*id).name);
    }
    match at {
        Some((id, line)) => Finding::at(line_span(files, id, line), message),
        None => Finding::of_file(first, message),
    }
}

fn line_span(files: &Files, id: FileId, line: usize) -> super::files::Span {
    let file = files.get(id);
    let range = file.line_range(line);
    let text = file.line(line);
    let indent = text.len() - text.trim_start().len();
    super::files::Span { file: id, start: (range.start + indent).min(range.end), end: range.end }
}

/// The program that is asked where nobody names another.
pub fn usual() -> OsString {
    let known = ["/usr/sbin/haproxy", "/usr/local/sbin/haproxy"].map(PathBuf::from);
    known.into_iter().find(|p| p.exists()).map_or_else(|| OsString::from("haproxy"), PathBuf::into_os_string)
}
