//! Any bytes as a stream in pieces of any size: the lines that come out do not depend on the size.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reginfra::source::blocks::{Data, LineBuffer, LineSink, produce};
use reginfra::source::open::{Body, Compression, Input, Stream};

#[derive(Default, PartialEq, Debug)]
struct Lines(Vec<Vec<u8>>);

impl LineSink for Lines {
    fn line(&mut self, line: &[u8], _escapes: bool) {
        self.0.push(line.to_vec());
    }
    fn unfinished(&mut self, line: &[u8]) {
        self.0.push(line.to_vec());
    }
    fn read(&mut self, _bytes: usize) {}
}

fn lines(bytes: &[u8], chunk: usize) -> Lines {
    let stream = Stream::Open(Box::new(std::io::Cursor::new(bytes.to_vec())));
    let input = Input {
        name: String::new(),
        compression: Compression::None,
        head: Default::default(),
        fingerprint: 0,
        size: None,
        body: Body::Stream(stream),
    };
    let (mut out, mut buffer) = (Lines::default(), LineBuffer::default());
    produce(input, chunk, |data, _| {
        if let Data::Bytes(bytes) = data {
            buffer.bytes(bytes, &mut out);
        }
        true
    })
    .expect("memory can be read");
    out
}

fuzz_target!(|input: (u16, &[u8])| {
    let (chunk, bytes) = input;
    assert_eq!(lines(bytes, usize::from(chunk) + 1), lines(bytes, 1 << 20));
});
