//! The inventory's groups and variables in, Satellites, capsules and load balancers out.
//!
//! Groups `satellite6`, `capsules`, `capsule_lbs`, `location_<lower case>`; host variables `private_ip`,
//! `public_ip`, `private_ip6`, `public_ip6`, `location`, `rex_mode`. A key that two hosts share decides nothing.

use super::InventoryError;
use super::ini::Ini;
use crate::registration::session::Group;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::path::Path;

/// Variables that hold an address.
const ADDRESS_VARS: [&str; 7] =
    ["private_ip", "public_ip", "private_ip6", "public_ip6", "ansible_host", "ansible_ssh_host", "ip"];
/// Variables that hold another name of the host.
const NAME_VARS: [&str; 8] = [
    "ansible_host",
    "ansible_ssh_host",
    "private_hostname",
    "public_hostname",
    "private_name",
    "public_name",
    "private_fqdn",
    "public_fqdn",
];

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
    /// Reads an inventory file; nothing is contacted.
    ///
    /// # Errors
    /// The file cannot be read, is no INI inventory, or names no host.
    pub fn load(path: &Path) -> Result<Self, InventoryError> {
        let path_buf = || path.to_owned();
        let read = |source| InventoryError::Read { path: path_buf(), source };
        if std::fs::metadata(path).map_err(read)?.is_dir() {
            return Err(InventoryError::Folder { path: path_buf() });
        }
        let bytes = std::fs::read(path).map_err(read)?;
        if let Some(at) = bytes.iter().position(|b| *b == 0) {
            let line = bytes.iter().take(at).filter(|b| **b == b'\n').count() + 1;
            return Err(InventoryError::NotText { path: path_buf(), line });
        }
        let text = String::from_utf8_lossy(&bytes);
        refuse_other_forms(&text, path)?;
        let ini = Ini::parse(&text).map_err(|e| InventoryError::Line {
            path: path_buf(),
            line: e.line,
            problem: e.problem,
        })?;
        if ini.hosts().next().is_none() {
            return Err(InventoryError::Empty { path: path_buf() });
        }
        Ok(Self::from_ini(&ini))
    }

    /// The topology that an inventory describes.
    pub fn from_ini(ini: &Ini) -> Self {
        let mut warnings = Warnings::default();
        let mut hosts = |group: &str| -> Vec<Known> {
            ini.hosts_in(group).into_iter().map(|name| Known::of(ini, name, &mut warnings)).collect()
        };
        let (satellites, capsules, balancers) =
            (hosts("satellite6"), hosts("capsules"), hosts("capsule_lbs"));
        if satellites.is_empty() {
            warnings.tell(
                "the inventory has no host in [satellite6]: addresses of the Satellite itself are not known"
                    .into(),
            );
        }
        let by_location = balancers_by_location(&balancers, &mut warnings);
        if !balancers.is_empty() {
            warn_of_no_location(&capsules, &mut warnings);
        }
        let capsules: Vec<Capsule> =
            capsules.into_iter().map(|k| k.into_capsule(&by_location, &mut warnings)).collect();
        let load_balancers =
            balancers.into_iter().map(|k| k.into_balancer(&capsules, &mut warnings)).collect();
        let satellites = satellites.into_iter().map(|k| k.host).collect();
        Self::new(satellites, capsules, load_balancers, warnings.list)
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

/// A host of the inventory before its role is settled.
struct Known {
    host: Host,
    location: Option<String>,
    rex_mode: Option<String>,
}

impl Known {
    fn of(ini: &Ini, name: &str, warnings: &mut Warnings) -> Self {
        let vars = ini.vars_of(name);
        let mut host = Host { name: name.to_owned(), ..Host::default() };
        host.addresses.extend(name.parse::<IpAddr>().ok().map(|ip| ip.to_canonical()));
        for key in ADDRESS_VARS.into_iter().chain(NAME_VARS) {
            let Some(value) = vars.get(key).map(|v| v.trim()).filter(|v| !v.is_empty()) else { continue };
            if value.contains("{{") {
                warnings.tell(format!("{name}: {key} is a template, which is not resolved here"));
            } else if let Ok(ip) = value.split('/').next().unwrap_or(value).parse::<IpAddr>() {
                let ip = ip.to_canonical();
                if !host.addresses.contains(&ip) {
                    host.addresses.push(ip);
                }
            } else if NAME_VARS.contains(&key) {
                if value != name && !host.aliases.iter().any(|a| a == value) {
                    host.aliases.push(value.to_owned());
                }
            } else {
                warnings.tell(format!("{name}: {key} is no address, so it is not used: {value:?}"));
            }
        }
        let location = location_of(ini, name, vars.get("location").copied(), warnings);
        Self { host, location, rex_mode: vars.get("rex_mode").map(|v| v.trim().to_ascii_lowercase()) }
    }

    fn into_capsule(self, balancers: &BTreeMap<String, String>, warnings: &mut Warnings) -> Capsule {
        let Host { name, aliases, addresses } = self.host;
        let rex_mode = match self.rex_mode.as_deref() {
            Some("mqtt") => RexMode::Mqtt,
            None | Some("ssh") => RexMode::Ssh,
            Some(other) => {
                warnings.tell(format!("{name}: rex_mode {other:?} is neither ssh nor mqtt: taken as ssh"));
                RexMode::Ssh
            }
        };
        let load_balancer = self.location.as_ref().and_then(|l| balancers.get(l)).cloned();
        if load_balancer.is_some() && rex_mode == RexMode::Mqtt {
            warnings.tell(format!(
                "{name} has rex_mode mqtt in a load-balanced pool, which is not supported: counted as lb-ssh"
            ));
        }
        Capsule { name, aliases, addresses, location: self.location, rex_mode, load_balancer }
    }

    fn into_balancer(self, capsules: &[Capsule], warnings: &mut Warnings) -> LoadBalancer {
        let Host { name, aliases, addresses } = self.host;
        let in_pool = |c: &&Capsule| self.location.is_some() && c.location == self.location;
        let pool: Vec<String> = capsules.iter().filter(in_pool).map(|c| c.name.clone()).collect();
        if pool.is_empty() {
            let place = self.location.as_deref().unwrap_or("no location");
            warnings.tell(format!("load balancer {name} ({place}) has no capsule in its location"));
        }
        LoadBalancer { name, aliases, addresses, location: self.location, pool }
    }
}

/// Without load balancers every capsule is standalone wherever it is, so this is told beside one only.
fn warn_of_no_location(capsules: &[Known], warnings: &mut Warnings) {
    let mut names: Vec<&str> =
        capsules.iter().filter(|c| c.location.is_none()).map(|c| c.host.name.as_str()).collect();
    let (count, verb) = (names.len(), if names.len() == 1 { "is" } else { "are" });
    names.truncate(3);
    if count > 3 {
        names.push("...");
    }
    if count > 0 {
        warnings.tell(format!(
            "{} {verb} in no location ({count} of {} capsules), so counted as standalone: set location, or add to [location_...]",
            names.join(", "), capsules.len()
        ));
    }
}

/// The first load balancer of each location.
fn balancers_by_location(balancers: &[Known], warnings: &mut Warnings) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for known in balancers {
        let Some(location) = &known.location else { continue };
        let first = found.entry(location.clone()).or_insert_with(|| known.host.name.clone());
        if *first != known.host.name {
            let second = &known.host.name;
            warnings.tell(format!(
                "location {location} has two load balancers, {first} and {second}: its capsules go to {first}"
            ));
        }
    }
    found
}

