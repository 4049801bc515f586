//! Properties: how a log is cut, read, ordered, dressed or broken.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "support/mod.rs"]
mod support;

use proptest::prelude::*;
use reginfra::log::assemble::{Assembler, Block, Event};
use reginfra::log::{json, line, text};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;
use support::{Answer, Run, Storm};

/// A small storm with everything in it; its inventory lies beside.
struct Base {
    storm: Storm,
    bytes: Vec<u8>,
    answer: Answer,
}

impl Base {
    fn new(options: &str) -> Self {
        let storm = Storm::new(options);
        let bytes = storm.bytes();
        let answer = storm.satellite("");
        Self { storm, bytes, answer }
    }

    /// The answer to these bytes, in files of a set, oldest first.
    fn answer_to(&self, words: &str, files: &[&[u8]]) -> Answer {
        let folder = tempfile::tempdir().unwrap();
        write_set(folder.path(), files);
        Answer::by(Run::new("metrics -i").arg(self.storm.inventory()).words(words), [folder.path()])
    }

    fn check(&self, answer: &Answer, how: &str) {
        assert!(answer.text == self.answer.text, "{how}: other sessions");
        let (got, want) = (answer.figures(), self.answer.figures());
        assert!(got == want, "{how}: other figures");
    }
}

fn write_set(folder: &Path, files: &[&[u8]]) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for (i, bytes) in files.iter().enumerate() {
        let path = match files.len() - 1 - i {
            0 => folder.join("production.log"),
            n => folder.join(format!("production.log.{n}")),
        };
        std::fs::write(&path, bytes).unwrap();
        paths.push(path);
    }
    paths
}

const OPTIONS: &str = "--sessions 30 --rate 40 --failures 0.3 --reregistrations 0.3 --noise 0.3 --lead 10";

static BASE: LazyLock<Base> = LazyLock::new(|| Base::new(&format!("{OPTIONS} --seed 701")));
static JSON: LazyLock<Base> = LazyLock::new(|| Base::new(&format!("{OPTIONS} --seed 702 --layout json")));
static JOURNAL: LazyLock<Base> =
    LazyLock::new(|| Base::new(&format!("{OPTIONS} --seed 703 --layout journal-json")));
static PATTERN: LazyLock<Base> =
    LazyLock::new(|| Base::new(&format!("{OPTIONS} --seed 704 --layout pattern")));
static MULTILINE: LazyLock<Base> =
    LazyLock::new(|| Base::new(&format!("{OPTIONS} --seed 705 --layout multiline")));
static JOURNAL_TEXT: LazyLock<Base> =
    LazyLock::new(|| Base::new(&format!("{OPTIONS} --seed 706 --layout journal")));

/// One of each layout.
static LAYOUTS: [&LazyLock<Base>; 6] = [&BASE, &JSON, &JOURNAL, &PATTERN, &MULTILINE, &JOURNAL_TEXT];

fn few(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn cut<'a>(bytes: &'a [u8], places: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut at: Vec<usize> = places.iter().map(|place| place.index(bytes.len() - 1) + 1).collect();
    at.extend([0, bytes.len()]);
    at.sort_unstable();
    at.dedup();
    at.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect()
}

