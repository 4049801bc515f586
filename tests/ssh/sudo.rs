//! Real sudo on a host where another than root logs in: /etc/passwd and sudoers are those of a namespace of its own.

use crate::failures::Pair;
use crate::server::{Options, which, whoami};
use crate::support::skip;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// A pair whose failing host lets `reader` log in, with these lines of sudoers; its variables beside it. The log is
/// root's alone there.
fn with_sudo(sudoers: &str) -> Option<(Pair, String)> {
    let may = || Command::new("unshare").args(["-m", "true"]).stderr(Stdio::null()).status();
    if which("sudo").is_relative() || whoami() != "root" || !may().is_ok_and(|s| s.success()) {
        skip("sudo is not there, or a namespace of its own wants root: a real sudo was NOT tested");
        return None;
    }
    let mut pair = Pair::new()?;
    let etc = pair.lab.path("etc");
    fs::create_dir(&etc).unwrap();
    let passwd = fs::read_to_string("/etc/passwd").unwrap() + "reader:x:64242:64242::/:/bin/sh\n";
    fs::write(etc.join("passwd"), passwd).unwrap();
    // a password that nobody knows
    let shadow = "root:*:19000:0:99999:7:::\nreader:$6$salt$nobodyknows:19000:0:99999:7:::\n";
    fs::write(etc.join("shadow"), shadow).unwrap();
    fs::write(etc.join("sudoers"), format!("root ALL=(ALL) ALL\n{sudoers}")).unwrap();
    fs::set_permissions(etc.join("sudoers"), fs::Permissions::from_mode(0o440)).unwrap();
    let script = format!(
        "exec unshare -m sh -c 'mount --make-rprivate /; for f in passwd shadow sudoers; do \
         mount --bind \"{}/$f\" \"/etc/$f\" || exit; done; exec \"$@\"' sh \"$@\"",
        etc.display()
    );
    let no_journal = [("journalctl", "exit 0")];
    let vars = pair.serve(&Options { within: Some(&script), programs: &no_journal, ..Options::default() });
    // the way to the keys and the log is open, the log is not
    for open in [pair.lab.path("."), pair.storm.dir.join(".."), pair.storm.dir.clone()] {
        fs::set_permissions(open, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::set_permissions(pair.storm.log(), fs::Permissions::from_mode(0o600)).unwrap();
    let vars = vars.replace("ansible_user=root", "ansible_user=reader");
    Some((pair, vars))
}

#[test]
fn a_real_sudo_that_asks_for_a_password() {
    let Some((pair, bad)) = with_sudo("reader ALL=(ALL) ALL\n") else { return };
    let bad = format!("{bad} ansible_become=yes");
    pair.fails(&bad, "sudo", "sudo: a password is required", "without a password");
}

#[test]
fn a_real_sudo_that_does_not_know_the_user() {
    let Some((pair, bad)) = with_sudo("") else { return };
    pair.fails(&format!("{bad} ansible_become=yes"), "sudo", "sudo: ", "without a password");
}

#[test]
fn without_sudo_a_log_of_roots_may_not_be_read() {
    let Some((pair, bad)) = with_sudo("") else { return };
    pair.fails(&bad, "denied", "Permission denied", "ansible_become=true");
}

#[test]
fn a_real_sudo_that_asks_for_nothing_reads_the_log_of_another() {
    let Some((pair, vars)) = with_sudo("reader ALL=(root) NOPASSWD: ALL\n") else { return };
    let inventory = pair.lab.inventory(&[("sat", format!("{vars} ansible_become=yes"))]);
    let json = pair.lab.metrics(&inventory, "--json").code(0).json();
    assert_eq!(json["hosts"][0]["status"], "read", "{json}");
    assert!(json["groups"].as_array().unwrap().last().unwrap()["session_count"].as_u64().unwrap() >= 60);
}
