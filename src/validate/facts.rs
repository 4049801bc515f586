//! What an inventory knows that rules ask: who is who, whose pool, which values; and where in its files that stands.

use super::files::{FileId, Files, Span};
use crate::inventory::topology::LoadBalancer;
use crate::inventory::{Inventory, InventoryError, Role, Topology, names_of};
use std::collections::HashMap;

/// An inventory for rules.
#[derive(Debug)]
pub struct Facts {
    /// Hosts and variables.
    pub inventory: Inventory,
    /// Who is who.
    pub topology: Topology,
    sources: Vec<FileId>,
}

impl Facts {
    /// `sources`: its files among those of the run, at least one.
    ///
    /// # Errors
    /// It names no host.
    pub fn new(inventory: Inventory, sources: Vec<FileId>) -> Result<Self, InventoryError> {
        let topology = Topology::of(&inventory)?;
        Ok(Self { inventory, topology, sources })
    }

    /// Its files among those of the run.
    pub fn sources(&self) -> &[FileId] {
        &self.sources
    }

    /// A host's variable as text; none where it is missing, empty or cannot be rendered.
    pub fn text(&self, host: &str, key: &str) -> Option<String> {
        let value = self.inventory.host(host)?.value(key).ok()??;
        let text = match value {
            serde_json::Value::String(text) => text,
            serde_json::Value::Null => return None,
            other => other.to_string(),
        };
        Some(text.trim().to_owned()).filter(|t| !t.is_empty())
    }

    /// A host's variable as a port.
    pub fn port(&self, host: &str, key: &str) -> Option<u16> {
        self.text(host, key)?.parse().ok()
    }

    /// Where others reach a host: `private_ip`, else `ansible_host`, else its name.
    pub fn address(&self, host: &str) -> String {
        let own = || host.to_owned();
        self.text(host, "private_ip").or_else(|| self.text(host, "ansible_host")).unwrap_or_else(own)
    }

    /// The load balancer whose configuration this is: the host itself, the only one, or the one whose capsules most
    /// of these addresses are.
    pub fn balancer<'a>(
        &'a self,
        host: Option<&str>,
        addresses: impl Iterator<Item = String>,
    ) -> Option<&'a LoadBalancer> {
        let all = &self.topology.load_balancers;
        if let Some(host) = host {
            return all.iter().find(|lb| lb.name == host);
        }
        if let [only] = all.as_slice() {
            return Some(only);
        }
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for address in addresses {
            if let Some(Role::Capsule(capsule)) = self.topology.by_host(&address)
                && let Some(lb) = &capsule.load_balancer
            {
                *counts.entry(lb).or_default() += 1;
            }
        }
        let most = counts.into_iter().max_by_key(|(name, count)| (*count, std::cmp::Reverse(*name)))?.0;
        all.iter().find(|lb| lb.name == most)
    }

    /// Where a host's variable stands in the files, else where the host does.
    pub fn place(&self, files: &Files, host: &str, key: Option<&str>) -> (Span, bool) {
        let fallback = Span { file: self.sources.first().copied().unwrap_or(FileId(0)), start: 0, end: 0 };
        let mut best: Option<(usize, Span)> = None;
        for id in &self.sources {
            if let Some((rank, span)) = in_file(files, *id, host, key)
                && best.is_none_or(|(known, _)| rank < known)
            {
                best = Some((rank, span));
            }
        }
        best.map_or((fallback, true), |(_, span)| (span, false))
    }
}

/// The rank of what was found (0: the variable, 1: the host in a group of ours, 2: the host), and its place.
fn in_file(files: &Files, id: FileId, host: &str, key: Option<&str>) -> Option<(usize, Span)> {
    let file = files.get(id);
    let own = host_of_vars_file(&file.name).is_some_and(|name| name == host);
    let (mut best, mut section, mut below): (Option<(usize, Span)>, String, Option<usize>) =
        (None, String::new(), None);
    for line in 1..=file.line_count() {
        let range = file.line_range(line);
        let text = file.line(line);
        let trimmed = text.trim_start();
        let indent = text.len() - trimmed.len();
        if let Some(name) = trimmed.strip_prefix('[').and_then(|t| t.split(']').next()) {
            section = name.to_owned();
            continue;
        }
        let word = trimmed.split([' ', '\t']).next().unwrap_or_default();
        let span = |at: usize, length: usize| Span {
            file: id,
            start: range.start + at,
            end: range.start + at + length,
        };
        let mut take = |rank: usize, span: Span| {
            if best.is_none_or(|(known, _)| rank < known) {
                best = Some((rank, span));
            }
        };
        if section.contains(':') || word.is_empty() || word.starts_with(['#', ';']) {
            continue;
        }
        if below.is_some_and(|depth| indent <= depth) {
            below = None;
        }
        if (own || below.is_some()) && key.is_some_and(|key| word.strip_suffix(':') == Some(key)) {
            take(0, span(indent, trimmed.trim_end().len()));
        }
        let yaml = word.strip_suffix(':').map(|w| w.trim_matches(['"', '\'']));
        if yaml == Some(host) {
            below = Some(indent);
            take(1, span(indent, word.len() - 1));
        } else if is_host(word, host) {
            take(
                if matches!(section.as_str(), "capsules" | "capsule_lbs") { 1 } else { 2 },
                span(indent, word.len()),
            );
            if let Some((at, length)) = key.and_then(|key| assignment(&text, key)) {
                take(0, span(at, length));
            }
        }
    }
    best
}

/// `host_vars/cap1.yml`, `host_vars/cap1/net.yml`.
fn host_of_vars_file(name: &str) -> Option<&str> {
    let rest = name.rsplit_once("host_vars/")?.1;
    Some(rest.split_once('/').map_or_else(
        || ["yml", "yaml", "json"].iter().find_map(|e| rest.strip_suffix(&format!(".{e}"))).unwrap_or(rest),
        |(folder, _)| folder,
    ))
}

fn is_host(word: &str, host: &str) -> bool {
    word == host || word.contains(['[', ':']) && names_of(word).iter().any(|name| name == host)
}

/// `key=value` of a host line.
fn assignment(text: &str, key: &str) -> Option<(usize, usize)> {
    let at = text.match_indices(key).map(|(at, _)| at).find(|at| {
        let before = text.get(..*at).unwrap_or_default();
        before.ends_with([' ', '\t']) && text.get(at + key.len()..).is_some_and(|rest| rest.starts_with('='))
    })?;
    let rest = text.get(at..)?;
    Some((at, rest.split([' ', '\t']).next().map_or(rest.len(), str::len)))
}
