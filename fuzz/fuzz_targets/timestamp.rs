//! What a user gives as --since, --until and --utc-offset: no panic, and what is taken can be shown and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reginfra::timestamp::{Timestamp, UtcOffset};

fuzz_target!(|text: &str| {
    if let Ok(time) = Timestamp::parse(text) {
        assert_eq!(Timestamp::parse(&time.to_string()), Ok(time), "{text:?}");
    }
    if let Ok(offset) = UtcOffset::parse(text) {
        assert_eq!(UtcOffset::parse(&offset.to_string()), Ok(offset), "{text:?}");
        let _ = offset.time_zone();
    }
});
