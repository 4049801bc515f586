//! Real sshd on loopback, each with its own keys and folder; the user's own configuration is kept out.

use crate::support::{Done, Run};
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where distributions put it; it must be started by its full path.
fn sshd_path() -> Option<PathBuf> {
    ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].map(PathBuf::from).into_iter().find(|p| p.exists())
}

/// Hosts on loopback and a client that knows them.
pub struct Lab {
    folder: tempfile::TempDir,
    servers: Vec<Server>,
}

struct Server {
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How an sshd is to be.
#[derive(Default)]
pub struct Options<'a> {
    /// A script that is run in place of what the client asks for, which it finds in SSH_ORIGINAL_COMMAND.
    pub instead: Option<&'a str>,
    /// Programs that are found first there: name, script.
    pub programs: &'a [(&'a str, &'a str)],
    /// More lines of its configuration.
    pub more: &'a str,
    /// Nobody's key is taken.
    pub refuses_keys: bool,
    /// Its key in the client's known_hosts: that of another, or none.
    pub known: Known,
    /// A script that makes what it lives in, and ends with `exec "$@"`.
    pub within: Option<&'a str>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Known {
    #[default]
    Yes,
    Changed,
    No,
}

impl Lab {
    /// None, loudly, where sshd cannot be run.
    pub fn new() -> Option<Self> {
        if sshd_path().is_none() || Command::new("ssh").arg("-V").output().is_err() {
            crate::support::skip("OpenSSH's sshd or ssh is not there: reading over SSH was NOT tested");
            return None;
        }
        if whoami() == "root" {
            // where sshd of root changes to while it does not trust the client yet
            let _ = fs::create_dir_all("/run/sshd");
        }
        let lab = Self { folder: tempfile::tempdir().unwrap(), servers: Vec::new() };
        fs::create_dir(lab.path("tmp")).unwrap();
        fs::write(lab.path("known_hosts"), "").unwrap();
        keygen(&lab.path("id"));
        keygen(&lab.path("other"));
        let config = format!(
            "UserKnownHostsFile {0}/known_hosts\nGlobalKnownHostsFile /dev/null\nStrictHostKeyChecking yes\n\
             IdentityAgent none\nIdentitiesOnly yes\nIdentityFile {0}/none\n",
            lab.folder.path().display()
        );
        fs::write(lab.path("config"), config).unwrap();
        let script = format!("exec {} -F '{}' \"$@\"", which("ssh").display(), lab.path("config").display());
        program(&lab.path("bin"), "ssh", &script);
        Some(lab)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts one; gives the variables of a host that is reached through it.
    pub fn serve(&mut self, options: &Options<'_>) -> String {
        let dir = self.path(&format!("host{}", self.servers.len()));
        fs::create_dir(&dir).unwrap();
        keygen(&dir.join("key"));
        let key = if options.refuses_keys { self.path("other.pub") } else { self.path("id.pub") };
        fs::copy(key, dir.join("authorized")).unwrap();
        for (name, script) in options.programs {
            program(&dir.join("bin"), name, script);
        }
        let port = free_port();
        let at = dir.display();
        // of a setting that is there twice sshd takes the first
        let mut config = format!(
            "{}\nListenAddress 127.0.0.1:{port}\nHostKey {at}/key\nAuthorizedKeysFile {at}/authorized\nPidFile none\n\
             StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitRootLogin prohibit-password\nLogLevel INFO\nMaxStartups 100\n\
             SetEnv PATH={at}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin\n",
            options.more
        );
        if let Some(script) = options.instead {
            program(&dir, "instead", script);
            config += &format!("ForceCommand {at}/instead\n");
        }
        fs::write(dir.join("config"), config).unwrap();
        let mut command =
            Command::new(options.within.map_or_else(|| sshd_path().unwrap(), |_| "/bin/sh".into()));
        if let Some(script) = options.within {
            command.args(["-c", script, "sh"]).arg(sshd_path().unwrap());
        }
        command.arg("-D").arg("-f").arg(dir.join("config")).arg("-E").arg(dir.join("log"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.servers.push(Server { child: command.spawn().unwrap() });
        wait_for(port, &dir.join("log"));
        self.know(options.known, port, &dir);
        let id = self.path("id");
        format!(
            "ansible_host=127.0.0.1 ansible_port={port} ansible_user={} ansible_ssh_private_key_file={}",
            whoami(),
            id.display()
        )
    }

    fn know(&self, known: Known, port: u16, dir: &Path) {
        let key = match known {
            Known::Yes => dir.join("key.pub"),
            Known::Changed => self.path("other.pub"),
            Known::No => return,
        };
        let line = format!("[127.0.0.1]:{port} {}", fs::read_to_string(key).unwrap());
        let mut all = fs::read_to_string(self.path("known_hosts")).unwrap();
        all += &line;
        fs::write(self.path("known_hosts"), all).unwrap();
    }

    /// What the user's own configuration says too.
    pub fn configure(&self, lines: &str) {
        let path = self.path("config");
        let config = fs::read_to_string(&path).unwrap();
        fs::write(path, format!("{config}{lines}")).unwrap();
    }

    /// What the sshd wrote.
    pub fn log_of(&self, server: usize) -> String {
        fs::read_to_string(self.path(&format!("host{server}")).join("log")).unwrap()
    }

    /// An inventory with these Satellites.
    pub fn inventory(&self, hosts: &[(&str, String)]) -> PathBuf {
        let lines: Vec<String> = hosts.iter().map(|(name, vars)| format!("{name} {vars}\n")).collect();
        let path = self.path("inventory.ini");
        fs::write(&path, format!("[satellite6]\n{}", lines.concat())).unwrap();
        path
    }

    /// `metrics -i INVENTORY WORDS` with the client that knows the hosts.
    pub fn run(&self, inventory: &Path, words: &str) -> Run {
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        let run = Run::new("metrics -i").arg(inventory).words(words).env("PATH", path);
        run.env("TMPDIR", self.path("tmp"))
    }

    /// Runs that; no folder and no socket may be left behind.
    #[track_caller]
    pub fn metrics(&self, inventory: &Path, words: &str) -> Done {
        let done = self.run(inventory, words).go();
        let left: Vec<_> = fs::read_dir(self.path("tmp")).unwrap().collect();
        assert!(left.is_empty(), "left behind: {left:?}");
        done
    }
}

pub fn whoami() -> String {
    let out = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

pub fn which(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|p| p.exists()).unwrap_or_else(|| name.into())
}

pub fn program(dir: &Path, name: &str, script: &str) {
    fs::create_dir_all(dir).unwrap();
    let path = dir.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn keygen(path: &Path) {
    let out =
        Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).output().unwrap();
    assert!(out.status.success(), "{out:?}");
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn wait_for(port: u16, log: &Path) {
    let since = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let said = || fs::read_to_string(log).unwrap_or_default();
        assert!(since.elapsed() < Duration::from_secs(60), "sshd does not listen: {}", said());
        std::thread::sleep(Duration::from_millis(20));
    }
}
