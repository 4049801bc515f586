//! Every form that a sosreport has.

use super::{Run, metrics, read, report_of, reports, same, storm};

#[track_caller]
fn same_as_plain(options: &str, words: &str) {
    let storm = storm(options);
    let read = read(metrics(&storm).words(words).arg("--sosreport-dir").arg(storm.dir.join("sos")));
    same(&read, &storm, &format!("{options} {words}"));
    assert_eq!(read.json["coverage"]["complete"], true, "{}", read.stderr);
}

#[test]
fn an_xz_archive_gives_the_same_sessions() {
    same_as_plain("--sos xz", "");
}

#[test]
fn a_gzip_archive_gives_the_same_sessions() {
    same_as_plain("--sos gz --compress xz", "");
}

#[test]
fn a_bzip2_archive_gives_the_same_sessions() {
    same_as_plain("--sos bz2", "--threads 1");
}

#[test]
fn a_zstd_archive_gives_the_same_sessions() {
    same_as_plain("--sos zst --rotate-names numbered", "--threads 4");
}

#[test]
fn a_plain_archive_gives_the_same_sessions() {
    same_as_plain("--sos tar", "");
}

#[test]
fn an_unpacked_report_gives_the_same_sessions() {
    same_as_plain("--sos folder", "");
}

#[test]
fn requests_that_wait_on_disk_give_the_same_sessions() {
    same_as_plain("--sos tar", "--store-size 0 --chunk-size 5000");
    same_as_plain("--sos tar --seam doubled", "--store-size 20000 --chunk-size 5000");
}

#[test]
fn archives_in_an_archive_give_the_same_sessions() {
    same_as_plain("--sos xz --sos-odd nested", "");
}

#[test]
fn hidden_names_and_foreman_debug_give_the_same_sessions() {
    same_as_plain("--sos zst --sos-odd clean,foreman-debug", "");
    same_as_plain("--sos folder --sos-odd foreman-debug", "");
}

#[test]
fn the_journal_of_a_satellite_in_containers_gives_the_same_sessions() {
    same_as_plain("--layout journal --sos gz --sos-odd journal", "");
    same_as_plain("--layout journal-json --sos folder --sos-odd journal", "");
}

#[test]
fn the_tail_of_a_log_that_was_too_long_is_read_once() {
    for form in ["folder", "gz"] {
        let storm = storm(&format!("--sos {form} --sos-odd tailed --rotate 1"));
        let log = std::fs::read(storm.log()).unwrap();
        let tail = storm.dir.join("tail.log");
        std::fs::write(&tail, &log[log.len() - log.len() * 3 / 4..]).unwrap();
        let wanted = read(metrics(&storm).arg("--log").arg(&tail));
        let got = read(metrics(&storm).arg("--sosreport").arg(report_of(&reports(&storm), "sat")));
        assert_eq!(got.sessions, wanted.sessions);
        assert!(!got.sessions.is_empty());
        let sources = got.json["sources"].as_array().unwrap();
        assert_eq!(sources.len(), 1, "{sources:#?}");
        assert!(sources[0]["path"].as_str().unwrap().ends_with("production.log.tailed"));
    }
}

#[test]
fn the_same_seed_gives_the_same_archive() {
    let (one, two) = (storm("--sos xz"), storm("--sos xz"));
    for (one, two) in reports(&one).iter().zip(&reports(&two)) {
        assert_eq!(one.file_name(), two.file_name());
        assert!(std::fs::read(one).unwrap() == std::fs::read(two).unwrap(), "{}", one.display());
    }
}

#[test]
fn a_capsules_report_is_told_from_a_satellites() {
    let storm = storm("--sos gz");
    let capsule = report_of(&reports(&storm), "capsule1-").to_owned();
    let alone = metrics(&storm).arg("--json").arg("--sosreport").arg(&capsule).go().code(0).json();
    let capsules = alone["capsules"].as_array().unwrap();
    assert_eq!((capsules.len(), &capsules[0]["name"]), (1, &"capsule1.example.com".into()));
    // beside the Satellite's: as the files say
    let all = read(reports(&storm).iter().fold(metrics(&storm).arg("--sosreport"), Run::arg));
    let files = read(metrics(&storm).arg("--log").arg(&storm.dir));
    assert_eq!(all.sessions, files.sessions, "{}", all.stderr);
    assert_eq!(all.json["capsules"], files.json["capsules"]);
}

#[test]
fn two_reports_of_one_host_are_one_log() {
    let storm = storm("--sos gz");
    let satellite = report_of(&reports(&storm), "sat").to_owned();
    let again = storm.dir.join("sosreport-again.tar.gz");
    std::fs::copy(&satellite, &again).unwrap();
    let read = read(metrics(&storm).arg("--sosreport").arg(&satellite).arg(&again));
    same(&read, &storm, "");
    assert!(read.stderr.contains("taken for a copy"), "{}", read.stderr);
}

#[test]
fn archives_of_a_folder_are_told_by_their_content_whatever_their_names() {
    for form in ["xz", "gz", "bz2", "zst", "tar"] {
        let storm = storm(&format!("--sos {form}"));
        let folder = tempfile::tempdir().unwrap();
        for (number, report) in reports(&storm).iter().enumerate() {
            std::fs::copy(report, folder.path().join(format!("attachment {number}"))).unwrap();
        }
        // packed, and no archive
        let mut packed = zstd::encode_all(&b"notes\n".repeat(200)[..], 1).unwrap();
        std::fs::write(folder.path().join("notes"), &packed).unwrap();
        std::fs::write(folder.path().join("sosreport-a.tar.xz.sha256"), "0123  sosreport-a.tar.xz\n")
            .unwrap();
        let got = read(metrics(&storm).arg("--sosreport-dir").arg(folder.path()));
        same(&got, &storm, form);
        assert!(!got.stderr.contains("notes") && !got.stderr.contains("sha256"), "{}", got.stderr);
        assert_eq!(got.json["coverage"]["complete"], true, "{}", got.stderr);
        // what has an archive's name is told where it is none
        packed.truncate(20);
        std::fs::write(folder.path().join("sosreport-b.tar.zst"), &packed).unwrap();
        let got = read(metrics(&storm).arg("--sosreport-dir").arg(folder.path()));
        same(&got, &storm, form);
        assert!(got.stderr.contains("sosreport-b.tar.zst: "), "{}", got.stderr);
        assert_eq!(got.json["coverage"]["complete"], false);
    }
}
