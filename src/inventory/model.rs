//! An inventory that is read: hosts, groups, and the variables of each host by Ansible's precedence.
//!
//! From the lowest to the highest: `all` in the inventory, other groups there (by depth, then
//! `ansible_group_priority`, then name), `group_vars/all`, group_vars of the others in the same order, the host in
//! the inventory, host_vars.

use super::data::{ALL, Data};
use super::error::InventoryError;
use super::load;
use super::value::{Map, Value};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Variables of Ansible's own, which `ansible-inventory` does not show.
const INTERNAL: [&str; 33] = [
    "ansible_async_path",
    "ansible_collection_name",
    "ansible_config_file",
    "ansible_dependent_role_names",
    "ansible_diff_mode",
    "ansible_facts",
    "ansible_forks",
    "ansible_inventory_sources",
    "ansible_limit",
    "ansible_play_batch",
    "ansible_play_hosts",
    "ansible_play_hosts_all",
    "ansible_play_role_names",
    "ansible_playbook_python",
    "ansible_role_name",
    "ansible_role_names",
    "ansible_run_tags",
    "ansible_skip_tags",
    "ansible_verbosity",
    "ansible_version",
    "inventory_dir",
    "inventory_file",
    "inventory_hostname",
    "inventory_hostname_short",
    "groups",
    "group_names",
    "hostvars",
    "playbook_dir",
    "play_hosts",
    "role_name",
    "role_names",
    "role_path",
    "role_uuid",
];

/// Warnings past this many say nothing new.
const MAX_WARNINGS: usize = 20;

/// Hosts and groups with their variables, as Ansible has them. A clone shares them.
#[derive(Clone, Debug)]
pub struct Inventory {
    pub(super) parts: Arc<Parts>,
}

/// What an inventory is made of.
#[derive(Debug)]
pub(super) struct Parts {
    source: PathBuf,
    pub data: Data,
    /// Variables of group_vars, by the place of the group.
    pub group_files: HashMap<usize, Map>,
    /// Variables of host_vars, by the place of the host.
    pub host_files: HashMap<usize, Map>,
    warnings: Vec<String>,
    /// Groups of each host, once they were asked for.
    groups_of: Vec<OnceLock<Vec<usize>>>,
}

impl Inventory {
    /// Reads a file (INI, YAML, JSON) or a folder of them, and group_vars and host_vars beside it. Nothing is run.
    ///
    /// # Errors
    /// What cannot be read or Ansible would refuse, with file and line; what only Ansible can read.
    pub fn load(path: &Path) -> Result<Self, InventoryError> {
        load::load(path)
    }

    /// Reads a text as the file of that name would be read, without what lies beside it.
    ///
    /// # Errors
    /// As `load`.
    pub fn parse(text: &str, path: &Path) -> Result<Self, InventoryError> {
        load::parse(text, path)
    }

    pub(super) fn new(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    /// The file or folder that it was read from.
    pub fn source(&self) -> &Path {
        &self.parts.source
    }

    /// What a reader of it must know.
    pub fn warnings(&self) -> &[String] {
        &self.parts.warnings
    }

    /// Every host's name, in the order of the files.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = &str> {
        self.parts.data.hosts.keys().map(String::as_str)
    }

    /// Every group's name, `all` and `ungrouped` first, then in the order of the files.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = &str> {
        self.parts.data.groups.keys().map(String::as_str)
    }

    /// A host by its name.
    pub fn host(&self, name: &str) -> Option<HostView<'_>> {
        self.parts.data.hosts.get_index_of(name).map(|place| HostView { inventory: self, place })
    }

    /// The names of a group's hosts and its children's, sorted; none where there is no such group.
    pub fn hosts_in(&self, group: &str) -> BTreeSet<&str> {
        let Some(place) = self.parts.data.groups.get_index_of(group) else { return BTreeSet::new() };
        if place == ALL {
            return self.hosts().collect();
        }
        let below = self.parts.data.descendants(place);
        let hosts = below.into_iter().filter_map(|g| self.parts.data.group(g)).flat_map(|g| &g.hosts);
        hosts.map(|h| self.parts.data.host_name(*h)).collect()
    }
}