/// The variable wins over the group; names of groups are lower case, so the answer is too.
fn location_of(ini: &Ini, name: &str, var: Option<&str>, warnings: &mut Warnings) -> Option<String> {
    let var = var.map(|v| v.trim().to_ascii_lowercase()).filter(|v| !v.is_empty() && !v.contains("{{"));
    let groups = ini.groups_of(name);
    let mut from_groups = groups
        .iter()
        .filter_map(|g| g.strip_prefix("location_"))
        .filter(|l| !l.is_empty())
        .map(str::to_owned);
    let group = from_groups.next();
    if let Some(second) = from_groups.next() {
        let first = group.as_deref().unwrap_or_default();
        warnings.tell(format!("{name} is in location_{first} and location_{second}"));
    }
    match (var, group) {
        (Some(var), Some(group)) if var.replace([' ', '-'], "_") == group.replace('-', "_") => Some(group),
        (Some(var), Some(group)) => {
            warnings
                .tell(format!("{name}: its location is {var}, its group is location_{group}: {var} counts"));
            Some(var)
        }
        (var, group) => var.map(|v| v.replace(' ', "_")).or(group),
    }
}

/// Warnings in the order in which they came up, each once: a host may stand in several groups.
#[derive(Default)]
struct Warnings {
    list: Vec<String>,
    seen: HashSet<String>,
}

impl Warnings {
    fn tell(&mut self, text: String) {
        if self.seen.insert(text.clone()) {
            self.list.push(text);
        }
    }
}

fn refuse_other_forms(text: &str, path: &Path) -> Result<(), InventoryError> {
    if text.starts_with("#!") {
        return Err(InventoryError::Foreign { path: path.to_owned(), what: "a program" });
    }
    let significant = text.lines().enumerate().find_map(|(i, line)| {
        let line = line.trim_start_matches('\u{feff}').trim_end();
        (!line.trim().is_empty() && !line.trim_start().starts_with(['#', ';'])).then_some((i + 1, line))
    });
    match significant {
        Some((line, first)) if first == "---" || first.starts_with("--- ") || is_yaml_key(first) => {
            Err(InventoryError::Yaml { path: path.to_owned(), line })
        }
        Some((_, first)) if first.trim_start().starts_with('{') => {
            Err(InventoryError::Foreign { path: path.to_owned(), what: "JSON" })
        }
        _ => Ok(()),
    }
}

/// `all:`, `capsules:  # comment`; an INI host never ends in a colon.
fn is_yaml_key(line: &str) -> bool {
    let line = line.split(" #").next().unwrap_or(line).trim_end();
    line.strip_suffix(':')
        .is_some_and(|key| !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
}

#[cfg(test)]
#[path = "topology_tests.rs"]
mod tests;
