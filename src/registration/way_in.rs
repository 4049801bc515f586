//! How each host came: the `url` parameter, then Katello's own word, then the address, with the inventory to say who is who.

use super::addresses::{AddressId, Addresses};
use super::correlate::Clues;
use super::session::{Evidence, Group, NameId, Names, Session, WayIn};
use super::unkeyed::Script;
use crate::inventory::topology::{Role, Topology};
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeMap;

/// A way in and what it rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decided {
    /// The group.
    pub group: Group,
    /// Exact with an inventory; inferred where the log alone had to tell.
    pub evidence: Evidence,
}

impl Decided {
    const fn exact(group: Group) -> Self {
        Self { group, evidence: Evidence::Exact }
    }

    const fn inferred(group: Group) -> Self {
        Self { group, evidence: Evidence::Inferred }
    }
}

/// Knows what urls and addresses stand for in this log.
pub struct Ways<'a> {
    topology: Option<&'a Topology>,
    urls: HashMap<NameId, Decided>,
    /// Straight hosts' own addresses: a GET /register without `url` came from there.
    straight: HashSet<AddressId>,
    /// Addresses that stand for one group: capsules and load balancers.
    proxies: HashMap<AddressId, (Decided, NameId)>,
    /// Hosts that came through a capsule show its address on /rhsm: some do, and none its own.
    clients_hidden: bool,
    unknown_urls: Vec<String>,
}

impl<'a> Ways<'a> {
    /// Learns what every `url` and address of the log stands for.
    pub fn learn(
        topology: Option<&'a Topology>,
        clues: &[Clues],
        scripts: &[Script],
        names: &mut Names,
        addresses: &Addresses,
    ) -> Self {
        let mut ways = Self {
            topology,
            urls: HashMap::new(),
            straight: HashSet::new(),
            proxies: HashMap::new(),
            clients_hidden: false,
            unknown_urls: Vec::new(),
        };
        ways.learn_urls(clues, scripts, names);
        // decide() looks names up only: every capsule's must be there
        for capsule in topology.iter().flat_map(|t| &t.capsules) {
            names.intern(&capsule.name);
        }
        let hosts: Vec<String> =
            ways.urls.keys().filter_map(|url| names.get(*url)).map(|url| host_of(url).to_owned()).collect();
        for host in hosts {
            names.intern(&host);
        }
        ways.straight = scripts.iter().filter(|s| s.url == NameId::NONE).map(|s| s.address).collect();
        match topology {
            Some(topology) => ways.learn_addresses(topology, names, addresses),
            None => ways.guess_addresses(clues, addresses, names),
        }
        let through = |c: &&Clues| c.registered && c.url != NameId::NONE;
        ways.clients_hidden = clues.iter().any(|c| ways.is_proxy(c.address))
            && clues.iter().filter(through).all(|c| ways.is_proxy(c.address));
        ways
    }

    fn learn_urls(&mut self, clues: &[Clues], scripts: &[Script], names: &Names) {
        // url -> (sources of /register, fetches with remote execution by MQTT, fetches, named as load balancer)
        let mut seen: BTreeMap<NameId, (HashSet<AddressId>, u64, u64, bool)> = BTreeMap::new();
        for script in scripts.iter().filter(|s| s.url != NameId::NONE) {
            let url = seen.entry(script.url).or_default();
            url.0.insert(script.address);
            url.1 += u64::from(script.pull);
            url.2 += 1;
        }
        let balancers: HashSet<&str> =
            clues.iter().filter(|c| c.balanced).filter_map(|c| names.get(c.through)).collect();
        for clue in clues.iter().filter(|c| c.registered && c.url != NameId::NONE) {
            let url = seen.entry(clue.url).or_default();
            url.0.insert(clue.register_address);
            url.3 |= names.get(clue.url).is_some_and(|url| balancers.contains(host_of(url)));
        }
        for (id, (sources, pulls, fetches, named)) in seen {
            let Some(url) = names.get(id) else { continue };
            let decided = match self.topology.map(|t| t.by_host(host_of(url))) {
                Some(Some(role)) => Decided::exact(group_of(role)),
                Some(None) => {
                    self.unknown_urls.push(url.to_owned());
                    Decided::default()
                }
                None if named => Decided::exact(Group::LbSsh),
                None if sources.len() > 1 => Decided::inferred(Group::LbSsh),
                None if pulls * 2 > fetches => Decided::inferred(Group::CapsuleMqtt),
                None => Decided::inferred(Group::CapsuleSsh),
            };
            self.urls.insert(id, decided);
        }
        self.unknown_urls.sort();
    }

    fn learn_addresses(&mut self, topology: &Topology, names: &mut Names, addresses: &Addresses) {
        for id in (0..addresses.len() as u32).map(AddressId) {
            let Some(ip) = addresses.get(id).and_then(|s| s.address.ip()) else { continue };
            match topology.by_address(ip) {
                Some(role @ Role::Capsule(capsule)) => {
                    self.proxies.insert(id, (Decided::exact(group_of(role)), names.intern(&capsule.name)));
                }
                Some(role @ Role::LoadBalancer(_)) => {
                    self.proxies.insert(id, (Decided::exact(group_of(role)), NameId::NONE));
                }
                _ => {}
            }
        }
    }

