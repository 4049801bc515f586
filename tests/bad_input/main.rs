//! What cannot be read, or not be followed: the words, the file they name, the way out, the exit code.

#![allow(clippy::unwrap_used, clippy::panic)]

mod archives;
#[path = "../support/mod.rs"]
mod support;
mod times;

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::{Answer, Done, Run, Storm, skip};

/// A folder, and a log in it that is good.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn good(&self) -> PathBuf {
        self.file("good/production.log", good())
    }
}

fn good() -> Vec<u8> {
    Storm::new("--sessions 20 --rate 20 --seed 5 --noise 0").bytes()
}

fn metrics(path: &Path) -> Done {
    Run::new("metrics --log").arg(path).go()
}

/// Exit 2, nothing on stdout, the file and the way out on stderr.
#[track_caller]
fn refused(path: &Path, way_out: &str) {
    metrics(path).code(2).says_nothing_on_stdout().told(path.to_str().unwrap()).told(way_out);
}

#[test]
fn a_path_that_is_not_there_is_named() {
    let place = Place::new();
    refused(&place.folder.path().join("none.log"), "no such file or folder");
}

#[test]
fn a_file_that_may_not_be_read_is_named_with_the_way_out() {
    let place = Place::new();
    let path = place.good();
    fs::set_permissions(place.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // root may read everything, nobody else may
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let starter: &[&str] = if fs::File::open(&path).is_ok() { &nobody } else { &[] };
    if let [setpriv, options @ ..] = starter {
        let mut probe = Command::new(setpriv);
        probe.args(options).args([env!("CARGO_BIN_EXE_reginfra"), "--version"]);
        if !probe.output().is_ok_and(|done| done.status.success()) {
            return skip("another user cannot start the program: refusal of a file was NOT tested");
        }
    }
    let done = Run::through(starter, "metrics --log").arg(&path).go().code(2).says_nothing_on_stdout();
    done.told(path.to_str().unwrap()).told("ermission denied").told("read it as root");
}

#[test]
fn an_empty_file_and_a_folder_with_nothing_in_it_are_nothing_to_analyse() {
    let place = Place::new();
    let empty = place.file("empty.log", "");
    metrics(&empty).code(3).says_nothing_on_stdout().told("empty.log").told("it is empty");
    let folder = place.folder.path().join("nothing");
    fs::create_dir(&folder).unwrap();
    metrics(&folder)
        .code(3)
        .says_nothing_on_stdout()
        .told("nothing: no log in this folder")
        .told("production.log");
    Run::new("metrics --log -").stdin("").go().code(3).says_nothing_on_stdout().told("empty");
    let lines = place.file("lines.log", "\n\n\n");
    metrics(&lines).code(3).told("lines.log");
}

#[test]
fn a_folder_with_other_files_only_says_what_it_looks_for() {
    let place = Place::new();
    place.file("d/readme.txt", "x");
    metrics(&place.folder.path().join("d")).code(3).told("production.log");
}

#[test]
fn what_is_no_log_is_told_and_is_nothing_to_analyse() {
    let place = Place::new();
    let binary: Vec<u8> = (0..200_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let long = format!("; its line 1 is \"{}\"\n", "x".repeat(60));
    for (name, bytes, line) in [
        ("binary.log", binary, "; its line 1 is \""),
        (
            "prose.log",
            b"\n\nIt was a dark \x1b[31mand\x07 stormy night.\nThe server slept.\n".to_vec(),
            "; its line 3 is \"It was a dark and. stormy night.\"\n",
        ),
        ("one-line.log", vec![b'x'; 3_000_000], &*long),
        ("json.log", b"{\"a\":1}\n{\"b\":[1,2]}\n".to_vec(), "; its line 1 is \"{\"a\":1}\"\n"),
    ] {
        let done = metrics(&place.file(name, bytes)).code(3);
        let done = done.told(&format!("{name}: no line in it looks like Foreman's production.log"));
        done.told("'journalctl -u foreman -o json --all'").told(line).told("nothing to analyse");
    }
    let nuls = place.file("nuls.log", vec![0; 100_000]);
    metrics(&nuls).code(3).told("nuls.log: it is empty").told("nothing to analyse");
}

#[test]
fn what_is_not_understood_is_shown_with_its_line() {
    let place = Place::new();
    let good = String::from_utf8(good()).unwrap();
    let lines: Vec<&str> = good.split_inclusive('\n').collect();
    let (before, after) = lines.split_at(lines.len() * 2 / 3);
    let path = place.file("odd.log", format!("{}dark and stormy\n{}", before.concat(), after.concat()));
    for words in ["--json", "--json --chunk-size 5000 --threads 3"] {
        let json = Run::new("metrics").words(words).arg("--log").arg(&path).go().code(0).json();
        let shown = format!("{}:{}: dark and stormy", path.display(), before.len() + 1);
        assert_eq!(json["coverage"]["skipped_samples"], serde_json::json!([shown]), "{words}");
    }
}

#[test]
fn a_log_without_a_registration_is_nothing_to_analyse() {
    let place = Place::new();
    let path = place.file(
        "quiet.log",
        "2026-03-09T12:00:00 [I|app|0a0b0c0d] Started GET \"/rhsm/status\" for 10.7.3.1 at 2026-03-09 12:00:00 +0200\n\
         2026-03-09T12:00:00 [I|app|0a0b0c0d] Completed 200 OK in 8ms (Views: 0.1ms)\n",
    );
    metrics(&path).code(3).told("no registration (POST /rhsm/consumers)");
}

fn metrics_json(paths: &[&Path]) -> Done {
    Run::new("metrics --json --log").args(paths).go()
}

#[test]
fn old_layouts_say_why_they_are_of_no_use() {
    let place = Place::new();
    for (name, line, why) in [
        ("2015.log", "2015-11-13 03:30:07 [app] [I] Completed 200 OK in 1783ms\n", "no request id"),
        (
            "2017.log",
            "2017-01-12 03:38:17 dce44c8c [app] [I] Started GET \"/x\" for ::1 at 2017\n",
            "session",
        ),
        ("proxy.log", "2026-03-09T18:02:35 736046d2 [I] Started GET /version \n", "a capsule's log"),
        (
            "sys.log",
            "Mar 09 07:19:29 sat foreman[1632]: Started GET \"/x\" for ::1 at 2026-03-09 07:19:29 +0000\n",
            "its line 1 is \"Mar 09 07:19:29 sat foreman[1632]: Started GET \"/x\" for ::1 \"\n",
        ),
    ] {
        let path = place.file(name, line.repeat(5));
        metrics(&path).code(3).told(name).told(why).told("nothing to analyse");
    }
}

#[test]
fn windows_and_times_that_cannot_be_are_refused_by_their_value() {
    let place = Place::new();
    let log = place.good();
    let with = |words: &str| Run::new("metrics").words(words).arg("--log").arg(&log).go();
    with("--since 2026-04-04T12:00:00Z --until 2026-04-04T11:00:00Z")
        .code(2)
        .says_nothing_on_stdout()
        .told("--since 2026-04-04T12:00:00Z")
        .told("--until 2026-04-04T11:00:00Z");
    with("--since 100 --until 100").code(2).told("--since");
    for bad in ["yesterday", "2026-13-01T00:00:00Z", "2026-04-04T12:00:00", "99999999999999999999", "-"] {
        with(&format!("--since={bad}")).code(2).says_nothing_on_stdout().told(bad).told("--since");
    }
    for bad in ["25:00", "two", "+99:00", "+1"] {
        let done = with(&format!("--utc-offset={bad}"));
        done.code(2).says_nothing_on_stdout().told("--utc-offset").told(bad);
    }
    with("--since 2031-01-01T00:00:00Z").code(3).told("between --since and --until");
    with("--until 1").code(3).told("between --since and --until");
    with("--threads 0").code(2).told("--threads");
}

#[test]
fn a_file_of_targets_that_is_wrong_is_named_with_its_line() {
    let place = Place::new();
    let log = place.good();
    let entry = "targets:\n  - metric: status_calls\n    statistic: avg\n    target: 1\n    change: x\n    state: y\n";
    let good = place.file("good.yaml", entry);
    Run::new("metrics --json --targets").arg(&good).arg("--log").arg(&log).go().code(0);
    for (name, text, line) in [
        ("metric.yaml", entry.replace("status_calls", "nonsense"), "metric.yaml:2"),
        ("statistic.yaml", entry.replace("avg", "p77"), "statistic.yaml:"),
        ("number.yaml", entry.replace("target: 1", "target: many"), "number.yaml:"),
        ("broken.yaml", format!("{entry}  - [\n"), "broken.yaml:"),
        ("key.yaml", format!("{entry}    colour: red\n"), "key.yaml:"),
    ] {
        let path = place.file(name, text);
        let done = Run::new("metrics --json --targets").arg(&path).arg("--log").arg(&log).go();
        done.code(2).says_nothing_on_stdout().told(line);
    }
    let none = place.folder.path().join("none.yaml");
    Run::new("metrics --targets").arg(&none).arg("--log").arg(&log).go().code(2).told("none.yaml");
}

#[test]
fn an_inventory_that_is_wrong_is_named() {
    let place = Place::new();
    let log = place.good();
    for (name, bytes) in [
        ("open.ini", &b"[capsules\ncap1.lab\n"[..]),
        ("binary.ini", b"\xff\xfe\x00\x01\x02[\n"),
        ("vars.ini", b"[capsules:vars]\nnot an assignment\n"),
    ] {
        let path = place.file(name, bytes);
        let done = Run::new("metrics --json -i").arg(&path).arg("--log").arg(&log).go();
        done.code(2).says_nothing_on_stdout().told(name);
    }
    let none = place.folder.path().join("none.ini");
    Run::new("metrics -i").arg(&none).arg("--log").arg(&log).go().code(2).told("none.ini");
}

#[test]
fn sessions_and_runs_go_only_where_they_can() {
    let place = Place::new();
    let log = place.good();
    let into = place.folder.path().join("missing/sessions.jsonl");
    Run::new("metrics --sessions")
        .arg(&into)
        .arg("--log")
        .arg(&log)
        .go()
        .code(2)
        .told("missing/sessions.jsonl");
    place.file("mine/photo.jpg", "x");
    let mine = place.folder.path().join("mine");
    Run::new("metrics --save").arg(&mine).arg("--log").arg(&log).go().code(2).told("mine");
    assert_eq!(fs::read_dir(&mine).unwrap().count(), 1);
    let run = place.folder.path().join("run");
    Run::new("metrics --quiet --save").arg(&run).arg("--log").arg(&log).go().code(0).says_nothing_on_stdout();
    let mut kept: Vec<_> =
        fs::read_dir(&run).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    kept.sort();
    assert_eq!(kept, ["labels.json", "metrics.json", "requests.jsonl", "sessions.jsonl", "traces.jsonl"]);
    // a run may be saved again
    Run::new("metrics --quiet --save").arg(&run).arg("--log").arg(&log).go().code(0);
}

#[test]
fn what_is_no_kept_run_says_what_to_name() {
    let place = Place::new();
    let (log, run) = (place.good(), place.folder.path().join("run"));
    Run::new("metrics --quiet --save").arg(&run).arg("--log").arg(&log).go().code(0);
    let told = |path: &Path, words: &str| {
        for command in ["history", "export --format openmetrics"] {
            let done = Run::new(command).arg(path).go().code(2).says_nothing_on_stdout().told(words);
            let parser = ["expected struct", "schema_version", " at line "];
            assert!(parser.iter().all(|words| !done.stderr.contains(*words)), "{done:#?}");
        }
    };
    told(&log, "production.log: is no kept run; name a folder that `reginfra metrics --save` wrote");
    told(&place.file("empty", ""), "empty: is no kept run; name a folder");
    told(&run.join("sessions.jsonl"), "sessions.jsonl is a part of a kept run; name its folder: ");
    let whole = fs::read_to_string(run.join("metrics.json")).unwrap();
    fs::write(run.join("metrics.json"), &whole[..whole.len() / 2]).unwrap();
    told(&run, "; keep the run again with `reginfra metrics --save`");
}

#[test]
fn a_sessions_file_is_whole_or_as_it_was() {
    let place = Place::new();
    let file = place.file("sessions.jsonl", "before\n");
    let empty = place.file("empty.log", "");
    Run::new("metrics --sessions").arg(&file).arg("--log").arg(&empty).go().code(3);
    assert_eq!(fs::read_to_string(&file).unwrap(), "before\n");
    Run::new("metrics --sessions").arg(&file).arg("--log").arg(place.good()).go().code(0);
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 20);
    // nothing is left beside it
    let left: Vec<_> = fs::read_dir(place.folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let place = Place::new();
    let log = place.good();
    for words in ["metrics --json --log", "metrics --sessions - --log", "metrics --log"] {
        // what fits into the pipe would not notice a reader that goes
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_reginfra"));
        command.args(words.split(' ')).arg(&log).env_clear().stdin(Stdio::null()).stdout(writer);
        let done = command.output().unwrap();
        assert_eq!(done.status.code(), Some(0), "{words}");
        assert_eq!(String::from_utf8_lossy(&done.stderr), "", "{words}");
    }
}

#[test]
fn a_missed_target_fails_only_where_that_was_asked_for() {
    let place = Place::new();
    let log = place.good();
    Run::new("metrics --log").arg(&log).go().code(0);
    Run::new("metrics --fail-on target --log").arg(&log).go().code(1);
    let entry = "targets:\n  - metric: consumer_create_ms\n    statistic: p50\n    target: 9000000\n    change: x\n    state: y\n";
    let met = place.file("met.yaml", entry);
    Run::new("metrics --fail-on target --targets").arg(&met).arg("--log").arg(&log).go().code(0);
    let missed = place.file("missed.yaml", entry.replace("9000000", "1"));
    Run::new("metrics --fail-on target --targets").arg(&missed).arg("--log").arg(&log).go().code(1);
    let none = place.file("none.yaml", entry.replace("9000000", "null"));
    // nothing was judged: never a silent pass
    let done = Run::new("metrics --fail-on target --targets").arg(&none).arg("--log").arg(&log).go();
    done.code(3).told("no target could be judged");
    let empty = place.file("empty.log", "");
    Run::new("metrics --fail-on target --log").arg(&empty).go().code(3);
    Run::new("metrics --fail-on weather --log").arg(&log).go().code(2).told("weather");
}

#[test]
fn a_good_file_beside_bad_ones_is_answered_and_the_bad_ones_are_told() {
    let place = Place::new();
    let good = place.good();
    let alone = Answer::of("", [&good]);
    let bad = [
        place.folder.path().join("none.log"),
        place.file("empty.log", ""),
        place.file("set.zip", b"PK\x03\x04rest"),
        place.file("prose.log", "It was a dark and stormy night.\n"),
    ];
    let paths: Vec<&Path> = bad.iter().map(PathBuf::as_path).chain([good.as_path()]).collect();
    let done =
        metrics_json(&paths).code(0).told("none.log").told("empty.log").told("set.zip").told("prose.log");
    let json = done.json();
    assert_eq!(json["groups"], alone.json["groups"]);
    assert_eq!(json["coverage"]["complete"], false);
    assert_eq!(json["coverage"]["unreadable"].as_array().unwrap().len(), 3);
    // a file given twice is read once
    let done = metrics_json(&[&good, &good]).code(0).told("given twice");
    assert_eq!(done.json()["groups"], alone.json["groups"]);
}

#[test]
fn a_copy_of_a_file_is_left_out_and_told() {
    let place = Place::new();
    let good = place.good();
    let alone = Answer::of("", [&good]);
    let copy = place.file("copy.log.1", fs::read(&good).unwrap());
    let done = metrics_json(&[&good, &copy]).code(0).told("taken for a copy");
    assert_eq!(done.json()["groups"], alone.json["groups"]);
}

#[test]
fn a_file_that_is_cut_while_it_is_read_is_told_and_what_was_before_the_cut_is_answered() {
    let next_day =
        Storm::new("--sessions 20 --rate 20 --seed 6 --noise 0 --start 2026-04-05T10:00:00Z").bytes();
    for keep in [0, 150_001] {
        let place = Place::new();
        let (log, pipe) = (place.file("production.log", good()), place.folder.path().join("pipe.log"));
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let (cut, late, rest) = (log.clone(), pipe.clone(), next_day.clone());
        let writer = std::thread::spawn(move || {
            // opens when the program opens its end, and then the log is open and not read yet
            let mut pipe = fs::OpenOptions::new().write(true).open(late).unwrap();
            fs::OpenOptions::new().write(true).open(cut).unwrap().set_len(keep).unwrap();
            pipe.write_all(&rest).unwrap();
        });
        let run = Run::new("metrics --json --chunk-size 65536 --log").arg(&log).arg(&pipe);
        let done = run.go().code(0).told("was cut while it was read").told("read it again together with");
        writer.join().unwrap();
        let json = done.json();
        assert_eq!(json["coverage"]["complete"], false);
        let told = json["coverage"]["unreadable"][0].as_str().unwrap();
        assert!(
            told.starts_with(log.to_str().unwrap()) && told.contains(&format!("ends at {keep} ")),
            "{told}"
        );
        let whole = place.file("whole.log", [&good()[..keep as usize], &next_day].concat());
        let wanted = Answer::of("", [&whole]);
        assert_eq!(json["groups"], wanted.json["groups"]);
        assert_eq!(json["coverage"]["requests_matched"], wanted.json["coverage"]["requests_matched"]);
    }
}

#[test]
fn two_things_for_stdout_are_misuse() {
    let place = Place::new();
    Run::new("metrics --json --sessions - --log").arg(place.good()).go().code(2).told("both write to stdout");
}

#[test]
fn the_table_goes_to_stdout_and_nothing_else_does() {
    let place = Place::new();
    let done = metrics(&place.good()).code(0).says_nothing_on_stderr();
    assert!(done.stdout.contains("consumer create"));
    assert!(done.stdout.lines().all(|line| line.chars().count() <= 80), "{}", done.stdout);
    assert!(!done.stdout.contains('\u{1b}'));
    Run::new("metrics --quiet --log")
        .arg(place.good())
        .go()
        .code(0)
        .says_nothing_on_stdout()
        .says_nothing_on_stderr();
}

#[test]
fn misuse_of_the_command_line_is_exit_2() {
    Run::new("metrics").go().code(2).says_nothing_on_stdout().told("--log");
    Run::new("metrics --log").go().code(2).says_nothing_on_stdout();
    Run::new("metrics --label a=b --log x").go().code(2).told("--save");
    Run::new("metrix").go().code(2).told("metrics");
}

#[test]
fn a_journal_of_both_services_says_what_of_it_was_left_out() {
    let storm = Storm::new("--sessions 40 --layout journal-json --capsule-layout journal-json --seed 5");
    let proxy = storm.dir.join("capsules/capsule1.example.com/proxy.log");
    let time = |line: &str| serde_json::from_str::<Value>(line).unwrap()["__REALTIME_TIMESTAMP"].to_string();
    let (satellite, capsule) = (storm.text(), fs::read_to_string(proxy).unwrap());
    let mut lines: Vec<&str> = satellite.lines().chain(capsule.lines()).collect();
    lines.sort_by_key(|line| time(line));
    let place = tempfile::tempdir().unwrap();
    let mixed = place.path().join("both.json");
    fs::write(&mixed, lines.join("\n") + "\n").unwrap();
    let told = Answer::of("", [&mixed]);
    assert_eq!(told.text, Answer::of("", [storm.log()]).text);
    let words = format!("{} lines of smart-proxy stand in the Satellite's journal", capsule.lines().count());
    assert!(told.notes().contains(&words), "{}", told.notes());
}
