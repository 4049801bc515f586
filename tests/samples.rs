//! Lines that real systems wrote: each file is read as the table says, or skipped for the reason that it gives.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use support::{Run, skip};

/// What a file must give.
#[derive(Clone, Copy)]
enum Want {
    /// Requests: matched, orphaned (Completed without Started), cut (no Completed before the end); lines not understood.
    Read(u64, u64, u64, u64),
    /// Nothing of it is used; the layout that it is called.
    Skipped(&'static str),
}

use Want::{Read, Skipped};

const NO_ID: &str = "pattern without request id";
const SESSION_ID: &str = "pattern with session id";
const OTHER: &str = "journal of another program";
const UNKNOWN: &str = "unknown";
const PROXY: &str = "proxy.log";

const SAMPLES: [(&str, Want); 60] = [
    ("production/bash-const-2021-settings.txt", Read(0, 0, 0, 0)),
    ("production/candlepin-log-2016.txt", Skipped(UNKNOWN)),
    ("production/fog-proxmox-185-dup.txt", Read(0, 1, 0, 0)),
    ("production/fog-proxmox-185-head-cut.txt", Read(0, 0, 1, 0)),
    ("production/fog-proxmox-219-500.txt", Read(0, 1, 0, 0)),
    ("production/fog-proxmox-225-broken-params.txt", Read(0, 0, 0, 1)),
    ("production/foreman-installer-log-2024.txt", Skipped(UNKNOWN)),
    ("production/foreman-pr10946-registration-logger.txt", Skipped(UNKNOWN)),
    ("production/foreman-pr5237-journal-ja-locale.txt", Read(0, 1, 0, 0)),
    ("production/foreman-pr7220-action-failed.txt", Read(0, 0, 0, 0)),
    ("production/foreman-tasks-pr671-bac.txt", Read(0, 0, 0, 1)),
    ("production/foreman_azure_rm-4-2017.txt", Skipped(SESSION_ID)),
    ("production/foreman_azure_rm-4-facts-2017.txt", Skipped(SESSION_ID)),
    ("production/foreman_discovery-297-2016-T-idfirst.txt", Skipped(SESSION_ID)),
    ("production/gist-B3DTech-2021-messages.txt", Skipped(UNKNOWN)),
    ("production/gist-andyshinn-2012-rails2.txt", Skipped(UNKNOWN)),
    ("production/gist-anonymous-2013-foreman1.3.txt", Skipped(UNKNOWN)),
    ("production/gist-ehelms-2019-sidekiq-journal.txt", Skipped(OTHER)),
    ("production/gist-fusor-2016-head.txt", Skipped(NO_ID)),
    ("production/gist-fusor-2016-interleaved.txt", Skipped(NO_ID)),
    ("production/gist-natewalck-2013-rails3.txt", Skipped(UNKNOWN)),
    ("production/gist-tek0011-2017-noid.txt", Skipped(NO_ID)),
    ("production/httpd-foreman-ssl-access-2017.txt", Skipped(UNKNOWN)),
    ("production/insights-core-2015-noid.txt", Skipped(NO_ID)),
    ("production/ji-podhead-discovery-aud.txt", Read(5, 0, 0, 0)),
    ("production/journal-quadlet-2026.txt", Read(1, 0, 0, 1)),
    ("production/katello-5char-id-2018.txt", Read(0, 1, 0, 2)),
    ("production/katello-installer-181-2015-noprefix.txt", Skipped(UNKNOWN)),
    ("production/katello-pr10315-register-via-proxy.txt", Read(0, 0, 1, 0)),
    ("production/katello-pr11727-cache-lines.txt", Skipped(UNKNOWN)),
    ("production/katello-pr11736-activate.txt", Read(0, 0, 1, 0)),
    ("production/katello-pr11736-backtrace-2026.txt", Read(0, 0, 0, 0)),
    ("production/katello-pr11736-destroy.txt", Read(0, 0, 1, 0)),
    ("production/katello-pr7026-2017-idfirst.txt", Skipped(SESSION_ID)),
    ("production/katello-pr8015-notime.txt", Skipped("no request id")),
    ("production/katello-pr9392-410.txt", Read(0, 1, 0, 0)),
    ("production/pastebin-F8RB98JC-2017.txt", Skipped(SESSION_ID)),
    ("production/pastebin-PcQvarLZ-2017-tasks.txt", Skipped(SESSION_ID)),
    ("production/pastebin-ZpZKNJHx-2016.txt", Skipped(NO_ID)),
    ("production/pastebin-i0Kp6GR6-2022-messages.txt", Skipped(OTHER)),
    ("production/pastebin-kdeCAd9A-2017-sql.txt", Skipped(SESSION_ID)),
    ("production/pastebin-xQwTFPKh-2022-facet-as-HostBase.txt", Read(0, 0, 0, 0)),
    ("production/pastebin-zhvWdMrF-2016-access.txt", Skipped(UNKNOWN)),
    ("production/puppet-foreman-pr631-journal-syspattern.txt", Read(0, 0, 0, 1)),
    ("production/rails2-ansi-2010.txt", Skipped(UNKNOWN)),
    ("production/rails8-completed-queries.txt", Skipped(UNKNOWN)),
    ("production/robottelo-12142-level-word.txt", Read(0, 0, 0, 0)),
    ("production/satperf-grep-2021.txt", Read(1, 0, 0, 0)),
    ("proxy/foreman-pr9361-noid.txt", Skipped(PROXY)),
    ("proxy/insights-core-2016-clf.txt", Skipped(UNKNOWN)),
    ("proxy/metasploit-10752-2018-ssl.txt", Skipped(UNKNOWN)),
    ("proxy/pastebin-QsikFQz1-2019.txt", Skipped(PROXY)),
    ("proxy/pastebin-njquJ6KX-2019-journal.txt", Skipped("capsule journal text")),
    ("proxy/pastebin-p8hkV3U9-2020-dynflow-core.txt", Skipped(UNKNOWN)),
    ("proxy/puppet-foreman_proxy-742-dynflow.txt", Skipped(PROXY)),
    ("proxy/smart-proxy-282-windows-2015.txt", Skipped(UNKNOWN)),
    ("proxy/smart-proxy-292-2015.txt", Skipped(UNKNOWN)),
    ("proxy/smart-proxy-339-2015.txt", Skipped(UNKNOWN)),
    ("proxy/smart-proxy-409-2016-ruby-logger.txt", Skipped(UNKNOWN)),
    ("proxy/smart-proxy-882-2023-realm.txt", Skipped(PROXY)),
];

/// The one sample that holds a create; it has no Completed line.
const CREATE: &str = "production/katello-pr11736-activate.txt";

fn samples() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples");
    if folder.is_dir() {
        return Some(folder);
    }
    skip("../shared/samples is not there: lines of real systems were NOT read");
    None
}