proptest! {
    #![proptest_config(few(150))]

    #[test]
    fn cutting_a_log_into_two_files_at_any_byte_changes_nothing(at in any::<prop::sample::Index>(), which in 0..LAYOUTS.len()) {
        let base = LAYOUTS[which];
        let files = cut(&base.bytes, &[at]);
        let answer = base.answer_to("", &files);
        base.check(&answer, &format!("cut behind byte {}", files[0].len()));
        prop_assert_eq!(answer.coverage("requests_matched"), base.answer.coverage("requests_matched"));
        prop_assert_eq!(answer.coverage("requests_orphaned"), base.answer.coverage("requests_orphaned"));
        prop_assert_eq!(answer.coverage("lines_doubled"), base.answer.coverage("lines_doubled"));
    }

    #[test]
    fn chunk_size_and_threads_never_change_an_answer(
        chunk in prop_oneof![1..4000u32, 4000..200_000u32, 1_000_000..2_000_000u32],
        threads in 1..5u32,
        which in 0..LAYOUTS.len(),
    ) {
        let base = LAYOUTS[which];
        let log = base.storm.log();
        let run = || Run::new("metrics -i").arg(base.storm.inventory());
        // below a kilobyte a chunk costs a message a line: a part of the log will do
        let words = format!("--threads {threads} --chunk-size {chunk}");
        let (one, other) = if chunk >= 1000 {
            (Answer::by(run(), [&log]), Answer::by(run().words(&words), [&log]))
        } else {
            let folder = tempfile::tempdir().unwrap();
            let end = base.bytes.len() / 3;
            let paths = write_set(folder.path(), &[&base.bytes[..end]]);
            (Answer::by(run(), &paths), Answer::by(run().words(&words), &paths))
        };
        prop_assert!(one.text == other.text);
        prop_assert_eq!(one.json, other.json);
    }
}

proptest! {
    #![proptest_config(few(60))]

    #[test]
    fn cutting_a_log_into_many_files_anywhere_and_naming_them_in_any_order_changes_nothing(
        at in prop::collection::vec(any::<prop::sample::Index>(), 2..6),
        order in any::<u64>(),
    ) {
        // where two files begin in the same second their names decide: cut at lines of different seconds
        let lines: Vec<&[u8]> = BASE.bytes.split_inclusive(|b| *b == b'\n').collect();
        let mut places: Vec<usize> = at.iter().map(|place| place.index(lines.len() - 1) + 1).collect();
        places.sort_unstable();
        places.dedup();
        let ends: Vec<usize> = [0].into_iter().chain(places).chain([lines.len()]).collect();
        let files: Vec<Vec<u8>> = ends.windows(2).map(|e| lines[e[0]..e[1]].concat()).collect();
        let files: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
        let folder = tempfile::tempdir().unwrap();
        let mut paths = write_set(folder.path(), &files);
        let mut random = order;
        for i in (1..paths.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            paths.swap(i, (random >> 33) as usize % (i + 1));
        }
        let answer = Answer::by(Run::new("metrics -i").arg(BASE.storm.inventory()), &paths);
        BASE.check(&answer, &format!("{paths:?}"));
    }

    #[test]
    fn random_damage_never_panics_or_hangs(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..200),
        which in 0..LAYOUTS.len(),
    ) {
        let mut bytes = LAYOUTS[which].bytes.clone();
        for (place, byte, how) in damage {
            let at = place.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => {
                    bytes.remove(at);
                }
                _ => {
                    let end = (at + usize::from(byte) * 7).min(bytes.len());
                    bytes.drain(at..end);
                }
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let paths = write_set(folder.path(), &[&bytes]);
        let done = Run::new("metrics --json --log").arg(&paths[0]).go().code(0);
        prop_assert!(!done.stderr.contains("panicked"));
    }

    #[test]
    fn a_dress_of_any_line_changes_no_figure(every in 1..9usize, dress in 0..5usize) {
        let mut bytes = Vec::new();
        for (i, line) in BASE.bytes.split(|b| *b == b'\n').enumerate() {
            if i % every == 0 {
                match dress {
                    // ANSI colours around what stands in brackets
                    0 if line.len() > 40 && line[20] == b'[' => {
                        bytes.extend_from_slice(&line[..20]);
                        bytes.extend_from_slice(b"\x1b[1;32m");
                        bytes.extend_from_slice(&line[20..36]);
                        bytes.extend_from_slice(b"\x1b[0m");
                        bytes.extend_from_slice(&line[36..]);
                    }
                    1 => {
                        bytes.extend_from_slice(line);
                        bytes.push(b'\r');
                    }
                    2 => {
                        // copytruncate leaves a hole of NULs before the next line
                        bytes.extend_from_slice(&[0; 517]);
                        bytes.extend_from_slice(line);
                    }
                    3 => {
                        bytes.extend_from_slice(line);
                        bytes.extend_from_slice(b"\n\xff\xfe\xc0 not UTF-8 \x80");
                    }
                    4 => {
                        bytes.extend_from_slice(line);
                        bytes.extend_from_slice(b"\n\n\n");
                    }
                    _ => bytes.extend_from_slice(line),
                }
            } else {
                bytes.extend_from_slice(line);
            }
            bytes.push(b'\n');
        }
        let answer = BASE.answer_to("", &[&bytes]);
        BASE.check(&answer, &format!("dress {dress} of every {every}"));
    }
}

