//! Bytes of an archive on their way: decompressed in a thread of their own, counted, and skipped without a copy.

use super::limit::Limit;
use crate::source::decoder::Broken;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io::{self, Read};

/// Bytes that travel at once.
const PORTION: usize = 256 * 1024;
/// Portions that may wait between the two threads.
const WAITING: usize = 16;

/// A reader that can leave bytes out.
pub trait Skip: Read {
    /// Leaves out so many bytes.
    ///
    /// # Errors
    /// Of the input; also where it ends before.
    fn skip(&mut self, mut n: u64) -> io::Result<()> {
        let mut waste = [0; 16 * 1024];
        while n > 0 {
            let want = waste.len().min(usize::try_from(n).unwrap_or(usize::MAX));
            match self.read(&mut waste[..want]) {
                Ok(0) => return Err(ended()),
                Ok(read) => n -= read as u64,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}

impl<S: Skip + ?Sized> Skip for &mut S {
    fn skip(&mut self, n: u64) -> io::Result<()> {
        (**self).skip(n)
    }
}

fn ended() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "it ends in the middle of a member: it was cut")
}

/// A decompressed stream whose bytes count against the archive's limit.
pub struct Counted<'a, R> {
    inner: R,
    limit: &'a Limit,
}

impl<'a, R: Read> Counted<'a, R> {
    /// Counts what `inner` unpacks.
    pub const fn new(inner: R, limit: &'a Limit) -> Self {
        Self { inner, limit }
    }
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.limit.unpacked(n)?;
        Ok(n)
    }
}

impl<R: Read> Skip for Counted<'_, R> {}

impl<A: Read, B: Read> Skip for io::Chain<A, B> {}

type Portion = io::Result<Vec<u8>>;

/// The end where bytes come out.
pub struct Pipe {
    portions: Receiver<Portion>,
    spare: Sender<Vec<u8>>,
    current: Vec<u8>,
    at: usize,
    broken: Broken,
}

/// The end where they go in; for a thread of its own.
pub struct Pump {
    portions: Sender<Portion>,
    spare: Receiver<Vec<u8>>,
}

/// A pipe between two threads.
pub fn pipe() -> (Pump, Pipe) {
    let (portions_in, portions) = bounded(WAITING);
    let (spare, spare_out) = bounded(WAITING + 2);
    let pipe = Pipe { portions, spare, current: Vec::new(), at: 0, broken: Broken::default() };
    (Pump { portions: portions_in, spare: spare_out }, pipe)
}

impl Pump {
    /// Reads to the end, or until nobody listens any more.
    pub fn run(&self, mut input: impl Read) {
        loop {
            let mut portion = self.spare.try_recv().unwrap_or_else(|_| vec![0; PORTION]);
            portion.resize(PORTION, 0);
            let mut filled = 0;
            let ended = loop {
                match input.read(&mut portion[filled..]) {
                    Ok(0) => break Some(None),
                    Ok(n) => filled += n,
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    Err(e) => break Some(Some(e)),
                }
                if filled == PORTION {
                    break None;
                }
            };
            portion.truncate(filled);
            if filled > 0 && self.portions.send(Ok(portion)).is_err() {
                return;
            }
            match ended {
                None => {}
                Some(None) => return,
                Some(Some(error)) => {
                    let _ = self.portions.send(Err(error));
                    return;
                }
            }
        }
    }
}

impl Pipe {
    // the next portion stands in `current`; false at the end
    fn next(&mut self) -> io::Result<bool> {
        self.broken.check()?;
        match self.portions.recv() {
            Ok(Ok(portion)) => {
                let used = std::mem::replace(&mut self.current, portion);
                let _ = self.spare.try_send(used);
                self.at = 0;
                Ok(true)
            }
            Ok(Err(error)) => Err(self.broken.note(error)),
            Err(_) => Ok(false),
        }
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || (self.at == self.current.len() && !self.next()?) {
            return Ok(0);
        }
        let n = buffer.len().min(self.current.len() - self.at);
        buffer[..n].copy_from_slice(&self.current[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

impl Skip for Pipe {
    fn skip(&mut self, mut n: u64) -> io::Result<()> {
        while n > 0 {
            if self.at == self.current.len() && !self.next()? {
                return Err(ended());
            }
            let here = (self.current.len() - self.at).min(usize::try_from(n).unwrap_or(usize::MAX));
            self.at += here;
            n -= here as u64;
        }
        Ok(())
    }
}
