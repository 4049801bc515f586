//! Places in, registrations out: every place is opened and read at the same time, each host's log on its own.

use super::capsules::{read_capsules, take_capsules};
use super::progress::Progress;
use crate::at_once::{cores, in_order};
use crate::cli::SourceArgs;
use crate::inventory::topology::Topology;
use crate::log::assemble::{Block, Event};
use crate::log::proxy::collect::ProxyCounts;
use crate::log::read::{self, Blocks, FileCounts, Reading};
use crate::registration::capsule::{NamedLog, SatelliteTime};
use crate::registration::correlate::Correlator;
use crate::registration::finish::{self, Registrations, Window};
use crate::registration::join::Joiner;
use crate::registration::record::{Keep, Recorder};
use crate::source::open::{Compression, Input};
use crate::source::sos::scan::Scanning;
use crate::source::ssh::HostReport;
use crate::source::ssh::failure::Failure;
use crate::source::{HostLogs, Opened, Place, SourceError};
use std::sync::Mutex;

/// Bytes in a block, where the file is not long (`blocks::longest`): long enough that few requests cross its ends, short enough that many fit in memory.
const CHUNK: usize = 4 << 20;

/// Bytes of files behind the current one that may be parsed ahead, of all hosts together.
const AHEAD: usize = 256 << 20;
/// Hosts that are read at once where nobody says how many.
const HOSTS: usize = 64;

/// A file that was read, and what it turned out to hold.
#[derive(Debug)]
pub struct FileRead {
    /// As shown to people.
    pub name: String,
    /// Told from its first bytes.
    pub compression: Compression,
    /// Its lines, where it is a Satellite's.
    pub found: FileCounts,
    /// Its lines, where it is a capsule's.
    pub capsule: Option<ProxyCounts>,
}

impl FileRead {
    /// Bytes that were read of it, after decompression.
    pub fn bytes(&self) -> u64 {
        self.capsule.as_ref().map_or(self.found.counts.bytes, |counts| counts.bytes)
    }
}

/// What came of every place.
#[derive(Debug, Default)]
pub struct Collected {
    /// Registrations of all Satellites.
    pub registrations: Registrations,
    /// Every file that was opened.
    pub files: Vec<FileRead>,
    /// Logs of capsules.
    capsules: Vec<NamedLog>,
    /// What the Satellites' logs say of time.
    time: Option<SatelliteTime>,
    /// What could not be opened.
    pub refused: Vec<SourceError>,
    /// Words on what was left out on purpose.
    pub left_out: Vec<String>,
    /// Hosts that were asked, in the order of the places.
    pub hosts: Vec<HostReport>,
}

impl Collected {
    /// Takes in hosts that cannot be asked at all.
    pub fn refuse(&mut self, reports: Vec<HostReport>) {
        for report in reports {
            let host = &report.name;
            let error =
                |failure: &Failure| SourceError::Host { host: host.clone(), failure: failure.clone() };
            self.refused.extend(report.failures.iter().map(error));
            self.hosts.push(report);
        }
    }

    fn add(&mut self, later: Self) {
        self.registrations.add(later.registrations);
        self.files.extend(later.files);
        self.capsules.extend(later.capsules);
        self.time = match (self.time.take(), later.time) {
            (Some(mut mine), Some(other)) => {
                mine.add(other);
                Some(mine)
            }
            (mine, other) => mine.or(other),
        };
        self.refused.extend(later.refused);
        self.left_out.extend(later.left_out);
        self.hosts.extend(later.hosts);
    }
}

/// Reads every place; answers come together in the order of the places. `record`: the sessions of each log whose requests
/// are kept.
pub fn collect(
    args: &SourceArgs,
    places: &[Place],
    topology: Option<&Topology>,
    record: Option<Keep>,
) -> Collected {
    let progress = Mutex::new(Progress::new(args.quiet));
    let at_once = at_once(args, places).min(places.len()).max(1);
    let flow = Flow { args, topology, progress: &progress, elsewhere: places.len() > 1, at_once, record };
    let done = in_order(places, at_once, |_, place| flow.place(place));
    if let Ok(mut progress) = progress.lock() {
        progress.finish();
    }
    let mut all = Collected::default();
    for collected in done {
        all.add(collected);
    }
    all.registrations.sort();
    let mut time = all.time.take().unwrap_or_default();
    time.user_offset = args.utc_offset.map(|o| o.0);
    all.registrations.join_capsules(std::mem::take(&mut all.capsules), topology, &time);
    all
}

/// How archives are read; requests and capsules' logs that wait take 32 MiB of memory at most.
pub fn scanning(args: &SourceArgs) -> Scanning {
    Scanning {
        utc_offset: args.utc_offset.map(|o| o.0),
        threads: threads(args),
        chunk: args.chunk_size.map_or(CHUNK, |n| n as usize),
        memory: args.store_size.unwrap_or(32 << 20),
        unpack_limit: args.unpack_limit,
    }
}

