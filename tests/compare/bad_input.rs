//! What cannot be compared: a clear word, and the exit code that scripts rely on.

use super::support::{Run, Storm};
use super::{keep, kept, row, rows, verdict};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A copy of a kept run that may be spoilt.
pub struct Spoilt {
    folder: tempfile::TempDir,
}

impl Spoilt {
    pub fn of(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(kept(name)).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    fn edit(&self, file: &str, change: impl Fn(String) -> String) -> &Self {
        let path: PathBuf = self.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, change(text)).unwrap();
        self
    }

    /// The registrations that are left, and so many are counted.
    fn registrations(&self, change: impl Fn(String) -> String) -> &Self {
        self.edit("sessions.jsonl", change);
        let left = fs::read_to_string(self.path().join("sessions.jsonl")).unwrap().lines().count();
        self.answer(|answer| {
            let groups = answer["groups"].as_array_mut().unwrap();
            groups.iter_mut().find(|g| g["group"] == "all").unwrap()["session_count"] = left.into();
        })
    }

    pub fn answer(&self, change: impl Fn(&mut Value)) -> &Self {
        self.edit("metrics.json", |text| {
            let mut answer: Value = serde_json::from_str(&text).unwrap();
            change(&mut answer);
            answer.to_string()
        })
    }

    fn labels(&self, json: &str) -> &Self {
        self.edit("labels.json", |_| json.to_owned())
    }
}

fn compare(before: &Path, after: &Path) -> Run {
    Run::new("compare").arg(before).arg(after)
}

fn json(before: &Path, after: &Path) -> Value {
    compare(before, after).words("--format json").go().code(0).json()
}

#[test]
fn each_side_tells_its_own_errors() {
    let good = kept("same-1");
    let place = tempfile::tempdir().unwrap();
    let missing = place.path().join("missing");
    compare(&missing, &good).go().code(2).told("before: ").told("missing").says_nothing_on_stdout();
    compare(&good, &missing).go().code(2).told("after: ").says_nothing_on_stdout();
    compare(&missing, &missing).go().code(2).told("error: before: ").told("error: after: ");
    let other = Spoilt::of("same-1");
    other.edit("metrics.json", |text| text.replacen("\"schema_version\": 1", "\"schema_version\": 7", 1));
    let done = compare(&good, other.path()).go().code(2).told("after: ").told("schema_version is 7");
    assert!(done.stderr.contains("this program reads 1") && done.stderr.contains("--save"), "{done:?}");
    let broken = Spoilt::of("same-1");
    broken.edit("sessions.jsonl", |text| text.replacen("\n", "\n{\"success\":\n", 1));
    compare(broken.path(), &good).go().code(2).told("before: ").told("sessions.jsonl:2: ");
    let cut = Spoilt::of("same-1");
    cut.edit("sessions.jsonl", |text| text.lines().take(490).map(|l| format!("{l}\n")).collect());
    compare(cut.path(), &good).go().code(2).told("490 registrations, where metrics.json counts 500");
    let part = kept("same-1").join("metrics.json");
    compare(&part, &good).go().code(2).told("before: ").told("name its folder");
    let part = kept("same-1").join("requests.jsonl");
    compare(&good, &part).go().code(2).told("after: ").told("name its folder");
    let alone = Spoilt::of("same-1");
    fs::remove_file(alone.path().join("sessions.jsonl")).unwrap();
    let done = compare(&good, alone.path()).go().code(2).told("sessions.jsonl is missing");
    // the path stands there once
    assert_eq!(done.stderr.matches(alone.path().to_str().unwrap()).count(), 1, "{done:?}");
    let cut = Spoilt::of("same-1");
    cut.edit("requests.jsonl", |text| text.lines().take(100).map(|l| format!("{l}\n")).collect());
    let done = compare(cut.path(), &good).go().code(2).told("requests.jsonl: ");
    done.told(" timed script fetches, where metrics.json counts ");
    let broken = Spoilt::of("same-1");
    broken.edit("requests.jsonl", |_| "[]\n".to_owned());
    compare(broken.path(), &good).go().code(2).told("requests.jsonl:1: is no line of a requests file");
    let broken = Spoilt::of("same-1");
    broken.edit("metrics.json", |text| text[..text.len() / 2].to_owned());
    let done = compare(broken.path(), &good).go().code(2).told("metrics.json:");
    let done = done.told("; keep the run again with `reginfra metrics --save`");
    assert_eq!(done.stderr.matches(broken.path().to_str().unwrap()).count(), 1, "{done:?}");
    assert!(!done.stderr.contains(" at line "), "{done:?}");
}

