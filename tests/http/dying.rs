//! A real nginx that is killed while it sends: its worker, which its master starts again, or all of it.

use super::support::chromium::end;
use super::web::{free_port, there};
use super::{CASE, answered, rest_is_answered};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long something that must come is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(since.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A master and one worker, a process group that ends with the test. The Satellite's archive takes ten
/// seconds, unless a part of it is asked for; all else is sent at once.
struct Nginx {
    master: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        end(&mut self.master);
    }
}

impl Nginx {
    fn start() -> Option<Self> {
        if !there("nginx") {
            crate::support::skip("nginx is not there: it was NOT made to break off (its package: nginx)");
            return None;
        }
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let temp: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|name| format!("{name}_temp_path {}/{name};", folder.path().display()))
            .collect();
        // `user` counts for root alone: others may not read the folders of the tests
        let config = format!(
            "daemon off; worker_processes 1; user root; pid {0}/pid; error_log {0}/error.log;\nevents {{}}\n\
             http {{ {temp}\n\
             log_format ranges '$request_uri $status $http_range $http_if_range $body_bytes_sent';\n\
             server {{ listen 127.0.0.1:{port}; root {1}; autoindex on; access_log {0}/access.log ranges;\n\
             location = /worker {{ access_log off; return 200 $pid; }}\n\
             location = /{2} {{ if ($http_range = \"\") {{ set $limit_rate {3}; }} }} }} }}\n",
            folder.path().display(),
            CASE.folder().display(),
            CASE.archive_name(),
            fs::metadata(CASE.archive()).unwrap().len() / 10,
        );
        fs::write(folder.path().join("nginx.conf"), config).unwrap();
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder.path()).arg("-c").arg(folder.path().join("nginx.conf"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let nginx = Self { master: command.spawn().unwrap(), port, folder };
        until("nginx answers", || TcpStream::connect(("127.0.0.1", port)).ok());
        Some(nginx)
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// The worker, by its own answer.
    fn worker(&self) -> Option<Pid> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(b"GET /worker HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Pid::from_raw(answer.rsplit("\r\n\r\n").next()?.parse().ok()?)
    }

    /// Waits until the worker has sent a part of the Satellite's archive.
    fn sending(&self) -> Pid {
        let name = CASE.archive_name();
        let worker = until("nginx has opened the archive", || {
            let worker = self.worker()?;
            let files = fs::read_dir(format!("/proc/{}/fd", worker.as_raw_nonzero())).ok()?;
            let mut paths = files.flatten().filter_map(|file| fs::read_link(file.path()).ok());
            paths.any(|path| path.ends_with(&name)).then_some(worker)
        });
        // it does one thing after the other: what it answers now comes after the first bytes
        assert_eq!(self.worker(), Some(worker));
        worker
    }

    /// What it says that it sent: path, status, Range, If-Range and bytes.
    fn log(&self) -> Vec<Vec<String>> {
        let log = fs::read_to_string(self.folder.path().join("access.log")).unwrap_or_default();
        let words = |line: &str| -> Vec<String> { line.split(' ').map(ToOwned::to_owned).collect() };
        // a line may be under way
        log.lines().map(words).filter(|words| words.len() == 5).collect()
    }
}

#[test]
fn an_nginx_whose_worker_is_killed_while_it_sends_is_asked_for_the_rest() {
    let Some(nginx) = Nginx::start() else { return };
    let run = CASE.run().words("--threads 2 --sosreport-dir").arg(nginx.url());
    let (sessions, json, stderr) = std::thread::scope(|scope| {
        let answer = scope.spawn(move || answered(run));
        let worker = nginx.sending();
        kill_process(worker, Signal::KILL).unwrap();
        until("the master has started another", || nginx.worker().filter(|pid| *pid != worker));
        answer.join().unwrap()
    });
    assert_eq!(
        (sessions.as_str(), &json["coverage"]["complete"]),
        (CASE.whole.as_str(), &true.into()),
        "{stderr}"
    );
    let path = format!("/{}", CASE.archive_name());
    let part = until("nginx has logged the rest", || {
        nginx.log().into_iter().find(|words| words[0] == path && words[1] == "206")
    });
    let length = fs::metadata(CASE.archive()).unwrap().len();
    let from: u64 = part[2].strip_prefix("bytes=").unwrap().strip_suffix('-').unwrap().parse().unwrap();
    assert!(from > 0 && from < length, "{part:?}");
    assert_eq!(part[4], (length - from).to_string(), "{part:?}");
    // its ETag, in quotes that the log escapes
    assert!(part[3].starts_with("\\x22"), "{part:?}");
    // never from its start again
    assert!(nginx.log().iter().all(|words| words[0] != path || words[1] == "206"), "{:?}", nginx.log());
}

#[test]
fn an_nginx_that_is_killed_while_it_sends_is_told_and_what_it_sent_before_is_answered() {
    let Some(nginx) = Nginx::start() else { return };
    let url = nginx.url();
    let archive = format!("{url}{}", CASE.archive_name());
    // beside a copy of the archive that it breaks off in
    let run =
        CASE.run().words("--threads 2 --sosreport").arg(CASE.archive()).arg("--sosreport-dir").arg(&url);
    let others: Vec<String> = fs::read_dir(CASE.folder())
        .unwrap()
        .map(|entry| format!("/{}", entry.unwrap().file_name().to_str().unwrap()))
        .filter(|path| !archive.ends_with(path.as_str()))
        .collect();
    assert!(!others.is_empty());
    let named = format!("{archive}: the connection broke after ");
    let words = [named.as_str(), "nothing listens there", "tried again 4 times", "fetch it by hand"];
    std::thread::scope(|scope| {
        let answer = scope.spawn(move || rest_is_answered(run, &CASE.whole, &words));
        nginx.sending();
        until("nginx has sent the others", || {
            let log = nginx.log();
            let sent = |path: &String| log.iter().any(|words| words[0] == *path && words[1] == "200");
            others.iter().all(sent).then_some(())
        });
        drop(nginx);
        answer.join().unwrap();
    });
}