// places of this machine are bound by its cores, hosts by the network and their own
fn at_once(args: &SourceArgs, places: &[Place]) -> usize {
    if places.iter().any(|place| matches!(place, Place::Remote(_))) {
        return args.parallel.map_or(HOSTS, usize::from);
    }
    threads(args)
}

fn threads(args: &SourceArgs) -> usize {
    args.threads.map_or_else(cores, usize::from)
}

struct Flow<'a> {
    args: &'a SourceArgs,
    topology: Option<&'a Topology>,
    progress: &'a Mutex<Progress>,
    /// Capsules' logs may lie in other places.
    elsewhere: bool,
    /// Places that are read at the same time.
    at_once: usize,
    /// Sessions whose requests are kept.
    record: Option<Keep>,
}

impl Flow<'_> {
    fn place(&self, place: &Place) -> Collected {
        let Opened { mut hosts, refused, left_out, reports } = place.open(self.args.utc_offset.map(|o| o.0));
        let Opened { hosts: capsules, left_out: copies, .. } = take_capsules(&mut hosts, self.topology);
        let beside_capsules = self.elsewhere || !capsules.is_empty();
        let left_out = left_out.into_iter().chain(copies).collect();
        let mut collected = Collected { refused, left_out, ..Collected::default() };
        for host in hosts {
            collected.add(self.satellite(host, beside_capsules));
        }
        if !capsules.is_empty() {
            collected.add(self.capsules(capsules));
        }
        for mut report in reports {
            let errors = collected.files.iter().filter_map(|f| f.found.error.as_deref());
            report.settle(collected.files.iter().map(FileRead::bytes).sum(), errors);
            collected.hosts.push(report);
        }
        collected
    }

    fn capsules(&self, logs: Vec<HostLogs>) -> Collected {
        if let Ok(mut progress) = self.progress.lock() {
            logs.iter().for_each(|l| progress.expect(bytes_to_come(&l.inputs)));
        }
        let reading = self.reading(&[]);
        let (capsules, files) = read_capsules(logs, reading.threads, reading.chunk, &|bytes| {
            if let Ok(mut progress) = self.progress.lock() {
                progress.add(bytes);
            }
        });
        Collected { capsules, files, ..Collected::default() }
    }

    fn reading(&self, inputs: &[Input]) -> Reading {
        let args = self.args;
        Reading {
            // hosts that are read at once share the cores
            threads: threads(args).div_ceil(self.at_once),
            ahead: AHEAD / self.at_once,
            chunk: args.chunk_size.map_or(CHUNK, |n| n as usize),
            // lines that do not tell their offset have the log's first one, wherever they stand
            utc_offset: args
                .utc_offset
                .map(|o| o.0)
                .or_else(|| inputs.iter().find_map(|i| i.head.offsets.first().copied())),
        }
    }

    // the log of one Satellite
    fn satellite(&self, logs: HostLogs, beside_capsules: bool) -> Collected {
        let inputs = logs.inputs;
        let meta: Vec<_> = inputs.iter().map(|i| (i.name.clone(), i.compression)).collect();
        if let Ok(mut progress) = self.progress.lock() {
            progress.expect(bytes_to_come(&inputs));
        }
        let reading = self.reading(&inputs);
        let mut correlator =
            if beside_capsules { Correlator::beside_capsules() } else { Correlator::default() };
        let window = Window {
            since: self.args.since.unwrap_or(Window::ALL.since),
            until: self.args.until.unwrap_or(Window::ALL.until),
        };
        correlator.failures.window = window;
        correlator.recorder = self.record.map(Recorder::keeping);
        let mut stages = Stages {
            joiner: Joiner::default(),
            correlator,
            firsts: inputs.iter().map(Input::first_us).collect(),
            progress: self.progress,
        };
        let files = read::read(inputs, reading, &mut stages);
        let Stages { joiner, mut correlator, .. } = stages;
        let requests = joiner.finish(&mut correlator);
        let file_read = |((name, compression), found)| FileRead { name, compression, found, capsule: None };
        let mut time = time_of(&files, requests.last_us);
        if time.offsets.is_empty() && time.span.is_some() {
            time.offsets.extend(reading.utc_offset.map(|offset| (0, offset)));
        }
        Collected {
            registrations: finish::finish(correlator, requests, self.topology, window),
            time: Some(time),
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

// when the log has which offset, and its first and last request
fn time_of(files: &[FileCounts], last_us: Option<i64>) -> SatelliteTime {
    let mut time = SatelliteTime::default();
    for counts in files.iter().map(|f| &f.counts) {
        time.widen(counts.span);
        time.offsets.extend(counts.offsets_from.iter().copied().zip(counts.offsets.iter().copied()));
    }
    time.widen(last_us.map(|us| (us, us)));
    time
}

// bytes on disk, where every file is plain
fn bytes_to_come(inputs: &[Input]) -> Option<u64> {
    inputs.iter().map(|i| (i.compression == Compression::None).then_some(i.size).flatten()).sum()
}
