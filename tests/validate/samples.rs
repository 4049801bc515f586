//! Configurations of real systems: read where they lie beside the project, and judged as they were seen.

use crate::support::{Run, skip};
use std::collections::BTreeSet;
use std::path::PathBuf;

fn sample(name: &str) -> Option<PathBuf> {
    let top = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = top.ancestors().map(|a| a.join("shared/samples"));
    let found = places.map(|p| p.join(name)).find(|p| p.exists());
    if found.is_none() {
        skip("no samples of real systems beside the project: configurations of others were NOT read");
    }
    found
}

fn rules(name: &str, words: &str) -> Option<BTreeSet<String>> {
    let path = sample(name)?;
    let json = Run::new("validate --haproxy none --format json").words(words).arg(path).go().json();
    Some(
        json["findings"].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap().to_owned()).collect(),
    )
}

#[test]
fn the_products_example_with_two_frontends_on_9090() {
    let Some(found) = rules("haproxycfg/rhel9-notes-haproxy.cfg.txt", "") else { return };
    for rule in ["bind-twice", "check-tcp-only", "registration-timeout-low"] {
        assert!(found.contains(rule), "{rule}: {found:?}");
    }
    for rule in [
        "registration-missing",
        "https-not-sticky",
        "wrong-server-port",
        "timeout-missing",
        "haproxy-unread",
        "backend-empty",
    ] {
        assert!(!found.contains(rule), "{rule}: {found:?}");
    }
}

#[test]
fn robottelos_load_balancer() {
    let Some(found) = rules("haproxycfg/robottelo-haproxy.cfg.txt", "") else { return };
    for rule in ["stats-open", "check-tcp-only", "redispatch-missing", "registration-timeout-low"] {
        assert!(found.contains(rule), "{rule}: {found:?}");
    }
    for rule in
        ["registration-missing", "https-not-sticky", "bind-twice", "passthrough-mode-http", "server-twice"]
    {
        assert!(!found.contains(rule), "{rule}: {found:?}");
    }
}

#[test]
fn smart_proxys_own_example() {
    let Some(found) = rules("regyml/smart-proxy-example.txt", "--kind registration") else { return };
    assert_eq!(found, BTreeSet::from(["registration-disabled".to_owned()]));
}
