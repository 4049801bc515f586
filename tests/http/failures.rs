//! Every way in which a server fails: what is said, the exit code, and the answer of the rest.

use super::server::{Answer, Asked, Server, chunked, file, response};
use super::{CASE, answered, rest_is_answered};
use std::fs;
use std::net::TcpListener;

struct Case {
    /// Of what is asked for; the server lives as long as the case.
    url: String,
    /// What is said behind the URL.
    words: &'static [&'static str],
    variables: &'static [(&'static str, &'static str)],
    /// Of the program, where nothing else is read.
    code: i32,
    _server: Option<Server>,
}

fn case(server: Server, words: &'static [&'static str]) -> Case {
    Case { url: server.url("/x.tar.gz"), words, variables: &[], code: 2, _server: Some(server) }
}

fn answers(status: &'static str, words: &'static [&'static str]) -> Case {
    case(Server::new(move |_, _| response(status, "Content-Length: 0\r\n", b"")), words)
}

/// `location`: the header, or nothing.
fn redirects(location: &'static str, words: &'static [&'static str]) -> Case {
    let headers = format!("{location}Content-Length: 0\r\n");
    case(Server::new(move |_, _| response("302 Found", &headers, b"")), words)
}

fn archive(asked: &Asked) -> Answer {
    file(asked, &fs::read(CASE.archive()).unwrap(), "ETag: \"one\"\r\n")
}

/// An answer with so many bytes of its body.
fn cut_after(mut answer: Answer, most: usize) -> Answer {
    let body = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    answer.truncate(body + most);
    answer
}

/// Gives the first thousand bytes of the archive, and `rest` to who asks for those behind them.
fn breaks(rest: fn(&Asked) -> Answer, words: &'static [&'static str]) -> Case {
    let server = Server::new(move |asked, _| match asked.from() {
        Some(_) => rest(asked),
        None => cut_after(archive(asked), 1000),
    });
    Case { code: 3, ..case(server, words) }
}

const WHO: &str = "say who you are with REGINFRA_HTTP_TOKEN";
const KNOWN: &str = "the server was told who asks (by REGINFRA_HTTP_TOKEN) and refuses";

fn cases() -> Vec<Case> {
    let token: &[(&str, &str)] = &[("REGINFRA_HTTP_TOKEN", "wrong")];
    let plain = answers("200 OK", &["does not speak TLS there: is its URL http://"]);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = |url: String, words| Case { url, words, variables: &[], code: 2, _server: None };
    let mut cases = vec![
        answers("401 Who", &[WHO]),
        answers("403 No", &[WHO]),
        answers("404 None", &["the server answers 404: there is nothing under this URL"]),
        answers("500 Oh", &["the server answers 500: it may pass"]),
        answers("503 Busy", &["the server answers 503: it may pass"]),
        answers("418 Teapot", &["the server answers 418"]),
        redirects("Location: /x.tar.gz\r\n", &["redirected more than 10 times"]),
        redirects("Location: ftp://files.invalid/x.tar.gz\r\n", &["redirected to nowhere"]),
        redirects("", &["redirected to nowhere"]),
        Case { url: plain.url.replace("http:", "https:"), ..plain },
        breaks(
            |asked| cut_after(archive(asked), 0),
            &["the connection broke after 1000 of", "tried again 4 times"],
        ),
        breaks(
            |_| response("200 OK", "ETag: \"two\"\r\nContent-Length: 5\r\n", b"other"),
            &["it changed on the server while it was read: read it again"],
        ),
        breaks(
            |_| response("403 Expired", "Content-Length: 0\r\n", b""),
            &["the server answers 403 to who asks for the rest, after 1000 bytes", "may have run out"],
        ),
        nobody(
            format!("http://{closed}/x.tar.gz"),
            &["nothing listens there: look at the URL's host and port"],
        ),
        nobody("http://nobody.invalid/x.tar.gz".to_owned(), &["no host of this name is known here"]),
    ];
    for status in ["401 Wrong", "403 Not you"] {
        cases.push(Case { variables: token, ..answers(status, &[KNOWN]) });
    }
    cases
}

impl Case {
    fn check(&self) {
        let run = || self.variables.iter().fold(CASE.run(), |run, (name, value)| run.env(name, value));
        let alone = run().arg("--sosreport").arg(&self.url).go().code(self.code);
        self.told(&alone.stderr);
        // what came before a break is shown, though there is no registration in it
        assert_eq!(alone.stdout.is_empty(), self.code == 2, "{alone:#?}");
        // as a folder too, where it is the listing that fails
        let folder = self.url.replace("x.tar.gz", "");
        let listed = run().arg("--sosreport-dir").arg(&folder).go();
        assert!(matches!(listed.code, Some(2 | 3)), "{listed:#?}");
        assert!(listed.stderr.contains(&format!("error: {folder}: ")), "{listed:#?}");
        let beside = run().arg("--sosreport").arg(&self.url).arg(CASE.archive());
        let named = format!("{}: ", self.url);
        let words: Vec<&str> = self.words.iter().copied().chain([named.as_str()]).collect();
        rest_is_answered(beside, &CASE.plain, &words);
    }

    fn told(&self, stderr: &str) {
        let line = stderr.lines().find(|line| line.starts_with(&format!("error: {}: ", self.url)));
        let line = line.unwrap_or_else(|| panic!("{} is not told: {stderr}", self.url));
        assert!(self.words.iter().all(|words| line.contains(words)), "{}: {line}", self.url);
    }
}

#[test]
fn every_failure_is_told_with_its_way_out_and_the_rest_is_answered() {
    let cases = cases();
    std::thread::scope(|scope| {
        for case in &cases {
            scope.spawn(|| case.check());
        }
    });
}

/// A whole report beside the one in question.
#[track_caller]
fn is_told_as_cut(server: &Server) {
    let url = server.url("/s.tar.gz");
    let alone = CASE.run().arg("--json").arg("--sosreport").arg(&url).go();
    assert!(matches!(alone.code, Some(0 | 3)), "{alone:#?}");
    assert!(alone.stderr.contains("it was cut"), "{alone:#?}");
    assert_eq!(alone.json()["coverage"]["complete"], false);
    let (sessions, json, stderr) = answered(CASE.run().arg("--sosreport").arg(&url).arg(CASE.archive()));
    assert_eq!(sessions, CASE.plain);
    assert!(json["coverage"]["complete"] == false && stderr.contains("s.tar.gz: "), "{stderr}");
}

#[test]
fn a_length_that_is_too_short_is_told_as_a_cut() {
    let bytes = fs::read(CASE.archive()).unwrap();
    is_told_as_cut(&Server::new(move |_, _| {
        response("200 OK", &format!("Content-Length: {}\r\n", bytes.len() - bytes.len() / 3), &bytes)
    }));
}

#[test]
fn a_file_without_a_length_is_read_to_its_end_and_told_where_that_is_early() {
    let bytes = fs::read(CASE.archive()).unwrap();
    let half = bytes.len() / 2;
    let server = Server::new(move |asked, _| {
        let until = if asked.path.starts_with("/s") { half } else { bytes.len() };
        response("200 OK", "", &bytes[..until])
    });
    let (sessions, json, stderr) = answered(CASE.run().arg("--sosreport").arg(server.url("/whole.tar.gz")));
    assert_eq!(sessions, CASE.plain);
    assert_eq!(json["coverage"]["complete"], true, "{stderr}");
    is_told_as_cut(&server);
}

#[test]
fn a_file_in_chunks_that_breaks_off_is_asked_for_again() {
    let bytes = fs::read(CASE.archive()).unwrap();
    let server = Server::new(move |_, before| match before {
        0 => chunked(&bytes[..3000], false),
        _ => chunked(&bytes, true),
    });
    let (sessions, json, stderr) = answered(CASE.run().arg("--sosreport").arg(server.url("/s.tar.gz")));
    assert_eq!((sessions, &json["coverage"]["complete"]), (CASE.plain.clone(), &true.into()), "{stderr}");
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn what_of_a_folder_cannot_be_looked_into_makes_the_answer_incomplete() {
    let (bytes, name) = (fs::read(CASE.archive()).unwrap(), CASE.archive_name());
    let server = Server::new(move |asked, _| {
        let page = |links: &str| {
            response("200 OK", &format!("Content-Length: {}\r\n", links.len()), links.as_bytes())
        };
        match asked.path.as_str() {
            "/case/" => page(&format!(
                "<a href='{name}'>s</a><a href='closed/'>c</a><a href='open/'>o</a><a href='s/'>s</a>"
            )),
            "/case/open/" => page("<a href='sos_commands/'>s</a><a href='etc/'>e</a>"),
            "/case/s/" => page("<a href='x/'>x</a>"),
            "/case/s/x/" => page(""),
            "/case/closed/" => response("403 No", "Content-Length: 0\r\n", b""),
            path if path.starts_with("/case/sosreport") => file(asked, &bytes, ""),
            _ => response("500 Nobody was to ask for this", "Content-Length: 0\r\n", b""),
        }
    });
    let (sessions, json, stderr) = answered(CASE.run().arg("--sosreport-dir").arg(server.url("/case/")));
    assert_eq!(sessions, CASE.plain);
    assert_eq!(json["coverage"]["complete"], false);
    for words in
        ["/case/closed/: 403: say who you are", "/case/open/: an unpacked sosreport is not read over HTTP"]
    {
        assert!(stderr.lines().any(|l| l.starts_with("error: ") && l.contains(words)), "{stderr}");
        assert!(json["coverage"]["unreadable"].to_string().contains(words), "{json:#}");
    }
}
