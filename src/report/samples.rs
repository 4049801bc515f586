//! An answer and sessions made up for tests of what is written.

use crate::cache::snapshot::{Counters, Latency, Login, Memory, Server, Snapshot};
use crate::cache::{CacheError, CacheRow, Endpoint};
use crate::inventory::Topology;
use crate::metrics::answer::*;
use crate::registration::session::*;
use crate::timestamp::{Timestamp, UtcOffset};
use std::collections::BTreeMap;

const START: Timestamp = Timestamp::from_secs(1_775_296_800);

fn timing(count: u64, base: f64) -> Distribution {
    let at = |factor: f64| Some((base * factor).round());
    Distribution {
        count,
        min: at(0.31),
        avg: Some(base * 1.1037),
        p50: at(1.0),
        p90: at(1.9),
        p95: at(2.4),
        p99: at(4.1),
        max: at(7.3),
        evidence: Evidence::Exact,
    }
}

fn calls(count: u64, avg: f64, evidence: Evidence) -> Distribution {
    Distribution { count, avg: Some(avg), evidence, ..Distribution::default() }
}

fn map(entries: &[(&str, u64)]) -> BTreeMap<String, u64> {
    entries.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect()
}

fn group(group: Option<Group>, sessions: u64, base: f64, polls: f64) -> GroupAnswer {
    let good = sessions * 97 / 100;
    let failed = sessions - good;
    let keyed = group != Some(Group::Unknown);
    let mut metrics = BTreeMap::new();
    if keyed {
        metrics.insert(Metric::ConsumerCreateMs, timing(good, base));
        metrics.insert(
            Metric::ScriptFetchMs,
            Distribution { evidence: Evidence::Inferred, ..timing(good / 2, base / 4.0) },
        );
        metrics.insert(Metric::HostRegisterMs, timing(good, base * 1.7));
        metrics.insert(Metric::FactUpdateMs, timing(good, base * 0.6));
        metrics.insert(Metric::CreateAndFactsMs, timing(good, base * 1.6));
        metrics.insert(Metric::ComplianceCalls, calls(good, polls, Evidence::Exact));
        metrics.insert(Metric::StatusCalls, calls(good, 11.04, Evidence::Inferred));
        metrics.insert(Metric::RedundantConsumerGets, calls(good, 4.0, Evidence::Exact));
        metrics.insert(Metric::ScriptFetches, calls(good, 0.52, Evidence::Inferred));
    }
    GroupAnswer {
        group,
        session_count: sessions,
        error_count: failed,
        error_breakdown: [(ErrorClass::Server, failed / 2), (ErrorClass::NoResponse, failed - failed / 2)]
            .into_iter()
            .filter(|(_, n)| *n > 0)
            .collect(),
        cut_count: u64::from(group.is_none()),
        window_start: Some(START),
        window_end: Some(START.plus_ms(309_000)),
        metrics,
        compliance_calls_polling: if polls > 1.0 {
            calls(good * 2 / 3, polls * 1.5, Evidence::Exact)
        } else {
            Distribution::default()
        },
        failed_create_ms: if failed > 1 { timing(failed / 2, 29_000.0) } else { Distribution::default() },
        client_os: map(&[("rhel-8", sessions / 3), ("rhel-9", sessions - sessions / 3 - 1), ("unknown", 1)]),
        way_in: if keyed { map(&[("url", good), ("address", failed)]) } else { map(&[("none", sessions)]) },
    }
}

