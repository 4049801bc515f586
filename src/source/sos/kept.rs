//! A capsule's log out of an archive: bytes in while the archive passes, the same bytes out when their turn comes.
//!
//! Kept compressed, in memory up to a bound and past it in a temporary file without a name.

use crate::log::store::spill_folder;
use crate::source::open::Compression;
use std::io::{self, Read, Seek};
use tempfile::SpooledTempFile;

/// Compressed bytes of one log that wait in memory.
const IN_MEMORY: usize = 4 << 20;

/// A log that waits.
#[derive(Debug)]
pub struct Kept {
    packed: SpooledTempFile,
    error: Option<io::Error>,
}

impl Kept {
    /// Takes a log to its end; where that breaks off, what came before is kept.
    ///
    /// # Errors
    /// Of the temporary file.
    pub fn take(log: &mut impl Read) -> io::Result<Self> {
        let spooled = tempfile::spooled_tempfile_in(IN_MEMORY, spill_folder());
        let mut encoder = zstd::Encoder::new(spooled, 1)?;
        let mut watched = Watched { log, error: None };
        io::copy(&mut watched, &mut encoder)?;
        let error = watched.error;
        let mut packed = encoder.finish()?;
        packed.rewind()?;
        Ok(Self { packed, error })
    }

    /// Gives it back.
    ///
    /// # Errors
    /// No memory for it.
    pub fn open(self) -> io::Result<Box<dyn Read + Send>> {
        let reader = Compression::Zstd.reader(Box::new(self.packed))?;
        Ok(match self.error {
            Some(error) => Box::new(reader.chain(super::scan::Broken(Some(error)))),
            None => reader,
        })
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

    #[test]
    fn a_log_comes_back_as_it_went_in_also_where_it_breaks_off() {
        let log: Vec<u8> = (0..20_000_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let mut back = Vec::new();
        Kept::take(&mut log.as_slice()).unwrap().open().unwrap().read_to_end(&mut back).unwrap();
        assert!(back == log);
        let mut breaks = log[..1000].chain(Broken(Some(io::Error::other("it was cut"))));
        let mut back = Vec::new();
        let error = Kept::take(&mut breaks).unwrap().open().unwrap().read_to_end(&mut back).unwrap_err();
        assert_eq!((back.as_slice(), error.to_string().as_str()), (&log[..1000], "it was cut"));
    }
}
