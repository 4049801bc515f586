//! Any bytes as something packed, in so many packed archives: no panic, no hang, and what comes out does not depend on how
//! much is read at once.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reginfra::source::open::Compression;
use std::io::Read;

/// Bytes that are unpacked at most.
const MOST: u64 = 16 << 20;

/// Gives a few bytes at a time.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let size = self.1.min(buffer.len());
        self.0.read(&mut buffer[..size])
    }
}

fn unpacked(bytes: &[u8], around: u8, size: usize) -> std::io::Result<Vec<u8>> {
    let reader = Compression::of(bytes).reader_inside(around.into(), Box::new(Pieces(bytes, size)))?;
    let mut out = Vec::new();
    reader.take(MOST).read_to_end(&mut out)?;
    Ok(out)
}

fuzz_target!(|input: (u8, u16, &[u8])| {
    let (around, size, bytes) = input;
    if let (Ok(at_once), Ok(in_pieces)) =
        (unpacked(bytes, around, usize::MAX), unpacked(bytes, around, usize::from(size) + 1))
    {
        assert!(at_once == in_pieces);
    }
});
