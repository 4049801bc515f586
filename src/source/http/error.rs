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
    /// The proxy of the environment wants to know who is asking.
    #[error(
        "the proxy wants a name and a password ({0}): put them into its variable, as http://USER:PASSWORD@HOST:PORT in \
         HTTPS_PROXY or HTTP_PROXY, or leave it out for this server with NO_PROXY"
    )]
    ProxyRefused(String),
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
        real: String,
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
            Self::NoAnswer(_) => true,
            Self::Status(status) => passes(*status),
            _ => false,
        }
    }

    /// Sorts what ureq says.
    pub fn from_ureq(error: &ureq::Error) -> Self {
        let words = error.to_string();
        if let ureq::Error::ConnectProxyFailed(answer) = error
            && answer.contains("407")
        {
            return Self::ProxyRefused(answer.clone());
        }
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
        let of =
            |words: &str| HttpError::from_ureq(&ureq::Error::Io(std::io::Error::other(words.to_owned())));
        let told = of("invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))").to_string();
        assert!(told.contains("CA:FALSE") && !told.contains("--ca-file"), "{told}");
        assert!(of("invalid peer certificate: UnknownIssuer").to_string().contains("--ca-file"));
    }
}
