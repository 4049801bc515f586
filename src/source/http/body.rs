//! A file on a web server as a stream of bytes that survives breaks: what is missing is asked for again, by Range.

use super::error::HttpError;
use super::{Client, RETRIES};
use std::io::{self, Read};
use url::Url;

/// Breaks that one file may have; a server that gives a byte a connection is not followed for ever.
const MOST_BREAKS: u32 = 100;

/// The bytes of a file.
pub struct Body {
    client: Client,
    url: Url,
    /// Content-Length of the whole file.
    total: Option<u64>,
    tags: Tags,
    at: u64,
    stream: Option<Box<dyn Read + Send>>,
    breaks: u32,
    /// Breaks since the last byte.
    tries: u32,
}

/// What tells one version of a file from another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tags {
    etag: Option<String>,
    modified: Option<String>,
}

impl Tags {
    fn of(response: &ureq::http::Response<ureq::Body>) -> Self {
        let header = |name| response.headers().get(name)?.to_str().ok().map(str::to_owned);
        // a weak one promises less than the same bytes
        Self { etag: header("etag").filter(|t| !t.starts_with("W/")), modified: header("last-modified") }
    }

    fn differ(&self, other: &Self) -> bool {
        let differ = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some() && a != b;
        differ(&self.etag, &other.etag) || differ(&self.modified, &other.modified)
    }
}

impl Body {
    /// Asks for the file.
    ///
    /// # Errors
    /// Of the server, after some tries.
    pub fn open(client: Client, url: &Url) -> Result<Self, HttpError> {
        let (url, response) = client.get_patiently(url)?;
        let total = length(&response);
        let tags = Tags::of(&response);
        let stream = Some(reader(response));
        Ok(Self { client, url, total, tags, at: 0, stream, breaks: 0, tries: 0 })
    }

    fn resume(&mut self) -> Result<(), HttpError> {
        let if_range = self.tags.etag.as_deref().or(self.tags.modified.as_deref());
        let range = format!("bytes={}-", self.at);
        let (_, response) = self.client.get(&self.url, Some((&range, if_range)))?;
        match response.status().as_u16() {
            206 => {
                if self.tags.differ(&Tags::of(&response)) || starts_at(&response) != Some(self.at) {
                    return Err(HttpError::Changed);
                }
                self.stream = Some(reader(response));
            }
            // no ranges here: the same file from its start
            200 => {
                if self.tags.differ(&Tags::of(&response)) || length(&response) != self.total {
                    return Err(HttpError::Changed);
                }
                let mut stream = reader(response);
                let skipped = io::copy(&mut (&mut stream).take(self.at), &mut io::sink());
                if skipped.ok() != Some(self.at) {
                    return Err(HttpError::NoAnswer("broke again before the place".to_owned()));
                }
                self.stream = Some(stream);
            }
            416 => return self.no_more(length_in_range(&response)),
            status @ (401 | 403) => return Err(HttpError::RefusedRest { status, at: self.at }),
            status => return Err(HttpError::Status(status)),
        }
        Ok(())
    }

    // the server has nothing behind the place, and says how long the file is or not
    fn no_more(&mut self, real: Option<u64>) -> Result<(), HttpError> {
        match (self.total, real) {
            // in chunks, broken between the last byte and the word that it was the last
            (None, Some(real)) if real == self.at => {
                self.total = Some(real);
                self.stream = Some(Box::new(io::empty()));
                Ok(())
            }
            (None, Some(_)) => Err(HttpError::Changed),
            (None, None) => {
                let why = "the server has no more, and does not say how many bytes there are".to_owned();
                Err(HttpError::Broken { at: self.at, of: "unknown".to_owned(), why, tries: self.tries })
            }
            (Some(said), real) => Err(HttpError::Lied { said, real: real.unwrap_or(self.at) }),
        }
    }

    // after a break: whether it goes on
    fn mend(&mut self, why: &str) -> Result<(), HttpError> {
        self.stream = None;
        let mut why = why.to_owned();
        loop {
            if self.tries >= RETRIES || self.breaks >= MOST_BREAKS {
                let of = self.total.map_or_else(|| "unknown".to_owned(), |n| n.to_string());
                return Err(HttpError::Broken { at: self.at, of, why, tries: self.tries });
            }
            Client::pause(self.tries);
            self.tries += 1;
            self.breaks += 1;
            match self.resume() {
                Err(error) if error.may_pass() => why = error.to_string(),
                other => return other,
            }
        }
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let why = match self.stream.as_mut().map(|stream| stream.read(buffer)) {
                Some(Ok(0)) if self.total.is_none_or(|total| self.at >= total) || buffer.is_empty() => {
                    return Ok(0);
                }
                Some(Ok(0)) => "it ended early".to_owned(),
                Some(Ok(n)) => {
                    self.at += n as u64;
                    self.tries = 0;
                    return Ok(n);
                }
                Some(Err(error)) => error.to_string(),
                None => "it was broken".to_owned(),
            };
            self.mend(&why).map_err(io::Error::other)?;
        }
    }
}

fn reader(response: ureq::http::Response<ureq::Body>) -> Box<dyn Read + Send> {
    Box::new(response.into_body().into_reader())
}

fn length(response: &ureq::http::Response<ureq::Body>) -> Option<u64> {
    response.headers().get("content-length")?.to_str().ok()?.parse().ok()
}

fn content_range(response: &ureq::http::Response<ureq::Body>) -> Option<&str> {
    response.headers().get("content-range")?.to_str().ok()
}

// `bytes */200`
fn length_in_range(response: &ureq::http::Response<ureq::Body>) -> Option<u64> {
    content_range(response)?.rsplit_once('/')?.1.trim().parse().ok()
}

// `bytes 100-199/200`
fn starts_at(response: &ureq::http::Response<ureq::Body>) -> Option<u64> {
    content_range(response)?.trim().strip_prefix("bytes")?.trim().split('-').next()?.parse().ok()
}
