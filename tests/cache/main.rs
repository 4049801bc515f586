//! Real Redis and Valkey, asked by the program: figures, failures, before and after.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod server;
#[path = "../support/mod.rs"]
mod support;
mod tls;

use serde_json::Value;
use server::{Server, programs};
use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use support::{Done, Run, Storm, skip};

const HEAD: &str = "[satellite6]\nsat.example.com\n[capsules]\ncap1.example.com\ncap2.example.com\ncap3.example.com\n\
                    [location_brno]\ncap1.example.com\ncap2.example.com\ncap3.example.com\nlb.example.com\n";

/// An inventory in a folder of its own, with one load balancer a line.
struct Inventory {
    folder: tempfile::TempDir,
}

impl Inventory {
    fn of(servers: &[(&str, IpAddr, u16)]) -> Self {
        let mut text = format!("{HEAD}[capsule_lbs]\n");
        for (name, ip, port) in servers {
            text += &format!("{name} private_ip={ip} registration_cache_port={port}\n");
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("inventory.ini"), text).unwrap();
        Self { folder }
    }

    fn one(server: &Server) -> Self {
        Self::of(&[("lb.example.com", server.ip, server.port)])
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, words: &str) -> Run {
        Run::new("cache -i").arg(self.path("inventory.ini")).words(words)
    }

    /// As the monitoring user.
    fn ask(&self, words: &str) -> Done {
        self.run(words).env("REGINFRA_CACHE_PASSWORD", "monpw").go()
    }
}

#[track_caller]
fn fits(schema: &str, value: &Value) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(schema);
    let schema = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        schema.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

fn only_server(done: &Done) -> Value {
    let json = done.json();
    fits("cache.schema.json", &json);
    assert_eq!(json["servers"].as_array().unwrap().len(), 1);
    json["servers"][0].clone()
}

fn finding_ids(server: &Value) -> Vec<&str> {
    server["findings"].as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap()).collect()
}

#[test]
fn figures_are_those_of_the_server_and_the_run_is_their_difference() {
    for program in programs() {
        let server = Server::as_the_role_does(&program, "");
        let inventory = Inventory::one(&server);
        let (mut one, mut again) = (server.capsule("cap1.example.com"), server.capsule("cap1"));
        let mut two = server.capsule("smart-proxy@cap2.example.com");
        assert_eq!(one.ask("SETEX script 300 aaaaaaaaaaaa"), "+OK");
        (0..7).for_each(|_| one.hit());
        (0..3).for_each(|_| again.miss());
        let before = inventory.path("before.json");
        inventory.run("--save").arg(&before).env("REGINFRA_CACHE_PASSWORD", "monpw").go().code(0);
        (0..18).for_each(|_| two.hit());
        (0..2).for_each(|_| one.miss());

        let ask = || inventory.run("--json --cache-before").arg(&before).env("REDISCLI_AUTH", "monpw").go();
        let found = only_server(&ask().code(0).says_nothing_on_stderr());
        assert_eq!(found["error"], Value::Null);
        let counted = |v: &Value| ["hits", "misses"].map(|k| v[k].as_u64());
        assert_eq!(counted(&found["counters"]), [Some(25), Some(5)], "{}", program.display());
        assert_eq!(counted(&found["run"]["counters"]), [Some(18), Some(2)]);
        assert_eq!(found["run"]["counters"]["hit_rate"], 0.9);
        assert_eq!(found["memory"]["max_bytes"], 64 << 20);
        assert_eq!((&found["keys"], &found["keys_with_expiry"]), (&1.into(), &1.into()));
        assert_eq!(
            found["capsules"]["connected"],
            serde_json::json!(["cap1.example.com", "cap2.example.com"])
        );
        assert_eq!(found["capsules"]["missing"], serde_json::json!(["cap3.example.com"]));
        assert_eq!(
            (&found["capsules"]["connections"], &found["capsules"]["other_connections"]),
            (&3.into(), &0.into())
        );
        assert_eq!(found["login"], serde_json::json!({"user": "registration_cache_monitor", "open": false}));
        assert_eq!(found["config"]["save"], "");
        assert!(found["latency"]["count"] == 9 && found["latency"]["p50_us"].as_u64() > Some(0));
        assert_eq!(
            (finding_ids(&found), found["unread"].as_array().map(Vec::len)),
            (vec!["cache-capsule-missing"], Some(0))
        );
        inventory.ask("--fail-on finding").code(1);

        // counters set back, then a new start
        let mut admin = server.client("admin", "adminpw", "");
        assert_eq!(admin.ask("CONFIG RESETSTAT"), "+OK");
        let found = only_server(&ask().code(0));
        assert_eq!(found["run"]["interruption"], "counters-reset");
        assert_eq!(counted(&found["run"]["counters"]), [None, None]);
        drop((one, again, two, admin));
        let server = server.again(&program);
        let found = only_server(&ask().code(0));
        assert_eq!(found["run"]["interruption"], "restarted");
        assert!(finding_ids(&found).contains(&"cache-restarted"));
        drop(server);
    }
}

