//! Proxies from the environment: a small one that forwards GET and tunnels CONNECT, and remembers what it was asked.

use super::server::{Server, file, response};
use super::web::nginx;
use super::{CASE, rest_is_answered, same_as_plain};
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

struct Proxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// All that it is asked for it gets from `server`, whatever name was asked for, or it answers `refuses`.
    fn new(server: SocketAddr, refuses: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (heads, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (asked, stopped) = (Arc::clone(&heads), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                // a client that hangs up is no failure of the proxy's
                let _ = forward(stream.unwrap(), server, refuses, &asked);
            }
        });
        Self { address, heads, stop, thread: Some(thread) }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn forward(
    client: TcpStream,
    server: SocketAddr,
    refuses: Option<&str>,
    heads: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    heads.lock().unwrap().push(head.clone());
    let mut client = client;
    if let Some(status) = refuses {
        return client.write_all(&response(status, "Content-Length: 0\r\n", b""));
    }
    let mut far = TcpStream::connect(server)?;
    if head.starts_with("CONNECT ") {
        client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
    } else {
        // the server behind wants the path alone
        let url = head.split(' ').nth(1).unwrap();
        let path = url.splitn(4, '/').nth(3).unwrap();
        far.write_all(head.replacen(url, &format!("/{path}"), 1).as_bytes())?;
    }
    let (mut up, mut down) = (far.try_clone()?, client.try_clone()?);
    let sender = std::thread::spawn(move || {
        let _ = std::io::copy(&mut reader, &mut up);
        let _ = up.shutdown(Shutdown::Write);
    });
    let _ = std::io::copy(&mut far, &mut down);
    let _ = client.shutdown(Shutdown::Both);
    let _ = sender.join();
    Ok(())
}

fn archive_server() -> Server {
    let bytes = std::fs::read(CASE.archive()).unwrap();
    Server::new(move |asked, _| file(asked, &bytes, ""))
}

/// Nobody has this name: only a proxy can know where it is.
const NAME: &str = "http://files.invalid/case/s.tar.gz";

#[test]
fn a_proxy_of_the_environment_is_asked_for_what_only_it_can_reach() {
    let server = archive_server();
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let proxy = Proxy::new(server.address, None);
        same_as_plain(CASE.run().arg("--sosreport").arg(NAME).env(variable, proxy.url()));
        let heads = proxy.heads();
        assert!(
            !heads.is_empty() && heads.iter().all(|h| h.contains("files.invalid")),
            "{variable}: {heads:?}"
        );
    }
}

#[test]
fn each_scheme_goes_through_its_own_proxy_after_a_redirect_too() {
    let folder = tempfile::tempdir().unwrap();
    let Some((_nginx, port)) = nginx(folder.path(), &CASE.storm.dir, true) else { return };
    let url = format!("https://127.0.0.1:{port}/sos/{}", CASE.archive_name());
    let moved = format!("Location: {url}\r\nContent-Length: 0\r\n");
    let plain = Server::new(move |_, _| response("302 Found", &moved, b""));
    let for_http = Proxy::new(plain.address, None);
    let for_https = Proxy::new(SocketAddr::from(([127, 0, 0, 1], port)), None);
    let nobody = "http://proxy.invalid:3128";
    let ca_file = folder.path().join("cert.pem");
    let run = |url: &str| CASE.run().arg("--ca-file").arg(&ca_file).arg("--sosreport").arg(url);
    let both = run(NAME).env("HTTP_PROXY", for_http.url()).env("HTTPS_PROXY", for_https.url());
    same_as_plain(both.env("ALL_PROXY", nobody));
    let tunnels = |proxy: &Proxy, target: &str| {
        let (heads, wanted) = (proxy.heads(), format!("CONNECT {target} "));
        assert!(heads.iter().all(|head| head.starts_with(&wanted)), "{target}: {heads:?}");
        heads.len()
    };
    assert_ne!(tunnels(&for_http, "files.invalid:80"), 0);
    let before = tunnels(&for_https, &format!("127.0.0.1:{port}"));
    assert_ne!(before, 0);
    // its own is not set
    same_as_plain(run(&url).env("HTTP_PROXY", nobody).env("ALL_PROXY", for_https.url()));
    assert!(tunnels(&for_https, &format!("127.0.0.1:{port}")) > before);
}

