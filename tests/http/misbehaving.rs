//! Servers that break, lie, redirect and refuse.

use super::server::{Server, chunked, file, response};
use super::{CASE, Run, answered, rest_is_answered, same_as_plain};
use std::fs;

const ETAG: &str = "ETag: \"one\"\r\n";

fn archive() -> Vec<u8> {
    fs::read(CASE.archive()).unwrap()
}

fn run(url: &str) -> Run {
    CASE.run().arg("--sosreport").arg(url)
}

/// An archive that was read to its end, and is in doubt all the same: alone, and beside one that is not.
#[track_caller]
fn is_in_doubt(url: &str, words: &str) {
    let named = format!("{url}: ");
    rest_is_answered(run(url), &CASE.plain, &[&named, words]);
    rest_is_answered(run(url).arg(CASE.archive()), &CASE.plain, &[&named, words]);
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
fn a_length_that_is_a_lie_is_told() {
    let bytes = archive();
    let real = bytes.len();
    let server = Server::new(move |asked, _| {
        if asked.from().is_some() {
            return file(asked, &bytes, "");
        }
        response("200 OK", &format!("Content-Length: {}\r\n", real + 100), &bytes)
    });
    let words = format!("the server said {} bytes, and there are {real}", real + 100);
    is_in_doubt(&server.url("/s.tar.gz"), &words);
}

#[test]
fn a_file_in_chunks_that_breaks_at_its_very_end_is_whole() {
    let bytes = archive();
    let length = bytes.len();
    let server = Server::new(move |asked, _| match asked.from() {
        Some(_) => file(asked, &bytes, ""),
        None => chunked(&bytes, false),
    });
    let (sessions, json, stderr) = answered(run(&server.url("/s.tar.gz")));
    assert_eq!((sessions, &json["coverage"]["complete"]), (CASE.plain.clone(), &true.into()), "{stderr}");
    // the second is answered 416, with the length that was read
    let asked: Vec<_> = server.asked().iter().map(|asked| asked.from()).collect();
    assert_eq!(asked, [None, Some(length)]);
}

#[test]
fn a_file_in_chunks_of_which_there_is_no_more_is_not_whole_unless_its_length_is_told() {
    for (range, words) in [
        ("Content-Range: bytes */10\r\n", "it changed on the server while it was read: read it again"),
        ("", "(the server has no more, and does not say how many bytes there are)"),
    ] {
        let bytes = archive();
        let server = Server::new(move |asked, _| match asked.from() {
            Some(_) => response("416 No", &format!("{range}Content-Length: 0\r\n"), b""),
            None => chunked(&bytes, false),
        });
        is_in_doubt(&server.url("/s.tar.gz"), words);
    }
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
fn another_server_that_wants_a_login_is_told_and_gets_none() {
    let other = Server::new(|_, _| response("401 Who", "Content-Length: 0\r\n", b""));
    let target = other.url("/x.tar.gz?signed=hidden");
    let first = Server::new(move |_, _| {
        response("302 Found", &format!("Location: {target}\r\nContent-Length: 0\r\n"), b"")
    });
    let (url, folder) = (first.url("/a.tar.gz"), first.url("/case/"));
    let words = format!("401: redirected to another server, {}, which wants a login", other.url(""));
    let never = "never sent to another server than the one that you named: name the URL there";
    let told = |run: Run, url: &str| {
        let done =
            run.env("REGINFRA_HTTP_TOKEN", "abcdef").go().code(2).told(&format!("error: {url}: {words}"));
        let done = done.told(never).says_nothing_on_stdout();
        assert!(!done.stderr.contains("abcdef") && !done.stderr.contains("hidden"), "{done:#?}");
    };
    told(run(&url), &url);
    told(CASE.run().arg("--sosreport-dir").arg(&folder), &folder);
    let named = format!("{url}: ");
    let beside = run(&url).arg(CASE.archive()).env("REGINFRA_HTTP_TOKEN", "abcdef");
    rest_is_answered(beside, &CASE.plain, &[&named, &words, never]);
    let (first, other) = (first.asked(), other.asked());
    assert_eq!((first.len(), other.len()), (3, 3), "{first:?} {other:?}");
    assert!(first.iter().all(|asked| asked.header("authorization") == Some("Bearer abcdef")), "{first:?}");
    assert!(other.iter().all(|asked| asked.header("authorization").is_none()), "{other:?}");
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
}
