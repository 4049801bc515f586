//! RESP 2, the words of Redis on a connection: a command out, a reply in, each within its time and its length.
//!
//! `redis` (the crate) was left aside: it greets with commands that the monitoring user may not run, logs in before
//! anything can be asked, and bounds neither the length of a reply nor the time of a slow one.

use super::error::{CacheError, readable};
use super::reading::Ask;
use super::through_ssh;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

/// The longest reply: CLIENT LIST of 10,000 connections (maxclients of the packages) is 7 MB.
pub const MAX_REPLY: usize = 16 << 20;
/// Values in a reply; CONFIG GET of one name has two.
const MAX_VALUES: usize = 4096;
/// Lists in lists; ours have one level.
const MAX_DEPTH: usize = 4;

/// A connection whose waits can be bounded.
pub trait Stream: Read + Write {
    /// From now on for so long reads and writes may wait, all together.
    fn wait_at_most(&mut self, time: Duration);
}

/// How long anything may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For a connection, TLS included.
    pub connect: Duration,
    /// For a reply.
    pub reply: Duration,
    /// For a cache, from first to last.
    pub whole: Duration,
}

impl Limits {
    /// So many seconds for a connection and for a reply, four times that for all of it.
    pub const fn of_seconds(seconds: u64) -> Self {
        let each = Duration::from_secs(seconds);
        Self { connect: each, reply: each, whole: Duration::from_secs(seconds.saturating_mul(4)) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::of_seconds(5)
    }
}

/// A connection to a cache that speaks RESP 2.
pub struct Wire<S> {
    stream: S,
    address: String,
    reply: Duration,
    end: Instant,
    /// Bytes that were read and not used yet.
    buffer: Vec<u8>,
    used: usize,
}

/// What came of one reply, its parts in lines as redis-cli prints them.
struct Reply {
    text: String,
    is_error: bool,
}

impl<S: Stream> Wire<S> {
    /// Takes a fresh connection; `address` is for messages.
    pub fn new(stream: S, address: &str, limits: Limits) -> Self {
        Self {
            stream,
            address: address.to_owned(),
            reply: limits.reply,
            end: Instant::now() + limits.whole,
            buffer: Vec::new(),
            used: 0,
        }
    }

    fn send(&mut self, words: &[&str], deadline: Instant) -> Result<(), CacheError> {
        let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            bytes.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
        }
        self.wait(deadline)?;
        let sent = self.stream.write_all(&bytes).and_then(|()| self.stream.flush());
        sent.map_err(|error| self.broken(&error))
    }

    fn receive(&mut self, deadline: Instant) -> Result<Reply, CacheError> {
        let mut reply = Reply { text: String::new(), is_error: false };
        let mut room = MAX_REPLY;
        // values still to come, list by list
        let mut open: Vec<usize> = vec![1];
        let mut values = 0;
        while let Some(left) = open.last_mut() {
            if *left == 0 {
                open.pop();
                continue;
            }
            *left -= 1;
            values += 1;
            if values > MAX_VALUES || open.len() > MAX_DEPTH {
                return Err(self.too_long());
            }
            if values > 1 && !reply.text.is_empty() && !reply.text.ends_with('\n') {
                reply.text.push('\n');
            }
            let line = self.line(&mut room, deadline)?;
            let (kind, rest) = line.split_at_checked(1).unwrap_or(("", ""));
            match kind {
                "+" | ":" => reply.text.push_str(rest),
                "-" if open.len() == 1 => reply = Reply { text: rest.to_owned(), is_error: true },
                "-" => reply.text.push_str(rest),
                "$" => {
                    let length = self.length(&line, rest)?;
                    let bulk = self.bulk(length, &mut room, deadline)?;
                    reply.text.push_str(&bulk);
                    // an empty value is a line as well
                    if bulk.is_empty() && open.len() > 1 {
                        reply.text.push('\n');
                    }
                }
                "*" => {
                    let length = self.length(&line, rest)?;
                    open.push(length.unwrap_or(0));
                }
                _ => return Err(self.not_redis(line.as_bytes())),
            }
        }
        Ok(reply)
    }

    /// None is RESP's nil, `$-1`.
    fn length(&self, line: &str, number: &str) -> Result<Option<usize>, CacheError> {
        match number.parse::<i64>() {
            Ok(-1) => Ok(None),
            Ok(n) => usize::try_from(n).map(Some).map_err(|_| self.not_redis(line.as_bytes())),
            Err(_) => Err(self.not_redis(line.as_bytes())),
        }
    }

