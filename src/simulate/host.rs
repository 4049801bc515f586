//! A host: its name, addresses, UUIDs and the way it comes in.

use super::random::Random;
use super::text::{push_hex, push_number, push_padded};
use super::topology::Capsule;
use crate::cli::Addresses;
use crate::registration::session::Group;

/// Releases of the clients, as contentTags name them.
pub const RELEASES: [&str; 3] = ["8", "9", "10"];

/// How likely a host comes in each way, and has each release.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// In the order of `WAYS`.
    pub ways: [f64; 4],
    /// In the order of `RELEASES`.
    pub releases: [f64; 3],
}

/// A host of the storm, or one that was registered long before.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// Its number among its like.
    pub number: u64,
    /// Registered before the storm.
    pub old: bool,
    /// How it comes in.
    pub group: Group,
    /// Through which capsule, as an index.
    pub capsule: Option<u16>,
    /// Index in `RELEASES`.
    pub release: u8,
    /// The consumer; 0 while there is none.
    pub uuid: u128,
    /// The consumer that it was before a re-registration; 0 for none.
    pub former: u128,
    /// The attempt that it is at, from 1.
    pub attempt: u16,
}

impl Host {
    /// A host with a way in by the weights of the mix; within a way every capsule is as likely as the other.
    pub fn new(random: &mut Random, number: u64, old: bool, weights: &Weights, capsules: &[Capsule]) -> Self {
        let group = super::plan::WAYS[random.weighted(&weights.ways)];
        let of_group = |c: &&Capsule| c.group == group;
        let count = capsules.iter().filter(of_group).count() as u64;
        let capsule = (count > 0).then(|| {
            let nth = random.below(count) as usize;
            // capsules of a group stand together
            let first = capsules.iter().position(|c| c.group == group).unwrap_or(0);
            (first + nth) as u16
        });
        let release = random.weighted(&weights.releases) as u8;
        Self { number, old, group, capsule, release, uuid: 0, former: 0, attempt: 1 }
    }

    /// EL 10 never asks for /compliance.
    pub const fn polls_compliance(&self) -> bool {
        self.release < 2
    }

    /// `host000017.example.com`
    pub fn push_name(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.old { b"old" } else { b"host" });
        push_padded_number(out, self.number);
        out.extend_from_slice(b".example.com");
    }

    /// `host000017.example.com`
    pub fn name(&self) -> String {
        let mut out = Vec::new();
        self.push_name(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// The address of its own; one host in ten has IPv6.
    fn push_own_address(&self, out: &mut Vec<u8>) {
        let n = self.number;
        if n % 10 == 3 {
            out.extend_from_slice(if self.old { b"2001:db8:2::" } else { b"2001:db8:1::" });
            // from 1 on, so that the address is in its shortest form
            push_hex_short(out, (n >> 16) + 1);
            out.push(b':');
            push_hex_short(out, n & 0xffff);
            return;
        }
        out.extend_from_slice(b"10.");
        push_number(out, (n >> 16) % 112 + if self.old { 128 } else { 16 });
        out.push(b'.');
        push_number(out, n >> 8 & 255);
        out.push(b'.');
        push_number(out, n & 255);
    }

    /// The address that the Satellite logs for a call on /rhsm, or on /register.
    pub fn push_address(&self, out: &mut Vec<u8>, which: Addresses, register: bool, capsules: &[Capsule]) {
        match self.capsule.and_then(|i| capsules.get(usize::from(i))) {
            // smart-proxy adds no X-Forwarded-For, so /register always shows the capsule
            Some(capsule) if register || which == Addresses::Proxied => {
                out.extend_from_slice(capsule.private_ip.as_bytes());
            }
            _ => self.push_own_address(out),
        }
    }
}

fn push_hex_short(out: &mut Vec<u8>, n: u64) {
    push_hex(out, n, 16 - (n | 1).leading_zeros() / 4);
}

fn push_padded_number(out: &mut Vec<u8>, n: u64) {
    if n < 1_000_000 {
        push_padded(out, n, 6);
    } else {
        push_number(out, n);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::topology::capsules;
    use std::collections::HashSet;
    use std::net::IpAddr;

    fn all_by(ways: [f64; 4]) -> Weights {
        Weights { ways, releases: [1.0; 3] }
    }

    fn address(host: &Host, which: Addresses, register: bool) -> String {
        let mut out = Vec::new();
        host.push_address(&mut out, which, register, &capsules(2));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_client_has_an_address_of_its_own() {
        let mut host =
            Host::new(&mut Random::new(1, 0), 0, false, &all_by([1.0, 0.0, 0.0, 0.0]), &capsules(2));
        let mut seen = HashSet::new();
        for number in (0..3000).chain(65_000..70_000).chain(6_990_000..7_000_000) {
            for old in [false, true] {
                (host.number, host.old) = (number, old);
                let text = address(&host, Addresses::Client, true);
                assert_eq!(text.parse::<IpAddr>().unwrap().to_string(), text);
                assert!(seen.insert(text));
            }
        }
    }

    #[test]
    fn register_calls_always_show_the_capsule() {
        let host = Host::new(&mut Random::new(1, 0), 7, false, &all_by([0.0, 0.0, 1.0, 0.0]), &capsules(2));
        assert_eq!(address(&host, Addresses::Client, true), "10.1.1.3");
        assert_eq!(address(&host, Addresses::Proxied, false), "10.1.1.3");
        assert_eq!(address(&host, Addresses::Client, false), "10.16.0.7");
    }
}
