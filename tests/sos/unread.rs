//! What cannot be read of a report that is read otherwise: the answer is not whole, and that is told.

use super::{Answer, metrics, reports, same, storm};
use crate::support::{Run, Storm};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

pub fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut encoder = flate2::read::GzEncoder::new(bytes, flate2::Compression::fast());
    std::io::Read::read_to_end(&mut encoder, &mut packed).unwrap();
    packed
}

/// The Satellite's log is in the answer, which is not whole, and both say why.
#[track_caller]
fn told(got: &Answer, storm: &Storm, words: &[&str]) {
    same(got, storm, "");
    assert_eq!(got.json["coverage"]["complete"], false, "{}", got.stderr);
    let unreadable = got.json["coverage"]["unreadable"].to_string();
    for words in words {
        assert!(got.stderr.lines().any(|l| l.starts_with("error: ") && l.contains(words)), "{}", got.stderr);
        assert!(unreadable.contains(words), "{words}: {unreadable}");
    }
}

#[test]
fn damage_in_an_archive_of_an_archive_makes_the_answer_incomplete() {
    let storm = storm("--rotate 1");
    let (log, folder) = (storm.bytes(), tempfile::tempdir().unwrap());
    let inner = gz(&tar(&[
        ("s/etc/hostname", b"capsule1.example.com\n"),
        ("s/var/log/foreman-proxy/proxy.log", &log),
    ]));
    let mut checksum = inner.clone();
    let end = checksum.len() - 8;
    checksum[end] ^= 1;
    let mut middle = inner.clone();
    middle[inner.len() / 2..inner.len() / 2 + 64].fill(0xff);
    let nested = |name: &str, bytes: &[u8]| {
        tar(&[(&format!("c/{name}"), bytes), ("s/var/log/foreman/production.log", &log)])
    };
    let deep = (0..5).fold(tar(&[]), |bytes, n| tar(&[(&format!("sosreport-{n}.tar"), &bytes)]));
    for (name, inner, words) in [
        ("sosreport-cut.tar.gz", &inner[..inner.len() / 2], "it was cut"),
        ("sosreport-middle.tar.gz", &middle, "sosreport-middle.tar.gz: "),
        ("sosreport-checksum.tar.gz", &checksum, "sosreport-checksum.tar.gz: "),
        ("attachment", &inner[..inner.len() / 2], "it was cut"),
        ("sosreport-text.tar", b"no archive", "it is no tar archive"),
        ("sosreport-deep.tar", &deep, "4 deep: take it out and name it"),
    ] {
        let path = folder.path().join("collection.tar");
        fs::write(&path, nested(name, inner)).unwrap();
        let got = Answer::read(metrics(&storm).arg("--sosreport").arg(&path));
        told(&got, &storm, &[&format!("collection.tar:c/{name}"), words]);
        // of an unpacked collection too
        let unpacked = folder.path().join(format!("{name}.d"));
        fs::create_dir_all(unpacked.join("var/log/foreman")).unwrap();
        fs::write(unpacked.join("var/log/foreman/production.log"), &log).unwrap();
        fs::write(unpacked.join(name), inner).unwrap();
        let got = Answer::read(metrics(&storm).arg("--sosreport").arg(&unpacked));
        told(&got, &storm, &[name, words]);
    }
}

#[test]
fn damage_in_the_first_bytes_of_a_packed_log_is_told_however_short_it_is() {
    let storm = storm("--rotate 1");
    let (log, folder) = (storm.bytes(), tempfile::tempdir().unwrap());
    let short: Vec<u8> = log.split_inclusive(|b| *b == b'\n').take(40).flatten().copied().collect();
    let mut checksum = gz(&short);
    let end = checksum.len() - 8;
    checksum[end] ^= 1;
    let mut dictionary = Vec::new();
    let mut encoder = xz2::read::XzEncoder::new(&short[..], 0);
    std::io::Read::read_to_end(&mut encoder, &mut dictionary).unwrap();
    // the size of the dictionary in the header of its block: 4 GiB
    dictionary[16] = 40;
    let mut crc = flate2::Crc::new();
    crc.update(&dictionary[12..20]);
    dictionary[20..24].copy_from_slice(&crc.sum().to_le_bytes());
    for (name, packed, words) in
        [("proxy.log.1.gz", &checksum, "corrupt"), ("proxy.log.1.xz", &dictionary, "asks for 4097 MiB")]
    {
        let path = folder.path().join("a.tar");
        let proxy = format!("s/var/log/foreman-proxy/{name}");
        let members = [("s/var/log/foreman/production.log", &log[..]), (&proxy, packed)];
        fs::write(&path, tar(&members)).unwrap();
        let got = Answer::read(metrics(&storm).arg("--sosreport").arg(&path));
        same(&got, &storm, name);
        assert_eq!(got.json["coverage"]["complete"], false, "{}", got.stderr);
        let unreadable = got.json["coverage"]["unreadable"].to_string();
        for said in [&got.stderr, &unreadable] {
            assert!(said.contains(name) && said.contains(words), "{name}: {said}");
        }
        let piped = Run::new("metrics --json --log -").stdin(packed.clone()).go();
        assert!(piped.stderr.contains(words), "{name}: {}", piped.stderr);
    }
}

