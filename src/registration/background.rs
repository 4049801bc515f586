//! What belongs to no registration: counts of it, and the set of its consumers.

use std::hash::Hasher;

/// Requests that belong to no registration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackgroundCounts {
    /// With a consumer UUID.
    pub keyed: u64,
    /// POST /register whose keys name no session.
    pub host_registers: u64,
    /// Metric-carrying ones among `keyed`.
    pub metric: u64,
}

impl BackgroundCounts {
    /// Adds another log's.
    pub const fn add(&mut self, other: Self) {
        self.keyed += other.keyed;
        self.host_registers += other.host_registers;
        self.metric += other.metric;
    }
}

/// For half of a consumer's UUID: random already.
#[derive(Default)]
pub struct UuidHasher(u64);

impl Hasher for UuidHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = (self.0.rotate_left(8) ^ u64::from(*b)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }
    fn write_u64(&mut self, v: u64) {
        self.0 = v.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
