//! What can go wrong between us and a web server, and the way out.

/// Why something was not read.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// No answer.
    #[error("no answer: {0}")]
    NoAnswer(String),
    /// The server's certificate is not trusted.
    #[error(
        "{0}: give its authority with --ca-file FILE, or --no-verify-ssl where nobody else can be in between"
    )]
    NotTrusted(String),
    /// A certificate that its maker marked as an authority's, used by a server itself.
    #[error(
        "{0}: the server uses a certificate that is marked as an authority's (CA:TRUE, as 'openssl req -x509' makes \
         them); make it with -addext basicConstraints=critical,CA:FALSE, or give --no-verify-ssl where nobody else can \
         be in between"
    )]
    AuthoritysOwn(String),
    /// The server speaks something else where TLS was wanted.
    #[error("{0}: the server does not speak TLS there: is its URL http:// or of another port?")]
    NotTls(String),
    /// The server wants to know who asks, or refuses.
    #[error(
        "{0}: say who you are with REGINFRA_HTTP_TOKEN, REGINFRA_HTTP_USER and REGINFRA_HTTP_PASSWORD, or a netrc entry"
    )]
    Refused(u16),
    /// It was told who asks, and refuses all the same.
    #[error(
        "{0}: the server was told who asks (by {1}) and refuses: look at the password or token, and whether it allows this file"
    )]
    RefusedKnown(u16, &'static str),
    /// Another server than the one that was named wants to know who asks.
    #[error(
        "{0}: redirected to another server, {1}, which wants a login; a password or token is never sent to another server \
         than the one that you named: name the URL there, or fetch the file by hand and name it"
    )]
    RefusedElsewhere(u16, String),
    /// The proxy of the environment is not there.
    #[error(
        "the proxy {proxy} does not answer ({words}): look at HTTPS_PROXY, HTTP_PROXY and ALL_PROXY, or leave it out for \
         this server with NO_PROXY"
    )]
    NoProxy {
        /// Its URL, without a password.
        proxy: String,
        /// What was tried.
        words: String,
    },
    /// The proxy of the environment wants to know who is asking.
    #[error(
        "the proxy {0} wants a name and a password (407): put them into its variable, as http://USER:PASSWORD@HOST:PORT \
         in HTTPS_PROXY or HTTP_PROXY, or leave it out for this server with NO_PROXY"
    )]
    ProxyRefused(String),
    /// The proxy of the environment does not connect to the server.
    #[error(
        "the proxy {proxy} answers {status} where it was to connect to this server: it must allow CONNECT to the server's \
         host and port, and reach it; or leave it out for this server with NO_PROXY"
    )]
    ProxyStatus {
        /// Its URL, without a password.
        proxy: String,
        /// What it answers.
        status: u16,
    },
    /// A variable of the environment that names no proxy that can be used.
    #[error(
        "{variable} ({value}) {why}: name an HTTP proxy in it, as http://HOST:PORT, or leave it out for this server with \
         NO_PROXY"
    )]
    ProxyVariable {
        /// Its name.
        variable: &'static str,
        /// Without a user and password.
        value: String,
        /// What is wrong.
        why: &'static str,
    },
    /// The rest of a file is refused, whose first part was not.
    #[error(
        "the server answers {status} to who asks for the rest, after {at} bytes: a signed URL or a login may have run out \
         meanwhile; name a new one, or fetch the file by hand and name it"
    )]
    RefusedRest {
        /// What it answers.
        status: u16,
        /// Bytes that were read.
        at: u64,
    },
    /// Any other answer than the file.
    #[error("the server answers {0}{hint}", hint = hint(*.0))]
    Status(u16),
    /// A redirect that cannot be followed.
    #[error("redirected {0}")]
    Redirect(String),
    /// What was being read is not there any more.
    #[error("it changed on the server while it was read: read it again")]
    Changed,
    /// The server said another length than the file has.
    #[error(
        "the server said {said} bytes, and there are {real}: look at what stands between it and its file (a proxy, a copy that is under way)"
    )]
    Lied {
        /// Content-Length.
        said: u64,
        /// What there is.
        real: u64,
    },
    /// It broke again and again.
    #[error(
        "the connection broke after {at} of {of} bytes ({why}); tried again {tries} times: try later, or fetch it by hand and name the file"
    )]
    Broken {
        /// Bytes that were read.
        at: u64,
        /// Content-Length.
        of: String,
        /// The last word.
        why: String,
        /// How often it was tried.
        tries: u32,
    },
    /// A listing that is none, or too long.
    #[error("{0}")]
    Listing(String),
    /// `--ca-file` cannot be used.
    #[error("--ca-file {path}: {words}")]
    CaFile {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong.
        words: String,
    },
}