#[test]
fn a_wrong_checksum_is_damage_and_what_stands_behind_a_gzip_archive_is_not() {
    let storm = storm("--rotate 1");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar.gz");
    let whole = gz(&tar(&[("s/var/log/foreman/production.log", &storm.bytes())]));
    let mut wrong = whole.clone();
    let end = wrong.len() - 8;
    wrong[end] ^= 1;
    fs::write(&path, wrong).unwrap();
    told(
        &Answer::read(metrics(&storm).arg("--sosreport").arg(&path)),
        &storm,
        &["a.tar.gz: corrupt gzip stream"],
    );
    fs::write(&path, [whole.as_slice(), b"\0\0appended by hand"].concat()).unwrap();
    let got = Answer::read(metrics(&storm).arg("--sosreport").arg(&path));
    same(&got, &storm, "");
    assert_eq!(got.json["coverage"]["complete"], true, "{}", got.stderr);
}

#[test]
fn an_archive_without_its_end_mark_may_have_been_cut() {
    let storm = storm("--rotate 1");
    let folder = tempfile::tempdir().unwrap();
    let whole = tar(&[("s/var/log/foreman/production.log", &storm.bytes())]);
    let path = folder.path().join("a.tar");
    fs::write(&path, &whole[..whole.len() - 1024]).unwrap();
    told(
        &Answer::read(metrics(&storm).arg("--sosreport").arg(&path)),
        &storm,
        &["a.tar: it has no end mark"],
    );
}

/// Folders in folders whose path is so long that the system opens nothing below it, not for root either; a log is in
/// the last.
fn unreachable(top: &Path) -> PathBuf {
    let part = "d".repeat(250);
    let script = format!(
        "set -e; i=0; while [ $i -lt 17 ]; do mkdir {part}; cd -P {part}; i=$((i + 1)); done; \
         mkdir -p var/log/foreman; echo x >var/log/foreman/production.log"
    );
    let mut shell = Command::new("sh");
    assert!(shell.arg("-c").arg(script).current_dir(top).status().unwrap().success());
    top.join(part)
}

#[test]
fn a_folder_of_a_report_that_cannot_be_listed_makes_the_answer_incomplete() {
    let storm = storm("--rotate 1");
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("report/var/log/foreman");
    fs::create_dir_all(&logs).unwrap();
    fs::copy(storm.log(), logs.join("production.log")).unwrap();
    unreachable(&folder.path().join("report"));
    let got = Answer::read(metrics(&storm).arg("--sosreport").arg(folder.path().join("report")));
    told(&got, &storm, &["File name too long"]);
}

#[test]
fn a_pipe_with_a_logs_name_is_told_and_not_waited_for() {
    let storm = storm("--rotate 1");
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("var/log/foreman");
    fs::create_dir_all(&logs).unwrap();
    fs::copy(storm.log(), logs.join("production.log")).unwrap();
    assert!(Command::new("mkfifo").arg(logs.join("production.log.1")).status().unwrap().success());
    let got = Answer::read(metrics(&storm).arg("--sosreport").arg(folder.path()));
    told(&got, &storm, &["production.log.1: it is no file"]);
}

#[test]
fn every_log_of_a_report_that_cannot_be_read_is_told() {
    let storm = storm("--rotate 1");
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("var/log/foreman");
    fs::create_dir_all(&logs).unwrap();
    fs::copy(storm.log(), logs.join("production.log")).unwrap();
    for name in ["production.log.1", "production.log.2"] {
        fs::write(logs.join(name), tar(&[("x", b"x")])).unwrap();
    }
    let got = Answer::read(metrics(&storm).arg("--sosreport").arg(folder.path()));
    told(&got, &storm, &["production.log.1: a tar archive", "production.log.2: a tar archive"]);
}

#[test]
fn a_capsules_folder_that_cannot_be_listed_makes_the_answer_of_a_folder_of_logs_incomplete() {
    let storm = storm("--rotate 1");
    let folder = tempfile::tempdir().unwrap();
    fs::copy(storm.log(), folder.path().join("production.log")).unwrap();
    let capsules = folder.path().join("capsules");
    fs::create_dir(&capsules).unwrap();
    std::os::unix::fs::symlink("c1.example.com", capsules.join("c1.example.com")).unwrap();
    let got = Answer::read(metrics(&storm).arg("--log").arg(folder.path()));
    told(&got, &storm, &["capsules/c1.example.com: "]);
    // what is not there is nothing to tell
    fs::remove_file(capsules.join("c1.example.com")).unwrap();
    fs::write(capsules.join("README"), "x").unwrap();
    let done = Run::new("metrics --json --log").arg(folder.path()).go().code(0).says_nothing_on_stderr();
    assert_eq!(done.json()["coverage"]["complete"], true);
}

#[test]
fn a_whole_report_has_nothing_to_tell() {
    let storm = storm("--sos xz --sos-odd nested");
    for report in reports(&storm) {
        let got = Answer::read(metrics(&storm).arg("--sosreport").arg(report));
        assert_eq!(got.json["coverage"]["complete"], true, "{}", got.stderr);
    }
}
