//! Where the time of `reginfra metrics` goes, stage by stage, on a storm of 3,000 registrations made for it.
#![allow(missing_docs, clippy::expect_used)]

use clap::Parser;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use reginfra::cli::{Cli, Command};
use reginfra::log::assemble::{Assembler, Block};
use reginfra::log::line;
use reginfra::metrics::measure;
use reginfra::registration::correlate::Correlator;
use reginfra::registration::finish::{Window, finish};
use reginfra::registration::join::Joiner;
use std::hint::black_box;

const BLOCK: usize = 4 << 20;

fn storm() -> Vec<u8> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("storm");
    let words = [
        "reginfra",
        "simulate",
        path.to_str().expect("UTF-8"),
        "--sessions",
        "3000",
        "--rate",
        "40",
        "--noise",
        "3",
    ];
    let Command::Simulate(args) = Cli::parse_from(words).command else { unreachable!() };
    reginfra::command::simulate::run(&args).expect("a storm");
    std::fs::read(path.join("production.log")).expect("its log")
}

fn blocks(log: &[u8]) -> Vec<Block> {
    let mut assembler = Assembler::new(None);
    let mut blocks = Vec::new();
    let mut size = 0;
    for line in log.split(|b| *b == b'\n') {
        assembler.line(line);
        size += line.len() + 1;
        if size >= BLOCK {
            blocks.push(assembler.finish(Vec::new()));
            size = 0;
        }
    }
    blocks.push(assembler.finish(Vec::new()));
    blocks
}

fn joined(blocks: Vec<Block>) -> (Correlator, reginfra::registration::join::JoinCounts) {
    let (mut joiner, mut correlator) = (Joiner::default(), Correlator::default());
    for block in blocks {
        joiner.block(block, &mut correlator);
    }
    let counts = joiner.finish(&mut correlator);
    (correlator, counts)
}

fn stages(c: &mut Criterion) {
    let log = storm();
    let mut group = c.benchmark_group("stages");
    group.sample_size(10).throughput(Throughput::Bytes(log.len() as u64));
    group.bench_function("1 lines", |b| b.iter(|| memchr::memchr_iter(b'\n', black_box(&log)).count()));
    group.bench_function("2 prefixes", |b| {
        b.iter(|| log.split(|b| *b == b'\n').filter(|l| line::split(l).is_ok()).count());
    });
    group.bench_function("3 requests of blocks", |b| b.iter(|| blocks(black_box(&log)).len()));
    group.bench_function("4 sessions", |b| {
        b.iter_with_setup(|| blocks(&log), |blocks| joined(blocks).1.matched)
    });
    group.bench_function("5 ways in, attempts, status calls", |b| {
        b.iter_with_setup(|| joined(blocks(&log)), |(c, n)| finish(c, n, None, Window::ALL).sessions.len());
    });
    let (correlator, counts) = joined(blocks(&log));
    let registrations = finish(correlator, counts, None, Window::ALL);
    group.bench_function("6 figures", |b| b.iter(|| measure::groups(black_box(&registrations)).len()));
    group.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);
