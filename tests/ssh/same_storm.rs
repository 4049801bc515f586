//! One storm, whatever the way to it: plain, rotated, compressed, over SSH, from journals, in archives on disk and over
//! HTTPS. There is one sessions file, and every way must give it byte for byte.

use crate::journal;
use crate::reading::{SATELLITE, inventory, inventory_of_files};
use crate::server::{Lab, Options};
use crate::support::{Run, Storm};
use crate::web::nginx;
use std::fs;
use std::path::{Path, PathBuf};

/// The same requests and times, however their logs are written.
const STORM: &str = "--sessions 120 --rate 20 --seed 5 --noise 0.5";

/// The sessions file of a call.
#[track_caller]
fn sessions(run: Run) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.jsonl");
    run.arg("--quiet").arg("--sessions").arg(&file).go().code(0);
    fs::read_to_string(file).unwrap()
}

fn local(storm: &Storm) -> Run {
    Run::new("metrics -i").arg(storm.inventory())
}

#[track_caller]
fn over_ssh(lab: &Lab, inventory: &Path) -> String {
    let file = lab.path("sessions.jsonl");
    let done = lab.metrics(inventory, &format!("--json --sessions {}", file.display())).code(0);
    let hosts = done.json()["hosts"].clone();
    assert!(hosts.as_array().unwrap().iter().all(|host| host["status"] == "read"), "{hosts}");
    fs::read_to_string(file).unwrap()
}

/// A journal of each host: entries with the times that the files have, which know no part of a second.
fn journals(lab: &mut Lab) -> Option<PathBuf> {
    let storm = Storm::new(&format!("{STORM} --layout journal-json --capsule-layout journal-json"));
    let mut hosts = vec![(SATELLITE.to_owned(), storm.log(), "foreman")];
    for capsule in storm.truth()["capsules"].as_array().unwrap() {
        let name = capsule["name"].as_str().unwrap();
        hosts.push((
            name.to_owned(),
            storm.dir.join("capsules").join(name).join("proxy.log"),
            "foreman-proxy",
        ));
    }
    let mut vars = Vec::new();
    for (name, log, unit) in &hosts {
        let file = lab.path(&format!("{name}.journal"));
        let lines = in_seconds(&fs::read_to_string(log).unwrap());
        // what another unit says is not asked for
        journal::journal(&[(unit, &lines), ("pulpcore-api", &lines)], &file)?;
        vars.push((name, journal::serve(lab, &file)));
    }
    Some(inventory(lab, &storm, |name| vars.iter().find(|(host, _)| *host == name).unwrap().1.clone()))
}

fn in_seconds(lines: &str) -> String {
    let cut = |line: &str| {
        let mut entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let time: u64 = entry["__REALTIME_TIMESTAMP"].as_str().unwrap().parse().unwrap();
        entry["__REALTIME_TIMESTAMP"] = (time - time % 1_000_000).to_string().into();
        format!("{entry}\n")
    };
    lines.lines().map(cut).collect()
}

/// Every log of the storm in gzip, where it stands.
fn compressed(storm: &Storm) {
    let capsules = fs::read_dir(storm.dir.join("capsules")).unwrap();
    let logs = capsules.map(|dir| dir.unwrap().path().join("proxy.log")).chain([storm.log()]);
    for log in logs {
        let mut gz = flate2::write::GzEncoder::new(
            fs::File::create(log.with_extension("log.gz")).unwrap(),
            flate2::Compression::fast(),
        );
        std::io::copy(&mut fs::File::open(&log).unwrap(), &mut gz).unwrap();
        gz.finish().unwrap();
        fs::remove_file(log).unwrap();
    }
}

#[test]
fn one_storm_gives_one_sessions_file_byte_for_byte_whatever_the_way_to_it() {
    let plain = Storm::new(STORM);
    let wanted = sessions(local(&plain).arg("--log").arg(&plain.dir));
    assert_eq!(wanted.lines().count(), plain.sessions().len());
    let same = |way: &str, got: &str| assert!(got == wanted, "{way}: got\n{got}\nwanted\n{wanted}");

    let rotated = Storm::new(&format!("{STORM} --rotate 4 --compress none"));
    assert_eq!(rotated.satellite_files().len(), 4);
    same("a rotated set", &sessions(local(&rotated).arg("--log").arg(&rotated.dir)));

    let reports = Storm::new(&format!("{STORM} --rotate 3 --sos xz"));
    let sos = reports.dir.join("sos");
    same(".tar.xz on disk", &sessions(local(&reports).arg("--sosreport-dir").arg(&sos)));

    let web = tempfile::tempdir().unwrap();
    if let Some((_server, port)) = nginx(web.path(), &reports.dir, true) {
        let url = format!("https://127.0.0.1:{port}/sos/");
        let run = local(&reports).arg("--ca-file").arg(web.path().join("cert.pem"));
        same("archives over HTTPS", &sessions(run.arg("--sosreport-dir").arg(url)));
    }
    if let Some(mut lab) = Lab::new() {
        let vars = lab.serve(&Options::default());
        same("plain over SSH", &over_ssh(&lab, &inventory_of_files(&lab, &plain, &vars)));
        if let Some(inventory) = journals(&mut lab) {
            same("journals", &over_ssh(&lab, &inventory));
        }
    }
    compressed(&plain);
    same("gz", &sessions(local(&plain).arg("--log").arg(&plain.dir)));
}
