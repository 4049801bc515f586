//! A capsule's log in, its requests out: smart-proxy's proxy.log, and what it writes to the journal.
//!
//! A line is split into time, id and text (`line`, `stamp`); Finished lines of `/register` and the script cache's
//! lines become requests (`collect`), file after file of one capsule (`read`). What else a smart-proxy says (DHCP,
//! Puppet, jobs, stack traces) is counted and ignored. Bodies are not logged, so no line names a host or a consumer.

pub mod collect;
pub mod line;
pub mod read;
pub mod stamp;

use super::address::Address;
use stamp::Stamp;

/// Requests that say that a capsule is alive, and nothing of a registration.
pub const PROBES: [&[u8]; 2] = [b"/register/health", b"/features"];

/// What was asked of a capsule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asked {
    /// GET /register: the registration script.
    Script,
    /// POST /register: the host's registration.
    HostRegister,
    /// GET of a health check's path.
    Probe,
    /// Anything else.
    Other,
}

impl Asked {
    /// What a method and a path without query ask for.
    pub fn of(method: &[u8], path: &[u8]) -> Self {
        let register = matches!(path, b"/register" | b"/register/");
        match method {
            b"GET" if register => Self::Script,
            b"POST" if register => Self::HostRegister,
            b"GET" | b"HEAD" | b"OPTIONS" if PROBES.contains(&path) => Self::Probe,
            _ => Self::Other,
        }
    }

    /// Whether a registration makes such a request.
    pub const fn is_register(self) -> bool {
        matches!(self, Self::Script | Self::HostRegister)
    }
}

/// What the script cache said of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cached {
    /// Nothing: most releases write no such lines.
    #[default]
    Untold,
    /// Answered from the cache.
    Hit,
    /// Made anew.
    Miss,
}

/// A GET or POST /register that a capsule has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finished {
    /// Time of its Finished line.
    pub at: Stamp,
    /// Microseconds that it took; `UNTIMED` where the line does not say.
    pub took_us: u32,
    /// HTTP status.
    pub status: u16,
    /// Script or host registration.
    pub asked: Asked,
    /// What the cache said of it.
    pub cached: Cached,
    /// smart-proxy's id of it; 0 where the form of the log has none.
    pub id: u64,
    /// The client's address (journal only).
    pub client: Address,
}

/// The line says no duration.
pub const UNTIMED: u32 = u32::MAX;

/// What a capsule's log holds.
#[derive(Clone, Debug, Default)]
pub struct CapsuleLog {
    /// GET and POST /register, in the order of their Finished lines, each once.
    pub requests: Vec<Finished>,
    /// Cache hits of lines without an id: they belong to some request of that time.
    pub loose_hits: Vec<Stamp>,
    /// Cache misses of lines without an id.
    pub loose_misses: u64,
    /// Started lines of GET and POST /register that no Finished line follows; only where lines have ids.
    pub unfinished: u64,
    /// Finished lines of probes.
    pub probes: u64,
    /// Finished lines of anything else.
    pub others: u64,
    /// Finished lines of /register that stand twice.
    pub doubled: u64,
    /// The host's name in the journal's lines.
    pub host: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_health_check_is_no_registration() {
        for (method, path, asked) in [
            ("GET", "/register", Asked::Script),
            ("POST", "/register", Asked::HostRegister),
            ("GET", "/register/health", Asked::Probe),
            ("GET", "/features", Asked::Probe),
            ("POST", "/features", Asked::Other),
            ("GET", "/registered", Asked::Other),
            ("DELETE", "/register", Asked::Other),
        ] {
            assert_eq!(Asked::of(method.as_bytes(), path.as_bytes()), asked, "{method} {path}");
        }
    }
}
