//! Asks one cache: a way to ask in, a snapshot out.

use super::error::CacheError;
use super::settings::Secret;
use super::snapshot::{Counters, Latency, Login, Memory, Server, Snapshot};
use super::text::{Info, parse_client_list, parse_config, parse_info};
use crate::timestamp::Timestamp;
use std::collections::BTreeMap;
use std::time::Instant;

/// Round trips that are measured.
const PINGS: usize = 9;

/// What is asked of CONFIG; one name a command, since more at once is of Redis 7.
pub const CONFIG_NAMES: [&str; 5] = ["maxmemory", "maxmemory-policy", "save", "appendonly", "protected-mode"];

/// A way to put a command to a cache: a connection, or what redis-cli printed elsewhere.
pub trait Ask {
    /// The reply as redis-cli prints it, values of a list in lines.
    ///
    /// # Errors
    /// An error reply, or a connection that does not work.
    fn ask(&mut self, words: &[&str]) -> Result<String, CacheError>;
}

/// Logs in, measures and reads.
///
/// # Errors
/// The cache does not let us in, or does not tell INFO. What else it refuses is in the snapshot's `unread`.
pub fn read(ask: &mut dyn Ask, user: &str, password: Option<&Secret>) -> Result<Snapshot, CacheError> {
    let login = log_in(ask, user, password)?;
    let mut micros = Vec::with_capacity(PINGS);
    for _ in 0..PINGS {
        let asked = Instant::now();
        match ask.ask(&["PING"]) {
            Ok(_) => micros.push(u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX)),
            Err(CacheError::NoPerm(_)) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(Snapshot { login, latency: Latency::of(micros), ..gather(ask)? })
}

/// Whether the cache serves everybody is asked before the login: afterwards nobody can tell.
fn log_in(ask: &mut dyn Ask, user: &str, password: Option<&Secret>) -> Result<Login, CacheError> {
    let open = match ask.ask(&["PING"]) {
        Ok(_) => true,
        // the default user is on, has no password, and may not even ping
        Err(CacheError::NoPerm(_)) => true,
        Err(CacheError::NoAuth(words)) if password.is_none() => return Err(CacheError::NoAuth(words)),
        Err(CacheError::NoAuth(_)) => false,
        Err(error) => return Err(error),
    };
    let anybody = |refused| Login { user: Some("default".to_owned()), open: Some(true), refused };
    let Some(password) = password else { return Ok(anybody(None)) };
    let asked = match user {
        // the short form is what Redis before 6 takes as well
        "default" => ask.ask(&["AUTH", password.reveal()]),
        _ => ask.ask(&["AUTH", user, password.reveal()]),
    };
    match asked {
        Ok(_) => Ok(Login { user: Some(user.to_owned()), open: Some(open), refused: None }),
        Err(error @ (CacheError::WrongPass(_) | CacheError::Other(_))) if open => {
            Ok(anybody(Some(error.to_string())))
        }
        Err(error) => Err(error),
    }
}

/// Reads what a cache tells to whoever is logged in already.
///
/// # Errors
/// It does not tell INFO.
pub fn gather(ask: &mut dyn Ask) -> Result<Snapshot, CacheError> {
    let text = ask.ask(&["INFO"])?;
    let info = parse_info(&text);
    if info.text("redis_version").is_none() && info.text("valkey_version").is_none() {
        return Err(CacheError::Other(format!(
            "INFO names no version: {}",
            super::error::readable(&text, 60)
        )));
    }
    let mut unread = Vec::new();
    let mut config = BTreeMap::new();
    let mut optional = |words: &[&str]| match ask.ask(words) {
        Ok(text) => Some(text),
        Err(error) => {
            let told = format!("{}: {error}", words.join(" "));
            unread.push(told);
            None
        }
    };
    for name in CONFIG_NAMES {
        let Some(text) = optional(&["CONFIG", "GET", name]) else { break };
        config.extend(parse_config(&text));
    }
    let clients = optional(&["CLIENT", "LIST"]).map(|text| parse_client_list(&text));
    Ok(Snapshot { clients, unread, ..of_texts(&info, &config) })
}

fn of_texts(info: &Info, config: &BTreeMap<String, String>) -> Snapshot {
    let yes = |name: &str| match config.get(name).map(String::as_str) {
        Some("yes") => Some(true),
        Some("no") => Some(false),
        _ => None,
    };
    Snapshot {
        taken_at: now(),
        server: server(info),
        counters: Counters {
            hits: info.number("keyspace_hits"),
            misses: info.number("keyspace_misses"),
            evicted_keys: info.number("evicted_keys"),
            expired_keys: info.number("expired_keys"),
            rejected_connections: info.number("rejected_connections"),
            connections: info.number("total_connections_received"),
        },
        memory: Memory {
            used: info.number("used_memory"),
            not_counted: info.number("mem_not_counted_for_evict"),
            max: info.number("maxmemory").or_else(|| config.get("maxmemory")?.parse().ok()),
            policy: info
                .text("maxmemory_policy")
                .or_else(|| config.get("maxmemory-policy").map(String::as_str))
                .map(str::to_owned),
        },
        keys: info.keyspace("keys"),
        keys_with_expiry: info.keyspace("expires"),
        connected_clients: info.number("connected_clients"),
        save: config.get("save").cloned(),
        appendonly: yes("appendonly").or_else(|| Some(info.number("aof_enabled")? > 0)),
        protected_mode: yes("protected-mode"),
        ..Snapshot::default()
    }
}

/// Valkey gives a `redis_version` too, that of the Redis it is compatible with.
fn server(info: &Info) -> Server {
    let (software, version) = match (info.text("valkey_version"), info.text("redis_version")) {
        (Some(version), _) => (Some("valkey"), Some(version)),
        (None, version) => (info.text("server_name").or(version.and(Some("redis"))), version),
    };
    Server {
        software: software.map(str::to_owned),
        version: version.map(str::to_owned),
        run_id: info.text("run_id").map(str::to_owned),
        uptime_s: info.number("uptime_in_seconds"),
    }
}

fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = include_str!("../../tests/fixtures/cache/valkey-8.1.info");

    /// Answers by the first two words; what is not in the list is refused.
    struct Said(Vec<(&'static str, Result<&'static str, CacheError>)>);

    impl Ask for Said {
        fn ask(&mut self, words: &[&str]) -> Result<String, CacheError> {
            let asked = words.join(" ");
            let at = self.0.iter().position(|(known, _)| asked.starts_with(known));
            match at.map(|at| if self.0[at].0 == "PING" { self.0.remove(at).1 } else { self.0[at].1.clone() })
            {
                Some(answer) => answer.map(str::to_owned),
                None => Err(CacheError::of_reply("NOPERM not you")),
            }
        }
    }

    fn refused(words: &str) -> Result<&'static str, CacheError> {
        Err(CacheError::of_reply(words))
    }

    fn pings(
        first: Result<&'static str, CacheError>,
    ) -> Vec<(&'static str, Result<&'static str, CacheError>)> {
        let mut all = vec![("PING", first)];
        all.extend((0..PINGS).map(|_| ("PING", Ok("PONG"))));
        all
    }

    #[test]
    fn a_cache_that_lets_only_known_users_in_is_read_as_the_user() {
        let mut said = pings(refused("NOAUTH Authentication required."));
        said.extend([("AUTH monitor", Ok("OK")), ("INFO", Ok(INFO)), ("CONFIG GET save", Ok("save\n\n"))]);
        let found = read(&mut Said(said), "monitor", Some(&Secret::new("x"))).unwrap();
        assert_eq!(found.login, Login { user: Some("monitor".into()), open: Some(false), refused: None });
        assert_eq!(found.server.software.as_deref(), Some("valkey"));
        assert_eq!(found.server.version.as_deref(), Some("8.1.1"));
        assert_eq!(found.latency.map(|l| l.count), Some(PINGS as u64));
        // the first name was refused: the others are not asked for
        let refusals = found.unread.iter().map(|u| u.split(':').next().unwrap()).collect::<Vec<_>>();
        assert_eq!(refusals, ["CONFIG GET maxmemory", "CLIENT LIST"]);
        assert_eq!((found.clients, found.save, found.protected_mode), (None, None, None));
        assert_eq!(found.memory.max, Some(64 << 20), "INFO tells what CONFIG does not");
    }

    #[test]
    fn an_open_cache_is_read_whatever_the_password() {
        let mut said = pings(Ok("PONG"));
        said.extend([("AUTH", refused("WRONGPASS invalid username-password pair")), ("INFO", Ok(INFO))]);
        let found = read(&mut Said(said), "monitor", Some(&Secret::new("x"))).unwrap();
        assert_eq!((found.login.open, found.login.user.as_deref()), (Some(true), Some("default")));
        assert!(found.login.refused.unwrap().contains("WRONGPASS"));
        let mut said = pings(Ok("PONG"));
        said.push(("INFO", Ok(INFO)));
        let found = read(&mut Said(said), "monitor", None).unwrap();
        assert_eq!((found.login.open, found.login.refused), (Some(true), None));
    }

    #[test]
    fn each_refusal_of_the_login_is_told() {
        for (first, auth, password, id) in [
            ("NOAUTH x", "WRONGPASS x", true, "cache-wrong-password"),
            ("NOAUTH x", "", false, "cache-no-password"),
            ("DENIED Redis is running in protected mode", "", true, "cache-protected-mode"),
            ("ERR max number of clients reached", "", true, "cache-max-clients"),
        ] {
            let said = vec![("PING", refused(first)), ("AUTH", refused(auth))];
            let secret = password.then(|| Secret::new("x"));
            assert_eq!(read(&mut Said(said), "monitor", secret.as_ref()).unwrap_err().id(), id);
        }
        let mut said = pings(refused("NOAUTH x"));
        said.push(("AUTH", Ok("OK")));
        let told = read(&mut Said(said), "registration_cache", Some(&Secret::new("x"))).unwrap_err();
        assert_eq!(told.id(), "cache-no-permission");
    }

    #[test]
    fn a_reply_that_is_no_info_gives_no_figures() {
        let mut said = vec![("INFO", Ok("hello"))];
        assert_eq!(gather(&mut Said(std::mem::take(&mut said))).unwrap_err().id(), "cache-error");
    }
}