    // no inventory: an address that a POST /register with `url` came from is a capsule's
    fn guess_addresses(&mut self, clues: &[Clues], addresses: &Addresses, names: &mut Names) {
        let mut of: BTreeMap<AddressId, BTreeMap<NameId, u64>> = BTreeMap::new();
        for clue in clues.iter().filter(|c| c.registered && c.url != NameId::NONE) {
            *of.entry(clue.register_address).or_default().entry(clue.url).or_default() += 1;
        }
        for (address, urls) in of {
            let (Some((url, _)), 1) = (urls.first_key_value(), urls.len()) else { continue };
            let group = self.urls.get(url).copied().unwrap_or_default().group;
            let name = match group {
                Group::LbSsh => addresses.get(address).map(|s| s.address.to_string()),
                _ => names.get(*url).map(|url| host_of(url).to_owned()),
            };
            let name = name.map_or(NameId::NONE, |name| names.intern(&name));
            self.proxies.insert(address, (Decided::inferred(group), name));
        }
    }

    /// The group of a `url`; none is a host that came straight.
    pub fn of_url(&self, url: NameId) -> Decided {
        if url == NameId::NONE {
            return Decided::exact(Group::SatelliteSsh);
        }
        self.urls.get(&url).copied().unwrap_or_default()
    }

    /// Whether an address is a capsule's or a load balancer's.
    pub fn is_proxy(&self, address: AddressId) -> bool {
        self.proxies.contains_key(&address)
    }

    /// Decides a session's group and capsule.
    pub fn decide(&self, session: &mut Session, clues: &Clues, names: &Names) {
        let (decided, way) = self.group(clues, names);
        (session.group, session.group_evidence) = (decided.group, decided.evidence);
        session.way_in = (decided.group != Group::Unknown).then_some(way).flatten();
        if decided.group == Group::SatelliteSsh {
            return;
        }
        // POST /register comes from the capsule itself, whatever /rhsm shows
        let known = [clues.register_address, clues.address]
            .iter()
            .find_map(|a| self.proxies.get(a))
            .map(|(_, name)| *name);
        session.capsule = match known {
            Some(name) if name != NameId::NONE => name,
            _ => self.standalone(clues, decided.group, names),
        };
    }

    // a standalone capsule's url names it
    fn standalone(&self, clues: &Clues, group: Group, names: &Names) -> NameId {
        let named = names.get(clues.url).map(host_of);
        match (self.topology, named) {
            (Some(topology), Some(host)) => match topology.by_host(host) {
                Some(Role::Capsule(capsule)) => names.find(&capsule.name),
                _ => NameId::NONE,
            },
            (None, Some(host)) if group != Group::LbSsh => names.find(host),
            _ => NameId::NONE,
        }
    }

    fn group(&self, clues: &Clues, names: &Names) -> (Decided, Option<WayIn>) {
        if clues.registered {
            let decided = self.of_url(clues.url);
            if decided.group != Group::Unknown {
                return (decided, Some(WayIn::Url));
            }
        }
        if let Some(through) = names.get(clues.through) {
            let role = self.topology.and_then(|t| t.by_host(through));
            if let Some(role) = role {
                return (Decided::exact(group_of(role)), Some(WayIn::KatelloLine));
            }
            if clues.balanced {
                return (Decided::exact(Group::LbSsh), Some(WayIn::KatelloLine));
            }
        }
        if let Some((decided, _)) = self.proxies.get(&clues.address) {
            return (*decided, Some(WayIn::Address));
        }
        let by_url = clues.registered && clues.url != NameId::NONE;
        if !by_url && self.straight.contains(&clues.address) {
            return (Decided::exact(Group::SatelliteSsh), Some(WayIn::Address));
        }
        // it came through what the inventory lacks, or may have
        if by_url || clues.through != NameId::NONE || !self.unknown_urls.is_empty() {
            return (Decided::default(), None);
        }
        // what is no capsule's address is a client's own: that tells the way only where capsules' hosts do not show theirs
        match self.topology {
            Some(topology) if topology.capsules.is_empty() && topology.load_balancers.is_empty() => {
                (Decided::exact(Group::SatelliteSsh), Some(WayIn::Inventory))
            }
            Some(_) if self.clients_hidden && clues.address != AddressId::NONE => {
                (Decided::inferred(Group::SatelliteSsh), Some(WayIn::Inventory))
            }
            _ => (Decided::default(), None),
        }
    }

    /// Words that a reader must see.
    pub fn notes(&self, sessions: &[Session]) -> Vec<String> {
        let mut notes = Vec::new();
        if self.topology.is_none() && sessions.iter().any(|s| s.group_evidence != Evidence::Exact) {
            notes.push(
                "no inventory: ways in are told as far as the log tells. With -i INVENTORY a load balancer is told from a \
                 capsule, ssh from mqtt, and capsules have their names."
                    .to_owned(),
            );
        }
        if !self.unknown_urls.is_empty() {
            let few: Vec<&str> = self.unknown_urls.iter().take(3).map(String::as_str).collect();
            let more = self.unknown_urls.len().saturating_sub(few.len());
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            notes.push(format!(
                "the log names registration URLs of hosts that the inventory lacks: {}{more}. Add them as capsules or load balancers.",
                few.join(", ")
            ));
        }
        notes
    }
}

fn group_of(role: Role<'_>) -> Group {
    match role {
        Role::Satellite(_) => Group::SatelliteSsh,
        Role::Capsule(capsule) => capsule.group(),
        Role::LoadBalancer(_) => Group::LbSsh,
    }
}

/// `capsule1.example.com:9090` without the port, `[fd00::1]:9090` without brackets.
pub fn host_of(url: &str) -> &str {
    if let Some(rest) = url.strip_prefix('[') {
        return rest.split(']').next().unwrap_or(rest);
    }
    match url.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_url_has_no_port() {
        for (url, host) in [
            ("c1.example.com:9090", "c1.example.com"),
            ("c1", "c1"),
            ("[fd00::1]:9090", "fd00::1"),
            ("fd00::1", "fd00::1"),
        ] {
            assert_eq!(host_of(url), host);
        }
    }
}