    fn line(&mut self, room: &mut usize, deadline: Instant) -> Result<String, CacheError> {
        let mut searched = 0;
        let at = loop {
            let fresh = &self.buffer[self.used..];
            if let Some(first) = fresh.first()
                && !b"+-:$*".contains(first)
            {
                return Err(self.not_redis(fresh));
            }
            if let Some(at) = memchr::memchr(b'\n', &fresh[searched..]) {
                break searched + at;
            }
            searched = fresh.len();
            if searched > *room {
                return Err(self.too_long());
            }
            self.fill(deadline)?;
        };
        *room = room.checked_sub(at + 1).ok_or_else(|| self.too_long())?;
        let line = &self.buffer[self.used..self.used + at];
        let text = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned();
        self.used += at + 1;
        Ok(text)
    }

    fn bulk(
        &mut self,
        length: Option<usize>,
        room: &mut usize,
        deadline: Instant,
    ) -> Result<String, CacheError> {
        let Some(length) = length else { return Ok(String::new()) };
        let with_end = length.checked_add(2).ok_or_else(|| self.too_long())?;
        *room = room.checked_sub(with_end).ok_or_else(|| self.too_long())?;
        // memory grows with what comes, not with what was announced
        while self.buffer.len() - self.used < with_end {
            self.fill(deadline)?;
        }
        let bytes = &self.buffer[self.used..self.used + with_end];
        if !bytes.ends_with(b"\r\n") {
            return Err(self.not_redis(bytes));
        }
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        self.used += with_end;
        Ok(text)
    }

    fn fill(&mut self, deadline: Instant) -> Result<(), CacheError> {
        if self.used > 0 {
            self.buffer.drain(..self.used);
            self.used = 0;
        }
        self.wait(deadline)?;
        let mut piece = [0; 16 << 10];
        match self.stream.read(&mut piece) {
            Ok(0) => Err(CacheError::Broken {
                address: self.address.clone(),
                words: "hung up in the middle".to_owned(),
            }),
            Ok(n) => {
                self.buffer.extend_from_slice(&piece[..n]);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(self.broken(&error)),
        }
    }

    /// A peer that drips bytes is cut off as one that is silent.
    fn wait(&mut self, deadline: Instant) -> Result<(), CacheError> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(self.timed_out());
        }
        self.stream.wait_at_most(left);
        Ok(())
    }

    fn timed_out(&self) -> CacheError {
        CacheError::TimedOut {
            address: self.address.clone(),
            what: "a reply",
            seconds: self.reply.as_secs().max(1),
        }
    }

    fn broken(&self, error: &io::Error) -> CacheError {
        if let Some(failure) = through_ssh::failure_in(error) {
            return through_ssh::error_of(&self.address, failure);
        }
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => self.timed_out(),
            io::ErrorKind::InvalidData => {
                CacheError::Tls { address: self.address.clone(), words: readable(&error.to_string(), 300) }
            }
            _ => CacheError::Broken { address: self.address.clone(), words: error.to_string() },
        }
    }

    fn too_long(&self) -> CacheError {
        CacheError::TooLong { address: self.address.clone(), limit: MAX_REPLY }
    }

    fn not_redis(&self, bytes: &[u8]) -> CacheError {
        // an alert of TLS, in any version
        if let [0x15, 3, ..] = bytes {
            let words = "it wants TLS; give --cache-tls".to_owned();
            return CacheError::Tls { address: self.address.clone(), words };
        }
        let sample = readable(&String::from_utf8_lossy(&bytes[..bytes.len().min(200)]), 40);
        CacheError::NotRedis { address: self.address.clone(), sample: format!("'{sample}'") }
    }
}

