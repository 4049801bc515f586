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

/// A member of some size that `piece` fills again and again.
fn member(out: &mut impl Write, name: &str, size: usize, piece: &[u8]) {
    out.write_all(header(name, size as u64).as_bytes()).unwrap();
    for from in (0..size).step_by(piece.len()) {
        out.write_all(&piece[..piece.len().min(size - from)]).unwrap();
    }
    out.write_all(&vec![0; size.next_multiple_of(512) - size]).unwrap();
}

/// An archive of one member.
fn archive(out: &mut impl Write, name: &str, size: usize, piece: &[u8]) {
    member(out, name, size, piece);
    out.write_all(&[0; 1024]).unwrap();
}

/// An archive of one member packed with xz, with a header that asks for a dictionary: `code` 28 is 64 MiB, 40 is 4 GiB.
fn with_dictionary(code: u8, name: &str, size: usize, piece: &[u8]) -> Vec<u8> {
    let mut encoder = xz2::write::XzEncoder::new(Vec::new(), 0);
    archive(&mut encoder, name, size, piece);
    let mut packed = encoder.finish().unwrap();
    assert_eq!(packed[12..16], [2, 0, 0x21, 1]);
    packed[16] = code;
    let mut crc = flate2::Crc::new();
    crc.update(&packed[12..20]);
    packed[20..24].copy_from_slice(&crc.sum().to_le_bytes());
    packed
}

/// One of zeros.
fn xz_with_dictionary(path: &Path, code: u8, size: usize) {
    fs::write(path, with_dictionary(code, "s/var/lib/core", size, &vec![0; MIB])).unwrap();
}

type Packer = zstd::Encoder<'static, Vec<u8>>;

/// What is packed with zstd, with a header that asks for a window of 2^`log`.
fn with_window(log: u8, pack: impl FnOnce(&mut Packer)) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    pack(&mut encoder);
    let mut packed = encoder.finish().unwrap();
    // a frame of one segment has none
    assert_eq!(packed[4] & 0x20, 0);
    packed[5] = (log - 10) << 3;
    packed
}

/// A zstd archive whose header asks for a window of 2^`log`.
fn zstd_with_window(path: &Path, log: u8, size: usize) {
    let packed = with_window(log, |out| archive(out, "s/var/lib/core", size, &vec![0; MIB]));
    fs::write(path, packed).unwrap();
}

