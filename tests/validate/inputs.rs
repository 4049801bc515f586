//! What it is given: files, folders, standard input, nothing, garbage; exit codes.

use crate::support::Run;
use std::fs;
use std::path::Path;

const OPEN: &str = "user default on nopass\nbind 192.0.2.2\n";

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn validate(words: &str) -> Run {
    Run::new("validate --haproxy none").words(words)
}

#[test]
fn exit_codes_are_the_designs() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    write(folder.path(), "good.yml", ":enabled: https\n");
    write(folder.path(), "redis.conf", OPEN);
    write(folder.path(), "empty/readme", "nothing of ours\n");
    validate("").arg(path("good.yml")).go().code(0).says_nothing_on_stderr();
    validate("").arg(path("redis.conf")).go().code(1).says_nothing_on_stderr();
    validate("").arg(path("nowhere")).go().code(2).told("nowhere: cannot read it").says_nothing_on_stdout();
    validate("").arg(path("empty")).go().code(3).told("nothing to validate").says_nothing_on_stdout();
    validate("").arg(path("empty/readme")).go().code(2).told("--kind");
    // what could not be read is no pass, and what was read is told
    let done = validate("").arg(path("good.yml")).arg(path("nowhere")).go().code(2).told("cannot read it");
    assert!(done.stdout.contains("nothing found in 1 file"), "{done:#?}");
    validate("").arg(path("redis.conf")).arg(path("nowhere")).go().code(1);
}

#[test]
fn the_fail_level_decides() {
    let advice = ":enabled: https\n";
    let inventory = "[capsule_lbs]\nlb location=x private_ip=192.0.2.2\n[capsules]\ncap1 location=x private_ip=192.0.2.3\n";
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "hosts", inventory);
    write(
        folder.path(),
        "registration.yml",
        &format!("{advice}:registration_url: https://registration.dns.example.com:9090\n"),
    );
    let run = |level: &str| {
        let run = validate("--fail-level").arg(level).arg("-i").arg(folder.path().join("hosts"));
        run.arg(folder.path().join("registration.yml")).go().code
    };
    assert_eq!((run("error"), run("warning"), run("advice")), (Some(0), Some(0), Some(1)));
}

#[test]
fn misuse_is_told() {
    validate("").go().code(2).told("PATH");
    validate("--rule no-such-rule -").go().code(2).told("there is no such rule");
    validate("--rule cache-opn -").go().code(2).told("did you mean 'cache-open'");
    validate("--fix --diff -").go().code(2);
    validate("- -").stdin("").go().code(2).told("once only");
    validate("--host x").go().code(2).told("--inventory");
}

#[test]
fn rules_can_be_chosen() {
    let json = |words: &str| {
        let done = validate("- --kind cache --format json").words(words).stdin(OPEN).go().json();
        done["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["rule"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(json("--rule cache-open --rule cache-eviction"), ["cache-eviction", "cache-open"]);
    assert!(!json("--no-rule cache-open").contains(&"cache-open".to_owned()));
}

#[test]
fn a_folder_holds_the_sets_of_several_hosts() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = "[satellite6]\nsat\n[capsule_lbs]\nlb1 location=a private_ip=192.0.2.1\nlb2 location=b private_ip=192.0.2.2\n\
                     [capsules]\ncap1 location=a private_ip=192.0.2.11\ncap2 location=b private_ip=192.0.2.12\n";
    write(folder.path(), "hosts", inventory);
    for (lb, ip) in [("lb1", "192.0.2.11"), ("lb2", "192.0.2.11")] {
        let text = format!("listen registration\n    bind *:9090\n    server cap {ip}:9090\n");
        write(folder.path(), &format!("out/{lb}/etc/haproxy/haproxy.cfg"), &text);
    }
    let run = validate("--format json --rule server-of-other-location --rule registration-missing -i");
    let json = run.arg(folder.path().join("hosts")).arg(folder.path().join("out")).go().code(1).json();
    let findings = json["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{json:#}");
    assert!(findings[0]["file"].as_str().unwrap().contains("/lb2/"));
}

#[test]
fn drop_ins_are_read_with_the_file_where_the_system_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "haproxy.cfg", "defaults\n    timeout connect 1s\n");
    write(
        folder.path(),
        "conf.d/10.cfg",
        "listen registration\n    bind *:9090\n    server a 192.0.2.1:9090\n",
    );
    let run = |words: &str| {
        validate(words).arg("--rule").arg("registration-missing").arg(folder.path().join("haproxy.cfg")).go()
    };
    run("--target el9").code(0).told("conf.d: read with it");
    run("").code(0);
    run("--target debian12").code(1);
}

