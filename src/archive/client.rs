//! What clients saw: a playbook's log in, tries of hosts out.
//!
//! The play on the clients (`HOST/root/out_8_registration.log`) names its hosts: `changed: [10.10.1.11]`, what the client
//! printed (`The system has been registered with ID: UUID`, `The registered system name is: NAME`), and
//! `"msg": "Execute registration 2026-04-04 12:00:01.123456 to 2026-04-04 12:00:44.5 taking 43.4 seconds"` (UTC). Of a
//! failed try there is `fatal: [10.10.1.12]: FAILED!` and `failed=1` in the recap. The run's own log
//! (`50-concurrent-exec-8.log`) repeats the times without a host. All else is ignored.

use super::measurement::{Level, TASK};
use crate::registration::finish::Window;
use crate::registration::session::Uuid;
use crate::timestamp::Timestamp;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

/// Longer lines hold no line of ours: they are what a playbook prints when it is asked for more words.
const LONGEST_LINE: usize = 1 << 20;

/// When a client began and ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Times {
    /// Start.
    pub start: Timestamp,
    /// End.
    pub end: Timestamp,
    /// The duration that the client said.
    pub ms: u32,
}

/// One host's try.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Try {
    /// The name that the registered system was told.
    pub name: Option<String>,
    /// The consumer that it was told.
    pub uuid: Option<Uuid>,
    /// When, where it got through.
    pub times: Option<Times>,
    /// It failed, or the host could not be reached.
    pub failed: bool,
}

/// The tries of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientLog {
    /// By the name that the playbook has for a host; one log holds one try of each.
    pub tries: BTreeMap<String, Vec<Try>>,
    /// Times that no host's name stands with.
    pub unnamed: Vec<Times>,
}

/// Whose tries a log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The first.
    First,
    /// Later ones.
    Retries,
}

/// What a file of the archive is to a level: `.../out_8_registration.log`, `.../out_8_registration_retries.log.3`.
pub fn kind(name: &str, level: &Level) -> Option<Kind> {
    let (_, file) = name.rsplit_once('/')?;
    let rest =
        file.strip_prefix("out_")?.strip_prefix(&level.load.to_string())?.strip_prefix("_registration")?;
    match rest {
        ".log" => Some(Kind::First),
        "_retries.log" => Some(Kind::Retries),
        rest if rest.strip_prefix("_retries.log.").is_some_and(|n| n.parse::<u64>().is_ok()) => {
            Some(Kind::Retries)
        }
        _ => None,
    }
}

impl ClientLog {
    /// Takes in another log.
    pub fn add(&mut self, other: Self) {
        for (host, tries) in other.tries {
            self.tries.entry(host).or_default().extend(tries);
        }
        self.unnamed.extend(other.unnamed);
    }

    /// Whether its tries start in this time; none where some do, or none of them tells. Nothing lies in no time.
    pub fn lies_in(&self, own: Window) -> Option<bool> {
        if self.tries.is_empty() && self.unnamed.is_empty() {
            return Some(false);
        }
        let mut inside = self.times().map(|times| own.holds(times.start));
        let first = inside.next()?;
        inside.all(|other| other == first).then_some(first)
    }

    /// Without times of no host that start at another time.
    pub fn within(mut self, own: Option<Window>) -> Self {
        self.unnamed.retain(|times| own.is_none_or(|own| own.holds(times.start)));
        self
    }

    fn times(&self) -> impl Iterator<Item = &Times> {
        let of_hosts = self.tries.values().flatten().filter_map(|one| one.times.as_ref());
        of_hosts.chain(&self.unnamed)
    }
}

/// Reads a log; what cannot be understood is no line of ours.
pub fn read(file: impl Read) -> ClientLog {
    let mut reader = BufReader::with_capacity(64 << 10, file);
    let mut tries: BTreeMap<String, Try> = BTreeMap::new();
    let mut unnamed = Vec::new();
    let (mut host, mut bytes) = (None::<String>, Vec::new());
    while next_line(&mut reader, &mut bytes) {
        let line = String::from_utf8_lossy(&bytes);
        let line = line.trim();
        if let Some((name, failed)) = host_of(line) {
            let one = tries.entry(name.to_owned()).or_default();
            one.failed |= failed;
            host = Some(name.to_owned());
        } else if line.starts_with("TASK [") || line.starts_with("PLAY ") {
            host = None;
        } else if let Some((name, failed)) = recap(line) {
            // it knows of errors that were ignored
            tries.entry(name.to_owned()).or_default().failed = failed;
        }
        let mut own = host.as_ref().and_then(|host| tries.get_mut(host));
        if let Some(found) = times(line) {
            match own.as_mut().filter(|_| line.starts_with("\"msg\"")) {
                Some(own) => own.times = Some(found),
                None => unnamed.push(found),
            }
        }
        let Some(own) = own else { continue };
        if let Some(uuid) = after(line, "The system has been registered with ID: ") {
            own.uuid = Uuid::parse(uuid.as_bytes());
        } else if let Some(name) = after(line, "The registered system name is: ") {
            own.name = Some(name.to_owned());
        }
    }
    // a host of the run's own log is one that drives clients: it has no time of its own
    let is_client = |one: &Try| one.times.is_some() || one.failed;
    let tries = if unnamed.is_empty() { tries } else { BTreeMap::new() };
    let tries =
        tries.into_iter().filter(|(_, one)| is_client(one)).map(|(host, one)| (host, vec![one])).collect();
    ClientLog { tries, unnamed }
}