impl HttpError {
    /// It may be gone the next time.
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::NoAnswer(_) | Self::NoProxy { .. } => true,
            Self::Status(status) | Self::ProxyStatus { status, .. } => passes(*status),
            _ => false,
        }
    }

    /// Sorts what ureq says. `proxy`: what stands between us and the server, without its password.
    pub fn from_ureq(error: &ureq::Error, proxy: Option<String>) -> Self {
        if let Some(told) = proxy.and_then(|proxy| Self::of_proxy(error, proxy)) {
            return told;
        }
        let words = error.to_string();
        let lower = words.to_ascii_lowercase();
        if lower.contains("causedasendentity") {
            Self::AuthoritysOwn(words)
        } else if lower.contains("certificate") || lower.contains("unknownissuer") {
            Self::NotTrusted(words)
        } else if lower.contains("invalidcontenttype") {
            Self::NotTls(words)
        } else if matches!(error, ureq::Error::Io(e) if e.kind() == std::io::ErrorKind::ConnectionRefused) {
            Self::NoAnswer(format!("{words}: nothing listens there: look at the URL's host and port"))
        } else if lower.contains("lookup address") {
            Self::NoAnswer(format!("{words}: no host of this name is known here: look at the URL's host"))
        } else {
            Self::NoAnswer(words)
        }
    }

    // behind a proxy nothing but the proxy is looked up and connected to
    fn of_proxy(error: &ureq::Error, proxy: String) -> Option<Self> {
        use std::io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
        let words = error.to_string();
        let not_there = match error {
            ureq::Error::ConnectProxyFailed(answer) => {
                // `proxy server responded 403/403`
                let status = answer.rsplit('/').next().and_then(|status| status.parse::<u16>().ok());
                return Some(match status {
                    Some(407) => Self::ProxyRefused(proxy),
                    Some(status) => Self::ProxyStatus { proxy, status },
                    None => Self::NoProxy { proxy, words },
                });
            }
            ureq::Error::Io(e) => {
                matches!(e.kind(), ConnectionRefused | HostUnreachable | NetworkUnreachable)
                    || words.contains("lookup address")
            }
            ureq::Error::HostNotFound | ureq::Error::Timeout(ureq::Timeout::Connect) => true,
            _ => false,
        };
        not_there.then_some(Self::NoProxy { proxy, words })
    }
}

const fn passes(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

const fn hint(status: u16) -> &'static str {
    match status {
        404 | 410 => ": there is nothing under this URL",
        status if passes(status) => ": it may pass, and did not while it was asked again: try later",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_openssl_marks_as_an_authoritys_has_a_way_out_of_its_own() {
        let of = |words: &str| {
            HttpError::from_ureq(&ureq::Error::Io(std::io::Error::other(words.to_owned())), None)
        };
        let told = of("invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))").to_string();
        assert!(told.contains("CA:FALSE") && !told.contains("--ca-file"), "{told}");
        assert!(of("invalid peer certificate: UnknownIssuer").to_string().contains("--ca-file"));
    }

    #[test]
    fn what_a_proxy_fails_at_is_told_of_the_proxy_and_what_fails_behind_it_is_not() {
        let of = |error: ureq::Error| HttpError::from_ureq(&error, Some("http://proxy:3128".to_owned()));
        let connect = |answer: &str| of(ureq::Error::ConnectProxyFailed(answer.to_owned()));
        for (error, words, passes) in [
            (of(ureq::Error::Timeout(ureq::Timeout::Connect)), "does not answer (", true),
            (of(ureq::Error::HostNotFound), "does not answer (", true),
            (connect("proxy server did not respond"), "does not answer (", true),
            (connect("proxy server responded 503/503"), "answers 503 ", true),
            (connect("proxy server responded 403/403"), "answers 403 ", false),
            (connect("proxy server responded 407/407"), "wants a name and a password (407)", false),
        ] {
            let words = format!("the proxy http://proxy:3128 {words}");
            assert!(error.to_string().starts_with(&words), "{error}");
            assert_eq!(error.may_pass(), passes, "{error}");
        }
        let reset = of(ureq::Error::Io(std::io::ErrorKind::ConnectionReset.into()));
        assert!(reset.to_string().starts_with("no answer: "), "{reset}");
    }
}