#[test]
fn a_pipe_is_the_file() {
    let inventory = BASE.storm.inventory();
    let run = || Run::new("metrics -i").arg(&inventory).stdin(BASE.bytes.clone());
    BASE.check(&Answer::by(run(), ["-"]), "a pipe");
    for chunk in [1000, 65536] {
        let answer = Answer::by(run().words(&format!("--chunk-size {chunk}")), ["-"]);
        BASE.check(&answer, &format!("a pipe in pieces of {chunk}"));
    }
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gz, &BASE.bytes).unwrap();
    let packed = Run::new("metrics -i").arg(&inventory).stdin(gz.finish().unwrap());
    BASE.check(&Answer::by(packed, ["-"]), "a packed pipe");
}

#[test]
fn a_journal_line_that_is_cut_before_the_pattern_in_it_is_mended() {
    let pattern = b"\"MESSAGE\":\"2026-04-04T";
    let starts = JOURNAL.bytes.windows(pattern.len()).enumerate();
    let places: Vec<usize> = starts.filter(|(_, w)| w == pattern).map(|(at, _)| at + 11).collect();
    for at in places.iter().skip(places.len() / 3).step_by(97) {
        let answer = JOURNAL.answer_to("", &[&JOURNAL.bytes[..*at], &JOURNAL.bytes[*at..]]);
        JOURNAL.check(&answer, &format!("cut behind byte {at}"));
        assert_eq!(answer.coverage("lines_read"), JOURNAL.answer.coverage("lines_read"));
    }
}

#[test]
fn the_end_of_the_log_does_not_depend_on_chunks() {
    let ends = [1_000_000, 65_536, 4096, 1000, 333].map(|chunk| {
        let run = Run::new("metrics -i").arg(BASE.storm.inventory()).words(&format!("--chunk-size {chunk}"));
        let answer = Answer::by(run, [BASE.storm.log()]);
        (answer.json["window"]["end"].clone(), answer.json["sources"][0]["last"].clone())
    });
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
}

#[test]
fn a_chunk_of_one_byte_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let end = BASE.bytes.iter().position(|b| *b == b'\n').unwrap() * 60;
    let paths = write_set(folder.path(), &[&BASE.bytes[..end]]);
    let done = |words: &str| Run::new("metrics --json").words(words).arg("--log").arg(&paths[0]).go();
    let (one, other) = (done(""), done("--chunk-size 1 --threads 3"));
    assert_eq!(one.json(), other.json());
    assert_eq!(one.code, other.code);
}

// Foreman's own logging to the journal: the message alone, the request in a field
#[test]
fn a_journal_that_names_the_request_in_a_field_gives_the_same_registrations() {
    let mut fields = String::new();
    for line in JOURNAL.bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
        let mut entry: serde_json::Value = serde_json::from_slice(line).unwrap();
        let message = entry["MESSAGE"].as_str().unwrap().to_owned();
        let (before, id, text) = match message.strip_prefix(' ') {
            Some(continuation) => ("", &continuation[..8], &continuation[11..]),
            None => (&message[..27], &message[27..35], &message[37..]),
        };
        assert!(before.is_empty() || (&before[19..21] == " [" && before.ends_with('|')), "{message}");
        entry["REQUEST"] = format!("{id}-1f5e-4a3b-9a57-0c3b8f1f2d11").into();
        entry["MESSAGE"] = text.into();
        fields.push_str(&format!("{entry}\n"));
    }
    assert!(!fields.contains("[I|app|") && fields.contains("\"MESSAGE\":\"Started POST"));
    let answer = JOURNAL.answer_to("", &[fields.as_bytes()]);
    assert!(answer.text == JOURNAL.answer.text, "other sessions");
    assert_eq!(answer.json["groups"], JOURNAL.answer.json["groups"]);
    assert_eq!(answer.coverage("lines_parsed"), JOURNAL.answer.coverage("lines_parsed"));
}

