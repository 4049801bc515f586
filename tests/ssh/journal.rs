//! Satellites in containers: a journal that systemd's own tools wrote and read, over SSH.

use crate::server::{Lab, Options, which};
use crate::support::{Answer, Storm};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};

/// Writes a journal file from units' `-o json` lines with systemd's own program; none, loudly, where it is not there.
pub fn journal(units: &[(&str, &str)], file: &Path) -> Option<()> {
    let program = ["/usr/lib/systemd/systemd-journal-remote", "/lib/systemd/systemd-journal-remote"]
        .map(PathBuf::from)
        .into_iter()
        .find(|p| p.exists());
    let (Some(program), true) = (program, which("journalctl").is_absolute()) else {
        crate::support::skip("systemd-journal-remote or journalctl is not there: journals were NOT tested");
        return None;
    };
    let mut child = Command::new(program)
        .arg("-o")
        .arg(file)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for (unit, lines) in units {
        stdin.write_all(&exported(lines, unit)).unwrap();
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
    Some(())
}

/// The journal's export format: a field a line, entries apart by an empty one.
fn exported(lines: &str, own: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for line in lines.lines() {
        let entry: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
        let time = entry["__REALTIME_TIMESTAMP"].as_str().unwrap();
        writeln!(out, "__REALTIME_TIMESTAMP={time}\n__MONOTONIC_TIMESTAMP={time}").unwrap();
        writeln!(out, "_BOOT_ID=0123456789abcdef0123456789abcdef").unwrap();
        let mut unit = false;
        for (key, value) in &entry {
            if key.starts_with("__") || key == "_BOOT_ID" {
                continue;
            }
            unit |= key.ends_with("SYSTEMD_UNIT");
            let text = value.as_str().unwrap();
            if text.contains('\n') {
                writeln!(out, "{key}").unwrap();
                out.extend((text.len() as u64).to_le_bytes());
                writeln!(out, "{text}").unwrap();
            } else {
                writeln!(out, "{key}={text}").unwrap();
            }
        }
        if !unit {
            writeln!(out, "_SYSTEMD_UNIT={own}.service").unwrap();
        }
        out.push(b'\n');
    }
    out
}

/// A host whose journal this is; gives its variables.
pub fn serve(lab: &mut Lab, file: &Path) -> String {
    let script = format!("exec {} --file '{}' \"$@\"", which("journalctl").display(), file.display());
    let vars = lab.serve(&Options { programs: &[("journalctl", &script)], ..Options::default() });
    format!("{vars} reginfra_log=/nowhere")
}

#[test]
fn a_satellite_without_a_log_is_read_from_its_journal_and_what_journald_dropped_is_counted() {
    let Some(mut lab) = Lab::new() else { return };
    let storm = Storm::new("--sessions 60 --rate 40 --seed 5 --layout journal-json");
    let mut lines = fs::read_to_string(storm.log()).unwrap();
    let last: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    let time = &last["__REALTIME_TIMESTAMP"];
    // as journald itself writes it: its own entry, about the unit
    lines += &serde_json::json!({
        "__REALTIME_TIMESTAMP": time, "MESSAGE": "Suppressed 321 messages from foreman.service", "N_DROPPED": "321",
        "SYSLOG_IDENTIFIER": "systemd-journald", "_UID": "0", "_SYSTEMD_UNIT": "systemd-journald.service",
        "OBJECT_SYSTEMD_UNIT": "foreman.service"
    })
    .to_string();
    let file = lab.path("foreman.journal");
    if journal(&[("foreman", &lines)], &file).is_none() {
        return;
    }
    let vars = serve(&mut lab, &file);
    let inventory = lab.inventory(&[("sat", vars)]);
    let sessions = lab.path("sessions.jsonl");
    let json = lab.metrics(&inventory, &format!("--json --sessions {}", sessions.display())).code(0).json();
    let local = Answer::of(&format!("-i {}", inventory.display()), [storm.log()]);
    assert_eq!(fs::read_to_string(sessions).unwrap(), local.text);
    assert_eq!(json["coverage"]["lines_lost"], 321);
    let whole = lab.metrics(&inventory, "--json --max-size 1000").code(0).json();
    assert_eq!(whole["groups"], json["groups"]);
    assert!(whole["hosts"][0]["left"].as_str().unwrap().contains("this is a journal"), "{}", whole["hosts"]);
    assert_eq!(json["sources"][0]["path"], "sat:journal of foreman");
    // another day: the journal itself is asked for that time only
    let none = lab.metrics(&inventory, "--json --since 2026-04-08T00:00:00Z").code(3).json();
    assert_eq!(none["coverage"]["lines_read"], 0);
}

#[test]
fn a_journal_that_goes_on_where_the_files_end_is_read_behind_them() {
    let Some(mut lab) = Lab::new() else { return };
    let before = Storm::new("--sessions 40 --rate 40 --seed 5 --start 2026-04-03T10:00:00Z");
    let words = "--sessions 60 --rate 40 --seed 6 --layout journal-json";
    let after = Storm::new(&format!("{words} --start 2026-04-05T10:00:00Z"));
    let file = lab.path("foreman.journal");
    if journal(&[("foreman", &fs::read_to_string(after.log()).unwrap())], &file).is_none() {
        return;
    }
    let vars = serve(&mut lab, &file).replace("/nowhere", before.dir.to_str().unwrap());
    let inventory = lab.inventory(&[("sat", vars)]);
    let sessions = lab.path("sessions.jsonl");
    let log = fs::File::options().append(true).open(before.log()).unwrap();
    // the first minute of 2026-04-04 and of 2026-04-10: where both were written to, the files count
    for (seconds, logs) in
        [(1_775_260_800, vec![before.log(), after.log()]), (1_775_779_200, vec![before.log()])]
    {
        log.set_modified(UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        let done = lab.metrics(&inventory, &format!("--json --sessions {}", sessions.display())).code(0);
        let told = done.stderr.contains("sat:journal of foreman: left out, since production.log is there");
        assert_eq!(told, logs.len() == 1, "{done:#?}");
        let local = Answer::of(&format!("-i {}", inventory.display()), &logs);
        assert!(local.sessions.len() >= 40 * logs.len(), "{}", local.text);
        assert_eq!(fs::read_to_string(&sessions).unwrap(), local.text);
    }
}

#[test]
fn every_text_form_of_a_real_journal_gives_the_sessions_of_the_log() {
    const STORM: &str = "--sessions 60 --rate 40 --seed 5 --noise 0.5";
    let storm = Storm::new(&format!("{STORM} --layout journal-json"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("foreman.journal");
    if journal(&[("foreman", &fs::read_to_string(storm.log()).unwrap())], &file).is_none() {
        return;
    }
    let wanted = Storm::new(&format!("{STORM} --layout journal")).satellite("");
    assert!(wanted.sessions.len() >= 60);
    for form in ["short", "short-precise", "short-iso", "short-iso-precise", "short-full"] {
        let mut journalctl = Command::new(which("journalctl"));
        journalctl.arg("--file").arg(&file).args(["--no-pager", "--all", "--utc", "-o", form]);
        let text = journalctl.env("LC_ALL", "C").output().unwrap();
        assert!(text.status.success(), "{form}: {text:?}");
        let log = folder.path().join(format!("{form}.log"));
        fs::write(&log, text.stdout).unwrap();
        let got = Answer::of(&format!("-i {}", storm.inventory().display()), [&log]);
        let head = fs::read_to_string(&log).unwrap().lines().take(3).collect::<Vec<_>>().join("\n");
        assert_eq!(got.json["sources"][0]["layout"], "journal text", "{form}: {head}");
        assert!(got.text == wanted.text, "{form}: other sessions: {head}");
        assert_eq!(got.json["groups"], wanted.json["groups"], "{form}");
    }
}