#[test]
fn labels_that_are_none_are_refused_and_a_time_that_is_none_is_told() {
    let (good, spoilt) = (kept("same-1"), Spoilt::of("same-2"));
    for labels in ["[1, 2]", "\"level\"", "null"] {
        spoilt.labels(labels);
        let done = compare(&good, spoilt.path()).go().code(2).says_nothing_on_stdout();
        done.told("labels.json:1: these are no labels; write an object of KEY: VALUE");
    }
    spoilt.labels("{\"time\": \"yesterday\"}");
    let notes = json(&good, spoilt.path())["notes"].to_string();
    assert!(notes.contains("label time: 'yesterday' is no time"), "{notes}");
    spoilt.labels("{\"time\": \"2026-04-05T10:00:00Z\"}");
    let notes = json(&good, spoilt.path())["notes"].to_string();
    assert!(!notes.contains("label time"), "{notes}");
}

#[test]
fn options_without_effect_on_kept_runs_are_told() {
    let good = kept("same-1");
    let with = |after: &Path, words: &str| compare(&good, after).words(words).go().code(0);
    let other = kept("same-2");
    let done = with(&other, "-i nothere.ini");
    done.told("warning: -i has no effect on kept runs; give it to `reginfra metrics --save`");
    let done = with(&other, "-i nothere.ini --utc-offset +02:00");
    done.told("warning: -i and --utc-offset have no effect on kept runs; give them to");
    with(&other, "").says_nothing_on_stderr();
    let storm = Storm::new("--sessions 60 --rate 40 --seed 3");
    let run = compare(&good, &storm.log()).arg("-i").arg(storm.inventory());
    let done = run.go().code(0);
    assert!(!done.stderr.contains("no effect"), "{done:?}");
}

#[test]
fn a_folder_above_kept_runs_is_told_with_their_names() {
    let good = kept("same-1");
    let above = good.parent().unwrap();
    let done = compare(above, &good).go().code(2).says_nothing_on_stdout();
    let done = done.told("error: before: ").told("a folder of kept runs (").told("failing, ");
    done.told(" 6 more) is no run: name one of them, or several with --before and --after");
    // a run that was kept beside its log hides no log
    let place = tempfile::tempdir().unwrap();
    let storm = Storm::new("--sessions 60 --rate 40 --seed 3");
    fs::copy(storm.log(), place.path().join("production.log")).unwrap();
    let run = Run::new("metrics --quiet --log").arg(place.path()).arg("--save").arg(place.path().join("run"));
    run.go().code(0);
    compare(place.path(), &good).go().code(0);
}

#[test]
fn a_run_without_a_registration_is_nothing_to_compare() {
    let good = kept("same-1");
    let empty = Spoilt::of("same-1");
    empty.registrations(|_| String::new());
    compare(&good, empty.path()).go().code(3).told("after: ").told("holds no registration");
    compare(empty.path(), empty.path()).go().code(3).told("error: before: ").told("error: after: ");
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("empty.log");
    fs::write(&log, "").unwrap();
    compare(&log, &good).go().code(3).told("before: ").says_nothing_on_stdout();
    let text = place.path().join("notes.txt");
    fs::write(&text, "not a log\n").unwrap();
    compare(&good, &text).go().code(3).told("after: ").says_nothing_on_stdout();
}

#[test]
fn one_session_is_too_few_for_any_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let one = folder.path().join("one");
    keep("--sessions 1 --seed 3 --failures 0", &one);
    let answer = json(&one, &one);
    assert!(rows(&answer).all(|r| r["verdict"] == "not-comparable"), "{answer}");
    assert!(row(&answer, "all", "consumer_create_ms")["reason"].as_str().unwrap().contains("20 are needed"));
    compare(&one, &one).words("--fail-on regression").go().code(3).told("had to be refused");
}

