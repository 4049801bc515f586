//! What a block of the log holds, in numbers: lines, times, offsets. Blocks that follow each other are added.

use super::line::Skip;
use serde::{Deserialize, Serialize};

/// Lines that are kept as samples of what was not understood.
pub(super) const SAMPLES: usize = 3;

/// So far behind the line before it a Started line may lie: many write the log, and clocks are set.
const DISORDER_US: i64 = 60_000_000;

/// The end of daylight saving: where lines do not tell their offset, their times repeat an hour.
const HOUR_US: i64 = 3_600_000_000;

/// Counts of one block.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Lines, cut ones included.
    pub lines: u64,
    /// Bytes after decompression.
    pub bytes: u64,
    /// Lines by reason of being skipped, in the order of `Skip::ALL`.
    pub skipped: [u64; Skip::COUNT],
    /// Lines longer than is kept, or cut where a file begins or ends.
    pub cut: u64,
    /// Lines that journald says it dropped.
    pub lost: u64,
    /// Started and Completed lines that stand twice.
    pub doubled_lines: u64,
    /// Continuation lines that carry a request id.
    pub id_continuations: u64,
    /// JSON lines of Foreman's own layout and of the journal.
    pub json: [u64; 2],
    /// Lines with the journal's text prefix.
    pub journal_text: u64,
    /// The first lines that were not understood: line number in the block, text.
    pub samples: Vec<(u64, String)>,
    /// Earliest and latest start of a request in microseconds since 1970.
    pub span: Option<(i64, i64)>,
    /// Started lines that lie far behind the one before them.
    pub steps_back: u64,
    /// The first of them.
    pub first_step_back: Option<StepBack>,
    /// UTC offsets of Started lines, in the order in which they came up.
    pub offsets: Vec<i32>,
    /// Microseconds since 1970 of the first line with each of `offsets`.
    pub offsets_from: Vec<i64>,
    /// Started lines that name no offset where none was known before.
    pub offset_unknown: u64,
    first_start: Option<Start>,
    last_start_us: i64,
}

/// A Started line.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Start {
    line: u64,
    us: i64,
    offset_told: bool,
}

/// A Started line that lies far behind the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepBack {
    /// Line number in the block.
    pub line: u64,
    /// Start of the request before it in microseconds since 1970.
    pub from_us: i64,
    /// Its own.
    pub to_us: i64,
}

impl Counts {
    /// Lines of a known layout.
    pub fn understood(&self) -> u64 {
        let not: u64 = Skip::ALL.iter().filter(|s| !s.understood()).map(|s| self.skipped[*s as usize]).sum();
        self.lines - not
    }

    /// Lines that name a request.
    pub fn with_request(&self) -> u64 {
        self.lines - self.skipped.iter().sum::<u64>()
    }

    /// The line that was counted last begins a request; `offset_told`: it names its offset from UTC.
    #[inline]
    pub fn started(&mut self, us: i64, offset_told: bool) {
        if us < self.last_start_us - DISORDER_US {
            self.went_back(Start { line: self.lines, us, offset_told });
        }
        self.last_start_us = us;
        self.span = match self.span {
            None => {
                self.first_start = Some(Start { line: self.lines, us, offset_told });
                Some((us, us))
            }
            Some((first, last)) => Some((first.min(us), last.max(us))),
        };
    }

    #[cold]
    fn went_back(&mut self, start: Start) {
        let back_us = self.last_start_us - start.us;
        let saving = !start.offset_told && (back_us - HOUR_US).abs() < DISORDER_US;
        // before the first there is none
        if self.first_start.is_none() || saving {
            return;
        }
        self.steps_back += 1;
        let step = StepBack { line: start.line, from_us: self.last_start_us, to_us: start.us };
        self.first_step_back.get_or_insert(step);
    }

    /// Adds a later block of the same file.
    pub fn add(&mut self, later: &Self) {
        for (line, text) in &later.samples {
            if self.samples.len() < SAMPLES {
                self.samples.push((self.lines + line, text.clone()));
            }
        }
        self.add_steps_back(later);
        self.lines += later.lines;
        self.bytes += later.bytes;
        for (mine, theirs) in self.skipped.iter_mut().zip(&later.skipped) {
            *mine += theirs;
        }
        self.cut += later.cut;
        self.lost += later.lost;
        self.doubled_lines += later.doubled_lines;
        self.id_continuations += later.id_continuations;
        self.json[0] += later.json[0];
        self.json[1] += later.json[1];
        self.journal_text += later.journal_text;
        self.span = match (self.span, later.span) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
        for (offset, from) in later.offsets.iter().zip(&later.offsets_from) {
            if self.offsets.last() != Some(offset) {
                self.offsets.push(*offset);
                self.offsets_from.push(*from);
            }
        }
        self.offset_unknown += later.offset_unknown;
    }

    fn add_steps_back(&mut self, later: &Self) {
        let Some(first) = later.first_start else { return };
        let first = Start { line: self.lines + first.line, ..first };
        if first.us < self.last_start_us - DISORDER_US {
            self.went_back(first);
        }
        self.first_start = self.first_start.or(Some(first));
        self.last_start_us = later.last_start_us;
        self.steps_back += later.steps_back;
        let step = later.first_step_back.map(|step| StepBack { line: self.lines + step.line, ..step });
        self.first_step_back = self.first_step_back.or(step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // a Started line at each of these seconds behind noon; a new block behind every `block` lines
    fn counts(seconds: &[i64], offset_told: bool, block: usize) -> Counts {
        let mut all = Counts::default();
        for part in seconds.chunks(block) {
            let mut counts = Counts::default();
            for second in part {
                counts.lines += 1;
                counts.started((1_775_304_000 + second) * 1_000_000, offset_told);
            }
            all.add(&counts);
        }
        all
    }

    #[test]
    fn times_that_go_far_back_are_counted_wherever_blocks_end() {
        for block in 1..8 {
            let all = counts(&[0, 70, 9, 10, -60, 300, 200], true, block);
            let first = all.first_step_back.map(|s| (s.line, (s.from_us - s.to_us) / 1_000_000));
            assert_eq!((all.steps_back, first), (3, Some((3, 61))), "blocks of {block}");
        }
    }

    #[test]
    fn what_concurrent_writers_and_daylight_saving_do_is_no_step_back() {
        for block in [1, 2, 9] {
            for (seconds, offset_told, steps) in [
                (&[0, 60, 0, 59, 1][..], true, 0),
                (&[-9_000_000_000, 0, 1], true, 0),
                (&[3590, 3599, 0, 1], false, 0),
                (&[3590, 3599, 0, 1], true, 1),
                (&[7199, 0], false, 1),
            ] {
                let all = counts(seconds, offset_told, block);
                assert_eq!(all.steps_back, steps, "{seconds:?} in blocks of {block}");
            }
        }
    }
}