// as Foreman's json layout writes colours, and the journal what is no plain text
#[test]
fn colours_in_json_change_no_figure() {
    let json = String::from_utf8(JSON.bytes.clone()).unwrap();
    let coloured = json.replace("\"message\":\"Started ", "\"message\":\"\\u001b[1;32mStarted\\u001b[0m ");
    assert!(coloured.len() > json.len());
    JSON.check(&JSON.answer_to("", &[coloured.as_bytes()]), "colours in the json layout");
    let mut numbers = String::new();
    for line in JOURNAL.bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
        let mut entry: serde_json::Value = serde_json::from_slice(line).unwrap();
        let message = entry["MESSAGE"].as_str().unwrap().replacen('[', "\u{1b}[33m[", 1);
        if message.contains("] Started ") {
            entry["MESSAGE"] = message.as_bytes().into();
        }
        numbers.push_str(&format!("{entry}\n"));
    }
    assert!(numbers.contains("\"MESSAGE\":[50,48,50,54,"));
    JOURNAL.check(&JOURNAL.answer_to("", &[numbers.as_bytes()]), "colours in the journal");
}

#[test]
fn a_log_of_one_endless_line_takes_no_more_than_one_of_many_lines() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = BASE.storm.inventory();
    // as a file, and from a pipe
    let answers = |name: &str, rest: Vec<u8>| {
        let bytes = [&BASE.bytes[..], &rest, b"\n", &BASE.bytes[..200]].concat();
        let path = folder.path().join(name);
        std::fs::write(&path, &bytes).unwrap();
        let run = || Run::new("metrics -i").arg(&inventory);
        [(run(), path), (run().stdin(bytes), "-".into())].map(|(run, path)| Answer::by(run, [path]))
    };
    let many = answers("many.log", format!("{}\n", "a".repeat(99)).repeat(300_000).into_bytes());
    let endless = answers("endless.log", vec![b'a'; 30_000_000]);
    for (endless, many) in endless.iter().zip(&many) {
        assert!(endless.coverage("lines_cut") >= 1);
        assert_eq!(endless.group("all")["session_count"], BASE.answer.group("all")["session_count"]);
        let (most, peak) = (many.peak_memory + (8 << 20), endless.peak_memory);
        assert!(many.peak_memory > 0 && peak <= most, "{peak} bytes of memory, {most} were the most");
        let (took, usual) = (endless.worked, many.worked);
        assert!(usual > Duration::ZERO, "not known");
        assert!(took <= usual * 2 + Duration::from_secs(1), "{took:?}, many lines took {usual:?}");
    }
}

/// What one block says, in words that can be compared.
fn words(block: &Block) -> String {
    format!("{:?} {:?}", block.events, block.open)
}

fn assemble(bytes: &[u8]) -> Block {
    let mut assembler = Assembler::new(None);
    for line in bytes.split(|b| *b == b'\n') {
        assembler.line_with_escapes(line);
    }
    assembler.finish(Vec::new())
}

