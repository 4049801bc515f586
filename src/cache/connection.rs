//! An endpoint in, an open connection out, directly or through ssh, plain or through TLS, within its time.

use super::error::{CacheError, readable};
use super::settings::Endpoint;
use super::through_ssh;
use super::tls;
use super::wire::{Limits, Stream, Wire};
use crate::source::ssh::child::Running;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A way there on which nothing goes on past `end`, however slowly the peer drips.
pub struct Socket {
    way: Way,
    end: Instant,
}

enum Way {
    Tcp(TcpStream),
    Ssh(Box<Running>),
}

impl Socket {
    fn wait(&mut self) -> io::Result<()> {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        match &mut self.way {
            Way::Tcp(stream) => {
                stream.set_read_timeout(Some(left))?;
                stream.set_write_timeout(Some(left))
            }
            Way::Ssh(ssh) => {
                ssh.set_patience(left);
                Ok(())
            }
        }
    }
}

impl Read for Socket {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.wait()?;
        match &mut self.way {
            Way::Tcp(stream) => stream.read(into),
            Way::Ssh(ssh) => ssh.read(into),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wait()?;
        match &mut self.way {
            Way::Tcp(stream) => stream.write(bytes),
            Way::Ssh(ssh) => through_ssh::write(ssh, bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.way {
            Way::Tcp(stream) => stream.flush(),
            Way::Ssh(ssh) => ssh.flush(),
        }
    }
}

/// A connection, either way.
pub enum Connection {
    /// redis://
    Plain(Socket),
    /// rediss://
    Tls(Box<StreamOwned<ClientConnection, Socket>>),
}

impl Read for Connection {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(into),
            Self::Tls(stream) => stream.read(into),
        }
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

impl Stream for Connection {
    fn wait_at_most(&mut self, time: Duration) {
        let socket = match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => &mut stream.sock,
        };
        socket.end = Instant::now() + time;
    }
}

/// Opens a connection to a cache.
///
/// # Errors
/// No address, refused, no answer in time, TLS that does not come about.
pub fn open(endpoint: &Endpoint, limits: Limits) -> Result<Wire<Connection>, CacheError> {
    let end = Instant::now() + limits.connect;
    let shown = endpoint.address();
    let socket = match &endpoint.through {
        Some(through) => {
            let ssh = through_ssh::tunnel(through, &shown, limits)?;
            Socket { way: Way::Ssh(Box::new(ssh)), end: Instant::now() + limits.whole }
        }
        None => connect(endpoint, &shown, end, limits)?,
    };
    let connection = match &endpoint.authorities {
        None => Connection::Plain(socket),
        Some(_) => Connection::Tls(Box::new(handshake(endpoint, socket, &shown, limits)?)),
    };
    Ok(Wire::new(connection, &shown, limits))
}

fn connect(endpoint: &Endpoint, shown: &str, end: Instant, limits: Limits) -> Result<Socket, CacheError> {
    let mut last = None;
    for address in addresses(endpoint, end)? {
        let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => {
                // a round trip is measured: nothing may wait for more to send
                let _ = stream.set_nodelay(true);
                return Ok(Socket { way: Way::Tcp(stream), end });
            }
            Err(error) => last = Some(error),
        }
    }
    let address = shown.to_owned();
    Err(match last {
        Some(e) if e.kind() == io::ErrorKind::ConnectionRefused => CacheError::Refused { address },
        Some(e) if matches!(e.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) => {
            slow(shown, "the connection", limits)
        }
        Some(e) => CacheError::Broken { address, words: e.to_string() },
        None => CacheError::NoAddress { host: endpoint.host.clone(), words: "nothing found".to_owned() },
    })
}

fn slow(address: &str, what: &'static str, limits: Limits) -> CacheError {
    CacheError::TimedOut { address: address.to_owned(), what, seconds: limits.connect.as_secs().max(1) }
}

fn addresses(endpoint: &Endpoint, end: Instant) -> Result<Vec<SocketAddr>, CacheError> {
    if let Ok(ip) = endpoint.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, endpoint.port)]);
    }
    // the system's resolver takes its own time: it is left behind where that is too long
    let (sender, receiver) = mpsc::channel();
    let (host, port) = (endpoint.host.clone(), endpoint.port);
    std::thread::spawn(move || {
        let found = (host.as_str(), port).to_socket_addrs().map(|all| all.take(8).collect());
        let _ = sender.send(found);
    });
    let missing = |words: String| CacheError::NoAddress { host: endpoint.host.clone(), words };
    match receiver.recv_timeout(end.saturating_duration_since(Instant::now())) {
        Ok(found) => found.map_err(|error| missing(error.to_string())),
        Err(_) => Err(missing("the resolver does not answer".to_owned())),
    }
}

fn handshake(
    endpoint: &Endpoint,
    mut socket: Socket,
    shown: &str,
    limits: Limits,
) -> Result<StreamOwned<ClientConnection, Socket>, CacheError> {
    let failed = |words: String| CacheError::Tls { address: shown.to_owned(), words: readable(&words, 300) };
    let Some(store) = &endpoint.authorities else { return Err(failed("no authorities".to_owned())) };
    let config = tls::client_config(store, [&endpoint.load_balancer, &endpoint.host]).map_err(failed)?;
    let name = ServerName::try_from(endpoint.load_balancer.clone())
        .or_else(|_| ServerName::try_from(endpoint.host.clone()))
        .map_err(|e| failed(e.to_string()))?;
    let mut session = ClientConnection::new(config, name).map_err(|e| failed(e.to_string()))?;
    while session.is_handshaking() {
        session.complete_io(&mut socket).map_err(|error| match error.kind() {
            // the port is open: no firewall keeps us out, and a cache without TLS waits for more
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                failed(format!("no answer in {} s; it may not speak TLS", limits.connect.as_secs().max(1)))
            }
            io::ErrorKind::UnexpectedEof => failed("the peer hung up; it may not speak TLS".to_owned()),
            _ => failed(error.to_string()),
        })?;
    }
    Ok(StreamOwned::new(session, socket))
}
