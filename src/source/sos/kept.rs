//! A capsule's log out of an archive: bytes in while the archive passes, the same bytes out when their turn comes.
//!
//! Kept compressed, in portions, in the store where a Satellite's requests wait: one bound holds for both.

use crate::log::store::{Held, Store};
use crate::source::open::Compression;
use std::io::{self, Cursor, Read, Write};

/// Compressed bytes that are stored at once.
const PORTION: usize = 256 * 1024;

/// A log that waits.
#[derive(Debug)]
pub struct Kept {
    packed: Vec<Held>,
    error: Option<io::Error>,
}

impl Kept {
    /// Takes a log to its end; where that breaks off, what came before is kept.
    ///
    /// # Errors
    /// Of the temporary file.
    pub fn take(log: &mut impl Read, store: &Store) -> io::Result<Self> {
        let portions = Portions { store, packed: Vec::new(), filling: Vec::new() };
        let mut encoder = zstd::Encoder::new(portions, 1)?;
        let mut watched = Watched { log, error: None };
        io::copy(&mut watched, &mut encoder)?;
        let error = watched.error;
        let mut portions = encoder.finish()?;
        portions.store()?;
        Ok(Self { packed: portions.packed, error })
    }

    /// Gives it back.
    ///
    /// # Errors
    /// Of the temporary file, and no memory for it.
    pub fn open(self) -> io::Result<Box<dyn Read + Send>> {
        let waiting = Waiting { packed: self.packed.into_iter(), portion: Cursor::default() };
        let reader = Compression::Zstd.reader(Box::new(waiting))?;
        Ok(match self.error {
            Some(error) => Box::new(reader.chain(super::scan::Broken(Some(error)))),
            None => reader,
        })
    }
}

struct Portions<'a> {
    store: &'a Store,
    packed: Vec<Held>,
    filling: Vec<u8>,
}

impl Portions<'_> {
    fn store(&mut self) -> io::Result<()> {
        let mut portion = std::mem::take(&mut self.filling);
        portion.shrink_to_fit();
        self.packed.push(self.store.hold(portion)?);
        Ok(())
    }
}

impl Write for Portions<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(PORTION - self.filling.len());
        self.filling.extend_from_slice(&bytes[..n]);
        if self.filling.len() == PORTION {
            self.store()?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Waiting {
    packed: std::vec::IntoIter<Held>,
    portion: Cursor<Vec<u8>>,
}

impl Read for Waiting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = self.portion.read(buffer)?;
            if n > 0 || buffer.is_empty() {
                return Ok(n);
            }
            let Some(next) = self.packed.next() else { return Ok(0) };
            self.portion = Cursor::new(next.load()?);
        }
    }
}

// ends where the log breaks off, so that what writes it elsewhere does not fail for that
struct Watched<'a, R> {
    log: &'a mut R,
    error: Option<io::Error>,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.log.read(buffer) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                self.error = Some(error);
                Ok(0)
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::sos::scan::Broken;

    fn back(kept: Kept) -> (Vec<u8>, Option<String>) {
        let mut bytes = Vec::new();
        let read = kept.open().unwrap().read_to_end(&mut bytes);
        (bytes, read.err().map(|e| e.to_string()))
    }

    #[test]
    fn a_log_comes_back_as_it_went_in_also_where_it_breaks_off() {
        let log: Vec<u8> = (0..2_000_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for bound in [0, 300_000, u64::MAX] {
            let store = Store::new(bound);
            let whole = Kept::take(&mut log.as_slice(), &store).unwrap();
            let mut breaks = log[..1000].chain(Broken(Some(io::Error::other("it was cut"))));
            let broken = Kept::take(&mut breaks, &store).unwrap();
            let empty = Kept::take(&mut io::empty(), &store).unwrap();
            assert!(back(whole) == (log.clone(), None), "{bound}");
            assert_eq!(back(broken), (log[..1000].to_vec(), Some("it was cut".to_owned())));
            assert_eq!(back(empty), (Vec::new(), None));
        }
    }
}
