//! Archives that are broken, lie or were made to do harm: a clear word, bounded memory, and the others go on.

use super::{Answer, Run, metrics, report_of, reports, same, storm};
use reginfra::source::open::Compression;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }
}

/// An archive of members that the writer would refuse to name.
fn archive(members: &[(&str, tar::EntryType, &str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind, link, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn sosreport(path: &Path) -> Run {
    Run::new("metrics --sosreport").arg(path)
}

const FILE: tar::EntryType = tar::EntryType::Regular;

#[test]
fn names_and_links_that_lead_out_are_not_followed() {
    let storm = storm("--rotate 1");
    let log = storm.bytes();
    let place = Place::new();
    let bytes = archive(&[
        ("../../var/log/foreman/production.log", FILE, "", b"2026"),
        ("/var/log/foreman/production.log", FILE, "", b"2026"),
        ("s/var/log/foreman/production.log.1", tar::EntryType::Symlink, "/etc/shadow", b""),
        ("s/var/log/foreman/production.log", FILE, "", &log),
    ]);
    let read = Answer::read(metrics(&storm).arg("--sosreport").arg(place.file("a.tar", &bytes)));
    same(&read, &storm, "");
    assert!(read.stderr.contains("2 members have names that lead out of it"), "{}", read.stderr);
    assert!(read.stderr.contains("a link to /etc/shadow, which is not followed"), "{}", read.stderr);

    let root = place.0.path().join("report/var/log/foreman");
    fs::create_dir_all(&root).unwrap();
    fs::copy(storm.log(), root.join("production.log")).unwrap();
    let outside = place.file("outside.log", &log[..log.len() / 2]);
    symlink(&outside, root.join("production.log.1")).unwrap();
    // within the report: to what is read where it is, and to what has no log's name
    symlink("production.log", root.join("production.log.2")).unwrap();
    fs::write(root.join("saved.txt"), &log[..log.len() / 2]).unwrap();
    symlink("saved.txt", root.join("production.log.3")).unwrap();
    let read = Answer::read(metrics(&storm).arg("--sosreport").arg(place.0.path().join("report")));
    same(&read, &storm, "");
    for target in ["outside.log", "a link to saved.txt"] {
        assert!(read.stderr.contains(&format!("{target}, which is not followed")), "{}", read.stderr);
    }
    assert!(!read.stderr.contains("a link to production.log"), "{}", read.stderr);
}

#[test]
fn an_archive_that_unpacks_too_far_is_stopped_and_the_others_go_on() {
    let storm = storm("--sos gz");
    let place = Place::new();
    let mut zeros = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    zeros.write_all(&archive(&[("s/core", FILE, "", &vec![0; 40 << 20])])).unwrap();
    let bomb = place.file("bomb.tar.gz", &zeros.finish().unwrap());
    let satellite = report_of(&reports(&storm), "sat").to_owned();
    let run = metrics(&storm).words("--unpack-limit 30000000 --sosreport").arg(&bomb).arg(&satellite);
    let read = Answer::read(run);
    same(&read, &storm, "");
    assert!(read.stderr.contains("it unpacks to more than 30000000 bytes"), "{}", read.stderr);
    assert_eq!(read.json["coverage"]["complete"], false);
}

#[test]
fn a_bomb_inside_a_member_counts_too() {
    let (storm, place) = (storm("--rotate 1"), Place::new());
    let mut zeros = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    zeros.write_all(&vec![b'x'; 40 << 20]).unwrap();
    let packed = zeros.finish().unwrap();
    let bytes = storm.bytes();
    let bomb = ("s/var/log/foreman/production.log.2.gz", FILE, "", packed.as_slice());
    let log = ("s/var/log/foreman/production.log", FILE, "", bytes.as_slice());
    let told = "production.log.2.gz: it unpacks to more than 20000000 bytes: stopped there; --unpack-limit";
    let alone = place.file("alone.tar", &archive(&[bomb]));
    sosreport(&alone).words("--unpack-limit 20000000").go().code(3).told(told);
    // the log before it, and another archive
    let before = place.file("before.tar", &archive(&[log, bomb]));
    let other = place.file("other.tar", &archive(&[log]));
    for paths in [vec![&before], vec![&alone, &other]] {
        let run = metrics(&storm).words("--unpack-limit 20000000 --sosreport").args(&paths);
        let read = Answer::read(run);
        same(&read, &storm, &format!("{paths:?}"));
        assert!(read.stderr.contains(told), "{}", read.stderr);
        assert_eq!(read.json["coverage"]["complete"], false);
        let unreadable = read.json["coverage"]["unreadable"].to_string();
        assert!(unreadable.contains(told), "{unreadable}");
    }
}

#[test]
fn too_many_members_that_look_like_logs_are_too_many() {
    let (storm, place) = (storm("--rotate 1"), Place::new());
    let mut bytes = Vec::new();
    for n in 0..10_100 {
        let mut header = tar::Header::new_gnu();
        header.set_path(format!("{n}/var/log/foreman/production.log")).unwrap();
        header.set_size(0);
        header.set_cksum();
        bytes.extend_from_slice(header.as_bytes());
    }
    let told = ": it holds more than 10000 members that look like logs: stopped there";
    let alone = place.file("alone.tar", &bytes);
    sosreport(&alone).go().code(2).told(&format!("alone.tar{told}")).says_nothing_on_stdout();
    // the log before them, and another archive
    let log = archive(&[("s/var/log/foreman/production.log", FILE, "", &storm.bytes())]);
    let other = place.file("other.tar", &log);
    let before = place.file("before.tar", &[&log[..log.len() - 1024], &bytes].concat());
    for paths in [vec![&before], vec![&alone, &other]] {
        let read = Answer::read(metrics(&storm).arg("--sosreport").args(&paths));
        same(&read, &storm, &format!("{paths:?}"));
        assert!(read.stderr.contains(told), "{}", read.stderr);
        assert_eq!(read.json["coverage"]["complete"], false);
        let unreadable = read.json["coverage"]["unreadable"].to_string();
        assert!(unreadable.contains(told), "{unreadable}");
    }
}

#[test]
fn an_endless_line_is_cut_and_the_rest_is_read() {
    let storm = storm("--rotate 1");
    let place = Place::new();
    let log = [vec![b'x'; 20 << 20], b"\n".to_vec(), storm.bytes()].concat();
    let bytes = archive(&[("s/var/log/foreman/production.log", FILE, "", &log)]);
    let read = Answer::read(metrics(&storm).arg("--sosreport").arg(place.file("a.tar", &bytes)));
    same(&read, &storm, "");
    assert_eq!(read.json["coverage"]["lines_cut"], 1);
}

#[test]
fn what_tar_itself_writes_is_read_sparse_files_and_long_names_too() {
    let storm = storm("--rotate 1");
    let place = Place::new();
    let top = "a-very-long-name-of-a-folder-that-does-not-fit".repeat(4);
    let folder = place.0.path().join(&top).join("var/log/foreman");
    fs::create_dir_all(&folder).unwrap();
    // copytruncate leaves such holes
    let mut file = fs::File::create(folder.join("production.log")).unwrap();
    file.set_len(8 << 20).unwrap();
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(4 << 20)).unwrap();
    file.write_all(&storm.bytes()).unwrap();
    for (name, words) in [
        ("gnu.tar", "--format=gnu --sparse"),
        ("posix.tar", "--format=posix --sparse --sparse-version=1.0"),
        ("old.tar", "--format=posix --sparse --sparse-version=0.1"),
        ("plain.tar", "--format=posix"),
    ] {
        let path = place.0.path().join(name);
        let mut tar = Command::new("tar");
        tar.arg("-C").arg(place.0.path()).args(words.split(' ')).arg("-cf").arg(&path).arg(&top);
        assert!(tar.status().unwrap().success(), "{words}");
        let read = Answer::read(metrics(&storm).arg("--sosreport").arg(&path));
        same(&read, &storm, name);
    }
}

#[test]
fn what_was_cut_is_told_and_what_came_before_is_answered() {
    let (storm, place) = (storm("--rotate 1"), Place::new());
    let whole = archive(&[("s/var/log/foreman/production.log", FILE, "", &storm.bytes())]);
    let (mut gz, mut xz) = (Vec::new(), Vec::new());
    flate2::read::GzEncoder::new(&whole[..], flate2::Compression::fast()).read_to_end(&mut gz).unwrap();
    xz2::read::XzEncoder::new(&whole[..], 1).read_to_end(&mut xz).unwrap();
    let zst = zstd::encode_all(&whole[..], 1).unwrap();
    for (name, bytes) in [("cut.tar", whole), ("cut.tar.gz", gz), ("cut.tar.xz", xz), ("cut.tar.zst", zst)] {
        let cut = &bytes[..bytes.len() / 3];
        let path = place.file(name, cut);
        // what of the log stands before the cut
        let mut before = Vec::new();
        let unpacked = Compression::of(cut).reader(Box::new(cut)).unwrap().read_to_end(&mut before);
        assert_eq!(unpacked.is_err(), name != "cut.tar", "{name}");
        let log = place.file("production.log", &before[512..]);
        let wanted = Answer::read(metrics(&storm).arg("--log").arg(&log)).text;
        assert!((20..60).contains(&wanted.lines().count()), "{name}: {wanted}");
        let got = Answer::read(metrics(&storm).arg("--sosreport").arg(&path));
        assert_eq!(got.text, wanted, "{name}: {}", got.stderr);
        assert_eq!(got.json["coverage"]["complete"], false, "{name}");
        let unreadable = got.json["coverage"]["unreadable"].to_string();
        for told in [&got.stderr, &unreadable] {
            assert!(told.contains(name) && told.contains("it was cut"), "{told}");
        }
    }
}

// of a file that is in both the whole one counts, wherever the other was cut
#[test]
fn a_report_beside_a_cut_copy_of_it_is_the_report() {
    for form in ["gz", "xz"] {
        let storm = storm(&format!("--sos {form}"));
        let place = Place::new();
        let paths = reports(&storm);
        let report = report_of(&paths, "sat");
        let whole = fs::read(report).unwrap();
        for tenths in 1..10 {
            let cut = place.file("cut", &whole[..whole.len() * tenths / 10]);
            let got = Answer::read(metrics(&storm).arg("--sosreport").arg(report).arg(&cut));
            same(&got, &storm, &format!("{form} {tenths}"));
            assert_eq!(got.json["coverage"]["complete"], false, "{form} {tenths}");
        }
    }
}

#[test]
fn what_is_no_sosreport_is_told() {
    let place = Place::new();
    let said =
        |path: &Path, code, words| sosreport(path).go().code(code).told(words).says_nothing_on_stdout();
    said(&place.file("a.log", b"hello\n"), 2, "it is no tar archive");
    said(&place.file("a.tar.gz", &[0x1f, 0x8b, 8, 0, 1, 2, 3]), 2, "a.tar.gz: ");
    said(&place.file("empty.tar", b""), 2, "it is no tar archive");
    said(&place.file("b.tar", &archive(&[("s/etc/hosts", FILE, "", b"x")])), 3, "no log of a Satellite");
    said(&place.0.path().join("none.tar"), 2, "no such file");
    let folder = place.0.path().join("nothing");
    fs::create_dir(&folder).unwrap();
    Run::new("metrics --sosreport-dir").arg(&folder).go().code(3).told("no sosreport in this folder");
}

#[test]
fn a_report_of_a_folder_that_cannot_be_read_is_told_and_the_others_count() {
    let storm = storm("--sos gz");
    let place = Place::new();
    let folder = place.0.path();
    for report in fs::read_dir(storm.dir.join("sos")).unwrap() {
        let report = report.unwrap();
        symlink(report.path(), folder.join(report.file_name())).unwrap();
    }
    // a file that nobody can read from its start, root neither
    symlink("/proc/self/mem", folder.join("sosreport-closed.tar.xz")).unwrap();
    let done = Run::new("metrics --json --sosreport-dir").arg(folder).go().code(0);
    let json = done.told("sosreport-closed.tar.xz").json();
    assert_eq!(json["coverage"]["complete"], false);
    assert!(json["groups"].as_array().unwrap().last().unwrap()["session_count"].as_u64() > Some(0));
}