#[test]
fn too_few_creates_are_no_pass_where_attempts_suffice() {
    let folder = tempfile::tempdir().unwrap();
    let few = folder.path().join("few");
    keep("--sessions 30 --rate 8 --seed 3 --failures 0.6", &few);
    let answer = json(&few, &few);
    assert_eq!(row(&answer, "all", "error_rate")["verdict"], "no-change-seen", "{answer}");
    assert!(row(&answer, "all", "consumer_create_ms")["reason"].as_str().unwrap().contains("20 are needed"));
    compare(&few, &few).words("--fail-on regression").go().code(3).told("had to be refused");
    compare(&few, &few).words("--fail-on timing").go().code(3);
    compare(&few, &few).words("--fail-on error-rate").go().code(0);
}

#[test]
fn an_empty_group_has_no_verdict_and_the_others_have_theirs() {
    let only = |group: &str| {
        let spoilt = Spoilt::of("same-2");
        let keep = |text: String| -> String {
            let of_group = |l: &&str| !l.contains(&format!("\"group\":\"{group}\""));
            text.lines().filter(of_group).map(|l| format!("{l}\n")).collect()
        };
        spoilt.registrations(keep);
        spoilt.labels("{\"level\": \"8\"}");
        spoilt
    };
    let without = only("capsule-mqtt");
    let before = Spoilt::of("same-1");
    before.labels("{\"level\": \"8\"}");
    let answer = json(before.path(), without.path());
    let lacks = row(&answer, "capsule-mqtt", "consumer_create_ms");
    assert!(lacks["reason"].as_str().unwrap().contains("the side after has none"), "{lacks}");
    assert_eq!(row(&answer, "lb-ssh", "consumer_create_ms")["verdict"], "no-change-seen");
    // of all those are judged that both sides have
    assert_eq!(row(&answer, "all", "consumer_create_ms")["verdict"], "no-change-seen");
    let note = answer["notes"][0].as_str().unwrap();
    assert!(note.split_once("left out: ").unwrap().1.contains("capsule-mqtt rhel-9 ("), "{note}");
    assert!(row(&answer, "all", "script_fetches")["reason"].as_str().unwrap().contains("another mix"));
    compare(before.path(), without.path()).words("--fail-on regression").go().code(3);
}

#[test]
fn another_load_has_one_reason_and_no_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let double = folder.path().join("double");
    keep("--sessions 1000 --rate 40 --seed 12", &double);
    let answer = json(&kept("same-1"), &double);
    assert!(answer["reason"].as_str().unwrap().contains("another load"), "{}", answer["reason"]);
    assert!(rows(&answer).all(|r| r["verdict"] == "not-comparable"));
    let done = compare(&kept("same-1"), &double).words("--fail-on regression").go().code(3);
    assert_eq!(done.stdout.matches("another load").count(), 1, "{}", done.stdout);
    // the label says what was asked for, whatever came of it
    let (few, many) = (Spoilt::of("same-1"), Spoilt::of("same-2"));
    let half = |text: String| text.lines().take(250).map(|l| format!("{l}\n")).collect();
    few.registrations(half).labels("{\"level\": 40}");
    many.labels("{\"level\": \"40\"}");
    assert_ne!(verdict(&json(few.path(), many.path()), "consumer_create_ms"), "not-comparable");
    many.labels("{\"level\": \"80\"}");
    assert!(json(few.path(), many.path())["reason"].as_str().unwrap().contains("level 80"));
    many.labels("{\"concurrency\": \"80\"}");
    few.labels("{\"concurrency\": \"40\"}");
    assert!(json(few.path(), many.path())["reason"].as_str().unwrap().contains("concurrency 40"));
}

#[test]
fn a_cut_log_has_no_verdict() {
    let storm = Storm::new("--sessions 120 --rate 40 --seed 14 --noise 0 --failures 0");
    let text = String::from_utf8(storm.bytes()).unwrap();
    let place = tempfile::tempdir().unwrap();
    let cut = place.path().join("production.log");
    fs::write(&cut, &text[..text.len() / 3]).unwrap();
    let answer = json(&cut, &cut);
    assert!(answer["reason"].as_str().unwrap().contains("the log was cut"), "{}", answer["reason"]);
}

