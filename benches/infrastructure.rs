//! How long `reginfra render` takes for 500 capsules, beside reading their inventory.
#![allow(missing_docs, clippy::expect_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use reginfra::inventory::Inventory;
use reginfra::render::{Part, Request, Target, render};
use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;

const CAPSULES: usize = 500;

/// Capsules in as many locations as there are load balancers.
fn hosts(balancers: usize) -> String {
    let mut text = "[satellite6]\nsat.example.com private_ip=10.0.0.1\n\n[capsules]\n".to_owned();
    for n in 0..CAPSULES {
        let (net, host) = (n / 200, n % 200);
        writeln!(text, "cap{n:03}.example.com private_ip=10.1.{net}.{host}").expect("text");
    }
    text.push_str("\n[capsule_lbs]\n");
    for n in 0..balancers {
        writeln!(text, "lb{n}.example.com private_ip=10.2.0.{n}").expect("text");
    }
    for location in 0..balancers {
        writeln!(text, "\n[location_l{location}]\nlb{location}.example.com").expect("text");
        for n in (location..CAPSULES).step_by(balancers) {
            writeln!(text, "cap{n:03}.example.com").expect("text");
        }
    }
    text.push_str(
        "\n[all:vars]\nregistration_cache_password=secret\nregistration_cache_monitor_password=watching\n",
    );
    text
}

fn inventory(text: &str) -> Inventory {
    Inventory::parse(text, Path::new("hosts.ini")).expect("an inventory")
}

fn rendering(c: &mut Criterion) {
    let mut group = c.benchmark_group("500 capsules");
    group.sample_size(20);
    for balancers in [1, 10] {
        let text = hosts(balancers);
        group.bench_function(format!("{balancers} load balancers: reading the inventory"), |b| {
            b.iter(|| inventory(black_box(&text)).hosts().len());
        });
        for part in Part::ALL {
            group.bench_function(
                format!("{balancers} load balancers: reading it and {}", part.role()),
                |b| {
                    b.iter(|| {
                        let request = Request::new(part, Target::El9);
                        render(&inventory(black_box(&text)), &request).expect("files").files.len()
                    });
                },
            );
        }
    }
    group.finish();
}

criterion_group!(benches, rendering);
criterion_main!(benches);
