//! Reports of `sos report --clean`: other names and addresses in all that they hold, the same ones in all of them.

use super::{Answer, Run, metrics, report_of, reports, storm};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::fs::File;

/// Sessions as they are without any of these.
fn without(answer: &Answer, keys: &[&str]) -> Vec<String> {
    let mut sessions = answer.sessions.clone();
    for session in &mut sessions {
        keys.iter().for_each(|key| session[*key] = Value::Null);
    }
    let mut lines: Vec<String> = sessions.iter().map(ToString::to_string).collect();
    lines.sort();
    lines
}

/// Capsules as they are under any name, whatever told their offset.
fn capsules(answer: &Answer) -> Vec<String> {
    let mut capsules = answer.json["capsules"].as_array().unwrap().clone();
    for capsule in &mut capsules {
        (capsule["name"], capsule["utc_offset_from"]) = (Value::Null, Value::Null);
    }
    let mut lines: Vec<String> = capsules.iter().map(ToString::to_string).collect();
    lines.sort();
    lines
}

fn paired(answer: &Answer) -> u64 {
    let pairs =
        |c: &Value| c["pairs"]["by_time"].as_u64().unwrap() + c["pairs"]["by_request_id"].as_u64().unwrap();
    answer.json["capsules"].as_array().unwrap().iter().map(pairs).sum()
}

/// Names of one answer and of another stand for each other.
#[track_caller]
fn renamed(got: &Answer, wanted: &Answer) {
    let by_uuid: HashMap<&str, &Value> =
        got.sessions.iter().filter_map(|s| Some((s["consumer_uuid"].as_str()?, s))).collect();
    let mut names = BTreeSet::new();
    for session in &wanted.sessions {
        let Some(uuid) = session["consumer_uuid"].as_str() else { continue };
        names.extend(["host", "capsule"].map(|key| (session[key].as_str(), by_uuid[uuid][key].as_str())));
    }
    let sides = (
        names.iter().map(|(real, _)| *real).collect::<BTreeSet<_>>(),
        names.iter().map(|(_, hidden)| *hidden).collect::<BTreeSet<_>>(),
    );
    assert!(names.len() > 50, "{names:?}");
    assert_eq!((sides.0.len(), sides.1.len()), (names.len(), names.len()), "{names:?}");
}

#[test]
fn the_sessions_are_the_same_ones_of_hidden_hosts() {
    for options in [
        "--sos zst --sos-odd clean,foreman-debug",
        "--sos gz --sos-odd clean,nested --capsule-layout journal --addresses client",
        "--sos folder --sos-odd clean,journal --layout journal-json --capsule-layout journal-json",
    ] {
        // sos removes what is packed
        let storm = storm(&format!("{options} --compress none"));
        let sos = storm.dir.join("sos");
        let wanted = Answer::read(Run::new("metrics --log").arg(&storm.dir));
        let got = Answer::read(Run::new("metrics --sosreport-dir").arg(&sos));
        assert_eq!(got.json["coverage"]["complete"], true, "{options}: {}", got.stderr);
        for said in [&got.text, &got.json.to_string()] {
            assert!(!said.contains("example.com") && !said.contains("10.1.1."), "{options}: {said}");
        }
        let names = ["host", "capsule"];
        assert_eq!(without(&got, &names), without(&wanted, &names), "{options}: {}", got.stderr);
        renamed(&got, &wanted);
        // capsules' logs name the hosts that the Satellite's names: they are joined
        assert_eq!(capsules(&got), capsules(&wanted), "{options}");
        assert!(paired(&got) > 0, "{options}");

        // an inventory of the real names knows none of them
        let known = Answer::read(metrics(&storm).arg("--sosreport-dir").arg(&sos));
        let keys = |answer: &Answer| -> BTreeSet<String> {
            let key = |s: &Value| {
                ["consumer_uuid", "started_at", "consumer_create_ms", "success"].map(|k| s[k].to_string())
            };
            answer.sessions.iter().map(|s| key(s).join(" ")).collect()
        };
        assert_eq!(keys(&known), keys(&wanted), "{options}");
        assert!(known.notes().contains("of hosts that the inventory lacks: host"), "{}", known.notes());
        assert_eq!((capsules(&known).len(), paired(&known)), (6, 0), "{options}");
    }
}

#[test]
fn what_is_packed_is_no_more_there() {
    let storm = storm("--sos tar --sos-odd clean");
    let packed = |name: &str| name.ends_with(".gz");
    assert!(storm.satellite_files().iter().any(|file| packed(file.to_str().unwrap())));
    let paths = reports(&storm);
    let mut archive = tar::Archive::new(File::open(report_of(&paths, "sosreport-host0-")).unwrap());
    let entries = archive.entries().unwrap();
    let names: Vec<String> =
        entries.map(|entry| entry.unwrap().path().unwrap().display().to_string()).collect();
    assert!(names.iter().any(|name| name.ends_with("var/log/foreman/production.log")), "{names:?}");
    assert!(!names.iter().any(|name| packed(name)), "{names:?}");
}
