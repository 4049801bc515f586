//! `reginfra inventory` from the outside, and `--via-ansible` with programs that stand in for Ansible's.

use crate::support::Run;
use std::fs;
use std::path::Path;

const INVENTORY: &str = "\
[satellite6]
sat.example.com private_ip=10.0.0.1
[capsules]
cap1.example.com private_ip=\"{{ net }}.1\" net=10.0.1
cap2.example.com private_ip=10.0.1.2 motd=\"{{ lookup('env', 'HOME') }}\"
[capsule_lbs]
lb.example.com private_ip=10.0.1.100
[location_dublin]
cap1.example.com
lb.example.com
";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("inventory.ini"), INVENTORY).unwrap();
    folder
}

/// A program of a shell's lines.
#[cfg(unix)]
pub fn program(folder: &Path, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn people_see_who_is_behind_whom() {
    let folder = folder();
    let done = Run::new("inventory -i")
        .arg(folder.path().join("inventory.ini"))
        .go()
        .code(0)
        .says_nothing_on_stderr();
    for part in [
        "1 Satellite, 2 capsules, 1 load balancer",
        "Location dublin",
        "cap1.example.com",
        "10.0.1.1",
        "behind it",
        "standalone",
    ] {
        assert!(done.stdout.contains(part), "{part} in {done:#?}");
    }
}

#[test]
fn values_are_raw_or_rendered() {
    let folder = folder();
    let path = folder.path().join("inventory.ini");
    let host = |words: &str| Run::new("inventory -i").arg(&path).words(words).go();
    assert_eq!(host("--host cap1.example.com").code(0).json()["private_ip"], "{{ net }}.1");
    assert_eq!(host("--host cap1.example.com --rendered").code(0).json()["private_ip"], "10.0.1.1");
    host("--host cap2.example.com --rendered")
        .code(2)
        .told("cap2.example.com: the variable motd")
        .told("lookup")
        .says_nothing_on_stdout();
    host("--json --rendered").code(2).told("motd").says_nothing_on_stdout();
    host("--host gone").code(2).told("has no host gone").told("sat.example.com");
}

#[cfg(unix)]
#[test]
fn what_only_ansible_reads_is_asked_of_it() {
    let folder = folder();
    let bin = folder.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let answer = r#"{"_meta": {"hostvars": {"cap9": {"private_ip": "10.9.9.9", "pw": {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n61\n"}}}},
        "all": {"children": ["ungrouped", "capsules"]}, "capsules": {"hosts": ["cap9"]}}"#;
    program(&bin, "ansible-inventory", &format!("echo careful >&2\ncat <<'END'\n{answer}\nEND"));
    program(&bin, "ansible-vault", "grep -q ANSIBLE_VAULT && printf opened");
    program(folder.path(), "script", "echo never run; touch ran");
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let run = |words: &str| {
        Run::new("inventory -i")
            .arg(folder.path().join("script"))
            .words(words)
            .env("PATH", &path)
            .current_dir(folder.path())
            .go()
    };
    run("").code(2).told("script:1: is a program that makes an inventory").told("--via-ansible");
    let done = run("--via-ansible --host cap9").code(0).told("ansible-inventory: careful");
    assert_eq!(done.json()["pw"], "opened");
    assert!(run("--via-ansible").code(0).stdout.contains("10.9.9.9"));
    program(&bin, "ansible-inventory", "echo broken vault >&2; exit 4");
    run("--via-ansible").code(2).told("broken vault").says_nothing_on_stdout();
    fs::remove_file(bin.join("ansible-inventory")).unwrap();
    let nowhere =
        Run::new("inventory --via-ansible -i").arg(folder.path().join("script")).env("PATH", &bin).go();
    nowhere.code(2).told("install ansible-core");
    assert!(!folder.path().join("ran").exists(), "nothing is run");
}

#[cfg(unix)]
#[test]
fn encrypted_values_matter_only_where_they_are_used() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hosts.yml");
    let text = "capsules:\n  hosts:\n    cap1:\n      pw: !vault |\n        $ANSIBLE_VAULT;1.1;AES256\n        61\n      private_ip: 10.0.0.1\n";
    fs::write(&path, text).unwrap();
    assert!(Run::new("inventory -i").arg(&path).go().code(0).stdout.contains("10.0.0.1"));
    let done = Run::new("inventory --rendered --host cap1 -i").arg(&path).go().code(2);
    done.told("hosts.yml:4").told("!vault").told("--via-ansible");
}
