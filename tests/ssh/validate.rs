//! `validate -i INVENTORY --host NAME`: a host's real files over SSH, and nothing is changed there.

use crate::server::{Lab, Options};
use crate::support::{Done, Run};
use std::fs;
use std::path::Path;

/// Runs what the client asks for with a folder in the place of /etc.
fn host(lab: &mut Lab, files: &[(&str, &str)]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join("etc").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let instead = format!(
        "PATH={0}/bin:$PATH; eval \"$(printf %s \"$SSH_ORIGINAL_COMMAND\" | sed 's|/etc/|{0}/etc/|g')\"",
        folder.path().display()
    );
    let vars = lab.serve(&Options { instead: Some(&instead), ..Options::default() });
    (folder, vars)
}

fn validate(lab: &Lab, inventory: &Path, words: &str) -> Done {
    let path = format!("{}:{}", lab.path("bin").display(), std::env::var("PATH").unwrap());
    Run::new("validate --haproxy none -i").arg(inventory).words(words).env("PATH", path).go()
}

fn inventory(lab: &Lab, lb: &str, cap: &str) -> std::path::PathBuf {
    let text = format!(
        "[satellite6]\nsat\n[capsule_lbs]\nlb.example.com {lb} private_ip=192.0.2.2 location=brno\n[capsules]\n\
         cap1.example.com {cap} private_ip=192.0.2.11 location=brno\n"
    );
    let path = lab.path("hosts.ini");
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_hosts_real_files_are_judged_with_what_it_runs() {
    let Some(mut lab) = Lab::new() else { return };
    let (folder, lb) = host(
        &mut lab,
        &[
            ("os-release", "ID=\"rhel\"\nVERSION_ID=\"10.0\"\n"),
            ("haproxy/haproxy.cfg", "defaults\n    mode tcp\n"),
            ("haproxy/conf.d/10.cfg", "listen registration\n    bind *:9090\n    server x 192.0.2.99:9090\n"),
            ("valkey/valkey.conf", "maxmemory 0\n"),
            ("valkey/other.conf", "maxmemory 0\n"),
        ],
    );
    let (_other, cap) = host(
        &mut lab,
        &[("foreman-proxy/settings.d/registration.yml", ":cache_url: redis://:geheim@192.0.2.3\n")],
    );
    let inventory = inventory(&lab, &lb, &cap);
    let before = fs::read_dir(folder.path().join("etc/haproxy")).unwrap().count();
    let done =
        validate(&lab, &inventory, "--format json --host lb.example.com --host cap1.example.com").code(1);
    let json = done.json();
    assert_eq!(json["target"], "el10");
    let files = json["files"].to_string();
    for file in ["haproxy.cfg", "conf.d/10.cfg", "valkey.conf", "registration.yml"] {
        assert!(files.contains(file), "{files}");
    }
    assert!(!files.contains("other.conf"));
    let has = |rule: &str| json["findings"].as_array().unwrap().iter().any(|f| f["rule"] == rule);
    for rule in [
        "server-not-in-inventory",
        "pool-capsule-missing",
        "cache-no-memory-limit",
        "cache-url-elsewhere",
        "cache-protected-mode",
    ] {
        assert!(has(rule), "{rule}: {json:#}");
    }
    assert!(!has("registration-missing"), "conf.d is read with it: {json:#}");
    assert!(!done.stdout.contains("geheim") && !done.stderr.contains("geheim"));
    assert_eq!(fs::read_dir(folder.path().join("etc/haproxy")).unwrap().count(), before);
}

#[test]
fn each_host_is_judged_by_what_it_runs_itself() {
    let Some(mut lab) = Lab::new() else { return };
    let cache = "bind 127.0.0.1 -192.0.2.2\nuser default off\nuser c on >geheim ~* +client|setinfo\n";
    let (_lb, lb) =
        host(&mut lab, &[("os-release", "ID=debian\nVERSION_ID=\"12\"\n"), ("redis/redis.conf", cache)]);
    let (_cap, cap) = host(
        &mut lab,
        &[("os-release", "ID=\"rhel\"\nVERSION_ID=\"10.0\"\n"), ("valkey/valkey.conf", cache)],
    );
    let inventory = inventory(&lab, &lb, &cap);
    let found = |words: &str| {
        let json = validate(&lab, &inventory, &format!("--format json --fail-level error {words}")).json();
        assert_eq!(json["target"], serde_json::Value::Null, "{json:#}");
        let places: Vec<String> = json["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|f| f["rule"] == "cache-setinfo")
            .map(|f| f["file"].as_str().unwrap().to_owned())
            .collect();
        assert!(!json.to_string().contains("geheim"));
        places
    };
    let wanted = ["lb.example.com:/etc/redis/redis.conf"];
    let shown = |places: Vec<String>| -> Vec<String> {
        places
            .iter()
            .map(|p| format!("{}:/etc{}", p.split(':').next().unwrap(), p.rsplit("/etc").next().unwrap()))
            .collect()
    };
    assert_eq!(shown(found("--host lb.example.com --host cap1.example.com")), wanted);
    assert_eq!(shown(found("--host cap1.example.com --host lb.example.com")), wanted);
}

#[test]
fn settings_in_a_podman_secret_are_read() {
    use std::os::unix::fs::PermissionsExt;
    let Some(mut lab) = Lab::new() else { return };
    let (folder, cap) = host(&mut lab, &[("os-release", "ID=\"rhel\"\nVERSION_ID=\"9.6\"\n")]);
    fs::create_dir(folder.path().join("bin")).unwrap();
    let podman = folder.path().join("bin/podman");
    fs::write(&podman, "#!/bin/sh\nprintf ':enabled: https\\n:cache_url: redis://:geheim@192.0.2.3\\n\\n'\n")
        .unwrap();
    fs::set_permissions(&podman, fs::Permissions::from_mode(0o755)).unwrap();
    let inventory = inventory(&lab, "ansible_host=127.0.0.1", &cap);
    let done = validate(&lab, &inventory, "--format json --host cap1.example.com").code(1);
    let json = done.json();
    assert!(json["files"].to_string().contains("podman secret foreman-proxy-registration-yml"), "{json:#}");
    let findings = json["findings"].as_array().unwrap();
    let url = findings.iter().find(|f| f["rule"] == "cache-url-elsewhere").unwrap();
    assert_eq!(url["line"], 2, "{json:#}");
    assert!(!done.stdout.contains("geheim") && !done.stderr.contains("geheim"));
}

#[test]
fn a_host_that_cannot_be_reached_is_no_pass() {
    let Some(mut lab) = Lab::new() else { return };
    let refused = lab.serve(&Options { refuses_keys: true, ..Options::default() });
    let (_folder, cap) = host(&mut lab, &[]);
    let inventory = inventory(&lab, &refused, &cap);
    validate(&lab, &inventory, "--host lb.example.com")
        .code(2)
        .told("lb.example.com: ")
        .says_nothing_on_stdout();
    validate(&lab, &inventory, "--host cap1.example.com").code(3).told("has no configuration");
    validate(&lab, &inventory, "--host nobody").code(2).told("has no host nobody; its hosts: ");
}
