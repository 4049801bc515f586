//! Storms of every pace, offset, way in and flow.

use crate::held;
use crate::support::Storm;

#[track_caller]
fn holds(options: &str) {
    let storm = Storm::new(options);
    held::all(&storm, &storm.answer(""));
}

#[test]
fn eight_starts_a_second_are_read_right() {
    holds("--sessions 800 --rate 8 --seed 101");
}

#[test]
fn forty_starts_a_second_are_read_right() {
    holds("--sessions 1500 --rate 40 --seed 102 --utc-offset Z --failures 0.05");
}

#[test]
fn two_hundred_starts_a_second_are_read_right() {
    holds("--sessions 3000 --rate 200 --seed 103 --utc-offset=-05:30");
}

#[test]
fn hosts_that_show_their_own_address_are_read_right_and_exactly() {
    for (rate, seed) in [(8, 111), (40, 112), (200, 113)] {
        holds(&format!("--sessions 800 --rate {rate} --seed {seed} --addresses client --failures 0.1"));
    }
}

#[test]
fn a_warm_cache_changes_nothing_but_the_scripts() {
    holds("--sessions 900 --rate 40 --seed 121 --warm-cache");
    holds("--sessions 900 --rate 40 --seed 122 --warm-cache --addresses client");
}

#[test]
fn many_failures_and_their_retries_are_sessions_of_their_own() {
    holds("--sessions 1500 --rate 40 --seed 131 --failures 0.4");
    holds("--sessions 1500 --rate 40 --seed 132 --failures 0.4 --addresses client");
}

#[test]
fn hosts_that_register_again_count_once_and_their_old_uuid_is_background() {
    holds("--sessions 1200 --rate 40 --seed 141 --reregistrations 0.6");
    holds("--sessions 1200 --rate 40 --seed 142 --reregistrations 1 --addresses client");
}

#[test]
fn a_change_of_the_offset_inside_the_log_moves_nothing() {
    holds("--sessions 1000 --rate 20 --seed 151 --utc-offset +01:00 --utc-offset-after +02:00");
    holds("--sessions 1000 --rate 20 --seed 152 --utc-offset +02:00 --utc-offset-after +01:00");
}

#[test]
fn one_way_in_alone_is_read_right() {
    for (mix, seed) in
        [("satellite-ssh=1", 161), ("capsule-ssh=1", 162), ("capsule-mqtt=1", 163), ("lb-ssh=1", 164)]
    {
        holds(&format!("--sessions 600 --rate 40 --seed {seed} --mix {mix}"));
    }
}

#[test]
fn much_background_is_nobodys_registration() {
    holds("--sessions 1500 --rate 40 --seed 171 --noise 3");
}

#[test]
fn no_background_at_all_is_read_right() {
    holds("--sessions 800 --rate 40 --seed 172 --noise 0");
}

#[test]
fn background_is_reported_as_what_it_is() {
    let storm = Storm::new("--sessions 600 --rate 40 --seed 173");
    let (truth, answer) = (storm.truth(), storm.answer(""));
    let want = |key: &str| truth["background"][key].as_u64().unwrap();
    assert_eq!(answer.background("keyed_requests"), want("keyed_requests"));
    assert_eq!(answer.background("consumers"), want("consumers"));
    assert_eq!(answer.background("other_requests"), want("other_requests"));
    let off = answer.background("status_calls") as f64 / want("status_calls") as f64 - 1.0;
    assert!(off.abs() < 0.1, "{off:+.3}");
}

#[test]
fn without_audit_lines_the_host_name_joins_a_registration() {
    holds("--sessions 1200 --rate 40 --seed 181 --no-audit");
    holds("--sessions 1200 --rate 40 --seed 182 --no-audit --addresses client");
}

#[test]
fn without_host_registration_addresses_tell_the_way_in() {
    let storm = Storm::new("--sessions 1200 --rate 40 --seed 191 --no-host-register");
    let answer = storm.answer("");
    held::all(&storm, &answer);
    assert!(answer.sessions.iter().all(|s| s["host_register_ms"].is_null() && s["way_in"] != "url"));
}

#[test]
fn without_an_inventory_groups_are_told_as_far_as_the_log_tells() {
    let storm = Storm::new("--sessions 1200 --rate 40 --seed 201");
    let answer = crate::support::Answer::of("", [&storm.dir]);
    held::sessions(&storm, &answer);
    assert!(answer.notes().contains("inventory"), "{}", answer.notes());
    let guessed = answer.sessions.iter().filter(|s| s["group"] != "satellite-ssh" && s["group"] != "unknown");
    assert!(guessed.clone().count() > 100);
    assert!(guessed.into_iter().all(|s| s["evidence"]["group"] != "exact" || s["group"] == "lb-ssh"));
}

#[test]
fn a_window_chooses_sessions_by_the_start_of_their_create_and_keeps_all_their_requests() {
    let storm = Storm::new("--sessions 800 --rate 40 --seed 211");
    let whole = storm.answer("");
    let part = storm.answer("--since 2026-04-04T10:00:08Z --until 2026-04-04T12:00:16+02:00");
    let inside = |s: &&serde_json::Value| {
        let at = s["started_at"].as_str().unwrap();
        ("2026-04-04T10:00:08Z".."2026-04-04T10:00:16Z").contains(&at)
    };
    let want: Vec<_> = whole.sessions.iter().filter(inside).collect();
    assert!(want.len() > 100);
    assert_eq!(part.sessions.iter().collect::<Vec<_>>(), want);
}
