//! `--fix` and `--diff`: what is sure is corrected, everything else stays.

use crate::fixtures::{Case, cases, of_rule};
use crate::rules::has_haproxy;
use crate::support::{Run, skip};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn copied(case: &Case, to: &Path) -> PathBuf {
    for file in Case::files(&case.path) {
        let below = file.strip_prefix(case.path.parent().unwrap()).unwrap();
        let place = to.join(below);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(&file, place).unwrap();
    }
    to.join(case.path.file_name().unwrap())
}

fn all_bytes(path: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    Case::files(path).into_iter().map(|f| (f.clone(), fs::read(f).unwrap())).collect()
}

fn is_sure(finding: &Value) -> bool {
    finding["fix"]["sure"] == true && !finding["fix"]["edits"].as_array().unwrap().is_empty()
}

#[test]
fn a_fixed_file_has_no_such_finding_and_a_second_fix_changes_nothing() {
    let mut fixed = Vec::new();
    for case in cases().into_iter().filter(|c| c.bad && c.rule != "haproxy-parser") {
        let folder = tempfile::tempdir().unwrap();
        let path = copied(&case, folder.path());
        let before = case.run_at(&path).words("--format json").go().json();
        let had = of_rule(&before, &case.rule).iter().filter(|f| is_sure(f)).count();
        case.run_at(&path).arg("--fix").go();
        let once = all_bytes(&path);
        let after = case.run_at(&path).words("--format json").go().json();
        let sure: Vec<&Value> = after["findings"].as_array().unwrap().iter().filter(|f| is_sure(f)).collect();
        assert!(sure.is_empty(), "{}: still to be corrected: {sure:#?}", path.display());
        if had > 0 {
            let left: Vec<_> = of_rule(&after, &case.rule).into_iter().filter(|f| is_sure(f)).collect();
            assert!(left.is_empty(), "{left:#?}");
            fixed.push(case.rule.clone());
        }
        case.run_at(&path).arg("--fix").go();
        assert_eq!(once, all_bytes(&path), "{}", path.display());
    }
    fixed.dedup();
    assert!(fixed.len() >= 24, "only {} rules have a fix: {fixed:?}", fixed.len());
}

#[test]
fn haproxy_takes_what_was_fixed() {
    if !has_haproxy() {
        return skip("HAProxy is not installed: corrected files were NOT given to it");
    }
    for case in cases().into_iter().filter(|c| c.bad && c.path.extension().is_some_and(|e| e == "cfg")) {
        let takes = |path: &Path| {
            let program = reginfra::validate::parser::usual();
            let out = std::process::Command::new(program).arg("-c").arg("-f").arg(path).output().unwrap();
            (out.status.success(), String::from_utf8_lossy(&out.stderr).into_owned())
        };
        let folder = tempfile::tempdir().unwrap();
        let path = copied(&case, folder.path());
        let before = takes(&path).0;
        case.run_at(&path).arg("--fix").go();
        let (after, words) = takes(&path);
        assert!(after || !before, "{}: {words}", case.path.display());
    }
}

const CRLF: &str = "# caf\u{e9}\r\ndefaults\r\n\tmode tcp\r\n\ttimeout client 5m\r\n\ttimeout server 5m\r\n\r\n\
                    frontend registration\r\n\tbind *:9090  # ours\r\n\tdefault_backend registration\r\n\r\n\
                    backend registration # pool\r\n\tserver cap1 192.0.2.11:9090 check ssl verify none";

#[test]
fn line_ends_tabs_comments_and_bytes_that_are_no_text_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("haproxy.cfg");
    let mut bytes = CRLF.as_bytes().to_vec();
    // latin-1, as old comments have it
    bytes.splice(5..7, [0xe9]);
    fs::write(&path, &bytes).unwrap();
    Run::new("validate --fix --haproxy none").arg(&path).go().told("corrected 2 in 1 file");
    let mut wanted = CRLF
        .replace("check ssl verify", "check check-ssl verify")
        .replace("# pool\r\n", "# pool\r\n\ttimeout connect 10s\r\n")
        .into_bytes();
    wanted.splice(5..7, [0xe9]);
    assert_eq!(fs::read(&path).unwrap(), wanted, "{}", String::from_utf8_lossy(&fs::read(&path).unwrap()));
}

#[test]
fn diff_shows_what_fix_would_change_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("redis.conf");
    let text = "bind 127.0.0.1 192.0.2.2\nrequirepass geheim\nappendonly yes\nsave \"\"\nmaxmemory 64mb\nmaxmemory-policy allkeys-lru";
    fs::write(&path, text).unwrap();
    let done = Run::new("validate --diff").arg(&path).go().code(0);
    let name = path.display();
    let wanted = format!(
        "--- {name}\n+++ {name}\n@@ -1,6 +1,6 @@\n-bind 127.0.0.1 192.0.2.2\n+bind 127.0.0.1 -192.0.2.2\n requirepass ******\n\
         -appendonly yes\n+appendonly no\n save \"\"\n maxmemory 64mb\n maxmemory-policy allkeys-lru\n"
    );
    assert_eq!(done.stdout, wanted);
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn modes_and_links_stay() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real.conf"), folder.path().join("redis.conf"));
    fs::write(&real, "appendonly yes\nbind 127.0.0.1\n").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    Run::new("validate --fix").arg(&link).go();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs::read_to_string(&real).unwrap().contains("appendonly no"));
}

#[test]
fn standard_input_is_no_file_to_correct() {
    let done = Run::new("validate - --kind cache --fix").stdin("appendonly yes\n").go().code(2);
    done.told("standard input");
    Run::new("validate - --kind cache --diff").stdin("appendonly yes\n").go().code(0);
}
