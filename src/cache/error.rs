//! Why a cache gives no figures: an id, the words, and the way out of each.

/// Why a cache could not be read. `id` and `way_out` belong to the words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CacheError {
    /// The name has no address.
    #[error("{host} has no address: {words}")]
    NoAddress {
        /// The name.
        host: String,
        /// What the resolver said.
        words: String,
    },
    /// Nothing listens there.
    #[error("{address}: connection refused")]
    Refused {
        /// Where.
        address: String,
    },
    /// No answer in time.
    #[error("{address}: {what} took more than {seconds} s")]
    TimedOut {
        /// Where.
        address: String,
        /// What was waited for.
        what: &'static str,
        /// How long.
        seconds: u64,
    },
    /// The system or the peer broke the connection.
    #[error("{address}: {words}")]
    Broken {
        /// Where.
        address: String,
        /// The system's word.
        words: String,
    },
    /// The way there through ssh.
    #[error("through SSH to {host}: {words}")]
    Ssh {
        /// The load balancer.
        host: String,
        /// What ssh or sudo said, and what to do about it.
        words: String,
    },
    /// It answers, but not as Redis does.
    #[error("{address}: is neither Redis nor Valkey: it answered {sample}")]
    NotRedis {
        /// Where.
        address: String,
        /// The first bytes, made readable.
        sample: String,
    },
    /// A reply that is longer than any of ours can be.
    #[error("{address}: a reply is longer than {limit} bytes")]
    TooLong {
        /// Where.
        address: String,
        /// What was taken.
        limit: usize,
    },
    /// TLS did not come about.
    #[error("{address}: TLS: {words}")]
    Tls {
        /// Where.
        address: String,
        /// What rustls said.
        words: String,
    },
    /// Protected mode.
    #[error("refused by protected mode: {0}")]
    Denied(String),
    /// The cache wants a password and none was given, or it forgot us.
    #[error("wants a password: {0}")]
    NoAuth(String),
    /// User or password is wrong.
    #[error("refuses the login: {0}")]
    WrongPass(String),
    /// The user may not ask this.
    #[error("refuses a command: {0}")]
    NoPerm(String),
    /// No connection left.
    #[error("has no connection left: {0}")]
    MaxClients(String),
    /// Still reads its file from disk.
    #[error("is still starting: {0}")]
    Loading(String),
    /// Any other error reply.
    #[error("answered with an error: {0}")]
    Other(String),
}

impl CacheError {
    /// The class of an error reply, by its first word: `-NOPERM User x has no permissions to run ...`.
    pub fn of_reply(words: &str) -> Self {
        let told = readable(words, 300);
        match words.split_whitespace().next().unwrap_or_default() {
            "DENIED" | "-DENIED" => Self::Denied(told),
            "NOAUTH" => Self::NoAuth(told),
            "WRONGPASS" => Self::WrongPass(told),
            "NOPERM" => Self::NoPerm(told),
            "LOADING" | "MASTERDOWN" => Self::Loading(told),
            // `ERR invalid password` and `ERR Client sent AUTH, but no password is set` are of Redis before 6
            "ERR" if words.contains("max number of clients") => Self::MaxClients(told),
            "ERR" if words.contains("invalid password") || words.contains("sent AUTH") => {
                Self::WrongPass(told)
            }
            _ => Self::Other(told),
        }
    }

