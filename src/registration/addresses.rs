//! Source addresses: whose they are, and how busy a shared one is over time.

use super::session::{NameId, Uuid};
use crate::log::address::Address;
use crate::log::request::Kind;
use hashbrown::HashTable;

/// Seconds in a bucket of a shared address's history.
pub const BUCKET_SECS: i64 = 10;

/// An address by its number in `Addresses`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressId(pub u32);

impl AddressId {
    /// No address is known.
    pub const NONE: Self = Self(u32::MAX);
}

impl Default for AddressId {
    fn default() -> Self {
        Self::NONE
    }
}

/// Requests with a consumer UUID that came from a shared address in one bucket of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Bucket: seconds since 1970 divided by `BUCKET_SECS`.
    pub bucket: i32,
    /// Of registrations.
    pub registering: u32,
    /// Of hosts that were registered already, by kind: what such hosts ask for besides tells how often they ask for the status.
    pub background: [u32; KINDS],
}

/// Kinds of background requests that are told apart.
pub const KINDS: usize = 4;

/// The number of a kind of request in `Activity::background`.
pub const fn kind_number(kind: Kind) -> u8 {
    match kind {
        Kind::Compliance => 0,
        Kind::ConsumerGet => 1,
        Kind::Facts => 2,
        _ => 3,
    }
}

const NO_HISTORY: u32 = u32::MAX;

/// What is known of one address.
#[derive(Debug)]
pub struct State {
    /// The address.
    pub address: Address,
    // a second consumer makes it a shared address, of which a history is kept
    first_consumer: u32,
    // consumers that were seen in the background: none, one (its hash), several (MAX)
    background_consumer: u32,
    consumer: u32,
    old_consumer: u32,
    host: NameId,
    several_hosts: bool,
    // its number in `histories`
    history: u32,
}

impl State {
    /// A host has begun a registration from here.
    pub fn has_host(&self) -> bool {
        self.host != NameId::NONE
    }

    /// Only one host ever registered from here, and no other host's consumer was seen.
    pub fn is_one_clients_own(&self) -> bool {
        !self.several_hosts
            && (self.background_consumer == 0
                || self.background_consumer == self.old_consumer
                || self.background_consumer == self.consumer)
    }
}

// the bucket's place in a history, made where it is new; requests come nearly in order, so it is at the end or close to it
fn place(history: &mut Vec<Activity>, bucket: i32) -> &mut Activity {
    let near = history.iter().rev().take(64).position(|a| a.bucket <= bucket);
    let behind = match near {
        Some(back) => history.len() - back,
        None => history.partition_point(|a| a.bucket <= bucket),
    };
    let at = match behind.checked_sub(1) {
        Some(at) if history[at].bucket == bucket => at,
        _ => {
            history.insert(behind, Activity { bucket, ..Activity::default() });
            behind
        }
    };
    &mut history[at]
}

/// Every source address of /rhsm and /register, once.
#[derive(Debug, Default)]
pub struct Addresses {
    states: Vec<State>,
    histories: Vec<Vec<Activity>>,
    index: HashTable<u32>,
}

fn short_hash(uuid: Uuid) -> u32 {
    // UUIDs are random: any 32 bits of them do; 0 and MAX have a meaning of their own
    ((uuid.0 >> 64) as u32 ^ uuid.0 as u32).clamp(1, u32::MAX - 1)
}

