//! `reginfra metrics`: the flow from paths to the answer, and what the user is told beside it.

use crate::cli::{FailOn, MetricsArgs};
use crate::inventory::topology::Topology;
use crate::log::assemble::{Block, Counts, Event};
use crate::log::layout;
use crate::log::line::Skip;
use crate::log::read::{self, Blocks, FileCounts, Reading};
use crate::metrics::answer::{Answer, Attribution, Background, Coverage, SourceAnswer};
use crate::metrics::measure;
use crate::metrics::targets::{self, Judgement};
use crate::registration::correlate::Correlator;
use crate::registration::finish::{self, Registrations, Window};
use crate::registration::join::Joiner;
use crate::report::table::{self, TableStyle};
use crate::report::{atomic, json, save, sessions};
use crate::source::SourceError;
use crate::source::choose::choose;
use crate::source::open::{self, Input};
use crate::timestamp::{Timestamp, UtcOffset};
use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write, stderr};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Nothing to analyse (design: exit codes).
const NOTHING: u8 = 3;

/// Bytes in a block: long enough that few requests cross its ends, short enough that many fit in memory.
const CHUNK: usize = 4 << 20;

/// Runs it; the exit code says what came of it.
///
/// # Errors
/// Misuse and input that cannot be read.
pub fn run(args: &MetricsArgs) -> anyhow::Result<ExitCode> {
    let targets = match &args.targets {
        Some(path) => targets::load(path)?,
        None => targets::built_in(),
    };
    let labels = save::parse_labels(&args.label)?;
    if let Some(dir) = &args.save {
        save::check(dir)?;
    }
    if let (Some(since), Some(until)) = (args.since, args.until)
        && since >= until
    {
        bail!("--since {since} is not before --until {until}: no registration can lie between them");
    }
    if args.json && args.sessions.as_deref() == Some(std::path::Path::new("-")) {
        bail!("--json and --sessions - both write to stdout: name a file for --sessions");
    }
    let topology = args.inventory.as_deref().map(Topology::load).transpose()?;
    let (inputs, refused, left_out) = open_all(args);
    for error in &refused {
        say(&format!("error: {error}"));
    }
    if inputs.is_empty() {
        let nothing =
            refused.iter().all(|e| matches!(e, SourceError::Empty(_) | SourceError::EmptyFolder(_)));
        return Ok(ExitCode::from(if nothing && !refused.is_empty() { NOTHING } else { 2 }));
    }
    let (mut answer, registrations) = analyse(args, inputs, &refused, topology.as_ref());
    for words in &left_out {
        say(&format!("note: {words}"));
    }
    answer.notes.extend(left_out);
    let judgements = targets::judge(&targets, &answer);
    write_out(args, &answer, &judgements, &registrations, &labels)?;
    Ok(exit_code(args, &answer, &judgements))
}

/// What is read, what cannot be, and words on what is left out.
type Opened = (Vec<Input>, Vec<SourceError>, Vec<String>);

fn open_all(args: &MetricsArgs) -> Opened {
    let (chosen, mut refused) = choose(&args.log);
    let mut inputs = Vec::new();
    for file in &chosen {
        match open::open(file, args.utc_offset.map(|o| o.0)) {
            Ok(input) => inputs.push(input),
            Err(error) => refused.push(error),
        }
    }
    let (inputs, copies) = open::without_copies(inputs);
    let left_out = copies
        .iter()
        .map(|(copy, of)| format!("{copy} begins like {of}: taken for a copy of it and left out"));
    let (twice, refused) = refused.into_iter().partition::<Vec<_>, _>(|e| matches!(e, SourceError::Twice(_)));
    let left_out = twice.iter().map(ToString::to_string).chain(left_out).collect();
    (open::in_order(inputs), refused, left_out)
}

/// Takes the log's blocks through the stages that need them in order.
struct Flow {
    joiner: Joiner,
    correlator: Correlator,
    firsts: Vec<Option<i64>>,
    progress: Progress,
}

impl Blocks for Flow {
    fn file(&mut self, index: usize) {
        if index > 0 {
            self.joiner.next_file(self.firsts.get(index).copied().flatten());
        }
    }

    fn block(&mut self, block: Block) -> Vec<Event> {
        self.joiner.block(block, &mut self.correlator)
    }

    fn progress(&mut self, bytes: u64) {
        self.progress.add(bytes);
    }
}

