//! Hosts and groups while an inventory is being read: the rules by which Ansible puts them together.
//!
//! Names, memberships and variables in, in the order of the files; depths and memberships that precedence rests
//! on out. Each group and host stands in a list and is known by its place there.

use super::error::{Problem, shortened};
use super::python::number::python_int;
use super::value::{Map, Value};
use indexmap::IndexMap;
use std::collections::HashSet;

/// No inventory of ours comes near it; a typo in a range must not fill the memory.
pub const MAX_HOSTS: usize = 100_000;
/// Nobody has so many groups; checks for loops would take long.
const MAX_GROUPS: usize = 10_000;

/// A group.
#[derive(Debug, Default)]
pub(super) struct GroupData {
    /// Hosts that name it, in the order of the files.
    pub hosts: Vec<usize>,
    members: HashSet<usize>,
    pub children: Vec<usize>,
    pub parents: Vec<usize>,
    pub vars: Map,
    pub priority: i64,
    /// The longest way down from `all`.
    pub depth: usize,
}

/// A host.
#[derive(Debug, Default)]
pub(super) struct HostData {
    /// Groups that name it.
    pub groups: Vec<usize>,
    pub vars: Map,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Data {
    pub groups: IndexMap<String, GroupData>,
    pub hosts: IndexMap<String, HostData>,
    /// The file that is being read and its folder: `inventory_file`, `inventory_dir`.
    pub source: Option<(String, String)>,
}

/// Places of the two groups that always are.
pub(super) const ALL: usize = 0;
const UNGROUPED: usize = 1;

impl Data {
    pub fn new() -> Self {
        let mut data = Self { groups: IndexMap::new(), hosts: IndexMap::new(), source: None };
        for name in ["all", "ungrouped"] {
            data.groups.insert(name.to_owned(), GroupData { priority: 1, ..GroupData::default() });
        }
        data.link(ALL, UNGROUPED);
        data
    }

    pub fn has_group(&self, name: &str) -> bool {
        self.groups.contains_key(name)
    }

    pub fn add_group(&mut self, name: &str) -> Result<(), Problem> {
        if name.is_empty() {
            return Err(Problem::NoName("group"));
        }
        if !self.groups.contains_key(name) {
            if self.groups.len() >= MAX_GROUPS {
                return Err(Problem::TooMany(MAX_GROUPS, "groups"));
            }
            self.groups.insert(name.to_owned(), GroupData { priority: 1, ..GroupData::default() });
        }
        Ok(())
    }

    /// Adds a host to a group, both by name; the port counts where the host is new.
    pub fn add_host(&mut self, name: &str, group: &str, port: Option<i64>) -> Result<(), Problem> {
        if name.is_empty() {
            return Err(Problem::NoName("host"));
        }
        if !self.hosts.contains_key(name) {
            if self.hosts.len() >= MAX_HOSTS {
                return Err(Problem::TooMany(MAX_HOSTS, "hosts"));
            }
            let mut host = HostData::default();
            if let Some(port) = port.filter(|p| *p != 0) {
                host.vars.insert("ansible_port".to_owned(), Value::Int(port));
            }
            if let Some((file, folder)) = &self.source {
                host.vars.insert("inventory_file".to_owned(), Value::Text(file.clone()));
                host.vars.insert("inventory_dir".to_owned(), Value::Text(folder.clone()));
            }
            self.hosts.insert(name.to_owned(), host);
        }
        let found = self.groups.get_index_of(group).zip(self.hosts.get_index_of(name));
        let (group, host) = found.ok_or_else(|| Problem::NoSuchGroup(shortened(group)))?;
        self.join(group, host);
        Ok(())
    }

    /// Puts a group below another.
    pub fn add_child(&mut self, parent: &str, child: &str) -> Result<(), Problem> {
        let known =
            |name: &str| self.groups.get_index_of(name).ok_or_else(|| Problem::NoSuchGroup(shortened(name)));
        let (above, below) = (known(parent)?, known(child)?);
        if above == below || self.ancestors([above]).contains(&below) {
            return Err(Problem::Loop { parent: shortened(parent), child: shortened(child) });
        }
        self.link(above, below);
        Ok(())
    }

    /// Sets a variable of what has that name. A group comes first where a host is called the same, as in Ansible.
    pub fn set_variable(&mut self, owner: &str, key: &str, value: Value) -> Result<(), Problem> {
        if let Some(group) = self.groups.get_mut(owner) {
            if key == "ansible_group_priority" {
                group.priority = priority(&value)?;
            } else {
                group.vars.insert(key.to_owned(), value);
            }
        } else if let Some(host) = self.hosts.get_mut(owner) {
            host.vars.insert(key.to_owned(), value);
        }
        Ok(())
    }

