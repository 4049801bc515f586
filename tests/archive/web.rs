//! An archive behind a web server's listing.

use super::server::{Asked, Server, file, response};
use super::*;
use std::fs;

pub fn serve(dir: PathBuf) -> Server {
    Server::new(move |asked: &Asked, _| {
        let path = asked.path.strip_prefix("/run/").unwrap_or_default().replace("%20", " ");
        let at = dir.join(path.trim_end_matches('/'));
        if !asked.path.starts_with("/run") || !at.exists() {
            return response("404 Not Found", "Content-Length: 0\r\n", b"");
        }
        if at.is_file() {
            return file(asked, &fs::read(&at).unwrap(), "");
        }
        let link = |entry: fs::DirEntry| {
            let slash = if entry.path().is_dir() { "/" } else { "" };
            format!("<a href=\"{}{slash}\">x</a>\n", entry.file_name().to_string_lossy().replace(' ', "%20"))
        };
        let page: String = fs::read_dir(&at).unwrap().map(|entry| link(entry.unwrap())).collect();
        response("200 OK", &format!("Content-Length: {}\r\n", page.len()), page.as_bytes())
    })
}

#[test]
fn a_listing_gives_the_same_answer_as_the_folder() {
    let server = serve(archive().dir.clone());
    let there = read(server.url("/run")).go().code(0).json();
    let here = read(&archive().dir).go().code(0).json();
    assert_eq!(there["archive"]["levels"], here["archive"]["levels"]);
    assert_eq!(there["archive"]["law"], here["archive"]["law"]);
    assert_eq!(there["groups"], here["groups"]);
}

#[test]
fn a_listing_without_sosreports_or_none_at_all_is_told() {
    let (_folder, dir) = copy();
    fs::remove_dir_all(dir.join("sosreport")).unwrap();
    let server = serve(dir);
    read(server.url("/run/")).go().code(2).told("no folder sosreport/ in it");
    read(server.url("/nothing/")).go().code(2).told("the server answers 404");
}

#[test]
fn a_folder_of_clients_logs_that_lies_too_deep_is_told_by_either_way() {
    let (_folder, dir) = copy();
    let logs = dir.join("50-concurrent-exec-container-host-client-logs");
    let host = fs::read_dir(logs).unwrap().next().unwrap().unwrap().path();
    fs::create_dir_all(host.join("root/1/2")).unwrap();
    let server = serve(dir.clone());
    let ways = || [read(&dir), read(server.url("/run"))];
    for run in ways() {
        assert!(!run.go().code(0).stderr.contains("looked into"));
    }
    fs::create_dir(host.join("root/1/2/3")).unwrap();
    for run in ways() {
        let done = run.go().code(0);
        let told = done.stderr.lines().find_map(|line| line.strip_prefix("error: ")).unwrap_or_default();
        assert!(told.contains("/root/1/2/3"), "{done:#?}");
        assert!(told.ends_with(": folders in folders are looked into 5 deep: move it up"), "{told}");
        let json = done.json();
        let coverage = &json["coverage"];
        assert_eq!(coverage["complete"], false);
        assert!(coverage["unreadable"].as_array().unwrap().contains(&told.into()), "{coverage:#}");
    }
}
