//! What ssh, sudo and the programs of a host say when they fail, told apart; each with its way out.

/// Why a host, or a part of its log, is missing from the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The inventory's settings cannot be used.
    Settings,
    /// The name does not resolve.
    UnknownName,
    /// No route, or the network is down.
    NoRoute,
    /// Nothing listens on the port.
    Refused,
    /// Nobody answers in time.
    TimedOut,
    /// The jump host forwards nothing.
    JumpRefused,
    /// The host's key is another than the one that is known.
    HostKeyChanged,
    /// The host's key is not known.
    HostKeyUnknown,
    /// No key was accepted.
    KeyRefused,
    /// sudo wants a password, or does not let the user.
    Sudo,
    /// No log and no journal of the service.
    LogMissing,
    /// The log may not be read.
    Denied,
    /// The disk is full.
    NoSpace,
    /// A program was killed.
    Killed,
    /// The connection broke off.
    Cut,
    /// The log became shorter while it was read.
    Shrunk,
    /// The host sent nothing any more.
    Silent,
    /// Anything else.
    Other,
}

const DENIED: [&str; 2] = ["Permission denied", "Operation not permitted"];

/// What each says, the first that fits counts.
const WORDS: [(Reason, &[&str]); 12] = [
    (Reason::HostKeyChanged, &["REMOTE HOST IDENTIFICATION HAS CHANGED"]),
    (Reason::HostKeyUnknown, &["Host key verification failed", "host key is known for"]),
    (Reason::UnknownName, &["Could not resolve hostname"]),
    (Reason::NoRoute, &["No route to host", "Network is unreachable"]),
    (Reason::Refused, &["Connection refused"]),
    (Reason::TimedOut, &["timed out", "not responding"]),
    (Reason::JumpRefused, &["administratively prohibited"]),
    (Reason::Sudo, &["sudo: "]),
    (Reason::KeyRefused, &["Permission denied (", "Too many authentication failures"]),
    (Reason::NoSpace, &["No space left on device"]),
    (Reason::Denied, &DENIED),
    (
        Reason::Cut,
        &[
            "onnection reset",
            "onnection closed",
            "closed by remote host",
            "Broken pipe",
            "Shared connection to",
        ],
    ),
];

impl Reason {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::UnknownName => "unknown-name",
            Self::NoRoute => "no-route",
            Self::Refused => "refused",
            Self::TimedOut => "timed-out",
            Self::JumpRefused => "jump-refused",
            Self::HostKeyChanged => "host-key-changed",
            Self::HostKeyUnknown => "host-key-unknown",
            Self::KeyRefused => "key-refused",
            Self::Sudo => "sudo",
            Self::LogMissing => "log-missing",
            Self::Denied => "denied",
            Self::NoSpace => "no-space",
            Self::Killed => "killed",
            Self::Cut => "cut",
            Self::Shrunk => "shrunk",
            Self::Silent => "silent",
            Self::Other => "other",
        }
    }

    /// Told from what was written to stderr and from how ssh ended; 255 is ssh's own code.
    pub fn of(words: &str, code: Option<i32>) -> Self {
        // the words of a file that may not be read, about a route or a packet filter of this machine's own
        let barred = |line: &str| {
            let says = |words: &&str| line.ends_with(*words);
            line.contains("connect to host ") && DENIED.iter().any(says)
        };
        if code == Some(255) && words.lines().any(|line| barred(line.trim_end())) {
            return Self::NoRoute;
        }
        let found = WORDS.iter().find(|(_, all)| all.iter().any(|part| words.contains(part)));
        match (found, code) {
            (Some((reason, _)), _) => *reason,
            (None, None) => Self::Killed,
            (None, Some(129..=254)) => Self::Killed,
            (None, Some(255)) => Self::Cut,
            (None, Some(_)) => Self::Other,
        }
    }

    const fn way_out(self) -> &'static str {
        match self {
            Self::Settings => "correct it in the inventory",
            Self::UnknownName => "set ansible_host to a name or address that resolves here",
            Self::NoRoute => {
                "check the network, or set ProxyJump in ansible_ssh_common_args or in ~/.ssh/config"
            }
            Self::Refused => "check that sshd runs there, and ansible_host and ansible_port",
            Self::TimedOut => {
                "check that the host is up, ansible_host and ansible_port, and firewalls in between"
            }
            Self::JumpRefused => {
                "let the jump host's sshd forward (AllowTcpForwarding, PermitOpen), or go through another"
            }
            Self::HostKeyChanged => {
                "where the host was installed anew, remove the old key (ssh-keygen -R HOST); where it was not, \
                 somebody may stand in between"
            }
            Self::HostKeyUnknown => {
                "connect once by hand (ssh HOST) and accept the key, or add it to known_hosts"
            }
            Self::KeyRefused => {
                "load the key into ssh-agent, or set ansible_ssh_private_key_file and ansible_user"
            }
            Self::Sudo => {
                "let the user run sudo without a password there, set ansible_user=root, or ansible_become=false \
                 where the user may read the log"
            }
            Self::LogMissing => {
                "set reginfra_log to where the log lies on the host; a journal is readable for root and the group \
                 systemd-journal: ansible_become=true"
            }
            Self::Denied => "set ansible_become=true, or let the user read the log",
            Self::NoSpace => "free disk space there, then read again",
            Self::Killed => {
                "look into the host's own journal for what killed it (out of memory?), then read again"
            }
            Self::Cut => "read again; where it breaks off each time, look into the host's journal of sshd",
            Self::Shrunk => "it was rotated meanwhile: read again",
            Self::Silent => "look at the host's load and disks; --host-timeout gives it longer",
            Self::Other => "try it by hand: ssh HOST",
        }
    }
}

