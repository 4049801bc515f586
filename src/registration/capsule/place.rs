//! Which capsule a request reached the Satellite through: its source address, where the inventory knows it, else the
//! `url` that it carries. Behind a load balancer the `url` names the pool only.

use super::{Asked, Forwarded, NamedLog, PoolSide, Satellite};
use crate::inventory::topology::{Role, Topology};
use crate::log::address::Address;
use crate::registration::session::{Group, NameId};
use crate::registration::way_in::host_of;
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeMap;

/// What a capsule is to its hosts.
#[derive(Clone, Debug, Default)]
pub struct RoleOf {
    /// How they come.
    pub group: Option<Group>,
    /// Its load balancer.
    pub load_balancer: Option<String>,
}

/// The Satellite's requests of one capsule.
pub struct Reached<'a> {
    /// Requests.
    pub mine: Vec<&'a Forwarded>,
    /// They are all: none of them may have come through another capsule.
    pub tellable: bool,
}

impl Reached<'_> {
    /// Starts of its GET /register.
    pub fn scripts(&self) -> Vec<i64> {
        self.mine.iter().filter(|f| f.asked == Asked::Script).map(|f| f.at_us).collect()
    }
}

/// Logs of the same capsule become one: its name as the inventory has it.
pub fn merge_same(logs: Vec<NamedLog>, topology: Option<&Topology>) -> Vec<NamedLog> {
    let mut merged: Vec<NamedLog> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for mut named in logs {
        let name = named.name.take().or_else(|| named.log.host.clone());
        named.name = name.map(|name| match topology.and_then(|t| t.by_host(&name)) {
            Some(role) => role.name().to_owned(),
            None => name.to_ascii_lowercase(),
        });
        let known = named.name.as_ref().and_then(|name| places.get(name).copied());
        let Some(first) = known.and_then(|at| merged.get_mut(at)) else {
            places.extend(named.name.clone().map(|name| (name, merged.len())));
            merged.push(named);
            continue;
        };
        // a file and a journal can hold the same requests; their times differ, what they took does not
        let print = |r: &crate::log::proxy::Finished| (r.id, r.took_us, r.status, r.asked);
        let seen: HashSet<_> = first.log.requests.iter().map(print).collect();
        let (new, old): (Vec<_>, Vec<_>) =
            named.log.requests.iter().copied().partition(|r| r.id == 0 || !seen.contains(&print(r)));
        first.offset = first.offset.or(named.offset);
        first.log.requests.extend(new);
        first.log.doubled += named.log.doubled + old.len() as u64;
        first.log.loose_hits.extend(named.log.loose_hits);
        first.log.loose_misses += named.log.loose_misses;
        first.log.unfinished += named.log.unfinished;
        first.log.probes += named.log.probes;
        first.log.others += named.log.others;
    }
    merged
}

/// Where each request of the Satellite came through.
pub struct Places {
    roles: Vec<RoleOf>,
    // capsule of a source address, of a url; none where it is no capsule whose log was read
    by_address: HashMap<Address, Option<usize>>,
    by_url: HashMap<NameId, Way>,
    pools: BTreeMap<String, Pool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    Capsule(usize),
    Pool(String),
    Elsewhere,
}

#[derive(Debug, Default)]
struct Pool {
    unread: Vec<String>,
    addresses: HashSet<Address>,
    // requests with the pool's url came from an address that the inventory lacks
    strangers: bool,
}

impl Places {
    /// Learns what addresses and urls stand for.
    pub fn of(logs: &[NamedLog], topology: Option<&Topology>, satellite: &Satellite<'_>) -> Self {
        let names: HashMap<&str, usize> =
            logs.iter().enumerate().filter_map(|(i, log)| Some((log.name.as_deref()?, i))).collect();
        let role =
            |log: &NamedLog| log.name.as_deref().map_or_else(RoleOf::default, |n| role_of(n, topology));
        let mut places = Self {
            roles: logs.iter().map(role).collect(),
            by_address: HashMap::new(),
            by_url: HashMap::new(),
            pools: BTreeMap::new(),
        };
        places.learn_pools(&names, topology);
        for forwarded in satellite.forwarded {
            if !places.by_url.contains_key(&forwarded.url) {
                let way = places.way_of(forwarded, &names, topology, satellite);
                places.by_url.insert(forwarded.url, way);
            }
            places.learn_address(forwarded, &names, topology);
        }
        places
    }

