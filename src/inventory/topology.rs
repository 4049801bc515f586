//! Satellites, capsules and load balancers, and which of them a name or an address stands for.
//!
//! A key that two hosts share decides nothing.

use super::{Inventory, InventoryError, roles};
use crate::registration::session::Group;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::path::Path;

/// A host's names and addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// As the inventory names it.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Every address; IPv4 in its own form.
    pub addresses: Vec<IpAddr>,
}

/// How remote execution reaches a capsule's hosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RexMode {
    /// SSH.
    #[default]
    Ssh,
    /// MQTT (pull).
    Mqtt,
}

/// A capsule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capsule {
    /// As the inventory names it.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Every address; IPv4 in its own form.
    pub addresses: Vec<IpAddr>,
    /// Its location, in lower case.
    pub location: Option<String>,
    /// `rex_mode`; `ssh` where it is not given.
    pub rex_mode: RexMode,
    /// The load balancer of its location.
    pub load_balancer: Option<String>,
}

impl Capsule {
    /// The group of hosts that register through it.
    pub const fn group(&self) -> Group {
        match (&self.load_balancer, self.rex_mode) {
            (Some(_), _) => Group::LbSsh,
            (None, RexMode::Mqtt) => Group::CapsuleMqtt,
            (None, RexMode::Ssh) => Group::CapsuleSsh,
        }
    }
}

/// A load balancer in front of the capsules of its location.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadBalancer {
    /// As the inventory names it.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Every address; IPv4 in its own form.
    pub addresses: Vec<IpAddr>,
    /// Its location, in lower case.
    pub location: Option<String>,
    /// Names of the capsules of its location, sorted.
    pub pool: Vec<String>,
}

/// What a host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role<'a> {
    /// A Satellite.
    Satellite(&'a Host),
    /// A capsule.
    Capsule(&'a Capsule),
    /// A load balancer.
    LoadBalancer(&'a LoadBalancer),
}

impl<'a> Role<'a> {
    /// The name in the inventory.
    pub fn name(self) -> &'a str {
        self.identity().0
    }

    fn identity(self) -> (&'a str, &'a [String], &'a [IpAddr]) {
        match self {
            Role::Satellite(h) => (&h.name, &h.aliases, &h.addresses),
            Role::Capsule(c) => (&c.name, &c.aliases, &c.addresses),
            Role::LoadBalancer(l) => (&l.name, &l.aliases, &l.addresses),
        }
    }
}

/// Who is who.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    /// Hosts of `satellite6`, by name.
    pub satellites: Vec<Host>,
    /// Hosts of `capsules`, by name.
    pub capsules: Vec<Capsule>,
    /// Hosts of `capsule_lbs`, by name.
    pub load_balancers: Vec<LoadBalancer>,
    /// What a reader of the figures must know about the inventory.
    pub warnings: Vec<String>,
    /// Full and short names, lower case; none where two hosts share it.
    names: HashMap<String, Option<Slot>>,
    /// First labels of full names, for lookups by short name.
    short: HashMap<String, Option<Slot>>,
    addresses: HashMap<IpAddr, Option<Slot>>,
}

/// Where a role stands: which list, which place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Satellite(usize),
    Capsule(usize),
    LoadBalancer(usize),
}

impl Topology {
    /// Reads an inventory, a file or a folder; nothing is contacted.
    ///
    /// # Errors
    /// It cannot be read, only Ansible can read it, or it names no host.
    pub fn load(path: &Path) -> Result<Self, InventoryError> {
        Self::of(&Inventory::load(path)?)
    }

    /// The topology that an inventory describes. A variable that cannot be rendered is told in `warnings`.
    ///
    /// # Errors
    /// It names no host.
    pub fn of(inventory: &Inventory) -> Result<Self, InventoryError> {
        if inventory.hosts().len() == 0 {
            return Err(InventoryError::Empty { path: inventory.source().to_owned() });
        }
        Ok(roles::topology(inventory))
    }

    /// From its parts; what two hosts share is told in `warnings`.
    pub fn new(
        satellites: Vec<Host>,
        capsules: Vec<Capsule>,
        load_balancers: Vec<LoadBalancer>,
        warnings: Vec<String>,
    ) -> Self {
        let mut topology = Self { satellites, capsules, load_balancers, warnings, ..Self::default() };
        topology.index();
        topology
    }

    /// The role behind a name (either case, full or short) or an address in text form.
    ///
    /// A short name stands for a full one, on either side, only where one host fits.
    pub fn by_host(&self, name_or_address: &str) -> Option<Role<'_>> {
        let text = name_or_address.trim_start_matches('[').trim_end_matches([']', '.']);
        if let Ok(ip) = text.parse() {
            return self.by_address(ip);
        }
        let name = text.to_ascii_lowercase();
        let slot = match self.names.get(&name) {
            Some(slot) => *slot,
            None => match name.split_once('.') {
                // the inventory has the short name only
                Some((first, _)) => self.names.get(first).copied().flatten(),
                None => self.short.get(&name).copied().flatten(),
            },
        };
        self.role(slot?)
    }

    /// The role behind an address; IPv4 inside IPv6 counts as IPv4.
    pub fn by_address(&self, ip: IpAddr) -> Option<Role<'_>> {
        self.role(self.addresses.get(&ip.to_canonical()).copied().flatten()?)
    }

    fn role(&self, slot: Slot) -> Option<Role<'_>> {
        match slot {
            Slot::Satellite(i) => self.satellites.get(i).map(Role::Satellite),
            Slot::Capsule(i) => self.capsules.get(i).map(Role::Capsule),
            Slot::LoadBalancer(i) => self.load_balancers.get(i).map(Role::LoadBalancer),
        }
    }

    fn index(&mut self) {
        let slots: Vec<Slot> = (0..self.satellites.len())
            .map(Slot::Satellite)
            .chain((0..self.capsules.len()).map(Slot::Capsule))
            .chain((0..self.load_balancers.len()).map(Slot::LoadBalancer))
            .collect();
        let (mut names, mut short, mut addresses) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut shared = BTreeMap::new();
        for slot in slots {
            let Some(role) = self.role(slot) else { continue };
            let (name, aliases, ips) = role.identity();
            for each in [name].into_iter().chain(aliases.iter().map(String::as_str)) {
                let each = each.trim_end_matches('.').to_ascii_lowercase();
                if let Some((first, _)) = each.split_once('.') {
                    self.put(&mut short, first.to_owned(), slot);
                }
                if self.put(&mut names, each.clone(), slot) {
                    shared.insert(each, name.to_owned());
                }
            }
            for ip in ips {
                if self.put(&mut addresses, ip.to_canonical(), slot) {
                    shared.insert(ip.to_string(), name.to_owned());
                }
            }
        }
        self.warnings.extend(shared.into_iter().map(|(key, name)| {
            format!("{key} stands for {name} and for another host of the inventory: it decides nothing")
        }));
        (self.names, self.short, self.addresses) = (names, short, addresses);
    }

    /// Whether `key` now stands for two hosts. One host in two groups is not two hosts: its first role stays.
    fn put<K: std::hash::Hash + Eq>(&self, map: &mut HashMap<K, Option<Slot>>, key: K, slot: Slot) -> bool {
        let name = |slot: Slot| self.role(slot).map(Role::name);
        let entry = map.entry(key).or_insert(Some(slot));
        let clash = entry.is_none_or(|known| name(known) != name(slot));
        if clash {
            *entry = None;
        }
        clash
    }
}

#[cfg(test)]
#[path = "topology_tests.rs"]
mod tests;
