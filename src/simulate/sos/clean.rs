//! What `sos report --clean` makes of the reports of a collection: texts in, the same with other names and addresses
//! out. One map holds for all of them, so that what was one host in two reports still is.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const DOMAIN: &str = ".example.com";
const HIDDEN_DOMAIN: &str = ".obfuscateddomain1.com";
/// Behind these addresses come the hidden ones: 100.0.0.0 and 534f::.
const FIRST_V4: u32 = 100 << 24;
const FIRST_V6: u128 = 0x534f << 112;

/// Names and addresses, and what stands for each.
#[derive(Debug, Default)]
pub struct Map {
    names: HashMap<String, String>,
    /// First labels of the hosts of the reports: they stand alone too.
    short: HashMap<String, String>,
    addresses: HashMap<IpAddr, IpAddr>,
}

impl Map {
    /// A map of the hosts of these reports, which are host0, host1 ... from now on.
    pub fn of<'a>(hosts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut map = Self::default();
        let first = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        for host in hosts {
            let hidden = map.name(host);
            map.short.insert(first(host), first(&hidden));
        }
        map
    }

    /// The same text of hidden hosts.
    pub fn clean(&mut self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() + text.len() / 8);
        let mut rest = text;
        while !rest.is_empty() {
            let gap = rest.iter().position(|b| in_word(*b)).unwrap_or(rest.len());
            // `%2Fcapsule1.example.com`: the digits are no part of the name
            let digits = if rest[..gap].ends_with(b"%") { 2 } else { 0 };
            let (before, behind) = rest.split_at((gap + digits).min(rest.len()));
            let length = behind.iter().position(|b| !in_word(*b)).unwrap_or(behind.len());
            let (word, behind) = behind.split_at(length);
            out.extend_from_slice(before);
            self.word(&String::from_utf8_lossy(word), &mut out);
            rest = behind;
        }
        out
    }

    // an address, a name, or either with a port
    fn word(&mut self, word: &str, out: &mut Vec<u8>) {
        if let Ok(address) = word.parse() {
            return out.extend_from_slice(self.address(address).to_string().as_bytes());
        }
        for (number, part) in word.split(':').enumerate() {
            if number > 0 {
                out.push(b':');
            }
            let hidden = if part.ends_with(DOMAIN) {
                Some(self.name(part))
            } else if let Ok(address) = part.parse() {
                Some(self.address(address).to_string())
            } else {
                self.short.get(part).cloned()
            };
            out.extend_from_slice(hidden.as_deref().unwrap_or(part).as_bytes());
        }
    }

    fn name(&mut self, name: &str) -> String {
        let number = self.names.len();
        let hidden = self.names.entry(name.to_owned());
        hidden.or_insert_with(|| format!("host{number}{HIDDEN_DOMAIN}")).clone()
    }

    fn address(&mut self, address: IpAddr) -> IpAddr {
        if address.is_loopback() || address.is_unspecified() {
            return address;
        }
        let number = self.addresses.len() as u32 + 1;
        *self.addresses.entry(address).or_insert_with(|| match address {
            IpAddr::V4(_) => Ipv4Addr::from(FIRST_V4 + number).into(),
            IpAddr::V6(_) => Ipv6Addr::from(FIRST_V6 + u128::from(number)).into(),
        })
    }
}

const fn in_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_others_and_the_same_ones_everywhere() {
        let mut map = Map::of(["sat.example.com", "capsule1.example.com"]);
        for (text, clean) in [
            ("sat sat.example.com\n", "host0 host0.obfuscateddomain1.com\n"),
            (
                "url=https%3A%2F%2Fcapsule1.example.com%3A9090\" for 10.1.1.1 at 2026-04-04 12:00:01 +0200",
                "url=https%3A%2F%2Fhost1.obfuscateddomain1.com%3A9090\" for 100.0.0.1 at 2026-04-04 12:00:01 +0200",
            ),
            (
                "https://capsule1.example.com:9090 10.1.1.1:9090 127.0.0.1 2001:db8:1::1:a",
                "https://host1.obfuscateddomain1.com:9090 100.0.0.1:9090 127.0.0.1 534f::2",
            ),
            ("Host::Managed 12:00:01 rails-7.0.8.7 100%", "Host::Managed 12:00:01 rails-7.0.8.7 100%"),
            ("'host000017.example.com' satin", "'host2.obfuscateddomain1.com' satin"),
        ] {
            assert_eq!(String::from_utf8(map.clean(text.as_bytes())).unwrap(), clean);
        }
    }
}
