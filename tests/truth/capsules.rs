//! Capsules' logs beside the Satellite's: figures of capsules, script caches, pairs and clocks against the truth.

use crate::support::{Answer, Run, Storm, by_attempt};
use serde_json::Value;

const STORM: &str = "--sessions 500 --rate 40 --failures 0.1";

fn capsules(answer: &Answer) -> &Vec<Value> {
    answer.json["capsules"].as_array().unwrap()
}

#[track_caller]
fn same_figures(got: &Value, want: &Value, what: &str) {
    for figure in ["count", "min", "p50", "p90", "p95", "p99", "max"] {
        assert_eq!(got[figure], want[figure], "{what} {figure}");
    }
}

/// Every capsule's own figures are those of the truth.
#[track_caller]
fn held(storm: &Storm, answer: &Answer) {
    let truth = storm.truth();
    let want = truth["capsules"].as_array().unwrap();
    assert_eq!(capsules(answer).len(), want.len(), "{}", answer.json["capsules"]);
    for want in want {
        let name = want["name"].as_str().unwrap();
        let got = capsules(answer).iter().find(|c| c["name"] == name).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(got["group"], want["group"], "{name}");
        assert_eq!(got["script"]["count"], want["script_requests"], "{name}");
        assert_eq!(got["host_register"]["count"], want["host_register_requests"], "{name}");
        assert_eq!(got["probes"], want["probes"], "{name}");
        assert_eq!((&got["unfinished"], &got["doubled"]), (&0.into(), &0.into()), "{name}");
        same_figures(&got["script"]["ms"], &want["script_fetch_ms"], name);
        same_figures(&got["host_register"]["ms"], &want["host_register_ms"], name);
        let cache = &got["script_cache"];
        assert_eq!(cache["requests"], want["script_requests"], "{name}: {cache}");
        assert_eq!(cache["hits"], want["script_cache_hits"], "{name}: {cache}");
        let in_steps = |key: &str| -> u64 {
            cache["steps"].as_array().unwrap().iter().map(|step| step[key].as_u64().unwrap()).sum()
        };
        assert_eq!(in_steps("requests"), cache["requests"], "{name}");
    }
}

#[test]
fn what_capsules_saw_is_what_happened_with_and_without_cache_lines() {
    for (options, evidence) in [
        ("--seed 801 --warm-cache --cache-lines yes", "exact"),
        ("--seed 802 --warm-cache --cache-lines no", "inferred"),
        ("--seed 803 --cache-lines no --addresses client", "inferred"),
    ] {
        let storm = Storm::new(&format!("{STORM} {options}"));
        let answer = storm.answer("");
        held(&storm, &answer);
        let truth = storm.truth();
        for capsule in capsules(&answer) {
            assert_eq!(capsule["script_cache"]["evidence"], evidence, "{options}");
        }
        let pools = answer.json["capsule_pools"].as_array().unwrap();
        let total = |key: &str, group: &str| -> u64 {
            let of = truth["capsules"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|c| c["group"] == group || group == "all");
            of.map(|c| c[key].as_u64().unwrap()).sum()
        };
        assert_eq!(pools[0]["script_cache"]["hits"], total("script_cache_hits", "lb-ssh"), "{options}");
        assert_eq!(pools[0]["unread"], serde_json::json!([]));
        for group in ["lb-ssh", "all"] {
            let rate = &answer.group(group)["script_cache_hit_rate"];
            let want = total("script_cache_hits", group) as f64 / total("script_requests", group) as f64;
            assert!(
                (rate["avg"].as_f64().unwrap() - want).abs() < 0.001,
                "{options} {group}: {rate} is not {want}"
            );
            assert_eq!(
                answer.group(group)["capsule_script_fetch_ms"]["count"],
                total("script_requests", group)
            );
        }
    }
}

