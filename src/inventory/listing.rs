//! An inventory in, the JSON of `ansible-inventory --list` out: groups with hosts and children, variables by host.

use super::data::ALL;
use super::model::Inventory;
use super::value::{Map, Value};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// How ansible-core names the marks of `!unsafe` and the vault, from 2.19 on.
const PROFILE: &str = "inventory_legacy";

/// Writes the inventory, keys sorted. `variables` gives a host's variables: as they are written, or rendered.
///
/// # Errors
/// `out` cannot be written.
pub fn write(out: &mut dyn Write, inventory: &Inventory, variables: &dyn Fn(&str) -> Map) -> io::Result<()> {
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut json = serde_json::Serializer::with_formatter(&mut *out, formatter);
    Listing { inventory, variables }.serialize(&mut json)?;
    writeln!(out)
}

struct Listing<'a> {
    inventory: &'a Inventory,
    variables: &'a dyn Fn(&str) -> Map,
}

impl Serialize for Listing<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let groups = groups(self.inventory);
        let mut map = out.serialize_map(Some(groups.len() + 1))?;
        let (before, after): (Vec<_>, Vec<_>) = groups.iter().partition(|(name, _)| **name < "_meta");
        for (name, group) in before {
            map.serialize_entry(name, group)?;
        }
        map.serialize_entry("_meta", &Meta(self))?;
        for (name, group) in after {
            map.serialize_entry(name, group)?;
        }
        map.end()
    }
}

struct Meta<'a>(&'a Listing<'a>);

impl Serialize for Meta<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(Some(2))?;
        map.serialize_entry("hostvars", &HostVars(self.0))?;
        map.serialize_entry("profile", PROFILE)?;
        map.end()
    }
}

struct HostVars<'a>(&'a Listing<'a>);

impl Serialize for HostVars<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let Listing { inventory, variables } = self.0;
        let names: BTreeSet<&str> = inventory.hosts().collect();
        let mut map = out.serialize_map(None)?;
        for name in names {
            let vars = variables(name);
            if !vars.is_empty() {
                map.serialize_entry(name, &Value::Map(vars))?;
            }
        }
        map.end()
    }
}

#[derive(Default, serde::Serialize)]
struct Group<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    children: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hosts: Vec<&'a str>,
}

/// Groups below `all` that hold anything. The hosts of `all` itself are not named.
fn groups(inventory: &Inventory) -> BTreeMap<&str, Group<'_>> {
    let data = &inventory.parts.data;
    let mut found = BTreeMap::new();
    for place in data.descendants(ALL) {
        let Some(group) = data.group(place) else { continue };
        let hosts: &[usize] = if place == ALL { &[] } else { &group.hosts };
        let shown = Group {
            children: group.children.iter().map(|g| data.group_name(*g)).collect(),
            hosts: hosts.iter().map(|h| data.host_name(*h)).collect(),
        };
        if !(shown.children.is_empty() && shown.hosts.is_empty()) {
            found.insert(data.group_name(place), shown);
        }
    }
    found
}
