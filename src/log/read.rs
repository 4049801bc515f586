//! Files in, blocks out in the order of the log: many threads read, one takes what they found.
//!
//! A plain file is read in ranges by every thread at once; a compressed one is inflated by a thread of its own and
//! parsed beside it, several files at a time. Blocks come out in the order of files and of places in them.

use super::assemble::{Assembler, Block, Counts, Event, KEEP};
use super::store::Piece;
use crate::source::blocks::{self, Bytes, Range, Work};
use crate::source::open::Input;
use crate::source::ssh::fetch;
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};

/// How the log is read; the answer never depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Threads that parse.
    pub threads: usize,
    /// Bytes in a block; one of a long plain file has up to four times as many.
    pub chunk: usize,
    /// Seconds east of UTC where the log cannot tell.
    pub utc_offset: Option<i32>,
    /// Bytes of files behind the current one that may be parsed ahead.
    pub ahead: usize,
}

/// Blocks of the current file that may wait, the longest ones.
const WAITING: usize = 8;

/// What a file turned out to hold.
#[derive(Clone, Debug, Default)]
pub struct FileCounts {
    /// Lines.
    pub counts: Counts,
    /// Why reading it ended early.
    pub error: Option<String>,
}

/// What comes out of the log, in order.
pub trait Blocks {
    /// The next file begins.
    fn file(&mut self, index: usize);
    /// The next block of it; its emptied events may be handed back to be used again.
    fn block(&mut self, block: Block) -> Vec<Event>;
    /// So many bytes of the input, as they lie on disk, have been taken.
    fn progress(&mut self, bytes: u64);
}

struct Done {
    file: usize,
    index: usize,
    parsed: Parsed,
    bytes: usize,
}

enum Parsed {
    Piece { piece: Piece, error: Option<String> },
    End { error: Option<String> },
}

/// Keeps producers of later files from running too far ahead.
struct Credit {
    ahead: usize,
    // (file that is taken now, bytes under way of it, bytes under way of later files)
    state: Mutex<(usize, BTreeMap<usize, usize>)>,
    changed: Condvar,
}

impl Credit {
    fn take(&self, file: usize, bytes: usize, room: usize) {
        let Ok(mut state) = self.state.lock() else { return };
        loop {
            let (current, under_way) = &*state;
            let allowed = if file <= *current {
                under_way.get(&file).copied().unwrap_or(0) < room
            } else {
                under_way.iter().filter(|(f, _)| *f > current).map(|(_, b)| b).sum::<usize>() < self.ahead
            };
            if allowed {
                break;
            }
            let Ok(next) = self.changed.wait(state) else { return };
            state = next;
        }
        *state.1.entry(file).or_default() += bytes;
    }

    fn give_back(&self, file: usize, bytes: usize) {
        if let Ok(mut state) = self.state.lock()
            && let Some(b) = state.1.get_mut(&file)
        {
            *b = b.saturating_sub(bytes);
        }
        self.changed.notify_all();
    }

    fn current(&self, file: usize) {
        if let Ok(mut state) = self.state.lock() {
            state.0 = file;
            state.1.retain(|f, _| *f >= file);
        }
        self.changed.notify_all();
    }
}

/// Reads every file and hands out its blocks in order.
pub fn read(inputs: Vec<Input>, reading: Reading, sink: &mut impl Blocks) -> Vec<FileCounts> {
    let files = inputs.len();
    let at_once = fetch::at_once(&inputs);
    let credit = Credit { ahead: reading.ahead, state: Mutex::default(), changed: Condvar::default() };
    let (work_in, work_out) = bounded::<Work>(reading.threads * 2 + 2);
    let (done_in, done_out) = unbounded::<Done>();
    let (spare_in, spare_out) = unbounded::<Vec<Event>>();
    let inputs: Vec<Mutex<Option<Input>>> = inputs.into_iter().map(|i| Mutex::new(Some(i))).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..reading.threads.min(files).min(at_once).max(1) {
            let (work_in, done_in, credit, inputs, next) =
                (work_in.clone(), done_in.clone(), &credit, &inputs, &next);
            scope.spawn(move || {
                loop {
                    let file = next.fetch_add(1, Ordering::Relaxed);
                    let input = inputs.get(file).and_then(|i| i.lock().ok()?.take());
                    let Some(input) = input else { break };
                    produce(file, input, reading.chunk, credit, &work_in, &done_in);
                }
            });
        }
        for _ in 0..reading.threads {
            let (work_out, done_in, spare_out) = (work_out.clone(), done_in.clone(), spare_out.clone());
            scope.spawn(move || parse(reading, &work_out, &done_in, &spare_out));
        }
        drop((work_in, work_out, done_in, spare_out));
        let mut order = Order {
            credit: &credit,
            spare: spare_in,
            waiting: BTreeMap::new(),
            reading,
            pending: Vec::new(),
        };
        order.take_all(files, &done_out, sink)
    })
}