#[test]
fn exact_against_inferred_is_refused() {
    let inferred = Spoilt::of("same-2");
    inferred.edit("sessions.jsonl", |text| {
        text.replace(
            "\"evidence\":{\"consumer_create_ms\":\"exact\"",
            "\"evidence\":{\"consumer_create_ms\":\"inferred\"",
        )
    });
    let answer = json(&kept("same-1"), inferred.path());
    let create = row(&answer, "all", "consumer_create_ms");
    assert!(
        create["reason"].as_str().unwrap().contains("0 % of it is inferred before, 100 % after"),
        "{create}"
    );
}

#[test]
fn a_percentile_asks_for_enough_values() {
    let run =
        |words: &str| compare(&kept("same-1"), &kept("same-2")).words(words).words("--format json").go();
    let answer = run("--percentile 99.5").code(0).json();
    let create = row(&answer, "all", "consumer_create_ms");
    assert!(create["reason"].as_str().unwrap().contains("P99.5 needs 1000"), "{create}");
    assert_eq!(answer["percentile"], 99.5);
    assert_eq!(verdict(&run("--percentile P90").code(0).json(), "consumer_create_ms"), "no-change-seen");
    // at any width
    for columns in ["80", "200"] {
        let narrow =
            compare(&kept("same-1"), &kept("same-2")).words("--percentile 90").env("COLUMNS", columns);
        let done = narrow.go().code(0);
        assert!(done.stdout.contains("P90"), "{done:#?}");
    }
}

#[test]
fn runs_kept_by_an_earlier_version_are_read() {
    let (before, after) = (Spoilt::of("same-1"), Spoilt::of("warm"));
    for spoilt in [&before, &after] {
        fs::remove_file(spoilt.path().join("requests.jsonl")).unwrap();
    }
    let answer = json(before.path(), after.path());
    assert_eq!(verdict(&answer, "script_fetches"), "improved");
    for row in rows(&answer).filter(|r| r["metric"].as_str().unwrap().contains("script_fetch_ms")) {
        assert_ne!(row["verdict"], "regressed", "{row}");
    }
}