/// An answer with something in every corner.
pub fn answer() -> Answer {
    let source = |name: &str, compression: &str, lines: u64, skipped: Option<&str>| SourceAnswer {
        path: format!("/var/log/foreman/{name}"),
        layout: if skipped.is_some() { "unknown" } else { "multiline_request_pattern" }.into(),
        compression: compression.into(),
        lines,
        bytes: lines * 110,
        first: Some(START),
        last: Some(START.plus_ms(600_000)),
        skipped: skipped.map(str::to_owned),
    };
    Answer {
        capsules: Vec::new(),
        pools: Vec::new(),
        sources: vec![
            source("production.log", "none", 1_234_567, None),
            source("production.log-20260403.gz", "gzip", 2_345_678, None),
            source("production.log-20260402.gz", "gzip", 2_245_678, None),
            source("cron.log", "none", 12, Some("no known layout in its first 64 kB")),
        ],
        window: Some((START, START.plus_ms(1_200_000))),
        utc_offsets: vec![UtcOffset(3600), UtcOffset(7200)],
        coverage: coverage(),
        attribution: Attribution { exact: 24_400, inferred: 3_120, unattributed: 12 },
        background: Background {
            keyed_requests: 310_000,
            consumers: 8_000,
            status_calls: 1_200,
            host_registers: 4,
            other_requests: 56_000,
        },
        groups: vec![
            group(Some(Group::SatelliteSsh), 200, 1_234.0, 1.0),
            group(Some(Group::CapsuleMqtt), 50, 980.0, 0.0),
            group(Some(Group::LbSsh), 12_345, 2_345.0, 12.34),
            group(Some(Group::Unknown), 3, 0.0, 0.0),
            group(None, 12_598, 2_301.0, 12.08),
        ],
        failures: vec![FailureSample {
            class: ErrorClass::Server,
            started_at: START,
            host: Some("host000001.example.com".into()),
            lines: vec![
                "RestClient::InternalServerError: \u{1b}[31m500".into(),
                "Completed 500 Internal Server Error in 812ms".into(),
            ],
        }],
        cache: Some(caches()),
        archive: None,
        hosts: hosts(),
        notes: vec![
            "Without an inventory standalone and load-balanced capsules look alike: -i INVENTORY tells them apart."
                .into(),
        ],
    }
}

fn coverage() -> Coverage {
    Coverage {
        complete: false,
        lines_read: 5_825_935,
        lines_parsed: 5_825_900,
        lines_skipped: map(&[("blank", 12), ("no known layout", 23)]),
        skipped_samples: vec![
            "/var/log/foreman/production.log:812: => Booting Puma".into(),
            "/var/log/foreman/production.log:813: * Listening on \u{1b}[31munix:///run/foreman.sock".into(),
        ],
        lines_cut: 1,
        requests_matched: 1_456_789,
        requests_orphaned: 3,
        requests_cut: 2,
        requests_unanswered: 7,
        lines_lost: 12,
        lines_doubled: 0,
        requests_doubled: 0,
        unreadable: vec!["/var/log/foreman/production.log-20260401.gz: unexpected end of file".into()],
    }
}

fn hosts() -> Vec<HostAnswer> {
    vec![
        HostAnswer {
            name: "sat.example.com".into(),
            role: "satellite",
            status: "read",
            reason: None,
            error: None,
            way_out: None,
            files: 3,
            bytes: 640_000_000,
            left: Some(
                "--max-size: the oldest 1.2 GB were left on the host: production.log-20260401.gz".into(),
            ),
        },
        HostAnswer {
            name: "sat2.example.com".into(),
            role: "satellite",
            status: "failed",
            reason: Some("refused"),
            error: Some("ssh: connect to host sat2.example.com port 22: Connection refused".into()),
            way_out: Some("check that sshd runs there, and ansible_host and ansible_port".into()),
            files: 0,
            bytes: 0,
            left: None,
        },
    ]
}

/// An answer to which nothing contributed.
pub fn empty() -> Answer {
    Answer {
        capsules: Vec::new(),
        pools: Vec::new(),
        sources: Vec::new(),
        window: None,
        utc_offsets: Vec::new(),
        coverage: Coverage::default(),
        attribution: Attribution::default(),
        background: Background::default(),
        groups: Vec::new(),
        failures: Vec::new(),
        cache: None,
        archive: None,
        hosts: Vec::new(),
        notes: Vec::new(),
    }
}

