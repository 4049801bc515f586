//! An inventory's groups and variables in, who is Satellite, capsule and load balancer out.
//!
//! Groups `satellite6`, `capsules`, `capsule_lbs`, `location_<lower case>`; host variables `private_ip`,
//! `public_ip`, `private_ip6`, `public_ip6`, `location`, `rex_mode`. What cannot be rendered or makes no sense is
//! told as a warning, and counts as not there.

use super::topology::{Capsule, Host, LoadBalancer, RexMode, Topology};
use super::{HostView, Inventory};
use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;

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

/// The topology of an inventory.
pub(super) fn topology(inventory: &Inventory) -> Topology {
    let mut warnings = Warnings::default();
    inventory.warnings().iter().for_each(|w| warnings.tell(w.clone()));
    let mut hosts = |group: &str| -> Vec<Known> {
        let views = inventory.hosts_in(group).into_iter().filter_map(|name| inventory.host(name));
        views.map(|view| Known::of(view, &mut warnings)).collect()
    };
    let (satellites, capsules, balancers) = (hosts("satellite6"), hosts("capsules"), hosts("capsule_lbs"));
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
    let load_balancers = balancers.into_iter().map(|k| k.into_balancer(&capsules, &mut warnings)).collect();
    let satellites = satellites.into_iter().map(|k| k.host).collect();
    Topology::new(satellites, capsules, load_balancers, warnings.list)
}

/// A host of the inventory before its role is settled.
struct Known {
    host: Host,
    location: Option<String>,
    rex_mode: Option<String>,
}

impl Known {
    fn of(view: HostView<'_>, warnings: &mut Warnings) -> Self {
        let name = view.name();
        let mut host = Host { name: name.to_owned(), ..Host::default() };
        host.addresses.extend(name.parse::<IpAddr>().ok().map(|ip| ip.to_canonical()));
        for key in ADDRESS_VARS.into_iter().chain(NAME_VARS) {
            let Some(value) = text_of(view, key, warnings) else { continue };
            if let Ok(ip) = value.split('/').next().unwrap_or(&value).parse::<IpAddr>() {
                let ip = ip.to_canonical();
                if !host.addresses.contains(&ip) {
                    host.addresses.push(ip);
                }
            } else if NAME_VARS.contains(&key) {
                if value != name && !host.aliases.contains(&value) {
                    host.aliases.push(value);
                }
            } else {
                warnings.tell(format!("{name}: {key} is no address, so it is not used: {value:?}"));
            }
        }
        let location = location_of(view, warnings);
        let rex_mode = text_of(view, "rex_mode", warnings).map(|mode| mode.to_ascii_lowercase());
        Self { host, location, rex_mode }
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

/// A variable as one reads it; none where it is empty, missing or cannot be rendered.
fn text_of(view: HostView<'_>, key: &str, warnings: &mut Warnings) -> Option<String> {
    let text = match view.value(key) {
        Ok(Some(serde_json::Value::String(text))) => text,
        Ok(None | Some(serde_json::Value::Null)) => return None,
        Ok(Some(other)) => other.to_string(),
        Err(error) => {
            warnings.tell(error.to_string());
            return None;
        }
    };
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
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
fn location_of(view: HostView<'_>, warnings: &mut Warnings) -> Option<String> {
    let name = view.name();
    let var = text_of(view, "location", warnings).map(|location| location.to_ascii_lowercase());
    let mut groups = view.groups();
    groups.sort_unstable();
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