    /// A stable name, for programs and for the docs.
    pub const fn id(&self) -> &'static str {
        match self {
            Self::NoAddress { .. } => "cache-no-address",
            Self::Refused { .. } => "cache-refused",
            Self::TimedOut { .. } => "cache-timeout",
            Self::Broken { .. } => "cache-broken",
            Self::Ssh { .. } => "cache-ssh",
            Self::NotRedis { .. } => "cache-not-redis",
            Self::TooLong { .. } => "cache-reply-too-long",
            Self::Tls { .. } => "cache-tls",
            Self::Denied(_) => "cache-protected-mode",
            Self::NoAuth(_) => "cache-no-password",
            Self::WrongPass(_) => "cache-wrong-password",
            Self::NoPerm(_) => "cache-no-permission",
            Self::MaxClients(_) => "cache-max-clients",
            Self::Loading(_) => "cache-loading",
            Self::Other(_) => "cache-error",
        }
    }

    /// What to do about it.
    pub const fn way_out(&self) -> &'static str {
        match self {
            Self::NoAddress { .. } => "give the load balancer private_ip or ansible_host in the inventory",
            Self::Refused { .. } => {
                "start the service (redis, on EL 10 valkey), let it bind private_ip, or name the port \
                 (registration_cache_port, --cache-port)"
            }
            Self::TimedOut { .. } => {
                "the firewall lets the pool's capsules in only: run this on the load balancer or on one of them, \
                 or open the port for this machine; a port that wants TLS says nothing without --cache-tls"
            }
            Self::Broken { .. } => {
                "look at the service's log; a port that wants TLS hangs up without --cache-tls"
            }
            Self::Ssh { .. } => "or ask the cache directly, without --cache-ssh",
            Self::NotRedis { .. } => "name the cache's port (registration_cache_port, --cache-port)",
            Self::TooLong { .. } => "look at what listens there: no cache of ours says so much",
            Self::Tls { .. } => {
                "give the CA of its certificate with --cache-ca-file; without TLS at the cache leave out --cache-tls"
            }
            Self::Denied(_) => {
                "capsules are refused as well: bind alone does not help from Redis 7 on; give users passwords and \
                 set 'user default off', as the role registration_cache does"
            }
            Self::NoAuth(_) => {
                "give the monitoring user's password: registration_cache_monitor_password in the inventory, \
                 --cache-password-file, or REGINFRA_CACHE_PASSWORD in the environment"
            }
            Self::WrongPass(_) => {
                "compare user (--cache-user) and password with the cache's ACL file; the monitoring user is made by \
                 the role registration_cache"
            }
            Self::NoPerm(_) => {
                "log in as the monitoring user (registration_cache_monitor), which may run ping, info, config get \
                 and client list; the capsules' user may not"
            }
            Self::MaxClients(_) => "look for clients that never hang up (CLIENT LIST), or raise maxclients",
            Self::Loading(_) => "wait; a cache that keeps nothing on disk has nothing to load",
            Self::Other(_) => "look at the service's log",
        }
    }
}

/// At most `most` characters of what a peer sent, nothing in them that could steer a terminal.
pub(super) fn readable(text: &str, most: usize) -> String {
    let cut: String = text.trim().chars().take(most).flat_map(visible).collect();
    if text.trim().chars().nth(most).is_some() { format!("{cut}...") } else { cut }
}

fn visible(c: char) -> Box<dyn Iterator<Item = char>> {
    if c.is_control() || c == char::REPLACEMENT_CHARACTER {
        Box::new(c.escape_default())
    } else {
        Box::new(std::iter::once(c))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_reply_has_its_class() {
        for (words, id) in [
            ("DENIED Redis is running in protected mode because", "cache-protected-mode"),
            ("NOAUTH Authentication required.", "cache-no-password"),
            ("WRONGPASS invalid username-password pair or user is disabled.", "cache-wrong-password"),
            (
                "NOPERM User registration_cache has no permissions to run the 'info' command",
                "cache-no-permission",
            ),
            (
                "NOPERM this user has no permissions to run the 'get' command or its subcommand",
                "cache-no-permission",
            ),
            ("ERR max number of clients reached", "cache-max-clients"),
            ("LOADING Redis is loading the dataset in memory", "cache-loading"),
            ("ERR invalid password", "cache-wrong-password"),
            ("ERR unknown command 'X'", "cache-error"),
            ("", "cache-error"),
        ] {
            let error = CacheError::of_reply(words);
            assert_eq!(error.id(), id, "{words}");
            assert!(!error.way_out().is_empty() && error.to_string().contains(words), "{error}");
        }
    }

    #[test]
    fn a_peers_words_are_cut_and_cannot_steer_a_terminal() {
        let error = CacheError::of_reply(&format!("ERR \u{1b}[2J{}", "x".repeat(1000)));
        let told = error.to_string();
        assert!(told.contains("\\u{1b}[2J") && told.len() < 400, "{told}");
    }
}
