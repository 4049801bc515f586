//! What an archive holds is kept until its turn comes: pieces and packed logs in, the same out, in bounded memory.
//!
//! An archive is read once, in the order in which it was packed; the log is wanted in the order of its times. So the
//! pieces of a Satellite's logs, which are a tenth of their lines, and the packed logs of capsules wait here: in memory
//! up to a bound for the whole process, past it in a temporary file that has no name any more.

use super::assemble::Block;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Bytes that all stores of the process hold in memory now.
static IN_MEMORY: AtomicU64 = AtomicU64::new(0);

/// What was found in a piece of a log.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Piece {
    /// Its requests.
    pub block: Box<Block>,
    /// The first line of the file, where the piece holds it: it may be the rest of the file before.
    pub head: Option<Vec<u8>>,
    /// The last line of the file, where it has no newline.
    pub tail: Option<Vec<u8>>,
}

/// Takes pieces, from several threads at once.
#[derive(Debug)]
pub struct Store {
    bound: u64,
    file: Mutex<Option<(Arc<File>, u64)>>,
}

/// A piece that waits.
#[derive(Debug)]
pub struct Stored {
    held: Held,
    /// Bytes of the log that it came from.
    pub bytes: usize,
}

/// Bytes that wait, in memory or in the file.
#[derive(Debug)]
pub struct Held(Place);

#[derive(Debug)]
enum Place {
    Memory(Counted),
    File { file: Arc<File>, at: u64, len: usize },
}

/// Bytes that count as being in memory for as long as they live.
#[derive(Debug)]
struct Counted(Vec<u8>);

impl Drop for Counted {
    fn drop(&mut self) {
        IN_MEMORY.fetch_sub(self.0.len() as u64, Ordering::Relaxed);
    }
}

impl Held {
    /// Gives the bytes back.
    ///
    /// # Errors
    /// Of the temporary file.
    pub fn load(self) -> io::Result<Vec<u8>> {
        match self.0 {
            // what is given back waits no more
            Place::Memory(mut counted) => {
                IN_MEMORY.fetch_sub(counted.0.len() as u64, Ordering::Relaxed);
                Ok(std::mem::take(&mut counted.0))
            }
            Place::File { file, at, len } => {
                let mut bytes = vec![0; len];
                file.read_exact_at(&mut bytes, at).map_err(spill_error)?;
                Ok(bytes)
            }
        }
    }
}

/// A log that waits: its pieces in their order.
#[derive(Debug, Default)]
pub struct ParsedLog {
    /// The pieces.
    pub pieces: Vec<Stored>,
    /// Why it ended early.
    pub error: Option<String>,
}

impl Store {
    /// `bound`: bytes that the process may keep in memory before pieces go to the file.
    pub fn new(bound: u64) -> Self {
        Self { bound, file: Mutex::new(None) }
    }

    /// Keeps a piece. `bytes`: how much of the log it is.
    ///
    /// # Errors
    /// The temporary file cannot be made or is full; the message says where it lies.
    pub fn put(&self, piece: &Piece, bytes: usize) -> io::Result<Stored> {
        let encoded = postcard::to_stdvec(piece).map_err(io::Error::other)?;
        Ok(Stored { held: self.hold(encoded)?, bytes })
    }

    /// Keeps bytes.
    ///
    /// # Errors
    /// As `put`.
    pub fn hold(&self, bytes: Vec<u8>) -> io::Result<Held> {
        let len = bytes.len() as u64;
        if IN_MEMORY.fetch_add(len, Ordering::Relaxed) + len <= self.bound {
            return Ok(Held(Place::Memory(Counted(bytes))));
        }
        IN_MEMORY.fetch_sub(len, Ordering::Relaxed);
        let (file, at) = self.place(len)?;
        file.write_all_at(&bytes, at).map_err(spill_error)?;
        Ok(Held(Place::File { file, at, len: bytes.len() }))
    }

    fn place(&self, len: u64) -> io::Result<(Arc<File>, u64)> {
        let mut slot = self.file.lock().map_err(|_| io::Error::other("a thread that stored has failed"))?;
        let (file, end) = match &mut *slot {
            Some(open) => open,
            none => {
                let file = tempfile::tempfile_in(spill_folder()).map_err(spill_error)?;
                none.insert((Arc::new(file), 0))
            }
        };
        let at = *end;
        *end += len;
        Ok((Arc::clone(file), at))
    }
}

/// Where temporary files go: /tmp is memory on many machines, /var/tmp never is.
fn spill_folder() -> PathBuf {
    let var_tmp = Path::new("/var/tmp");
    if std::env::var_os("TMPDIR").is_none() && var_tmp.is_dir() {
        var_tmp.to_owned()
    } else {
        std::env::temp_dir()
    }
}

fn spill_error(error: io::Error) -> io::Error {
    let words = format!(
        "what waits of it does not fit into memory, and {} does not take them: {error}; let TMPDIR name a folder with room",
        spill_folder().display()
    );
    io::Error::new(error.kind(), words)
}

impl Stored {
    /// Gives the piece back.
    ///
    /// # Errors
    /// Of the temporary file.
    pub fn load(self) -> io::Result<Piece> {
        postcard::from_bytes(&self.held.load()?).map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::read::Parser;
    use crate::source::blocks::Data;

    #[test]
    fn a_piece_comes_back_from_memory_and_from_the_file_as_it_was() {
        let line = "2026-04-04T12:00:01 [I|app|3f9c1a2b] Started GET \"/rhsm/status\" for 10.1.1.1 at 2026-04-04 12:00:01 +0200\n";
        let text = format!("{line}2026-04-04T12:00:01 [I|app|3f9c1a2b] Completed 200 OK in 5ms\n{line}rest");
        for bound in [0, u64::MAX] {
            let (piece, error) = Parser::new(None).piece(false, Data::Bytes(text.clone().into()), Vec::new());
            assert!(error.is_none());
            let before = format!("{piece:?}");
            let stored = Store::new(bound).put(&piece, text.len()).unwrap();
            assert_eq!(matches!(stored.held.0, Place::File { .. }), bound == 0);
            assert_eq!(format!("{:?}", stored.load().unwrap()), before);
        }
    }
}