    fn learn_pools(&mut self, names: &HashMap<&str, usize>, topology: Option<&Topology>) {
        let read: HashSet<String> = self.roles.iter().filter_map(|r| r.load_balancer.clone()).collect();
        for balancer in topology.iter().flat_map(|t| &t.load_balancers).filter(|b| read.contains(&b.name)) {
            let unread = balancer.pool.iter().filter(|name| !names.contains_key(name.as_str())).cloned();
            self.pools.insert(balancer.name.clone(), Pool { unread: unread.collect(), ..Pool::default() });
        }
    }

    fn way_of(
        &mut self,
        forwarded: &Forwarded,
        names: &HashMap<&str, usize>,
        topology: Option<&Topology>,
        satellite: &Satellite<'_>,
    ) -> Way {
        let Some(host) = satellite.names.get(forwarded.url).map(host_of) else { return Way::Elsewhere };
        match topology.map(|t| t.by_host(host)) {
            Some(Some(Role::Capsule(capsule))) => {
                names.get(capsule.name.as_str()).map_or(Way::Elsewhere, |i| Way::Capsule(*i))
            }
            Some(Some(Role::LoadBalancer(balancer))) => Way::Pool(balancer.name.clone()),
            Some(_) => Way::Elsewhere,
            None => match names.get(host) {
                Some(i) => {
                    self.roles[*i].group = Some(forwarded.group);
                    Way::Capsule(*i)
                }
                None => Way::Elsewhere,
            },
        }
    }

    fn learn_address(
        &mut self,
        forwarded: &Forwarded,
        names: &HashMap<&str, usize>,
        topology: Option<&Topology>,
    ) {
        let Some(topology) = topology else { return };
        let address = forwarded.address;
        let way = self.by_url.get(&forwarded.url);
        let pool = match way {
            Some(Way::Pool(name)) => self.pools.get_mut(name),
            _ => None,
        };
        let role = address.ip().and_then(|ip| topology.by_address(ip));
        match (role, pool) {
            (Some(Role::Capsule(capsule)), pool) => {
                self.by_address.insert(address, names.get(capsule.name.as_str()).copied());
                if let Some(pool) = pool {
                    pool.addresses.insert(address);
                }
            }
            (_, Some(pool)) => pool.strangers = true,
            _ => {}
        }
    }

    /// What a capsule is to its hosts.
    pub fn role(&self, capsule: usize) -> RoleOf {
        self.roles.get(capsule).cloned().unwrap_or_default()
    }

    fn capsule_of(&self, forwarded: &Forwarded) -> Option<usize> {
        // without a url it came straight, whatever lives at that address
        match self.by_url.get(&forwarded.url)? {
            Way::Elsewhere => None,
            Way::Capsule(capsule) => Some(*capsule),
            Way::Pool(_) => self.by_address.get(&forwarded.address).copied().flatten(),
        }
    }

    /// The Satellite's requests of a capsule.
    pub fn of_capsule<'a>(&self, capsule: usize, forwarded: &'a [Forwarded]) -> Reached<'a> {
        let mine: Vec<&Forwarded> =
            forwarded.iter().filter(|f| self.capsule_of(f) == Some(capsule)).collect();
        let role = self.role(capsule);
        let pool = role.load_balancer.as_ref().and_then(|name| self.pools.get(name));
        // a warm cache can leave nothing of a capsule: its url or pool must be known all the same
        let tellable = match pool {
            Some(pool) => !pool.strangers,
            None => role.group.is_some(),
        };
        Reached { mine, tellable }
    }

    /// Pools that a capsule whose log was read belongs to.
    pub fn pools(&self, forwarded: &[Forwarded]) -> Vec<PoolSide> {
        let of = |name: &str| {
            let scripts = forwarded.iter().filter(|f| {
                f.asked == Asked::Script
                    && matches!(self.by_url.get(&f.url), Some(Way::Pool(pool)) if pool == name)
            });
            scripts.map(|f| f.at_us).collect()
        };
        let pools = self.pools.iter().map(|(name, pool)| PoolSide {
            load_balancer: name.clone(),
            unread: pool.unread.clone(),
            reached: of(name),
        });
        pools.collect()
    }
}

fn role_of(name: &str, topology: Option<&Topology>) -> RoleOf {
    match topology.and_then(|t| t.by_host(name)) {
        Some(Role::Capsule(capsule)) => {
            RoleOf { group: Some(capsule.group()), load_balancer: capsule.load_balancer.clone() }
        }
        _ => RoleOf::default(),
    }
}
