//! Offsets from UTC: of logs that do not tell theirs, and of capsules where Satellites are in different zones.

use super::unread::{gz, tar};
use super::{Answer, Run, Storm, metrics, same, storm};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn file(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

/// The log of a storm at -05:30, Started lines without their offset.
fn without_offsets(storm: &Storm) -> String {
    let log = String::from_utf8(storm.bytes()).unwrap();
    let strip = |line: &str| match line.strip_suffix(" -0530") {
        Some(stripped) if line.contains(" Started ") => format!("{stripped}\n"),
        _ => format!("{line}\n"),
    };
    let stripped: String = log.lines().map(strip).collect();
    assert!(stripped.len() + 1000 < log.len());
    stripped
}

// the report tells it when the log has passed already: the archive is read a second time
#[test]
fn a_log_that_does_not_tell_its_offset_has_that_of_its_report() {
    let storm = storm("--rotate 1 --utc-offset -05:30");
    let log = without_offsets(&storm);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let log = ("s/var/log/foreman/production.log", log.as_bytes());
    let date = ("s/sos_commands/date/date", &b"Sun Apr  5 03:10:00 -0530 2026\n"[..]);
    let report = tar(&[log, date]);
    file(folder.path(), "a.tar", &report);
    file(folder.path(), "a.tar.gz", gz(&report));
    file(folder.path(), "nested.tar", tar(&[("c/sosreport-a.tar.gz", &gz(&report))]));
    file(folder.path(), "folder/var/log/foreman/production.log", log.1);
    file(folder.path(), "folder/sos_commands/date/date", date.1);
    file(folder.path(), "collection/sosreport-a.tar.gz", gz(&report));
    for name in ["a.tar", "a.tar.gz", "nested.tar", "folder", "collection"] {
        let got = Answer::read(metrics(&storm).arg("--sosreport").arg(path(name)));
        same(&got, &storm, name);
        assert_eq!(got.json["coverage"]["complete"], true, "{name}: {}", got.stderr);
        assert!(!got.notes().contains("--utc-offset"), "{name}: {}", got.notes());
    }
    // where no report tells it, the user can
    let alone = file(folder.path(), "alone.tar", tar(&[log]));
    let got = Answer::read(metrics(&storm).arg("--sosreport").arg(&alone));
    assert!(got.notes().contains("they were taken as UTC. Give --utc-offset"), "{}", got.notes());
    let wanted = Answer::read(metrics(&storm).arg("--log").arg(storm.log()));
    assert_ne!(got.text, wanted.text);
    let got = Answer::read(metrics(&storm).words("--utc-offset=-05:30 --sosreport").arg(&alone));
    same(&got, &storm, "--utc-offset");
}

/// A report of a Satellite.
fn report(name: &str, log: &str) -> Vec<u8> {
    tar(&[("s/etc/hostname", name.as_bytes()), ("s/var/log/foreman/production.log", log.as_bytes())])
}

/// What tells the offset of a capsule, and which it is.
#[track_caller]
fn offset_of(answer: &Answer, capsule: &str, offset: &str, from: &str) {
    let capsules = answer.json["capsules"].as_array().unwrap();
    let found = capsules.iter().find(|c| c["name"] == capsule).unwrap_or_else(|| panic!("no {capsule}"));
    let told = |key: &str| found[key].clone();
    let wanted = (Value::from(offset), Value::from(from));
    assert_eq!((told("utc_offset"), told("utc_offset_from")), wanted, "{found}");
}

#[test]
fn a_capsule_of_satellites_in_different_zones_has_the_offset_that_requests_tell_or_none_that_is_known() {
    let options = "--sessions 60 --rate 20 --noise 0.5 --rotate 1 --mix satellite-ssh=1,capsule-ssh=4";
    let east = Storm::new(&format!("{options} --seed 5 --utc-offset +02:00"));
    let west = Storm::new(&format!("{options} --seed 6 --utc-offset -05:30 --start 2026-04-04T11:00:00Z"));
    let elsewhere = |text: String| text.replace(".example.com", ".example.org");
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let satellites = [
        file(folder, "east.tar", report("sat.example.com", &east.read("production.log"))),
        file(folder, "west.tar", report("sat.example.org", &elsewhere(west.read("production.log")))),
    ];
    let proxy = |capsule: &str| format!("capsules/{capsule}/proxy.log");
    let log = "capsules/capsule1.example.com/proxy.log";
    file(folder, log, east.read(log));
    file(folder, &proxy("capsule1.example.org"), elsewhere(west.read(log)));
    // too few requests for a distance in time
    let line = "2026-04-04T12:00:01 0badcafe [I] Finished GET /register with 200 (2.00 ms)\n";
    let few = file(folder, &proxy("capsule9.example.org"), line);
    let logs = ["capsule1.example.com", "capsule1.example.org"].map(|capsule| folder.join(proxy(capsule)));
    let read = |reports: &[&PathBuf], logs: &[&PathBuf]| {
        Answer::read(Run::new("metrics --sosreport").args(reports).arg("--log").args(logs))
    };
    let got = read(&[&satellites[0], &satellites[1]], &[&logs[0], &logs[1], &few]);
    offset_of(&got, "capsule1.example.com", "+02:00", "pairs");
    offset_of(&got, "capsule1.example.org", "-05:30", "pairs");
    offset_of(&got, "capsule9.example.org", "+02:00", "unknown");
    let got = read(&[&satellites[1]], &[&few]);
    offset_of(&got, "capsule9.example.org", "-05:30", "satellite");
    // a log without a line of Foreman's tells nothing, and hides nothing
    let garbage = file(folder, "garbage.tar", report("sat.example.net", &"nothing\n".repeat(50)));
    let got = read(&[&garbage, &satellites[1]], &[&few]);
    offset_of(&got, "capsule9.example.org", "-05:30", "satellite");
}
