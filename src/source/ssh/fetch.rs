//! A file's or a journal's bytes from the host, as they come: compressed on the wire, no copy on this disk.

use super::connection::Connection;
use super::failure::{Failure, Reason};
use super::quote::quoted;
use crate::source::open::{Body, Compression, Input, Stream};
use crate::timestamp::Timestamp;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::sync::Arc;

/// Files that are sent at once on one connection: an sshd lets ten commands run on it (MaxSessions), the probe is one, and
/// where it lets no more ssh would log in anew.
const AT_ONCE: usize = 4;

/// How many of these may be read at once.
pub fn at_once(inputs: &[Input]) -> usize {
    let remote = |input: &Input| matches!(input.body, Body::Stream(Stream::Remote(_)));
    if inputs.iter().any(remote) { AT_ONCE } else { usize::MAX }
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A file up to its size when it was listed, without its first bytes where only its end is wanted.
    File {
        /// Its path there.
        path: OsString,
        /// Bytes when it was listed; a log grows on.
        size: u64,
        /// Bytes at its start that are not wanted.
        skip: u64,
    },
    /// The journal of a unit.
    Journal {
        /// The unit.
        unit: String,
        /// From when on.
        since: Option<Timestamp>,
        /// Until when.
        until: Option<Timestamp>,
    },
}

/// Something to be sent, started when its turn comes.
#[derive(Debug)]
pub struct Fetch {
    /// The connection.
    pub connection: Arc<Connection>,
    /// What is sent.
    pub wanted: Wanted,
    /// How it lies there.
    pub compression: Compression,
    /// How it is compressed for the way: `None` for what is compressed already.
    pub wire: Compression,
}

impl Fetch {
    /// Starts it; the bytes come as they lie on the host, decompressed if they are compressed there.
    ///
    /// # Errors
    /// ssh cannot be started.
    pub fn open(self) -> io::Result<Box<dyn Read + Send>> {
        let running = self.connection.run(&self.script()).map_err(io::Error::other)?;
        let remembered = Remembered { inner: Box::new(running), connection: Arc::clone(&self.connection) };
        let plain = self.wire.reader(Box::new(remembered))?;
        let exact: Box<dyn Read + Send> = match self.wanted {
            Wanted::File { size, skip, .. } => Box::new(Remembered {
                inner: Box::new(Exactly { inner: plain, left: size.saturating_sub(skip) }),
                connection: self.connection,
            }),
            Wanted::Journal { .. } => plain,
        };
        self.compression.reader(exact)
    }

    fn script(&self) -> OsString {
        let mut script = OsString::from("LC_ALL=C; export LC_ALL; ");
        match &self.wanted {
            Wanted::File { path, skip: 0, .. } => {
                script.push(match self.wire {
                    Compression::Zstd => "zstd -1 -q -c -- ",
                    Compression::Gzip => "gzip -1 -q -c -- ",
                    _ => "cat -- ",
                });
                script.push(quoted(path));
                // a shell that stays tells by which signal the program was killed; ssh itself does not
                script.push("; exit $?");
            }
            Wanted::File { path, skip, .. } => {
                let mut first = OsString::from(format!("tail -c +{} -- ", skip + 1));
                first.push(quoted(path));
                self.pipeline(&mut script, &first);
            }
            Wanted::Journal { unit, since, until } => {
                let mut first = OsString::from("journalctl -q --no-pager -o json --all -u ");
                first.push(quoted(unit));
                for (option, time) in [(" --since @", since), (" --until @", until)] {
                    if let Some(time) = time {
                        first.push(format!("{option}{}", time.0.div_euclid(1_000_000).max(0)));
                    }
                }
                self.pipeline(&mut script, &first);
            }
        }
        script
    }

    // a pipeline's exit code is its last program's: the first says itself that it failed
    fn pipeline(&self, script: &mut OsString, first: &OsStr) {
        let last = match self.wire {
            Compression::Zstd => "zstd -1 -q -c",
            Compression::Gzip => "gzip -1 -q -c",
            _ => "cat",
        };
        script.push("{ ");
        script.push(first);
        script.push(format!(" || echo '{}'$? >&2; }} | {last}", super::child::FAILED));
    }
}

/// Tells the connection what went wrong, for the host's row.
struct Remembered {
    inner: Box<dyn Read + Send>,
    connection: Arc<Connection>,
}

impl Read for Remembered {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.inner.read(into).map_err(|error| {
            if error.kind() == io::ErrorKind::Interrupted {
                return error;
            }
            let known = error.get_ref().and_then(|e| e.downcast_ref::<Failure>()).cloned();
            let failure = known.unwrap_or_else(|| Failure::new(Reason::Cut, error.to_string()));
            let failure = self.connection.explained(failure);
            self.connection.failed(&failure);
            io::Error::other(failure)
        })
    }
}

/// Ends at the size that was listed, and fails where there is less.
struct Exactly {
    inner: Box<dyn Read + Send>,
    left: u64,
}

impl Read for Exactly {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Ok(0);
        }
        let most = into.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let n = self.inner.read(&mut into[..most])?;
        if n == 0 && most > 0 {
            let words =
                format!("the file there ended {} bytes before the size that it was listed with", self.left);
            return Err(io::Error::other(Failure::new(Reason::Shrunk, words)));
        }
        self.left -= n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exactly(bytes: &'static [u8], left: u64) -> (Vec<u8>, Option<String>) {
        let mut read = Vec::new();
        let error = Exactly { inner: Box::new(bytes), left }.read_to_end(&mut read).err();
        (read, error.map(|e| e.to_string()))
    }

    #[test]
    fn a_growing_log_is_read_to_the_size_it_was_listed_with() {
        assert_eq!(exactly(b"12345678", 4), (b"1234".to_vec(), None));
        assert_eq!(exactly(b"1234", 4), (b"1234".to_vec(), None));
    }

    #[test]
    fn a_log_that_became_shorter_is_told() {
        let (read, error) = exactly(b"12", 4);
        assert_eq!(read, b"12");
        assert!(error.unwrap().contains("ended 2 bytes before"));
    }
}
