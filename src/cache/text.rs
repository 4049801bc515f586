//! What a cache prints in, values by key out. Keys that are not there stay unknown, never zero.
//!
//! The same text comes over a connection and from redis-cli or valkey-cli. Ignores keys that nobody asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The text of INFO, by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    values: BTreeMap<String, String>,
    sections: BTreeSet<String>,
}

/// Reads INFO: `# Stats`, `keyspace_hits:3`, `db0:keys=1,expires=1,avg_ttl=299980`.
pub fn parse_info(text: &str) -> Info {
    let mut info = Info::default();
    for line in text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('#') {
            info.sections.insert(section.trim().to_ascii_lowercase());
        } else if let Some((key, value)) = line.split_once(':') {
            info.values.insert(key.to_owned(), value.to_owned());
        }
    }
    info
}

impl Info {
    /// A value as it stands; none where the key is missing or empty.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str).filter(|v| !v.is_empty())
    }

    /// A whole number; none where it is missing or no number.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.text(key)?.parse().ok()
    }

    /// Whether any line was understood.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// `keys` or `expires` over all databases. An empty cache has the heading and no line below it: that is 0.
    pub fn keyspace(&self, what: &str) -> Option<u64> {
        if !self.sections.contains("keyspace") {
            return None;
        }
        let databases = self.values.iter().filter(|(key, _)| {
            key.strip_prefix("db").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        });
        let mut total = 0u64;
        for (_, value) in databases {
            let found = value.split(',').filter_map(|part| part.split_once('=')).find(|(k, _)| *k == what)?;
            total = total.saturating_add(found.1.parse().ok()?);
        }
        Some(total)
    }
}

/// Reads the reply of CONFIG GET as redis-cli prints it: a line with the name, a line with the value.
pub fn parse_config(text: &str) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let mut lines = text.lines().map(|line| line.trim_end_matches('\r'));
    while let Some(name) = lines.next() {
        // no name is empty: an empty line here is one that redis-cli put after a reply
        if !name.is_empty() {
            values.insert(name.to_owned(), lines.next().unwrap_or_default().to_owned());
        }
    }
    values
}

/// A connection that the cache has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The other end; none for a socket file.
    pub address: Option<IpAddr>,
    /// What it called itself (CLIENT SETNAME); often empty.
    pub name: String,
    /// As whom it logged in; none before Redis 6.
    pub user: Option<String>,
    /// The last command: `get`, `client|list`; before Redis 7 without the second word.
    pub command: String,
}

/// Reads CLIENT LIST, a connection a line:
/// `id=7 addr=127.0.0.1:39518 laddr=127.0.0.1:6379 fd=7 name=cap1 ... cmd=get user=registration_cache redir=-1`.
pub fn parse_client_list(text: &str) -> Vec<Client> {
    let lines = text.lines().filter(|line| line.split_whitespace().any(|word| word.starts_with("addr=")));
    lines.map(parse_client).collect()
}

fn parse_client(line: &str) -> Client {
    let mut client = Client::default();
    for (key, value) in line.split_whitespace().filter_map(|word| word.split_once('=')) {
        match key {
            "addr" => client.address = parse_address(value),
            "name" => value.clone_into(&mut client.name),
            "user" => client.user = Some(value.to_owned()).filter(|u| !u.is_empty()),
            "cmd" => value.clone_into(&mut client.command),
            _ => {}
        }
    }
    client
}

