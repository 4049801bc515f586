//! Pages that other servers than those of `real` write: their folders hold the case, and nothing else is asked for.

use super::server::{Answer, Server, file, response};
use super::{CASE, rest_is_answered, same_as_plain, same_as_whole};
use std::collections::BTreeMap;
use std::fs;

/// What mod_autoindex writes with FancyIndexing and HTMLTable.
fn apache(path: &str, names: &[String]) -> String {
    let row = |name: &str, text: &str| {
        format!(
            "<tr><td valign=\"top\"><img src=\"/icons/compressed.gif\" alt=\"[   ]\"></td><td><a href=\"{name}\">{text}\
             </a></td><td align=\"right\">2026-04-05 10:00  </td><td align=\"right\">1.2M</td><td>&nbsp;</td></tr>\n"
        )
    };
    // a long name is shown short
    let rows: String =
        names.iter().map(|n| row(n, &format!("{:.20}..&gt;", n.replace("%2B", "+")))).collect();
    format!(
        "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 3.2 Final//EN\">\n<html>\n <head>\n  <title>Index of {path}</title>\n \
         </head>\n <body>\n<h1>Index of {path}</h1>\n  <table>\n   <tr><th valign=\"top\"><img src=\"/icons/blank.gif\" \
         alt=\"[ICO]\"></th><th><a href=\"?C=N;O=D\">Name</a></th><th><a href=\"?C=M;O=A\">Last modified</a></th><th>\
         <a href=\"?C=S;O=A\">Size</a></th></tr>\n{}{rows}</table>\n<address>Apache/2.4.62 (Red Hat Enterprise Linux) \
         OpenSSL/3.2.2 Server at files.example.com Port 443</address>\n</body></html>\n",
        row(&format!("{}/", path.trim_end_matches('/').rsplit_once('/').unwrap().0), "Parent Directory")
    )
}

/// What exporters of a run's workdir write: Bootstrap around a table, links that are whole paths, with queries.
fn exporter(path: &str, names: &[String]) -> String {
    let item = |name: &String| {
        let class = if name.ends_with('/') { "folder" } else { "file" };
        format!(
            "<tr class=\"{class}\"><td><a class='name' data-kind=\"{class}\"\n   href='{path}{name}?raw=1&amp;v=2'>\
             <span class=\"icon\"></span>{name}</a></td><td>1 MB</td></tr>\n"
        )
    };
    let rows: String = names.iter().map(item).collect();
    format!(
        "<!doctype html><html><head><link rel=stylesheet href=/static/app.css></head><body><nav><a href=\"/\">runs</a> \
         <a href=\"{path}\">this</a></nav><abbr href=\"x.tar\"></abbr><table>{rows}</table><a href=\"javascript:up()\">\
         up</a><a name=end></a></body></html>"
    )
}

/// The case in /runs/7/ and the folder `more` below, behind pages that `page` writes.
fn served(page: fn(&str, &[String]) -> String) -> (Server, Vec<String>) {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(CASE.folder()).unwrap() {
        let path = entry.unwrap().path();
        files.insert(path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap());
    }
    let satellite = CASE.archive_name();
    let below: Vec<String> = files.keys().filter(|name| **name != satellite).cloned().collect();
    assert!(!below.is_empty());
    let mut expected: Vec<String> = vec![format!("/runs/7/{satellite}")];
    expected.extend(below.iter().map(|name| format!("/runs/7/more/{name}")));
    expected.sort();
    let server = Server::new(move |asked, _| {
        let path = asked.path.split('?').next().unwrap();
        let html = match path {
            "/runs/7/" => page(path, &["checksums.txt".to_owned(), "more/".to_owned(), satellite.clone()]),
            "/runs/7/more/" => page(path, &below),
            _ => {
                let name = path.rsplit('/').next().unwrap();
                let bytes = files.get(name).filter(|_| path.starts_with("/runs/7/"));
                return match bytes {
                    Some(bytes) => file(asked, bytes, ""),
                    None => response("500 Nobody was to ask for this", "Content-Length: 0\r\n", b""),
                };
            }
        };
        let head = format!("Content-Type: text/html;charset=UTF-8\r\nContent-Length: {}\r\n", html.len());
        response("200 OK", &head, html.as_bytes())
    });
    (server, expected)
}

