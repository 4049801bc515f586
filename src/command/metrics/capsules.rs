//! Capsules' inputs in, named logs out: which file is whose, from the place, the path and the inventory.

use super::flow::FileRead;
use crate::inventory::topology::Topology;
use crate::log::proxy::read::{self, ProxyFile};
use crate::log::read::FileCounts;
use crate::registration::capsule::NamedLog;
use crate::source::open::Input;
use crate::source::{HostLogs, Opened};
use std::path::Path;

/// Takes the inputs of capsules out of what a place holds: the files of each are one log.
pub fn take_capsules(hosts: &mut Vec<HostLogs>, topology: Option<&Topology>) -> Opened {
    let mut found: Vec<(Option<String>, std::path::PathBuf, Vec<Input>)> = Vec::new();
    for logs in hosts.iter_mut() {
        let (capsules, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut logs.inputs).into_iter().partition(|input| input.of_capsule);
        logs.inputs = rest;
        for input in capsules {
            let name = logs.host.clone().or_else(|| name_in(&input.name, topology));
            let folder = Path::new(&input.name).parent().map(Path::to_owned).unwrap_or_default();
            // without a name the files of a folder are one log
            let same = |known: &&mut (Option<String>, _, Vec<Input>)| {
                known.0 == name && (name.is_some() || known.1 == folder)
            };
            match found.iter_mut().find(same) {
                Some(known) => known.2.push(input),
                None => found.push((name, folder, vec![input])),
            }
        }
    }
    hosts.retain(|logs| !logs.inputs.is_empty());
    let mut sorted = Opened::default();
    for (name, _, inputs) in found {
        sorted.add(name, inputs);
    }
    sorted
}

/// Reads them, several capsules at once.
pub fn read_capsules(
    logs: Vec<HostLogs>,
    threads: usize,
    chunk: usize,
    progress: &(impl Fn(u64) + Sync),
) -> (Vec<NamedLog>, Vec<FileRead>) {
    let names: Vec<Option<String>> = logs.iter().map(|l| l.host.clone()).collect();
    // of several reports the newest
    let offset = |logs: &HostLogs| logs.inputs.iter().rev().find_map(|i| i.head.offsets.first().copied());
    let offsets: Vec<Option<i32>> = logs.iter().map(offset).collect();
    let of_file: Vec<Vec<_>> =
        logs.iter().map(|l| l.inputs.iter().map(|i| (i.name.clone(), i.compression)).collect()).collect();
    let read = read::read(logs.into_iter().map(|l| l.inputs).collect(), threads, chunk, progress);
    let (mut named, mut files) = (Vec::new(), Vec::new());
    for (((name, offset), of_file), (log, found)) in names.into_iter().zip(offsets).zip(of_file).zip(read) {
        named.push(NamedLog { name, log, offset });
        files.extend(of_file.into_iter().zip(found).map(
            |((name, compression), ProxyFile { counts, error })| FileRead {
                name,
                compression,
                found: FileCounts { error, ..FileCounts::default() },
                capsule: Some(counts),
            },
        ));
    }
    (named, files)
}

/// The nearest component of a path that the inventory knows; without an inventory, that looks like a host's name.
fn name_in(path: &str, topology: Option<&Topology>) -> Option<String> {
    let components = Path::new(path).parent()?.components().rev();
    let mut words = components.filter_map(|c| c.as_os_str().to_str());
    match topology {
        Some(topology) => words.find_map(|w| topology.by_host(w)).map(|role| role.name().to_owned()),
        None => words.find(|w| looks_like_host(w)).map(str::to_ascii_lowercase),
    }
}

// `capsule1.example.com`, not `var`, `.part`, `sosreport-2026.04`
fn looks_like_host(word: &str) -> bool {
    let labels: Vec<&str> = word.split('.').collect();
    let label = |l: &&str| !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    labels.len() > 2
        && labels.iter().all(label)
        && labels.last().is_some_and(|l| l.bytes().all(|b| b.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_folder_that_looks_like_a_host_names_the_capsule() {
        for (path, name) in [
            ("storm/capsules/capsule1.example.com/proxy.log", Some("capsule1.example.com")),
            ("/srv/a.example.com/b.example.com/var/log/foreman-proxy/proxy.log", Some("b.example.com")),
            ("/var/log/foreman-proxy/proxy.log", None),
            ("/tmp/.tmpAb12cd/proxy.log", None),
            ("proxy.log", None),
        ] {
            assert_eq!(name_in(path, None).as_deref(), name, "{path}");
        }
    }
}