/// A whole session, a failed attempt that got no consumer, and one that was never answered.
pub fn sessions() -> (Vec<Session>, Names) {
    let mut names = Names::default();
    let good = Session {
        uuid: Uuid(0x8d1c_2f60_1f5e_4a3b_9a57_0c3b_8f1f_2d11),
        started_at: START,
        ended_at: START.plus_ms(20_000),
        host: names.intern("host1.example.com"),
        capsule: names.intern("capsule1.example.com"),
        client_os: names.intern("rhel-9"),
        create_status: 200,
        attempt: 2,
        consumer_create: Ms::some(2345),
        host_register: Ms::some(4000),
        fact_update: Ms::some(450),
        compliance_calls: 12,
        status_calls: 11,
        redundant_consumer_gets: 4,
        group: Group::LbSsh,
        group_evidence: Evidence::Exact,
        way_in: Some(WayIn::Url),
        ..Session::default()
    };
    let failed = Session {
        started_at: START.plus_ms(1),
        ended_at: START.plus_ms(30_001),
        create_status: 503,
        attempt: 1,
        status_calls: Session::NO_COUNT,
        error: Some(ErrorClass::Server),
        ..Session::default()
    };
    let unanswered = Session {
        started_at: START.plus_ms(2500),
        host: names.intern("host2.example.com"),
        attempt: 1,
        status_calls: Session::NO_COUNT,
        group: Group::SatelliteSsh,
        group_evidence: Evidence::Exact,
        way_in: Some(WayIn::Address),
        error: Some(ErrorClass::NoResponse),
        ..Session::default()
    };
    (vec![good, failed, unanswered], names)
}

/// Two caches: one that works with a word to say, one that lets nobody in.
pub fn caches() -> Vec<CacheRow> {
    let endpoint = |name: &str, host: &str| Endpoint {
        load_balancer: name.into(),
        location: Some("brno".into()),
        pool: vec!["cap1.example.com".into(), "cap2.example.com".into()],
        host: host.into(),
        port: 6379,
        user: "registration_cache_monitor".into(),
        password: None,
        authorities: None,
        through: None,
    };
    let counters = |hits, misses| Counters {
        hits: Some(hits),
        misses: Some(misses),
        evicted_keys: Some(3),
        expired_keys: Some(41),
        rejected_connections: Some(0),
        connections: Some(812),
    };
    let before = Snapshot {
        taken_at: START,
        server: Server { run_id: Some("d5225e53".into()), ..Server::default() },
        counters: counters(40_000, 1_200),
        ..Snapshot::default()
    };
    let client = "id=7 addr=10.0.0.7:39518 name=cap1.example.com cmd=get user=registration_cache";
    let now = Snapshot {
        taken_at: START.plus_ms(900_000),
        server: Server {
            software: Some("valkey".into()),
            version: Some("8.1.1".into()),
            run_id: Some("d5225e53".into()),
            uptime_s: Some(86_400),
        },
        counters: counters(55_000, 1_345),
        memory: Memory {
            used: Some(12_700_000),
            not_counted: Some(0),
            max: Some(64 << 20),
            policy: Some("allkeys-lru".into()),
        },
        keys: Some(120),
        keys_with_expiry: Some(120),
        connected_clients: Some(7),
        save: Some(String::new()),
        appendonly: Some(false),
        protected_mode: Some(true),
        latency: Latency::of(vec![180, 190, 260, 310, 900]),
        clients: Some(crate::cache::text::parse_client_list(client)),
        login: Login { user: Some("registration_cache_monitor".into()), open: Some(false), refused: None },
        unread: vec!["CONFIG GET save: refuses a command: NOPERM \u{1b}[31m".into()],
    };
    let denied =
        CacheError::of_reply("DENIED Redis is running in protected mode because protected mode is enabled");
    let topology = Topology::default();
    vec![
        CacheRow::of(&endpoint("lb1.example.com", "10.0.0.5"), Ok(now), &topology, Some(&before)),
        CacheRow::of(&endpoint("lb2.example.com", "2001:db8::5"), Err(denied), &topology, None),
    ]
}
