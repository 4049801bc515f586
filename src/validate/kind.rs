//! A file's name and bytes in, what it is out.

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// HAProxy's configuration, or a part of it
    Haproxy,
    /// The configuration of Redis or Valkey
    Cache,
    /// smart-proxy's settings.d/registration.yml
    Registration,
    /// An Ansible inventory
    Inventory,
}

/// First words that only a cache's configuration has.
const CACHE_WORDS: [&str; 20] = [
    "aclfile",
    "appendonly",
    "bind",
    "daemonize",
    "dbfilename",
    "dir",
    "include",
    "logfile",
    "loglevel",
    "maxmemory",
    "maxmemory-policy",
    "port",
    "protected-mode",
    "requirepass",
    "save",
    "supervised",
    "tcp-backlog",
    "tls-port",
    "unixsocket",
    "user",
];

/// Told by the name where that says it, else by what stands in it; none where neither does.
pub fn kind_of(name: &str, bytes: &[u8]) -> Option<Kind> {
    let base = name.rsplit('/').next().unwrap_or(name);
    let (stem, ending) = base.rsplit_once('.').unwrap_or((base, ""));
    match (stem, ending) {
        ("registration", "yml" | "yaml") => return Some(Kind::Registration),
        ("haproxy", "cfg") => return Some(Kind::Haproxy),
        ("redis" | "valkey", "conf") => return Some(Kind::Cache),
        _ => {}
    }
    let text = String::from_utf8_lossy(bytes.get(..bytes.len().min(1 << 20)).unwrap_or_default());
    by_content(&text)
}

fn by_content(text: &str) -> Option<Kind> {
    let mut cache = 0;
    let mut others = 0;
    for line in text.lines().map(str::trim_end) {
        let words: Vec<&str> = line.split_whitespace().take(3).collect();
        match words.as_slice() {
            [] => {}
            [first, ..] if first.starts_with('#') || *first == "---" => {}
            ["global" | "defaults"] | ["frontend" | "backend" | "listen", _, ..] | ["defaults", _] => {
                return Some(Kind::Haproxy);
            }
            [first, ..] if first.starts_with(':') && first.len() > 2 && first.ends_with(':') => {
                return Some(Kind::Registration);
            }
            [first, ..] if first.starts_with('[') && first.ends_with(']') && first.len() > 2 => {
                return Some(Kind::Inventory);
            }
            ["enabled:" | "registration_url:" | "cache_url:", ..] => return Some(Kind::Registration),
            ["all:"] | [_, ..] if matches!(line, "all:" | "capsules:" | "capsule_lbs:" | "satellite6:") => {
                return Some(Kind::Inventory);
            }
            [first, _, ..] if CACHE_WORDS.contains(&first.to_ascii_lowercase().as_str()) => cache += 1,
            _ => others += 1,
        }
    }
    (cache > others).then_some(Kind::Cache)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_name_and_content() {
        let told = |name: &str, text: &str| kind_of(name, text.as_bytes());
        assert_eq!(told("/etc/haproxy/haproxy.cfg", ""), Some(Kind::Haproxy));
        assert_eq!(told("10-x.cfg", "# c\nbackend b\n server a b\n"), Some(Kind::Haproxy));
        assert_eq!(
            told("reginfra.conf", "# ours\ninclude /etc/redis.conf\nmaxmemory 1\n"),
            Some(Kind::Cache)
        );
        assert_eq!(told("x", "---\n:enabled: https\n"), Some(Kind::Registration));
        assert_eq!(told("hosts", "[capsules]\ncap1\n"), Some(Kind::Inventory));
        assert_eq!(told("x.yml", "all:\n  hosts:\n"), Some(Kind::Inventory));
        assert_eq!(told("readme", "this is text\nport of call\n"), None);
        assert_eq!(told("x", ""), None);
    }
}
