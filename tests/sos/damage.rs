//! Archives with any damage: no panic, no hang.

use proptest::prelude::*;
use reginfra::source::sos::scan::{Scanning, scan};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};

const LINE: &[u8] = b"2026-04-04T12:00:01 [I|app|3f9c1a2b] Completed 200 OK in 5ms\n";

const LOGS: [&str; 2] = ["s/var/log/foreman/production.log.1", "s/var/log/foreman/production.log"];

fn archive() -> Vec<u8> {
    let long = format!("{}/var/log/foreman/production.log", "d".repeat(120));
    tar_of(&["s/var/log/foreman/production.log", "s/etc/hostname", &long, "s/sosreport-x.tar"])
}

fn tar_of(names: &[&str]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for name in names {
        let mut header = tar::Header::new_gnu();
        header.set_size(LINE.len() as u64);
        builder.append_data(&mut header, name, LINE).unwrap();
    }
    builder.into_inner().unwrap()
}

/// How many logs there are in it, and whether all of it could be read.
fn logs(bytes: Vec<u8>) -> (usize, bool) {
    let scanning =
        Scanning { utc_offset: None, threads: 1, chunk: 100, memory: 1000, unpack_limit: Some(1 << 24) };
    let found = scan("a", Box::new(Cursor::new(bytes)), &scanning, &BTreeMap::new());
    (found.reports.values().map(|report| report.production.len()).sum(), found.unread.is_empty())
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    xz2::read::XzEncoder::new(bytes, 1).read_to_end(&mut packed).unwrap();
    packed
}

/// A header's checksum made right again, so that damage behind it is looked at.
fn mend(bytes: &mut [u8]) {
    for header in bytes.chunks_exact_mut(512).filter(|h| h[257..262] == *b"ustar") {
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
}

#[test]
fn the_archive_is_whole_before_it_is_damaged() {
    // the archive in it is none
    assert_eq!(logs(archive()), (2, false));
    let whole = tar_of(&LOGS);
    assert_eq!(logs(packed(&whole)), (2, true));
    assert_eq!(logs(whole), (2, true));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn damage_does_no_harm(
        damage in prop::collection::vec((0usize..6000, any::<u8>()), 1..8),
        cut in 0usize..8000,
        mended: bool,
    ) {
        let mut bytes = archive();
        for (at, byte) in damage {
            let length = bytes.len();
            bytes[at % length] = byte;
        }
        if mended {
            mend(&mut bytes);
        }
        bytes.truncate(cut.max(600));
        logs(bytes);
    }

    #[test]
    fn damage_of_a_packed_archive_is_told(
        damage in prop::collection::vec((0usize..2000, 1u8..), 1..4),
        cut in 1usize..1000,
    ) {
        let mut bytes = packed(&tar_of(&LOGS));
        let length = bytes.len();
        for (at, bits) in damage {
            bytes[at % length] ^= bits;
        }
        bytes.truncate(cut.max(length / 2));
        prop_assert!(matches!(logs(bytes.clone()), (2, true) | (0..=2, false)), "{bytes:?}");
    }

    #[test]
    fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        logs(bytes);
    }
}
