//! What was collected in, the answer out.

use super::flow::{Collected, FileRead};
use super::hosts;
use crate::log::assemble::Counts;
use crate::log::counts::StepBack;
use crate::log::layout;
use crate::log::line::Skip;
use crate::log::proxy::collect::ProxyCounts;
use crate::log::proxy::line::Form;
use crate::metrics::answer::{Answer, Attribution, Background, Coverage, FailureSample, SourceAnswer};
use crate::metrics::capsules;
use crate::metrics::measure;
use crate::registration::failures;
use crate::registration::finish::Registrations;
use crate::timestamp::{Timestamp, UtcOffset};

/// The figures of everything that was collected, with the coverage of its files.
pub fn answer_of(collected: &Collected) -> Answer {
    let all = &collected.registrations;
    let mut total = Counts::default();
    for file in collected.files.iter().filter(|f| f.capsule.is_none()) {
        total.add(&file.found.counts);
    }
    let (capsules, pools) = capsules::of(&all.capsules, all.window);
    let mut notes = all.notes.clone();
    if all.requests.overlap_too_long {
        notes.push(
            "Files of the log overlap by more requests than are compared: some may count twice. Leave copies out."
                .to_owned(),
        );
    }
    if total.offset_unknown > 0 {
        notes.push(format!(
            "{} Started lines come before any that tells the UTC offset; they were taken as UTC. Give --utc-offset.",
            total.offset_unknown
        ));
    }
    let of_capsules = total.skipped[Skip::Capsule as usize];
    if of_capsules > 0 {
        notes.push(format!(
            "{of_capsules} lines of smart-proxy stand in the Satellite's journal and were left out: give them as a log of their own (`journalctl -u foreman-proxy`)."
        ));
    }
    notes.extend(collected.left_out.iter().cloned());
    notes.extend(backwards(collected));
    Answer {
        sources: collected.files.iter().map(source_of).collect(),
        window: total
            .span
            .map(|(first, last)| (Timestamp(first), Timestamp(all.requests.last_us.unwrap_or(last)))),
        utc_offsets: total.offsets.iter().map(|o| UtcOffset(*o)).collect(),
        coverage: coverage_of(collected, &total),
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
        failures: failures(all),
        cache: None,
        archive: None,
        capsules,
        pools,
        hosts: collected.hosts.iter().map(hosts::row).collect(),
        notes,
    }
}

/// Words on files in which times go far back.
pub fn backwards(collected: &Collected) -> Vec<String> {
    let words = |file: &FileRead| {
        let StepBack { line, from_us, to_us } = file.found.counts.first_step_back?;
        let more = match file.found.counts.steps_back {
            0 | 1 => String::new(),
            2 => ", and in one more line".to_owned(),
            steps => format!(", and in {} more lines", steps - 1),
        };
        Some(format!(
            "{}:{line}: times go back here, from {} to {}{more}: what a host sent on both sides of it may not come \
             together. Put the parts in the order of their times, or give each as a file of its own",
            file.name,
            Timestamp(from_us),
            Timestamp(to_us)
        ))
    };
    collected.files.iter().filter_map(words).collect()
}

fn failures(all: &Registrations) -> Vec<FailureSample> {
    let sample = |found: &failures::FailureSample| FailureSample {
        class: found.class,
        started_at: found.started_at,
        host: all.names.get(found.host).map(ToOwned::to_owned),
        lines: found.lines.iter().map(ToString::to_string).collect(),
    };
    all.failures.iter().map(sample).collect()
}

fn coverage_of(collected: &Collected, total: &Counts) -> Coverage {
    let mut coverage = Coverage::default();
    for file in &collected.files {
        let FileRead { name, found, capsule, .. } = file;
        coverage.lines_lost += capsule.as_ref().map_or(0, |counts| counts.lost);
        for (line, text) in &found.counts.samples {
            if coverage.skipped_samples.len() < 5 {
                coverage.skipped_samples.push(format!("{name}:{line}: {text}"));
            }
        }
        if let Some(error) = &found.error {
            let bytes = crate::report::durations::bytes(file.bytes());
            coverage.unreadable.push(format!("{name}: {error}; the {bytes} before that are in the answer"));
        }
    }
    coverage.unreadable.extend(collected.refused.iter().map(ToString::to_string));
    coverage.complete = coverage.unreadable.is_empty();
    for skip in Skip::ALL {
        let n = total.skipped[skip as usize];
        if n > 0 && !skip.understood() {
            coverage.lines_skipped.insert(skip.reason().to_owned(), n);
        }
    }
    let requests = &collected.registrations.requests;
    coverage.lines_read = total.lines;
    coverage.lines_parsed = total.understood();
    coverage.lines_cut = total.cut;
    coverage.lines_lost += total.lost;
    coverage.lines_doubled = total.doubled_lines + requests.doubled_lines;
    coverage.requests_matched = requests.matched;
    coverage.requests_orphaned = requests.orphaned;
    coverage.requests_cut = requests.cut;
    coverage.requests_unanswered = requests.unanswered;
    coverage.requests_doubled = requests.doubled;
    coverage
}

fn source_of(file: &FileRead) -> SourceAnswer {
    if let Some(counts) = &file.capsule {
        return capsule_source(file, counts);
    }
    let counts = &file.found.counts;
    SourceAnswer {
        path: file.name.clone(),
        layout: layout::name(counts).to_owned(),
        compression: file.compression.name().to_owned(),
        lines: counts.lines,
        bytes: counts.bytes,
        first: counts.span.map(|(first, _)| Timestamp(first)),
        last: counts.span.map(|(_, last)| Timestamp(last)),
        skipped: layout::why_unusable(counts),
    }
}

fn capsule_source(file: &FileRead, counts: &ProxyCounts) -> SourceAnswer {
    let layout = match counts.form() {
        Some(Form::File) | None => "proxy.log",
        Some(Form::JournalText) => "capsule journal text",
        Some(Form::JournalJson) => "capsule journal json",
    };
    let nothing = "it is a capsule's log in which no GET or POST /register is answered";
    SourceAnswer {
        path: file.name.clone(),
        layout: layout.to_owned(),
        compression: file.compression.name().to_owned(),
        lines: counts.lines,
        bytes: counts.bytes,
        first: None,
        last: None,
        skipped: (counts.requests == 0).then(|| nothing.to_owned()),
    }
}
