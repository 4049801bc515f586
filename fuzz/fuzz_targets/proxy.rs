//! Any bytes as a capsule's log beside a Satellite's: no panic, and the join with its requests ends.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reginfra::log::proxy::collect::Collector;
use reginfra::log::proxy::line::Lines;
use reginfra::registration::capsule::{NamedLog, SatelliteTime};
use reginfra_fuzz::registrations;

fuzz_target!(|input: (i32, &[u8])| {
    let (offset, bytes) = input;
    let (mut collector, mut times) = (Collector::default(), Lines::default());
    let lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').collect();
    for line in &lines {
        collector.line_with_escapes(line);
        times.time(line);
    }
    let counts = collector.take_counts();
    assert!(counts.ours() <= counts.lines);
    let log = collector.finish();
    assert!(log.requests.len() as u64 <= counts.requests);
    let time = SatelliteTime {
        offsets: vec![(0, offset % 64_800), (i64::from(offset) * 1_000_000, 0)],
        ..Default::default()
    };
    let mut all = registrations(&lines, |_| false);
    all.join_capsules(vec![NamedLog { log, ..NamedLog::default() }], None, &time);
});