fn reads_the_case(page: fn(&str, &[String]) -> String) {
    let (server, expected) = served(page);
    let stderr = same_as_whole(CASE.run().arg("--sosreport-dir").arg(server.url("/runs/7/")));
    assert!(!stderr.contains("lead out"), "{stderr}");
    let mut archives: Vec<String> = server
        .asked()
        .iter()
        .map(|asked| asked.path.split('?').next().unwrap().to_owned())
        .filter(|path| !path.ends_with('/'))
        .collect();
    archives.sort();
    archives.dedup();
    assert_eq!(archives, expected);
}

fn listing(links: &str) -> Answer {
    response("200 OK", &format!("Content-Length: {}\r\n", links.len()), links.as_bytes())
}

fn moved(to: &str) -> Answer {
    response("302 Found", &format!("Location: {to}\r\nContent-Length: 0\r\n"), b"")
}

#[test]
fn the_tables_of_apache_give_the_same_sessions() {
    reads_the_case(apache);
}

#[test]
fn the_tables_of_a_workdir_exporter_give_the_same_sessions() {
    reads_the_case(exporter);
}

#[test]
fn a_folder_that_lies_too_deep_is_told_and_not_asked_for() {
    let (bytes, name) = (fs::read(CASE.archive()).unwrap(), CASE.archive_name());
    let server = Server::new(move |asked, _| {
        if !asked.path.ends_with('/') {
            return file(asked, &bytes, "");
        }
        let archive =
            if asked.path == "/c/d/d/d/" { format!("<a href='{name}'>s</a>") } else { String::new() };
        file(asked, format!("<a href='d/'>d</a>{archive}").as_bytes(), "")
    });
    let run = || CASE.run().arg("--sosreport-dir").arg(server.url("/c/"));
    let told = "/c/d/d/d/d/: folders in folders are looked into 3 deep: name it with --sosreport-dir";
    let stderr = same_as_plain(run());
    assert!(stderr.lines().any(|line| line.starts_with("error: ") && line.ends_with(told)), "{stderr}");
    let json = run().arg("--json").go().code(0).json();
    assert_eq!(json["coverage"]["complete"], false);
    assert!(json["coverage"]["unreadable"].to_string().contains(told), "{json:#}");
    assert!(server.asked().iter().all(|asked| asked.path != "/c/d/d/d/d/"), "{:?}", server.asked());
}

#[test]
fn of_many_folders_that_lie_too_deep_the_first_are_told_and_how_many_more() {
    let (bytes, name) = (fs::read(CASE.archive()).unwrap(), CASE.archive_name());
    let server = Server::new(move |asked, _| match asked.path.as_str() {
        "/c/d/d/d/" => {
            let deep: String = (1..=5).map(|n| format!("<a href='{n}/'>{n}</a>")).collect();
            listing(&format!("{deep}<a href='{name}'>s</a>"))
        }
        path if path.ends_with('/') => listing("<a href='d/'>d</a>"),
        _ => file(asked, &bytes, ""),
    });
    let stderr = same_as_plain(CASE.run().arg("--sosreport-dir").arg(server.url("/c/")));
    let told: Vec<&str> = stderr.lines().filter(|line| line.contains(": folders in folders are ")).collect();
    assert_eq!(told.len(), 4, "{stderr}");
    assert!(told[2].contains("/c/d/d/d/3/: "), "{told:?}");
    assert!(told[3].contains("2 more folders of which the same is true: "), "{told:?}");
}

#[test]
fn a_folder_that_redirects_out_of_the_one_that_was_named_is_refused() {
    let (bytes, name) = (fs::read(CASE.archive()).unwrap(), CASE.archive_name());
    let server = Server::new(move |asked, _| match asked.path.as_str() {
        // what was named may lie anywhere
        "/latest/" => moved("/case/"),
        "/case/" => listing("<a href='in/'>i</a><a href='out/'>o</a><a href='up/'>u</a>"),
        "/case/in/" => moved("/case/moved/"),
        "/case/moved/" => listing(&format!("<a href='{name}'>s</a>")),
        "/case/out/" => moved("/"),
        "/case/up/" => moved("/case/..%2f..%2fother/"),
        path if path.ends_with('/') => listing("<a href='other.tar.gz'>x</a>"),
        _ => file(asked, &bytes, ""),
    });
    for (folder, target) in [("out", "/"), ("up", "/case/..%2f..%2fother/")] {
        let words = format!(
            "{}: redirected out of the folder, to {}: refused; name that",
            server.url(&format!("/case/{folder}/")),
            server.url(target)
        );
        let run = CASE.run().arg("--sosreport-dir").arg(server.url("/latest/"));
        rest_is_answered(run, &CASE.plain, &[&words]);
    }
    assert!(server.asked().iter().all(|asked| !asked.path.ends_with("other.tar.gz")), "{:?}", server.asked());
}