#[test]
fn the_warm_up_of_a_cache_is_seen() {
    let storm = Storm::new(&format!(
        "{STORM} --seed 804 --warm-cache --cache-lines yes --capsule-layout journal-json"
    ));
    let (truth, answer) = (storm.truth(), storm.answer(""));
    for want in truth["capsules"].as_array().unwrap().iter().filter(|c| !c["first_hit_us"].is_null()) {
        let got = capsules(&answer).iter().find(|c| c["name"] == want["name"]).unwrap();
        let hit: jiff_time::Us = got["script_cache"]["first_hit"].as_str().unwrap().into();
        let late = (hit.0 - want["first_hit_us"].as_i64().unwrap()).abs();
        // a hit is timed by the start of its request, which has hundredths of milliseconds
        assert!(late < 20_000, "{late} us: {got}");
        assert!(got["script_cache"]["misses_before_first_hit"].as_u64().unwrap() <= 40, "{got}");
    }
}

/// RFC 3339 as microseconds.
mod jiff_time {
    pub struct Us(pub i64);

    impl From<&str> for Us {
        fn from(text: &str) -> Self {
            Self(reginfra::timestamp::Timestamp::parse(text).unwrap().0)
        }
    }
}

#[test]
fn every_form_of_a_capsules_log_gives_the_same_figures() {
    let of = |layout: &str| {
        let storm = Storm::new(&format!(
            "{STORM} --seed 805 --warm-cache --cache-lines yes --capsule-layout {layout}"
        ));
        let answer = storm.answer("");
        held(&storm, &answer);
        answer
    };
    let (file, text, json) = (of("file"), of("journal"), of("journal-json"));
    for other in [&text, &json] {
        for group in ["capsule-ssh", "capsule-mqtt", "lb-ssh", "all"] {
            for metric in ["capsule_script_fetch_ms", "capsule_host_register_ms", "script_cache_hit_rate"] {
                assert_eq!(file.group(group)[metric], other.group(group)[metric], "{group} {metric}");
            }
        }
    }
    let layouts = |answer: &Answer| answer.json["sources"][1]["layout"].clone();
    assert_eq!(
        [layouts(&file), layouts(&text), layouts(&json)],
        ["proxy.log", "capsule journal text", "capsule journal json"]
    );
}

#[test]
fn capsules_change_no_figure_of_the_satellite() {
    let storm = Storm::new(&format!("{STORM} --seed 806"));
    let with = storm.answer("");
    let without = Answer::by(Run::new("metrics -i").arg(storm.inventory()), [storm.log()]);
    assert_eq!(without.json["capsules"], serde_json::json!([]));
    for group in without.json["groups"].as_array().unwrap() {
        let other = with.group(group["group"].as_str().unwrap());
        for (key, value) in group.as_object().unwrap() {
            let of_capsules = key.starts_with("capsule_") || key == "script_cache_hit_rate";
            assert!(of_capsules || *value == other[key], "{key}: {value} and {}", other[key]);
        }
    }
    assert_eq!(with.json["coverage"], without.json["coverage"]);
}

#[test]
fn ids_that_are_passed_on_pair_every_request_surely() {
    let storm = Storm::new(&format!("{STORM} --seed 807 --pass-ids --clock-skew 3"));
    let (truth, answer) = (storm.sessions(), storm.answer(""));
    held(&storm, &answer);
    let got = by_attempt(&answer.sessions);
    let mut known = 0;
    for (key, want) in
        by_attempt(&truth).into_iter().filter(|(_, s)| !s["capsule_host_register_ms"].is_null())
    {
        let session = got[&key];
        assert_eq!(session["capsule_host_register_ms"], want["capsule_host_register_ms"], "{session}");
        assert_eq!(session["evidence"]["capsule_host_register_ms"], "exact");
        known += 1;
    }
    assert!(known > 300, "{known}");
    for capsule in capsules(&answer) {
        assert_eq!(capsule["pairs"]["by_time"], 0, "{capsule}");
        assert_eq!(capsule["pairs"]["in_capsule_ms"]["evidence"], "exact");
    }
}