// false at the end; a line that is too long comes back empty
fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> bool {
    line.clear();
    let mut long = false;
    loop {
        let Ok(chunk) = reader.fill_buf() else { return false };
        if chunk.is_empty() {
            return long || !line.is_empty();
        }
        let end = memchr::memchr(b'\n', chunk);
        let taken = end.map_or(chunk.len(), |at| at + 1);
        long |= line.len() + taken > LONGEST_LINE;
        if long {
            line.clear();
        } else {
            line.extend_from_slice(&chunk[..taken]);
        }
        reader.consume(taken);
        if end.is_some() {
            return true;
        }
    }
}

// `changed: [10.10.1.11]`, `fatal: [10.10.1.12]: FAILED! => {`
fn host_of(line: &str) -> Option<(&str, bool)> {
    let (word, rest) = line.split_once(": [")?;
    if !matches!(word, "ok" | "changed" | "fatal" | "failed" | "skipping" | "unreachable") {
        return None;
    }
    let (name, rest) = rest.split_once(']')?;
    let ignored = rest.contains("...ignoring");
    Some((name, matches!(word, "fatal" | "failed" | "unreachable") && !ignored))
}

// `10.10.1.12                 : ok=2    changed=1    unreachable=0    failed=1    skipped=0 ...`
fn recap(line: &str) -> Option<(&str, bool)> {
    let (name, figures) = line.split_once(" : ok=").or_else(|| line.split_once(": ok="))?;
    let figure = |key: &str| {
        let word = figures.split_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))?;
        word.parse::<u64>().ok()
    };
    Some((name.trim(), figure("failed")? > 0 || figure("unreachable")? > 0))
}

// `"msg": "Execute registration A to B taking 43.4 seconds"`, or the words alone as one of a list
fn times(line: &str) -> Option<Times> {
    let words = line.strip_prefix("\"msg\": ").unwrap_or(line).strip_prefix('"')?;
    let words = words.strip_prefix(TASK)?.strip_prefix(' ')?;
    let (start, rest) = words.split_once(" to ")?;
    let (end, rest) = rest.split_once(" taking ")?;
    let seconds: f64 = rest.split_once(" seconds")?.0.parse().ok()?;
    let (start, end) = (utc(start)?, utc(end)?);
    let ms = (seconds * 1000.0).round();
    (start <= end && (0.0..4e9).contains(&ms)).then_some(Times { start, end, ms: ms as u32 })
}

// `2026-04-04 12:00:01.123456`, UTC
fn utc(text: &str) -> Option<Timestamp> {
    let time: jiff::Timestamp = format!("{text}Z").parse().ok()?;
    Some(Timestamp(time.as_microsecond()))
}

fn after<'a>(line: &'a str, words: &str) -> Option<&'a str> {
    let rest = &line[line.find(words)? + words.len()..];
    let end = rest.find(|c: char| c == '"' || c == '\\' || c.is_whitespace()).unwrap_or(rest.len());
    Some(&rest[..end]).filter(|rest| !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAY: &str = r#"
PLAY [Register content host] ***

TASK [Register] ***
changed: [10.10.1.11]
changed: [10.10.1.12]

TASK [Register - output] ***
ok: [10.10.1.11] => {
    "registration.stdout_lines": [
        "The system has been registered with ID: 8d1c2f60-1f5e-4a3b-9a57-0c3b8f1f2d11",
        "The registered system name is: host1.example.com",
        "Return code: 0"
    ]
}
fatal: [10.10.1.12]: FAILED! => {
    "registration.stdout_lines": [
        "curl: (22) The requested URL returned error: 503",
        "Return code: 22"
    ]
}

TASK [Register - timings] ***
ok: [10.10.1.11] => {
    "msg": "Execute registration 2026-04-04 12:00:01.123456 to 2026-04-04 12:00:44.5 taking 43.376544 seconds"
}

PLAY RECAP ***
10.10.1.11                 : ok=4    changed=1    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0
10.10.1.12                 : ok=1    changed=1    unreachable=0    failed=1    skipped=0    rescued=0    ignored=0
10.10.1.13                 : ok=0    changed=0    unreachable=1    failed=0    skipped=0    rescued=0    ignored=0
"#;

    #[test]
    fn a_play_on_the_clients_names_hosts_and_consumers() {
        let log = read(PLAY.as_bytes());
        assert_eq!((log.tries.len(), log.unnamed.len()), (3, 0));
        let one = &log.tries["10.10.1.11"][0];
        assert_eq!(one.uuid.unwrap().to_string(), "8d1c2f60-1f5e-4a3b-9a57-0c3b8f1f2d11");
        assert_eq!((one.name.as_deref(), one.failed), (Some("host1.example.com"), false));
        let times = one.times.unwrap();
        assert_eq!((times.ms, times.start.0.rem_euclid(1_000_000)), (43_377, 123_456));
        assert!(log.tries["10.10.1.12"][0].failed && log.tries["10.10.1.13"][0].failed);
    }

    #[test]
    fn the_runs_own_log_has_times_without_hosts() {
        let text = "ok: [container1] => {\n    \"timings.stdout_lines\": [\n        \"Execute registration 2026-04-04 12:00:01 to \
            2026-04-04 12:00:44.5 taking 43.5 seconds\",\n    ]\n}\n";
        let log = read(text.as_bytes());
        assert_eq!((log.tries.len(), log.unnamed.len()), (0, 1));
    }

    #[test]
    fn odd_logs_are_no_danger() {
        for text in [
            "",
            "ok: [",
            "ok: []: [",
            "\"Execute registration x to y taking 1 seconds\"",
            " : ok=",
            "a: ok=1 failed=x",
        ] {
            assert_eq!(read(text.as_bytes()).unnamed, []);
        }
        let long = format!("\"Execute registration {}\n{PLAY}", "x".repeat(LONGEST_LINE + 5));
        assert_eq!(read(long.as_bytes()).tries.len(), 3);
    }
}