#[test]
fn a_listing_that_redirects_to_another_server_is_refused() {
    let (bytes, name) = (fs::read(CASE.archive()).unwrap(), CASE.archive_name());
    let other = Server::new(|_, _| listing("<a href='other.tar.gz'>x</a>"));
    let target = other.url("/case/");
    let words = format!(": redirected to another server, to {target}: refused; name that");
    let server = Server::new(move |asked, _| match asked.path.as_str() {
        "/case/" => listing(&format!("<a href='{name}'>s</a><a href='far/'>f</a>")),
        "/case/far/" | "/far/" => moved(&target),
        _ => file(asked, &bytes, ""),
    });
    let run = |folder: &str| CASE.run().arg("--sosreport-dir").arg(server.url(folder));
    let told = format!("{}{words}", server.url("/far/"));
    run("/far/").go().code(2).told(&format!("error: {told}")).says_nothing_on_stdout();
    rest_is_answered(run("/far/").arg("--sosreport").arg(CASE.archive()), &CASE.plain, &[&told]);
    let told = format!("{}{words}", server.url("/case/far/"));
    rest_is_answered(run("/case/"), &CASE.plain, &[&told]);
    assert!(other.asked().iter().all(|asked| asked.path == "/case/"), "{:?}", other.asked());
}

/// The longest listing that is read.
const LONGEST: usize = 32 << 20;

#[test]
fn a_listing_is_read_up_to_32_mib_and_told_past_that() {
    let (bytes, name) = (fs::read(CASE.archive()).unwrap(), CASE.archive_name());
    let server = Server::new(move |asked, _| {
        let link = format!("<a href='{name}'>s</a>");
        let long = |length: usize| listing(&(" ".repeat(length - link.len()) + &link));
        match asked.path.as_str() {
            "/all/" => long(LONGEST),
            "/more/" => long(LONGEST + 1),
            _ => file(asked, &bytes, ""),
        }
    });
    let run = |folder: &str| CASE.run().arg("--sosreport-dir").arg(server.url(folder));
    same_as_plain(run("/all/"));
    let told = format!(
        "{}: the listing is longer than {LONGEST} bytes: name folders or archives in it",
        server.url("/more/")
    );
    run("/more/").go().code(2).told(&format!("error: {told}")).says_nothing_on_stdout();
    rest_is_answered(run("/more/").arg("--sosreport").arg(CASE.archive()), &CASE.plain, &[&told]);
}

#[test]
fn of_very_many_folders_a_thousand_are_looked_into() {
    let (bytes, name) = (fs::read(CASE.archive()).unwrap(), CASE.archive_name());
    let server = Server::new(move |asked, _| match asked.path.as_str() {
        "/case/" => {
            let folders: String = (0..1100).map(|n| format!("<a href='{n}/'>f</a>")).collect();
            listing(&format!("<a href='{name}'>s</a>{folders}"))
        }
        path if path.ends_with('/') => listing(""),
        _ => file(asked, &bytes, ""),
    });
    let told = format!("{}: more than 1000 folders: name those that matter", server.url("/case/"));
    let run = CASE.run().arg("--sosreport-dir").arg(server.url("/case/"));
    rest_is_answered(run, &CASE.plain, &[&told]);
    assert_eq!(server.asked().iter().filter(|asked| asked.path.ends_with('/')).count(), 1000);
}

#[test]
fn a_listing_that_breaks_off_is_asked_for_again() {
    let (bytes, name) = (fs::read(CASE.archive()).unwrap(), CASE.archive_name());
    let server = Server::new(move |asked, before| {
        if asked.path != "/case/" {
            return file(asked, &bytes, "");
        }
        let mut answer = file(asked, format!("<p>reports</p><a href='{name}'>s</a>").as_bytes(), "");
        if before == 0 {
            answer.truncate(answer.len() - name.len());
        }
        answer
    });
    same_as_plain(CASE.run().arg("--sosreport-dir").arg(server.url("/case/")));
    assert_eq!(server.asked().iter().filter(|asked| asked.path == "/case/").count(), 2);
}
