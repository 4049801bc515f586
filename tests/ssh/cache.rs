//! `cache --cache-ssh`: a real cache behind a real sshd.

use super::cache_server::{Server, programs};
use crate::server::{Lab, Options, free_port};
use crate::support::{Done, Run};
use std::fs;

/// Asks the cache on `port` through the host with these variables.
fn ask(lab: &Lab, port: u16, vars: &str) -> Done {
    let inventory = lab.path("lbs.ini");
    let line = format!("lb.example.com private_ip=127.0.0.1 registration_cache_port={port} {vars}");
    fs::write(&inventory, format!("[capsule_lbs]\n{line}\n")).unwrap();
    let path = format!("{}:{}", lab.path("bin").display(), std::env::var("PATH").unwrap());
    Run::new("cache --json --cache-ssh -i").arg(&inventory).env("PATH", &path).go()
}

#[test]
fn a_cache_is_asked_through_its_load_balancer_with_the_password_that_lies_there() {
    let (Some(mut lab), Some(program)) = (Lab::new(), programs().pop()) else { return };
    let server = Server::as_the_role_does(&program, "");
    server.capsule("cap1").miss();
    fs::write(lab.path("made it's"), "monpw\n").unwrap();
    let vars = lab.serve(&Options::default());
    let file = format!("registration_cache_monitor_password_file=\"{}\"", lab.path("made it's").display());
    let json = ask(&lab, server.port, &format!("{vars} {file}")).code(0).says_nothing_on_stderr().json();
    let found = &json["servers"][0];
    assert_eq!(found["error"], serde_json::Value::Null);
    assert_eq!(found["login"]["user"], "registration_cache_monitor");
    assert_eq!((&found["counters"]["misses"], &found["latency"]["count"]), (&1.into(), &9.into()));
}

#[test]
fn what_keeps_it_from_the_cache_is_told() {
    let (Some(mut lab), Some(program)) = (Lab::new(), programs().pop()) else { return };
    let server = Server::as_the_role_does(&program, "");
    let file = "registration_cache_monitor_password_file=/nowhere";
    let good = lab.serve(&Options::default());
    let id = |done: Done| done.code(2).json()["servers"][0]["error"]["id"].as_str().unwrap().to_owned();

    // no password anywhere
    assert_eq!(id(ask(&lab, server.port, &format!("{good} {file}"))), "cache-no-password");
    // nothing listens behind the tunnel
    let known = format!("{good} registration_cache_monitor_password=monpw");
    let done = ask(&lab, free_port(), &known).told("connection refused");
    assert_eq!(id(done), "cache-refused");
    // a host that lets nobody through
    let shut = lab.serve(&Options { more: "AllowTcpForwarding no\n", ..Options::default() });
    let done = ask(&lab, server.port, &format!("{shut} registration_cache_monitor_password=monpw"));
    assert_eq!(id(done.told("through SSH").told("prohibited")), "cache-ssh");
    // and one that knows no key
    let stranger = lab.serve(&Options { refuses_keys: true, ..Options::default() });
    for more in ["registration_cache_monitor_password=monpw", file] {
        let done = ask(&lab, server.port, &format!("{stranger} {more}"));
        assert_eq!(id(done.told("Permission denied")), "cache-ssh", "{more}");
    }
}