/// Where ssh says nothing itself: the first ssh of the connection may have.
pub const WORDLESS: &str = "ssh ended without a word (255)";

/// A host's failure in its own words, with the way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}; {way_out}")]
pub struct Failure {
    /// What kind it is.
    pub reason: Reason,
    /// What was said.
    pub words: String,
    /// What to do.
    pub way_out: String,
}

impl Failure {
    /// A failure that is told in our own words.
    pub fn new(reason: Reason, words: impl Into<String>) -> Self {
        Self { reason, words: words.into(), way_out: reason.way_out().to_owned() }
    }

    /// From what was written to stderr and how ssh ended.
    pub fn of(stderr: &str, code: Option<i32>, address: &str) -> Self {
        let reason = Reason::of(stderr, code);
        let said = match reason {
            // the lines that name the key, without the advice in between
            Reason::HostKeyChanged => {
                let telling = |line: &&str| line.contains("HAS CHANGED") || line.contains("has changed and");
                stderr.lines().filter(telling).map(|line| format!("{line}\n")).collect()
            }
            _ => stderr.to_owned(),
        };
        let words = match (spoken(&said), code) {
            (words, Some(code @ 129..=254)) if !words.is_empty() => {
                format!("{words} (the program there was killed by signal {})", code - 128)
            }
            (words, _) if !words.is_empty() => words,
            (_, Some(255)) => WORDLESS.to_owned(),
            (_, Some(code)) if code > 128 => format!("the program there was killed by signal {}", code - 128),
            (_, Some(code)) => format!("the program there ended with {code} and without a word"),
            (_, None) => "ssh was killed".to_owned(),
        };
        Self { reason, words, way_out: reason.way_out().replace("HOST", address) }
    }
}

// lines that say something, without frames of @ and what only warns; short enough for a line of a table
fn spoken(stderr: &str) -> String {
    let idle = |line: &&str| {
        !line.is_empty() && !line.starts_with("Warning: Permanently added") && !line.chars().all(|c| c == '@')
    };
    let clean = |line: &str| {
        let line = line.trim_matches(|c: char| c == '@' || c.is_whitespace());
        line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>()
    };
    let lines: Vec<String> = stderr.lines().map(str::trim).filter(idle).map(clean).collect();
    // what was said last is nearest to the end
    let mut said: Vec<&str> = Vec::new();
    let mut length = 0;
    for line in lines.iter().rev() {
        if said.contains(&line.as_str()) {
            continue;
        }
        length += line.chars().count();
        if length > 600 && !said.is_empty() {
            break;
        }
        said.push(line);
    }
    said.reverse();
    said.join(" / ").chars().take(600).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_is_told_by_the_words_of_those_who_failed() {
        for (words, code, reason) in [
            ("ssh: Could not resolve hostname nowhere: Name or service not known", 255, Reason::UnknownName),
            ("ssh: connect to host 10.0.0.9 port 22: No route to host", 255, Reason::NoRoute),
            ("ssh: connect to host 192.0.2.1 port 22: Permission denied", 255, Reason::NoRoute),
            ("ssh: connect to host 192.0.2.1 port 22: Operation not permitted\r\n", 255, Reason::NoRoute),
            ("channel 0: open failed: administratively prohibited: open failed", 255, Reason::JumpRefused),
            ("ssh: connect to host sat port 22: Connection refused", 255, Reason::Refused),
            ("ssh: connect to host sat port 22: Connection timed out", 255, Reason::TimedOut),
            ("Timeout, server sat not responding.", 255, Reason::TimedOut),
            ("Host key verification failed.", 255, Reason::HostKeyUnknown),
            ("root@sat: Permission denied (publickey,password).", 255, Reason::KeyRefused),
            ("sudo: a password is required", 1, Reason::Sudo),
            ("bash: line 1: sudo: command not found", 127, Reason::Sudo),
            (
                "zstd: error 70 : Write error : cannot write block : No space left on device",
                70,
                Reason::NoSpace,
            ),
            ("cat: /var/log/foreman/production.log: Permission denied", 1, Reason::Denied),
            ("Shared connection to sat closed.", 255, Reason::Cut),
            ("", 137, Reason::Killed),
            ("", 255, Reason::Cut),
            ("cat: x: Input/output error", 1, Reason::Other),
        ] {
            assert_eq!(Reason::of(words, Some(code)), reason, "{words}");
            assert!(!Failure::of(words, Some(code), "sat").words.is_empty());
        }
        assert_eq!(Reason::of("", None), Reason::Killed);
    }

    #[test]
    fn a_changed_host_key_is_told_without_its_frame() {
        let frame = "@".repeat(59);
        let stderr = format!(
            "{frame}\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n{frame}\r\nOffending ED25519 key in \
             /root/.ssh/known_hosts:3\nHost key verification failed.\n"
        );
        let failure = Failure::of(&stderr, Some(255), "sat.example.com");
        assert_eq!(failure.reason, Reason::HostKeyChanged);
        assert!(!failure.words.contains('@'), "{failure}");
        assert!(failure.way_out.contains("ssh-keygen -R sat.example.com"), "{failure}");
    }

    #[test]
    fn words_without_end_are_cut() {
        let failure = Failure::of(&"x\u{1b}[31m ".repeat(10_000), Some(1), "sat");
        assert!(failure.words.chars().count() <= 600 && !failure.words.contains('\u{1b}'));
    }
}
