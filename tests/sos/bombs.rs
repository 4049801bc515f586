//! Archives that are small on disk and large in memory or in number.

use super::memory::bounded;
use super::{Answer, Run, metrics, report_of, reports, same, storm};
use std::fs;
use std::io::Write;
use std::time::{Duration, Instant};

/// Bytes of zeros that are packed once and then repeated.
const PIECE: usize = 32 << 20;

type Pack = fn(&[u8]) -> Vec<u8>;

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = xz2::write::XzEncoder::new(Vec::new(), 0);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

pub fn header(name: &str, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_path(name).unwrap();
    header.set_size(size);
    header.set_cksum();
    header
}

/// 2 GiB of zeros in one member; compressed streams may follow each other.
fn bomb(pack: Pack) -> Vec<u8> {
    let pieces = (2 << 30) / PIECE;
    let mut bytes = pack(header("s/var/lib/core", 2 << 30).as_bytes());
    bytes.extend(pack(&vec![0; PIECE]).repeat(pieces));
    bytes
}

#[test]
fn what_unpacks_to_hundreds_of_times_its_size_is_stopped_and_the_others_go_on() {
    let storm = storm("--sos gz");
    let folder = tempfile::tempdir().unwrap();
    let satellite = report_of(&reports(&storm), "sat").to_owned();
    for (name, pack) in [("bomb.tar.xz", xz as Pack), ("bomb.tar.gz", gz), ("bomb.tar.zst", zst)] {
        let path = folder.path().join(name);
        let bytes = bomb(pack);
        assert!(bytes.len() < 4 << 20, "{name}: {}", bytes.len());
        fs::write(&path, bytes).unwrap();
        let since = Instant::now();
        let got = Answer::read(metrics(&storm).arg("--sosreport").arg(&path).arg(&satellite));
        assert!(since.elapsed() < Duration::from_secs(60), "{name}: {:?}", since.elapsed());
        same(&got, &storm, name);
        bounded(&got, name);
        let told = "it unpacks to more than 250 times its size, as no log does: stopped after ";
        assert!(got.stderr.contains(name) && got.stderr.contains(told), "{}", got.stderr);
        assert_eq!(got.json["coverage"]["complete"], false);
        // alone it is no answer
        let alone = Run::new("metrics --sosreport").arg(&path).go().code(2).told(told);
        alone.told("--unpack-limit BYTES allows it").says_nothing_on_stdout();
    }
}

#[test]
fn a_million_empty_members_are_walked_over() {
    let storm = storm("--rotate 1");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.tar.zst");
    let mut out = zstd::Encoder::new(fs::File::create(&path).unwrap(), 1).unwrap();
    for n in 0..1_000_000 {
        out.write_all(header(&format!("s/var/lib/x/{n}"), 0).as_bytes()).unwrap();
    }
    let log = storm.bytes();
    out.write_all(header("s/var/log/foreman/production.log", log.len() as u64).as_bytes()).unwrap();
    out.write_all(&log).unwrap();
    out.write_all(&vec![0; 1024 + 512 - log.len() % 512]).unwrap();
    out.finish().unwrap();
    let since = Instant::now();
    let got = Answer::read(metrics(&storm).arg("--sosreport").arg(&path));
    assert!(since.elapsed() < Duration::from_secs(60), "{:?}", since.elapsed());
    same(&got, &storm, "");
    bounded(&got, "many");
    assert_eq!(got.json["coverage"]["complete"], true);
}