impl<S: Stream> Ask for Wire<S> {
    fn ask(&mut self, words: &[&str]) -> Result<String, CacheError> {
        let deadline = (Instant::now() + self.reply).min(self.end);
        let sent = self.send(words, deadline);
        // a cache that refuses the connection says why and hangs up: its words count, not the broken pipe
        let reply = match (self.receive(deadline), sent) {
            (Ok(reply), _) => reply,
            (Err(_), Err(error)) | (Err(error), Ok(())) => return Err(error),
        };
        if reply.is_error { Err(CacheError::of_reply(&reply.text)) } else { Ok(reply.text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A peer that says what it was told to, in pieces, and then hangs up.
    struct Peer {
        pieces: Vec<Vec<u8>>,
        heard: Vec<u8>,
    }

    impl Read for Peer {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let Some(piece) = self.pieces.first_mut() else { return Ok(0) };
            let n = piece.len().min(into.len());
            into[..n].copy_from_slice(&piece[..n]);
            piece.drain(..n);
            if piece.is_empty() {
                self.pieces.remove(0);
            }
            Ok(n)
        }
    }

    impl Write for Peer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.heard.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Stream for Peer {
        fn wait_at_most(&mut self, _: Duration) {}
    }

    fn wire(bytes: &[u8], piece: usize) -> Wire<Peer> {
        let pieces = bytes.chunks(piece.max(1)).map(<[u8]>::to_vec).collect();
        Wire::new(Peer { pieces, heard: Vec::new() }, "10.0.0.5:6379", Limits::default())
    }

    fn answer(bytes: &[u8]) -> Result<String, CacheError> {
        wire(bytes, 3).ask(&["PING"])
    }

    #[test]
    fn replies_of_every_kind_become_the_lines_of_redis_cli() {
        assert_eq!(answer(b"+PONG\r\n").unwrap(), "PONG");
        assert_eq!(answer(b":12\r\n").unwrap(), "12");
        assert_eq!(answer(b"$5\r\na\r\nbc\r\n").unwrap(), "a\r\nbc");
        assert_eq!(answer(b"$-1\r\n").unwrap(), "");
        assert_eq!(answer(b"*2\r\n$4\r\nsave\r\n$0\r\n\r\n").unwrap(), "save\n\n");
        assert_eq!(answer(b"*2\r\n$9\r\nmaxmemory\r\n$1\r\n0\r\n").unwrap(), "maxmemory\n0");
        assert_eq!(answer(b"*0\r\n").unwrap(), "");
        assert_eq!(answer(b"*-1\r\n").unwrap(), "");
        assert_eq!(answer(b"-NOAUTH Authentication required.\r\n").unwrap_err().id(), "cache-no-password");
    }

    #[test]
    fn words_go_out_counted_so_that_nothing_in_them_is_a_command() {
        let mut wire = wire(b"+OK\r\n+PONG\r\n", 100);
        wire.ask(&["AUTH", "u", "p\r\nFLUSHALL\r\n"]).unwrap();
        assert_eq!(wire.stream.heard, b"*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$13\r\np\r\nFLUSHALL\r\n\r\n");
        assert_eq!(wire.ask(&["PING"]).unwrap(), "PONG");
    }

    #[test]
    fn peers_that_are_no_cache_are_named() {
        for (bytes, id) in [
            (&b"SSH-2.0-OpenSSH_9.2\r\n"[..], "cache-not-redis"),
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", "cache-not-redis"),
            (b"$x\r\n", "cache-not-redis"),
            (b"*-7\r\n", "cache-not-redis"),
            (b"$1\r\nabc\r\n", "cache-not-redis"),
            (b"\x15\x03\x03\x00\x02\x02\x0a", "cache-tls"),
            (b"", "cache-broken"),
            (b"$10\r\nabc", "cache-broken"),
            (b"$99999999999\r\nabc", "cache-reply-too-long"),
            (b"$9223372036854775807\r\nabc", "cache-reply-too-long"),
            (b"*99999999\r\n", "cache-broken"),
        ] {
            let shown = String::from_utf8_lossy(bytes).into_owned();
            assert_eq!(answer(bytes).unwrap_err().id(), id, "{shown:?}");
        }
        let nested = b"*1\r\n".repeat(100);
        assert_eq!(answer(&nested).unwrap_err().id(), "cache-reply-too-long");
        let many = [b"*9999\r\n".to_vec(), b":1\r\n".repeat(9999)].concat();
        assert_eq!(answer(&many).unwrap_err().id(), "cache-reply-too-long");
        let endless = [b"+".to_vec(), vec![b'a'; MAX_REPLY + 100_000]].concat();
        assert_eq!(wire(&endless, 1 << 20).ask(&["PING"]).unwrap_err().id(), "cache-reply-too-long");
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..300), piece in 1usize..50) {
            let _ = wire(&bytes, piece).ask(&["INFO"]);
        }

        #[test]
        fn where_a_reply_is_cut_changes_nothing(piece in 1usize..60) {
            let bytes = b"*2\r\n$4\r\nsave\r\n$23\r\n3600 1 300 100 60 10000\r\n+next\r\n";
            let mut wire = wire(bytes, piece);
            prop_assert_eq!(wire.ask(&["CONFIG"]).unwrap(), "save\n3600 1 300 100 60 10000");
            prop_assert_eq!(wire.ask(&["PING"]).unwrap(), "next");
        }
    }
}
