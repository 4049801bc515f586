//! A web server of a few lines that does what it is told, and remembers what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// A request's path and headers, the names in lower case.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub path: String,
    pub headers: Vec<(String, String)>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Where a Range begins.
    pub fn from(&self) -> Option<usize> {
        self.header("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }
}

/// What to send before the connection is closed: bytes as they go over the wire.
pub type Answer = Vec<u8>;

pub struct Server {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// `answer` is called with each request and how many came before it, for each connection on a thread of its own.
    pub fn new(answer: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (log, stopped) = (Arc::clone(&asked), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            std::thread::scope(|scope| {
                for stream in listener.incoming() {
                    if stopped.load(Ordering::SeqCst) {
                        return;
                    }
                    scope.spawn(|| serve(stream.unwrap(), &log, &answer));
                }
            });
        });
        Self { address, asked, stop, thread: Some(thread) }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // wakes the thread
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<Asked>>, answer: &impl Fn(&Asked, usize) -> Answer) {
    // the first byte of TLS, which is not spoken here: the answer is that of other servers
    let mut first = [0];
    if stream.peek(&mut first).is_ok() && first[0] == 0x16 {
        let _ = stream.read(&mut [0; 16 * 1024]);
        let _ = stream.write_all(&response("400 Bad Request", "Content-Length: 0\r\n", b""));
        return;
    }
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let headers = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(": ").map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned())))
        .collect();
    let asked = Asked { path, headers };
    let before = {
        let mut log = log.lock().unwrap();
        log.push(asked.clone());
        log.len() - 1
    };
    // the reader may have gone
    let _ = stream.write_all(&answer(&asked, before));
}

/// Status line, headers and body.
pub fn response(status: &str, headers: &str, body: &[u8]) -> Answer {
    let mut answer = format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n").into_bytes();
    answer.extend_from_slice(body);
    answer
}

/// A body in chunks, without a length; `ends`: the last is told to be it.
pub fn chunked(bytes: &[u8], ends: bool) -> Answer {
    let mut answer = response("200 OK", "Transfer-Encoding: chunked\r\n", b"");
    for chunk in bytes.chunks(1000) {
        answer.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        answer.extend(chunk);
        answer.extend(b"\r\n");
    }
    if ends {
        answer.extend(b"0\r\n\r\n");
    }
    answer
}

/// A whole file with its length, or the part that a Range asks for.
pub fn file(asked: &Asked, bytes: &[u8], headers: &str) -> Answer {
    let length = bytes.len();
    match asked.from() {
        Some(from) if from >= length => {
            response("416 No", &format!("Content-Range: bytes */{length}\r\nContent-Length: 0\r\n"), b"")
        }
        Some(from) => {
            let range = format!(
                "Content-Range: bytes {from}-{}/{length}\r\nContent-Length: {}\r\n{headers}",
                length - 1,
                length - from
            );
            response("206 Partial Content", &range, &bytes[from..])
        }
        None => response("200 OK", &format!("Content-Length: {length}\r\n{headers}"), bytes),
    }
}