#[test]
fn sides_that_look_swapped_are_told_and_judged() {
    let [older, newer] = ["2026-04-04T10:00:00Z", "2026-04-05T10:00:00Z"].map(|time| {
        let spoilt = Spoilt::of("same-1");
        spoilt.labels(&format!(r#"{{"time": "{time}"}}"#));
        spoilt
    });
    let answer = json(newer.path(), older.path());
    let note = answer["notes"][0].as_str().unwrap();
    assert!(note.contains("look swapped") && note.contains("2026-04-05T10:00:00Z"), "{note}");
    assert_eq!(verdict(&answer, "consumer_create_ms"), "no-change-seen");
    for format in ["text", "markdown", "github"] {
        let sides = |before: &Spoilt, after: &Spoilt| {
            let run = compare(before.path(), after.path()).words("--fail-on regression --format");
            run.arg(format).env("COLUMNS", "200").go().code(0).stdout
        };
        assert!(sides(&newer, &older).contains("look swapped"), "{format}");
        assert!(!sides(&older, &newer).contains("swapped"), "{format}");
    }
    assert!(!json(older.path(), newer.path())["notes"].to_string().contains("swapped"));
}

#[test]
fn misuse_is_told_with_the_way_out() {
    let good = kept("same-1");
    for (words, told) in [
        ("--threshold 5", "has no %"),
        ("--threshold speed=5%", "these are: consumer_create_ms"),
        ("--threshold=-5%", "give a percentage"),
        ("--percentile 20", "from 50 to 99.9"),
        ("--fail-on everything", "possible values"),
        ("--thresholds missing.yaml", "missing.yaml"),
        ("--before a", "cannot be used with"),
    ] {
        compare(&good, &good).words(words).go().code(2).told(told).says_nothing_on_stdout();
    }
    Run::new("compare").arg(&good).go().code(2);
    let three = compare(&good, &good).arg(&good).go().code(2).says_nothing_on_stdout();
    three.told("3 runs are named").told("--before A1 A2 --after B1 B2");
    Run::new("compare --before").arg(&good).go().code(2).told("--after");
    Run::new("compare").go().code(2);
}

/// The Satellite's log, then 16 MiB of zeros.
fn report_with_zeros(log: &[u8]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let zeros = vec![0; 16 << 20];
    let members = [("s/var/log/foreman/production.log", log), ("s/var/lib/core", zeros.as_slice())];
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, name, content).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn how_far_a_sosreport_may_unpack_is_an_option_of_each_comparison() {
    let storm = Storm::new("--sessions 60 --rate 40 --seed 3");
    let (log, place, good) = (storm.bytes(), tempfile::tempdir().unwrap(), kept("same-1"));
    let report = place.path().join("sat.tar");
    fs::write(&report, report_with_zeros(&log)).unwrap();
    let runs = |command: &str| Run::new(command).arg(&report).arg(&good);
    let page = Run::new("report --format markdown --log").arg(storm.log()).arg("--before").arg(&report);
    for run in [runs("compare"), runs("metrics --compare"), page] {
        let done = run.words("--unpack-limit 1000").go().code(2).says_nothing_on_stdout();
        let done = done.told("sat.tar: it unpacks to more than 1000 bytes: stopped there; --unpack-limit");
        assert_eq!(done.stderr.matches("it unpacks to more").count(), 1, "{done:?}");
    }
    for command in ["compare", "metrics --compare"] {
        runs(command).words("--unpack-limit 1000000000").go().code(0).says_nothing_on_stderr();
    }
    let done = Run::new("compare").args([&good, &good]).words("--unpack-limit 1000").go().code(0);
    done.told("warning: --unpack-limit has no effect on kept runs");
}

#[test]
fn what_a_run_lacks_is_told_once_whether_it_is_read_or_kept() {
    let storm = Storm::new("--sessions 60 --rate 40 --seed 3");
    let (log, place, good) = (storm.bytes(), tempfile::tempdir().unwrap(), kept("same-1"));
    let (report, run) = (place.path().join("sat.tar"), place.path().join("run"));
    fs::write(&report, report_with_zeros(&log)).unwrap();
    let limit = format!("--unpack-limit {}", log.len() + (4 << 20));
    let once = |before: &Path, words: &str| {
        let done = compare(before, &good).words(words).go().code(0);
        assert_eq!(done.stderr.matches("it unpacks to more").count(), 1, "{done:?}");
        done
    };
    once(&report, &limit).told("error: ");
    Run::new("metrics --quiet --sosreport").arg(&report).arg("--save").arg(&run).words(&limit).go().code(0);
    once(&run, "").told("warning: before: ");
}

#[test]
fn metrics_refuses_beside_compare_what_would_have_no_effect() {
    let good = kept("same-1");
    for words in [
        "--threads 2",
        "--parallel 2",
        "--host-timeout 9",
        "--run night",
        "--cache-before before.json",
        "--cache-user monitor",
        "--cache-password-file password",
        "--cache-port 6380",
        "--cache-tls",
        "--cache-ca-file ca.pem",
        "--cache-ssh",
        "--cache-timeout 9",
    ] {
        let run = Run::new("metrics --compare").args([&good, &good]).words(words);
        let done = run.go().code(2).told("cannot be used with").says_nothing_on_stdout();
        done.told(words.split(' ').next().unwrap());
    }
}

#[test]
fn the_path_of_an_inventory_stands_in_its_error_once() {
    let (good, place) = (kept("same-1"), tempfile::tempdir().unwrap());
    fs::write(place.path().join("empty.ini"), "[satellite6]\n").unwrap();
    fs::write(place.path().join("odd.ini"), "[satellite6\n").unwrap();
    for name in ["nowhere.ini", "nowhere.yml", "empty.ini", "odd.ini"] {
        let path = place.path().join(name);
        let done = compare(&good, &path).go().code(2).told(&format!("error: after: {}:", path.display()));
        assert_eq!(done.stderr.matches(name).count(), 1, "{done:?}");
    }
}
