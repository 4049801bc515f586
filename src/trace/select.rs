//! What a user names in, the sessions that are meant out.

use super::Trace;
use crate::registration::finish::Registrations;
use crate::registration::session::{Names, Uuid};
use crate::registration::traced::Traced;
use std::collections::BTreeSet;

/// What is to be traced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A consumer's UUID, or a host's name.
    Named(String),
    /// So many of the slowest registrations, whose create the log shows whole.
    Slowest(usize),
}

/// Nothing is meant, or more than one thing.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SelectError {
    /// No registration has that name or UUID.
    #[error(
        "no registration of {name}: the log holds {} of {}{}; what registered before it begins is background",
        counted(.sessions, "registration"),
        counted(.hosts, "host"),
        like(.near)
    )]
    Unknown {
        /// As the user wrote it.
        name: String,
        /// Registrations in the log.
        sessions: usize,
        /// Hosts in the log.
        hosts: usize,
        /// Names that look like it.
        near: Vec<String>,
    },
    /// A short name that several hosts have.
    #[error("{name} can be any of {}: write the whole name", listed(.hosts))]
    Ambiguous {
        /// As the user wrote it.
        name: String,
        /// The hosts.
        hosts: Vec<String>,
    },
}

fn listed(hosts: &[String]) -> String {
    let shown = &hosts[..hosts.len().min(5)];
    let more = hosts.len() - shown.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

// `1 host`, `763 hosts`
fn counted(n: &usize, thing: &str) -> String {
    format!("{n} {thing}{}", if *n == 1 { "" } else { "s" })
}

fn like(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!(", such as {}", listed(near)) }
}

/// The sessions that are meant, as places in `all.traced`: of a host in order of time, of the slowest the slowest first.
///
/// # Errors
/// Nothing is meant, or a short name means several hosts.
pub fn select(wanted: &Wanted, all: &Registrations) -> Result<Vec<usize>, SelectError> {
    match wanted {
        Wanted::Slowest(n) => Ok(slowest(*n, all)),
        Wanted::Named(name) => named(name, &all.traced, &all.names),
    }
}

fn slowest(n: usize, all: &Registrations) -> Vec<usize> {
    let whole = all.traced.iter().enumerate().filter(|(_, t)| !t.cut);
    let mut spans: Vec<(i64, usize)> = whole.map(|(i, t)| (Trace::of(t, all).span_ms(), i)).collect();
    spans.sort_by_key(|(span, i)| (std::cmp::Reverse(*span), *i));
    spans.into_iter().take(n).map(|(_, i)| i).collect()
}

fn named(name: &str, traced: &[Traced], names: &Names) -> Result<Vec<usize>, SelectError> {
    let places = |same: &dyn Fn(&Traced) -> bool| -> Vec<usize> {
        traced.iter().enumerate().filter(|(_, t)| same(t)).map(|(i, _)| i).collect()
    };
    let name = name.trim();
    let unknown = || unknown(name, traced, names);
    if let Some(uuid) = Uuid::parse(name.as_bytes()) {
        let found = places(&|t| t.session.uuid == uuid);
        return if found.is_empty() { Err(unknown()) } else { Ok(found) };
    }
    let wanted = name.trim_end_matches('.').to_ascii_lowercase();
    let host = |t: &Traced| names.get(t.session.host).map(str::to_ascii_lowercase);
    let found = places(&|t| host(t).as_ref() == Some(&wanted));
    if !found.is_empty() {
        return Ok(found);
    }
    let short = |host: &str| host.split('.').next() == Some(wanted.as_str());
    let found = places(&|t| host(t).as_deref().is_some_and(short));
    let hosts: BTreeSet<String> = found.iter().filter_map(|i| host(&traced[*i])).collect();
    match hosts.len() {
        0 => Err(unknown()),
        1 => Ok(found),
        _ => Err(SelectError::Ambiguous { name: name.to_owned(), hosts: hosts.into_iter().collect() }),
    }
}

/// So many names are compared with one that is not known.
const COMPARED: usize = 20_000;

fn unknown(name: &str, traced: &[Traced], names: &Names) -> SelectError {
    let hosts: BTreeSet<&str> = traced.iter().filter_map(|t| names.get(t.session.host)).collect();
    let uuids: Vec<String> = match name.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') {
        true => {
            traced.iter().filter(|t| t.session.uuid.is_some()).map(|t| t.session.uuid.to_string()).collect()
        }
        false => Vec::new(),
    };
    let of_length = |known: &&str| known.len().abs_diff(name.len()) <= 4;
    // a short name is like a long one that it begins
    let begun = hosts.iter().copied().filter(|h| h.starts_with(name)).take(3);
    let all: Vec<&str> = hosts
        .iter()
        .copied()
        .chain(uuids.iter().map(String::as_str))
        .filter(of_length)
        .take(COMPARED)
        .collect();
    let near = similar::get_close_matches(name, &all, 3, 0.8);
    let mut found: Vec<String> = Vec::new();
    for known in begun.chain(near).take(3) {
        if !found.iter().any(|f| f == known) {
            found.push(known.to_owned());
        }
    }
    SelectError::Unknown { name: name.to_owned(), sessions: traced.len(), hosts: hosts.len(), near: found }
}
