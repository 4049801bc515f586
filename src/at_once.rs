//! Several things at a time, their answers in order.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Cores that this program may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

/// What `each` answers for every item, in their order; on up to `threads` threads. The items are begun in order.
pub fn in_order<T: Sync, A: Send>(
    items: &[T],
    threads: usize,
    each: impl Fn(usize, &T) -> A + Sync,
) -> Vec<A> {
    let next = AtomicUsize::new(0);
    let answers: Mutex<Vec<(usize, A)>> = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    let answer = each(at, item);
                    answers.lock().unwrap_or_else(PoisonError::into_inner).push((at, answer));
                }
            });
        }
    });
    let mut answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    answers.sort_unstable_by_key(|(at, _)| *at);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[test]
    fn answers_come_in_order_whoever_is_quick() {
        let items: Vec<u64> = (0..40).collect();
        let answers = in_order(&items, 4, |at, item| {
            std::thread::sleep(std::time::Duration::from_micros((40 - item) % 7 * 300));
            (at, item * item)
        });
        assert!(answers.iter().enumerate().all(|(i, (at, square))| *at == i && *square == (i * i) as u64));
        assert!(in_order(&[0u8; 0], 4, |_, _| ()).is_empty());
    }

    #[test]
    fn as_many_run_at_once_as_are_allowed() {
        // each waits for another: one at a time would wait for ever
        let pair = Barrier::new(2);
        assert_eq!(in_order(&[(); 6], 2, |at, ()| (pair.wait(), at).1), [0, 1, 2, 3, 4, 5]);
        let running = AtomicUsize::new(0);
        let most = AtomicUsize::new(0);
        in_order(&[(); 12], 3, |_, ()| {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(std::time::Duration::from_millis(2));
            running.fetch_sub(1, Ordering::SeqCst);
        });
        assert!(most.into_inner() <= 3);
    }
}