fn produce(
    file: usize,
    input: Input,
    chunk: usize,
    credit: &Credit,
    work: &Sender<Work>,
    done: &Sender<Done>,
) {
    let mut index = 0;
    let room = WAITING * blocks::longest(&input, chunk).max(1 << 16);
    let result = blocks::produce(input, chunk, |data, bytes| {
        credit.take(file, bytes, room);
        let sent = work.send(Work { file, index, data, bytes }).is_ok();
        index += 1;
        sent
    });
    let error = result.err().map(|e| e.to_string());
    let _ = done.send(Done { file, index, parsed: Parsed::End { error }, bytes: 0 });
}

fn parse(reading: Reading, work: &Receiver<Work>, done: &Sender<Done>, spare: &Receiver<Vec<Event>>) {
    let mut parser = Parser::new(reading.utc_offset);
    for Work { file, index, data, bytes } in work {
        let events = spare.try_recv().unwrap_or_default();
        let (piece, error) = parser.piece(index == 0, data, events);
        // a range that cannot be read any more: what was read before it stands
        let error = error.map(|e| e.to_string());
        if done.send(Done { file, index, parsed: Parsed::Piece { piece, error }, bytes }).is_err() {
            return;
        }
    }
}

/// Parses pieces of logs, one after the other and each by itself; one a thread.
#[derive(Debug)]
pub struct Parser {
    assembler: Assembler,
    buffer: blocks::LineBuffer,
}

impl Parser {
    /// `utc_offset` is used for Started lines that do not tell theirs (seconds east of UTC).
    pub fn new(utc_offset: Option<i32>) -> Self {
        Self { assembler: Assembler::new(utc_offset), buffer: blocks::LineBuffer::default() }
    }

    /// What a piece holds, and why it could not be read to its end. `first`: it is the first of its file.
    /// `events` is an emptied vector to be used again.
    pub fn piece(
        &mut self,
        first: bool,
        data: blocks::Data,
        events: Vec<Event>,
    ) -> (Piece, Option<std::io::Error>) {
        let (mut head, mut tail) = (None, None);
        let mut lines = Lines { assembler: &mut self.assembler, first, head: &mut head, tail: &mut tail };
        let error = match data {
            blocks::Data::Range(range) => self.buffer.range(&range, &mut lines).err(),
            blocks::Data::Bytes(bytes) => {
                self.buffer.bytes(bytes, &mut lines);
                None
            }
            blocks::Data::Stored(stored) => match stored.load() {
                Ok(piece) => return (piece, None),
                Err(error) => Some(error),
            },
        };
        (Piece { block: Box::new(self.assembler.finish(events)), head, tail }, error)
    }
}

/// Lines of a block on their way to the assembler; the first and last of a file are kept for the seam.
struct Lines<'a> {
    assembler: &'a mut Assembler,
    first: bool,
    head: &'a mut Option<Vec<u8>>,
    tail: &'a mut Option<Vec<u8>>,
}

impl blocks::LineSink for Lines<'_> {
    #[inline]
    fn line(&mut self, line: &[u8], escapes: bool) {
        if self.first {
            self.first = false;
            *self.head = Some(line[..line.len().min(KEEP + 1)].to_vec());
        } else if escapes {
            self.assembler.line_with_escapes(line);
        } else {
            self.assembler.line(line);
        }
    }

    fn unfinished(&mut self, line: &[u8]) {
        self.first = false;
        *self.tail = Some(line[..line.len().min(KEEP + 1)].to_vec());
    }

    fn read(&mut self, bytes: usize) {
        self.assembler.bytes(bytes);
    }
}

/// Puts blocks back in order and mends the seams of files.
struct Order<'a> {
    credit: &'a Credit,
    spare: Sender<Vec<Event>>,
    waiting: BTreeMap<(usize, usize), Done>,
    reading: Reading,
    /// The last line of the files before, where it has no newline.
    pending: Vec<u8>,
}

