//! What several rules ask of caches, URLs, pools and hosts.

use super::*;
use crate::inventory::topology::LoadBalancer;

/// The first of several names, and how many more.
pub(super) fn some(names: &[String]) -> String {
    let mut shown = names.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > 4 {
        shown.push_str(&format!(" and {} more", names.len() - 4));
    }
    shown
}

/// The load balancer whose configuration this is.
pub(super) fn balancer<'a>(config: &Haproxy, context: &Context<'a>) -> Option<&'a LoadBalancer> {
    let addresses = pool_servers(config, context).into_iter().filter_map(|s| s.endpoint.map(|e| e.host));
    context.facts?.balancer(context.host, addresses)
}

/// Servers of the services that stand in front of capsules.
pub(super) fn pool_servers<'a>(config: &'a Haproxy, context: &Context<'_>) -> Vec<Server<'a>> {
    let registration = registration_port(config, context);
    let ports = SERVICES.iter().map(|s| s.port).chain((registration != REGISTRATION).then_some(registration));
    let mut seen = std::collections::HashSet::new();
    let mut found = Vec::new();
    for backend in ports.flat_map(|port| config.backends_on(port)) {
        if seen.insert(backend.at) {
            found.extend(backend.servers());
        }
    }
    found
}

/// `@REGISTRATION_CACHE_PASSWORD@`: what render writes where no password is given.
pub(super) fn is_placeholder(text: &str) -> bool {
    text.len() > 2 && text.starts_with('@') && text.ends_with('@')
}

/// An address that a cache is bound to.
pub(super) struct Bound<'a> {
    /// As it is written.
    pub word: &'a Word,
}

impl Bound<'_> {
    /// Without the dash that makes it optional.
    pub fn address(&self) -> &str {
        self.word.text.strip_prefix('-').unwrap_or(&self.word.text)
    }

    /// Whether the service starts without it.
    pub fn optional(&self) -> bool {
        self.word.text.starts_with('-')
    }

    /// Whether all addresses are meant.
    pub fn is_any(&self) -> bool {
        matches!(self.address(), "*" | "::*" | "0.0.0.0" | "::" | "")
    }

    /// Whether only the host itself can reach it.
    pub fn is_loopback(&self) -> bool {
        self.address() == "localhost"
            || self.address().parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// The addresses of the `bind` that counts.
pub(super) fn binds(config: &CacheConfig) -> Vec<Bound<'_>> {
    config.last("bind").map(|d| d.values().iter().map(|word| Bound { word }).collect()).unwrap_or_default()
}

/// The file that a cache's configuration begins with.
pub(super) fn root(config: &CacheConfig) -> FileId {
    config.root.unwrap_or(FileId(0))
}

/// Settings that a smart-proxy reads, the companion change's too.
pub(super) const SETTINGS: [&str; 4] = ["enabled", "registration_url", "cache_url", "redis_url"];

/// The address of a cache, taken apart.
pub(super) struct CacheUrl {
    pub user: Option<String>,
    pub password: Option<String>,
    pub host: String,
    pub port: Option<u16>,
}

/// The settings that hold a cache's URL: the entry, its text, and what that is.
pub(super) fn cache_urls(file: &Registration) -> Vec<(&Entry, &str, Result<CacheUrl, &'static str>)> {
    let keys = ["cache_url", "redis_url"].iter().filter_map(|key| file.get(key));
    keys.map(|entry| match &entry.value {
        Value::Scalar { text, .. } => (entry, text.as_str(), cache_url(text)),
        Value::Other => (entry, "", Err("it is no text")),
    })
    .collect()
}

