//! Decoders that no header can make take any memory: packed bytes in, the bytes out, or how much was asked for.
//!
//! gzip has a window of 32 KiB and bzip2 blocks of 900 kB; the headers of xz and zstd ask for up to 4 GiB and more.
//! Packed archives in packed archives are unpacked by as many decoders at once: each may take half of what the one
//! around it may. What lies in a plain archive may take all.

use std::io::{self, BufRead, Read};
use xz2::stream::{Action, CONCATENATED, Error, Status, Stream};

const MIB: u64 = 1 << 20;
/// Memory of a decoder of xz: `xz -9` asks for 65 MiB, sos for 5.
const XZ_MEMORY: u64 = 66 * MIB;
/// The same in however many archives: `xz -7` asks for it, `xz -6` for 9 MiB.
const XZ_LEAST: u64 = 17 * MIB;
/// What its largest dictionary, 4 GiB, takes.
const XZ_LARGEST: u64 = 4200 * MIB;
/// Window of zstd, as a power of two: 128 MiB, what `zstd -d` takes where nobody says --long=31.
const ZSTD_WINDOW: u32 = 27;
/// The same in however many archives: 8 MiB, of `zstd -19`.
const ZSTD_LEAST: u32 = 23;

/// Unpacks xz that lies in so many packed archives; streams may follow each other.
///
/// # Errors
/// No memory for it.
pub fn xz<'a>(raw: impl BufRead + Send + 'a, inside: u32) -> io::Result<Box<dyn Read + Send + 'a>> {
    let most = (XZ_MEMORY >> inside.min(u64::BITS - 1)).max(XZ_LEAST);
    let stream = Stream::new_stream_decoder(most, CONCATENATED)?;
    Ok(Box::new(Xz { raw, stream, most, inside, failed: None }))
}

/// Unpacks zstd that lies in so many packed archives; frames may follow each other.
///
/// # Errors
/// Of the first bytes, and no memory for it.
pub fn zstd<'a>(mut raw: impl BufRead + Send + 'a, inside: u32) -> io::Result<Box<dyn Read + Send + 'a>> {
    let asked = loop {
        match raw.fill_buf() {
            Ok(head) => break window_of(head),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    };
    let mut decoder = zstd::stream::read::Decoder::with_buffer(raw)?;
    let window = ZSTD_WINDOW.saturating_sub(inside).max(ZSTD_LEAST);
    decoder.window_log_max(window)?;
    Ok(Box::new(Zstd { decoder, asked, most: 1 << window, inside }))
}

fn too_much(asked: Option<u64>, most: u64, inside: u32, program: &str) -> io::Error {
    let asked =
        asked.map_or_else(|| "more memory".to_owned(), |n| format!("{} MiB of memory", n.div_ceil(MIB)));
    let most = most / MIB;
    let way_out =
        if inside == 0 { ":" } else { ", as it lies in a packed archive: take it out and name it," };
    io::Error::other(format!(
        "it asks for {asked} to be unpacked and may have {most} MiB{way_out} pack it anew \
         ({program} -dc FILE | {program} -6 >NEW) or give it unpacked"
    ))
}

/// An error of a reader that is told again to who asks again.
#[derive(Debug, Default)]
pub struct Broken(Option<(io::ErrorKind, String)>);

impl Broken {
    /// Nothing has failed yet.
    ///
    /// # Errors
    /// What has.
    pub fn check(&self) -> io::Result<()> {
        self.0.as_ref().map_or(Ok(()), |(kind, words)| Err(io::Error::new(*kind, words.clone())))
    }

    /// It has failed for good.
    pub fn note(&mut self, error: io::Error) -> io::Error {
        self.0 = Some((error.kind(), error.to_string()));
        error
    }
}

/// What has failed once fails again: who looks at the first bytes only leaves the error to who reads on.
pub struct Steady<R> {
    inner: R,
    broken: Broken,
}