#[test]
fn every_sample_is_in_the_table() {
    let Some(folder) = samples() else { return };
    let mut there = BTreeSet::new();
    for part in ["production", "proxy"] {
        for entry in std::fs::read_dir(folder.join(part)).unwrap() {
            there.insert(format!("{part}/{}", entry.unwrap().file_name().into_string().unwrap()));
        }
    }
    let listed: BTreeSet<String> = SAMPLES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(there, listed);
}

#[test]
fn every_sample_is_read_right_or_skipped_for_a_reason() {
    let Some(folder) = samples() else { return };
    for (name, want) in SAMPLES {
        let done = Run::new("metrics --json --log").arg(folder.join(name)).go();
        assert_eq!(done.code, Some(if name == CREATE { 0 } else { 3 }), "{name}: {done:#?}");
        let json = done.json();
        let source = &json["sources"][0];
        let coverage = |key: &str| json["coverage"][key].as_u64().unwrap();
        let requests = [
            coverage("requests_matched"),
            coverage("requests_orphaned"),
            coverage("requests_cut") + coverage("requests_unanswered"),
        ];
        let not_understood = coverage("lines_read") - coverage("lines_parsed");
        match want {
            Read(matched, orphaned, cut, lines) => {
                assert_eq!(requests, [matched, orphaned, cut], "{name}: {json:#}");
                assert_eq!(not_understood, lines, "{name}: {json:#}");
                assert!(source["skipped"].is_null(), "{name}: {source}");
                assert_eq!(done.stderr.contains("nothing to analyse"), name != CREATE, "{name}");
            }
            Skipped(layout) => {
                assert_eq!(requests, [0, 0, 0], "a decoy gave requests: {name}: {json:#}");
                assert_eq!(source["layout"], layout, "{name}");
                let why = source["skipped"].as_str().unwrap_or_else(|| panic!("{name}: no reason"));
                assert!(done.stderr.contains(name) && done.stderr.contains(why), "{name}: {done:#?}");
            }
        }
        assert_eq!(
            json["groups"].as_array().unwrap().iter().filter(|g| g["session_count"] != 0).count(),
            0,
            "{name}"
        );
        // what was not understood is counted by reason, with samples
        let by_reason: u64 = json["coverage"]["lines_skipped"]
            .as_object()
            .unwrap()
            .values()
            .map(|n| n.as_u64().unwrap())
            .sum();
        assert_eq!(by_reason, not_understood, "{name}");
        let shown = json["coverage"]["skipped_samples"].as_array().unwrap().len();
        assert_eq!(shown > 0, not_understood > 0, "{name}");
    }
}

#[test]
fn a_line_that_is_not_understood_is_shown_with_its_number() {
    let Some(folder) = samples() else { return };
    let path = folder.join("production/foreman-tasks-pr671-bac.txt");
    let json = Run::new("metrics --json --log").arg(&path).go().json();
    let shown = format!("{}:5: -----B<-----SNIP-----B<-----", path.display());
    assert_eq!(json["coverage"]["skipped_samples"], serde_json::json!([shown]));
}

#[test]
fn all_samples_together_hold_no_registration_but_the_one() {
    let Some(folder) = samples() else { return };
    let files = SAMPLES.map(|(name, _)| folder.join(name));
    let done = Run::new("metrics --json --log").args(files).go().code(0);
    let json = done.json();
    assert_eq!(json["sources"].as_array().unwrap().len(), SAMPLES.len());
    let all = json["groups"].as_array().unwrap().iter().find(|g| g["group"] == "all").unwrap();
    let seen = all["session_count"].as_u64().unwrap() + all["cut_count"].as_u64().unwrap();
    assert_eq!(seen, 1);
}

#[test]
fn a_doubled_block_whose_start_is_cut_off_is_one_orphan() {
    let Some(folder) = samples() else { return };
    let done = Run::new("metrics --json --log").arg(folder.join("production/fog-proxmox-185-dup.txt")).go();
    let json = done.json();
    assert_eq!(json["coverage"]["requests_orphaned"], 1);
    assert_eq!(json["coverage"]["requests_doubled"], 1);
}
