//! A program's stdout as a reader: stderr is drained beside it and told at the end, silence is bounded.

use super::failure::{Failure, Reason};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::io::{self, Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Bytes that are taken from the pipe at once, and how many such pieces may wait for the parser.
const PIECE: usize = 64 * 1024;
const WAITING: usize = 8;
/// What is kept of stderr: its end, where the reason stands.
const WORDS: usize = 16 * 1024;
/// How long a program may take to end once its stdout is closed.
const GRACE: Duration = Duration::from_secs(5);
/// What a remote pipeline writes to stderr where its first program failed.
pub const FAILED: &str = "reginfra: failed with ";

/// A running program.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    pieces: Receiver<io::Result<Vec<u8>>>,
    words: Receiver<String>,
    piece: Vec<u8>,
    at: usize,
    patience: Duration,
    address: String,
    failure: Option<Failure>,
}

impl Running {
    /// Starts it. `patience`: how long it may send nothing while it is asked for more; `address`: for words.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(
        mut command: Command,
        patience: Duration,
        address: &str,
        stdin: bool,
    ) -> Result<Self, Failure> {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.stdin(if stdin { Stdio::piped() } else { Stdio::null() });
        let mut child = command.spawn().map_err(|error| {
            let words = format!("cannot start {}: {error}", command.get_program().display());
            let way_out = "install OpenSSH's client, and see that it is in PATH".to_owned();
            Failure { reason: Reason::Other, words, way_out }
        })?;
        let (piece_in, pieces) = bounded(WAITING);
        let (words_in, words) = bounded(1);
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || pump(stdout, &piece_in));
        }
        if let Some(stderr) = child.stderr.take() {
            std::thread::spawn(move || words_in.send(last_words(stderr)));
        }
        let stdin = child.stdin.take();
        let address = address.to_owned();
        Ok(Self { child, stdin, pieces, words, piece: Vec::new(), at: 0, patience, address, failure: None })
    }

    /// Why it failed, where it did and that is known by now.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// From now on it may send nothing for so long.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// What it said, where it has ended or does so in a moment.
    pub fn last_words(&mut self) -> Option<String> {
        let since = Instant::now();
        while since.elapsed() < GRACE / 5 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return self.words.recv_timeout(GRACE / 5).ok();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }

    /// Closes its stdin, which lets it end, and waits a moment for it.
    pub fn close(&mut self) {
        drop(self.stdin.take());
        let _ = self.ended();
    }

    // gives it a moment; past that it is killed
    fn ended(&mut self) -> Option<ExitStatus> {
        let since = Instant::now();
        while since.elapsed() < GRACE {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(5)),
                Ok(Some(status)) => return Some(status),
                Err(_) => break,
            }
        }
        let _ = self.child.kill();
        self.child.wait().ok()
    }

    fn end_of_stdout(&mut self) -> io::Result<usize> {
        let status = self.ended();
        let words = self.words.recv_timeout(GRACE).unwrap_or_default();
        let (words, code) = match words.split_once(FAILED) {
            // the first program of the pipeline failed, and the last one did not mind
            Some((before, code)) if status.is_some_and(|s| s.success()) => {
                let code = code.split_whitespace().next().and_then(|c| c.parse().ok());
                (before.to_owned(), code.or(Some(1)))
            }
            _ => (words.replace(FAILED, ""), status.and_then(|s| s.code())),
        };
        if code == Some(0) {
            return Ok(0);
        }
        self.fail(Failure::of(&words, code, &self.address))
    }

    fn silent(&mut self) -> io::Result<usize> {
        let _ = self.child.kill();
        let words = self.words.recv_timeout(GRACE).unwrap_or_default();
        let said = words.trim();
        let said = if said.is_empty() { String::new() } else { format!(" (it said: {said})") };
        let silence = self.patience.as_secs_f64();
        self.fail(Failure::new(
            Reason::Silent,
            format!("sent nothing for {silence} s, so it was given up{said}"),
        ))
    }

    fn fail(&mut self, failure: Failure) -> io::Result<usize> {
        self.failure = Some(failure.clone());
        Err(io::Error::other(failure))
    }
}

