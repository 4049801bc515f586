//! Ansible's INI: text in, hosts with their groups and variables out.
//!
//! Follows the rules of Ansible's own `ini` plugin (sections in any order, host lines split as a shell would);
//! in two places it takes more: `;` starts a comment behind headers and hosts too. Values stay text.

use super::hosts;
use std::collections::{BTreeMap, BTreeSet};

/// What is wrong with a line, and the form that is taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum IniProblem {
    /// `[a b]`, `[]`.
    #[error("'{0}' is no section; write [group], [group:vars] or [group:children], without spaces")]
    Section(String),
    /// `[group:something]`.
    #[error("':{0}' is no kind of section; write [group], [group:vars] or [group:children]")]
    SectionKind(String),
    /// A quote that never closes.
    #[error("a quote is not closed; close it, or put a \\ before it")]
    Quote,
    /// A word behind a host that is no assignment.
    #[error("'{0}' behind a host name is no KEY=VALUE; put one host a line, its variables behind it")]
    HostVariable(String),
    /// A line in `[group:vars]` that is no assignment.
    #[error("'{0}' is no KEY=VALUE, and a [group:vars] section takes nothing else")]
    Variable(String),
    /// A line in `[group:children]` that is no name.
    #[error("'{0}' is no group name; a [group:children] section takes one group a line")]
    Child(String),
    /// A range that cannot be expanded.
    #[error("the range in '{0}' cannot be expanded: {1}")]
    Range(String, &'static str),
    /// More hosts than an inventory can hold.
    #[error("more than {0} hosts; check the ranges")]
    TooManyHosts(usize),
    /// `---`, `all:`.
    #[error("'{0}' is YAML, and YAML inventories are not read yet; give the INI form")]
    LooksLikeYaml(String),
    /// `[group:vars]` or a child of a group that is nowhere.
    #[error("the group '{0}' is nowhere in the inventory; add [{0}], or correct the name")]
    NoSuchGroup(String),
}

/// A line, from 1, and what is wrong with it.
#[derive(Debug, PartialEq, Eq)]
pub struct IniError {
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub problem: IniProblem,
}

#[derive(Debug, Default)]
struct Group {
    hosts: BTreeSet<String>,
    children: BTreeSet<String>,
    vars: BTreeMap<String, String>,
}

/// An inventory's hosts and groups.
#[derive(Debug, Default)]
pub struct Ini {
    groups: BTreeMap<String, Group>,
    hosts: BTreeMap<String, BTreeMap<String, String>>,
    depths: BTreeMap<String, usize>,
}

enum Section {
    Hosts(String),
    Vars(String),
    Children(String),
}

