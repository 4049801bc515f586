//! Any bytes as JSON lines, and any text as the message of one: no panic, and where a block ends changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reginfra_fuzz::{figures, registrations};

fuzz_target!(|input: (u8, &[u8])| {
    let (form, bytes) = input;
    let raw: Vec<&[u8]> = bytes.split(|b| *b == b'\n').collect();
    let made: Vec<Vec<u8>> =
        raw.iter()
            .map(|line| {
                let text = serde_json::Value::from(String::from_utf8_lossy(line));
                match form % 3 {
                    0 => line.to_vec(),
                    1 => format!(r#"{{"message":{text},"mdc":{{"request":"3f9c1a2b-1f5e"}}}}"#).into_bytes(),
                    _ => format!(r#"{{"__REALTIME_TIMESTAMP":"1775304001123456","MESSAGE":{text}}}"#)
                        .into_bytes(),
                }
            })
            .collect();
    let lines: Vec<&[u8]> = made.iter().map(Vec::as_slice).collect();
    let whole = figures(&registrations(&lines, |_| false));
    assert_eq!(whole, figures(&registrations(&lines, |number| number % 2 == 0)));
});
