//! A cache that is read by redis-cli or valkey-cli on its own host: commands for its stdin out, what it printed in.
//!
//! For connections that only run a program (SSH). No round trip is measured: it would be that of the program.
//! Whether the cache is open to everybody stays unknown: redis-cli logs in by itself.

use super::error::CacheError;
use super::reading::{Ask, CONFIG_NAMES, gather};
use super::snapshot::Snapshot;
use std::collections::BTreeMap;

/// Stands between the answers; PING gives it back, and the monitoring user may ping.
const MARK: &str = "reginfra-mark-";

/// What redis-cli is to read from stdin (its login goes by `--user` and the environment's REDISCLI_AUTH).
pub fn commands() -> String {
    let mut text = String::new();
    for (i, command) in asked().iter().enumerate() {
        text.push_str(&format!("PING {MARK}{i}\n{command}\n"));
    }
    text + &format!("PING {MARK}end\n")
}

/// Reads what redis-cli printed on stdout; `problem` is what it printed on stderr.
///
/// # Errors
/// It did not get in, or the cache does not tell INFO.
pub fn read(stdout: &str, problem: &str) -> Result<Snapshot, CacheError> {
    let mut answers = Answers::default();
    let mut current: Option<String> = None;
    for line in stdout.lines() {
        if let Some(mark) = line.trim_end().strip_prefix(MARK) {
            current = mark.parse().ok().and_then(|i: usize| asked().get(i).cloned());
        } else if let Some(command) = &current {
            let text = answers.0.entry(command.clone()).or_default();
            text.push_str(line);
            text.push('\n');
        }
    }
    if answers.0.is_empty() {
        let told = if stdout.trim().is_empty() { problem } else { stdout };
        let told = told.trim().trim_start_matches("AUTH failed: ");
        return Err(match told {
            t if t.contains("Connection refused") => {
                CacheError::Refused { address: "its own host".to_owned() }
            }
            t => CacheError::of_reply(t),
        });
    }
    gather(&mut answers)
}

fn asked() -> Vec<String> {
    let config = CONFIG_NAMES.iter().map(|name| format!("CONFIG GET {name}"));
    ["INFO".to_owned()].into_iter().chain(config).chain(["CLIENT LIST".to_owned()]).collect()
}

#[derive(Default)]
struct Answers(BTreeMap<String, String>);

impl Ask for Answers {
    fn ask(&mut self, words: &[&str]) -> Result<String, CacheError> {
        let text = self.0.get(&words.join(" ")).cloned().unwrap_or_default();
        // an error reply begins with a word in capitals; INFO with '#', CLIENT LIST with id=, CONFIG with a name
        let first = text.split_whitespace().next().unwrap_or_default().trim_start_matches("(error)");
        if first.len() > 2 && first.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(CacheError::of_reply(&text));
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_redis_cli_printed_is_read_as_a_connection_is() {
        let info = include_str!("../../tests/fixtures/cache/redis-6.2.info");
        let clients = include_str!("../../tests/fixtures/cache/redis-6.2.clients");
        let stdout = format!(
            "{MARK}0\n{info}\n{MARK}1\nmaxmemory\n67108864\n{MARK}2\nmaxmemory-policy\nallkeys-lru\n{MARK}3\nsave\n\n\
             {MARK}4\nappendonly\nno\n{MARK}5\nNOPERM this user has no permissions\n\n{MARK}6\n{clients}\n{MARK}end\n"
        );
        let found = read(&stdout, "").unwrap();
        assert_eq!(
            (found.counters.hits, found.save.as_deref(), found.appendonly),
            (Some(3), Some(""), Some(false))
        );
        assert_eq!(found.clients.map(|c| c.len()), Some(2));
        assert_eq!((found.unread.len(), found.protected_mode, found.latency), (1, None, None));
    }

    #[test]
    fn why_redis_cli_got_nowhere_is_told() {
        for (stdout, problem, id) in [
            ("", "Could not connect to Redis at 127.0.0.1:6379: Connection refused\n", "cache-refused"),
            ("", "AUTH failed: WRONGPASS invalid username-password pair\n", "cache-wrong-password"),
            ("NOAUTH Authentication required.\n\n", "", "cache-no-password"),
            ("", "", "cache-error"),
        ] {
            assert_eq!(read(stdout, problem).unwrap_err().id(), id);
        }
        let refused = format!("{MARK}0\nNOPERM User x has no permissions to run the 'info' command\n\n");
        assert_eq!(read(&refused, "").unwrap_err().id(), "cache-no-permission");
    }
}
