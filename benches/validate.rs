//! `reginfra validate` on a pool of 500 capsules: the set of HAProxy's files, the cache, the inventory; beside it what
//! reading the same bytes line by line takes.
#![allow(missing_docs, clippy::expect_used)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use reginfra::inventory::Inventory;
use reginfra::validate::collect::{Set, take_facts};
use reginfra::validate::{Input, Origin, Settings, SourceFile, Target, check};
use std::collections::HashMap;
use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;

const CAPSULES: usize = 500;

fn inventory() -> String {
    let mut text = "[satellite6]\nsat.example.com private_ip=192.0.2.1\n[capsule_lbs]\nlb.example.com private_ip=192.0.2.2 \
                    location=brno\n[capsules]\n"
        .to_owned();
    for n in 0..CAPSULES {
        let _ =
            writeln!(text, "cap{n}.example.com private_ip=198.18.{}.{} location=brno", n / 250, n % 250 + 1);
    }
    text
}

/// Every service of the documentation, checked and with an unchecked twin where registrations come in.
fn haproxy() -> String {
    let mut text = "global\n    maxconn 600000\ndefaults\n    mode tcp\n    option redispatch 1\n    timeout connect 10s\n    \
                    timeout queue 5m\n    timeout check 10s\n    timeout client 5m\n    timeout server 5m\n"
        .to_owned();
    for (name, port, to) in [
        ("http", 80, 80),
        ("https", 443, 443),
        ("templates", 8000, 8000),
        ("puppet", 8140, 8140),
        ("puppet_ca", 8141, 8140),
        ("registration", 9090, 9090),
        ("unchecked", 0, 9090),
    ] {
        if port > 0 {
            let _ = writeln!(text, "frontend {name}\n    bind *:{port}");
            if port == 9090 {
                let _ =
                    writeln!(text, "    use_backend unchecked if {{ nbsrv(registration) lt {CAPSULES} }}");
            }
            let _ = writeln!(text, "    default_backend {name}");
        }
        let _ = writeln!(
            text,
            "backend {name}\n    balance {}",
            if port == 443 { "source" } else { "roundrobin" }
        );
        if port == 9090 {
            text += "    option httpchk\n    http-check send meth GET uri /features ver HTTP/1.1 hdr Host localhost\n    \
                     default-server check check-ssl verify none inter 30s fall 9999 rise 2 maxconn 500\n";
        }
        for n in 0..CAPSULES {
            let _ = writeln!(text, "    server cap{n} 198.18.{}.{}:{to}", n / 250, n % 250 + 1);
        }
    }
    text
}

const CACHE: &str = "user default off\nuser registration_cache on #0000 ~* -@all +get +set +setex\nsave \"\"\nappendonly no\n\
                     maxmemory 64mb\nmaxmemory-policy allkeys-lru\nbind 127.0.0.1 -192.0.2.2\n";

/// From bytes to findings, as the program does it.
fn validate(inventory: &str, haproxy: &str) -> usize {
    let mut input = Input::default();
    let read = Inventory::parse(inventory, Path::new("hosts.ini")).expect("an inventory");
    take_facts(&mut input, Path::new("hosts.ini"), read).expect("facts");
    let set = input.files.add(SourceFile::new("haproxy.cfg", Origin::Stdin, haproxy.into()));
    let cache = input.files.add(SourceFile::new("redis.conf", Origin::Stdin, CACHE.into()));
    input.sets = vec![Set::Haproxy(vec![set]), Set::Cache(cache, HashMap::new())];
    input.judge_inventory = true;
    let target = Some(Target::El9);
    input.parse(target);
    check(&input, &Settings { target, ..Settings::default() }, None).len()
}

fn benchmarks(c: &mut Criterion) {
    let (inventory, haproxy) = (inventory(), haproxy());
    let mut group = c.benchmark_group("validate");
    group.sample_size(20).throughput(Throughput::Bytes((inventory.len() + haproxy.len()) as u64));
    group.bench_function("1 lines (reference)", |b| {
        b.iter(|| {
            memchr::memchr_iter(b'\n', black_box(haproxy.as_bytes())).count() + inventory.lines().count()
        });
    });
    group.bench_function("2 the inventory alone", |b| {
        b.iter(|| {
            Inventory::parse(black_box(&inventory), Path::new("hosts.ini"))
                .expect("an inventory")
                .hosts()
                .len()
        });
    });
    group.bench_function("3 500 capsules", |b| {
        b.iter(|| validate(black_box(&inventory), black_box(&haproxy)))
    });
    group.finish();
    assert_eq!(validate(&inventory, &haproxy), 0, "the pool is right, and the figures are of a right one");
}

criterion_group!(benches, benchmarks);
criterion_main!(benches);