impl<R> Steady<R> {
    /// Reads `inner`.
    pub const fn new(inner: R) -> Self {
        Self { inner, broken: Broken(None) }
    }
}

impl<R: Read> Read for Steady<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.broken.check()?;
        self.inner.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            _ => self.broken.note(error),
        })
    }
}

struct Xz<R> {
    raw: R,
    stream: Stream,
    most: u64,
    inside: u32,
    /// Comes behind what was unpacked before it.
    failed: Option<io::Error>,
}

impl<R> Xz<R> {
    // the decoder takes no limit that is less than what it wants
    fn too_much(&mut self) -> io::Error {
        let mut limits = (self.most..=XZ_LARGEST).step_by(MIB as usize);
        let asked = limits.find(|limit| self.stream.set_memlimit(*limit).is_ok());
        too_much(asked, self.most, self.inside, "xz")
    }
}

impl<R: BufRead> Read for Xz<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        loop {
            let packed = self.raw.fill_buf()?;
            let ended = packed.is_empty();
            let (before_in, before_out) = (self.stream.total_in(), self.stream.total_out());
            let action = if ended { Action::Finish } else { Action::Run };
            let status = self.stream.process(packed, buffer, action);
            let taken = (self.stream.total_in() - before_in) as usize;
            let given = (self.stream.total_out() - before_out) as usize;
            self.raw.consume(taken);
            match status {
                Err(error) => {
                    let error = if error == Error::MemLimit { self.too_much() } else { error.into() };
                    if given == 0 {
                        return Err(error);
                    }
                    self.failed = Some(error);
                    return Ok(given);
                }
                Ok(_) if given > 0 => return Ok(given),
                Ok(Status::StreamEnd) => return Ok(0),
                Ok(_) if ended => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "premature eof")),
                Ok(_) if taken == 0 => {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "corrupt xz stream"));
                }
                Ok(_) => {}
            }
        }
    }
}

struct Zstd<R: BufRead> {
    decoder: zstd::stream::read::Decoder<'static, R>,
    /// By its first frame, where that says it.
    asked: Option<u64>,
    most: u64,
    inside: u32,
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.decoder.read(buffer).map_err(|error| {
            // the library's words are all that tells one error from another
            if error.to_string().contains("too much memory") {
                let asked = self.asked.filter(|asked| *asked > self.most);
                too_much(asked, self.most, self.inside, "zstd")
            } else {
                error
            }
        })
    }
}