fn hash(address: Address) -> u64 {
    ((address.0 >> 64) as u64)
        .rotate_left(29)
        .wrapping_add(address.0 as u64)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Addresses {
    /// The number of an address, made where it is new.
    pub fn id(&mut self, address: Address) -> AddressId {
        if address == Address::NONE {
            return AddressId::NONE;
        }
        let Self { states, index, .. } = self;
        let hash_of = hash(address);
        if let Some(id) = index.find(hash_of, |id| states[*id as usize].address == address) {
            return AddressId(*id);
        }
        let id = states.len() as u32;
        states.push(State {
            address,
            first_consumer: 0,
            background_consumer: 0,
            consumer: 0,
            old_consumer: 0,
            host: NameId::NONE,
            several_hosts: false,
            history: NO_HISTORY,
        });
        index.insert_unique(hash_of, id, |id| hash(states[*id as usize].address));
        AddressId(id)
    }

    /// The same where `guess` is likely: a consumer's requests come from where its last one came.
    pub fn id_by(&mut self, address: Address, guess: AddressId) -> AddressId {
        match self.get(guess) {
            Some(state) if state.address == address => guess,
            _ => self.id(address),
        }
    }

    /// Asks for what is known of an address from memory.
    pub fn touch(&self, id: AddressId) -> u64 {
        self.get(id).map_or(0, |state| state.address.0 as u64 ^ u64::from(state.history))
    }

    /// The number of an address that was seen.
    pub fn find(&self, address: Address) -> Option<AddressId> {
        self.index
            .find(hash(address), |id| self.states[*id as usize].address == address)
            .map(|id| AddressId(*id))
    }

    /// What is known of an address.
    pub fn get(&self, id: AddressId) -> Option<&State> {
        self.states.get(id.0 as usize)
    }

    /// How many addresses there are.
    pub fn len(&self) -> usize {
        self.states.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// A host begins a registration from here.
    pub fn registers(&mut self, id: AddressId, host: NameId, uuid: Uuid, old: Uuid) {
        let Some(state) = self.states.get_mut(id.0 as usize) else { return };
        if state.host != NameId::NONE && state.host != host {
            state.several_hosts = true;
        }
        state.host = host;
        // an attempt whose host has no name could be anybody's
        state.several_hosts |= host == NameId::NONE;
        if uuid.is_some() {
            state.consumer = short_hash(uuid);
        }
        if old.is_some() {
            state.old_consumer = short_hash(old);
        }
    }

    /// A request with a consumer UUID comes from here; tells whether the address keeps a history.
    pub fn consumer(&mut self, id: AddressId, uuid: Uuid) -> bool {
        let Some(state) = self.states.get_mut(id.0 as usize) else { return false };
        let hash = short_hash(uuid);
        if state.first_consumer == 0 {
            state.first_consumer = hash;
        } else if state.first_consumer != hash && state.history == NO_HISTORY {
            state.history = self.histories.len() as u32;
            self.histories.push(Vec::new());
        }
        state.history != NO_HISTORY
    }

    /// A consumer that belongs to no registration was seen here.
    pub fn background(&mut self, id: AddressId, uuid: Uuid) {
        let Some(state) = self.states.get_mut(id.0 as usize) else { return };
        let hash = short_hash(uuid);
        if hash == state.consumer || hash == state.old_consumer {
            return;
        }
        state.background_consumer = match state.background_consumer {
            0 => hash,
            one if one == hash => one,
            _ => u32::MAX,
        };
    }

    /// What was counted as background turns out to be a registration's.
    pub fn reclaim(
        &mut self,
        id: AddressId,
        buckets: std::ops::RangeInclusive<i32>,
        mut by_kind: [u32; KINDS],
    ) {
        let Some(history) = self.history_mut(id) else { return };
        let from = history.partition_point(|a| a.bucket < *buckets.start());
        let behind = history.partition_point(|a| a.bucket <= *buckets.end());
        for activity in history.get_mut(from..behind).unwrap_or_default().iter_mut().rev() {
            for (counted, wanted) in activity.background.iter_mut().zip(&mut by_kind) {
                let n = (*counted).min(*wanted);
                *counted -= n;
                *wanted -= n;
                activity.registering += n;
            }
        }
    }

    /// Adds to the history of a shared address: a request of a registration, or one of the background and its kind.
    pub fn activity(&mut self, id: AddressId, bucket: i32, background: Option<u8>) {
        let Some(history) = self.history_mut(id) else { return };
        let activity = place(history, bucket);
        match background {
            None => activity.registering += 1,
            Some(kind) => activity.background[usize::from(kind) % KINDS] += 1,
        }
    }

    /// The history of a shared address, in order of time; empty where it is one client's own.
    pub fn history(&self, id: AddressId) -> &[Activity] {
        let number = self.states.get(id.0 as usize).map_or(NO_HISTORY, |s| s.history);
        self.histories.get(number as usize).map_or(&[], Vec::as_slice)
    }

    fn history_mut(&mut self, id: AddressId) -> Option<&mut Vec<Activity>> {
        let number = self.states.get(id.0 as usize)?.history;
        self.histories.get_mut(number as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shared_once_a_second_host_registers_from_it() {
        let mut all = Addresses::default();
        let a = all.id(Address::parse(b"10.0.0.1"));
        assert_eq!(a, all.id(Address::parse(b"10.0.0.1")));
        all.registers(a, NameId(1), Uuid(7), Uuid(3));
        all.background(a, Uuid(7));
        all.background(a, Uuid(3));
        assert!(all.get(a).unwrap().is_one_clients_own());
        all.registers(a, NameId(2), Uuid(8), Uuid::NONE);
        assert!(!all.get(a).unwrap().is_one_clients_own());
    }

    #[test]
    fn an_old_host_on_the_address_makes_it_shared() {
        let mut all = Addresses::default();
        let a = all.id(Address::parse(b"10.0.0.1"));
        all.background(a, Uuid(99));
        all.registers(a, NameId(1), Uuid(7), Uuid::NONE);
        assert!(!all.get(a).unwrap().is_one_clients_own());
    }

    #[test]
    fn history_stays_in_order_whatever_comes() {
        let mut all = Addresses::default();
        let a = all.id(Address::parse(b"10.0.0.1"));
        assert!(!all.consumer(a, Uuid(1)));
        assert!(all.consumer(a, Uuid(2)));
        for bucket in [5, 7, 6, 3, 7, 100, 5] {
            all.activity(a, bucket, None);
        }
        let buckets: Vec<_> = all.history(a).iter().map(|a| (a.bucket, a.registering)).collect();
        assert_eq!(buckets, [(3, 1), (5, 2), (6, 1), (7, 2), (100, 1)]);
    }
}