/// A log in an archive in an archive ..., all packed with zstd; windows from the innermost on. What stands before what
/// is packed in an archive fills the window, where that is wanted.
fn nested(log: &[u8], windows: [u8; 6], filled: bool) -> Vec<u8> {
    let mut inner = with_window(windows[0], |out| {
        out.write_all(log).unwrap();
        out.flush().unwrap();
    });
    let mut name = "s/var/log/foreman/production.log.1.zst".to_owned();
    for window in &windows[1..] {
        let before = if filled { (1_usize << window) + 2 * MIB } else { MIB };
        inner = with_window(*window, |out| {
            member(out, "s/var/lib/core", before, &vec![0; MIB]);
            archive(out, &name, inner.len(), &inner);
        });
        name = format!("sosreport-{window}.tar.zst");
    }
    inner
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

// half for each archive around it, and never less than 8 MiB: 256 MiB of windows, not six times 128
#[test]
fn archives_in_archives_share_what_one_may_take() {
    const LARGEST: [u8; 6] = [23, 23, 24, 25, 26, 27];
    let storm = storm("--rotate 1");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nested.tar.zst");
    fs::write(&path, nested(&storm.bytes(), LARGEST, true)).unwrap();
    let got = Answer::read(metrics(&storm).arg("--sosreport").arg(&path));
    same(&got, &storm, "nested");
    assert_eq!(got.json["coverage"]["complete"], true, "{}", got.stderr);
    let mib = got.peak_memory >> 20;
    assert!((120..=320).contains(&mib), "{mib} MiB");
    for level in 0..LARGEST.len() {
        let mut windows = LARGEST;
        windows[level] += 1;
        fs::write(&path, nested(&storm.bytes(), windows, false)).unwrap();
        let most = 1 << (LARGEST[level] - 20);
        let words = format!("it asks for {} MiB of memory to be unpacked and may have {most} MiB", 2 * most);
        let done = metrics(&storm).arg("--sosreport").arg(&path).go().told(&words);
        assert_eq!(
            done.stderr.contains("as it lies in a packed archive: take it out"),
            level < 5,
            "{done:#?}"
        );
        if level > 0 {
            done.code(2).says_nothing_on_stdout();
        }
    }
}

// a plain archive takes nothing: what lies in it may have what `xz -9` asks for
#[test]
fn the_largest_dictionary_of_xz_is_read_in_a_plain_archive_too() {
    let storm = storm("--rotate 1");
    let (log, folder) = (storm.bytes(), tempfile::tempdir().unwrap());
    let inner = with_dictionary(28, "s/var/log/foreman/production.log", log.len(), &log);
    let path = folder.path().join("collection.tar");
    let name = "collection/sosreport-a.tar.xz";
    let mut plain = Vec::new();
    archive(&mut plain, name, inner.len(), &inner);
    fs::write(&path, plain).unwrap();
    let got = Answer::read(metrics(&storm).arg("--sosreport").arg(&path));
    same(&got, &storm, "plain");
    assert_eq!(got.json["coverage"]["complete"], true, "{}", got.stderr);
    let mut packed = zstd::Encoder::new(Vec::new(), 1).unwrap();
    archive(&mut packed, name, inner.len(), &inner);
    fs::write(&path, packed.finish().unwrap()).unwrap();
    let told =
        "it asks for 65 MiB of memory to be unpacked and may have 33 MiB, as it lies in a packed archive";
    metrics(&storm).arg("--sosreport").arg(&path).go().code(2).told(told).says_nothing_on_stdout();
}

#[test]
fn sixteen_archives_on_sixteen_cores_take_no_more_than_a_few() {
    const SIZE: usize = 32 * MIB;
    let storm = storm("--rotate 1");
    let log = storm.bytes();
    let end = log[..200_000].iter().rposition(|b| *b == b'\n').unwrap() + 1;
    let pack = |fill: &dyn Fn(&mut Packer)| {
        let mut out = zstd::Encoder::new(Vec::new(), 1).unwrap();
        fill(&mut out);
        out.finish().unwrap()
    };
    let rest = pack(&|out| archive(out, "s/var/log/foreman/production.log", SIZE, &log[..end]));
    let folder = tempfile::tempdir().unwrap();
    for n in 0..16 {
        // one log a host: frames that follow each other are one archive
        let name = format!("satellite{n}.example.com\n");
        let first = pack(&|out| member(out, "s/etc/hostname", name.len(), name.as_bytes()));
        fs::write(folder.path().join(format!("a{n}.tar.zst")), [&first[..], &rest].concat()).unwrap();
    }
    let report = folder.path().join("b.tar");
    let mut whole = Vec::new();
    archive(&mut whole, "s/var/log/foreman/production.log", log.len(), &log);
    fs::write(&report, whole).unwrap();
    let got = Answer::read(metrics(&storm).words("--threads 16 --sosreport-dir").arg(folder.path()));
    // 16 at once took 361 MiB, two on two cores take 126
    let mib = got.peak_memory >> 20;
    assert!((1..=256).contains(&mib), "{mib} MiB");
    assert!(got.text.lines().count() >= 50, "{}", got.stderr);
    assert_eq!(got.json["sources"].as_array().unwrap().len(), 17);
    assert_eq!(got.json["coverage"]["complete"], true, "{}", got.stderr);
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
        member(&mut out, &format!("s{n}/var/log/foreman-proxy/proxy.log"), log.len(), &log);
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
