//! An inventory alone: its Satellites and capsules in, places over SSH and the rows of hosts that cannot be reached out.

use crate::cli::SourceArgs;
use crate::command::inventory::host_text;
use crate::inventory::Inventory;
use crate::inventory::topology::Topology;
use crate::metrics::answer::HostAnswer;
use crate::source::Place;
use crate::source::ssh::pick::Limits;
use crate::source::ssh::target::HostRole;
use crate::source::ssh::{HostReport, RemoteLog, host_of, is_missing_satellite};
use anyhow::bail;
use std::time::Duration;

/// What an inventory alone asks for.
#[derive(Debug, Default)]
pub struct Remote {
    /// Hosts to be read.
    pub places: Vec<Place>,
    /// Hosts whose settings cannot be used.
    pub refused: Vec<HostReport>,
}

/// Hosts of the inventory as places; nothing is contacted.
///
/// # Errors
/// An inventory that names no Satellite.
pub fn remote(args: &SourceArgs, inventory: &Inventory, topology: &Topology) -> anyhow::Result<Remote> {
    if topology.satellites.is_empty() {
        bail!(
            "{}: no host in [satellite6] whose log could be read over SSH; name it there, or give --log",
            inventory.source().display()
        );
    }
    let limits = Limits { since: args.since, until: args.until, max_size: args.max_size };
    let patience = Duration::from_secs(args.host_timeout.into());
    let satellites = topology.satellites.iter().map(|h| (h.name.as_str(), HostRole::Satellite));
    let capsules = topology.capsules.iter().map(|c| (c.name.as_str(), HostRole::Capsule));
    let mut remote = Remote::default();
    for (name, role) in satellites.chain(capsules) {
        match host_of(name, role, &|variable| host_text(inventory, name, variable)) {
            Ok(host) => remote.places.push(Place::Remote(Box::new(RemoteLog { host, limits, patience }))),
            Err(report) => remote.refused.push(*report),
        }
    }
    Ok(remote)
}

/// A host's row in the answer.
pub fn row(report: &HostReport) -> HostAnswer {
    let first = report.failures.first();
    HostAnswer {
        name: report.name.clone(),
        role: report.role,
        status: report.status.name(),
        reason: first.map(|failure| failure.reason.name()),
        error: first.map(|failure| failure.words.clone()),
        way_out: first.map(|failure| failure.way_out.clone()),
        files: report.files as u64,
        bytes: report.bytes,
        left: report.left.clone(),
    }
}

/// Satellites of which nothing is in the answer.
pub fn missing_satellites(hosts: &[HostAnswer]) -> Vec<&str> {
    hosts.iter().filter(|h| is_missing_satellite(h.role, h.status)).map(|h| h.name.as_str()).collect()
}
