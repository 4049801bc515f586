//! Files that are named in, the sets that they form out; sets parsed into what rules look at.

use super::super::check::{Input, Subject, Unit};
use super::super::files::{FileId, Origin};
use super::super::kind::Kind;
use super::super::read::{cache, haproxy, registration};
use super::super::secrets;
use super::super::target::Target;
use super::includes::{Includes, follow};
use super::{folder, read_file};
use std::path::Path;

/// Files that belong together.
#[derive(Clone, Debug)]
pub enum Set {
    /// HAProxy's files in the order in which it reads them.
    Haproxy(Vec<FileId>),
    /// A cache's first file, and what its includes lead to.
    Cache(FileId, Includes),
    /// A registration.yml.
    Registration(FileId),
}

/// Files by what they are.
#[derive(Debug, Default)]
pub(super) struct Named {
    haproxy: Vec<FileId>,
    fragments: Vec<Vec<FileId>>,
    caches: Vec<FileId>,
    registrations: Vec<FileId>,
}

impl Named {
    pub fn add(&mut self, id: FileId, kind: Kind) {
        match kind {
            Kind::Haproxy => self.haproxy.push(id),
            Kind::Cache => self.caches.push(id),
            Kind::Registration => self.registrations.push(id),
            Kind::Inventory => {}
        }
    }

    /// Files of a folder that has no haproxy.cfg.
    pub fn fragments(&mut self, ids: impl Iterator<Item = FileId>) {
        self.fragments.push(ids.collect());
    }

    /// Forms sets: HAProxy's named files and folders are one, as with `-f A -f B`.
    pub fn settle(mut self, input: &mut Input, target: Option<Target>, notes: &mut Vec<String>) {
        if self.haproxy.is_empty() {
            input.sets.extend(self.fragments.drain(..).map(Set::Haproxy));
        } else {
            self.haproxy.extend(self.fragments.drain(..).flatten());
            if let [only] = self.haproxy.as_slice() {
                let found = drop_ins(input, *only, target, notes);
                self.haproxy.extend(found);
            }
            input.sets.push(Set::Haproxy(self.haproxy));
        }
        let includes = follow(input, &self.caches);
        // what another includes is no configuration of its own
        let included: Vec<FileId> = includes.values().copied().collect();
        let roots: Vec<FileId> = self.caches.iter().copied().filter(|id| !included.contains(id)).collect();
        let roots = if roots.is_empty() { self.caches } else { roots };
        input.sets.extend(roots.into_iter().map(|root| Set::Cache(root, includes.clone())));
        input.sets.extend(self.registrations.into_iter().map(Set::Registration));
    }
}

/// EL's units read conf.d beside haproxy.cfg: a check of the one file misses it.
fn drop_ins(input: &mut Input, id: FileId, target: Option<Target>, notes: &mut Vec<String>) -> Vec<FileId> {
    let Origin::Disk(path) = &input.files.get(id).origin else { return Vec::new() };
    let place = path.parent().unwrap_or(Path::new("")).join("conf.d");
    if path.file_name().is_none_or(|n| n != "haproxy.cfg") || target.is_some_and(|t| !t.is_el()) {
        return Vec::new();
    }
    let mut paths = Vec::new();
    folder::walk(&place, &mut paths);
    paths.retain(|p| p.parent() == Some(place.as_path()) && p.extension().is_some_and(|e| e == "cfg"));
    if !paths.is_empty() {
        notes.push(format!("{}: read with it, as the units of EL do", place.display()));
    }
    paths.iter().filter_map(|p| read_file(p).ok()).map(|file| input.files.add(file)).collect()
}

impl Input {
    /// Parses every set anew; files may have changed.
    pub fn parse(&mut self, target: Option<Target>) {
        self.units = self.sets.iter().map(|set| self.unit(set, target)).collect();
        for unit in &self.units {
            secrets::mark(&mut self.files, &unit.subject);
        }
        if let Some(facts) = &self.facts {
            facts.sources().iter().for_each(|id| secrets::mark_inventory(&mut self.files, *id));
        }
    }

    fn unit(&self, set: &Set, target: Option<Target>) -> Unit {
        let (subject, first) = match set {
            Set::Haproxy(files) => {
                (Subject::Haproxy(haproxy::read(&self.files, files, target)), files.first().copied())
            }
            Set::Cache(root, includes) => {
                let resolve =
                    |id: FileId, name: &str| includes.get(&(id, name.to_owned())).map(|next| vec![*next]);
                (Subject::Cache(cache::read(&self.files, *root, &resolve)), Some(*root))
            }
            Set::Registration(file) => {
                (Subject::Registration(registration::read(&self.files, *file)), Some(*file))
            }
        };
        Unit { subject, host: first.and_then(|id| self.host_of(id)) }
    }

    /// Whose file it is: what was said, else the last part of its path that is a host of the inventory.
    fn host_of(&self, id: FileId) -> Option<String> {
        let file = self.files.get(id);
        if let Some(host) = &file.host {
            return Some(host.clone());
        }
        let facts = self.facts.as_ref()?;
        let Origin::Disk(path) = &file.origin else { return None };
        let mut parts = path.components().rev().map(|c| c.as_os_str().to_string_lossy().into_owned());
        parts.find(|part| facts.inventory.host(part).is_some())
    }
}
