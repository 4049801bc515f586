//! Every line has the shape that its layout states, and that real lines have.

use super::{SMALL, Storm};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;

/// `9` is a digit, `x` a hexadecimal one, `A` a capital, `a` a small letter; anything else stands for itself.
/// What follows the pattern is given back.
pub fn after<'a>(pattern: &str, text: &'a str) -> Option<&'a str> {
    let mut rest = text.chars();
    for p in pattern.chars() {
        let c = rest.next()?;
        let fits = match p {
            '9' => c.is_ascii_digit(),
            'x' => c.is_ascii_digit() || ('a'..='f').contains(&c),
            'A' => c.is_ascii_uppercase(),
            'a' => c.is_ascii_lowercase(),
            _ => c == p,
        };
        if !fits {
            return None;
        }
    }
    Some(rest.as_str())
}

/// What follows `Apr 04 12:00:01 HOST PROCESS: `.
fn after_journal<'a>(process: &str, line: &'a str) -> Option<&'a str> {
    after("Aaa 99 99:99:99 ", line)?.strip_prefix(process)
}

/// How a line of Foreman's begins.
pub const PREFIX: &str = "9999-99-99T99:99:99 [A|aaa|xxxxxxxx] ";
const UUID: &str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

/// What a message says, with numbers, ids, addresses and names taken out: `Completed 0 W in 0ms (...)`.
fn shape(message: &str) -> String {
    let words: Vec<_> = message.split(' ').map(shape_of_word).collect();
    let shape = match words.first().map(String::as_str) {
        Some("Started") => {
            let (before, rest) = message.split_once('"').unwrap_or((message, ""));
            let (_, after) = rest.split_once('"').unwrap_or(("", ""));
            let method = before.split(' ').nth(1).unwrap_or_default();
            assert!(method.bytes().all(|b| b.is_ascii_uppercase()), "{message}");
            let tail: Vec<_> = after.split(' ').map(shape_of_word).collect();
            format!("Started M \"P\"{}", tail.join(" "))
        }
        Some("Processing") => format!("Processing by C#a {} F", words.get(3).map_or("", String::as_str)),
        Some("Completed") => {
            let tail = message.split_once(" in ").map_or("", |t| t.1);
            let tail: Vec<_> = tail.split(' ').map(shape_of_word).collect();
            format!("Completed S in {}", tail.join(" "))
        }
        _ if message.starts_with("  Parameters: {") && message.ends_with('}') => {
            "  Parameters: {}".to_owned()
        }
        _ => match message.split_once(" event on ") {
            Some((subject, _)) => {
                let words: Vec<_> = subject.split(' ').collect();
                assert_eq!(words.len(), 3, "{message}");
                format!("C {} E event on K V", shape_of_word(words[1]))
            }
            None => String::new(),
        },
    };
    shape.replace("-0", "+0")
}

fn shape_of_word(word: &str) -> String {
    let bare = word.trim_matches(|c: char| "\"(),".contains(c));
    if bare.contains(['.', ':']) && bare.parse::<std::net::IpAddr>().is_ok() {
        return word.replace(bare, "A");
    }
    let mut shape = String::new();
    for c in word.chars() {
        if !c.is_ascii_digit() {
            shape.push(c);
        } else if !shape.ends_with('0') {
            shape.push('0');
        }
    }
    shape
}

const MESSAGES: [&str; 14] = [
    "Started ",
    "Processing by ",
    "  Parameters: {",
    "Completed ",
    "Current user: ",
    "Authorized user ",
    "  Rendered ",
    "Import facts for '",
    "generating new uuid",
    "ForemanWebhooks::EventSubscriber: ",
    "Candlepin returned different consumer uuid than requested (",
    "Action failed",
    "Couldn't authorize ",
    "RestClient::Gone: ",
];

fn check_message(message: &str) {
    let known = MESSAGES.iter().any(|start| message.starts_with(start))
        || message.contains(" event on ")
        || message.starts_with("Backtrace for ")
        || message.starts_with("Host ")
            && message.contains(" registered through load balancer lb1.example.com");
    assert!(known, "{message}");
    let wanted = match message.split(' ').next() {
        Some("Started") => "Started M \"P\" for A at 0+0+0 0:0:0 +0",
        Some("Completed") => "Completed S in 0ms (Views: 0.0ms | ActiveRecord: 0.0ms | Allocations: 0)",
        Some("Processing") => "Processing by C#a as F",
        _ => return,
    };
    // the sign of an offset and the dashes of a date fall together in a shape
    assert_eq!(shape(message), wanted, "{message}");
}