#[test]
fn a_proxy_that_cannot_be_used_is_told_by_its_variable_and_nothing_is_asked_for_without_it() {
    let socks = ("ALL_PROXY", "socks5://me:secret@127.0.0.1:1080");
    let torn = ("http_proxy", "http://me:sec#ret@127.0.0.1:3128");
    for ((variable, value), words) in [
        (socks, "ALL_PROXY (127.0.0.1:1080) is a SOCKS proxy"),
        (torn, "http_proxy (127.0.0.1:3128) is no URL of a proxy"),
    ] {
        let server = archive_server();
        let url = server.url("/s.tar.gz");
        let run = || CASE.run().arg("--sosreport").arg(&url).env(variable, value);
        let told = format!("{url}: {words}");
        let way_out = "for this server with NO_PROXY";
        let alone = run().go().code(2).told(&format!("error: {told}")).told(way_out).says_nothing_on_stdout();
        assert!(!alone.stderr.contains("me:sec"), "{alone:#?}");
        rest_is_answered(run().arg(CASE.archive()), &CASE.plain, &[&told, way_out]);
        assert_eq!(server.asked().len(), 0);
        same_as_plain(run().env("NO_PROXY", "127.0.0.1"));
    }
}

#[test]
fn hosts_that_no_proxy_names_are_asked_directly() {
    let server = archive_server();
    let proxy = Proxy::new(server.address, None);
    let run = || CASE.run().arg("--sosreport").arg(server.url("/s.tar.gz")).env("HTTP_PROXY", proxy.url());
    same_as_plain(run().env("NO_PROXY", "example.com,127.0.0.1"));
    assert_eq!(proxy.heads(), Vec::<String>::new());
    same_as_plain(run());
    assert_ne!(proxy.heads(), Vec::<String>::new());
}

#[test]
fn a_proxys_own_password_goes_to_it_and_the_servers_to_the_server() {
    let server = archive_server();
    let proxy = Proxy::new(server.address, None);
    let with_password = proxy.url().replace("http://", "http://me:secret@");
    let url = NAME.replace("http://", "http://you:word@");
    let stderr = same_as_plain(CASE.run().arg("--sosreport").arg(url).env("HTTP_PROXY", with_password));
    assert!(!stderr.contains("secret"), "{stderr}");
    let heads = proxy.heads().concat().to_ascii_lowercase();
    assert!(heads.contains("proxy-authorization: basic bwu6c2vjcmv0"), "{heads}");
    let asked = server.asked();
    assert!(asked.iter().all(|a| a.header("authorization") == Some("Basic eW91OndvcmQ=")), "{asked:?}");
}

/// The proxy is told by its name, with the way out; what NO_PROXY names is read beside.
fn is_told(server: &Server, proxy: &str, words: &str) {
    let with_password = format!("http://me:secret@{proxy}");
    let run = || CASE.run().arg("--sosreport").arg(NAME).env("HTTP_PROXY", &with_password);
    let words = format!("{NAME}: the proxy http://{proxy} {words}");
    let way_out = "for this server with NO_PROXY";
    let alone = run().go().code(2).told(&format!("error: {words}")).told(way_out).says_nothing_on_stdout();
    assert!(!alone.stderr.contains("secret"), "{alone:#?}");
    let beside = run().arg(server.url("/s.tar.gz")).env("NO_PROXY", "127.0.0.1");
    rest_is_answered(beside, &CASE.plain, &[&words, way_out]);
}

#[test]
fn a_proxy_that_refuses_or_is_not_there_is_told_by_its_name_and_the_rest_is_answered() {
    let server = &archive_server();
    let login = Proxy::new(server.address, Some("407 Who"));
    let forbids = Proxy::new(server.address, Some("403 No"));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let cases = [
        (login.address.to_string(), "wants a name and a password (407): put them into its variable"),
        (
            forbids.address.to_string(),
            "answers 403 where it was to connect to this server: it must allow CONNECT",
        ),
        (closed.to_string(), "does not answer (io: Connection refused"),
        ("proxy.invalid:3128".to_owned(), "does not answer (io: "),
    ];
    std::thread::scope(|scope| {
        for (proxy, words) in &cases {
            scope.spawn(move || is_told(server, proxy, words));
        }
    });
    // what is refused is not asked for again
    assert_eq!((login.heads().len(), forbids.heads().len()), (2, 2));
}
