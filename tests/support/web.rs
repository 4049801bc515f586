//! Web servers for the tests: started on loopback, killed at the end.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server that ends with the test.
pub struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts a server; none where its program is not there.
pub fn start(mut command: Command, port: u16) -> Option<Stopped> {
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null()).spawn().ok()?;
    let mut server = Stopped(child);
    let since = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(since.elapsed() < Duration::from_secs(60), "{command:?} does not answer");
        if let Some(status) = server.0.try_wait().unwrap() {
            panic!("{command:?} ended: {status}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(server)
}

/// Whether a program is on this machine.
pub fn there(program: &str) -> bool {
    let version = if program == "openssl" { "version" } else { "-V" };
    Command::new(program).arg(version).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// nginx with the folder `root` and its listings, from a `folder` of its own; `tls` with a certificate that nobody has
/// signed, cert.pem there.
pub fn nginx(folder: &Path, root: &Path, tls: bool) -> Option<(Stopped, u16)> {
    if !there("nginx") || (tls && !there("openssl")) {
        crate::support::skip(
            "nginx or openssl is not there: nginx was NOT read (their packages: nginx, openssl)",
        );
        return None;
    }
    let port = free_port();
    let ssl = if tls {
        let mut openssl = Command::new("openssl");
        openssl.args("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost".split(' '));
        openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
        openssl.args(["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]);
        assert!(openssl.current_dir(folder).stderr(Stdio::null()).status().unwrap().success());
        "ssl_certificate cert.pem; ssl_certificate_key key.pem;"
    } else {
        ""
    };
    let listen = format!("127.0.0.1:{port}{}", if tls { " ssl" } else { "" });
    let temp: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("{name}_temp_path {}/{name};", folder.display()))
        .collect();
    let config = format!(
        "daemon off; master_process off; pid {0}/pid; error_log {0}/error.log;\nevents {{}}\n\
         http {{ access_log off; {temp} server {{ listen {listen}; {ssl} root {1}; autoindex on; }} }}\n",
        folder.display(),
        root.display()
    );
    fs::write(folder.join("nginx.conf"), config).unwrap();
    let mut nginx = Command::new("nginx");
    nginx.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf"));
    Some((start(nginx, port)?, port))
}