fn check_pattern_line(line: &str) {
    check_message(after(PREFIX, line).unwrap_or_else(|| panic!("{line}")));
}

#[test]
fn lines_of_the_multiline_layouts_and_of_the_plain_pattern_have_their_shape() {
    for (layout, marked) in [("multiline-request", " xxxxxxxx | "), ("multiline", " | "), ("pattern", "")] {
        let log = Storm::new(&format!("{SMALL} --layout {layout}")).text();
        let mut continued = 0;
        for line in log.lines() {
            if after(PREFIX, line).is_some() {
                check_pattern_line(line);
                continue;
            }
            continued += 1;
            let text = after(marked, line).unwrap_or_else(|| panic!("{layout}: {line}"));
            assert!(
                text.is_empty() || text.starts_with("/usr/share/") || text.starts_with("Body: {"),
                "{line}"
            );
        }
        assert!(continued > 10, "{layout}: {continued} continuation lines");
    }
}

#[test]
fn lines_of_the_json_layout_are_objects_with_foremans_keys() {
    let mut lines_inside = 0;
    for line in Storm::new(&format!("{SMALL} --layout json --utc-offset -03:30")).text().lines() {
        let object: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        let keys: Vec<_> = object.keys().map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect();
        assert_eq!(keys, ["level", "logger", "mdc", "message", "ndc", "timestamp"]);
        assert!(line.starts_with("{\"timestamp\":\""));
        let time = object["timestamp"].as_str().unwrap();
        assert_eq!(after("9999-99-99T99:99:99.999999-03:30", time), Some(""), "{time}");
        assert_eq!(after(UUID, object["mdc"]["request"].as_str().unwrap()), Some(""));
        assert!(["INFO", "WARN", "ERROR"].contains(&object["level"].as_str().unwrap()));
        let message = object["message"].as_str().unwrap();
        check_message(message);
        lines_inside += message.matches('\n').count();
    }
    assert!(lines_inside > 10);
}

