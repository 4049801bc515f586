//! Any bytes as an archive of logs: no panic, no hang, and memory that they do not decide.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reginfra::source::sos::scan::{Scanning, scan};
use std::collections::BTreeMap;
use std::io::Cursor;

fuzz_target!(|bytes: &[u8]| {
    let scanning =
        Scanning { utc_offset: None, threads: 1, chunk: 1000, memory: 1 << 20, unpack_limit: Some(64 << 20) };
    scan("fuzz", Box::new(Cursor::new(bytes.to_vec())), &scanning, &BTreeMap::new());
});
