//! Servers that break, lie, redirect and refuse.

use super::server::{Server, file, response};
use super::{CASE, Run, same_as_plain};
use std::fs;

const ETAG: &str = "ETag: \"one\"\r\n";

fn archive() -> Vec<u8> {
    fs::read(CASE.archive()).unwrap()
}

fn run(url: &str) -> Run {
    CASE.run().arg("--sosreport").arg(url)
}

#[test]
fn a_server_that_dies_in_the_middle_is_asked_for_the_rest() {
    let bytes = archive();
    let piece = bytes.len() / 3;
    let server = Server::new(move |asked, _| {
        let mut answer = file(asked, &bytes, ETAG);
        let body = bytes.len() - asked.from().unwrap_or(0);
        let head = answer.len() - body;
        answer.truncate(head + piece.min(body));
        answer
    });
    same_as_plain(run(&server.url("/s.tar.gz")));
    let asked = server.asked();
    assert!(asked.len() >= 3, "{asked:?}");
    assert_eq!(asked[0].header("range"), None);
    assert_eq!(asked[1].from(), Some(piece));
    assert!(asked[1..].iter().all(|a| a.header("if-range") == Some("\"one\"")), "{asked:?}");
}

#[test]
fn a_server_without_ranges_is_read_again_from_the_start() {
    let bytes = archive();
    let server = Server::new(move |_, before| {
        let mut answer = response("200 OK", &format!("Content-Length: {}\r\n{ETAG}", bytes.len()), &bytes);
        if before == 0 {
            answer.truncate(answer.len() / 2);
        }
        answer
    });
    same_as_plain(run(&server.url("/s.tar.gz")));
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn a_file_that_changes_while_it_is_read_is_told() {
    let bytes = archive();
    let server = Server::new(move |_, before| {
        let tag = format!("ETag: \"{before}\"\r\n");
        let mut answer = response("200 OK", &format!("Content-Length: {}\r\n{tag}", bytes.len()), &bytes);
        answer.truncate(answer.len() / 2);
        answer
    });
    let done = run(&server.url("/s.tar.gz")).go();
    assert!(done.stderr.contains("it changed on the server while it was read"), "{done:#?}");
}

#[test]
fn a_length_that_is_a_lie_is_told() {
    let bytes = archive();
    let real = bytes.len();
    let server = Server::new(move |asked, _| {
        if asked.from().is_some() {
            return file(asked, &bytes, "");
        }
        response("200 OK", &format!("Content-Length: {}\r\n", real + 100), &bytes)
    });
    let done = run(&server.url("/s.tar.gz")).go();
    assert!(
        done.stderr.contains(&format!("the server said {} bytes, and there are {real}", real + 100)),
        "{done:#?}"
    );
}

#[test]
fn a_server_that_is_busy_is_asked_again() {
    let bytes = archive();
    let server = Server::new(move |asked, before| match before {
        0 | 1 => response("503 Busy", "Content-Length: 0\r\n", b""),
        _ => file(asked, &bytes, ""),
    });
    same_as_plain(run(&server.url("/s.tar.gz")));
    assert_eq!(server.asked().len(), 3);
}

#[test]
fn a_server_that_breaks_for_ever_is_given_up() {
    let server = Server::new(|_, _| response("200 OK", "Content-Length: 1000000\r\n", b"short"));
    let done = run(&server.url("/s.tar.gz")).go().code(2);
    assert!(server.asked().len() <= 10, "{:?}", server.asked().len());
    assert!(done.stderr.contains("s.tar.gz: "), "{done:#?}");
}

#[test]
fn a_password_goes_to_its_own_server_only() {
    let bytes = archive();
    let other = Server::new(move |asked, _| file(asked, &bytes, ""));
    let target = other.url("/elsewhere.tar.gz");
    let first = Server::new(move |asked, _| match asked.path.as_str() {
        "/a.tar.gz" => response("302 Found", "Location: /b.tar.gz\r\nContent-Length: 0\r\n", b""),
        _ => response("302 Found", &format!("Location: {target}\r\nContent-Length: 0\r\n"), b""),
    });
    let with_password = format!("http://me:secret@{}/a.tar.gz", first.address);
    let stderr = same_as_plain(run(&with_password));
    assert!(!stderr.contains("secret"), "{stderr}");
    let asked = first.asked();
    assert_eq!(asked.iter().map(|a| a.path.as_str()).collect::<Vec<_>>(), ["/a.tar.gz", "/b.tar.gz"]);
    assert!(asked.iter().all(|a| a.header("authorization") == Some("Basic bWU6c2VjcmV0")), "{asked:?}");
    assert!(other.asked().iter().all(|a| a.header("authorization").is_none()), "{:?}", other.asked());
}

#[test]
fn who_asks_comes_from_the_environment_or_netrc() {
    let bytes = archive();
    let server = Server::new(move |asked, _| match asked.header("authorization") {
        Some("Bearer abc" | "Basic bWU6c2VjcmV0") => file(asked, &bytes, ""),
        _ => response("401 Who", "Content-Length: 0\r\n", b""),
    });
    let url = server.url("/s.tar.gz");
    let folder = tempfile::tempdir().unwrap();
    let netrc = folder.path().join("netrc");
    fs::write(&netrc, "machine 127.0.0.1 login me password secret\n").unwrap();
    same_as_plain(run(&url).env("REGINFRA_HTTP_TOKEN", "abc"));
    same_as_plain(run(&url).env("REGINFRA_HTTP_USER", "me").env("REGINFRA_HTTP_PASSWORD", "secret"));
    same_as_plain(run(&url).env("NETRC", netrc.to_str().unwrap()));
    run(&url).go().code(2).told("say who you are with REGINFRA_HTTP_TOKEN");
}

#[test]
fn links_out_of_a_listing_are_refused() {
    let (bytes, name) = (archive(), CASE.archive_name());
    let server = Server::new(move |asked, _| match asked.path.as_str() {
        "/case/" => {
            let page = format!(
                "<a href='../'>up</a><a href='../x.tar.gz'>x</a><a href='http://example.invalid/y.tar.gz'>y</a>\
                 <a href='{name}?download=1&amp;a=b'>s</a>"
            );
            response("200 OK", &format!("Content-Length: {}\r\n", page.len()), page.as_bytes())
        }
        path if path.starts_with("/case/") => file(asked, &bytes, ""),
        _ => response("500 No", "Content-Length: 0\r\n", b""),
    });
    let stderr = same_as_plain(CASE.run().arg("--sosreport-dir").arg(server.url("/case")));
    assert!(stderr.contains("2 links lead out of the folder: refused"), "{stderr}");
    let paths: Vec<_> = server.asked().into_iter().map(|a| a.path).collect();
    assert_eq!(paths, ["/case/".to_owned(), format!("/case/{}?download=1&a=b", CASE.archive_name())]);
}

#[test]
fn what_cannot_be_read_is_told_and_the_others_go_on() {
    let bytes = archive();
    let server = Server::new(move |asked, _| match asked.path.as_str() {
        "/good.tar.gz" => file(asked, &bytes, ""),
        _ => response("404 No", "Content-Length: 0\r\n", b""),
    });
    let stderr = same_as_plain(run(&server.url("/none.tar.gz")).arg(server.url("/good.tar.gz")));
    assert!(stderr.contains("/none.tar.gz: the server answers 404"), "{stderr}");
    let around = Server::new(|_, _| response("302 Found", "Location: /a\r\nContent-Length: 0\r\n", b""));
    run(&around.url("/a")).go().code(2).told("redirected more than 10 times");
}