impl Order<'_> {
    fn take_all(&mut self, files: usize, done: &Receiver<Done>, sink: &mut impl Blocks) -> Vec<FileCounts> {
        let mut counts = vec![FileCounts::default(); files];
        let mut at = (0, 0);
        if files > 0 {
            sink.file(0);
        }
        while at.0 < files {
            while let Some(next) = self.waiting.remove(&at) {
                at = self.take(next, at, &mut counts, sink);
                if at.1 == 0 && at.0 < files {
                    self.credit.current(at.0);
                    sink.file(at.0);
                }
            }
            if at.0 >= files {
                break;
            }
            match done.recv() {
                Ok(next) => {
                    self.waiting.insert((next.file, next.index), next);
                }
                Err(_) => break,
            }
        }
        if !self.pending.is_empty() {
            let line = std::mem::take(&mut self.pending);
            let last = files.saturating_sub(1);
            self.seam(&[&line], true, &mut counts[last].counts, sink);
        }
        counts
    }

    fn take(
        &mut self,
        next: Done,
        at: (usize, usize),
        counts: &mut [FileCounts],
        sink: &mut impl Blocks,
    ) -> (usize, usize) {
        let counts = &mut counts[at.0];
        match next.parsed {
            Parsed::End { error } => {
                counts.error = counts.error.take().or(error);
                (at.0 + 1, 0)
            }
            Parsed::Piece { piece: Piece { block, head, tail }, error } => {
                counts.error = counts.error.take().or(error);
                if at.1 == 0 {
                    self.head(head, &mut counts.counts, sink);
                }
                self.give(*block, &mut counts.counts, sink);
                if let Some(tail) = tail {
                    self.tail(tail, &mut counts.counts, sink);
                }
                self.credit.give_back(at.0, next.bytes);
                sink.progress(next.bytes as u64);
                (at.0, at.1 + 1)
            }
        }
    }

    fn give(&mut self, block: Block, counts: &mut Counts, sink: &mut impl Blocks) {
        counts.add(&block.counts);
        let events = sink.block(block);
        let _ = self.spare.send(events);
    }

    // the first line of a file: it may be the rest of the line that the file before was cut in
    fn head(&mut self, head: Option<Vec<u8>>, counts: &mut Counts, sink: &mut impl Blocks) {
        let Some(head) = head else { return };
        let pending = std::mem::take(&mut self.pending);
        if pending.is_empty() {
            self.seam(&[&head], false, counts, sink);
        } else if stands_alone(&head) && !is_cut_json(&pending) {
            self.seam(&[&pending, &head], true, counts, sink);
        } else {
            self.seam(&[&[pending, head].concat()], false, counts, sink);
        }
    }

    // the last line of a file, without newline
    fn tail(&mut self, tail: Vec<u8>, counts: &mut Counts, sink: &mut impl Blocks) {
        if !self.pending.is_empty() && stands_alone(&tail) && !is_cut_json(&self.pending) {
            let line = std::mem::take(&mut self.pending);
            self.seam(&[&line], true, counts, sink);
        }
        self.pending.extend_from_slice(&tail);
        self.pending.truncate(KEEP + 1);
    }

    fn seam(&mut self, lines: &[&[u8]], cut: bool, counts: &mut Counts, sink: &mut impl Blocks) {
        let mut assembler = Assembler::new(self.reading.utc_offset);
        if cut {
            assembler.cut();
        }
        for line in lines {
            assembler.line_with_escapes(line);
        }
        let block = assembler.finish(Vec::new());
        counts.add(&block.counts);
        let _ = sink.block(block);
    }
}

// the pattern can stand in the middle of a JSON line: its rest looks like a line of its own
fn is_cut_json(line: &[u8]) -> bool {
    line.first() == Some(&b'{') && !stands_alone(line)
}

// a line that begins as lines of the log do: it is not the rest of another
fn stands_alone(line: &[u8]) -> bool {
    if line.first() == Some(&b'{') {
        return super::json::parse(line.strip_suffix(b"\r").unwrap_or(line))
            != Err(super::line::Skip::BadJson);
    }
    line.len() > 20
        && line[0].is_ascii_digit()
        && super::line::split(line).is_ok_and(|l| l.time == line.get(..19))
}

// what the channels carry must be allowed to cross threads
const _: fn() = || {
    fn send<T: Send>() {}
    send::<Done>();
    send::<Work>();
    send::<(Bytes, Range)>();
};
