//! Each format: what people see, what other programs read, and names that want to be more than names.

use crate::log::{Log, SATELLITE, named, uuid};
use crate::support::Storm;
use crate::{Written, list};
use serde_json::Value;
use std::fs;

/// A name that a log can hold, and that no output may take for its own words.
pub const HOSTILE: &str = "<script>alert(1)</script>&';\u{9b}31m\u{202e}%%{x}";

pub fn hostile() -> Written {
    let says =
        [named(HOSTILE), format!("Katello::Host::SubscriptionFacet (33) create event on uuid {}", uuid(1))];
    let log = Log::new()
        .request(0, "POST /rhsm/consumers", "10.7.3.1", &says, Some((201, 700)))
        .get(2, 1, "/release", "10.7.3.1")
        .get(2, 1, "/compliance", "10.7.3.1")
        .goes_on_until(400);
    Written::new(&log, Some(SATELLITE))
}

pub fn small() -> Storm {
    Storm::new("--sessions 30 --rate 3 --seed 81 --pass-ids --failures 0.1")
}

pub fn run(storm: &Storm, words: &str) -> crate::support::Run {
    crate::support::Run::new("trace")
        .words(words)
        .arg("-i")
        .arg(storm.inventory())
        .arg("--log")
        .arg(&storm.dir)
}

#[test]
fn people_see_a_waterfall() {
    let storm = small();
    let wanted =
        storm.sessions().iter().find(|s| s["group"] == "lb-ssh" && s["success"] == true).unwrap().clone();
    let text = run(&storm, wanted["host"].as_str().unwrap()).go().code(0).stdout;
    let on_capsule: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("    on ")?.split_whitespace().next()).collect();
    assert!(!on_capsule.is_empty(), "{text}");
    // 20 characters, of which 18 have room
    assert!(on_capsule.iter().all(|name| name.ends_with("...") && name.chars().count() == 18), "{text}");
    insta::assert_snapshot!("waterfall_80", text);
    let wide = run(&storm, wanted["host"].as_str().unwrap()).env("COLUMNS", "200").go().code(0).stdout;
    insta::assert_snapshot!("waterfall_200", wide);
    let mermaid = run(&storm, &format!("{} --format mermaid", wanted["host"].as_str().unwrap()));
    insta::assert_snapshot!("mermaid", mermaid.go().code(0).stdout);
}

#[test]
fn people_see_where_the_time_of_all_goes() {
    let storm = small();
    insta::assert_snapshot!("times_80", run(&storm, "").go().code(0).stdout);
}

#[test]
fn no_line_is_wider_than_asked_for_nor_coloured_in_a_pipe() {
    let storm = small();
    for words in ["--slowest 30", ""] {
        for columns in ["60", "80", "100", "200"] {
            let text = run(&storm, words).env("COLUMNS", columns).go().code(0).stdout;
            let widest = text.lines().map(|l| l.chars().count()).max().unwrap();
            assert!(widest <= columns.parse().unwrap(), "{widest} > {columns}: {text}");
            assert!(!text.contains('\u{1b}') && text.lines().all(|l| l.trim_end() == l), "{text}");
        }
    }
}

#[test]
fn a_hostile_name_stays_a_name() {
    let written = hostile();
    let id = uuid(1);
    let text = written.run(&id).go().code(0).stdout;
    assert!(text.contains("<script>") && !text.contains(['\u{9b}', '\u{202e}']), "{text}");
    let svg = written.run(&format!("{id} --format svg")).go().code(0).stdout;
    assert!(!svg.contains("<script") && !svg.contains('\u{9b}'), "{svg}");
    assert!(svg.contains("&lt;script&gt;"), "{svg}");
    let mermaid = written.run(&format!("{id} --format mermaid")).go().code(0).stdout;
    assert!(!mermaid.contains('<') && !mermaid.contains("%%") && !mermaid.contains('\u{9b}'), "{mermaid}");
    let chrome = written.run(&format!("{id} --format chrome")).go().code(0).json();
    assert!(list(&chrome["traceEvents"])[0]["args"]["name"].as_str().unwrap().contains("<script>"));
}