/// Lines that are nearly right reach further than bytes at random.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        Just("2026-03-09T12:00:00 ".to_owned()),
        Just("[I|app|0a0b0c0d] ".to_owned()),
        Just("[I|aud|0a0b0c0d] ".to_owned()),
        Just(" 0a0b0c0d | ".to_owned()),
        Just(" | ".to_owned()),
        Just("Started ".to_owned()),
        Just("POST \"/rhsm/consumers\" for ".to_owned()),
        Just("GET \"/register?url=%68%2\" for ".to_owned()),
        Just("PUT \"/rhsm/consumers/8d1c2f60-1f5e-4a3b-9a57-0c3b8f1f2d11\" for ".to_owned()),
        Just("10.7.3.1 at ".to_owned()),
        Just("2026-03-09 12:00:00 +0200".to_owned()),
        Just("9999-99-99 99:99:99 -9999".to_owned()),
        Just("Tue Oct 15 07:29:20 -0700 2013".to_owned()),
        Just("Completed 201 Created in 3256ms (Views: 0.2ms)".to_owned()),
        Just("Completed 200 OK in 99999999999999999999ms".to_owned()),
        Just("  Parameters: {\"name\"=>\"h.lab\", \"uuid\"=>\"".to_owned()),
        Just("\"contentTags\"=>[\"rhel-9\"".to_owned()),
        Just("Host::Base (5) update event on uuid , ".to_owned()),
        Just("8d1c2f60-1f5e-4a3b-9a57-0c3b8f1f2d11".to_owned()),
        Just("Candlepin returned different consumer uuid than requested (".to_owned()),
        Just("Import facts for '".to_owned()),
        Just("Host h registered through load balancer ".to_owned()),
        Just("Mar 09 07:19:29 sat foreman[1632]: ".to_owned()),
        Just("{\"message\":\"Started".to_owned()),
        Just("\",\"mdc\":{\"request\":\"0a0b0c0d-\"}}".to_owned()),
        Just("{\"__REALTIME_TIMESTAMP\":\"-9\",\"MESSAGE\":[1,300]}".to_owned()),
        Just("\u{1b}[3".to_owned()),
        Just("\n".to_owned()),
        Just("\r".to_owned()),
        any::<String>(),
    ];
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat().into_bytes())
}

proptest! {
    #![proptest_config(few(3000))]

    #[test]
    fn bytes_that_are_nearly_a_log_never_panic(bytes in nearly()) {
        let _ = line::split(&bytes);
        let _ = json::parse(&bytes);
        let _ = text::completed(&bytes);
        let _ = text::audit_uuid(&bytes);
        let block = assemble(&bytes);
        prop_assert!(block.counts.understood() <= block.counts.lines);
        let bad = block.events.iter().any(|e| matches!(e, Event::Ended(r) if !r.started() && !r.completed()));
        prop_assert!(!bad, "{}", words(&block));
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = line::split(&bytes);
        let _ = json::parse(&bytes);
        let _ = line::request_id(&bytes);
        let _ = text::completed(&bytes);
        let _ = text::fact_import_host(&bytes);
        let _ = text::registered_through(&bytes);
        let _ = assemble(&bytes);
    }
}

proptest! {
    #![proptest_config(few(80))]

    #[test]
    fn any_file_at_all_is_answered_or_refused(bytes in prop_oneof![nearly(), prop::collection::vec(any::<u8>(), 0..5000)], magic in 0..4usize) {
        let magic: &[u8] = [&b""[..], b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"][magic];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("any.log");
        std::fs::write(&path, [magic, &bytes].concat()).unwrap();
        let done = Run::new("metrics --json --threads 2 --chunk-size 77 --log").arg(&path).go();
        prop_assert!(matches!(done.code, Some(0 | 2 | 3)), "{:#?}", done);
        prop_assert!(!done.stderr.contains("panicked"), "{}", done.stderr);
    }

    #[test]
    fn any_inventory_at_all_is_read_or_refused(text in "(\\[[a-z_:]{0,12}\\]?|[a-z0-9\\[\\]:.]{0,20}( [a-z_]{1,12}=.{0,9}){0,3}|\\PC{0,30}|\n){0,30}") {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hosts.ini");
        std::fs::write(&path, text).unwrap();
        let done = Run::new("metrics --quiet -i").arg(&path).arg("--log").arg(BASE.storm.log()).go();
        prop_assert!(matches!(done.code, Some(0 | 2)), "{:#?}", done);
        prop_assert!(!done.stderr.contains("panicked"), "{}", done.stderr);
    }
}