impl Ini {
    /// Reads the text of an inventory.
    ///
    /// # Errors
    /// The first line that Ansible would refuse too.
    pub fn parse(text: &str) -> Result<Self, IniError> {
        let mut ini = Self::default();
        let mut mentioned = Vec::new();
        let mut section = Section::Hosts("ungrouped".to_owned());
        for (index, raw) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let at = |problem| IniError { line: index + 1, problem };
            let line = raw.trim();
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(found) = header(line).map_err(at)? {
                match &found {
                    Section::Hosts(name) => drop(ini.groups.entry(name.clone()).or_default()),
                    Section::Children(name) => drop(ini.groups.entry(name.clone()).or_default()),
                    Section::Vars(name) => mentioned.push((index + 1, name.clone())),
                }
                section = found;
                continue;
            }
            match &section {
                Section::Hosts(group) => ini.host_line(group, line).map_err(at)?,
                Section::Vars(group) => ini.variable_line(group, line).map_err(at)?,
                Section::Children(group) => {
                    let child = child_name(line).map_err(at)?;
                    mentioned.push((index + 1, child.to_owned()));
                    ini.groups.entry(group.clone()).or_default().children.insert(child.to_owned());
                }
            }
        }
        ini.check(&mentioned)?;
        ini.depths = ini.group_depths();
        Ok(ini)
    }

    /// Every host's name, sorted.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.hosts.keys().map(String::as_str)
    }

    /// Whether a section of that name exists.
    pub fn has_group(&self, name: &str) -> bool {
        self.groups.contains_key(name)
    }

    /// The names of a group's hosts and its children's, sorted.
    pub fn hosts_in(&self, group: &str) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![group];
        while let Some(name) = open.pop() {
            if let Some((key, group)) = self.groups.get_key_value(name)
                && seen.insert(key)
            {
                found.extend(group.hosts.iter().map(String::as_str));
                open.extend(group.children.iter().map(String::as_str));
            }
        }
        found
    }

    /// Every group that a host is in, through children too, sorted.
    pub fn groups_of(&self, host: &str) -> BTreeSet<&str> {
        let mut found: BTreeSet<&str> =
            self.groups.iter().filter(|(_, g)| g.hosts.contains(host)).map(|(n, _)| n.as_str()).collect();
        loop {
            let parents: Vec<&str> = self
                .groups
                .iter()
                .filter(|(n, g)| {
                    !found.contains(n.as_str()) && g.children.iter().any(|c| found.contains(c.as_str()))
                })
                .map(|(n, _)| n.as_str())
                .collect();
            if parents.is_empty() {
                return found;
            }
            found.extend(parents);
        }
    }

    /// A host's variables as Ansible would have them: `all`, then outer groups, then inner ones, then its own.
    pub fn vars_of(&self, host: &str) -> BTreeMap<&str, &str> {
        let mut groups: Vec<&str> = self.groups_of(host).into_iter().filter(|g| *g != "all").collect();
        groups.sort_by_key(|g| (self.depths.get(*g).copied().unwrap_or(0), *g));
        let own = self.hosts.get(host).into_iter();
        ["all"]
            .into_iter()
            .chain(groups)
            .filter_map(|g| self.groups.get(g).map(|g| &g.vars))
            .chain(own)
            .flatten()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect()
    }

    fn host_line(&mut self, group: &str, line: &str) -> Result<(), IniProblem> {
        let words = shell_words(line)?;
        let Some((pattern, assignments)) = words.split_first() else { return Ok(()) };
        let mut vars = Vec::with_capacity(assignments.len());
        for word in assignments {
            let (key, value) =
                word.split_once('=').ok_or_else(|| IniProblem::HostVariable(shortened(word)))?;
            vars.push((key.to_owned(), unquoted(value).to_owned()));
        }
        for name in hosts::expand(pattern)? {
            self.groups.entry(group.to_owned()).or_default().hosts.insert(name.clone());
            self.hosts.entry(name).or_default().extend(vars.iter().cloned());
            if self.hosts.len() > hosts::MAX_HOSTS {
                return Err(IniProblem::TooManyHosts(hosts::MAX_HOSTS));
            }
        }
        Ok(())
    }

    fn variable_line(&mut self, group: &str, line: &str) -> Result<(), IniProblem> {
        let (key, value) = line.split_once('=').ok_or_else(|| IniProblem::Variable(shortened(line)))?;
        let vars = &mut self.groups.entry(format!("{PENDING}{group}")).or_default().vars;
        vars.insert(key.trim().to_owned(), unquoted(value.trim()).to_owned());
        Ok(())
    }

    /// Variables may stand before their group: they wait under another name until all groups are known.
    fn check(&mut self, mentioned: &[(usize, String)]) -> Result<(), IniError> {
        for name in ["all", "ungrouped"] {
            self.groups.entry(name.to_owned()).or_default();
        }
        for (line, name) in mentioned {
            if !self.groups.contains_key(name) {
                return Err(IniError { line: *line, problem: IniProblem::NoSuchGroup(name.clone()) });
            }
        }
        let pending: Vec<String> =
            self.groups.keys().filter(|name| name.starts_with(PENDING)).cloned().collect();
        for name in pending {
            let Some(waiting) = self.groups.remove(&name) else { continue };
            self.groups.entry(name.replacen(PENDING, "", 1)).or_default().vars.extend(waiting.vars);
        }
        Ok(())
    }

    /// How deep a group lies below `all`; groups that hold each other stop somewhere.
    fn group_depths(&self) -> BTreeMap<String, usize> {
        let mut depths: BTreeMap<String, usize> = self.groups.keys().map(|n| (n.clone(), 1)).collect();
        for _ in 0..self.groups.len().min(64) {
            let mut changed = false;
            for (name, group) in &self.groups {
                let below = depths.get(name).copied().unwrap_or(1) + 1;
                for child in &group.children {
                    if let Some(depth) = depths.get_mut(child)
                        && *depth < below
                    {
                        *depth = below;
                        changed = true;
                    }
                }
            }
            if !changed {
                break;
            }
        }
        depths
    }
}

