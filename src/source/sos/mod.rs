//! Sosreports: archives and unpacked folders in, the logs of each host out.
//!
//! Satellites, capsules and load balancers are told apart by what is inside; the host's name and its offset from UTC
//! come from the report itself. Several reports of one host are one log. Ignored is all else in a report.

mod about;
pub mod choose;
mod folder;
pub mod kept;
mod limit;
pub mod member;
pub mod scan;
mod stream;
mod tar;
mod walk;

use super::http::{self, Client, HttpOptions};
use super::open::Input;
use super::{Opened, SourceError};
use crate::at_once::in_order;
use choose::At;
use scan::{Found, Report, Scanning};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

/// Archives that are read at once, however many cores there are: each takes some 40 MiB of memory.
const AT_ONCE: usize = 4;
/// Threads that parse one archive: one thread unpacks it, and no quicker than these parse.
const MOST_PARSERS: usize = 4;

/// Reads reports, several at a time.
pub fn open_reports(named: &[At], scanning: &Scanning, http: &HttpOptions) -> Opened {
    let mut hosts = Hosts::default();
    let reports = &hosts.expand(named, http);
    let (at_once, parsers) = shared(scanning.threads, reports.len());
    let each = Scanning { threads: parsers, ..scanning.clone() };
    let done = in_order(reports, at_once, |_, at| found_at(at, &each, http));
    for (at, found) in reports.iter().zip(done) {
        hosts.add(at, found);
    }
    hosts.opened()
}

// how many archives at once, and threads that parse each
fn shared(threads: usize, reports: usize) -> (usize, usize) {
    let at_once = threads.min(AT_ONCE).min(reports).max(1);
    // two at least: the last of several archives has the cores for itself
    (at_once, threads.div_ceil(at_once).clamp(threads.min(2), MOST_PARSERS))
}

fn found_at(at: &At, scanning: &Scanning, http: &HttpOptions) -> Found {
    let mut found = pass(at, scanning, http, &BTreeMap::new());
    // lines that do not tell their offset came before anything that does: now it is known
    if found.offset_wanted && scanning.utc_offset.is_none() {
        let offsets: BTreeMap<String, i32> = found
            .reports
            .iter()
            .filter_map(|(name, report)| Some((name.clone(), offset_of(report)?)))
            .collect();
        if !offsets.is_empty() {
            found = pass(at, scanning, http, &offsets);
        }
    }
    found
}

fn pass(at: &At, scanning: &Scanning, http: &HttpOptions, offsets: &BTreeMap<String, i32>) -> Found {
    let opened: Result<Box<dyn Read + Send>, String> = match at {
        At::Path(path) if path.is_dir() => return folder::scan(path, scanning, offsets),
        At::Path(path) => match File::open(path) {
            Ok(file) => Ok(Box::new(file)),
            Err(error) => Err(error.to_string()),
        },
        At::Url(url) | At::Listing(url) => match Client::new(http, url).and_then(|client| client.open(url)) {
            Ok(body) => Ok(Box::new(body)),
            Err(error) => Err(error.to_string()),
        },
    };
    match opened {
        Ok(raw) => scan::scan(&at.name(), raw, scanning, offsets),
        Err(error) => Found::nothing(at.name(), error),
    }
}

// as told by the log itself, else by the report
fn offset_of(report: &Report) -> Option<i32> {
    let inputs = || report.production.iter().chain(&report.journal);
    let first = inputs().filter(|i| !i.head.offsets.is_empty()).min_by_key(|i| i.first_us());
    first.and_then(|i| i.head.offsets.first().copied()).or_else(|| report.about.utc_offset(report.newest))
}

/// Hosts in the order in which they came up.
#[derive(Default)]
struct Hosts {
    hosts: Vec<(Option<String>, Vec<Input>, Vec<Input>)>,
    refused: Vec<SourceError>,
    left_out: Vec<String>,
}

