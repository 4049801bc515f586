//! Places in, registrations out: every place is opened and read at the same time, each host's log on its own.

use super::progress::Progress;
use crate::cli::MetricsArgs;
use crate::inventory::topology::Topology;
use crate::log::assemble::{Block, Event};
use crate::log::read::{self, Blocks, FileCounts, Reading};
use crate::registration::correlate::Correlator;
use crate::registration::finish::{self, Registrations, Window};
use crate::registration::join::Joiner;
use crate::source::open::{Compression, Input};
use crate::source::sos::scan::Scanning;
use crate::source::{HostLogs, Place, SourceError};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes in a block: long enough that few requests cross its ends, short enough that many fit in memory.
const CHUNK: usize = 4 << 20;

/// A file that was read, and what it turned out to hold.
#[derive(Debug)]
pub struct FileRead {
    /// As shown to people.
    pub name: String,
    /// Told from its first bytes.
    pub compression: Compression,
    /// Its lines.
    pub found: FileCounts,
}

/// What came of every place.
#[derive(Debug, Default)]
pub struct Collected {
    /// Registrations of all Satellites.
    pub registrations: Registrations,
    /// Every file that was opened.
    pub files: Vec<FileRead>,
    /// What could not be opened.
    pub refused: Vec<SourceError>,
    /// Words on what was left out on purpose.
    pub left_out: Vec<String>,
}

impl Collected {
    fn add(&mut self, later: Self) {
        self.registrations.add(later.registrations);
        self.files.extend(later.files);
        self.refused.extend(later.refused);
        self.left_out.extend(later.left_out);
    }
}

/// Reads every place; answers come together in the order of the places.
pub fn collect(args: &MetricsArgs, places: &[Place], topology: Option<&Topology>) -> Collected {
    let progress = Mutex::new(Progress::new(args.quiet));
    let flow = Flow { args, topology, progress: &progress };
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<Option<Collected>>> = Mutex::new(places.iter().map(|_| None).collect());
    std::thread::scope(|scope| {
        for _ in 0..places.len().min(at_once(args)) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(place) = places.get(at) else { break };
                    let collected = flow.place(place);
                    if let Ok(mut done) = done.lock()
                        && let Some(slot) = done.get_mut(at)
                    {
                        *slot = Some(collected);
                    }
                }
            });
        }
    });
    if let Ok(mut progress) = progress.lock() {
        progress.finish();
    }
    let mut all = Collected::default();
    for collected in done.into_inner().unwrap_or_default().into_iter().flatten() {
        all.add(collected);
    }
    all.registrations.sort();
    all
}

/// How archives are read; requests that wait take 64 MiB at most.
pub fn scanning(args: &MetricsArgs) -> Scanning {
    Scanning {
        utc_offset: args.utc_offset.map(|o| o.0),
        threads: at_once(args),
        chunk: args.chunk_size.map_or(CHUNK, |n| n as usize),
        memory: args.store_size.unwrap_or(64 << 20),
        unpack_limit: args.unpack_limit,
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

// places of this machine that are read at once
fn at_once(args: &MetricsArgs) -> usize {
    args.threads.map_or_else(cores, usize::from)
}

struct Flow<'a> {
    args: &'a MetricsArgs,
    topology: Option<&'a Topology>,
    progress: &'a Mutex<Progress>,
}

impl Flow<'_> {
    fn place(&self, place: &Place) -> Collected {
        let opened = place.open(self.args.utc_offset.map(|o| o.0));
        let mut collected =
            Collected { refused: opened.refused, left_out: opened.left_out, ..Collected::default() };
        for host in opened.hosts {
            collected.add(self.satellite(host));
        }
        collected
    }

    fn reading(&self, inputs: &[Input]) -> Reading {
        let args = self.args;
        Reading {
            threads: args.threads.map_or_else(cores, usize::from),
            chunk: args.chunk_size.map_or(CHUNK, |n| n as usize),
            // lines that do not tell their offset have the log's first one, wherever they stand
            utc_offset: args
                .utc_offset
                .map(|o| o.0)
                .or_else(|| inputs.iter().find_map(|i| i.head.offsets.first().copied())),
        }
    }

    // the log of one Satellite
    fn satellite(&self, logs: HostLogs) -> Collected {
        let inputs = logs.inputs;
        let meta: Vec<_> = inputs.iter().map(|i| (i.name.clone(), i.compression)).collect();
        if let Ok(mut progress) = self.progress.lock() {
            progress.expect(bytes_to_come(&inputs));
        }
        let reading = self.reading(&inputs);
        let mut stages = Stages {
            joiner: Joiner::default(),
            correlator: Correlator::default(),
            firsts: inputs.iter().map(Input::first_us).collect(),
            progress: self.progress,
        };
        let files = read::read(inputs, reading, &mut stages);
        let Stages { joiner, mut correlator, .. } = stages;
        let requests = joiner.finish(&mut correlator);
        let window = Window {
            since: self.args.since.unwrap_or(Window::ALL.since),
            until: self.args.until.unwrap_or(Window::ALL.until),
        };
        let file_read = |((name, compression), found)| FileRead { name, compression, found };
        Collected {
            registrations: finish::finish(correlator, requests, self.topology, window),
            files: meta.into_iter().zip(files).map(file_read).collect(),
            ..Collected::default()
        }
    }
}

/// Takes the log's blocks through the stages that need them in order.
struct Stages<'a> {
    joiner: Joiner,
    correlator: Correlator,
    firsts: Vec<Option<i64>>,
    progress: &'a Mutex<Progress>,
}

impl Blocks for Stages<'_> {
    fn file(&mut self, index: usize) {
        let first = |index: usize| self.firsts.get(index).copied().flatten();
        self.joiner.file(first(index), first(index + 1));
    }

    fn block(&mut self, block: Block) -> Vec<Event> {
        self.joiner.block(block, &mut self.correlator)
    }

    fn progress(&mut self, bytes: u64) {
        if let Ok(mut progress) = self.progress.lock() {
            progress.add(bytes);
        }
    }
}

// bytes on disk, where every file is plain
fn bytes_to_come(inputs: &[Input]) -> Option<u64> {
    inputs.iter().map(|i| (i.compression == Compression::None).then_some(i.size).flatten()).sum()
}