fn analyse(
    args: &MetricsArgs,
    inputs: Vec<Input>,
    refused: &[SourceError],
    topology: Option<&Topology>,
) -> (Answer, Registrations) {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let reading = Reading {
        threads: args.threads.map_or(cores, usize::from),
        chunk: args.chunk_size.map_or(CHUNK, |n| n as usize),
        // lines that do not tell their offset have the log's first one, wherever they stand
        utc_offset: args
            .utc_offset
            .map(|o| o.0)
            .or_else(|| inputs.iter().find_map(|i| i.head.offsets.first().copied())),
    };
    let meta: Vec<_> = inputs.iter().map(|i| (i.name.clone(), i.compression)).collect();
    let plain: Option<u64> =
        inputs.iter().map(|i| (i.compression == open::Compression::None).then_some(i.size).flatten()).sum();
    let mut flow = Flow {
        joiner: Joiner::default(),
        correlator: Correlator::default(),
        firsts: inputs.iter().map(Input::first_us).collect(),
        progress: Progress::new(plain, args.quiet),
    };
    let files = read::read(inputs, reading, &mut flow);
    flow.progress.finish();
    let Flow { joiner, mut correlator, .. } = flow;
    let requests = joiner.finish(&mut correlator);
    let window = Window {
        since: args.since.unwrap_or(Window::ALL.since),
        until: args.until.unwrap_or(Window::ALL.until),
    };
    let registrations = finish::finish(correlator, requests, topology, window);
    let answer = answer_of(&meta, &files, refused, &registrations);
    (answer, registrations)
}

fn answer_of(
    meta: &[(String, open::Compression)],
    files: &[FileCounts],
    refused: &[SourceError],
    all: &Registrations,
) -> Answer {
    let sources: Vec<SourceAnswer> =
        meta.iter().zip(files).map(|((name, c), file)| source_of(name, *c, file)).collect();
    let mut total = Counts::default();
    let mut coverage = Coverage { complete: refused.is_empty(), ..Coverage::default() };
    for ((name, _), file) in meta.iter().zip(files) {
        for (line, text) in &file.counts.samples {
            if coverage.skipped_samples.len() < 5 {
                coverage.skipped_samples.push(format!("{name}:{line}: {text}"));
            }
        }
        if let Some(error) = &file.error {
            let bytes = crate::report::durations::bytes(file.counts.bytes);
            coverage.unreadable.push(format!("{name}: {error}; the {bytes} before that are in the answer"));
        }
        total.add(&file.counts);
    }
    coverage.unreadable.extend(refused.iter().map(ToString::to_string));
    coverage.complete = coverage.unreadable.is_empty();
    coverage.lines_read = total.lines;
    coverage.lines_parsed = total.understood();
    for skip in Skip::ALL {
        let n = total.skipped[skip as usize];
        if n > 0 && !skip.understood() {
            coverage.lines_skipped.insert(skip.reason().to_owned(), n);
        }
    }
    coverage.lines_cut = total.cut;
    coverage.lines_doubled = total.doubled_lines + all.requests.doubled_lines;
    coverage.requests_matched = all.requests.matched;
    coverage.requests_orphaned = all.requests.orphaned;
    coverage.requests_cut = all.requests.cut;
    coverage.requests_unanswered = all.requests.unanswered;
    coverage.requests_doubled = all.requests.doubled;
    let mut notes = all.notes.clone();
    if total.offset_unknown > 0 {
        notes.push(format!(
            "{} Started lines come before any that tells the UTC offset; they were taken as UTC. Give --utc-offset.",
            total.offset_unknown
        ));
    }
    Answer {
        sources,
        window: total
            .span
            .map(|(first, last)| (Timestamp(first), Timestamp(all.requests.last_us.unwrap_or(last)))),
        utc_offsets: total.offsets.iter().map(|o| UtcOffset(*o)).collect(),
        coverage,
        attribution: Attribution {
            exact: all.attribution[0],
            inferred: all.attribution[1],
            unattributed: all.attribution[2],
        },
        background: Background {
            keyed_requests: all.background.keyed,
            consumers: all.background_consumers,
            status_calls: all.background_status_calls,
            host_registers: all.background.host_registers,
            other_requests: all.requests.other,
        },
        groups: measure::groups(all),
        notes,
    }
}

