//! Many caches at once: endpoints in, a row for each out, in their order. A cache that fails is a row with its error.

use super::capsules::Capsules;
use super::connection;
use super::error::CacheError;
use super::finding::{Finding, findings};
use super::reading;
use super::settings::Endpoint;
use super::snapshot::{Run, Snapshot};
use super::through_ssh;
use super::wire::Limits;
use crate::at_once::in_order;
use crate::inventory::Topology;
use std::collections::BTreeMap;

/// Caches that are asked at the same time.
const AT_ONCE: usize = 32;

/// What came of one cache.
#[derive(Clone, Debug, PartialEq)]
pub struct CacheRow {
    /// Name of its load balancer.
    pub load_balancer: String,
    /// Location of its pool.
    pub location: Option<String>,
    /// Where it was asked.
    pub address: String,
    /// What it said, or why it did not.
    pub result: Result<Snapshot, CacheError>,
    /// Its pool's capsules; none where it did not tell its connections.
    pub capsules: Option<Capsules>,
    /// What happened since the earlier look, where there is one.
    pub run: Option<Run>,
    /// What keeps it from working.
    pub findings: Vec<Finding>,
}

impl CacheRow {
    /// Puts a row together from what a cache said, however it was asked.
    pub fn of(
        endpoint: &Endpoint,
        result: Result<Snapshot, CacheError>,
        topology: &Topology,
        before: Option<&Snapshot>,
    ) -> Self {
        let snapshot = result.as_ref().ok();
        let capsules = snapshot.and_then(|s| {
            let watcher = s.login.user.as_deref();
            s.clients.as_ref().map(|clients| Capsules::of(clients, watcher, &endpoint.pool, topology))
        });
        let run = snapshot.zip(before).map(|(now, before)| now.since(before));
        let findings = snapshot.map(|s| findings(s, run.as_ref(), capsules.as_ref())).unwrap_or_default();
        Self {
            load_balancer: endpoint.load_balancer.clone(),
            location: endpoint.location.clone(),
            address: endpoint.address(),
            result,
            capsules,
            run,
            findings,
        }
    }
}

/// Asks every cache; no longer than the slowest one takes (for up to 32 of them).
pub fn read_all(
    endpoints: &[Endpoint],
    topology: &Topology,
    before: &BTreeMap<String, Snapshot>,
    limits: Limits,
) -> Vec<CacheRow> {
    in_order(endpoints, AT_ONCE, |_, endpoint| {
        let result = read_one(endpoint, limits);
        CacheRow::of(endpoint, result, topology, before.get(&endpoint.load_balancer))
    })
}

fn read_one(endpoint: &Endpoint, limits: Limits) -> Result<Snapshot, CacheError> {
    let mut password = endpoint.password.clone();
    if let (None, Some(through)) = (&password, &endpoint.through) {
        password = through_ssh::made_password(through, limits)?;
    }
    let mut wire = connection::open(endpoint, limits)?;
    reading::read(&mut wire, &endpoint.user, password.as_ref())
}
