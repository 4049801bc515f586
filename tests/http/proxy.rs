//! Proxies from the environment: a small one that forwards GET and tunnels CONNECT, and remembers what it was asked.

use super::server::{Server, file};
use super::{CASE, same_as_plain};
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
    /// All that it is asked for it gets from `server`, whatever name was asked for; `refuses` answers 407 instead.
    fn new(server: SocketAddr, refuses: bool) -> Self {
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
    refuses: bool,
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
    if refuses {
        return client.write_all(b"HTTP/1.1 407 Who\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
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
        let proxy = Proxy::new(server.address, false);
        same_as_plain(CASE.run().arg("--sosreport").arg(NAME).env(variable, proxy.url()));
        let heads = proxy.heads();
        assert!(
            !heads.is_empty() && heads.iter().all(|h| h.contains("files.invalid")),
            "{variable}: {heads:?}"
        );
    }
}

#[test]
fn hosts_that_no_proxy_names_are_asked_directly() {
    let server = archive_server();
    let proxy = Proxy::new(server.address, false);
    let run = || CASE.run().arg("--sosreport").arg(server.url("/s.tar.gz")).env("HTTP_PROXY", proxy.url());
    same_as_plain(run().env("NO_PROXY", "example.com,127.0.0.1"));
    assert_eq!(proxy.heads(), Vec::<String>::new());
    same_as_plain(run());
    assert_ne!(proxy.heads(), Vec::<String>::new());
}

#[test]
fn a_proxys_own_password_goes_to_it_and_the_servers_to_the_server() {
    let server = archive_server();
    let proxy = Proxy::new(server.address, false);
    let with_password = proxy.url().replace("http://", "http://me:secret@");
    let url = NAME.replace("http://", "http://you:word@");
    let stderr = same_as_plain(CASE.run().arg("--sosreport").arg(url).env("HTTP_PROXY", with_password));
    assert!(!stderr.contains("secret"), "{stderr}");
    let heads = proxy.heads().concat().to_ascii_lowercase();
    assert!(heads.contains("proxy-authorization: basic bwu6c2vjcmv0"), "{heads}");
    let asked = server.asked();
    assert!(asked.iter().all(|a| a.header("authorization") == Some("Basic eW91OndvcmQ=")), "{asked:?}");
}

#[test]
fn a_proxy_that_refuses_or_is_not_there_is_told() {
    let server = archive_server();
    let proxy = Proxy::new(server.address, true);
    let run = || CASE.run().arg("--sosreport").arg(NAME);
    let done = run().env("HTTP_PROXY", proxy.url()).go().code(2).told("407");
    let done = done.told("http://USER:PASSWORD@HOST:PORT").told("NO_PROXY");
    assert!(done.stderr.contains("s.tar.gz: "), "{done:#?}");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    run().env("HTTP_PROXY", format!("http://{closed}")).go().code(2).told("onnection refused");
    // beside one that can be read its answer stands
    let url = server.url("/s.tar.gz");
    let stderr = same_as_plain(
        run().arg(url).env("HTTP_PROXY", format!("http://{closed}")).env("NO_PROXY", "127.0.0.1"),
    );
    assert!(stderr.contains("files.invalid/case/s.tar.gz"), "{stderr}");
}
