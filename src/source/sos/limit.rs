//! How far an archive may unpack: against archives that were made to fill a disk or to keep a machine busy.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};

/// No sosreport that anyone has seen comes near: 100 GiB.
const MOST: u64 = 100 << 30;
/// Logs pack 10 to 30 times, zeros a thousand times and more.
const RATIO: u64 = 250;
/// Below it no ratio is a danger: 1 GiB.
const HARMLESS: u64 = 1 << 30;

/// Counts one archive's bytes, those of archives in it included.
#[derive(Debug)]
pub struct Limit {
    packed: AtomicU64,
    unpacked: AtomicU64,
    /// Given by the user: then it alone decides.
    most: Option<u64>,
}

impl Limit {
    /// `most`: bytes that the user allows.
    pub const fn new(most: Option<u64>) -> Self {
        Self { packed: AtomicU64::new(0), unpacked: AtomicU64::new(0), most }
    }

    /// So many bytes more were unpacked.
    ///
    /// # Errors
    /// That is too much; the message names the option.
    pub fn unpacked(&self, n: usize) -> io::Result<()> {
        let unpacked = self.unpacked.fetch_add(n as u64, Ordering::Relaxed) + n as u64;
        let most = self.most.unwrap_or(MOST);
        if unpacked > most {
            let words = format!(
                "it unpacks to more than {most} bytes: stopped there; --unpack-limit BYTES allows more"
            );
            return Err(io::Error::other(words));
        }
        let packed = self.packed.load(Ordering::Relaxed);
        if self.most.is_none() && unpacked > HARMLESS && unpacked / RATIO > packed {
            let words = format!(
                "it unpacks to more than {RATIO} times its size, as no log does: stopped after {unpacked} bytes; \
                 --unpack-limit BYTES allows it"
            );
            return Err(io::Error::other(words));
        }
        Ok(())
    }
}

/// The archive as it lies on disk or comes over the network, counted.
pub struct Packed<'a, R> {
    inner: R,
    limit: &'a Limit,
}

impl<'a, R: Read> Packed<'a, R> {
    /// Counts what is read of `inner`.
    pub const fn new(inner: R, limit: &'a Limit) -> Self {
        Self { inner, limit }
    }
}

impl<R: Read> Read for Packed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.limit.packed.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_may_unpack_and_a_bomb_may_not() {
        let limit = Limit::new(None);
        limit.packed.store(1 << 30, Ordering::Relaxed);
        assert!(limit.unpacked(20 << 30).is_ok());
        assert!(limit.unpacked(90 << 30).unwrap_err().to_string().contains("--unpack-limit"));
        let bomb = Limit::new(None);
        bomb.packed.store(1 << 20, Ordering::Relaxed);
        assert!(bomb.unpacked(1 << 30).is_ok());
        assert!(bomb.unpacked(1).unwrap_err().to_string().contains("250 times"));
    }

    #[test]
    fn the_users_word_replaces_both_limits() {
        let limit = Limit::new(Some(200 << 30));
        assert!(limit.unpacked(150 << 30).is_ok());
        assert!(limit.unpacked(60 << 30).is_err());
    }
}
