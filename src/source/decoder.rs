//! Decoders that no header can make take any memory: packed bytes in, the bytes out, or how much was asked for.
//!
//! gzip has a window of 32 KiB and bzip2 blocks of 900 kB; the headers of xz and zstd ask for up to 4 GiB and more.

use std::io::{self, BufRead, Read};
use xz2::stream::{Action, CONCATENATED, Error, Status, Stream};

const MIB: u64 = 1 << 20;
/// Memory of a decoder of xz: `xz -9` asks for 65 MiB, sos for 5.
const XZ_MEMORY: u64 = 66 * MIB;
/// What its largest dictionary, 4 GiB, takes.
const XZ_LARGEST: u64 = 4200 * MIB;
/// Window of zstd, as a power of two: 128 MiB, what `zstd -d` takes where nobody says --long=31.
const ZSTD_WINDOW: u32 = 27;

/// Unpacks xz; streams may follow each other.
///
/// # Errors
/// No memory for it.
pub fn xz<'a>(raw: impl BufRead + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
    Ok(Box::new(Xz { raw, stream: Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED)?, failed: None }))
}

/// Unpacks zstd; frames may follow each other.
///
/// # Errors
/// Of the first bytes, and no memory for it.
pub fn zstd<'a>(mut raw: impl BufRead + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
    let asked = loop {
        match raw.fill_buf() {
            Ok(head) => break window_of(head),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    };
    let mut decoder = zstd::stream::read::Decoder::with_buffer(raw)?;
    decoder.window_log_max(ZSTD_WINDOW)?;
    Ok(Box::new(Zstd { decoder, asked }))
}

fn too_much(asked: Option<u64>, most: u64, program: &str) -> io::Error {
    let asked =
        asked.map_or_else(|| "more memory".to_owned(), |n| format!("{} MiB of memory", n.div_ceil(MIB)));
    io::Error::other(format!(
        "it asks for {asked} to be unpacked and may have {} MiB: pack it anew ({program} -dc FILE | {program} -6 >NEW) or \
         give it unpacked",
        most / MIB
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
    /// Comes behind what was unpacked before it.
    failed: Option<io::Error>,
}

impl<R> Xz<R> {
    // the decoder takes no limit that is less than what it wants
    fn too_much(&mut self) -> io::Error {
        let mut limits = (XZ_MEMORY..=XZ_LARGEST).step_by(MIB as usize);
        let asked = limits.find(|limit| self.stream.set_memlimit(*limit).is_ok());
        too_much(asked, XZ_MEMORY, "xz")
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
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.decoder.read(buffer).map_err(|error| {
            let most = 1 << ZSTD_WINDOW;
            // the library's words are all that tells one error from another
            if error.to_string().contains("too much memory") {
                too_much(self.asked.filter(|asked| *asked > most), most, "zstd")
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
        assert_eq!(unpacked(xz(with_dictionary(28).as_slice())).unwrap(), b"hello");
        for (code, asked) in [(29, "97 MiB"), (40, "4097 MiB")] {
            let error = unpacked(xz(with_dictionary(code).as_slice())).unwrap_err().to_string();
            assert!(error.starts_with(&format!("it asks for {asked} of memory")), "{error}");
            assert!(error.contains("may have 66 MiB: pack it anew (xz -dc FILE | xz -6 >NEW)"), "{error}");
        }
    }

    #[test]
    fn streams_and_frames_that_follow_each_other_are_one() {
        let two = [with_dictionary(28), with_dictionary(0)].concat();
        assert_eq!(unpacked(xz(two.as_slice())).unwrap(), b"hellohello");
        let error = unpacked(xz([with_dictionary(28), with_dictionary(40)].concat().as_slice())).unwrap_err();
        assert!(error.to_string().contains("asks for 4097 MiB"), "{error}");
        let two = zstd::encode_all(&b"hello"[..], 1).unwrap().repeat(2);
        assert_eq!(unpacked(super::zstd(two.as_slice())).unwrap(), b"hellohello");
    }

    #[test]
    fn what_comes_before_an_error_is_given_and_the_error_stays() {
        let two = [with_dictionary(28), with_dictionary(40)].concat();
        let mut reader = Steady::new(xz(two.as_slice()).unwrap());
        let mut bytes = Vec::new();
        let first = reader.read_to_end(&mut bytes).unwrap_err().to_string();
        assert_eq!(bytes, b"hello");
        assert!(first.contains("asks for 4097 MiB"), "{first}");
        for _ in 0..3 {
            assert_eq!(reader.read(&mut [0; 64]).unwrap_err().to_string(), first);
        }
    }

    #[test]
    fn a_window_of_zstd_that_is_too_large_is_told() {
        // a frame whose length is not known when it begins has a window
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        std::io::Write::write_all(&mut encoder, b"hello").unwrap();
        std::io::Write::flush(&mut encoder).unwrap();
        let mut packed = encoder.finish().unwrap();
        for (log, asked) in
            [(27, None), (28, Some("it asks for 256 MiB")), (31, Some("it asks for 2048 MiB"))]
        {
            packed[5] = (log - 10) << 3;
            match (unpacked(super::zstd(packed.as_slice())), asked) {
                (Ok(bytes), None) => assert_eq!(bytes, b"hello"),
                (Err(error), Some(asked)) => {
                    assert!(error.to_string().starts_with(asked), "{error}");
                    assert!(error.to_string().contains("may have 128 MiB"), "{error}");
                }
                other => panic!("{log}: {other:?}"),
            }
        }
        // of a frame further on it is not known how much
        let second = [zstd::encode_all(&b"hello"[..], 1).unwrap(), packed].concat();
        let error = unpacked(super::zstd(second.as_slice())).unwrap_err().to_string();
        assert!(error.starts_with("it asks for more memory to be unpacked"), "{error}");
    }

    #[test]
    fn what_is_cut_or_damaged_ends_with_an_error() {
        let packed = with_dictionary(28);
        for length in 1..packed.len() {
            assert!(unpacked(xz(&packed[..length])).is_err(), "{length}");
        }
        let mut damaged = packed.clone();
        damaged[26] ^= 0xff;
        assert!(unpacked(xz(damaged.as_slice())).is_err());
    }
}
