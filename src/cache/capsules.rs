//! Connections of a cache in, capsules of its pool out: who is connected, by address and name, and who is not.
//!
//! Counts capsules, not connections: a smart-proxy keeps several. Connections that only watch are left out.

use super::text::Client;
use crate::inventory::{Role, Topology};
use std::collections::BTreeSet;

/// The user that the role makes for watching.
pub const MONITOR: &str = "registration_cache_monitor";

/// Other addresses that are named; the rest is counted.
const NAMED: usize = 5;

/// Who of a pool is connected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capsules {
    /// Capsules of the pool with a connection, sorted.
    pub connected: Vec<String>,
    /// Capsules of the pool without one, sorted.
    pub missing: Vec<String>,
    /// Connections of the pool's capsules.
    pub connections: u64,
    /// Connections of anybody else.
    pub other_connections: u64,
    /// Where these come from, the first few.
    pub others: Vec<String>,
}

impl Capsules {
    /// Sorts connections by whose they are. The address tells; where it names no capsule of the pool (a router
    /// between them), the name that the connection gave itself does.
    pub fn of(clients: &[Client], watcher: Option<&str>, pool: &[String], topology: &Topology) -> Self {
        let mut found = Self::default();
        let mut connected = BTreeSet::new();
        for client in clients.iter().filter(|client| !watches(client, watcher)) {
            if let Some(capsule) = capsule_of(client, pool, topology) {
                found.connections += 1;
                connected.insert(capsule);
                continue;
            }
            found.other_connections += 1;
            let from = client.address.map_or_else(|| "a socket file".to_owned(), |ip| ip.to_string());
            if found.others.len() < NAMED && !found.others.contains(&from) {
                found.others.push(from);
            }
        }
        let mut pool: Vec<&String> = pool.iter().collect();
        pool.sort();
        for capsule in pool {
            let list =
                if connected.contains(capsule.as_str()) { &mut found.connected } else { &mut found.missing };
            list.push(capsule.clone());
        }
        found
    }
}

/// Ours, and whoever else logs in only to watch.
fn watches(client: &Client, watcher: Option<&str>) -> bool {
    let user = client.user.as_deref();
    let monitor = user == Some(MONITOR) || (user == watcher && user != Some("default") && user.is_some());
    monitor || matches!(client.command.as_str(), "client|list" | "client")
}

fn capsule_of<'a>(client: &Client, pool: &'a [String], topology: &Topology) -> Option<&'a str> {
    let of_pool = |role: Option<Role<'_>>| match role {
        Some(Role::Capsule(capsule)) => pool.iter().find(|name| **name == capsule.name).map(String::as_str),
        _ => None,
    };
    let by_address = client.address.and_then(|ip| of_pool(topology.by_address(ip)));
    // `smart-proxy@cap1.example.com` is the capsule's as well
    let name = client.name.rsplit('@').next().unwrap_or_default();
    by_address.or_else(|| if name.is_empty() { None } else { of_pool(topology.by_host(name)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::text::parse_client_list;
    use crate::inventory::Inventory;

    fn topology() -> Topology {
        let text = "[capsules]\ncap1.example.com private_ip=10.0.0.1\ncap2.example.com private_ip=10.0.0.2\n\
                    cap3.example.com private_ip=10.0.0.3\ncap9.example.com private_ip=10.0.0.9\n\
                    [capsule_lbs]\nlb.example.com private_ip=10.0.0.5\n\
                    [location_brno]\ncap1.example.com\ncap2.example.com\ncap3.example.com\nlb.example.com\n";
        Topology::of(&Inventory::parse(text, std::path::Path::new("hosts.ini")).unwrap()).unwrap()
    }

    fn capsules(lines: &str) -> Capsules {
        let topology = topology();
        let pool = topology.load_balancers[0].pool.clone();
        Capsules::of(&parse_client_list(lines), Some(MONITOR), &pool, &topology)
    }

    #[test]
    fn capsules_are_counted_and_not_their_connections() {
        let found = capsules(
            "id=1 addr=10.0.0.1:1000 name= cmd=get user=registration_cache\n\
             id=2 addr=10.0.0.1:1001 name= cmd=setex user=registration_cache\n\
             id=3 addr=172.16.0.1:9 name=smart-proxy@CAP2.example.com cmd=get user=registration_cache\n\
             id=4 addr=10.0.0.9:9 name= cmd=get user=registration_cache\n\
             id=5 addr=192.0.2.7:9 name=cap9 cmd=get user=default\n\
             id=6 addr=192.0.2.7:10 name= cmd=get user=default\n\
             id=7 addr=10.0.0.5:9 name= cmd=client|list user=registration_cache_monitor\n\
             id=8 addr=10.0.0.3:9 name= cmd=info user=registration_cache_monitor\n\
             id=9 addr=/run/redis.sock:0 name= cmd=ping user=default\n",
        );
        assert_eq!(found.connected, ["cap1.example.com", "cap2.example.com"]);
        assert_eq!(found.missing, ["cap3.example.com"]);
        assert_eq!((found.connections, found.other_connections), (3, 4));
        assert_eq!(found.others, ["10.0.0.9", "192.0.2.7", "a socket file"]);
    }

    #[test]
    fn the_address_wins_over_the_name() {
        let found =
            capsules("id=1 addr=10.0.0.1:1000 name=cap2.example.com cmd=get user=registration_cache\n");
        assert_eq!(found.connected, ["cap1.example.com"]);
    }

    #[test]
    fn capsules_of_an_open_cache_are_seen_though_we_are_the_same_user() {
        let topology = topology();
        let list = "id=1 addr=10.0.0.1:1 name= cmd=get user=default\nid=2 addr=10.0.0.5:2 name= cmd=client user=default\n";
        let pool = &topology.load_balancers[0].pool;
        let found = Capsules::of(&parse_client_list(list), Some("default"), pool, &topology);
        assert_eq!((found.connected.len(), found.connections, found.other_connections), (1, 1, 0));
    }
}