// taken apart by hand: a password that is not encoded must not hide the rest
fn cache_url(text: &str) -> Result<CacheUrl, &'static str> {
    let (scheme, rest) = text.split_once("://").ok_or("it is no URL")?;
    if !matches!(scheme, "redis" | "rediss") {
        return Err("its scheme is neither redis nor rediss");
    }
    let (credentials, place) = rest.rsplit_once('@').map_or((None, rest), |(c, p)| (Some(c), p));
    let (authority, database) = place.split_once('/').unwrap_or((place, ""));
    if !database.is_empty() && database.parse::<u32>().is_err() {
        return Err("behind the port there must be the number of a database, as /0");
    }
    let (host, port) = match authority.strip_prefix('[').and_then(|a| a.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None if authority.matches(':').count() > 1 => return Err("an IPv6 address needs brackets"),
        None => authority.split_once(':').map_or((authority, None), |(h, p)| (h, Some(p))),
    };
    if host.is_empty() {
        return Err("it names no host");
    }
    let port =
        port.map(|p| p.parse::<u16>().ok().filter(|p| *p > 0).ok_or("its port is no number from 1 to 65535"));
    let port = port.transpose()?;
    let (user, password) =
        match credentials.map(|c| c.split_once(':').map_or((c, None), |(u, p)| (u, Some(p)))) {
            Some((user, password)) => {
                (Some(user.to_owned()), password.filter(|p| !p.is_empty()).map(str::to_owned))
            }
            None => (None, None),
        };
    Ok(CacheUrl { user, password, host: host.to_owned(), port })
}

/// The load balancer of the capsule whose file it is, or the only one.
pub(super) fn own_balancer<'a>(context: &Context<'a>) -> Option<&'a str> {
    let topology = &context.facts?.topology;
    match (context.host, topology.load_balancers.as_slice()) {
        (Some(host), _) => topology.capsules.iter().find(|c| c.name == host)?.load_balancer.as_deref(),
        (None, [only]) => Some(&only.name),
        _ => None,
    }
}

/// A finding where a host, or one of its variables, stands in the inventory.
pub(super) fn at_host(
    facts: &Facts,
    context: &Context<'_>,
    host: &str,
    key: Option<&str>,
    message: String,
) -> Finding {
    match facts.place(context.files, host, key) {
        (span, true) => Finding::of_file(span.file, message),
        (span, false) => Finding::at(span, message),
    }
}

/// The known word that is meant by one that is not known: at most two letters differ, or one in short words.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let most = if word.chars().count() < 5 { 1 } else { 2 };
    let word = word.trim_start_matches(':').to_ascii_lowercase().replace('-', "_");
    let fold = |k: &str| k.replace('-', "_");
    let best = known.iter().map(|k| (distance(&word, &fold(k)), *k)).min_by_key(|(d, _)| *d)?;
    (best.0 <= most).then_some(best.1)
}

/// Letters to put in, take out or change.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    if a.chars().count().abs_diff(b.len()) > 2 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (j, y) in b.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(usize::MAX);
            let here = (above + 1).min(left + 1).min(diagonal + usize::from(x != *y));
            if let Some(slot) = row.get_mut(j) {
                *slot = left;
            }
            (diagonal, left) = (above, here);
        }
        if let Some(last) = row.last_mut() {
            *last = left;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_words_are_recognised() {
        assert_eq!(nearest("cach_url", &SETTINGS), Some("cache_url"));
        assert_eq!(nearest("enable", &SETTINGS), Some("enabled"));
        assert_eq!(nearest("chace_url", &SETTINGS), Some("cache_url"));
        assert_eq!(nearest("registration-url", &SETTINGS), Some("registration_url"));
        assert_eq!(nearest("tftp_root", &SETTINGS), None);
        assert_eq!(
            (distance("abc", "abc"), distance("abc", "axc"), distance("ab", "abc"), distance("", "ab")),
            (0, 1, 1, 2)
        );
    }

    #[test]
    fn urls_of_caches_are_taken_apart() {
        let parts = |text: &str| {
            cache_url(text)
                .map(|u| format!("{:?} {:?} {} {:?}", u.user, u.password, u.host, u.port))
                .unwrap_or_else(str::to_owned)
        };
        assert_eq!(parts("redis://a:b@192.0.2.1:6379/0"), "Some(\"a\") Some(\"b\") 192.0.2.1 Some(6379)");
        assert_eq!(parts("redis://:p@x@[2001:db8::1]:1"), "Some(\"\") Some(\"p@x\") 2001:db8::1 Some(1)");
        assert_eq!(parts("rediss://lb"), "None None lb None");
        assert_eq!(parts("http://lb"), "its scheme is neither redis nor rediss");
        assert_eq!(parts("redis://lb/x"), "behind the port there must be the number of a database, as /0");
        assert_eq!(parts("redis://"), "it names no host");
    }
}
