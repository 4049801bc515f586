//! The queue of what will happen, in the order of time.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Something that will happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The next host of the storm starts.
    Arrive,
    /// The next one of the background starts.
    Background,
    /// Somebody asks whether this capsule is well.
    Probe(u16),
    /// The capsule has said so.
    Probed(u16),
    /// An actor makes its next request.
    Ask(u32),
    /// It reaches the Satellite.
    Reach(u32),
    /// It leaves its audit lines.
    Work(u32),
    /// The Satellite has answered.
    Answer(u32),
    /// The capsule has passed the answer on.
    PassOn(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Event {
    at: i64,
    /// Events of the same time happen in the order in which they were planned.
    order: u64,
    what: What,
}

impl Ord for Event {
    fn cmp(&self, other: &Self) -> Ordering {
        // the heap gives the greatest first
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What will happen, soonest first.
#[derive(Debug, Default)]
pub struct Events {
    heap: BinaryHeap<Event>,
    planned: u64,
}

impl Events {
    /// This will happen then (microseconds, UTC).
    pub fn plan(&mut self, at: i64, what: What) {
        self.planned += 1;
        self.heap.push(Event { at, order: self.planned, what });
    }

    /// What happens next, and when.
    pub fn next(&mut self) -> Option<(i64, What)> {
        self.heap.pop().map(|event| (event.at, event.what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_the_same_time_happen_in_the_order_in_which_they_were_planned() {
        let mut events = Events::default();
        for (at, actor) in [(5, 1), (3, 2), (5, 3), (3, 4)] {
            events.plan(at, What::Ask(actor));
        }
        let order: Vec<_> = std::iter::from_fn(|| events.next()).collect();
        assert_eq!(order, [2, 4, 1, 3].map(|n| (if n % 2 == 0 { 3 } else { 5 }, What::Ask(n))));
    }
}
