//! A run archive: a folder or a web server's listing in; levels of load, what clients saw, and a scalability law out.
//!
//! `place` says where its files are, `measurement` and `client` read them, `levels` measures each level from the
//! registrations of the archive's sosreports, `join` brings clients and Satellite together by key, `law` fits
//! throughput against load, `monitoring` reads what was measured of the machines, `runs` makes levels what `compare` reads. Ignored are steps of the run that
//! register no host.

pub mod answer;
pub mod client;
pub mod error;
pub mod join;
pub mod law;
pub mod levels;
pub mod measurement;
pub mod monitoring;
pub mod place;
pub mod runs;

use crate::source::http::HttpOptions;
use client::ClientLog;
use error::ArchiveError;
use measurement::Level;
use monitoring::Monitored;
use place::ArchivePlace;
use std::path::Path;

/// What the archive's own files say of a level.
#[derive(Debug)]
pub struct LevelFiles {
    /// Its row in measurement.log.
    pub level: Level,
    /// Clients' first tries, with their hosts where the logs tell them.
    pub first: ClientLog,
    /// Later tries.
    pub retries: ClientLog,
    /// What was measured of the machines meanwhile.
    pub monitored: Vec<Monitored>,
}

/// An archive whose own files were read; its sosreports were not yet.
#[derive(Debug)]
pub struct Archive {
    /// Where it is.
    pub place: ArchivePlace,
    /// Its levels, in the order of time.
    pub levels: Vec<LevelFiles>,
    /// What a reader must know of its files.
    pub notes: Vec<String>,
}

impl Archive {
    /// Reads measurement.log and what stands beside it.
    ///
    /// # Errors
    /// It is none, has no levels, levels that cannot be told apart, or no sosreports.
    pub fn load(path: &Path, http: &HttpOptions) -> Result<Self, ArchiveError> {
        let place = ArchivePlace::of(path, http);
        let files = place.files()?;
        if !files.names.iter().any(|name| name == place::MEASUREMENT_LOG) {
            return Err(ArchiveError::NoMeasurementLog(place.name()));
        }
        if !files.reports {
            return Err(ArchiveError::NoReports(place.name()));
        }
        let shown = place.shown(place::MEASUREMENT_LOG);
        let levels = measurement::read(place.open(place::MEASUREMENT_LOG)?, &shown)?;
        let mut archive = Self { place, levels: Vec::new(), notes: Vec::new() };
        for level in levels {
            let files = archive.files_of(level, &files.names)?;
            archive.levels.push(files);
        }
        Ok(archive)
    }

    fn files_of(&mut self, level: Level, names: &[String]) -> Result<LevelFiles, ArchiveError> {
        let (mut firsts, mut later): (Vec<ClientLog>, Vec<ClientLog>) = (Vec::new(), Vec::new());
        for name in names {
            match client::kind(name, &level) {
                Some(client::Kind::First) => firsts.push(client::read(self.place.open(name)?)),
                Some(client::Kind::Retries) => later.push(client::read(self.place.open(name)?)),
                None => {}
            }
        }
        if firsts.is_empty() {
            // what is a copy of the first tries cannot be told
            later.clear();
        }
        let (mut first, mut retries) = (ClientLog::default(), ClientLog::default());
        for (at, log) in later.iter().enumerate() {
            // the retries' log begins as a copy of the first tries', and is copied before each turn
            if !firsts.contains(log) && !later[..at].contains(log) {
                retries.add(log.clone());
            }
        }
        firsts.into_iter().for_each(|log| first.add(log));
        if first.tries.is_empty() {
            match names.iter().find(|name| **name == level.log) {
                Some(name) => first.add(client::read(self.place.open(name)?)),
                None => self.notes.push(format!(
                    "level {}: neither {} nor a client's log of it is in the archive: what clients saw is not known",
                    level.load, level.log
                )),
            }
        }
        let status = level.status_data();
        let monitored = match names.iter().find(|name| **name == status) {
            Some(name) => match monitoring::read(self.place.open(name)?) {
                Ok(found) => found,
                Err(words) => {
                    self.notes.push(format!("{}: {words}: left out", self.place.shown(name)));
                    Vec::new()
                }
            },
            None => Vec::new(),
        };
        Ok(LevelFiles { level, first, retries, monitored })
    }
}