/// Nearest ranks.
fn figures(mut values: Vec<u64>) -> Value {
    values.sort_unstable();
    let at = |percent: usize| values[(values.len() * percent).div_ceil(100).max(1) - 1];
    serde_json::json!({
        "count": values.len(), "min": at(0), "p50": at(50), "p90": at(90), "p95": at(95), "p99": at(99),
        "max": at(100),
    })
}

#[test]
fn time_in_the_capsule_and_time_waiting_for_the_satellite_are_those_of_the_truth() {
    for options in ["--seed 817 --clock-skew 3", "--seed 818 --warm-cache --cache-lines yes"] {
        let storm = Storm::new(&format!("{STORM} {options} --pass-ids"));
        let (truth, answer) = (storm.sessions(), storm.answer(""));
        for capsule in capsules(&answer) {
            let (mut inside, mut waiting) = (Vec::new(), Vec::new());
            for session in truth.iter().filter(|s| s["capsule"] == capsule["name"]) {
                for request in ["script_fetch_ms", "host_register_ms"] {
                    let whole = session[format!("capsule_{request}")].as_u64();
                    // a script out of the cache never reached the Satellite
                    if let (Some(whole), Some(there)) = (whole, session[request].as_u64()) {
                        inside.push(whole - there);
                        waiting.push(there);
                    }
                }
            }
            assert!(waiting.len() > 30, "{options}: {capsule}");
            same_figures(&capsule["pairs"]["in_capsule_ms"], &figures(inside), "in the capsule");
            same_figures(&capsule["pairs"]["waiting_ms"], &figures(waiting), "waiting");
        }
    }
}

#[test]
fn pairs_by_time_are_right_or_not_made() {
    for (options, fewest) in [("--rate 1 --sessions 200", 40), ("--rate 40 --sessions 500", 0)] {
        let storm = Storm::new(&format!("{options} --seed 808 --failures 0.1 --clock-skew 4"));
        let (truth, answer) = (storm.sessions(), storm.answer(""));
        let truth = by_attempt(&truth);
        let (mut given, mut wrong) = (0, 0);
        for (key, session) in by_attempt(&answer.sessions) {
            for metric in ["capsule_host_register_ms", "capsule_script_fetch_ms"] {
                if session[metric].is_null() {
                    continue;
                }
                assert_eq!(session["evidence"][metric], "inferred");
                given += 1;
                wrong += u32::from(session[metric] != truth[&key][metric]);
            }
        }
        assert!(given >= fewest && wrong * 50 <= given, "{options}: {wrong} wrong of {given}");
    }
}

#[test]
fn clocks_are_compared_and_an_offset_of_its_own_is_told() {
    for layout in ["file", "journal", "journal-json"] {
        let options = format!(
            "{STORM} --seed 809 --clock-skew 5 --capsule-utc-offset=-03:30 --capsule-layout {layout}"
        );
        let storm = Storm::new(&options);
        let (truth, answer) = (storm.truth(), storm.answer(""));
        held(&storm, &answer);
        for want in truth["capsules"].as_array().unwrap() {
            let got = capsules(&answer).iter().find(|c| c["name"] == want["name"]).unwrap();
            let skew = want["clock_skew_seconds"].as_f64().unwrap() * 1000.0;
            let clock = &got["clock_ahead"];
            let off = clock["median_ms"].as_f64().unwrap_or_else(|| panic!("{layout}: {got}")) - skew;
            assert!(off.abs() < 400.0, "{layout}: {clock} for {skew}");
            if layout != "journal-json" {
                assert_eq!(
                    (&got["utc_offset"], &got["utc_offset_from"]),
                    (&"-03:30".into(), &"pairs".into())
                );
            } else {
                assert!(got["utc_offset"].is_null());
            }
        }
    }
}