impl Read for Running {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Some(failure) = &self.failure {
            return Err(io::Error::other(failure.clone()));
        }
        if self.at == self.piece.len() {
            // time is taken only while the parser waits for the host, never while the host waits for the parser
            match self.pieces.recv_timeout(self.patience) {
                Ok(piece) => (self.piece, self.at) = (piece?, 0),
                Err(RecvTimeoutError::Timeout) => return self.silent(),
                Err(RecvTimeoutError::Disconnected) => return self.end_of_stdout(),
            }
        }
        let n = into.len().min(self.piece.len() - self.at);
        into[..n].copy_from_slice(&self.piece[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

impl Write for Running {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(stdin) = &mut self.stdin else { return Err(io::ErrorKind::NotConnected.into()) };
        stdin.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdin.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stdin.take());
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

// ends where nobody listens any more
fn pump(mut stdout: ChildStdout, pieces: &Sender<io::Result<Vec<u8>>>) {
    loop {
        let mut piece = vec![0; PIECE];
        let read = match stdout.read(&mut piece) {
            Ok(0) => return,
            Ok(n) => {
                piece.truncate(n);
                Ok(piece)
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => Err(e),
        };
        let failed = read.is_err();
        if pieces.send(read).is_err() || failed {
            return;
        }
    }
}

fn last_words(mut stderr: ChildStderr) -> String {
    let mut kept: Vec<u8> = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(n @ 1..) = stderr.read(&mut buffer) {
        kept.extend_from_slice(&buffer[..n]);
        if kept.len() > 2 * WORDS {
            kept.drain(..kept.len() - WORDS);
        }
    }
    String::from_utf8_lossy(&kept).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, patience_ms: u64) -> (Vec<u8>, Option<io::Error>, Option<Failure>) {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(script);
        let mut running = Running::start(command, Duration::from_millis(patience_ms), "sat", false).unwrap();
        let mut bytes = Vec::new();
        let error = running.read_to_end(&mut bytes).err();
        (bytes, error, running.failure().cloned())
    }

    #[test]
    fn what_was_sent_stands_and_the_reason_comes_from_stderr() {
        let (bytes, error, failure) =
            shell("echo hello; echo 'sudo: a password is required' >&2; exit 1", 60_000);
        assert_eq!(bytes, b"hello\n");
        assert!(error.unwrap().to_string().contains("a password is required"));
        assert_eq!(failure.unwrap().reason, Reason::Sudo);
    }

    #[test]
    fn a_program_that_ends_well_may_warn() {
        let (bytes, error, _) = shell("echo warning >&2; echo hello", 60_000);
        assert_eq!((bytes.as_slice(), error.is_none()), (&b"hello\n"[..], true));
    }

    #[test]
    fn the_first_program_of_a_pipeline_is_not_forgotten() {
        let (_, _, failure) = shell(&format!("{{ ( exit 137 ) || echo '{FAILED}'$? >&2; }} | cat"), 60_000);
        assert_eq!(failure.unwrap().reason, Reason::Killed);
    }

    #[test]
    fn stderr_without_end_fills_no_memory_and_blocks_nothing() {
        let (bytes, _, failure) =
            shell("head -c 5000000 /dev/zero | tr '\\0' 'x' >&2; echo end >&2; echo out; exit 3", 60_000);
        assert_eq!(bytes, b"out\n");
        assert!(failure.unwrap().words.len() <= 600);
    }

    #[test]
    fn a_host_that_sends_nothing_is_given_up() {
        let (bytes, _, failure) = shell("echo first; exec sleep 600", 300);
        assert_eq!(bytes, b"first\n");
        assert_eq!(failure.unwrap().reason, Reason::Silent);
    }
}
