//! Creates whose answer is long in coming, or lost at a seam, while their consumers speak already.

use super::{Correlator, NO_SESSION, SILENCE_US, bucket_of};
use crate::registration::addresses::Addresses;
use crate::registration::consumer::Consumer;
use crate::registration::session::{NameId, Uuid};
use hashbrown::HashMap;

/// Creates that are still open, and what their consumers sent before they went silent.
#[derive(Debug, Default)]
pub(super) struct Awaited {
    /// By host: start of its latest open create, and the consumer that a fact update named since.
    creates: HashMap<NameId, (i64, Uuid)>,
    earlier: HashMap<Uuid, Consumer>,
}

impl Awaited {
    /// A create of the host is open.
    pub(super) fn create(&mut self, host: NameId, start_us: i64) {
        let known = self.creates.entry(host).or_insert((start_us, Uuid::NONE));
        if known.0 < start_us {
            *known = (start_us, Uuid::NONE);
        }
    }

    /// A consumer that first spoke at `first_us` is the host's; says whether it is of the open create, where one began
    /// when the host's last one had ended: of two machines of one name the one that was answered is more likely to speak.
    pub(super) fn name(&mut self, host: NameId, uuid: Uuid, (ended_us, first_us): (i64, i64)) -> bool {
        let Some((start_us, named)) = self.creates.get_mut(&host) else { return false };
        if *start_us <= ended_us || !(*start_us..=*start_us + SILENCE_US).contains(&first_us) {
            return false;
        }
        if *named == Uuid::NONE {
            *named = uuid;
        }
        *named == uuid
    }

    /// The host's create that began then has ended: the consumer that was named for it.
    pub(super) fn named(&mut self, host: NameId, start_us: i64) -> Uuid {
        match self.creates.get(&host) {
            Some((awaited_us, uuid)) if *awaited_us == start_us => {
                let uuid = *uuid;
                self.creates.remove(&host);
                uuid
            }
            _ => Uuid::NONE,
        }
    }

    /// What was sent for creates that never ended.
    pub(super) fn take_earlier(&mut self) -> Vec<Consumer> {
        std::mem::take(&mut self.earlier).into_values().collect()
    }
}

impl Correlator {
    /// A create that is still open named its consumer: what comes of it now waits for the create.
    pub(super) fn announce(&mut self, uuid: Uuid) {
        let now_us = self.now_us;
        let consumer = self.consumers.entry(uuid);
        if consumer.requests > 0 && !consumer.pending && now_us - consumer.last_us > SILENCE_US {
            let before = consumer.renew();
            self.put_away(before);
        }
        self.consumers.entry(uuid).pending = true;
    }

    /// A consumer speaks again after its silence: what it sent before is over, or waits for its create.
    pub(super) fn silent(&mut self, uuid: Uuid) {
        let consumer = self.consumers.entry(uuid);
        let (pending, before) = (consumer.pending, consumer.renew());
        if pending && before.session == NO_SESSION && !self.awaited.earlier.contains_key(&uuid) {
            self.awaited.earlier.insert(uuid, before);
        } else {
            self.consumers.entry(uuid).pending = pending;
            self.put_away(before);
        }
    }

    /// Gives a session its consumer, or what that sent before it went silent.
    pub(super) fn bind(&mut self, uuid: Uuid, index: u32) {
        let start_us = self.sessions[index as usize].started_at.0;
        let of_this = |c: &Consumer| c.session == NO_SESSION && c.first_us >= start_us;
        if let Some(mut earlier) = self.awaited.earlier.remove(&uuid) {
            let found = of_this(&earlier);
            if found {
                reclaim(&mut self.addresses, &earlier);
                earlier.session = index;
            }
            self.put_away(earlier);
            if found {
                return;
            }
        }
        let consumer = self.consumers.entry(uuid);
        if of_this(consumer) {
            reclaim(&mut self.addresses, consumer);
            (consumer.session, consumer.since_us) = (index, start_us);
            consumer.pending = false;
            if consumer.last_us == i64::MIN {
                consumer.last_us = self.sessions[index as usize].ended_at.0;
            }
            return;
        }
        // the same consumer registers again: what it sent before is not of this session
        let before = consumer.renew();
        (consumer.session, consumer.since_us) = (index, start_us);
        consumer.last_us = self.sessions[index as usize].ended_at.0;
        self.put_away(before);
    }

    /// What the host sent with its old UUID says nothing of the background on a shared address.
    pub(super) fn reclaim_old(&mut self, old: Uuid) {
        if let Some(old) = self.consumers.get(old).filter(|c| old.is_some() && c.session == NO_SESSION) {
            reclaim(&mut self.addresses, old);
        }
    }
}

// until now it was counted as background
fn reclaim(addresses: &mut Addresses, consumer: &Consumer) {
    if consumer.requests > 0 {
        let buckets = bucket_of(consumer.first_us)..=bucket_of(consumer.last_us);
        addresses.reclaim(consumer.address, buckets, consumer.by_kind());
    }
}
