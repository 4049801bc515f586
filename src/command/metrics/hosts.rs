//! An inventory alone: its Satellites and capsules in, places over SSH and the rows of hosts that cannot be reached out.

use crate::cli::MetricsArgs;
use crate::inventory::ini::Ini;
use crate::inventory::topology::Topology;
use crate::metrics::answer::HostAnswer;
use crate::source::Place;
use crate::source::ssh::pick::Limits;
use crate::source::ssh::target::HostRole;
use crate::source::ssh::{HostReport, HostStatus, RemoteLog, host_of};
use anyhow::{Context, bail};
use std::path::Path;
use std::time::Duration;

/// Whether logs of capsules are understood; where they are not, capsules are not contacted.
const CAPSULES_ARE_READ: bool = false;

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
pub fn remote(args: &MetricsArgs, inventory: &Path, topology: &Topology) -> anyhow::Result<Remote> {
    if topology.satellites.is_empty() {
        bail!(
            "{}: no host in [satellite6] whose log could be read over SSH; name it there, or give --log",
            inventory.display()
        );
    }
    let variables = Variables::load(inventory)?;
    let limits = Limits { since: args.since, until: args.until, max_size: args.max_size };
    let patience = Duration::from_secs(args.host_timeout.into());
    let satellites = topology.satellites.iter().map(|h| (h.name.as_str(), HostRole::Satellite));
    let capsules = topology.capsules.iter().map(|c| (c.name.as_str(), HostRole::Capsule));
    let mut remote = Remote::default();
    for (name, role) in satellites.chain(capsules.filter(|_| CAPSULES_ARE_READ)) {
        match host_of(name, role, &|variable| variables.value(name, variable)) {
            Ok(host) => remote.places.push(Place::Remote(Box::new(RemoteLog { host, limits, patience }))),
            Err(report) => remote.refused.push(*report),
        }
    }
    Ok(remote)
}

/// Hosts' variables.
struct Variables(Ini);

impl Variables {
    fn load(path: &Path) -> anyhow::Result<Self> {
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        let wrong = |e: crate::inventory::ini::IniError| {
            anyhow::anyhow!("{}:{}: {}", path.display(), e.line, e.problem)
        };
        Ok(Self(Ini::parse(&String::from_utf8_lossy(&bytes)).map_err(wrong)?))
    }

    fn value(&self, host: &str, name: &str) -> Result<Option<String>, String> {
        match self.0.vars_of(host).get(name) {
            Some(value) if value.contains("{{") => {
                Err(format!("{name} is a template, which is not resolved here"))
            }
            value => Ok(value.map(|v| (*v).to_owned())),
        }
    }
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
    let missing =
        |h: &&HostAnswer| h.role == HostRole::Satellite.name() && h.status == HostStatus::Failed.name();
    hosts.iter().filter(missing).map(|h| h.name.as_str()).collect()
}