#[test]
fn includes_are_followed_below_the_folder_that_was_rendered() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "lb/etc/redis/reginfra.conf",
        "include /etc/redis/redis.conf\nmaxmemory-policy allkeys-lru\n",
    );
    let json = |dir: &Path| {
        validate("--format json --rule cache-eviction --rule cache-no-memory-limit").arg(dir).go().json()
    };
    assert_eq!(
        json(folder.path())["findings"].as_array().unwrap().len(),
        0,
        "what is not seen is not judged"
    );
    write(folder.path(), "lb/etc/redis/redis.conf", "maxmemory-policy noeviction\n");
    let found = json(folder.path());
    assert_eq!(found["findings"].as_array().unwrap().len(), 1, "{found:#}");
    assert_eq!(found["files"].as_array().unwrap().len(), 2);
}

#[test]
fn an_inventory_alone_is_judged_itself() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "hosts",
        "[capsule_lbs]\nlb location=x\n[capsules]\ncap1 location=x private_ip=192.0.2.3\n",
    );
    write(folder.path(), "group_vars/all.yml", "private_ip6: none\n");
    let json = validate("--format json --rule private-ip-missing -i")
        .arg(folder.path().join("hosts"))
        .go()
        .code(1)
        .json();
    assert_eq!(json["findings"][0]["line"], 2, "{json:#}");
    validate("-i").arg(folder.path().join("nowhere")).go().code(2);
}

#[test]
fn what_the_roles_would_write_is_judged_and_nothing_is_wrong_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = "[satellite6]\nsat.example.com private_ip=192.0.2.1\n[capsule_lbs]\nlb.example.com location=brno \
                     private_ip=192.0.2.2\n[capsules]\ncap1.example.com location=brno private_ip=192.0.2.11\n\
                     cap2.example.com location=brno private_ip=192.0.2.12\n";
    write(folder.path(), "hosts", inventory);
    for target in ["el9", "el10", "debian12", "debian13"] {
        let run = validate("--format json --target").arg(target).arg("-i").arg(folder.path().join("hosts"));
        let done = run.go().code(0).says_nothing_on_stderr();
        let files = done.json()["files"].to_string();
        for file in [
            "lb.example.com:/etc/haproxy/haproxy.cfg",
            "cap2.example.com:/etc/foreman-proxy/settings.d/registration.yml",
        ] {
            assert!(files.contains(file), "{files}");
        }
        assert!(files.contains("/reginfra.conf") && files.contains("/reginfra-users.conf"), "{files}");
    }
    // a defect of the values is found in what they would become
    write(folder.path(), "group_vars/all.yml", "haproxy_registration_timeout: 30s\n");
    let run = validate("--format json --target el9 -i").arg(folder.path().join("hosts"));
    let json = run.go().code(1).json();
    let rules = json["findings"].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap());
    assert!(rules.collect::<Vec<_>>().contains(&"registration-timeout-short"), "{json:#}");
}

#[test]
fn conditions_inside_each_other_take_no_stack() {
    for deep in ["!".repeat(2_000_000), "(".repeat(1_000_000) + &")".repeat(1_000_000)] {
        let text = format!("global\n.if {deep}\n.endif\n");
        validate("- --kind haproxy --rule haproxy-unread").stdin(text).go().code(0);
    }
}

#[test]
fn bytes_that_are_nothing_are_told_and_never_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let garbage: Vec<u8> = (0..4096u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for (name, bytes) in [
        ("haproxy.cfg", &garbage[..]),
        ("redis.conf", &garbage[..]),
        ("registration.yml", &garbage[..]),
        ("registration.yml", b""),
        ("haproxy.cfg", b""),
        ("redis.conf", b"\0\0"),
        ("haproxy.cfg", b"\"\n'\n\\"),
    ] {
        fs::write(folder.path().join(name), bytes).unwrap();
        for words in ["", "--format json", "--format sarif", "--format github", "--diff"] {
            let done = validate(words).arg(folder.path().join(name)).go();
            assert!(matches!(done.code, Some(0 | 1)), "{done:#?}");
        }
    }
}

#[test]
fn a_whole_file_can_be_ignored_from_anywhere_in_it() {
    let text = "# reginfra: ignore[registration-missing] this one is for Puppet alone\nlisten puppet\n    bind *:8140\n    \
                server a 192.0.2.1:8140\n";
    let done = validate("- --kind haproxy --format json --rule registration-missing --rule ignore-unused")
        .stdin(text)
        .go();
    assert_eq!(done.code(0).json()["findings"].as_array().unwrap().len(), 0);
}

#[test]
fn a_closed_pipe_is_success() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "registration.yml", ":enabled: https\n");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_reginfra"))
        .arg("validate")
        .arg(folder.path())
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!((out.status.code(), String::from_utf8_lossy(&out.stderr).as_ref()), (Some(0), ""));
}
