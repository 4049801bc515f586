//! Every form that a sosreport has.

use super::{Answer, Run, Storm, metrics, report_of, reports, same, same_as_whole, storm};
use std::os::unix::fs::symlink;
use std::path::Path;

#[track_caller]
fn reads_the_same(options: &str, words: &str) {
    let storm = storm(options);
    let read = Answer::read(metrics(&storm).words(words).arg("--sosreport-dir").arg(storm.dir.join("sos")));
    same_as_whole(&read, &storm, &format!("{options} {words}"));
    assert_eq!(read.json["coverage"]["complete"], true, "{}", read.stderr);
}

#[test]
fn an_xz_archive_gives_the_same_sessions() {
    reads_the_same("--sos xz", "");
}

#[test]
fn a_gzip_archive_gives_the_same_sessions() {
    reads_the_same("--sos gz --compress xz", "");
}

#[test]
fn a_bzip2_archive_gives_the_same_sessions() {
    reads_the_same("--sos bz2", "--threads 1");
}

#[test]
fn a_zstd_archive_gives_the_same_sessions() {
    reads_the_same("--sos zst --rotate-names numbered", "--threads 4");
}

#[test]
fn a_plain_archive_gives_the_same_sessions() {
    reads_the_same("--sos tar", "");
}

#[test]
fn an_unpacked_report_gives_the_same_sessions() {
    reads_the_same("--sos folder", "");
}

#[test]
fn requests_that_wait_on_disk_give_the_same_sessions() {
    reads_the_same("--sos tar", "--store-size 0 --chunk-size 5000");
    reads_the_same("--sos tar --seam doubled", "--store-size 20000 --chunk-size 5000");
}

#[test]
fn archives_in_an_archive_give_the_same_sessions() {
    reads_the_same("--sos xz --sos-odd nested", "");
}

#[test]
fn a_log_below_foreman_debug_gives_the_same_sessions() {
    reads_the_same("--sos folder --sos-odd foreman-debug", "");
}

#[test]
fn the_journal_of_a_satellite_in_containers_gives_the_same_sessions() {
    reads_the_same("--layout journal --sos gz --sos-odd journal", "");
    reads_the_same("--layout journal-json --sos folder --sos-odd journal", "");
}

#[test]
fn the_journals_of_capsules_give_the_same_sessions() {
    let both = "--layout journal-json --capsule-layout journal-json --sos gz --sos-odd journal";
    reads_the_same(both, "");
    reads_the_same("--capsule-layout journal --sos xz", "");
}

#[test]
fn rotated_logs_of_capsules_in_every_name_and_compression_give_the_same_sessions() {
    for (options, newest) in [
        ("--sos tar --rotate 4 --compress gz", "proxy.log-20260405"),
        ("--sos folder --rotate 4 --rotate-names numbered --compress zst", "proxy.log.1"),
    ] {
        reads_the_same(options, "");
        let storm = storm(options);
        let capsule = report_of(&reports(&storm), "capsule1-").to_owned();
        let read = Answer::read(metrics(&storm).arg("--sosreport").arg(capsule));
        let paths: Vec<_> =
            read.json["sources"].as_array().unwrap().iter().map(|s| s["path"].as_str().unwrap()).collect();
        assert_eq!(paths.len(), 4, "{paths:?}");
        assert!(paths.iter().any(|path| path.ends_with(newest)), "{paths:?}");
    }
}

#[test]
fn archives_in_an_archive_are_told_by_their_content_whatever_their_names() {
    for form in ["xz", "gz", "tar"] {
        let storm = storm(&format!("--sos {form}"));
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("collection");
        copy_reports(&storm, &folder);
        for (number, report) in std::fs::read_dir(&folder).unwrap().enumerate() {
            std::fs::rename(report.unwrap().path(), folder.join(format!("attachment {number}"))).unwrap();
        }
        // neither is one
        std::fs::write(folder.join("notes"), "notes\n".repeat(200)).unwrap();
        let packed = zstd::encode_all(&b"notes\n".repeat(99)[..], 1).unwrap();
        std::fs::write(folder.join("notes.zst"), packed.repeat(99)).unwrap();
        let path = place.path().join("collection.tar");
        let mut archive = tar::Builder::new(std::fs::File::create(&path).unwrap());
        archive.append_dir_all("collection", &folder).unwrap();
        archive.finish().unwrap();
        for path in [&path, &folder] {
            let got = Answer::read(metrics(&storm).arg("--sosreport").arg(path));
            same_as_whole(&got, &storm, form);
            assert_eq!(got.json["coverage"]["complete"], true, "{}", got.stderr);
            assert!(!got.stderr.contains("notes"), "{}", got.stderr);
        }
    }
}

