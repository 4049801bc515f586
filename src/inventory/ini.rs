//! Ansible's INI: text in, hosts and groups with their variables out.
//!
//! Follows the rules of Ansible's own `ini` plugin, sections in any order. Values are Python literals where they
//! are any, else text.

use super::data::Data;
use super::error::{Problem, shortened};
use super::hosts;
use super::python::literal;
use super::value::Value;
use super::words::{is_blank, lines, shell_words};
use indexmap::IndexMap;

/// A line, from 1, and what is wrong with it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct IniError {
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub problem: Problem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Hosts,
    Vars,
    Children,
}

/// A group that was named and not yet declared.
struct Pending {
    line: usize,
    kind: Kind,
    parents: Vec<String>,
}

struct Reader<'a> {
    data: &'a mut Data,
    group: String,
    kind: Kind,
    pending: IndexMap<String, Pending>,
}

/// Reads the text of an inventory into the hosts and groups that are known already.
///
/// # Errors
/// The first line that Ansible would refuse too.
pub(super) fn read(text: &str, data: &mut Data) -> Result<(), IniError> {
    let mut reader =
        Reader { data, group: "ungrouped".to_owned(), kind: Kind::Hosts, pending: IndexMap::new() };
    for (index, line) in lines(text).enumerate() {
        let line = line.trim_matches(is_blank);
        if !line.is_empty() && !line.starts_with(['#', ';']) {
            reader.line(line, index + 1).map_err(|problem| IniError { line: index + 1, problem })?;
        }
    }
    match reader.pending.into_iter().next() {
        Some((name, Pending { line, .. })) => {
            Err(IniError { line, problem: Problem::NoSuchGroup(shortened(&name)) })
        }
        None => Ok(()),
    }
}

impl Reader<'_> {
    fn line(&mut self, line: &str, number: usize) -> Result<(), Problem> {
        if let Some((name, kind)) = header(line)? {
            (self.group, self.kind) = (name.to_owned(), kind);
            return self.section(number);
        }
        match self.kind {
            Kind::Hosts => self.host_line(line),
            Kind::Vars => self.variable_line(line),
            Kind::Children => self.child_line(line, number),
        }
    }

    /// `[group:vars]` alone declares no group, so it waits for one that does.
    fn section(&mut self, line: usize) -> Result<(), Problem> {
        let name = self.group.clone();
        if !self.data.has_group(&name) {
            if self.kind == Kind::Vars && !self.pending.contains_key(&name) {
                self.pending.insert(name.clone(), Pending { line, kind: Kind::Vars, parents: Vec::new() });
            }
            self.data.add_group(&name)?;
        }
        if self.kind != Kind::Vars
            && let Some(waiting) = self.pending.shift_remove(&name)
            && waiting.kind == Kind::Children
        {
            for parent in waiting.parents {
                self.data.add_child(&parent, &name)?;
            }
        }
        Ok(())
    }

    fn host_line(&mut self, line: &str) -> Result<(), Problem> {
        let words = shell_words(line)?;
        let Some((pattern, assignments)) = words.split_first() else { return Ok(()) };
        if pattern.trim() == "---" || is_yaml_key(pattern) {
            return Err(Problem::LooksLikeYaml(shortened(pattern)));
        }
        let (names, port) = hosts::expand(pattern)?;
        let mut vars: IndexMap<&str, Value> = IndexMap::new();
        for word in assignments {
            let (key, value) = word.split_once('=').ok_or_else(|| Problem::HostVariable(shortened(word)))?;
            vars.insert(key, typed(value)?);
        }
        for name in names {
            self.data.add_host(&name, &self.group, port)?;
            for (key, value) in &vars {
                self.data.set_variable(&name, key, value.clone())?;
            }
        }
        Ok(())
    }

    fn variable_line(&mut self, line: &str) -> Result<(), Problem> {
        let (key, value) = line.split_once('=').ok_or_else(|| Problem::Variable(shortened(line)))?;
        let value = typed(value.trim_matches(is_blank))?;
        self.data.set_variable(&self.group, key.trim_matches(is_blank), value)
    }

    fn child_line(&mut self, line: &str, number: usize) -> Result<(), Problem> {
        let child = child_name(line).ok_or_else(|| Problem::Child(shortened(line)))?;
        if self.data.has_group(child) {
            return self.data.add_child(&self.group, child);
        }
        self.pending
            .entry(child.to_owned())
            .or_insert_with(|| Pending { line: number, kind: Kind::Children, parents: Vec::new() })
            .parents
            .push(self.group.clone());
        Ok(())
    }
}

fn typed(value: &str) -> Result<Value, Problem> {
    literal::value_of(value).map_err(|_| Problem::Unhashable(shortened(value)))
}

/// `all:`; no host ends in a colon.
fn is_yaml_key(pattern: &str) -> bool {
    pattern.trim_end().ends_with(':')
}

/// `[group]`, `[group:vars]`, `[group:children] # comment`; `[1:2].example.com` is a host.
fn header(line: &str) -> Result<Option<(&str, Kind)>, Problem> {
    let Some((name, word)) = section(line) else {
        let closed = line.starts_with('[') && (line.ends_with(']') || is_commented_section(line));
        return if closed { Err(Problem::Section(shortened(line))) } else { Ok(None) };
    };
    match word {
        None | Some("hosts") => Ok(Some((name, Kind::Hosts))),
        Some("vars") => Ok(Some((name, Kind::Vars))),
        Some("children") => Ok(Some((name, Kind::Children))),
        Some(other) => Err(Problem::SectionKind(shortened(other))),
    }
}

/// The name and the word behind the colon.
fn section(line: &str) -> Option<(&str, Option<&str>)> {
    let rest = line.strip_prefix('[')?;
    let (name, rest) = rest.split_at(rest.find(|c: char| c == ':' || c == ']' || is_blank(c))?);
    let (word, rest) = match rest.strip_prefix(':') {
        Some(rest) => {
            let (word, rest) = rest.split_at(rest.find(|c: char| !(c.is_alphanumeric() || c == '_'))?);
            (Some(word).filter(|w| !w.is_empty()).map(Some)?, rest)
        }
        None => (None, rest),
    };
    let behind = rest.strip_prefix(']')?.trim_start_matches(is_blank);
    (!name.is_empty() && (behind.is_empty() || behind.starts_with('#'))).then_some((name, word))
}

/// `[group] ; comment`: Ansible takes it for a host, and says nothing that helps.
fn is_commented_section(line: &str) -> bool {
    line.split_once(']').is_some_and(|(head, behind)| {
        section(&format!("{head}]")).is_some() && behind.trim_start_matches(is_blank).starts_with(';')
    })
}

/// A group's name and a comment; the name ends at the last `#` where the line is no name otherwise.
fn child_name(line: &str) -> Option<&str> {
    let end = line.find(|c: char| c == ':' || c == ']' || is_blank(c)).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    let rest = rest.trim_start_matches(is_blank);
    if rest.is_empty() || rest.starts_with('#') {
        return Some(name).filter(|n| !n.is_empty());
    }
    name.rsplit_once('#').map(|(name, _)| name).filter(|n| !n.is_empty())
}

#[cfg(test)]
#[path = "ini_tests.rs"]
mod tests;
