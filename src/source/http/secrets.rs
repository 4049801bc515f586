//! Who we are to a server: environment and netrc in, a header for one origin out, never for another.

use base64::Engine;
use std::path::PathBuf;
use url::{Origin, Url};

/// The header `Authorization` for the server that the user named.
#[derive(Clone)]
pub struct Secret {
    origin: Origin,
    header: String,
    /// Where it was found.
    pub by: &'static str,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// For a URL as the user named it: its own user and password, then REGINFRA_HTTP_TOKEN, then REGINFRA_HTTP_USER and
    /// REGINFRA_HTTP_PASSWORD, then netrc.
    pub fn of(url: &Url) -> Option<Self> {
        let (by, header) = own(url).or_else(from_environment).or_else(|| from_netrc(url.host_str()?))?;
        Some(Self { origin: url.origin(), header, by })
    }

    /// The header, where this is the server that it is meant for.
    pub fn header_for(&self, url: &Url) -> Option<&str> {
        (url.origin() == self.origin).then_some(self.header.as_str())
    }
}

/// Where it was found, and the header.
type Found = (&'static str, String);

fn own(url: &Url) -> Option<Found> {
    let decoded = |text: &str| super::listing::decoded(text);
    (!url.username().is_empty())
        .then(|| ("the URL", basic(&decoded(url.username()), &decoded(url.password().unwrap_or_default()))))
}

fn from_environment() -> Option<Found> {
    let value = |name| std::env::var(name).ok().filter(|v| !v.is_empty());
    let token = value("REGINFRA_HTTP_TOKEN").map(|token| ("REGINFRA_HTTP_TOKEN", format!("Bearer {token}")));
    token.or_else(|| {
        let user = value("REGINFRA_HTTP_USER")?;
        Some(("REGINFRA_HTTP_USER", basic(&user, &value("REGINFRA_HTTP_PASSWORD").unwrap_or_default())))
    })
}

fn basic(user: &str, password: &str) -> String {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    format!("Basic {pair}")
}

fn from_netrc(host: &str) -> Option<Found> {
    let path = std::env::var_os("NETRC")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".netrc")))?;
    let (user, password) = in_netrc(&std::fs::read_to_string(path).ok()?, host)?;
    Some(("netrc", basic(&user, &password)))
}

// `machine HOST login USER password PASSWORD`, in any layout; `default` stands for all others. A default would hand
// a password to any server, so it is not used.
fn in_netrc(text: &str, host: &str) -> Option<(String, String)> {
    let mut words = text.lines().filter(|l| !l.trim_start().starts_with('#')).flat_map(str::split_whitespace);
    let (mut here, mut user, mut password) = (false, None, None);
    while let Some(word) = words.next() {
        match word {
            "machine" | "default" => {
                if here && user.is_some() {
                    break;
                }
                here = word == "machine" && words.next() == Some(host);
            }
            "login" if here => user = words.next(),
            "password" if here => password = words.next(),
            _ => {}
        }
    }
    Some((user?.to_owned(), password.unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_goes_to_its_own_server_only() {
        let secret = Secret::of(&Url::parse("https://me:p%40ss@logs.example.com/a").unwrap()).unwrap();
        let header = |url| secret.header_for(&Url::parse(url).unwrap());
        assert_eq!(header("https://logs.example.com/b"), Some("Basic bWU6cEBzcw=="));
        for other in ["https://example.com/b", "http://logs.example.com/b", "https://logs.example.com:8443/b"]
        {
            assert_eq!(header(other), None, "{other}");
        }
    }

    #[test]
    fn netrc_is_read_in_its_usual_layouts() {
        let text = "# c\nmachine a.example.com login me password one\nmachine b.example.com\n  login you\n  password two\n";
        assert_eq!(in_netrc(text, "b.example.com"), Some(("you".into(), "two".into())));
        assert_eq!(in_netrc(text, "a.example.com"), Some(("me".into(), "one".into())));
        assert_eq!(in_netrc("default login me password x", "c.example.com"), None);
    }
}
