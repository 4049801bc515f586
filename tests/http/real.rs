//! Real servers: python's http.server and nginx, with its listings and TLS.

use super::web::{Stopped, free_port, nginx, start, there};
use super::{CASE, rest_is_answered, same_as_plain, same_as_whole};
use std::fs;
use std::path::Path;
use std::process::Command;

fn python(folder: &Path) -> Option<(Stopped, u16)> {
    if !there("python3") {
        crate::support::skip("python3 is not there: its http.server was NOT read");
        return None;
    }
    let port = free_port();
    let mut python = Command::new("python3");
    python.args(["-m", "http.server", "--bind", "127.0.0.1", &port.to_string()]).current_dir(folder);
    Some((start(python, port)?, port))
}

#[test]
fn the_listing_of_pythons_server_gives_the_same_sessions() {
    let Some((_server, port)) = python(&CASE.folder()) else { return };
    let url = format!("http://127.0.0.1:{port}/");
    same_as_whole(CASE.run().arg("--sosreport-dir").arg(&url));
    same_as_plain(CASE.run().arg("--sosreport").arg(format!("{url}{}", CASE.archive_name())));
}

#[test]
fn the_listing_of_nginx_gives_the_same_sessions() {
    let folder = tempfile::tempdir().unwrap();
    let Some((_server, port)) = nginx(folder.path(), &CASE.storm.dir, false) else { return };
    // the slash is missing: nginx redirects to it
    same_as_whole(CASE.run().arg("--sosreport-dir").arg(format!("http://127.0.0.1:{port}/sos")));
}

/// The Satellite's archive alone, with a name and in a folder that a URL must encode.
fn oddly_named() -> tempfile::TempDir {
    let top = tempfile::tempdir().unwrap();
    let folder = top.path().join("Fälle & 100%");
    fs::create_dir(&folder).unwrap();
    fs::copy(CASE.archive(), folder.join("sosreport a+b %é.tar.gz")).unwrap();
    top
}

/// What `oddly_named` gave, by the server's own links and as somebody encodes its URL.
#[track_caller]
fn is_read_in_spite_of_its_name(port: u16) {
    let url = format!("http://127.0.0.1:{port}/");
    let archive = format!("{url}F%C3%A4lle%20&%20100%25/sosreport%20a+b%20%25%C3%A9.tar.gz");
    same_as_plain(CASE.run().arg("--sosreport-dir").arg(url));
    same_as_plain(CASE.run().arg("--sosreport").arg(archive));
}

#[test]
fn names_that_pythons_server_must_encode_are_read() {
    let top = oddly_named();
    let Some((_server, port)) = python(top.path()) else { return };
    is_read_in_spite_of_its_name(port);
}

#[test]
fn names_that_nginx_must_encode_are_read() {
    let (top, folder) = (oddly_named(), tempfile::tempdir().unwrap());
    let Some((_server, port)) = nginx(folder.path(), top.path(), false) else { return };
    is_read_in_spite_of_its_name(port);
}

#[test]
fn a_certificate_counts_only_where_its_authority_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let Some((_server, port)) = nginx(folder.path(), &CASE.storm.dir, true) else { return };
    let url = format!("https://127.0.0.1:{port}/sos/");
    let run = || CASE.run().arg("--sosreport-dir").arg(&url);
    run().go().code(2).told("--ca-file FILE").told("ertificate").says_nothing_on_stdout();
    let beside = run().arg("--sosreport").arg(CASE.archive());
    rest_is_answered(beside, &CASE.plain, &[&format!("{url}: "), "ertificate", "--ca-file FILE"]);
    same_as_whole(run().arg("--ca-file").arg(folder.path().join("cert.pem")));
    same_as_whole(run().arg("--no-verify-ssl"));
    run()
        .arg("--ca-file")
        .arg(folder.path().join("nginx.conf"))
        .go()
        .code(2)
        .told("no certificate in PEM form");
}