#[test]
fn time_in_the_capsule_is_told_from_the_means_of_both_sides() {
    let storm = Storm::new(&format!("{STORM} --seed 810"));
    let (truth, answer) = (storm.truth(), storm.answer(""));
    let mut told = 0;
    for want in truth["capsules"].as_array().unwrap() {
        let got = capsules(&answer).iter().find(|c| c["name"] == want["name"]).unwrap();
        let Some(mean) = got["pairs"]["mean_in_capsule_ms"].as_f64() else { continue };
        let off = mean - want["host_register_in_capsule_ms"].as_f64().unwrap();
        assert!(off.abs() < 0.05, "{off}: {got}");
        told += 1;
    }
    assert!(told >= 4, "{told}");
}

#[test]
fn a_change_of_the_offset_moves_no_capsule() {
    for (before, after, seed) in [("+01:00", "+02:00", 811), ("+02:00", "+01:00", 812)] {
        let storm = Storm::new(&format!(
            "--sessions 400 --rate 20 --seed {seed} --utc-offset {before} --utc-offset-after {after}"
        ));
        let answer = storm.answer("");
        held(&storm, &answer);
        for capsule in capsules(&answer) {
            for time in ["window_start", "window_end"] {
                let at = capsule[time].as_str().unwrap();
                assert!(("2026-04-04T09:59:00Z".."2026-04-04T10:04:00Z").contains(&at), "{capsule}");
            }
        }
    }
}

#[test]
fn a_rotated_and_doubled_proxy_log_gives_the_same_figures() {
    let storm = Storm::new(&format!("{STORM} --seed 813 --warm-cache --cache-lines yes"));
    let whole = storm.answer("");
    for entry in std::fs::read_dir(storm.dir.join("capsules")).unwrap() {
        let folder = entry.unwrap().path();
        let text = std::fs::read_to_string(folder.join("proxy.log")).unwrap();
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let (third, seam) = (lines.len() / 3, 20.min(lines.len() / 3));
        let (old, new) = (lines[..2 * third].concat(), lines[2 * third - seam..].concat());
        // cut in the middle of a line, and the last lines of a file again at the start of the next
        std::fs::write(folder.join("proxy.log-20260404"), &old[..third * 20]).unwrap();
        std::fs::write(folder.join("proxy.log-20260405"), &old[third * 20..]).unwrap();
        std::fs::write(folder.join("proxy.log"), new).unwrap();
    }
    let rotated = storm.answer("");
    assert_eq!(rotated.text, whole.text);
    assert_eq!(rotated.json["groups"], whole.json["groups"]);
    for (a, b) in capsules(&whole).iter().zip(capsules(&rotated)) {
        assert_eq!(
            (&a["script"], &a["host_register"], &a["script_cache"]),
            (&b["script"], &b["host_register"], &b["script_cache"])
        );
    }
}

#[test]
fn capsules_alone_are_an_answer_without_registrations() {
    let storm = Storm::new(&format!("{STORM} --seed 814 --warm-cache"));
    let answer = Answer::of("", [storm.dir.join("capsules/capsule1.example.com")]);
    assert_eq!(answer.json["groups"], serde_json::json!([]));
    assert_eq!(capsules(&answer)[0]["name"], "capsule1.example.com");
    assert!(capsules(&answer)[0]["script"]["count"].as_u64().unwrap() > 10);
}

#[test]
fn without_an_inventory_folders_name_capsules_and_urls_their_groups() {
    let storm = Storm::new(&format!("{STORM} --seed 815"));
    let answer = Answer::of("", [&storm.dir]);
    let names: Vec<&str> = capsules(&answer).iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"capsule1.example.com") && names.contains(&"capsule4.example.com"), "{names:?}");
    assert_eq!(capsules(&answer)[0]["group"], "capsule-ssh");
}

#[test]
fn the_table_shows_capsules() {
    let storm =
        Storm::new("--sessions 300 --rate 40 --seed 816 --warm-cache --cache-lines no --clock-skew 2");
    let done = Run::new("metrics -i").arg(storm.inventory()).arg("--log").arg(&storm.dir).go().code(0);
    for words in
        ["\nCapsules\n", "capsule1.example.com", "script cache of the pool lb1.example.com", "inferred"]
    {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
    assert!(done.stdout.lines().all(|line| line.chars().count() <= 80), "{}", done.stdout);
}
