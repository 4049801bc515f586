//! No archive decides how much memory it takes: the peak of the program's own process is measured, others go on.

use super::bombs::header;
use super::{Answer, metrics, report_of, reports, same, storm};
use std::fs;
use std::io::Write;
use std::path::Path;

/// What it may take at most, with another report read at the same time.
const MOST: u64 = 200 << 20;
const MIB: usize = 1 << 20;

#[track_caller]
pub fn bounded(got: &Answer, what: &str) {
    let mib = got.peak_memory >> 20;
    assert!(got.peak_memory > 0, "the kernel does not say what was taken");
    assert!(got.peak_memory <= MOST, "{what}: {mib} MiB");
}

/// An archive of one member of some size that `piece` fills again and again.
fn archive(out: &mut impl Write, name: &str, size: usize, piece: &[u8]) {
    out.write_all(header(name, size as u64).as_bytes()).unwrap();
    for from in (0..size).step_by(piece.len()) {
        out.write_all(&piece[..piece.len().min(size - from)]).unwrap();
    }
    out.write_all(&vec![0; 1024 + size.next_multiple_of(512) - size]).unwrap();
}

/// An xz archive whose header asks for a dictionary: `code` 28 is 64 MiB, 40 is 4 GiB.
fn xz_with_dictionary(path: &Path, code: u8, size: usize) {
    let mut encoder = xz2::write::XzEncoder::new(Vec::new(), 0);
    archive(&mut encoder, "s/var/lib/core", size, &vec![0; MIB]);
    let mut packed = encoder.finish().unwrap();
    assert_eq!(packed[12..16], [2, 0, 0x21, 1]);
    packed[16] = code;
    let mut crc = flate2::Crc::new();
    crc.update(&packed[12..20]);
    packed[20..24].copy_from_slice(&crc.sum().to_le_bytes());
    fs::write(path, packed).unwrap();
}

/// A zstd archive whose header asks for a window of 2^`log`.
fn zstd_with_window(path: &Path, log: u8, size: usize) {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    archive(&mut encoder, "s/var/lib/core", size, &vec![0; MIB]);
    let mut packed = encoder.finish().unwrap();
    packed[5] = (log - 10) << 3;
    fs::write(path, packed).unwrap();
}

#[test]
fn what_asks_for_a_giant_dictionary_is_refused_with_its_size_and_the_way_out() {
    let storm = storm("--sos gz");
    let folder = tempfile::tempdir().unwrap();
    let satellite = report_of(&reports(&storm), "sat").to_owned();
    let path = |name: &str| folder.path().join(name);
    xz_with_dictionary(&path("giant.tar.xz"), 40, 300 * MIB);
    zstd_with_window(&path("giant.tar.zst"), 31, 300 * MIB);
    for (name, asked, way_out) in [
        (
            "giant.tar.xz",
            "it asks for 4097 MiB of memory to be unpacked and may have 66 MiB",
            "xz -dc FILE | xz -6",
        ),
        (
            "giant.tar.zst",
            "it asks for 2048 MiB of memory to be unpacked and may have 128 MiB",
            "zstd -dc FILE | zstd",
        ),
    ] {
        let got = Answer::read(metrics(&storm).arg("--sosreport").arg(path(name)).arg(&satellite));
        same(&got, &storm, name);
        bounded(&got, name);
        let words = format!("{name}: {asked}: pack it anew ({way_out}");
        assert!(got.stderr.contains(&words), "{}", got.stderr);
        assert_eq!(got.json["coverage"]["complete"], false);
        metrics(&storm).arg("--sosreport").arg(path(name)).go().code(2).told(&words).says_nothing_on_stdout();
    }
}

#[test]
fn the_largest_dictionaries_of_their_own_programs_are_read() {
    let storm = storm("--sos gz");
    let folder = tempfile::tempdir().unwrap();
    let satellite = report_of(&reports(&storm), "sat").to_owned();
    let path = |name: &str| folder.path().join(name);
    // xz -9, zstd --long
    xz_with_dictionary(&path("largest.tar.xz"), 28, 300 * MIB);
    zstd_with_window(&path("largest.tar.zst"), 27, 300 * MIB);
    for name in ["largest.tar.xz", "largest.tar.zst"] {
        let got = Answer::read(metrics(&storm).arg("--sosreport").arg(path(name)).arg(&satellite));
        same(&got, &storm, name);
        bounded(&got, name);
        assert!(got.stderr.contains(&format!("{name}: no log of a Satellite")), "{}", got.stderr);
    }
}

#[test]
fn a_log_of_one_endless_line_is_walked_over() {
    let storm = storm("--sos gz");
    let folder = tempfile::tempdir().unwrap();
    let satellite = report_of(&reports(&storm), "sat").to_owned();
    for log in ["foreman/production.log", "foreman-proxy/proxy.log"] {
        let path = folder.path().join("endless.tar.zst");
        let mut encoder = zstd::Encoder::new(fs::File::create(&path).unwrap(), 1).unwrap();
        archive(&mut encoder, &format!("s/var/log/{log}"), 500 * MIB, &vec![b'x'; MIB]);
        encoder.finish().unwrap();
        let got = Answer::read(metrics(&storm).arg("--sosreport").arg(&path).arg(&satellite));
        same(&got, &storm, log);
        bounded(&got, log);
        assert!(got.stderr.contains("endless.tar.zst:s/var/log/"), "{}", got.stderr);
    }
}

#[test]
fn capsules_logs_that_wait_have_one_bound_together() {
    let storm = storm("--rotate 1");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capsules.tar");
    let mut out = std::io::BufWriter::new(fs::File::create(&path).unwrap());
    // nothing packs it: a generator of Marsaglia's, in lines
    let mut state = 88_172_645_463_325_252_u64;
    let noise: Vec<u8> = (0..7 * MIB / 2)
        .map(|n| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            if n % 100 == 0 { b'\n' } else { (state >> 56) as u8 | 0x80 }
        })
        .collect();
    for n in 0..80 {
        let line = format!("2026-04-04T12:00:01 {n:08x} [I] Finished GET /register with 200 (2.00 ms)\n");
        let log = [line.as_bytes(), &noise].concat();
        let name = format!("s{n}/var/log/foreman-proxy/proxy.log");
        out.write_all(header(&name, log.len() as u64).as_bytes()).unwrap();
        out.write_all(&log).unwrap();
        out.write_all(&vec![0; log.len().next_multiple_of(512) - log.len()]).unwrap();
    }
    let log = storm.bytes();
    archive(&mut out, "s/var/log/foreman/production.log", log.len(), &log);
    out.into_inner().unwrap();
    let got = Answer::read(metrics(&storm).arg("--sosreport").arg(&path));
    assert!(got.text.lines().count() >= 50, "{}", got.stderr);
    bounded(&got, "capsules");
    let sources = got.json["sources"].as_array().unwrap();
    let capsules = sources.iter().filter(|s| s["layout"] == "proxy.log" && s["skipped"].is_null()).count();
    assert_eq!(capsules, 80, "{sources:#?}");
    assert_eq!(got.json["coverage"]["complete"], true);
    // and on disk they are the same
    let on_disk = Answer::read(metrics(&storm).words("--store-size 0").arg("--sosreport").arg(&path));
    assert_eq!((on_disk.text, &on_disk.json["capsules"]), (got.text, &got.json["capsules"]));
}