    /// What holds once everything is read: every group below `all`, `ungrouped` for hosts of no other, depths.
    pub fn settle(&mut self) -> Result<(), Problem> {
        for place in 1..self.groups.len() {
            if self.group(place).is_some_and(|g| g.parents.is_empty()) {
                if self.ancestors([ALL]).contains(&place) {
                    return Err(Problem::Loop {
                        parent: "all".to_owned(),
                        child: self.group_name(place).to_owned(),
                    });
                }
                self.link(ALL, place);
            }
        }
        for place in 0..self.hosts.len() {
            self.settle_host(place)?;
        }
        self.set_depths();
        Ok(())
    }

    fn settle_host(&mut self, place: usize) -> Result<(), Problem> {
        let Some((name, host)) = self.hosts.get_index(place) else { return Ok(()) };
        let others = host.groups.iter().any(|g| *g != ALL && *g != UNGROUPED);
        let in_ungrouped = host.groups.contains(&UNGROUPED);
        if others && in_ungrouped {
            if let Some((_, group)) = self.groups.get_index_mut(UNGROUPED) {
                group.hosts.retain(|h| *h != place);
                group.members.remove(&place);
            }
            if let Some((_, host)) = self.hosts.get_index_mut(place) {
                host.groups.retain(|g| *g != UNGROUPED);
            }
        } else if !others && !in_ungrouped {
            // Ansible asks for it by name, and a group of that name comes first
            let name = name.clone();
            if self.has_group(&name) {
                return self.add_child("ungrouped", &name);
            }
            self.join(UNGROUPED, place);
        }
        Ok(())
    }

    /// Longest ways down from `all`; there are no loops, so each group settles once its parents have.
    fn set_depths(&mut self) {
        let mut waiting: Vec<usize> = self.groups.values().map(|g| g.parents.len()).collect();
        let mut open = vec![ALL];
        while let Some(place) = open.pop() {
            let Some((depth, children)) = self.group(place).map(|g| (g.depth + 1, g.children.clone())) else {
                continue;
            };
            for child in children {
                if let Some((_, group)) = self.groups.get_index_mut(child) {
                    group.depth = group.depth.max(depth);
                }
                if let Some(left) = waiting.get_mut(child) {
                    *left = left.saturating_sub(1);
                    if *left == 0 {
                        open.push(child);
                    }
                }
            }
        }
    }

    fn join(&mut self, group: usize, host: usize) {
        if let Some((_, data)) = self.groups.get_index_mut(group)
            && data.members.insert(host)
        {
            data.hosts.push(host);
            if let Some((_, data)) = self.hosts.get_index_mut(host) {
                data.groups.push(group);
            }
        }
    }

    fn link(&mut self, parent: usize, child: usize) {
        if let Some((_, data)) = self.groups.get_index_mut(parent)
            && !data.children.contains(&child)
        {
            data.children.push(child);
            if let Some((_, data)) = self.groups.get_index_mut(child) {
                data.parents.push(parent);
            }
        }
    }

    pub fn group(&self, place: usize) -> Option<&GroupData> {
        self.groups.get_index(place).map(|(_, g)| g)
    }

    pub fn group_name(&self, place: usize) -> &str {
        self.groups.get_index(place).map_or("", |(name, _)| name)
    }

    pub fn host_name(&self, place: usize) -> &str {
        self.hosts.get_index(place).map_or("", |(name, _)| name)
    }

    /// The groups given and all above them.
    pub fn ancestors(&self, of: impl IntoIterator<Item = usize>) -> HashSet<usize> {
        self.reached(of, |g| &g.parents).into_iter().collect()
    }

    /// The group and all below it, nearest first.
    pub fn descendants(&self, of: usize) -> Vec<usize> {
        self.reached([of], |g| &g.children)
    }

    fn reached(
        &self,
        from: impl IntoIterator<Item = usize>,
        next: impl Fn(&GroupData) -> &Vec<usize>,
    ) -> Vec<usize> {
        let mut order: Vec<usize> = Vec::new();
        let mut seen: HashSet<usize> = HashSet::new();
        order.extend(from.into_iter().filter(|g| seen.insert(*g)));
        let mut at = 0;
        while let Some(place) = order.get(at).copied() {
            at += 1;
            if let Some(group) = self.group(place) {
                order.extend(next(group).iter().copied().filter(|g| seen.insert(*g)));
            }
        }
        order
    }
}

/// As Python's `int()` would have it.
fn priority(value: &Value) -> Result<i64, Problem> {
    let number = match value {
        Value::Bool(b) => Some(i64::from(*b)),
        Value::Int(n) => Some(*n),
        Value::Float(x) if x.is_finite() => Some(x.trunc() as i64),
        Value::Text(s) | Value::Unsafe(s) => python_int(s),
        _ => None,
    };
    number.ok_or_else(|| Problem::Priority(shortened(&value.to_json().to_string())))
}
