//! Text at 80 columns, JSON against its schema, SARIF against its shape, annotations.

use crate::fixtures::cases;
use crate::support::Run;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

const BAD: &str = "\
global
    stats socket /var/lib/haproxy/stats mode 666 level admin

defaults
    mode http
    timeout connect 10s
    timeout client 5m
    timeout server 30s

frontend registration
    mode tcp
    bind *:9090
    default_backend registration_of_all_capsules_of_the_location_brno

backend registration_of_all_capsules_of_the_location_brno
    mode tcp
    option redispatch 1
    server capsule-with-a-rather-long-name-1 capsule-with-a-rather-long-name-1.example.com:443 check ssl verify none
    server cap2 192.0.2.12:9090 check check-ssl verify none  # caf\u{e9}\ttab
";

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("haproxy.cfg");
    fs::write(&path, BAD).unwrap();
    (folder, path)
}

fn run(folder: &Path, words: &str) -> String {
    Run::new("validate haproxy.cfg --haproxy none").current_dir(folder).words(words).go().code(1).stdout
}

#[test]
fn text_fits_80_columns() {
    let (folder, _) = folder();
    let text = run(folder.path(), "--fail-level advice");
    let longest = text.lines().map(|l| l.chars().count()).max().unwrap();
    assert!(longest <= 80, "{text}");
    assert!(!text.contains('\u{1b}'), "colour in a pipe: {text}");
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("text_at_80_columns", text);
    });
}

#[test]
fn narrow_and_wide_terminals_are_filled() {
    let (folder, _) = folder();
    for width in [1usize, 40, 60, 200] {
        let done = Run::new("validate haproxy.cfg --haproxy none")
            .env("COLUMNS", width.to_string())
            .current_dir(folder.path())
            .go();
        let longest = done.stdout.lines().map(|l| l.chars().count()).max().unwrap();
        assert!(longest <= width.clamp(40, 120), "{width}: {}", done.stdout);
    }
}

fn schema(name: &str) -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    jsonschema::validator_for(&serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()).unwrap()
}

#[test]
fn json_of_every_case_fits_its_schema() {
    let schema = schema("validate.schema.json");
    for case in cases() {
        let json = case.run().words("--format json").go().json();
        let errors: Vec<String> =
            schema.iter_errors(&json).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", case.path.display());
    }
}

#[test]
fn the_schema_refuses_what_is_wrong() {
    let schema = schema("validate.schema.json");
    let (folder, _) = folder();
    let json: Value = serde_json::from_str(&run(folder.path(), "--format json")).unwrap();
    assert!(schema.is_valid(&json));
    for key in ["schema_version", "findings", "counts", "files"] {
        let mut less = json.clone();
        less.as_object_mut().unwrap().remove(key);
        assert!(!schema.is_valid(&less), "{key} may be missing");
    }
    for (key, bad) in
        [("severity", Value::from("bad")), ("line", Value::from(0)), ("rule", Value::from("No Rule"))]
    {
        let mut other = json.clone();
        other["findings"][0][key] = bad;
        assert!(!schema.is_valid(&other), "{key}");
    }
}

#[test]
fn edits_of_the_json_give_what_fix_writes() {
    let (folder, path) = folder();
    for _ in 0..20 {
        let json: Value = serde_json::from_str(
            &Run::new("validate haproxy.cfg --haproxy none --format json")
                .current_dir(folder.path())
                .go()
                .stdout,
        )
        .unwrap();
        let sure = json["findings"].as_array().unwrap().iter().find(|f| f["fix"]["sure"] == true);
        let Some(finding) = sure else { break };
        let mut bytes = fs::read(&path).unwrap();
        let mut edits = finding["fix"]["edits"].as_array().unwrap().clone();
        edits.sort_by_key(|e| std::cmp::Reverse(e["start_byte"].as_u64()));
        for edit in edits {
            let at = |key: &str| edit[key].as_u64().unwrap() as usize;
            bytes.splice(at("start_byte")..at("end_byte"), edit["replacement"].as_str().unwrap().bytes());
        }
        fs::write(&path, bytes).unwrap();
    }
    let by_json = fs::read(&path).unwrap();
    fs::write(&path, BAD).unwrap();
    Run::new("validate haproxy.cfg --haproxy none --fix").current_dir(folder.path()).go();
    assert_eq!(String::from_utf8_lossy(&fs::read(&path).unwrap()), String::from_utf8_lossy(&by_json));
}

#[test]
fn sarif_has_the_shape_of_2_1_0() {
    let (folder, _) = folder();
    let log: Value = serde_json::from_str(&run(folder.path(), "--format sarif")).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let driver = &log["runs"][0]["tool"]["driver"];
    assert_eq!(driver["name"], "reginfra");
    let rules = driver["rules"].as_array().unwrap();
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    for rule in rules {
        let (page, heading) = rule["helpUri"].as_str().unwrap().split_once('#').unwrap();
        assert_eq!(rule["id"], heading);
        assert!(top.join(page).exists(), "{page}");
        assert!(!rule["shortDescription"]["text"].as_str().unwrap().is_empty());
    }
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert!(results.len() > 3);
    for result in results {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "haproxy.cfg");
        let region = &place["region"];
        let at = |key: &str| region[key].as_u64().unwrap();
        assert!(
            at("startLine") >= 1 && at("startColumn") >= 1 && at("endLine") >= at("startLine"),
            "{region}"
        );
    }
    let fixed = results.iter().filter(|r| r.get("fixes").is_some()).count();
    assert!(fixed > 0, "{log}");
}

#[test]
fn annotations_are_one_line_each() {
    let (folder, _) = folder();
    let text = run(folder.path(), "--format github");
    assert!(text.lines().count() > 3);
    for line in text.lines() {
        let (head, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
        assert!(
            head.starts_with("error file=haproxy.cfg,line=")
                || head.starts_with("warning ")
                || head.starts_with("notice "),
            "{line}"
        );
        assert!(!message.is_empty());
    }
}

#[test]
fn passwords_are_in_no_format() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "Geh/ei@m%Wort";
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    write(
        "registration.yml",
        format!("---\n:cache_url: redis://:{secret}@192.0.2.9:6379/0\n:enabled: false\n"),
    );
    write(
        "redis.conf",
        format!("requirepass {secret}\nuser a on >{secret} +@all # x\nmasterauth {secret}\n"),
    );
    write(
        "haproxy.cfg",
        format!(
            "userlist u\n  user a insecure-password '{secret}'\nlisten s\n  mode http\n  bind *:1\n  stats enable\n  \
             stats auth a:{secret} # reginfra: ignore[nonsense] x\n"
        ),
    );
    write(
        "hosts",
        format!(
            "[capsules]\na registration_cache_password='{secret}'\n[capsule_lbs]\nlb registration_cache_password={secret} location=x\n"
        ),
    );
    let path = folder.path().to_str().unwrap();
    for format in ["text", "json", "sarif", "github"] {
        for words in [format!("{path} -i {path}/hosts"), format!("-i {path}/hosts")] {
            let done = Run::new("validate --haproxy none --format").arg(format).words(&words).go().code(1);
            assert!(!done.stdout.contains("Geh") && !done.stderr.contains("Geh"), "{done:#?}");
            assert!(!done.stdout.contains("Wort"), "{done:#?}");
        }
    }
    let done = Run::new("validate --diff").arg(path).go();
    assert!(
        !done.stdout.contains("Geh") && done.stdout.contains("+:cache_url: redis://default:***"),
        "{done:#?}"
    );
}
