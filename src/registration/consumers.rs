//! Consumers by UUID.
//!
//! Hosts that check in beside a storm are many and each is rare: nearly every look is a wait for memory. So consumers lie
//! beside each other, their places in a table beside, and what the next requests need is asked for together.

use super::consumer::Consumer;
use super::session::Uuid;

/// A place and the last bits of the hash of who lies there.
type Entry = u64;

/// Nobody's.
const FREE: Entry = u64::MAX;

/// Every consumer that is counted now.
#[derive(Debug, Default)]
pub(super) struct Consumers {
    all: Vec<Consumer>,
    // by the first bits of the hash, then the next that is free; at most half of it is used
    places: Vec<Entry>,
    bits: u32,
}

impl Consumers {
    // UUIDs are random already
    const fn hash(uuid: Uuid) -> u64 {
        ((uuid.0 >> 64) as u64 ^ uuid.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    // the first entry from `slot` on that may be of this hash, or is free
    #[inline]
    fn next(&self, hash: u64, mut slot: usize) -> (usize, Option<usize>) {
        loop {
            // there is no slot before the first consumer comes
            let entry = self.places.get(slot).copied().unwrap_or(FREE);
            if entry == FREE {
                return (slot, None);
            }
            if entry as u32 == hash as u32 {
                return (slot, Some((entry >> 32) as usize));
            }
            slot = self.behind(slot);
        }
    }

    fn first(&self, hash: u64) -> usize {
        hash.unbounded_shr(64 - self.bits) as usize
    }

    fn behind(&self, slot: usize) -> usize {
        (slot + 1) & (self.places.len() - 1)
    }

    // its place, or the slot where it would be noted
    fn find(&self, uuid: Uuid) -> Result<usize, usize> {
        let hash = Self::hash(uuid);
        let mut slot = self.first(hash);
        loop {
            match self.next(hash, slot) {
                (free, None) => return Err(free),
                (_, Some(place)) if self.all[place].uuid == uuid => return Ok(place),
                (other, Some(_)) => slot = self.behind(other),
            }
        }
    }

    pub(super) fn get(&self, uuid: Uuid) -> Option<&Consumer> {
        self.all.get(self.find(uuid).ok()?)
    }

    pub(super) fn get_mut(&mut self, uuid: Uuid) -> Option<&mut Consumer> {
        let place = self.find(uuid).ok()?;
        self.all.get_mut(place)
    }

    /// Made where it is new.
    pub(super) fn entry(&mut self, uuid: Uuid) -> &mut Consumer {
        if self.all.len() >= self.places.len() / 2 {
            self.index(self.bits.max(7) + 1);
        }
        let place = self.find(uuid).unwrap_or_else(|slot| {
            self.places[slot] = Self::noted(self.all.len(), uuid);
            self.all.push(Consumer::new(uuid));
            self.all.len() - 1
        });
        &mut self.all[place]
    }

    const fn noted(place: usize, uuid: Uuid) -> Entry {
        (place as u64) << 32 | Self::hash(uuid) as u32 as u64
    }

    fn index(&mut self, bits: u32) {
        self.bits = bits;
        self.places.clear();
        self.places.resize(1 << bits, FREE);
        for place in 0..self.all.len() {
            let uuid = self.all[place].uuid;
            let mut slot = self.first(Self::hash(uuid));
            while self.places[slot] != FREE {
                slot = self.behind(slot);
            }
            self.places[slot] = Self::noted(place, uuid);
        }
    }

    /// Takes out those that are `gone`.
    pub(super) fn extract(&mut self, gone: impl Fn(&Consumer) -> bool) -> Vec<Consumer> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(consumer) = self.all.get(at) {
            if gone(consumer) {
                // the last one takes its place
                found.push(self.all.swap_remove(at));
            } else {
                at += 1;
            }
        }
        if !found.is_empty() {
            self.index(self.bits);
        }
        found
    }

    /// Those that are left.
    pub(super) fn into_all(self) -> Vec<Consumer> {
        self.all
    }

    /// Where the consumer likely lies.
    pub(super) fn likely(&self, uuid: Uuid) -> Option<usize> {
        let hash = Self::hash(uuid);
        self.next(hash, self.first(hash)).1
    }

    /// The consumer that lies there.
    pub(super) fn at(&self, place: usize) -> Option<&Consumer> {
        self.all.get(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn consumers_are_found_until_they_are_taken_out() {
        let mut consumers = Consumers::default();
        let mut wanted: BTreeMap<u128, u32> = BTreeMap::new();
        assert!(consumers.get(Uuid(7)).is_none() && consumers.get_mut(Uuid(7)).is_none());
        let mut random = 1u128;
        for round in 0..6u32 {
            for n in 0..3000u32 {
                random = random.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645).wrapping_add(1);
                // few first bits: many share a slot
                let uuid = random >> 64 | u128::from(n % 5) << 70 | 1;
                consumers.entry(Uuid(uuid)).requests = round;
                wanted.insert(uuid, round);
            }
            let gone = consumers.extract(|c| c.uuid.0 % 3 == 0);
            assert!(gone.iter().all(|c| wanted.remove(&c.uuid.0) == Some(c.requests)));
            assert!(wanted.keys().all(|uuid| uuid % 3 != 0));
            for (uuid, requests) in &wanted {
                assert_eq!(consumers.get(Uuid(*uuid)).map(|c| c.requests), Some(*requests));
            }
        }
        assert_eq!(consumers.extract(|_| true).len(), wanted.len());
        assert!(consumers.get(Uuid(*wanted.keys().next().unwrap())).is_none());
    }
}