fn source_of(name: &str, compression: open::Compression, file: &FileCounts) -> SourceAnswer {
    let counts = &file.counts;
    SourceAnswer {
        path: name.to_owned(),
        layout: layout::name(counts).to_owned(),
        compression: compression.name().to_owned(),
        lines: counts.lines,
        bytes: counts.bytes,
        first: counts.span.map(|(first, _)| Timestamp(first)),
        last: counts.span.map(|(_, last)| Timestamp(last)),
        skipped: layout::unusable(counts).map(|(_, why)| why.to_owned()),
    }
}

fn write_out(
    args: &MetricsArgs,
    answer: &Answer,
    judgements: &[Judgement],
    all: &Registrations,
    labels: &std::collections::BTreeMap<String, String>,
) -> anyhow::Result<()> {
    for unreadable in answer.coverage.unreadable.iter().filter(|_| !answer.sources.is_empty()) {
        // what could not be opened has been told already
        if answer.sources.iter().any(|s| unreadable.starts_with(&format!("{}: ", s.path))) {
            say(&format!("warning: {unreadable}"));
        }
    }
    for source in &answer.sources {
        if let Some(why) = &source.skipped {
            say(&format!("warning: {}: {why}", source.path));
        }
    }
    if let Some(path) = &args.sessions {
        let written = atomic::write_beside(path, |out| sessions::write_lines(out, &all.sessions, &all.names));
        ignore_closed_pipe(written)?;
    }
    if let Some(dir) = &args.save {
        save::save(dir, answer, judgements, &all.sessions, &all.names, labels)
            .with_context(|| format!("--save {}", dir.display()))?;
    }
    let stdout = std::path::Path::new("-");
    if args.json {
        ignore_closed_pipe(atomic::write_beside(stdout, |out| json::write(out, answer, judgements)))
    } else if args.quiet || args.sessions.as_deref() == Some(stdout) {
        Ok(())
    } else {
        let text = table::render(answer, judgements, &TableStyle::for_stdout());
        ignore_closed_pipe(atomic::write_beside(stdout, |out| out.write_all(text.as_bytes())))
    }
}

fn ignore_closed_pipe(written: Result<(), atomic::WriteError>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.is_closed_pipe() => Ok(()),
        other => Ok(other?),
    }
}

fn exit_code(args: &MetricsArgs, answer: &Answer, judgements: &[Judgement]) -> ExitCode {
    if answer.groups.is_empty() {
        let asked =
            if args.since.is_some() || args.until.is_some() { " between --since and --until" } else { "" };
        let used = answer.sources.iter().filter(|s| s.skipped.is_none()).count();
        say(&if used == 0 {
            "error: nothing to analyse: no file holds lines of Foreman's production.log".to_owned()
        } else {
            format!(
                "error: nothing to analyse: no registration (POST /rhsm/consumers) in {used} files{asked}"
            )
        });
        return ExitCode::from(NOTHING);
    }
    if args.fail_on != Some(FailOn::Target) {
        return ExitCode::SUCCESS;
    }
    if judgements.iter().all(|j| j.met.is_none()) {
        say("error: no target could be judged: no group has a figure that a target with a number speaks of");
        return ExitCode::from(NOTHING);
    }
    if judgements.iter().any(|j| j.met == Some(false)) { ExitCode::from(1) } else { ExitCode::SUCCESS }
}

fn say(words: &str) {
    let _ = writeln!(stderr(), "{words}");
}

/// A bar on stderr for work over a second, on a terminal only.
struct Progress {
    bar: Option<ProgressBar>,
    total: Option<u64>,
    done: u64,
    since: Instant,
    wanted: bool,
}

impl Progress {
    fn new(total: Option<u64>, quiet: bool) -> Self {
        Self { bar: None, total, done: 0, since: Instant::now(), wanted: !quiet && stderr().is_terminal() }
    }

    fn add(&mut self, bytes: u64) {
        self.done += bytes;
        if !self.wanted || self.since.elapsed() < Duration::from_secs(1) {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let target = ProgressDrawTarget::stderr_with_hz(5);
            let (bar, template) = match self.total {
                Some(total) => (
                    ProgressBar::with_draw_target(Some(total), target),
                    "{bytes} of {total_bytes} [{wide_bar}] {bytes_per_sec}, {eta} left",
                ),
                None => {
                    (ProgressBar::with_draw_target(None, target), "{spinner} {bytes} of log, {bytes_per_sec}")
                }
            };
            match ProgressStyle::with_template(template) {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        bar.set_position(self.done);
    }

    fn finish(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
