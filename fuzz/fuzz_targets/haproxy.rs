//! Any bytes as a configuration of HAProxy: no panic, every finding and edit lies in the file, fixes end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reginfra::validate::collect::Set;

fuzz_target!(|bytes: &[u8]| reginfra_fuzz::judged(bytes, |id| Set::Haproxy(vec![id])));
