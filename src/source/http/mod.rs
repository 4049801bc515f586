//! Sosreports on a web server: a URL in, a stream of bytes or the archives of a folder out.
//!
//! Streamed, never stored. Redirects are followed by hand, so that no password goes to another server, and each to its
//! scheme's proxy.

pub mod body;
pub mod error;
pub mod listing;
mod proxy;
mod secrets;

use super::SourceError;
use super::sos::choose::all_too_deep;
use body::Body;
use error::HttpError;
use secrets::Secret;
use std::collections::{HashSet, VecDeque};
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use url::Url;

/// How often something is tried again.
pub const RETRIES: u32 = 4;
/// Redirects from one URL.
const REDIRECTS: usize = 10;
/// The largest listing; 100,000 files have 15 MB.
const LONGEST_LISTING: u64 = 32 << 20;
/// Folders in a folder of sosreports.
const DEEPEST: usize = 3;
/// Listings of one URL.
const MOST_LISTINGS: usize = 1000;

/// How servers are trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpOptions {
    /// Take any certificate.
    pub no_verify: bool,
    /// Trust the authorities in this file instead of the system's.
    pub ca_file: Option<PathBuf>,
}

/// Talks to the server that the user named, and to those that it redirects to.
#[derive(Clone, Debug)]
pub struct Client {
    agent: ureq::Agent,
    secret: Option<Secret>,
}

/// The archives below a folder.
#[derive(Debug, Default)]
pub struct Below {
    /// In the order of their names.
    pub archives: Vec<Url>,
    /// Words on what was left out on purpose.
    pub left_out: Vec<String>,
    /// What could not be looked into.
    pub unread: Vec<SourceError>,
}

/// Files that are no archives, and folders, as paths below the folder that was named.
#[derive(Debug, Default)]
pub struct Names {
    /// In the order of their names.
    pub files: Vec<String>,
    /// Folders.
    pub folders: Vec<String>,
    /// What could not be looked into.
    pub unread: Vec<SourceError>,
}

type Response = ureq::http::Response<ureq::Body>;

impl Client {
    /// For one URL of the user's.
    ///
    /// # Errors
    /// `--ca-file` cannot be read.
    pub fn new(options: &HttpOptions, url: &Url) -> Result<Self, HttpError> {
        let tls =
            TlsConfig::builder().root_certs(roots(options)?).disable_verification(options.no_verify).build();
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(Duration::from_secs(15)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            .timeout_per_read(Some(Duration::from_secs(60)))
            .user_agent(concat!("reginfra/", env!("CARGO_PKG_VERSION")))
            // by request: that of the URL's scheme
            .proxy(None)
            .tls_config(tls)
            .build();
        Ok(Self { agent: config.new_agent(), secret: Secret::of(url) })
    }

    /// Opens a file; it is resumed where it breaks.
    ///
    /// # Errors
    /// Of the server.
    pub fn open(self, url: &Url) -> Result<Body, HttpError> {
        Body::open(self, url)
    }

    fn pause(tries: u32) {
        std::thread::sleep(Duration::from_millis(200 << tries.min(4)));
    }

    // what may pass is tried again
    fn patiently<T>(mut attempt: impl FnMut() -> Result<T, HttpError>) -> Result<T, HttpError> {
        let mut tries = 0;
        loop {
            match attempt() {
                Err(error) if error.may_pass() && tries < RETRIES => Self::pause(tries),
                other => return other,
            }
            tries += 1;
        }
    }

    fn get_patiently(&self, url: &Url) -> Result<(Url, Response), HttpError> {
        Self::patiently(|| self.get_ok(url))
    }

    // 200, or the error
    fn get_ok(&self, url: &Url) -> Result<(Url, Response), HttpError> {
        let (answered, response) = self.get(url, None)?;
        match response.status().as_u16() {
            200 => Ok((answered, response)),
            status @ (401 | 403 | 407) if answered.origin() != url.origin() => {
                Err(HttpError::RefusedElsewhere(status, answered.origin().ascii_serialization()))
            }
            status @ (401 | 403 | 407) => {
                let told = self.secret.as_ref().filter(|secret| secret.header_for(&answered).is_some());
                Err(told
                    .map_or(HttpError::Refused(status), |secret| HttpError::RefusedKnown(status, secret.by)))
            }
            status => Err(HttpError::Status(status)),
        }
    }

    // follows redirects; gives the URL that answered in the end. `range`: Range and If-Range
    fn get(&self, url: &Url, range: Option<(&str, Option<&str>)>) -> Result<(Url, Response), HttpError> {
        let mut url = url.clone();
        for _ in 0..=REDIRECTS {
            let mut bare = url.clone();
            let _ = bare.set_username("").and_then(|()| bare.set_password(None));
            bare.set_fragment(None);
            let proxy = proxy::for_url(&bare)?;
            let mut request = self.agent.get(bare.as_str());
            if proxy.is_some() {
                request = request.config().proxy(proxy.clone()).build();
            }
            if let Some(header) = self.secret.as_ref().and_then(|secret| secret.header_for(&url)) {
                request = request.header("Authorization", header);
            }
            if let Some((range, if_range)) = range {
                request = request.header("Range", range);
                if let Some(tag) = if_range {
                    request = request.header("If-Range", tag);
                }
            }
            let failed = |e: ureq::Error| HttpError::from_ureq(&e, proxy.as_ref().map(proxy::shown));
            let response = request.call().map_err(failed)?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok((bare, response));
            }
            let location = response.headers().get("location").and_then(|l| l.to_str().ok());
            let target = location.and_then(|location| bare.join(location).ok());
            url = target
                .filter(|url| matches!(url.scheme(), "http" | "https"))
                .ok_or_else(|| HttpError::Redirect("to nowhere".to_owned()))?;
        }
        Err(HttpError::Redirect(format!("more than {REDIRECTS} times")))
    }