impl Parts {
    pub fn new(source: &Path, data: Data, mut warnings: Vec<String>) -> Self {
        if warnings.len() > MAX_WARNINGS {
            let more = warnings.len() - MAX_WARNINGS;
            warnings.truncate(MAX_WARNINGS);
            warnings.push(format!("{more} more of that kind"));
        }
        let (group_files, host_files) = (HashMap::new(), HashMap::new());
        let groups_of = data.hosts.values().map(|_| OnceLock::new()).collect();
        Self { source: source.to_owned(), data, group_files, host_files, warnings, groups_of }
    }

    /// A name of both a group and a host: variables behind the host may have gone to the group.
    pub fn check_names(&mut self) {
        let both: Vec<&String> = self.data.hosts.keys().filter(|name| self.data.has_group(name)).collect();
        if let Some(first) = both.first() {
            let more = if both.len() > 1 { format!(" and {} more", both.len() - 1) } else { String::new() };
            self.warnings.push(format!(
                "{first}{more} is both a group and a host: Ansible gives variables of such a name to the group"
            ));
        }
    }

    /// The groups of a host, through children too, `all` left out; the one that decides last comes last.
    pub fn groups_of(&self, host: usize) -> &[usize] {
        self.groups_of.get(host).map_or(&[], |known| known.get_or_init(|| self.sorted_groups_of(host)))
    }

    fn sorted_groups_of(&self, host: usize) -> Vec<usize> {
        let data = &self.data;
        let direct = data.hosts.get_index(host).map_or(&[][..], |(_, h)| &h.groups);
        let mut groups: Vec<usize> =
            data.ancestors(direct.iter().copied()).into_iter().filter(|g| *g != ALL).collect();
        groups.sort_by_cached_key(|g| {
            let (depth, priority) = data.group(*g).map_or((0, 1), |g| (g.depth, g.priority));
            (depth, priority, data.group_name(*g).to_owned())
        });
        groups
    }

    /// A host's variables by where they come from, the lowest first.
    pub fn layers(&self, host: usize) -> Vec<&Map> {
        let groups = self.groups_of(host);
        let inline = |g: &usize| self.data.group(*g).map(|g| &g.vars);
        let mut layers: Vec<&Map> = [ALL].iter().chain(groups).filter_map(inline).collect();
        layers.extend([ALL].iter().chain(groups).filter_map(|g| self.group_files.get(g)));
        layers.extend(self.data.hosts.get_index(host).map(|(_, h)| &h.vars));
        layers.extend(self.host_files.get(&host));
        layers
    }

    /// Every name that has a value on some host.
    pub fn names(&self) -> HashSet<String> {
        let inline =
            self.data.groups.values().map(|g| &g.vars).chain(self.data.hosts.values().map(|h| &h.vars));
        let beside = self.group_files.values().chain(self.host_files.values());
        inline.chain(beside).flat_map(|vars| vars.keys().cloned()).collect()
    }

    /// A host's variable as it is written.
    pub fn raw(&self, host: usize, key: &str) -> Option<&Value> {
        // the layers from above, without a list of them: this is asked for each variable of each host
        let own = self.host_files.get(&host).and_then(|vars| vars.get(key));
        let own = own.or_else(|| self.data.hosts.get_index(host).and_then(|(_, h)| h.vars.get(key)));
        own.or_else(|| {
            let groups = || [ALL].iter().chain(self.groups_of(host)).rev();
            let files = groups().find_map(|g| self.group_files.get(g).and_then(|vars| vars.get(key)));
            files.or_else(|| groups().find_map(|g| self.data.group(*g).and_then(|g| g.vars.get(key))))
        })
    }

