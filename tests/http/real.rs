//! Real servers: python's http.server and nginx, with its listings and TLS.

use super::web::{free_port, nginx, start, there};
use super::{CASE, same_as_plain, same_as_whole};
use std::process::Command;

#[test]
fn the_listing_of_pythons_server_gives_the_same_sessions() {
    if !there("python3") {
        return crate::support::skip("python3 is not there: its http.server was NOT read");
    }
    let port = free_port();
    let mut python = Command::new("python3");
    python.args(["-m", "http.server", "--bind", "127.0.0.1", &port.to_string()]).current_dir(CASE.folder());
    let _server = start(python, port).unwrap();
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

#[test]
fn a_certificate_counts_only_where_its_authority_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let Some((_server, port)) = nginx(folder.path(), &CASE.storm.dir, true) else { return };
    let url = format!("https://127.0.0.1:{port}/sos/");
    let run = || CASE.run().arg("--sosreport-dir").arg(&url);
    run().go().code(2).told("--ca-file FILE").told("ertificate");
    same_as_whole(run().arg("--ca-file").arg(folder.path().join("cert.pem")));
    same_as_whole(run().arg("--no-verify-ssl"));
    run()
        .arg("--ca-file")
        .arg(folder.path().join("nginx.conf"))
        .go()
        .code(2)
        .told("no certificate in PEM form");
}