    /// The archives below a folder.
    ///
    /// # Errors
    /// Of the server, of the first listing.
    pub fn archives_below(&self, url: &Url) -> Result<Below, HttpError> {
        let (mut archives, mut outside, mut unpacked) = (Vec::new(), 0, Vec::new());
        let way_out = "name it with --sosreport-dir";
        let unread = self.walk(url, DEEPEST, way_out, &mut |folder, listing| {
            outside += listing.outside;
            archives.append(&mut listing.archives);
            if listing.folders.iter().any(|f| f.path().ends_with("/sos_commands/")) {
                unpacked.push(folder.clone());
                listing.folders.clear();
            }
        })?;
        archives.sort();
        archives.dedup();
        let mut below = Below { archives, left_out: Vec::new(), unread };
        for folder in unpacked {
            below.unpacked(&folder);
        }
        if outside > 0 {
            let words = format!("{}: {outside} links lead out of the folder: refused", shown(url));
            below.left_out.push(words);
        }
        Ok(below)
    }

    /// What lies in a folder but archives, and in those of its folders that are `wanted`, `deepest` folders deep.
    ///
    /// # Errors
    /// Of the server, of the first listing.
    pub fn files_below(
        &self,
        url: &Url,
        deepest: usize,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Names, HttpError> {
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        let top = with_slash(url);
        let below = |url: &Url| {
            let path = url.path().strip_prefix(top.path())?.trim_end_matches('/');
            Some(listing::decoded(path)).filter(|path| !path.is_empty())
        };
        let unread = self.walk(url, deepest, "move it up", &mut |_, listing| {
            files.extend(listing.files.iter().filter_map(below));
            folders.extend(listing.folders.iter().filter_map(below));
            listing.folders.retain(|folder| below(folder).is_some_and(|path| wanted(&path)));
        })?;
        files.sort();
        files.dedup();
        Ok(Names { files, folders, unread })
    }

    // each listing once, those that lie least deep first; what `take` leaves in a listing's folders is looked into. Gives
    // what could not be looked into
    fn walk(
        &self,
        url: &Url,
        deepest: usize,
        way_out: &str,
        take: &mut dyn FnMut(&Url, &mut listing::Listing),
    ) -> Result<Vec<SourceError>, HttpError> {
        let (mut unread, mut deep, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        // the folder that answered where the first was asked for
        let mut top: Option<Url> = None;
        let mut waiting = VecDeque::from([(with_slash(url), 0)]);
        while let Some((folder, depth)) = waiting.pop_front() {
            if !seen.insert(folder.path().to_owned()) {
                continue;
            }
            if seen.len() > MOST_LISTINGS {
                unread.push(unread_of(
                    url,
                    format!("more than {MOST_LISTINGS} folders: name those that matter"),
                ));
                break;
            }
            if depth > deepest {
                deep.push(shown(&folder));
                continue;
            }
            let (answered, mut listing) = match self.listing(&folder, top.as_ref()) {
                Ok(listed) => listed,
                Err(error) if depth == 0 => return Err(error),
                Err(error) => {
                    unread.push(unread_of(&folder, error.to_string()));
                    continue;
                }
            };
            top.get_or_insert(answered);
            take(&folder, &mut listing);
            waiting.extend(listing.folders.into_iter().map(|folder| (folder, depth + 1)));
        }
        unread.extend(all_too_deep(deep, deepest, way_out));
        Ok(unread)
    }

    // a folder's listing, and the folder that answered; once there is a `top`, none but those in it
    fn listing(&self, folder: &Url, top: Option<&Url>) -> Result<(Url, listing::Listing), HttpError> {
        let (page, html) = match Self::patiently(|| self.page(folder, top)) {
            // some know their folders without the slash only
            Err(HttpError::Status(404)) => Self::patiently(|| self.page(&without_slash(folder), top))?,
            other => other?,
        };
        let answered = with_slash(&page);
        let listing = listing::parse(&html, &page, &answered);
        Ok((answered, listing))
    }

    // a listing to its end, and the URL that answered
    fn page(&self, folder: &Url, top: Option<&Url>) -> Result<(Url, String), HttpError> {
        let (page, response) = self.get_ok(folder)?;
        let refused = |way: &str| {
            let target = shown(&page);
            Err(HttpError::Redirect(format!("{way}, to {target}: refused; name that where it is meant")))
        };
        if page.origin() != folder.origin() {
            return refused("to another server");
        }
        if top.is_some_and(|top| !listing::is_inside(&with_slash(&page), top)) {
            return refused("out of the folder");
        }
        let mut html = Vec::new();
        let mut body = response.into_body().into_reader().take(LONGEST_LISTING + 1);
        body.read_to_end(&mut html).map_err(|e| HttpError::NoAnswer(e.to_string()))?;
        if html.len() as u64 > LONGEST_LISTING {
            let words =
                format!("the listing is longer than {LONGEST_LISTING} bytes: name folders or archives in it");
            return Err(HttpError::Listing(words));
        }
        Ok((page, String::from_utf8_lossy(&html).into_owned()))
    }
}

impl Below {
    // beside its own archive it is a copy of that
    fn unpacked(&mut self, folder: &Url) {
        let top = folder.path().trim_end_matches('/');
        let packed =
            self.archives.iter().any(|a| a.path().strip_prefix(top).is_some_and(|end| end.starts_with('.')));
        if packed {
            let words = format!("{}: unpacked beside its archive: the archive is read", shown(folder));
            self.left_out.push(words);
        } else {
            let words = "an unpacked sosreport is not read over HTTP: pack it";
            self.unread.push(unread_of(folder, words.to_owned()));
        }
    }
}

fn unread_of(url: &Url, words: String) -> SourceError {
    SourceError::Report { name: shown(url), words }
}

fn with_slash(url: &Url) -> Url {
    let mut url = url.clone();
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    url
}

fn without_slash(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_path(url.path().trim_end_matches('/').to_owned().as_str());
    url
}

/// A URL of the same server, with the user and password of the one that named it.
pub fn as_user(mut url: Url, named: &Url) -> Url {
    let _ = url.set_username(named.username()).and_then(|()| url.set_password(named.password()));
    url
}

/// As shown to people: without a password.
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    let _ = url.set_password(None);
    let _ = url.set_username("");
    url.to_string()
}

fn roots(options: &HttpOptions) -> Result<RootCerts, HttpError> {
    let Some(path) = &options.ca_file else { return Ok(RootCerts::PlatformVerifier) };
    let failed = |words: String| HttpError::CaFile { path: path.clone(), words };
    let pem = std::fs::read(path).map_err(|e| failed(e.to_string()))?;
    let certificates: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(failed("no certificate in PEM form in it".to_owned()));
    }
    Ok(RootCerts::from(certificates))
}
