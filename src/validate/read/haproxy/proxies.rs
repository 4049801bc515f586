//! Frontends, backends and listens with what they take over from `defaults`, and where their connections go.

use super::address::{Bind, endpoint};
use super::server::{Server, servers};
use super::time::{Duration, duration};
use super::{Haproxy, Kind, Section, Statement};

/// A frontend, backend or listen.
#[derive(Clone, Copy, Debug)]
pub struct Proxy<'a> {
    /// The set that it is of.
    pub config: &'a Haproxy,
    /// Its section.
    pub section: &'a Section,
    /// The place of that.
    pub at: usize,
}

/// What a `use_backend` asks for, as far as it speaks of `nbsrv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The backend whose servers are counted; none where it is the frontend's own choice.
    pub backend: Option<String>,
    /// It holds where fewer than so many are up.
    pub fewer_than: Option<u64>,
}

/// A way that connections can take from a frontend.
#[derive(Clone, Debug)]
pub struct Route<'a> {
    /// `use_backend`, `default_backend`; none for a listen's own servers.
    pub statement: Option<&'a Statement>,
    /// Where it leads; none where there is no such backend, or a variable decides.
    pub backend: Option<Proxy<'a>>,
    /// What it rests on, where that is a number of servers.
    pub condition: Option<Condition>,
}

impl<'a> Proxy<'a> {
    /// Its name.
    pub fn name(&self) -> &'a str {
        self.section.name.as_ref().map_or("", |n| n.text.as_str())
    }

    /// `backend registration`.
    pub fn shown(&self) -> String {
        format!("{} {}", self.section.kind.word(), self.name())
    }

    /// Whether it takes connections itself.
    pub fn is_frontend(&self) -> bool {
        self.section.kind != Kind::Backend
    }

    /// The `defaults` that it takes over, the farthest first.
    pub fn defaults_chain(&self) -> Vec<&'a Section> {
        let mut chain = Vec::new();
        let mut next = self.section.defaults;
        while let Some(at) = next.filter(|_| chain.len() < 20) {
            let Some(section) = self.config.sections.get(at) else { break };
            chain.push(section);
            next = section.defaults.filter(|above| *above < at);
        }
        chain.reverse();
        chain
    }

    /// The statement that counts: its own last one, else that of its `defaults`.
    pub fn find(&self, words: &[&str]) -> Option<&'a Statement> {
        if let Some(last) = self.section.statements.iter().rev().find(|s| s.begins_with(words)) {
            return (!last.negated).then_some(last);
        }
        let chain = self.defaults_chain();
        let last =
            chain.iter().rev().find_map(|s| s.statements.iter().rev().find(|s| s.begins_with(words)))?;
        (!last.negated).then_some(last)
    }

    /// All statements that begin with these words: those of its `defaults`, then its own.
    pub fn all(&self, words: &[&str]) -> Vec<&'a Statement> {
        let chain = self.defaults_chain().into_iter().chain([self.section]);
        chain.flat_map(|s| &s.statements).filter(|s| s.begins_with(words) && !s.negated).collect()
    }

    /// Whether a statement is one of its own.
    pub fn owns(&self, statement: &Statement) -> bool {
        self.section.statements.iter().any(|s| std::ptr::eq(s, statement))
    }

    /// A time-out: the statement and its value.
    pub fn timeout(&self, name: &str) -> Option<(&'a Statement, Duration)> {
        let statement = self.find(&["timeout", name])?;
        Some((statement, duration(statement.word(2))?))
    }

    /// `tcp` or `http`.
    pub fn mode(&self) -> &'a str {
        self.find(&["mode"]).map_or("tcp", |s| s.word(1))
    }

    /// Where it listens.
    pub fn binds(&self) -> Vec<Bind<'a>> {
        let mut found = Vec::new();
        for statement in self.section.statements.iter().filter(|s| s.word(0) == "bind" && !s.negated) {
            let Some(word) = statement.words.get(1).filter(|w| !w.expands) else { continue };
            let options = statement.words.get(2..).unwrap_or_default();
            let endpoints = word.text.split(',').filter_map(endpoint);
            found.extend(endpoints.map(|endpoint| Bind { endpoint, word, options }));
        }
        found
    }

    /// Its servers.
    pub fn servers(&self) -> Vec<Server<'a>> {
        if self.section.kind == Kind::Frontend { Vec::new() } else { servers(self) }
    }

    /// Where its connections go, in the order in which HAProxy asks.
    pub fn routes(&self) -> Vec<Route<'a>> {
        let mut found = Vec::new();
        for statement in self.all(&["use_backend"]) {
            let backend = self.config.backend(statement.word(1));
            found.push(Route { statement: Some(statement), backend, condition: self.condition(statement) });
        }
        if let Some(statement) = self.find(&["default_backend"]) {
            let backend = self.config.backend(statement.word(1));
            found.push(Route { statement: Some(statement), backend, condition: None });
        } else if self.section.kind == Kind::Listen {
            found.push(Route { statement: None, backend: Some(*self), condition: None });
        }
        found
    }

    /// The condition of a `use_backend`, its ACLs looked up.
    fn condition(&self, statement: &Statement) -> Option<Condition> {
        let at = statement.words.iter().position(|w| w.text == "if" || w.text == "unless")?;
        let unless = statement.word(at) == "unless";
        let words: Vec<&str> = statement.words.iter().skip(at + 1).map(|w| w.text.as_str()).collect();
        if let Some(found) = nbsrv(&words, unless) {
            return Some(found);
        }
        // `if acl_name`, `if !acl_name`
        let name = words.first()?;
        let (name, not) = name.strip_prefix('!').map_or((*name, false), |name| (name, true));
        let acl = self.all(&["acl", name]).into_iter().next()?;
        let words: Vec<&str> = acl.words.iter().skip(2).map(|w| w.text.as_str()).collect();
        nbsrv(&words, unless != not)
    }
}

/// `{ nbsrv(b) lt 2 }`, `{ nbsrv(b) lt 2 }` in an ACL without braces.
fn nbsrv(words: &[&str], negated: bool) -> Option<Condition> {
    let at = words.iter().position(|w| w.starts_with("nbsrv"))?;
    let call = words.get(at)?;
    let backend = call.strip_prefix("nbsrv(").and_then(|c| c.strip_suffix(')')).map(str::to_owned);
    // `-m int` and the like say nothing of the number
    let mut rest = words.iter().skip(at + 1).filter(|w| !w.starts_with('-') && **w != "int");
    let operator = rest.next().copied();
    let number = rest.next().and_then(|n| n.parse::<u64>().ok());
    let fewer_than = match (operator, number, negated) {
        (Some("lt"), Some(n), false) | (Some("ge"), Some(n), true) => Some(n),
        (Some("le"), Some(n), false) | (Some("gt"), Some(n), true) => n.checked_add(1),
        (Some("eq"), Some(0), false) => Some(1),
        // `{ nbsrv(b) 0 }`
        (Some("0"), ..) if !negated => Some(1),
        _ => None,
    };
    Some(Condition { backend, fewer_than })
}
