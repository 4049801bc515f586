//! Who is in the storm: Satellite, capsules, load balancer; and the inventory that says so.

use crate::registration::session::Group;
use std::fmt::Write;

/// A capsule of the storm.
#[derive(Clone, Debug)]
pub struct Capsule {
    /// Name in the inventory.
    pub name: String,
    /// The address that the Satellite sees.
    pub private_ip: String,
    /// Another address, in the inventory only.
    pub public_ip: String,
    /// Name of its location.
    pub location: &'static str,
    /// How hosts that come through it are counted.
    pub group: Group,
    /// Its clock is ahead of the Satellite's by so many microseconds.
    pub skew: i64,
}

/// The load balancer's name.
pub const LOAD_BALANCER: &str = "lb1.example.com";
/// The Satellite's name.
pub const SATELLITE: &str = "sat.example.com";
/// The Satellite's own address.
pub const SATELLITE_IP: &str = "10.1.0.10";

const LOAD_BALANCER_IP: &str = "10.1.0.20";
const LOCATIONS: [&str; 3] = ["Prague", "Brno", "Boston"];

/// Two standalone capsules, one with pull transport, and a pool of so many behind the load balancer.
pub fn capsules(pool: u16) -> Vec<Capsule> {
    (0..3 + u32::from(pool))
        .map(|i| {
            let (group, location) = match i {
                0 | 1 => (Group::CapsuleSsh, LOCATIONS[0]),
                2 => (Group::CapsuleMqtt, LOCATIONS[1]),
                _ => (Group::LbSsh, LOCATIONS[2]),
            };
            // 10.1.1.1 on: apart from the Satellite (10.1.0.x) and from clients (10.16.0.0 and up)
            let (high, low) = (i / 250 % 250, i % 250 + 1);
            Capsule {
                name: format!("capsule{}.example.com", i + 1),
                private_ip: format!("10.{}.{}.{low}", 1 + i / 62_500, 1 + high),
                public_ip: format!("198.{}.{}.{low}", 18 + i / 62_500, 1 + high),
                location,
                group,
                skew: 0,
            }
        })
        .collect()
}

/// The inventory in Ansible's INI form.
pub fn inventory(capsules: &[Capsule]) -> String {
    let mut text =
        format!("[satellite6]\n{SATELLITE} private_ip={SATELLITE_IP} public_ip=198.18.0.10\n\n[capsules]\n");
    for capsule in capsules {
        let mode = if capsule.group == Group::CapsuleMqtt { "mqtt" } else { "ssh" };
        let _ = writeln!(
            text,
            "{} private_ip={} public_ip={} location={} rex_mode={mode}",
            capsule.name, capsule.private_ip, capsule.public_ip, capsule.location
        );
    }
    let balanced = capsules.iter().any(|c| c.group == Group::LbSsh);
    text.push_str("\n[capsule_lbs]\n");
    if balanced {
        let _ = writeln!(
            text,
            "{LOAD_BALANCER} private_ip={LOAD_BALANCER_IP} public_ip=198.18.0.20 location={}",
            LOCATIONS[2]
        );
    }
    for location in LOCATIONS {
        let members: Vec<_> = capsules.iter().filter(|c| c.location == location).collect();
        if members.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n[location_{}]", location.to_lowercase());
        for capsule in members {
            let _ = writeln!(text, "{}", capsule.name);
        }
        if location == LOCATIONS[2] {
            let _ = writeln!(text, "{LOAD_BALANCER}");
        }
    }
    text.push_str("\n[all:vars]\nansible_user=root\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capsule_of_a_large_pool_has_its_own_address() {
        let capsules = capsules(u16::MAX);
        let mut addresses: Vec<_> = capsules.iter().map(|c| &c.private_ip).collect();
        addresses.sort();
        addresses.dedup();
        assert_eq!(addresses.len(), capsules.len());
        assert!(addresses.iter().all(|a| a.parse::<std::net::Ipv4Addr>().is_ok()));
    }

    #[test]
    fn the_pool_is_the_location_of_the_load_balancer() {
        let text = inventory(&capsules(2));
        assert!(
            text.contains(
                "\n[location_boston]\ncapsule4.example.com\ncapsule5.example.com\nlb1.example.com\n"
            )
        );
        assert!(text.contains(
            "capsule3.example.com private_ip=10.1.1.3 public_ip=198.18.1.3 location=Brno rex_mode=mqtt"
        ));
    }
}
