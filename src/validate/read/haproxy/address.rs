//! Where frontends listen and servers are: `*:443`, `:::9090`, `[2001:db8::1]:80`, `unix@/run/x`, `cap1:9090`.

use crate::validate::read::Word;

/// An address and its port as they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Without brackets; empty, `*`, `0.0.0.0` or `::` for all.
    pub host: String,
    /// A port; none where there is none or it cannot be told (`+1`, a variable).
    pub port: Option<u16>,
    /// The last of a range.
    pub last: Option<u16>,
}

impl Endpoint {
    /// Whether all addresses of a host are meant.
    pub fn is_any(&self) -> bool {
        matches!(self.host.as_str(), "" | "*" | "0.0.0.0" | "::")
    }

    /// Whether only the host itself can reach it.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// For words: `192.0.2.1:9090`.
    pub fn shown(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        self.port.map_or(host.clone(), |port| format!("{host}:{port}"))
    }
}

/// Takes an address apart; none for sockets of the file system and descriptors.
pub fn endpoint(text: &str) -> Option<Endpoint> {
    let text = ["ipv4@", "ipv6@", "tcp4@", "tcp6@", "tcp@", "quic4@", "quic6@"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))
        .unwrap_or(text);
    if text.starts_with('/') || text.contains('@') || text.starts_with("$") {
        return None;
    }
    let (host, port) = match text.rsplit_once(':') {
        // an address in brackets without a port
        Some((_, after)) if after.ends_with(']') => (text, ""),
        Some((host, port)) => (host, port),
        None => (text, ""),
    };
    let (first, last) = port.split_once('-').map_or((port, None), |(a, b)| (a, Some(b)));
    Some(Endpoint {
        host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
        port: first.parse().ok().filter(|p| *p > 0),
        last: last.and_then(|l| l.parse().ok()),
    })
}

/// A `bind`: one address of a line, and the line's options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind<'a> {
    /// Where it listens.
    pub endpoint: Endpoint,
    /// The word that says so.
    pub word: &'a Word,
    /// What stands behind it.
    pub options: &'a [Word],
}

impl Bind<'_> {
    /// Whether it takes connections on a port.
    pub fn has_port(&self, port: u16) -> bool {
        let first = self.endpoint.port;
        first == Some(port) || first.zip(self.endpoint.last).is_some_and(|(a, b)| (a..=b).contains(&port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        endpoint(text).map_or("none".to_owned(), |e| format!("{:?} {:?} {:?}", e.host, e.port, e.last))
    }

    #[test]
    fn all_forms_are_taken_apart() {
        assert_eq!(shown("*:443"), "\"*\" Some(443) None");
        assert_eq!(shown(":::9090"), "\"::\" Some(9090) None");
        assert_eq!(shown(":9090"), "\"\" Some(9090) None");
        assert_eq!(shown("[2001:db8::1]:80"), "\"2001:db8::1\" Some(80) None");
        assert_eq!(shown("[::1]"), "\"::1\" None None");
        assert_eq!(shown("ipv4@192.0.2.1:80-90"), "\"192.0.2.1\" Some(80) Some(90)");
        assert_eq!(shown("cap1.example.com"), "\"cap1.example.com\" None None");
        assert_eq!(
            (shown("/run/x"), shown("unix@/run/x"), shown("fd@3")),
            ("none".into(), "none".into(), "none".into())
        );
    }
}