#[test]
fn lines_of_the_journal_layouts_carry_the_whole_pattern_line() {
    let mut continued = 0;
    let mut check = |message: &str| match after(PREFIX, message) {
        Some(_) => check_pattern_line(message),
        None => {
            assert!(after(" xxxxxxxx | ", message).is_some(), "{message}");
            continued += 1;
        }
    };
    for line in Storm::new(&format!("{SMALL} --layout journal")).text().lines() {
        check(after_journal("sat.example.com foreman[1632]: ", line).unwrap_or_else(|| panic!("{line}")));
    }
    let mut last = 0;
    for line in Storm::new(&format!("{SMALL} --layout journal-json")).text().lines() {
        let object: HashMap<String, String> = serde_json::from_str(line).unwrap();
        let keys: Vec<_> = object.keys().map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect();
        assert_eq!(
            keys,
            ["MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "_HOSTNAME", "_PID", "__REALTIME_TIMESTAMP"]
        );
        let time: u64 = object["__REALTIME_TIMESTAMP"].parse().unwrap();
        assert!(time >= last, "time goes back");
        last = time;
        check(&object["MESSAGE"]);
    }
    assert!(continued > 20);
}

#[test]
fn every_layout_says_the_same() {
    let text = |layout: &str| {
        let log = Storm::new(&format!("{SMALL} --layout {layout}")).text();
        let message = |line: &str| match layout {
            "json" => serde_json::from_str::<Value>(line).unwrap()["message"].as_str().unwrap().to_owned(),
            _ => after(PREFIX, line).unwrap_or_default().to_owned(),
        };
        // first lines only: what follows them stands in lines of its own but in json
        let firsts = log.lines().map(message).filter(|m| !m.is_empty());
        firsts.map(|m| m.lines().next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert!(text("multiline-request") == text("json"));
}

/// Real lines, or none and a loud word where they are not beside the project.
fn sample(name: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples").join(name);
    match fs::read(&path) {
        Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(_) => {
            let words = format!("{name} is not there, so simulated lines are held against no real ones");
            crate::support::skip(&words);
            None
        }
    }
}

#[test]
fn simulated_lines_have_the_shapes_of_real_ones() {
    let mut real = BTreeSet::new();
    for name in [
        "katello-pr11736-activate.txt",
        "katello-pr10315-register-via-proxy.txt",
        "ji-podhead-discovery-aud.txt",
    ] {
        let Some(text) = sample(&format!("production/{name}")) else { return };
        for line in text.lines() {
            // a terminal's prefix, in some of them
            let line = line.split_once(" rails.1   | ").map_or(line, |parts| parts.1);
            let shape = after(PREFIX, line).map(shape).unwrap_or_default();
            real.insert(shape);
        }
    }
    let log = Storm::new(SMALL).text();
    let mut simulated: BTreeSet<_> = log.lines().filter_map(|l| after(PREFIX, l)).map(shape).collect();
    simulated.remove("");
    assert_eq!(simulated.len(), 5, "{simulated:#?}");
    assert!(simulated.is_subset(&real), "simulated {simulated:#?}\nreal {real:#?}");
}

#[test]
fn simulated_parameters_have_the_keys_of_a_real_create_in_their_order() {
    let Some(text) = sample("production/katello-pr11736-activate.txt") else { return };
    let keys = |line: &str| {
        let parts: Vec<_> =
            line.split("\"=>").map(|p| p.rsplit('"').next().unwrap_or_default().to_owned()).collect();
        parts[..parts.len() - 1].to_vec()
    };
    let real = text.lines().find(|l| l.contains("  Parameters: {")).map(keys).unwrap();
    let log = Storm::new(SMALL).text();
    let create = |l: &&str| l.contains("\"contentTags\"") && l.contains("\"activation_keys\"");
    assert_eq!(log.lines().find(create).map(keys).unwrap(), real);
}

#[test]
fn continuation_and_journal_lines_have_the_shapes_of_real_ones() {
    let Some(gone) = sample("production/robottelo-12142-level-word.txt") else { return };
    let continued: Vec<_> = gone.lines().skip(1).collect();
    let body = after(" xxxxxxxx | ", continued[0]).unwrap();
    assert!(body.starts_with("Body: {\"displayMessage\":\"Unit "));
    assert!(after(" xxxxxxxx | ", continued[1]).is_some());
    let simulated = Storm::new("--sessions 60 --noise 3").text();
    assert!(simulated.contains(" | Body: {\"displayMessage\":\"Unit "));
    let Some(journal) = sample("production/journal-quadlet-2026.txt") else { return };
    let line = journal.lines().nth(1).unwrap();
    check_pattern_line(after_journal("quadlet.example.com foreman[1632]: ", line).unwrap());
}

/// `2019-11-13T18:02:35 736046d2 [I] Finished GET /version with 200 (2.0 ms)` as `Finished M P with 0 (0.0 ms)`
fn proxy_shape(line: &str) -> Option<String> {
    let message = after("9999-99-99T99:99:99 xxxxxxxx [I] ", line)?.trim_end();
    let mut words: Vec<_> = message.split(' ').map(shape_of_word).collect();
    match words[0].as_str() {
        "Started" => words.truncate(3),
        "Finished" => {}
        _ => return None,
    }
    words[1] = "M".to_owned();
    words[2] = "P".to_owned();
    Some(words.join(" "))
}

#[test]
fn lines_of_a_capsule_have_the_shapes_of_real_ones() {
    let simulated = |options: &str| {
        let logs = Storm::new(options).capsule_logs().concat();
        logs.lines()
            .filter_map(|line| {
                let shape = proxy_shape(line);
                let cache = line.contains("] registration_script cache=");
                assert!(shape.is_some() || cache, "{line}");
                shape
            })
            .collect::<BTreeSet<_>>()
    };
    let shapes = simulated(&format!("{SMALL} --warm-cache"));
    assert_eq!(
        shapes.iter().map(String::as_str).collect::<Vec<_>>(),
        ["Finished M P with 0 (0.0 ms)", "Started M P"]
    );
    let Some(text) = sample("proxy/pastebin-QsikFQz1-2019.txt") else { return };
    let real: BTreeSet<_> = text.lines().filter_map(proxy_shape).collect();
    assert!(shapes.is_subset(&real), "{real:?}");
}

#[test]
fn lines_stand_in_the_order_of_time() {
    let storm = Storm::new(&format!("{SMALL} --clock-skew 5"));
    for log in storm.capsule_logs().into_iter().chain([storm.text()]) {
        let times: Vec<_> =
            log.lines().filter(|l| after("9999-99-99T", l).is_some()).map(|l| &l[..19]).collect();
        assert!(times.len() > 10);
        assert!(times.windows(2).all(|pair| pair[0] <= pair[1]));
    }
}
