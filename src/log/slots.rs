//! Requests that are open in a block.

use super::request::Request;
use hashbrown::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Request ids are random already: one multiplication spreads them.
#[derive(Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*b);
        }
        self.0 = self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    fn write_u64(&mut self, id: u64) {
        self.0 = id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// A map by request id.
pub type IdMap<V> = HashMap<u64, V, BuildHasherDefault<IdHasher>>;

/// Open requests by number, so that the map by id stays small.
#[derive(Debug, Default)]
pub(super) struct Slots {
    pub requests: Vec<Request>,
    /// When each was begun.
    pub order: Vec<u64>,
    free: Vec<u32>,
    begun: u64,
}

impl Slots {
    #[inline]
    pub fn put(&mut self, request: Request) -> u32 {
        self.begun += 1;
        match self.free.pop() {
            Some(slot) => {
                self.requests[slot as usize] = request;
                self.order[slot as usize] = self.begun;
                slot
            }
            None => {
                self.requests.push(request);
                self.order.push(self.begun);
                (self.requests.len() - 1) as u32
            }
        }
    }

    #[inline]
    pub fn take(&mut self, slot: u32) -> Request {
        self.free.push(slot);
        let request = &mut self.requests[slot as usize];
        // what is left behind is overwritten before it is read
        Request { details: request.details.take(), ..*request }
    }

    pub fn clear(&mut self) {
        self.requests.clear();
        self.order.clear();
        self.free.clear();
    }
}
