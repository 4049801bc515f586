//! One connection a host: the user's own ssh client, started once, used again for every file.
//!
//! The first command on it looks what is there and then waits until we go; while it does, ssh keeps the connection
//! open for the others behind a socket in a folder that only we can enter. When this program ends, however it ends,
//! its end of that command's stdin closes, and the connection with it.
//!
//! `once` and `tunnel` are connections of their own for one thing each.

use super::child::Running;
use super::failure::{Failure, Reason, WORDLESS};
use super::probe;
use super::quote::quoted;
use super::target::RemoteHost;
use std::ffi::{OsStr, OsString};
use std::io::BufReader;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

/// Sockets have short paths, and ssh adds 17 bytes while it makes one.
const SOCKET_PATH: usize = 80;

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    host: RemoteHost,
    patience: Duration,
    // holds the connection open
    first: Mutex<Option<BufReader<Running>>>,
    // goes after the connection
    folder: tempfile::TempDir,
    failures: Mutex<Vec<Failure>>,
    // what the first ssh said when the connection broke off
    said: Mutex<Option<Failure>>,
}

impl Connection {
    /// Connects and looks what is there. `patience`: how long the host may send nothing.
    ///
    /// # Errors
    /// In ssh's words, or sudo's.
    pub fn open(host: &RemoteHost, patience: Duration) -> Result<(Self, probe::Found), Failure> {
        let folder = private_folder()?;
        let connection = Self {
            host: host.clone(),
            patience,
            first: Mutex::default(),
            folder,
            failures: Mutex::default(),
            said: Mutex::default(),
        };
        let command = connection.ssh("yes", &probe::script(host));
        let running = Running::start(command, patience, &host.address, true)?;
        let mut reader = BufReader::with_capacity(128 * 1024, running);
        let found = match probe::read(&mut reader) {
            Ok(found) => found,
            Err(error) => {
                let failure = reader.get_ref().failure().cloned();
                return Err(failure.unwrap_or_else(|| Failure::new(Reason::Other, error.to_string())));
            }
        };
        if let Ok(mut first) = connection.first.lock() {
            *first = Some(reader);
        }
        Ok((connection, found))
    }

    /// Runs a script of POSIX sh there, as the user whom sudo turns into.
    ///
    /// # Errors
    /// ssh cannot be started.
    pub fn run(&self, script: &OsStr) -> Result<Running, Failure> {
        Running::start(self.ssh("no", script), self.patience, &self.host.address, false)
    }

    /// The failure with the words of the connection's first ssh, where it has ended and the other said nothing.
    pub fn explained(&self, failure: Failure) -> Failure {
        if failure.words != WORDLESS {
            return failure;
        }
        let said = self.first.lock().ok().and_then(|mut first| first.as_mut()?.get_mut().last_words());
        if let Some(words) = said.filter(|words| !words.trim().is_empty())
            && let Ok(mut last) = self.said.lock()
        {
            *last = Some(Failure::of(&words, Some(255), &self.host.address));
        }
        // several files can break off at once: the words come once
        self.said.lock().ok().and_then(|said| said.clone()).unwrap_or(failure)
    }

    /// Remembers what went wrong, for the host's row.
    pub fn failed(&self, failure: &Failure) {
        if let Ok(mut failures) = self.failures.lock()
            && !failures.contains(failure)
        {
            failures.push(failure.clone());
        }
    }

    /// What went wrong so far.
    pub fn failures(&self) -> Vec<Failure> {
        self.failures.lock().map(|f| f.clone()).unwrap_or_default()
    }

    /// The host.
    pub fn host(&self) -> &RemoteHost {
        &self.host
    }

    fn ssh(&self, master: &str, script: &OsStr) -> Command {
        let mut command = ssh(&self.host, master, Some(&self.folder.path().join("s")));
        command.arg("--").arg(&self.host.address).arg(remote_command(&self.host, script));
        command
    }
}

/// Runs a script of POSIX sh there, as the user whom sudo turns into, on a connection of its own.
///
/// # Errors
/// ssh cannot be started.
pub fn once(host: &RemoteHost, script: &OsStr, patience: Duration) -> Result<Running, Failure> {
    let mut command = ssh(host, "no", None);
    command.arg("--").arg(&host.address).arg(remote_command(host, script));
    Running::start(command, patience, &host.address, false)
}

/// A connection from there on to `to` (address:port): what is written goes to it, what it answers is read.
///
/// # Errors
/// ssh cannot be started.
pub fn tunnel(host: &RemoteHost, to: &str, patience: Duration) -> Result<Running, Failure> {
    let mut command = ssh(host, "no", None);
    command.arg("-W").arg(to).arg("--").arg(&host.address);
    Running::start(command, patience, &host.address, true)
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Ok(mut first) = self.first.lock()
            && let Some(reader) = first.as_mut()
        {
            reader.get_mut().close();
        }
    }
}

fn ssh(host: &RemoteHost, master: &str, socket: Option<&Path>) -> Command {
    let mut command = Command::new("ssh");
    command.args(arguments(host, master, socket));
    // the ssh of a jump host is not told BatchMode: it would ask on the terminal
    command.env("SSH_ASKPASS", "false").env("SSH_ASKPASS_REQUIRE", "force");
    command
}