/// No section's name can hold a blank, so nothing else is called so.
const PENDING: &str = "vars of ";

/// `[group]`, `[group:vars]`, `[group:children] # comment`; anything else that opens with `[` may be a host.
fn header(line: &str) -> Result<Option<Section>, IniProblem> {
    let Some(rest) = line.strip_prefix('[') else { return Ok(None) };
    let refused = || IniProblem::Section(shortened(line));
    let Some((inner, behind)) = rest.split_once(']') else { return Err(refused()) };
    let behind = behind.trim_start();
    if !behind.is_empty() && !behind.starts_with(['#', ';']) {
        // `[1:2].example.com` is a host; `[a b] x` is nothing
        return if inner.contains(':') { Ok(None) } else { Err(refused()) };
    }
    let (name, kind) = inner.split_once(':').unwrap_or((inner, ""));
    if name.is_empty() || inner.contains(char::is_whitespace) {
        return Err(refused());
    }
    match (kind, inner.contains(':')) {
        ("", false) => Ok(Some(Section::Hosts(name.to_owned()))),
        ("vars", _) => Ok(Some(Section::Vars(name.to_owned()))),
        ("children", _) => Ok(Some(Section::Children(name.to_owned()))),
        (other, _) => Err(IniProblem::SectionKind(shortened(other))),
    }
}

fn child_name(line: &str) -> Result<&str, IniProblem> {
    let refused = || IniProblem::Child(shortened(line));
    let mut words = line.split_whitespace();
    let name = words.next().ok_or_else(refused)?;
    let name = name.split_once('#').map_or(name, |(before, _)| before);
    if name.is_empty() || name.contains([':', ']']) {
        return Err(refused());
    }
    match words.next() {
        Some(word) if !word.starts_with(['#', ';']) => Err(refused()),
        _ => Ok(name),
    }
}

/// Splits as a POSIX shell would; `#` anywhere outside quotes and a word that begins with `;` end the line.
fn shell_words(line: &str) -> Result<Vec<String>, IniProblem> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '#' => break,
            ';' if word.is_none() => break,
            '\'' | '"' => quoted(c, &mut chars, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(chars.next().ok_or(IniProblem::Quote)?),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn quoted(quote: char, chars: &mut std::str::Chars<'_>, into: &mut String) -> Result<(), IniProblem> {
    while let Some(c) = chars.next() {
        match c {
            c if c == quote => return Ok(()),
            '\\' if quote == '"' => match chars.next().ok_or(IniProblem::Quote)? {
                escaped @ ('"' | '\\') => into.push(escaped),
                other => into.extend(['\\', other]),
            },
            c => into.push(c),
        }
    }
    Err(IniProblem::Quote)
}

/// Ansible reads values as Python literals: quotes around the whole go, a comment behind the closing one too.
fn unquoted(value: &str) -> &str {
    for quote in ['\'', '"'] {
        if let Some((inner, behind)) = value.strip_prefix(quote).and_then(|rest| rest.split_once(quote))
            && (behind.trim().is_empty() || behind.trim_start().starts_with('#'))
        {
            return inner;
        }
    }
    value
}

/// For messages: an inventory line may be as long as a file.
fn shortened(text: &str) -> String {
    let cut: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() { format!("{cut}...") } else { cut }
}

#[cfg(test)]
#[path = "ini_tests.rs"]
mod tests;
