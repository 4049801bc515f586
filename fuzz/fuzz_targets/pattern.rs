//! Any bytes as lines of the pattern layouts, through every stage: no panic, and where a block ends changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reginfra_fuzz::{figures, registrations};

fuzz_target!(|input: (u8, &[u8])| {
    let (every, bytes) = input;
    let lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').collect();
    let whole = figures(&registrations(&lines, |_| false));
    let every = usize::from(every % 8) + 1;
    assert_eq!(whole, figures(&registrations(&lines, |number| number % every == 0)));
});
