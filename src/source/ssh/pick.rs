//! Which files of a rotated set are wanted, by the times inside and by size, before anything of them is sent.

use super::probe::Listed;
use crate::report::durations::bytes;
use crate::source::open::{Compression, Input};
use crate::timestamp::Timestamp;

/// Requests of a registration can lie before its create and behind the end that was asked for.
const MARGIN_US: i64 = 3_600_000_000;

/// Clocks on walls differ by so much from UTC at most.
const ANY_OFFSET_US: i64 = 14 * 3_600_000_000;

/// What is wanted of a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Registrations from then on.
    pub since: Option<Timestamp>,
    /// Registrations before then.
    pub until: Option<Timestamp>,
    /// Bytes as they lie there.
    pub max_size: Option<u64>,
}

impl Limits {
    /// The time that is read, with room for requests of registrations at its edges.
    pub fn widened(self) -> (Option<Timestamp>, Option<Timestamp>) {
        let moved = |t: Timestamp, by: i64| Timestamp(t.0.saturating_add(by));
        (self.since.map(|t| moved(t, -MARGIN_US)), self.until.map(|t| moved(t, MARGIN_US)))
    }
}

/// A file that is wanted, and how many bytes at its start are not.
pub type Picked = (Listed, Input, u64);

/// Takes out what is not wanted; `files` are in the order of the log. Words say what was left because of its size.
pub fn pick(files: Vec<(Listed, Input)>, limits: Limits) -> (Vec<Picked>, Option<String>) {
    newest(in_window(files, limits), limits.max_size)
}

fn in_window(files: Vec<(Listed, Input)>, limits: Limits) -> Vec<(Listed, Input)> {
    let (mut since, mut until) = limits.widened();
    if files.iter().any(|(_, input)| input.of_capsule) {
        // in local time, and nothing says whose
        since = since.map(|t| Timestamp(t.0.saturating_sub(ANY_OFFSET_US)));
        until = until.map(|t| Timestamp(t.0.saturating_add(ANY_OFFSET_US)));
    }
    let firsts: Vec<Option<i64>> = files.iter().map(|(_, input)| input.first_us()).collect();
    // a file ends where the next one begins
    let ends_before = |at: usize, since: Timestamp| {
        firsts[at + 1..].iter().find_map(|first| *first).is_some_and(|next| next < since.0)
    };
    let wanted = |at: usize| {
        !since.is_some_and(|since| ends_before(at, since))
            && until.zip(firsts[at]).is_none_or(|(until, first)| first <= until.0)
    };
    let keep: Vec<bool> = (0..files.len()).map(wanted).collect();
    files.into_iter().zip(keep).filter_map(|(file, keep)| keep.then_some(file)).collect()
}

fn newest(files: Vec<(Listed, Input)>, max_size: Option<u64>) -> (Vec<Picked>, Option<String>) {
    let mut room = max_size.unwrap_or(u64::MAX);
    let (mut picked, mut left, mut left_size) = (Vec::new(), Vec::new(), 0);
    for (listed, input) in files.into_iter().rev() {
        if listed.size <= room && left.is_empty() {
            room -= listed.size;
            picked.push((listed, input, 0));
            continue;
        }
        // the end of a plain file can be had without its start
        let rest = if left.is_empty() && input.compression == Compression::None { room } else { 0 };
        left_size += listed.size - rest;
        left.push(input.name.clone());
        if rest > 0 {
            let skip = listed.size - rest;
            picked.push((listed, input, skip));
        }
        room = 0;
    }
    picked.reverse();
    let words = (!left.is_empty()).then(|| {
        format!(
            "--max-size: the oldest {} were left on the host: {}",
            bytes(left_size),
            left.iter().rev().cloned().collect::<Vec<_>>().join(", ")
        )
    });
    (picked, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(lines: [&str; 2], since: &str) -> Vec<String> {
        let file = |(line, name): (&str, &str)| {
            let input = Input::from_head(name.to_owned(), None, line.as_bytes(), None, Compression::None);
            (Listed { path: name.into(), size: 100, head: None }, input)
        };
        let files = lines.into_iter().zip(["older", "newer"]).map(file).collect();
        let limits = Limits { since: Some(Timestamp::parse(since).unwrap()), ..Limits::default() };
        in_window(files, limits).into_iter().map(|(_, input)| input.name).collect()
    }

    #[test]
    fn a_capsule_s_local_times_leave_out_no_file_that_may_be_wanted() {
        let satellite = |hour: &str| {
            format!(
                "2026-04-04T{hour}:00:00 [I|app|3f9c1a2b] Started GET \"/rhsm/status\" for 10.1.1.1 at 2026-04-04 {hour}:00:00 +0000\n"
            )
        };
        let (older, newer) = (satellite("01"), satellite("08"));
        assert_eq!(picked([&older, &newer], "2026-04-04T12:00:00Z"), ["newer"]);
        let capsule = |hour: &str| format!("2026-04-04T{hour}:00:00 736046d2 [I] Started GET /version \n");
        let (older, newer) = (capsule("01"), capsule("08"));
        assert_eq!(picked([&older, &newer], "2026-04-04T12:00:00Z"), ["older", "newer"]);
        assert_eq!(picked([&older, &newer], "2026-04-06T12:00:00Z"), ["newer"]);
    }
}
