//! Real caches for the tests: started in a folder of their own on a free port of loopback, killed at the end.
//!
//! Debian's redis-tools carries the server's program as redis-check-rdb, which serves under the name redis-server:
//! so no service of the machine is started or touched.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// The role's users, and one for the tests' own needs.
const USERS: &str = "\
user default off
user registration_cache on >cachepw ~* -@all +get +set +setex +del +expire +ping +select +client|setname
user registration_cache_monitor on >monpw -@all +ping +info +config|get +client|list +dbsize
user admin on >adminpw ~* +@all
";

pub struct Server {
    child: Child,
    _folder: tempfile::TempDir,
    pub ip: IpAddr,
    pub port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Every server program of this machine, and those that REGINFRA_CACHE_SERVERS names (with colons between).
pub fn programs() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::env::var_os("REGINFRA_CACHE_SERVERS")
        .map(|list| std::env::split_paths(&list).filter(|p| !p.as_os_str().is_empty()).collect())
        .unwrap_or_default();
    for names in [["redis-server", "redis-check-rdb"], ["valkey-server", "valkey-check-rdb"]] {
        found.extend(names.into_iter().find_map(on_path));
    }
    for (kind, package) in [("redis", "redis-tools, on EL redis"), ("valkey", "valkey-tools, on EL valkey")] {
        if !found.iter().any(|program| program.to_string_lossy().contains(kind)) {
            let words =
                format!("{kind}-server is not here: no real {kind} was asked (its package: {package})");
            crate::support::skip(&words);
        }
    }
    found
}

pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

impl Server {
    /// As the role sets it up, with more lines of configuration behind.
    pub fn as_the_role_does(program: &Path, more: &str) -> Self {
        Self::start(
            program,
            Ipv4Addr::LOCALHOST.into(),
            &format!("{USERS}maxmemory 64mb\nmaxmemory-policy allkeys-lru\nsave \"\"\nappendonly no\n{more}"),
        )
    }

    /// PORT in the configuration stands for the port.
    pub fn start(program: &Path, ip: IpAddr, config: &str) -> Self {
        for _ in 0..5 {
            let port = TcpListener::bind((ip, 0)).unwrap().local_addr().unwrap().port();
            if let Some(server) = Self::try_start(program, ip, port, config) {
                return server;
            }
        }
        panic!("{} does not start with\n{config}", program.display());
    }

    /// The same port again, empty.
    pub fn again(self, program: &Path) -> Self {
        let (ip, port) = (self.ip, self.port);
        drop(self);
        Self::try_start(program, ip, port, USERS).expect("the port was free a moment ago")
    }

    fn try_start(program: &Path, ip: IpAddr, port: u16, config: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cache.conf");
        let dir = folder.path().display();
        let config = config.replace("PORT", &port.to_string());
        fs::write(&file, format!("bind {ip}\nport {port}\ndir {dir}\n{config}")).unwrap();
        let name = program.file_name().unwrap().to_string_lossy().replace("check-rdb", "server");
        let link = folder.path().join(name);
        std::os::unix::fs::symlink(program, &link).unwrap();
        let quiet = || Stdio::null();
        let child =
            Command::new(&link).arg(&file).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn().unwrap();
        let mut server = Self { child, _folder: folder, ip, port };
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            if TcpStream::connect((ip, port)).is_ok() {
                return Some(server);
            }
            if server.child.try_wait().unwrap().is_some() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }

    /// A connection as `user`, as `name`.
    pub fn client(&self, user: &str, password: &str, name: &str) -> Client {
        let stream = TcpStream::connect((self.ip, self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut client = Client { reader: BufReader::new(stream) };
        if !user.is_empty() {
            assert_eq!(client.ask(&format!("AUTH {user} {password}")), "+OK");
        }
        if !name.is_empty() {
            assert_eq!(client.ask(&format!("CLIENT SETNAME {name}")), "+OK");
        }
        client
    }

    pub fn capsule(&self, name: &str) -> Client {
        self.client("registration_cache", "cachepw", name)
    }
}

/// A connection that speaks in lines.
pub struct Client {
    reader: BufReader<TcpStream>,
}

impl Client {
    /// The first line of the reply; a value is read and dropped.
    pub fn ask(&mut self, line: &str) -> String {
        self.reader.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
        let first = self.line();
        if first.starts_with('$') && first != "$-1" {
            self.line();
        }
        first
    }

    pub fn hit(&mut self) {
        assert!(self.ask("GET script").starts_with("$1"));
    }

    pub fn miss(&mut self) {
        assert_eq!(self.ask("GET nothing"), "$-1");
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}
