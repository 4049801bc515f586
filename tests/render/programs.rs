//! Rendered files taken by the real programs: HAProxy's parser, a server that starts.

use crate::cache_server::{Server, on_path, programs};
use crate::support::skip;
use reginfra::inventory::Inventory;
use reginfra::inventory::variables::Vaults;
use reginfra::render::{Part, RenderedFile, Request, Target, render, values};
use std::fs;
use std::path::Path;
use std::process::Command;

const POOL: &str = "\
[capsules]
cap1.example.com private_ip=10.0.1.1
cap2.example.com private_ip=10.0.1.2
[capsule_lbs]
lb.example.com private_ip=127.0.0.1
[all:vars]
location=dublin
";

fn files(part: Part, target: Target, set: &[&str]) -> Vec<RenderedFile> {
    let inventory = Inventory::parse(POOL, Path::new("hosts.ini")).unwrap();
    let set: Vec<String> = set.iter().map(|s| (*s).to_owned()).collect();
    let request =
        Request { extra: values::extra(&[], &set, Vaults::Closed).unwrap(), ..Request::new(part, target) };
    render(&inventory, &request).unwrap().files
}

fn text<'a>(files: &'a [RenderedFile], end: &str) -> &'a str {
    &files.iter().find(|f| f.path.ends_with(end)).unwrap_or_else(|| panic!("no {end}")).text
}

#[test]
fn haproxy_takes_what_is_rendered() {
    let program = on_path("haproxy")
        .or_else(|| Some("/usr/sbin/haproxy".into()).filter(|p: &std::path::PathBuf| p.is_file()));
    let Some(program) = program else {
        return skip("haproxy is not here: rendered configurations were NOT read by it (package haproxy)");
    };
    let folder = tempfile::tempdir().unwrap();
    for set in [
        &[][..],
        &["haproxy_registration_fall=3", "haproxy_registration_maxconn=0"],
        &[
            "haproxy_puppet=yes haproxy_puppet_ca=yes haproxy_puppet_ca_capsule=cap2.example.com haproxy_mqtt=yes",
        ],
        &["haproxy_stats_password=\"it's\" haproxy_stats_address=::1 haproxy_stats_prometheus=yes"],
        &["haproxy_stats_port=0 haproxy_http=no haproxy_https=no haproxy_templates=no"],
        &[
            "{haproxy_bind: ['::'], haproxy_extra_services: [{name: ssh, port: 2222, check: yes, balance: leastconn}]}",
        ],
        &["haproxy_registration_health_uri=/features haproxy_registration_health_host=capsule.example.com"],
    ] {
        // what differs by system is the place of the socket
        for target in [Target::El9, Target::Debian12] {
            let files = files(Part::Haproxy, target, set);
            let path = folder.path().join("haproxy.cfg");
            fs::write(&path, text(&files, "haproxy.cfg")).unwrap();
            let done = Command::new(&program).args(["-c", "-f"]).arg(&path).output().unwrap();
            let said = String::from_utf8_lossy(&done.stderr);
            assert!(done.status.success(), "{set:?} {target:?}: {said}");
            assert!(!said.contains("[WARNING]"), "{set:?} {target:?}: {said}");
        }
    }
}

/// Files that the rendered ones include, in the test's own folder.
fn beside(folder: &Path, files: &[RenderedFile]) -> String {
    let (users, vendor) = (folder.join("users.conf"), folder.join("vendor.conf"));
    fs::write(&users, text(files, "reginfra-users.conf")).unwrap();
    fs::write(&vendor, "protected-mode yes\nsave 900 1\nappendonly yes\n").unwrap();
    let mut includes = [&vendor, &users].into_iter();
    let lines = text(files, "reginfra.conf").lines().map(|line| match line.strip_prefix("include ") {
        Some(_) => format!("include {}\n", includes.next().unwrap().display()),
        // the test's server has its own
        None if line.starts_with("port ") || line.starts_with("bind ") => String::new(),
        None => format!("{line}\n"),
    });
    lines.collect()
}

/// `Redis server v=7.0.15 sha=...`, `redis-check-rdb 7.0.15`.
fn version_of(program: &Path) -> (u32, u32) {
    let told = Command::new(program).arg("--version").output().unwrap();
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let number = told.split([' ', '=']).find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let mut parts = number.unwrap_or_else(|| panic!("{told}")).split('.').map(|n| n.parse().unwrap_or(0));
    (parts.next().unwrap(), parts.next().unwrap_or(0))
}

#[test]
fn servers_start_with_what_is_rendered_and_serve_their_users_only() {
    for program in programs() {
        // CLIENT SETINFO, which newer systems' users may send, is of 7.2
        let target = if version_of(&program) < (7, 2) { Target::Debian12 } else { Target::Debian13 };
        let set = ["registration_cache_password='a b' registration_cache_monitor_password=m"];
        let rendered = files(Part::Cache, target, &set);
        let folder = tempfile::tempdir().unwrap();
        let config = beside(folder.path(), &rendered);
        let server = Server::start(&program, std::net::Ipv4Addr::LOCALHOST.into(), &config);
        let ask = |login: &str, line: &str| {
            let mut client = server.client("", "", "");
            if !login.is_empty() {
                assert_eq!(client.ask(&format!("AUTH {login}")), "+OK");
            }
            client.ask(line)
        };
        let (capsule, monitor) = ("registration_cache \"a b\"", "registration_cache_monitor m");
        assert!(ask("", "GET script").starts_with("-NOAUTH"));
        assert_eq!(ask(capsule, "SET script x"), "+OK");
        assert_eq!(ask(capsule, "GET script"), "$1");
        assert!(ask(monitor, "INFO stats").starts_with('$'));
        assert!(ask(monitor, "CONFIG GET save").starts_with('*'));
        for (who, line) in [
            (capsule, "CONFIG GET save"),
            (capsule, "KEYS *"),
            (capsule, "FLUSHALL"),
            (monitor, "GET script"),
        ] {
            assert!(ask(who, line).starts_with("-NOPERM"), "{who} {line}");
        }
        assert!(server.client("", "", "").ask("AUTH registration_cache wrong").starts_with("-WRONGPASS"));
    }
}

#[test]
fn each_cure_of_the_rendered_file_is_needed() {
    let python = on_path("python3").filter(|_| on_path("openssl").is_some());
    let haproxy = on_path("haproxy").is_some() || Path::new("/usr/sbin/haproxy").is_file();
    let (Some(python), true) = (python, haproxy) else {
        return skip(
            "haproxy, python3 or openssl is not here: what clients saw without the cures was NOT tested",
        );
    };
    let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
    let done = Command::new("timeout")
        .arg("120")
        .arg(python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/collection/old_behaviour.py"))
        .arg(env!("CARGO_BIN_EXE_reginfra"))
        .env("PATH", path)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{told}\n{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(told.lines().count(), 11, "{told}");
}
