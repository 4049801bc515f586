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
    /// The server wants to know who asks, or refuses.
    #[error(
        "{0}: say who you are with REGINFRA_HTTP_TOKEN, REGINFRA_HTTP_USER and REGINFRA_HTTP_PASSWORD, or a netrc entry"
    )]
    Refused(u16),
    /// Any other answer than the file.
    #[error("the server answers {0}")]
    Status(u16),
    /// A redirect that cannot be followed.
    #[error("redirected {0}")]
    Redirect(String),
    /// What was being read is not there any more.
    #[error("it changed on the server while it was read: read it again")]
    Changed,
    /// The server said another length than the file has.
    #[error("the server said {said} bytes, and there are {real}")]
    Lied {
        /// Content-Length.
        said: u64,
        /// What there is.
        real: String,
    },
    /// It broke again and again.
    #[error("the connection broke after {at} of {of} bytes ({why}); tried again {tries} times")]
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
        matches!(self, Self::NoAnswer(_) | Self::Status(408 | 429 | 500 | 502 | 503 | 504))
    }

    /// Sorts what ureq says.
    pub fn from_ureq(error: &ureq::Error) -> Self {
        let words = error.to_string();
        let lower = words.to_ascii_lowercase();
        if lower.contains("certificate") || lower.contains("unknownissuer") {
            Self::NotTrusted(words)
        } else {
            Self::NoAnswer(words)
        }
    }
}