#[test]
fn the_picture_is_well_formed_xml_with_a_row_for_each_call() {
    let written = hostile();
    let svg = written.run(&format!("{} --format svg", uuid(1))).go().code(0).stdout;
    let document = roxmltree::Document::parse(&svg).unwrap_or_else(|e| panic!("{e}: {svg}"));
    let root = document.root_element();
    assert_eq!(
        (root.tag_name().name(), root.tag_name().namespace()),
        ("svg", Some("http://www.w3.org/2000/svg"))
    );
    let rows = root.descendants().filter(|n| n.attribute("class") == Some("exact")).count();
    assert_eq!(rows, 3);
    let texts: String = root.descendants().filter_map(|n| n.text()).collect();
    assert!(texts.contains("<script>alert(1)</script>") && texts.contains("200 in 40 ms"), "{texts}");
    for n in root.descendants() {
        assert!(!matches!(n.tag_name().name(), "script" | "image" | "a" | "foreignObject"), "{svg}");
        assert!(n.attributes().all(|a| !a.name().starts_with("on") && !a.value().contains("url(")), "{svg}");
    }
    let storm = small();
    let many = run(&storm, "--slowest 8 --format svg").go().code(0).stdout;
    roxmltree::Document::parse(&many).unwrap();
}

#[test]
fn the_picture_s_requests_go_from_lane_to_lane() {
    let storm = small();
    for (group, lanes) in [("satellite-ssh", 2), ("capsule-ssh", 3), ("lb-ssh", 4)] {
        let session = storm.sessions().into_iter().find(|s| s["group"] == group).unwrap();
        let svg = run(&storm, &format!("{} --format svg", session["host"].as_str().unwrap()));
        let svg = svg.go().code(0).stdout;
        let document = roxmltree::Document::parse(&svg).unwrap();
        let of_class = |wanted: &str| {
            document.descendants().filter(|n| n.attribute("class") == Some(wanted)).collect::<Vec<_>>()
        };
        // a host that came again has a picture more, with lanes at the same places
        let mut places: Vec<i64> =
            of_class("lane").iter().map(|n| n.attribute("x1").unwrap().parse().unwrap()).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), lanes, "{group}: {svg}");
        let legs: Vec<(i64, i64)> = places.windows(2).map(|pair| (pair[0], pair[1])).collect();
        let calls: Vec<_> = ["exact", "inferred", "failed"].into_iter().flat_map(of_class).collect();
        assert!(!calls.is_empty(), "{group}: {svg}");
        for call in calls {
            let lines = call.children().filter(|n| n.tag_name().name() == "line");
            let at =
                |n: &roxmltree::Node<'_, '_>, end: &str| n.attribute(end).unwrap().parse::<i64>().unwrap();
            let drawn: Vec<(i64, i64)> = lines.map(|n| (at(&n, "x1"), at(&n, "x2"))).collect();
            assert_eq!(drawn, legs, "{group}: {svg}");
        }
    }
}

#[test]
fn chromes_events_nest_or_stand_apart() {
    let storm = small();
    let json = run(&storm, "--slowest 30 --format chrome").go().code(0).json();
    assert_eq!(json["displayTimeUnit"], "ms");
    let events = list(&json["traceEvents"]);
    let slices: Vec<&Value> = events.iter().filter(|e| e["ph"] == "X").collect();
    assert!(slices.len() > 300, "{}", slices.len());
    let mut tracks: std::collections::BTreeMap<(u64, u64), Vec<(i64, i64)>> = Default::default();
    for slice in slices {
        assert!(
            slice["name"].is_string() && slice["cat"].is_string() && slice["args"]["evidence"].is_string()
        );
        let (ts, dur) = (slice["ts"].as_i64().unwrap(), slice["dur"].as_i64().unwrap());
        assert!(dur >= 0, "{slice:#}");
        let track = (slice["pid"].as_u64().unwrap(), slice["tid"].as_u64().unwrap());
        tracks.entry(track).or_default().push((ts, ts + dur));
    }
    for ((pid, tid), mut spans) in tracks {
        spans.sort_unstable();
        assert!(spans.windows(2).all(|w| w[1].0 >= w[0].1), "slices of {pid}/{tid} overlap: {spans:?}");
        for (tid, what) in [(0, "process_name"), (tid, "thread_name")] {
            let named =
                |e: &&Value| e["ph"] == "M" && e["pid"] == pid && e["tid"] == tid && e["name"] == what;
            assert_eq!(events.iter().filter(named).count(), 1, "{what} of {pid}/{tid}");
        }
    }
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let storm = small();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace.svg");
    fs::write(&file, "before").unwrap();
    let host = storm.sessions()[0]["host"].as_str().unwrap().to_owned();
    let to_file = |host: &str| {
        crate::support::Run::new("trace")
            .arg(host)
            .words("--format svg -o")
            .arg(&file)
            .arg("--log")
            .arg(&storm.dir)
            .go()
    };
    to_file("nobody").code(3).says_nothing_on_stdout();
    assert_eq!(fs::read_to_string(&file).unwrap(), "before");
    to_file(&host).code(0).says_nothing_on_stdout();
    assert!(fs::read_to_string(&file).unwrap().starts_with("<?xml"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
