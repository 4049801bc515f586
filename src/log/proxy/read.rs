//! Open inputs of capsules in, a log a capsule out: a capsule's files one after the other, several capsules at once.

use super::CapsuleLog;
use super::collect::{Collector, ProxyCounts};
use crate::log::assemble::KEEP;
use crate::source::blocks::{self, Data, LineBuffer, LineSink};
use crate::source::open::Input;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a file turned out to hold.
#[derive(Clone, Debug, Default)]
pub struct ProxyFile {
    /// Lines.
    pub counts: ProxyCounts,
    /// Why reading it ended early.
    pub error: Option<String>,
}

/// Reads the files of each capsule, in the order given; `progress` hears of bytes as they are taken.
pub fn read(
    capsules: Vec<Vec<Input>>,
    threads: usize,
    chunk: usize,
    progress: &(impl Fn(u64) + Sync),
) -> Vec<(CapsuleLog, Vec<ProxyFile>)> {
    let work: Vec<_> = capsules.into_iter().map(|inputs| Mutex::new((inputs, None))).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(work.len()) {
            scope.spawn(|| {
                while let Some(slot) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let Ok(mut slot) = slot.lock() else { continue };
                    let inputs = std::mem::take(&mut slot.0);
                    slot.1 = Some(read_one(inputs, chunk, progress));
                }
            });
        }
    });
    work.into_iter().map(|slot| slot.into_inner().ok().and_then(|s| s.1).unwrap_or_default()).collect()
}

fn read_one(inputs: Vec<Input>, chunk: usize, progress: &impl Fn(u64)) -> (CapsuleLog, Vec<ProxyFile>) {
    let mut sink = Sink::default();
    let mut buffer = LineBuffer::default();
    let mut files = Vec::with_capacity(inputs.len());
    for input in inputs {
        sink.first = true;
        let mut failed = None;
        let produced = blocks::produce(input, chunk, |data, bytes| {
            match data {
                Data::Range(range) => failed = buffer.range(&range, &mut sink).err(),
                Data::Bytes(bytes) => buffer.bytes(bytes, &mut sink),
                // only a Satellite's log is parsed ahead
                Data::Stored(_) => {}
            }
            progress(bytes as u64);
            failed.is_none()
        });
        let error = failed.or(produced.err()).map(|e| e.to_string());
        files.push(ProxyFile { counts: sink.collector.take_counts(), error });
    }
    sink.rest();
    if let Some(last) = files.last_mut() {
        last.counts.add(&sink.collector.take_counts());
    }
    (sink.collector.finish(), files)
}

/// Lines on their way to the collector; a line that the end of a file cut waits for the next file.
#[derive(Default)]
struct Sink {
    collector: Collector,
    first: bool,
    pending: Vec<u8>,
}

impl Sink {
    // the last line of the set
    fn rest(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        if !pending.is_empty() {
            self.collector.line_with_escapes(&pending);
        }
    }

    fn seam(&mut self, line: &[u8]) {
        if stands_alone(line) {
            self.collector.cut();
            self.rest();
        }
        self.pending.extend_from_slice(line);
        self.pending.truncate(KEEP + 1);
    }
}

impl LineSink for Sink {
    #[inline]
    fn line(&mut self, line: &[u8], escapes: bool) {
        if self.first {
            self.first = false;
            if !self.pending.is_empty() {
                self.seam(line);
                self.rest();
                return;
            }
        }
        if escapes {
            self.collector.line_with_escapes(line);
        } else {
            self.collector.line(line);
        }
    }

    fn unfinished(&mut self, line: &[u8]) {
        self.first = false;
        if self.pending.is_empty() {
            self.pending.extend_from_slice(&line[..line.len().min(KEEP + 1)]);
        } else {
            self.seam(line);
        }
    }

    fn read(&mut self, bytes: usize) {
        self.collector.bytes(bytes);
    }
}

// it begins as lines of such logs do: it is not the rest of another
fn stands_alone(line: &[u8]) -> bool {
    super::line::Lines::default().read(line.strip_suffix(b"\r").unwrap_or(line)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::choose::Chosen;
    use crate::source::open;

    const LINES: &str = "2026-04-04T12:00:01 0000000a [I] Finished GET /register with 200 (2.00 ms)\n\
        2026-04-04T12:00:02 0000000b [I] Finished POST /register with 200 (3.00 ms)\n\
        \tstack trace\n\
        2026-04-04T12:00:03 0000000c [I] Finished GET /register with 200 (4.00 ms)\n";

    fn collected(parts: &[&str], chunk: usize) -> CapsuleLog {
        let dir = tempfile::tempdir().unwrap();
        let inputs = parts.iter().enumerate().map(|(i, part)| {
            let path = dir.path().join(i.to_string());
            std::fs::write(&path, part).unwrap();
            open::open(&Chosen::File(path), None).unwrap()
        });
        read(vec![inputs.collect()], 2, chunk, &|_| {}).remove(0).0
    }

    #[test]
    fn a_log_cut_anywhere_between_two_files_holds_the_same_requests() {
        let whole = collected(&[LINES], 1 << 20);
        assert_eq!(whole.requests.len(), 3);
        for cut in 1..LINES.len() - 1 {
            for chunk in [7, 1 << 20] {
                let parts = collected(&[&LINES[..cut], &LINES[cut..]], chunk);
                assert_eq!(parts.requests, whole.requests, "cut at {cut}, chunk {chunk}");
            }
        }
    }
}
