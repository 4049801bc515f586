//! HAProxy's configuration: files in, one merged set of sections out, with every statement's place.
//!
//! Sections, `defaults` and what they hand on, `listen` as frontend and backend in one, `.if`/`.endif`. Which
//! keywords there are is HAProxy's own business: unknown ones are statements like any other.

mod address;
mod conditions;
mod proxies;
mod sections;
mod server;
mod time;
mod words;

pub use address::{Bind, Endpoint, endpoint};
pub use proxies::{Condition, Proxy, Route};
pub use sections::{Kind, Section, Statement, read};
pub use server::{Options, Server, servers};
pub use time::{Duration, duration};
pub use words::{Line, split};

use crate::validate::files::{FileId, Span};
use std::collections::HashMap;

/// A merged set of files.
#[derive(Clone, Debug, Default)]
pub struct Haproxy {
    /// In the order in which HAProxy reads them.
    pub files: Vec<FileId>,
    /// In their order.
    pub sections: Vec<Section>,
    /// Quotes that never close, statements outside sections, `.endif` without `.if`: place and words.
    pub problems: Vec<(Span, &'static str)>,
    /// Backends and listens by name.
    backends: HashMap<String, usize>,
}

impl Haproxy {
    fn index(&mut self) {
        for (at, section) in self.sections.iter().enumerate() {
            if matches!(section.kind, Kind::Backend | Kind::Listen)
                && let Some(name) = &section.name
            {
                self.backends.entry(name.text.clone()).or_insert(at);
            }
        }
    }

    /// Frontends, backends and listens.
    pub fn proxies(&self) -> impl Iterator<Item = Proxy<'_>> {
        let proxies = self.sections.iter().enumerate().filter(|(_, s)| s.kind.is_proxy());
        proxies.map(|(at, section)| Proxy { config: self, section, at })
    }

    /// Those that take connections.
    pub fn frontends(&self) -> impl Iterator<Item = Proxy<'_>> {
        self.proxies().filter(|p| p.section.kind != Kind::Backend)
    }

    /// Those that have servers.
    pub fn backends(&self) -> impl Iterator<Item = Proxy<'_>> {
        self.proxies().filter(|p| p.section.kind != Kind::Frontend)
    }

    /// A backend or listen by its name.
    pub fn backend(&self, name: &str) -> Option<Proxy<'_>> {
        let at = *self.backends.get(name)?;
        Some(Proxy { config: self, section: self.sections.get(at)?, at })
    }

    /// Those that take connections on a port.
    pub fn frontends_on(&self, port: u16) -> Vec<Proxy<'_>> {
        self.frontends().filter(|p| p.binds().iter().any(|b| b.has_port(port))).collect()
    }

    /// Backends that connections on a port can come to, each once.
    pub fn backends_on(&self, port: u16) -> Vec<Proxy<'_>> {
        let mut found: Vec<Proxy<'_>> = Vec::new();
        for route in self.frontends_on(port).iter().flat_map(Proxy::routes) {
            if let Some(backend) = route.backend
                && !found.iter().any(|known| known.at == backend.at)
            {
                found.push(backend);
            }
        }
        found
    }

    /// Statements of the global sections that begin with these words.
    pub fn global(&self, words: &[&str]) -> Vec<&Statement> {
        let globals = self.sections.iter().filter(|s| s.kind == Kind::Global);
        globals.flat_map(|s| &s.statements).filter(|s| s.begins_with(words)).collect()
    }

    /// The first file's first byte, for what is nowhere.
    pub fn first_file(&self) -> FileId {
        self.files.first().copied().unwrap_or(FileId(0))
    }
}

#[cfg(test)]
mod tests;