// RFC 8878, 3.1.1.1: magic, descriptor, and, but of a frame that is one segment, the window
fn window_of(head: &[u8]) -> Option<u64> {
    let [0x28, 0xb5, 0x2f, 0xfd, descriptor, window, ..] = *head else { return None };
    let base = 1u64 << (10 + (window >> 3));
    (descriptor & 0x20 == 0).then_some(base + base / 8 * u64::from(window & 7))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unpacked(reader: io::Result<Box<dyn Read + Send + '_>>) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        reader?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    // the size of the dictionary is the byte behind the filter's id and the length of its properties
    fn with_dictionary(code: u8) -> Vec<u8> {
        let mut packed = Vec::new();
        xz2::read::XzEncoder::new(&b"hello"[..], 0).read_to_end(&mut packed).unwrap();
        assert_eq!(packed[12..16], [2, 0, 0x21, 1]);
        packed[16] = code;
        let mut crc = flate2::Crc::new();
        crc.update(&packed[12..20]);
        packed[20..24].copy_from_slice(&crc.sum().to_le_bytes());
        packed
    }

    #[test]
    fn the_largest_dictionary_of_xz_itself_is_read_and_no_larger_one() {
        // xz -9: 64 MiB
        assert_eq!(unpacked(xz(with_dictionary(28).as_slice(), 0)).unwrap(), b"hello");
        for (code, asked) in [(29, "97 MiB"), (40, "4097 MiB")] {
            let error = unpacked(xz(with_dictionary(code).as_slice(), 0)).unwrap_err().to_string();
            assert!(error.starts_with(&format!("it asks for {asked} of memory")), "{error}");
            assert!(error.contains("may have 66 MiB: pack it anew (xz -dc FILE | xz -6 >NEW)"), "{error}");
        }
    }

    #[test]
    fn streams_and_frames_that_follow_each_other_are_one() {
        let two = [with_dictionary(28), with_dictionary(0)].concat();
        assert_eq!(unpacked(xz(two.as_slice(), 0)).unwrap(), b"hellohello");
        let two = [with_dictionary(28), with_dictionary(40)].concat();
        let error = unpacked(xz(two.as_slice(), 0)).unwrap_err();
        assert!(error.to_string().contains("asks for 4097 MiB"), "{error}");
        let two = zstd::encode_all(&b"hello"[..], 1).unwrap().repeat(2);
        assert_eq!(unpacked(super::zstd(two.as_slice(), 0)).unwrap(), b"hellohello");
    }

    #[test]
    fn what_comes_before_an_error_is_given_and_the_error_stays() {
        let two = [with_dictionary(28), with_dictionary(40)].concat();
        let mut reader = Steady::new(xz(two.as_slice(), 0).unwrap());
        let mut bytes = Vec::new();
        let first = reader.read_to_end(&mut bytes).unwrap_err().to_string();
        assert_eq!(bytes, b"hello");
        assert!(first.contains("asks for 4097 MiB"), "{first}");
        for _ in 0..3 {
            assert_eq!(reader.read(&mut [0; 64]).unwrap_err().to_string(), first);
        }
    }

    // of 2^`log`
    fn with_window(log: u8) -> Vec<u8> {
        // a frame whose length is not known when it begins has a window
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        std::io::Write::write_all(&mut encoder, b"hello").unwrap();
        std::io::Write::flush(&mut encoder).unwrap();
        let mut packed = encoder.finish().unwrap();
        packed[5] = (log - 10) << 3;
        packed
    }

    #[test]
    fn a_window_of_zstd_that_is_too_large_is_told() {
        for (log, asked) in
            [(27, None), (28, Some("it asks for 256 MiB")), (31, Some("it asks for 2048 MiB"))]
        {
            match (unpacked(super::zstd(with_window(log).as_slice(), 0)), asked) {
                (Ok(bytes), None) => assert_eq!(bytes, b"hello"),
                (Err(error), Some(asked)) => {
                    assert!(error.to_string().starts_with(asked), "{error}");
                    assert!(error.to_string().contains("may have 128 MiB"), "{error}");
                }
                other => panic!("{log}: {other:?}"),
            }
        }
        // of a frame further on it is not known how much
        let second = [zstd::encode_all(&b"hello"[..], 1).unwrap(), with_window(31)].concat();
        let error = unpacked(super::zstd(second.as_slice(), 0)).unwrap_err().to_string();
        assert!(error.starts_with("it asks for more memory to be unpacked"), "{error}");
    }

    // what lies in one archive may take half, and so on down to what ordinary programs ask for
    #[test]
    fn the_deeper_it_lies_the_less_it_may_take() {
        for (inside, code, asked, most) in
            [(1, 26, "49 MiB", "33 MiB"), (2, 24, "25 MiB", "17 MiB"), (99, 24, "25 MiB", "17 MiB")]
        {
            assert_eq!(unpacked(xz(with_dictionary(code).as_slice(), inside)).unwrap(), b"hello");
            let error = unpacked(xz(with_dictionary(code + 1).as_slice(), inside)).unwrap_err().to_string();
            let words =
                format!("it asks for {asked} of memory to be unpacked and may have {most}, as it lies in a");
            assert!(error.starts_with(&words), "{inside}: {error}");
            assert!(error.contains(": take it out and name it, pack it anew (xz -dc FILE"), "{error}");
        }
        for (inside, log) in [(0, 27), (1, 26), (4, 23), (5, 23), (99, 23)] {
            assert_eq!(unpacked(super::zstd(with_window(log).as_slice(), inside)).unwrap(), b"hello");
            let beyond = with_window(log + 1);
            let error = unpacked(super::zstd(beyond.as_slice(), inside)).unwrap_err().to_string();
            let (asked, most) = (2 << (log - 20), 1 << (log - 20));
            let words = format!("it asks for {asked} MiB of memory to be unpacked and may have {most} MiB");
            assert!(error.starts_with(&words), "{inside}: {error}");
            assert_eq!(error.contains("as it lies in a packed archive"), inside > 0, "{error}");
        }
    }

    #[test]
    fn what_is_cut_or_damaged_ends_with_an_error() {
        let packed = with_dictionary(28);
        for length in 1..packed.len() {
            assert!(unpacked(xz(&packed[..length], 0)).is_err(), "{length}");
        }
        let mut damaged = packed.clone();
        damaged[26] ^= 0xff;
        assert!(unpacked(xz(damaged.as_slice(), 0)).is_err());
    }

    fn lines() -> Vec<u8> {
        let line = |n: u32| format!("line {n} of {}\n", n.wrapping_mul(2_654_435_761)).into_bytes();
        (0..300).flat_map(line).collect()
    }

    /// The same in every form that has a checksum.
    fn in_all_forms() -> [Vec<u8>; 4] {
        let (text, mut xz, mut gz, mut bz2) = (lines(), Vec::new(), Vec::new(), Vec::new());
        xz2::read::XzEncoder::new(&text[..], 0).read_to_end(&mut xz).unwrap();
        flate2::read::GzEncoder::new(&text[..], flate2::Compression::fast()).read_to_end(&mut gz).unwrap();
        bzip2::read::BzEncoder::new(&text[..], bzip2::Compression::fast()).read_to_end(&mut bz2).unwrap();
        let mut zstd = zstd::Encoder::new(Vec::new(), 1).unwrap();
        zstd.include_checksum(true).unwrap();
        std::io::Write::write_all(&mut zstd, &text).unwrap();
        [xz, gz, bz2, zstd.finish().unwrap()]
    }

    /// Gives a few bytes at a time.
    struct Pieces<'a> {
        bytes: &'a [u8],
        sizes: std::iter::Cycle<std::slice::Iter<'a, usize>>,
    }

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let size = self.sizes.next().map_or(1, |size| (*size).min(buffer.len()));
            self.bytes.read(&mut buffer[..size])
        }
    }

    // packed bytes come in pieces of these sizes, what is unpacked is asked for in pieces of `most`
    fn in_pieces(packed: &[u8], sizes: &[usize], most: usize) -> io::Result<Vec<u8>> {
        let pieces = Pieces { bytes: packed, sizes: sizes.iter().cycle() };
        let mut reader = crate::source::open::Compression::of(packed).reader(Box::new(pieces))?;
        let (mut bytes, mut buffer) = (Vec::new(), vec![0; most]);
        loop {
            match reader.read(&mut buffer)? {
                0 => return Ok(bytes),
                n => bytes.extend_from_slice(&buffer[..n]),
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn what_comes_out_does_not_depend_on_how_much_is_read_at_once(
            sizes in prop::collection::vec(1usize..3000, 1..6),
            most in 1usize..9000,
        ) {
            for packed in in_all_forms() {
                prop_assert!(in_pieces(&packed, &sizes, most).unwrap() == lines());
            }
        }

        // what tells the form is left as it is
        #[test]
        fn damage_is_an_error_or_does_not_matter(
            damage in prop::collection::vec((6usize..20_000, 1u8..), 1..4),
            sizes in prop::collection::vec(1usize..3000, 1..6),
            most in 1usize..9000,
        ) {
            for mut packed in in_all_forms() {
                let behind = packed.len() - 6;
                for (at, bits) in &damage {
                    packed[6 + at % behind] ^= bits;
                }
                if let Ok(bytes) = in_pieces(&packed, &sizes, most) {
                    prop_assert!(bytes == lines());
                }
            }
        }
    }
}