#[test]
fn metrics_show_the_caches_beside_the_log() {
    let Some(program) = programs().pop() else { return };
    let server = Server::as_the_role_does(&program, "");
    let inventory = Inventory::of(&[
        ("lb.example.com", server.ip, server.port),
        ("lb2.example.com", server.ip, free_port()),
    ]);
    let mut capsule = server.capsule("cap1");
    capsule.miss();
    let storm = Storm::new("--sessions 20 --rate 40 --seed 31");
    let password = inventory.path("password");
    fs::write(&password, "monpw\n").unwrap();
    let metrics = |words: &str| {
        let run = Run::new("metrics -i").arg(inventory.path("inventory.ini")).words(words);
        run.arg("--cache-password-file").arg(&password).arg("--log").arg(&storm.dir).go()
    };
    let done = metrics("--cache-stats --json").code(0).told("lb2.example.com").told("connection refused");
    let json = done.json();
    fits("metrics.schema.json", &json);
    assert_eq!(json["cache"]["servers"][0]["counters"]["misses"], 1);
    assert_eq!(json["cache"]["servers"][1]["error"]["id"], "cache-refused");
    assert_eq!(json["coverage"]["complete"], false);
    let shown = metrics("--cache-stats").code(0).stdout;
    assert!(shown.contains("Script caches\n") && shown.contains("! cache-no-hits:"), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    metrics("").code(2).told("--cache-stats");
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn each_login_that_fails_is_told_with_a_way_out() {
    for program in programs() {
        let server = Server::as_the_role_does(&program, "");
        let inventory = Inventory::one(&server);
        for (words, password, id) in [
            ("--json", "wrong", "cache-wrong-password"),
            ("--json", "", "cache-no-password"),
            ("--json --cache-user registration_cache", "cachepw", "cache-no-permission"),
            ("--json --cache-user nobody", "monpw", "cache-wrong-password"),
        ] {
            let done = inventory.run(words).env("REGINFRA_CACHE_PASSWORD", password).go().code(2);
            assert_eq!(only_server(&done)["error"]["id"], id, "{words}: {done:#?}");
            assert!(!done.stderr.contains("monpw") && !done.stdout.contains("cachepw"), "{done:#?}");
        }
    }
}

/// Says something, or nothing, to whoever connects.
fn peer(says: &'static [u8]) -> (u16, std::sync::mpsc::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (keep, gone) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let Ok((mut stream, _)) = listener.accept() else { return };
        let _ = stream.write_all(says);
        // open until the test is over
        let _ = gone.recv();
        let _ = stream.read(&mut [0]);
    });
    (port, keep)
}

#[test]
fn peers_that_are_no_cache_are_rows_and_cost_the_time_of_one() {
    let (silent, _a) = peer(b"");
    let (ssh, _b) = peer(b"SSH-2.0-OpenSSH_9.2p1\r\n");
    let (cut, _c) = peer(b"$5000\r\nhalf of it");
    let ip: IpAddr = "127.0.0.1".parse().unwrap();
    let inventory = Inventory::of(&[
        ("a.example.com", ip, silent),
        ("b.example.com", ip, ssh),
        ("c.example.com", ip, cut),
        ("d.example.com", ip, free_port()),
    ]);
    let since = Instant::now();
    let done = inventory.ask("--json --cache-timeout 1").code(2).told("cache of b.example.com");
    // one after the other the two that say nothing would take as long as four time-outs and more
    assert!(since.elapsed() < Duration::from_secs(20), "{:?}", since.elapsed());
    let json = done.json();
    let ids: Vec<_> =
        json["servers"].as_array().unwrap().iter().map(|s| s["error"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["cache-timeout", "cache-not-redis", "cache-timeout", "cache-refused"]);
    fits("cache.schema.json", &json);
}

#[test]
fn an_unprotected_cache_is_read_and_told() {
    for program in programs() {
        let server = Server::start(
            &program,
            "127.0.0.1".parse().unwrap(),
            "save 3600 1\nappendonly yes\nmaxmemory 0\n",
        );
        let inventory = Inventory::one(&server);
        let found = only_server(&inventory.ask("--json").code(0));
        let ids = finding_ids(&found);
        for id in
            ["cache-open", "cache-login-refused", "cache-unused", "cache-no-memory-limit", "cache-on-disk"]
        {
            assert!(ids.contains(&id), "{id}: {ids:?} {}", program.display());
        }
        let modern = !found["server"]["version"].as_str().unwrap().starts_with("6.");
        assert_eq!(ids.contains(&"cache-protected-mode"), modern, "{found}");
    }
}

#[test]
fn memory_that_is_full_is_told_by_its_policy() {
    for program in programs() {
        for (policy, id) in [("allkeys-lru", "cache-evictions"), ("noeviction", "cache-full-noeviction")] {
            let server =
                Server::as_the_role_does(&program, &format!("maxmemory 3mb\nmaxmemory-policy {policy}\n"));
            let mut capsule = server.capsule("cap1");
            let value = "x".repeat(20_000);
            (0..400).for_each(|i| drop(capsule.ask(&format!("SET key{i} {value}"))));
            let found = only_server(&Inventory::one(&server).ask("--json").code(0));
            assert!(finding_ids(&found).contains(&id), "{id}: {found}");
        }
    }
}

#[test]
fn protected_mode_refuses_us_as_it_refuses_capsules() {
    // no packet is sent: the system only says which address it would use
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    let own = socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr()).map(|a| a.ip());
    let Some(own) = own.ok().filter(|ip| !ip.is_loopback() && !ip.is_unspecified()) else {
        skip("this machine has no address but loopback: protected mode was not seen refusing");
        return;
    };
    for program in programs() {
        let server = Server::start(&program, own, "save \"\"\n");
        let done = Inventory::one(&server).ask("--json");
        let found = only_server(&done);
        if found["error"].is_null() {
            // an explicit bind was enough before Redis 7
            assert!(found["server"]["version"].as_str().unwrap().starts_with("6."), "{found}");
            continue;
        }
        assert_eq!(found["error"]["id"], "cache-protected-mode", "{found}");
        done.code(2).told("user default off");
    }
}

#[test]
fn an_inventory_without_load_balancers_is_nothing_to_ask() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inventory.ini");
    fs::write(&path, "[satellite6]\nsat\n").unwrap();
    Run::new("cache -i").arg(&path).go().code(3).told("[capsule_lbs]").says_nothing_on_stdout();
}