// alone, without a Satellite whose requests could tell it
#[test]
fn a_capsules_report_tells_the_offset_from_utc_of_its_log_by_etc_localtime_too() {
    let window = |storm: &Storm, read: &Answer, offset: &str| {
        let capsule = &read.json["capsules"][0];
        assert_eq!((&capsule["utc_offset"], &capsule["utc_offset_from"]), (&offset.into(), &"report".into()));
        assert_eq!(capsule["name"], "capsule1.example.com", "{}", storm.dir.display());
        (capsule["window_start"].clone(), capsule["window_end"].clone())
    };
    let mut windows = Vec::new();
    for (offset, odd) in [
        ("+02:00", "--sos gz"),
        ("-07:00", "--sos gz"),
        ("-07:00", "--sos gz --sos-odd localtime"),
        ("-07:00", "--sos folder --sos-odd localtime"),
        ("+00:00", "--sos gz --sos-odd localtime"),
    ] {
        let storm = storm(&format!("--capsule-utc-offset {offset} {odd}"));
        let report = report_of(&reports(&storm), "capsule1-").to_owned();
        let read = Answer::read(metrics(&storm).arg("--sosreport").arg(report));
        windows.push(window(&storm, &read, offset));
        // beside the Satellite's: the same sessions, and nothing has to be inferred
        let all = Answer::read(metrics(&storm).arg("--sosreport-dir").arg(storm.dir.join("sos")));
        same_as_whole(&all, &storm, odd);
        window(&storm, &all, offset);
    }
    assert!(windows.iter().all(|window| *window == windows[0]), "{windows:?}");
}

#[test]
fn the_report_of_a_load_balancer_is_known_as_such() {
    let storm = storm("--sos zst");
    let balancer = report_of(&reports(&storm), "lb1-").to_owned();
    let read = Answer::read(metrics(&storm).arg("--sosreport-dir").arg(storm.dir.join("sos")));
    let told = format!("{}: the report of load balancer lb1.example.com", balancer.display());
    assert!(read.stderr.contains(&told), "{}", read.stderr);
    assert_eq!(read.json["coverage"]["complete"], true);
}

#[test]
fn the_tail_of_a_log_that_was_too_long_is_read_once() {
    for (odd, name) in [
        ("--sos folder --sos-odd tailed", "production.log.tailed"),
        ("--sos gz --sos-odd tailed", "production.log.tailed"),
        ("--sos gz --sos-odd tailed,journal --layout journal-json", "unit_foreman.service.tailed"),
    ] {
        let storm = storm(&format!("{odd} --rotate 1"));
        let log = std::fs::read(storm.log()).unwrap();
        let tail = storm.dir.join("tail.log");
        std::fs::write(&tail, &log[log.len() - log.len() * 3 / 4..]).unwrap();
        let wanted = Answer::read(metrics(&storm).arg("--log").arg(&tail));
        let got = Answer::read(metrics(&storm).arg("--sosreport").arg(report_of(&reports(&storm), "sat")));
        assert_eq!(got.text, wanted.text);
        assert!(!got.text.is_empty());
        let sources = got.json["sources"].as_array().unwrap();
        assert_eq!(sources.len(), 1, "{sources:#?}");
        assert!(sources[0]["path"].as_str().unwrap().ends_with(name), "{sources:#?}");
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
    let all = Answer::read(reports(&storm).iter().fold(metrics(&storm).arg("--sosreport"), Run::arg));
    let mut files = Answer::read(metrics(&storm).arg("--log").arg(&storm.dir));
    assert_eq!(all.text, files.text, "{}", all.stderr);
    for capsule in files.json["capsules"].as_array_mut().unwrap() {
        // no file tells it, a report does
        assert_eq!(capsule["utc_offset_from"], "pairs");
        capsule["utc_offset_from"] = "report".into();
    }
    assert_eq!(all.json["capsules"], files.json["capsules"]);
}

#[test]
fn two_reports_of_one_host_are_one_log() {
    let storm = storm("--sos gz");
    let satellite = report_of(&reports(&storm), "sat").to_owned();
    let again = storm.dir.join("sosreport-again.tar.gz");
    std::fs::copy(&satellite, &again).unwrap();
    let read = Answer::read(metrics(&storm).arg("--sosreport").arg(&satellite).arg(&again));
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
        let got = Answer::read(metrics(&storm).arg("--sosreport-dir").arg(folder.path()));
        same_as_whole(&got, &storm, form);
        assert!(!got.stderr.contains("notes") && !got.stderr.contains("sha256"), "{}", got.stderr);
        assert_eq!(got.json["coverage"]["complete"], true, "{}", got.stderr);
        // what has an archive's name is told where it is none
        packed.truncate(20);
        std::fs::write(folder.path().join("sosreport-b.tar.zst"), &packed).unwrap();
        let got = Answer::read(metrics(&storm).arg("--sosreport-dir").arg(folder.path()));
        same_as_whole(&got, &storm, form);
        assert!(got.stderr.contains("sosreport-b.tar.zst: "), "{}", got.stderr);
        assert_eq!(got.json["coverage"]["complete"], false);
    }
}

