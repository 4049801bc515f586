//! Files of one log that overlap in time: what stands in two of them is known by its lines, however far apart.
//!
//! Files come in the order of their first times. A request that ends where the next file has begun already can stand
//! there as well: it is kept until that file has been read. In a rotated set these are the few at the seam.

use crate::log::request::Request;
use hashbrown::HashTable;

/// Requests that are kept at most: a table of 4 M places, 71 MB.
const MOST: usize = (4 << 20) * 7 / 8;

/// A file can begin with lines before its first Started one, and times are whole seconds.
const SLACK_US: i64 = 10_000_000;

/// Requests that a later file can hold once more.
#[derive(Debug)]
pub struct Overlap {
    /// Where the next file begins, in microseconds since 1970.
    next_us: i64,
    /// Where this file begins and the files before it reach further.
    this_us: i64,
    // (lines, end)
    seen: HashTable<(u64, i64)>,
    /// More than `MOST` overlapped.
    full: bool,
}

impl Default for Overlap {
    fn default() -> Self {
        Self { next_us: i64::MAX, this_us: i64::MAX, seen: HashTable::new(), full: false }
    }
}

impl Overlap {
    /// A file begins; `next_us` is the first time of the one behind it.
    pub fn file(&mut self, next_us: Option<i64>) {
        self.this_us = if self.seen.is_empty() { i64::MAX } else { self.next_us };
        self.next_us = next_us.unwrap_or(i64::MAX);
        let next_us = self.next_us.min(self.this_us);
        self.seen.retain(|(_, end_us)| end_us.saturating_add(SLACK_US) >= next_us);
    }

    /// Whether it was kept already; keeps it where a later file can hold it too.
    #[inline]
    pub fn seen_or_note(&mut self, request: &Request) -> bool {
        request.end_us().saturating_add(SLACK_US) >= self.next_us.min(self.this_us) && self.look(request)
    }

    /// Whether more overlapped than is kept.
    pub const fn full(&self) -> bool {
        self.full
    }

    fn look(&mut self, request: &Request) -> bool {
        let lines = u64::from(request.started_tag) << 32 | u64::from(request.completed_tag);
        let key = (request.id.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ lines, request.end_us());
        let hash = |(lines, end_us): &(u64, i64)| {
            (lines ^ end_us.cast_unsigned().rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        };
        if self.seen.find(hash(&key), |seen| *seen == key).is_some() {
            return true;
        }
        if key.1.saturating_add(SLACK_US) >= self.next_us {
            if self.seen.len() < MOST {
                self.seen.insert_unique(hash(&key), key, hash);
            } else {
                self.full = true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(id: u64, start_secs: i64) -> Request {
        Request {
            id,
            start_us: start_secs * 1_000_000,
            started_tag: 1,
            completed_tag: 2,
            duration_ms: 500,
            ..Request::default()
        }
    }

    fn secs(secs: i64) -> Option<i64> {
        Some(secs * 1_000_000)
    }

    #[test]
    fn what_the_next_file_can_hold_too_is_kept_until_it_was_read() {
        let mut overlap = Overlap::default();
        overlap.file(secs(100));
        assert!(!overlap.seen_or_note(&request(1, 50)) && !overlap.seen_or_note(&request(2, 150)));
        overlap.file(secs(200));
        assert!(overlap.seen_or_note(&request(2, 150)), "it stands in both");
        assert!(!overlap.seen_or_note(&request(3, 160)), "another of the same time");
        assert!(!overlap.seen_or_note(&request(4, 250)));
        overlap.file(None);
        assert!(overlap.seen_or_note(&request(4, 250)) && !overlap.seen_or_note(&request(5, 300)));
    }

    #[test]
    fn a_request_that_the_next_file_only_ends_is_kept() {
        let mut overlap = Overlap::default();
        overlap.file(secs(100));
        let long = Request { duration_ms: 30_000, ..request(1, 80) };
        assert!(!overlap.seen_or_note(&long));
        overlap.file(None);
        assert!(overlap.seen_or_note(&long));
    }

    #[test]
    fn a_long_file_reaches_over_several_short_ones() {
        let mut overlap = Overlap::default();
        let numbered = |id: u64| request(id, 100 + id.cast_signed() * 10);
        overlap.file(secs(100));
        assert!((0..10).all(|id| !overlap.seen_or_note(&numbered(id))));
        overlap.file(secs(150));
        assert!((0..5).all(|id| overlap.seen_or_note(&numbered(id))));
        overlap.file(None);
        assert!((5..10).all(|id| overlap.seen_or_note(&numbered(id))));
    }

    #[test]
    fn one_file_alone_keeps_nothing() {
        let mut overlap = Overlap::default();
        overlap.file(None);
        assert!(!overlap.seen_or_note(&request(1, 50)) && !overlap.seen_or_note(&request(1, 50)));
        assert!(overlap.seen.is_empty());
    }
}