/// `10.0.0.1:39518`, `[2001:db8::1]:39518`, `2001:db8::1:39518` (before Redis 4), `/run/redis.sock:0`.
fn parse_address(text: &str) -> Option<IpAddr> {
    let (host, _) = text.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What real servers printed, with the role's users, after 3 hits and 1 miss.
    const CAPTURED: [(&str, &str, &str, &str); 4] = [
        (
            "6.2.14",
            include_str!("../../tests/fixtures/cache/redis-6.2.info"),
            include_str!("../../tests/fixtures/cache/redis-6.2.clients"),
            include_str!("../../tests/fixtures/cache/redis-6.2.config"),
        ),
        (
            "7.0.15",
            include_str!("../../tests/fixtures/cache/redis-7.0.info"),
            include_str!("../../tests/fixtures/cache/redis-7.0.clients"),
            include_str!("../../tests/fixtures/cache/redis-7.0.config"),
        ),
        (
            "8.0.2",
            include_str!("../../tests/fixtures/cache/redis-8.0.info"),
            include_str!("../../tests/fixtures/cache/redis-8.0.clients"),
            include_str!("../../tests/fixtures/cache/redis-8.0.config"),
        ),
        (
            "8.1.1",
            include_str!("../../tests/fixtures/cache/valkey-8.1.info"),
            include_str!("../../tests/fixtures/cache/valkey-8.1.clients"),
            include_str!("../../tests/fixtures/cache/valkey-8.1.config"),
        ),
    ];

    #[test]
    fn every_server_of_the_field_is_read() {
        for (version, info, clients, config) in CAPTURED {
            let info = parse_info(info);
            let told = info.text("valkey_version").or_else(|| info.text("redis_version"));
            assert_eq!(told, Some(version));
            let numbers = ["keyspace_hits", "keyspace_misses", "evicted_keys", "maxmemory"];
            assert_eq!(
                numbers.map(|k| info.number(k)),
                [Some(3), Some(1), Some(0), Some(64 << 20)],
                "{version}"
            );
            assert_eq!((info.keyspace("keys"), info.keyspace("expires")), (Some(1), Some(1)), "{version}");
            assert_eq!(info.text("maxmemory_policy"), Some("allkeys-lru"), "{version}");
            assert_eq!(info.text("run_id").map(str::len), Some(40), "{version}");
            let clients = parse_client_list(clients);
            let short: Vec<_> = clients.iter().map(|c| (c.name.as_str(), c.user.as_deref())).collect();
            assert_eq!(
                short,
                [("cap1.example.com", Some("registration_cache")), ("", Some("registration_cache_monitor"))],
                "{version}"
            );
            assert!(clients.iter().all(|c| c.address == Some([127, 0, 0, 1].into())), "{version}");
            assert!(clients[1].command.starts_with("client"), "{version}");
            let config = parse_config(config);
            let pairs: Vec<_> = config.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            assert_eq!(
                pairs,
                [
                    ("appendonly", "no"),
                    ("maxmemory", "67108864"),
                    ("maxmemory-policy", "allkeys-lru"),
                    ("protected-mode", "yes"),
                    ("save", ""),
                ],
                "{version}"
            );
        }
    }

    #[test]
    fn what_is_not_there_is_unknown_and_never_zero() {
        let info = parse_info("# Stats\r\nkeyspace_hits:many\r\nrun_id:\r\n");
        assert_eq!((info.number("keyspace_hits"), info.number("keyspace_misses")), (None, None));
        assert_eq!((info.text("run_id"), info.keyspace("keys")), (None, None));
        let empty = parse_info("# Keyspace\r\n");
        assert_eq!(empty.keyspace("keys"), Some(0));
        let two = parse_info("# Keyspace\ndb0:keys=2,expires=1\ndb7:keys=3,expires=0,avg_ttl=0\ndbsize:9\n");
        assert_eq!((two.keyspace("keys"), two.keyspace("expires")), (Some(5), Some(1)));
        assert_eq!(parse_info("# Keyspace\ndb0:expires=1\n").keyspace("keys"), None);
    }

    #[test]
    fn addresses_of_every_form_are_read() {
        let of = |addr: &str| parse_client_list(&format!("id=1 addr={addr} name=\n"))[0].address;
        let v6 = "2001:db8::1".parse().ok();
        assert_eq!(of("[2001:db8::1]:6379"), v6);
        assert_eq!(of("2001:db8::1:39518"), v6);
        assert_eq!(of("[::ffff:10.0.0.1]:1"), "10.0.0.1".parse().ok());
        assert_eq!((of("/run/redis.sock:0"), of("")), (None, None));
        assert!(parse_client_list("\n# nothing\n").is_empty());
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parsers(text in "(?s).{0,400}") {
            let info = parse_info(&text);
            let _ = (info.keyspace("keys"), info.number("db0"));
            let _ = (parse_config(&text), parse_client_list(&text));
        }

        #[test]
        fn a_text_that_is_cut_anywhere_gives_no_other_keys(at in 0usize..5000) {
            let whole = parse_info(CAPTURED[1].1);
            let cut = parse_info(&CAPTURED[1].1[..at.min(CAPTURED[1].1.len())]);
            prop_assert!(cut.values.len() <= whole.values.len());
            for (key, value) in cut.values {
                prop_assert!(whole.values.get(&key).is_some_and(|v| v.starts_with(&value)), "{}", key);
            }
        }
    }
}
