//! Source addresses of requests, as 16 bytes that compare and hash quickly.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// An IPv6 address, an IPv4 address mapped into IPv6, or a mark for a text that is no address (hidden by the log's owner).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address(pub u128);

// 240.0.0.0/4 mapped into the reserved ff00-multicast range: no host has such a source address
const HIDDEN: u128 = 0xffff << 112;

impl Address {
    /// No address is known.
    pub const NONE: Self = Self(0);

    /// Reads `10.10.1.11`, `fd00::1`, `::ffff:10.10.1.11`; any other text becomes a mark of its own.
    pub fn parse(text: &[u8]) -> Self {
        if let Some(v4) = parse_v4(text) {
            return Self(0xffff_0000_0000 | u128::from(v4));
        }
        let parsed = std::str::from_utf8(text).ok().and_then(|t| t.parse::<Ipv6Addr>().ok());
        match parsed {
            Some(v6) => Self(u128::from(v6)),
            None if text.is_empty() => Self::NONE,
            None => Self(HIDDEN | u128::from(super::text::tag(text))),
        }
    }

    /// The address of a known host.
    pub fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(v4) => Self(u128::from(v4.to_ipv6_mapped())),
            IpAddr::V6(v6) => Self(u128::from(v6)),
        }
    }

    /// As an IP address; none where the text was no address.
    pub fn ip(self) -> Option<IpAddr> {
        (self != Self::NONE && self.0 & HIDDEN != HIDDEN)
            .then(|| IpAddr::V6(Ipv6Addr::from(self.0)).to_canonical())
    }
}

fn parse_v4(text: &[u8]) -> Option<u32> {
    if text.len() > 15 || text.len() < 7 {
        return None;
    }
    let (mut address, mut part, mut digits, mut dots) = (0u32, 0u32, 0, 0);
    // 15 digits at most: the wrapped value of more than three is not looked at
    let fits = |part: u32, digits: i32| part <= 255 && (1..=3).contains(&digits);
    for &b in text {
        let digit = b.wrapping_sub(b'0');
        if digit < 10 {
            part = part.wrapping_mul(10).wrapping_add(u32::from(digit));
            digits += 1;
        } else if b == b'.' && fits(part, digits) {
            address = address << 8 | part;
            (part, digits) = (0, 0);
            dots += 1;
        } else {
            return None;
        }
    }
    (dots == 3 && fits(part, digits)).then_some(address << 8 | part)
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ip() {
            Some(ip) => write!(f, "{ip}"),
            None => f.write_str("address not readable"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapped_and_plain_ipv4_are_the_same() {
        assert_eq!(Address::parse(b"10.10.1.11"), Address::parse(b"::ffff:10.10.1.11"));
        assert_eq!(Address::parse(b"10.10.1.11").to_string(), "10.10.1.11");
        assert_eq!(Address::parse(b"fd00::1").to_string(), "fd00::1");
        assert_eq!(Address::of("10.10.1.11".parse().unwrap()), Address::parse(b"10.10.1.11"));
    }

    #[test]
    fn a_hidden_address_is_none_but_equal_to_itself() {
        let hidden = Address::parse(b"xx.xx.xx.xx");
        assert_eq!(hidden.ip(), None);
        assert_eq!(hidden, Address::parse(b"xx.xx.xx.xx"));
        assert_ne!(hidden, Address::parse(b"xx.xx.xx.xy"));
        for odd in ["1.2.3", "1.2.3.4.5", "300.1.1.1", "1..2.3", "1.2.3.", "0001.1.1.1"] {
            assert_eq!(Address::parse(odd.as_bytes()).ip(), None, "{odd}");
        }
    }
}