// as Ansible: `~` is HOME, where ssh would look into the user database; `~user` and tokens are left to ssh
fn identity_file(key: &str, home: Option<&OsStr>) -> OsString {
    let below = key.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let mut option = OsString::from("IdentityFile=\"");
    match (below, home) {
        (Some(rest), Some(home)) => {
            // as it is: a token there is none
            let plain = |b: &u8| if *b == b'%' { vec![b'%'; 2] } else { vec![*b] };
            option.push(OsString::from_vec(home.as_bytes().iter().flat_map(plain).collect()));
            option.push(rest);
        }
        _ => option.push(key),
    }
    option.push("\"");
    option
}

// ssh takes the first value of an option: what must be so comes first, what is only a bound comes last
fn arguments(host: &RemoteHost, master: &str, socket: Option<&Path>) -> Vec<OsString> {
    let mut args: Vec<OsString> = Vec::new();
    let mut option = |text: OsString| args.extend([OsString::from("-o"), text]);
    option(format!("ControlMaster={master}").into());
    option(match socket {
        Some(socket) => format!("ControlPath=\"{}\"", socket.to_string_lossy().replace('%', "%%")).into(),
        None => "ControlPath=none".into(),
    });
    for fixed in [
        "ControlPersist=no",
        "BatchMode=yes",
        "RequestTTY=no",
        "RemoteCommand=none",
        "ClearAllForwardings=yes",
        "ForwardX11=no",
        "ForwardAgent=no",
        "PermitLocalCommand=no",
        "EscapeChar=none",
    ] {
        option(fixed.into());
    }
    if !host.host_key_checking {
        // `no` would go on where a known key has changed
        option("StrictHostKeyChecking=accept-new".into());
    }
    if let Some(port) = host.port {
        option(format!("Port={port}").into());
    }
    if let Some(key) = &host.key {
        option(identity_file(key, std::env::var_os("HOME").as_deref()));
    }
    if let Some(user) = &host.user {
        option(format!("User={user}").into());
    }
    args.extend(host.args.iter().map(OsString::from));
    for bound in ["ConnectTimeout=10", "ServerAliveInterval=15", "ServerAliveCountMax=4"] {
        args.extend([OsString::from("-o"), OsString::from(bound)]);
    }
    args
}

// the login shell sees words in single quotes only
fn remote_command(host: &RemoteHost, script: &OsStr) -> OsString {
    let mut command = OsString::new();
    if let Some(user) = &host.become_user {
        command.push("sudo -n -H -u ");
        command.push(quoted(user));
        command.push(" -- ");
    }
    command.push("/bin/sh -c ");
    command.push(quoted(script));
    command
}

fn private_folder() -> Result<tempfile::TempDir, Failure> {
    let usual = std::env::temp_dir();
    let short = usual.as_os_str().as_bytes().len() + "/reginfra-123456/s".len() <= SOCKET_PATH;
    let parent = if short { usual } else { PathBuf::from("/tmp") };
    let folder = tempfile::Builder::new()
        .prefix("reginfra-")
        .permissions(std::fs::Permissions::from_mode(0o700))
        .tempdir_in(&parent);
    folder.map_err(|error| {
        let words = format!("cannot make a folder for ssh's socket in {}: {error}", parent.display());
        let way_out = "free space there, or set TMPDIR to a folder with a short path".to_owned();
        Failure { reason: Reason::Other, words, way_out }
    })
}

#[cfg(test)]
mod tests {
    use super::super::target::HostRole;
    use super::*;

    fn host(vars: &[(&str, &str)]) -> RemoteHost {
        let variable = |name: &str| Ok(vars.iter().find(|(k, _)| *k == name).map(|(_, v)| (*v).to_owned()));
        RemoteHost::new("sat", HostRole::Satellite, &variable).unwrap()
    }

    fn line(vars: &[(&str, &str)]) -> String {
        let args = arguments(&host(vars), "no", Some(Path::new("/tmp/a%b/s")));
        args.iter().map(|a| a.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_must_be_so_comes_before_the_users_arguments_and_bounds_behind() {
        let line =
            line(&[("ansible_ssh_common_args", "-J jump -o ConnectTimeout=3"), ("ansible_port", "22")]);
        let at = |part: &str| line.find(part).unwrap_or_else(|| panic!("{part} in {line}"));
        assert!(at("BatchMode=yes") < at("-J jump") && at("Port=22") < at("-J jump"));
        assert!(at("ConnectTimeout=3") < at("ConnectTimeout=10"));
        assert!(line.contains("ControlPath=\"/tmp/a%%b/s\""));
    }

    #[test]
    fn a_key_below_the_home_folder_is_where_home_says() {
        let of =
            |key: &str, home: Option<&str>| identity_file(key, home.map(OsStr::new)).into_string().unwrap();
        assert_eq!(of("~/keys/id", Some("/h")), "IdentityFile=\"/h/keys/id\"");
        assert_eq!(of("~/id", Some("/a%b")), "IdentityFile=\"/a%%b/id\"");
        assert_eq!(of("~/id", None), "IdentityFile=\"~/id\"");
        for other in ["~root/id", "keys/id", "/keys/~/id"] {
            assert_eq!(of(other, Some("/h")), format!("IdentityFile=\"{other}\""));
        }
    }

    #[test]
    fn the_login_shell_sees_quoted_words_only() {
        let host = host(&[("ansible_become", "yes"), ("ansible_become_user", "o-k")]);
        assert_eq!(
            remote_command(&host, OsStr::new("echo 'a'")),
            r"sudo -n -H -u 'o-k' -- /bin/sh -c 'echo '\''a'\'''"
        );
    }

    #[test]
    fn the_sockets_folder_is_ours_alone() {
        let folder = private_folder().unwrap();
        let mode = std::fs::metadata(folder.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert!(folder.path().as_os_str().len() < 100);
    }
}