/// The answer is not whole, and a line of it and of stderr says why.
#[track_caller]
fn told(got: &Answer, words: &[&str]) {
    assert_eq!(got.json["coverage"]["complete"], false, "{}", got.stderr);
    let says = |line: &str| words.iter().all(|words| line.contains(words));
    let unreadable = got.json["coverage"]["unreadable"].as_array().unwrap();
    assert!(unreadable.iter().any(|line| says(line.as_str().unwrap())), "{words:?}: {unreadable:#?}");
    assert!(got.stderr.lines().any(|line| line.starts_with("error: ") && says(line)), "{}", got.stderr);
}

fn copy_reports(storm: &Storm, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for report in reports(storm) {
        std::fs::copy(&report, to.join(report.file_name().unwrap())).unwrap();
    }
}

/// All reports of the folder are in the answer.
#[track_caller]
fn read_folder(storm: &Storm, folder: &Path, words: &str) -> Answer {
    let got = Answer::read(metrics(storm).arg("--sosreport-dir").arg(folder));
    same_as_whole(&got, storm, words);
    got
}

#[test]
fn what_of_a_folder_is_no_archive_by_its_name_or_may_be_one_is_told() {
    let storm = storm("--sos xz");
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    copy_reports(&storm, folder);
    std::fs::write(folder.join("nothing"), "").unwrap();
    let whole = std::fs::read(report_of(&reports(&storm), "sat")).unwrap();
    // zstd with a window of 2 GiB and an empty block
    let giant = [0x28u8, 0xb5, 0x2f, 0xfd, 0, 21 << 3, 1, 0, 0];
    for (name, bytes, words) in [
        ("empty.tar", &b""[..], "it is no tar archive"),
        ("text.tar.xz", &b"no archive\n"[..], "it is no tar archive"),
        ("cut.tgz", &whole[..40], ""),
        ("attachment that is cut", &whole[..40], ""),
        ("attachment that is large", &giant[..], "it asks for 2048 MiB of memory"),
    ] {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        told(&read_folder(&storm, folder, name), &[&format!("{name}: "), words]);
        std::fs::remove_file(path).unwrap();
    }
    symlink("nowhere", folder.join("sosreport-gone.tar.xz")).unwrap();
    told(&read_folder(&storm, folder, "gone"), &["sosreport-gone.tar.xz: no such file"]);
}

#[test]
fn a_folder_that_lies_too_deep_is_told() {
    let storm = storm("--sos gz");
    let place = tempfile::tempdir().unwrap();
    let deep = place.path().join("1/2/3/4");
    copy_reports(&storm, &deep);
    let got = read_folder(&storm, place.path(), "4 deep");
    assert_eq!(got.json["coverage"]["complete"], true, "{}", got.stderr);
    std::fs::create_dir_all(deep.join("5/6")).unwrap();
    let got = read_folder(&storm, place.path(), "5 deep");
    told(&got, &["1/2/3/4/5: folders in folders are looked into 4 deep: name it with --sosreport-dir"]);
    assert!(!got.stderr.contains("4/5/6"), "{}", got.stderr);
    // where it lies less deep as well, it is looked into there
    symlink("1/2/3/4/5", place.path().join("near")).unwrap();
    let got = read_folder(&storm, place.path(), "near");
    assert_eq!(got.json["coverage"]["complete"], true, "{}", got.stderr);
}

// 26 to the power of 5 folders, were they walked as often as links lead to them
#[test]
fn links_that_lead_in_circles_are_followed_once() {
    let storm = storm("--sos gz");
    let place = tempfile::tempdir().unwrap();
    copy_reports(&storm, &place.path().join("reports"));
    for name in 'a'..='z' {
        symlink(".", place.path().join(name.to_string())).unwrap();
    }
    let got = read_folder(&storm, place.path(), "circles");
    assert_eq!(got.json["coverage"]["complete"], true, "{}", got.stderr);
    assert!(!got.stderr.contains("given twice"), "{}", got.stderr);
}