impl Hosts {
    // folders on web servers become the archives in them
    fn expand(&mut self, named: &[At], http: &HttpOptions) -> Vec<At> {
        let mut reports = Vec::new();
        for at in named {
            let At::Listing(url) = at else {
                reports.push(at.clone());
                continue;
            };
            match Client::new(http, url).and_then(|client| client.archives_below(url)) {
                Ok(below) => {
                    self.left_out.extend(below.left_out);
                    if below.archives.is_empty() && below.unread.is_empty() {
                        self.refused.push(SourceError::NoReport(at.name()));
                    }
                    self.refused.extend(below.unread);
                    // a user and password in the URL are for its archives as well
                    reports.extend(
                        below.archives.into_iter().map(|archive| At::Url(http::as_user(archive, url))),
                    );
                }
                Err(error) => {
                    self.refused.push(SourceError::Report { name: at.name(), words: error.to_string() });
                }
            }
        }
        reports
    }

    fn add(&mut self, at: &At, found: Found) {
        let (mut any, mut balancer) = (false, None);
        let names: Vec<(String, String)> = found
            .reports
            .iter()
            .filter_map(|(folder, report)| Some((folder.clone(), report.about.host()?.to_owned())))
            .collect();
        for (folder, report) in found.reports {
            // what does not say whose it is belongs to the report around it
            let around = names.iter().filter(|(around, _)| folder.starts_with(around.as_str()));
            let host = around.max_by_key(|(around, _)| around.len()).map(|(_, name)| name.clone());
            if report.about.balances {
                balancer = Some(host.clone().unwrap_or_else(|| at.name()));
            }
            any |= self.report(host, report);
        }
        self.left_out.extend(found.left_out);
        match balancer {
            _ if any || !found.unread.is_empty() => {}
            Some(host) => {
                self.left_out.push(format!(
                    "{}: the report of load balancer {host}: it holds no log of registrations",
                    at.name()
                ));
            }
            None => self.refused.push(SourceError::NoLog(at.name())),
        }
        self.refused.extend(found.unread);
    }

    // false where it holds no log
    fn report(&mut self, host: Option<String>, mut report: Report) -> bool {
        let offset = report.about.utc_offset(report.newest);
        let has_requests = |i: &Input| i.head.with_request() > 0;
        if report.production.iter().any(has_requests) {
            // where both hold requests they hold the same ones
            for journal in report.journal.drain(..).filter(has_requests) {
                self.left_out.push(format!("{}: left out, since production.log is there", journal.name));
            }
        } else {
            report.journal.retain(|i| has_requests(i) || report.production.is_empty());
        }
        let mut satellite: Vec<Input> = report.production.into_iter().chain(report.journal).collect();
        let mut capsule = report.capsule;
        for input in satellite.iter_mut().chain(&mut capsule) {
            // for the lines that do not tell theirs
            if input.head.offsets.is_empty() {
                input.head.offsets.extend(offset);
            }
        }
        if satellite.is_empty() && capsule.is_empty() {
            return false;
        }
        let known = self.hosts.iter_mut().find(|(name, ..)| name.is_some() && *name == host);
        match known {
            Some((_, satellites, capsules)) => {
                satellites.extend(satellite);
                capsules.extend(capsule);
            }
            None => self.hosts.push((host, satellite, capsule)),
        }
        true
    }

    fn opened(self) -> Opened {
        let mut opened = Opened { refused: self.refused, left_out: self.left_out, ..Opened::default() };
        for (host, satellite, capsule) in self.hosts {
            opened.add(host.clone(), satellite);
            // the integrated capsule of a Satellite is in the same report
            opened.add(host, capsule);
        }
        opened
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_cores_do_not_read_ever_more_at_once() {
        for (threads, reports, wanted) in [
            (1, 9, (1, 1)),
            (2, 0, (1, 2)),
            (2, 1, (1, 2)),
            (2, 9, (2, 2)),
            (4, 9, (4, 2)),
            (8, 2, (2, 4)),
            (16, 1, (1, 4)),
            (16, 16, (4, 4)),
            (256, 1000, (4, 4)),
        ] {
            assert_eq!(shared(threads, reports), wanted, "{threads} {reports}");
        }
        // as many pieces as before on two cores, and no more of them on many
        assert_eq!([1, 2, 3, 4, 16, 256].map(scan::waiting), [4, 6, 5, 4, 1, 1]);
    }
}
