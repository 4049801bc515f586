//! The memory that reading takes does not grow with the log.

use crate::server::{Lab, Options};
use crate::support::Storm;
use crate::support::random::Random;
use std::fs;

const MIB: u64 = 1 << 20;

/// A request that belongs to no registration: about 950 bytes, of which half pack badly.
fn request(n: u32, random: &mut Random) -> String {
    let second = n / 100;
    let time = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    // every id once
    let line = format!("2026-04-05T{time} [I|app|{:08x}] ", n.wrapping_mul(2_654_435_761));
    let token: String = (0..32).map(|_| format!("{:016x}", random.below(usize::MAX))).collect();
    format!(
        "{line}Started GET \"/notification_recipients\" for 10.1.0.{} at 2026-04-05 {time} +0200\n\
         {line}Processing by NotificationRecipientsController#index as JSON\n\
         {line}  Parameters: {{\"token\"=>\"{token}\"}}\n\
         {line}Completed 200 OK in 12ms (Views: 0.1ms | ActiveRecord: 2.4ms | Allocations: 2301)\n",
        n % 200
    )
}

#[test]
fn a_log_four_times_as_long_takes_no_more_memory() {
    let Some(mut lab) = Lab::new() else { return };
    let storm = Storm::new("--sessions 200 --rate 40 --seed 5");
    let vars = lab.serve(&Options::default());
    let sessions = lab.path("sessions.jsonl");
    let (mut log, mut requests, mut random) = (storm.bytes(), 0, Random(5));
    let read = [40, 160].map(|megabytes| {
        while log.len() < megabytes * 1_000_000 {
            log.extend_from_slice(request(requests, &mut random).as_bytes());
            requests += 1;
        }
        let folder = lab.path(&format!("{megabytes}"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("production.log"), &log).unwrap();
        let inventory = lab.inventory(&[("sat", format!("{vars} reginfra_log={}", folder.display()))]);
        // as many pieces may wait on every machine, and be full in both
        let words = "--threads 2 --chunk-size 1000000 --json --sessions";
        let done = lab.metrics(&inventory, &format!("{words} {}", sessions.display())).code(0);
        let json = done.json();
        let host = &json["hosts"][0];
        assert_eq!((&host["status"], host["bytes"].as_u64()), (&"read".into(), Some(log.len() as u64)));
        (fs::read_to_string(&sessions).unwrap(), done.peak_memory)
    });
    let [(small, small_peak), (large, large_peak)] = read;
    assert!(small.lines().count() >= 150, "{small}");
    assert!(small == large, "what nobody registered with changes the sessions");
    assert!(small_peak > 0, "the kernel does not say what was taken");
    let peaks = [small_peak / MIB, large_peak / MIB];
    assert!(large_peak <= 200 * MIB && large_peak <= small_peak + 25 * MIB, "{peaks:?} MiB");
}