    /// A group's hosts and its children's in the order of the files, as the variable `groups` has it.
    pub fn hosts_of_group(&self, place: usize) -> Vec<&str> {
        let mut seen = BTreeSet::new();
        let below = self.data.descendants(place);
        let hosts = below.into_iter().filter_map(|g| self.data.group(g)).flat_map(|g| &g.hosts);
        hosts.filter(|h| seen.insert(**h)).map(|h| self.data.host_name(*h)).collect()
    }
}

/// A host with its variables.
#[derive(Clone, Copy, Debug)]
pub struct HostView<'a> {
    inventory: &'a Inventory,
    pub(super) place: usize,
}

impl<'a> HostView<'a> {
    /// As the inventory names it.
    pub fn name(self) -> &'a str {
        self.inventory.parts.data.host_name(self.place)
    }

    /// The inventory that it is in.
    pub fn inventory(self) -> &'a Inventory {
        self.inventory
    }

    /// Every group that it is in, through children too, `all` left out; the one that decides last comes last.
    pub fn groups(self) -> Vec<&'a str> {
        let parts = &self.inventory.parts;
        parts.groups_of(self.place).iter().map(|g| parts.data.group_name(*g)).collect()
    }

    /// A variable as it is written.
    pub fn raw(self, key: &str) -> Option<&'a Value> {
        self.inventory.parts.raw(self.place, key)
    }

    /// All its variables as they are written, without those of Ansible's own.
    pub fn variables(self) -> Map {
        let mut all = Map::new();
        for (key, value) in self.inventory.parts.layers(self.place).into_iter().flatten() {
            if !INTERNAL.contains(&key.as_str()) {
                all.insert(key.clone(), value.clone());
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn value(inventory: &Inventory, host: &str, key: &str) -> String {
        inventory.host(host).unwrap().raw(key).map_or("none".to_owned(), |v| v.to_json().to_string())
    }

    #[test]
    fn the_nearer_place_wins() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path();
        for (name, text) in [
            (
                "hosts.ini",
                "[inner]\nh1 v=host h=host\nh2\n[outer:children]\ninner\n[all:vars]\nv=all\na=all\n\
                 [outer:vars]\nv=outer\no=outer\ni=outer\n[inner:vars]\nv=inner\ni=inner\nf=inner\n",
            ),
            ("group_vars/all.yml", "f: file_all\ng: file_all\n"),
            ("group_vars/outer.yml", "g: file_outer\n"),
            ("group_vars/inner/1.yml", "k: first\n"),
            ("group_vars/inner/2.yml", "k: second\n"),
            ("host_vars/h1.json", "{\"h\": \"file_host\"}"),
        ] {
            let path = place.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        for source in [place.to_owned(), place.join("hosts.ini")] {
            let inventory = Inventory::load(&source).unwrap();
            let of = |host: &str| {
                ["v", "a", "o", "i", "f", "g", "k", "h"].map(|key| value(&inventory, host, key)).join(" ")
            };
            assert_eq!(
                of("h1").replace('"', ""),
                "host all outer inner file_all file_outer second file_host"
            );
            assert_eq!(of("h2").replace('"', ""), "inner all outer inner file_all file_outer second none");
        }
    }

    #[test]
    fn depth_decides_then_priority_then_the_name() {
        let text = "[b]\nh\n[a]\nh\n[c]\nh\n[deep]\nh\n[a:children]\ndeep\n[b:vars]\nx=b\n[a:vars]\nx=a\ny=a\n\
                    ansible_group_priority=5\n[c:vars]\nx=c\ny=c\nz=c\n[deep:vars]\nz=deep\n";
        let inventory = Inventory::parse(text, Path::new("hosts.ini")).unwrap();
        assert_eq!(inventory.host("h").unwrap().groups(), ["b", "c", "a", "deep"]);
        assert_eq!(["x", "y", "z"].map(|key| value(&inventory, "h", key)), ["\"a\"", "\"a\"", "\"deep\""]);
        assert_eq!(inventory.hosts_in("a").len(), 1);
    }
}
