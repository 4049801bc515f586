//! A cache through ssh to its load balancer: the user's own ssh in, a connection and the password that the role made out.
//!
//! The firewall lets capsules in and nobody else; the load balancer itself reaches its cache always. Everything that is
//! asked goes through `ssh -W`, so that what is read is the same either way; only the round trip is longer.

use super::error::{CacheError, readable};
use super::settings::{Secret, Through};
use super::wire::Limits;
use crate::source::ssh::child::Running;
use crate::source::ssh::connection;
use crate::source::ssh::failure::{Failure, Reason};
use crate::source::ssh::quote::quoted;
use std::ffi::OsString;
use std::io::{self, Read, Write};

/// A password's file, and more than any password.
const MOST: u64 = 4096;

/// A connection to `to`, as the load balancer sees it.
///
/// # Errors
/// ssh cannot be started.
pub fn tunnel(through: &Through, to: &str, limits: Limits) -> Result<Running, CacheError> {
    connection::tunnel(&through.host, to, limits.connect)
        .map_err(|failure| told(&through.host.name, &failure))
}

/// The password that the role made, where the load balancer has one and lets it be read.
///
/// # Errors
/// Of the connection, of sudo.
pub fn made_password(through: &Through, limits: Limits) -> Result<Option<Secret>, CacheError> {
    let file = quoted(&through.password_file);
    let mut script = OsString::from("f=");
    script.push(file);
    script.push("; if [ -r \"$f\" ]; then head -n 1 -- \"$f\"; fi");
    let told = |failure: &Failure| told(&through.host.name, failure);
    // the connection has to come about, and sudo to answer
    let mut running =
        connection::once(&through.host, &script, limits.whole).map_err(|failure| told(&failure))?;
    let mut text = String::new();
    if let Err(error) = (&mut running).take(MOST).read_to_string(&mut text) {
        return Err(match running.failure() {
            Some(failure) => told(failure),
            None => CacheError::Ssh { host: through.host.name.clone(), words: error.to_string() },
        });
    }
    // what a login shell prints comes before it
    let line = text.lines().last().unwrap_or_default().trim_end_matches('\r');
    Ok((!line.is_empty()).then(|| Secret::new(line)))
}

/// Hands bytes to ssh; where it has gone, its own words are the reason.
///
/// # Errors
/// ssh's.
pub fn write(ssh: &mut Running, bytes: &[u8]) -> io::Result<usize> {
    match ssh.write(bytes) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            // nothing more comes: reading tells why
            ssh.read(&mut [0; 1]).and(Err(error))
        }
        other => other,
    }
}

/// ssh's failure inside an error of the connection.
pub fn failure_in(error: &io::Error) -> Option<&Failure> {
    error.get_ref()?.downcast_ref()
}

/// The failure of a tunnel to `address`.
pub fn error_of(address: &str, failure: &Failure) -> CacheError {
    let words = &failure.words;
    // `channel 0: open failed: connect failed: Connection refused`: ssh came through, the cache did not answer
    if words.contains("open failed") && words.contains("Connection refused") {
        return CacheError::Refused { address: address.to_owned() };
    }
    if failure.reason == Reason::Silent {
        return CacheError::Broken { address: address.to_owned(), words: words.clone() };
    }
    told(address, failure)
}

fn told(host: &str, failure: &Failure) -> CacheError {
    let words = readable(&format!("{}; {}", failure.words, failure.way_out), 400);
    CacheError::Ssh { host: host.to_owned(), words }
}
