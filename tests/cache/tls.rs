//! Caches that speak TLS, with an authority of the test's own.

use super::server::{Server, on_path, programs};
use super::support::{Done, skip};
use super::{Inventory, finding_ids, fits};
use serde_json::Value;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An authority and certificates of it, in a folder.
struct Authority(tempfile::TempDir);

impl Authority {
    /// None, loudly, without openssl.
    fn new() -> Option<Self> {
        if on_path("openssl").is_none() {
            skip("openssl is not there: caches were NOT asked over TLS");
            return None;
        }
        let authority = Self(tempfile::tempdir().unwrap());
        authority.openssl(
            "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem",
        );
        Some(authority)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    #[track_caller]
    fn openssl(&self, words: &str) {
        let out = Command::new("openssl").args(words.split(' ')).current_dir(self.0.path()).output().unwrap();
        assert!(out.status.success(), "{words}: {out:?}");
    }

    /// A server's configuration, with a certificate for these names.
    fn settings(&self, name: &str, alternatives: &str) -> String {
        fs::write(self.path("names"), format!("subjectAltName={alternatives}\n")).unwrap();
        self.openssl(&format!(
            "req -newkey rsa:2048 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr"
        ));
        self.openssl(&format!(
            "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out {name}.pem"
        ));
        self.served(name)
    }

    /// The same with one that signed itself, as openssl makes it: marked as an authority.
    fn own(&self, name: &str, alternatives: &str) -> String {
        self.openssl(&format!(
            "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name} -addext subjectAltName={alternatives} \
             -keyout {name}.key -out {name}.pem"
        ));
        self.served(name)
    }

    fn served(&self, name: &str) -> String {
        format!(
            "port 0\ntls-port PORT\ntls-auth-clients no\ntls-cert-file {}\ntls-key-file {}\ntls-ca-cert-file {}\n",
            self.path(&format!("{name}.pem")).display(),
            self.path(&format!("{name}.key")).display(),
            self.path("ca.pem").display()
        )
    }
}

/// Whether the program was built with TLS: others refuse the setting.
fn speaks_tls(program: &Path) -> bool {
    let real = fs::canonicalize(program).unwrap();
    let speaks = fs::read(real).unwrap().windows(10).any(|w| w == b"libssl.so.");
    if !speaks {
        skip(&format!("{} was built without TLS: it was NOT asked over TLS", program.display()));
    }
    speaks
}

/// The error's name of a load balancer's row, and null where it was read.
fn error_of(done: &Done, name: &str) -> Value {
    let json = done.json();
    fits("cache.schema.json", &json);
    let servers = json["servers"].as_array().unwrap();
    let server = servers.iter().find(|s| s["load_balancer"] == name);
    server.unwrap_or_else(|| panic!("{json}"))["error"]["id"].clone()
}

#[test]
fn a_cache_that_speaks_tls_is_read_where_its_authority_is_known() {
    let Some(authority) = Authority::new() else { return };
    for program in programs().into_iter().filter(|p| speaks_tls(p)) {
        // for the name, and for the address
        for (name, alternatives) in [("lb.example.com", "DNS:lb.example.com"), ("address", "IP:127.0.0.1")] {
            let server = Server::as_the_role_does(&program, &authority.settings(name, alternatives));
            let inventory = Inventory::one(&server);
            let ca = format!("--cache-ca-file {}", authority.path("ca.pem").display());
            let done = inventory.ask(&format!("--json --cache-tls {ca}")).code(0).says_nothing_on_stderr();
            let found = super::only_server(&done);
            assert_eq!(found["error"], Value::Null, "{found}");
            assert_eq!(found["memory"]["max_bytes"], 64 << 20);
            assert!(!finding_ids(&found).contains(&"cache-open"), "{found}");
            // as the role's variable says
            let text = fs::read_to_string(inventory.path("inventory.ini")).unwrap();
            let text = format!("{text}[capsule_lbs:vars]\nregistration_cache_tls=true\n");
            fs::write(inventory.path("inventory.ini"), text).unwrap();
            inventory.ask(&ca).code(0);
        }
    }
}

#[test]
fn what_keeps_tls_from_coming_about_is_told_and_the_others_are_answered() {
    let Some(authority) = Authority::new() else { return };
    for program in programs().into_iter().filter(|p| speaks_tls(p)) {
        let good = Server::as_the_role_does(&program, &authority.settings("good", "IP:127.0.0.1"));
        let other = Server::as_the_role_does(&program, &authority.settings("other", "DNS:other.example.com"));
        let plain = Server::as_the_role_does(&program, "");
        let ip: IpAddr = good.ip;
        let inventory = Inventory::of(&[
            ("lb.example.com", ip, good.port),
            ("lb2.example.com", ip, other.port),
            ("lb3.example.com", ip, plain.port),
        ]);
        let ca = format!("--cache-ca-file {}", authority.path("ca.pem").display());
        let done = inventory.ask(&format!("--json --cache-timeout 3 --cache-tls {ca}")).code(0);
        assert_eq!(error_of(&done, "lb.example.com"), Value::Null, "{done:#?}");
        assert_eq!(error_of(&done, "lb2.example.com"), "cache-tls", "{done:#?}");
        // one without TLS waits for more
        assert_eq!(error_of(&done, "lb3.example.com"), "cache-tls", "{done:#?}");
        let done = done.told("cache of lb2.example.com").told("not valid for name");
        done.told("no answer in 3 s; it may not speak TLS")
            .told("without TLS at the cache leave out --cache-tls");

        // an authority that nobody knows
        let done = Inventory::one(&good).ask("--json --cache-timeout 3 --cache-tls").code(2);
        assert_eq!(error_of(&done, "lb.example.com"), "cache-tls", "{done:#?}");
        done.told("--cache-ca-file").told("ertificate");
        // TLS that nobody asked for
        let done = Inventory::one(&good).ask("--json --cache-timeout 3").code(2).told("--cache-tls");
        assert_ne!(error_of(&done, "lb.example.com"), Value::Null, "{done:#?}");
    }
}

#[test]
fn a_certificate_that_signed_itself_may_be_given_as_its_own_authority() {
    let Some(authority) = Authority::new() else { return };
    for program in programs().into_iter().filter(|p| speaks_tls(p)) {
        let own = Server::as_the_role_does(&program, &authority.own("own", "IP:127.0.0.1"));
        let other = Server::as_the_role_does(&program, &authority.own("other", "DNS:other.example.com"));
        let ask = |server: &Server, ca: &str| {
            let ca = authority.path(ca);
            let words = format!("--json --cache-tls --cache-ca-file {}", ca.display());
            Inventory::one(server).ask(&words)
        };
        let done = ask(&own, "own.pem").code(0).says_nothing_on_stderr();
        assert_eq!(error_of(&done, "lb.example.com"), Value::Null, "{done:#?}");
        // for another name, and one that nobody knows
        let done = ask(&other, "other.pem").code(2).told("not valid for name");
        assert_eq!(error_of(&done, "lb.example.com"), "cache-tls", "{done:#?}");
        let done = ask(&own, "other.pem").code(2).told("UnknownIssuer");
        assert_eq!(error_of(&done, "lb.example.com"), "cache-tls", "{done:#?}");
    }
}
