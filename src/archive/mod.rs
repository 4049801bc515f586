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

use crate::registration::finish::Window;
use crate::source::http::HttpOptions;
use client::ClientLog;
use error::ArchiveError;
use measurement::{Level, Measurements};
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
    /// Words on folders of clients' logs that cannot be looked into.
    pub unread: Vec<String>,
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
        let Measurements { levels, notes } = measurement::read(place.open(place::MEASUREMENT_LOG)?, &shown)?;
        let windows = levels::windows(&levels.iter().collect::<Vec<_>>());
        let mut archive = Self { place, levels: Vec::new(), notes, unread: files.unread };
        for (level, windows) in levels.iter().zip(windows) {
            // logs are named after the load: those of a load that came twice are told apart by their times
            let again = levels.iter().filter(|other| other.load == level.load).count() > 1;
            let own = Window { since: windows.first.since, until: windows.retries.until };
            let files = archive.files_of(level.clone(), again.then_some(own), &files.names)?;
            archive.levels.push(files);
        }
        Ok(archive)
    }

    // `own` is the level's time, where another has the same load
    fn files_of(
        &mut self,
        level: Level,
        own: Option<Window>,
        names: &[String],
    ) -> Result<LevelFiles, ArchiveError> {
        let (firsts, later) = self.clients_logs(&level, own, names)?;
        let (mut first, mut retries) = (ClientLog::default(), ClientLog::default());
        for (at, log) in later.iter().enumerate() {
            // the retries' log begins as a copy of the first tries', and is copied before each turn
            if !firsts.contains(log) && !later[..at].contains(log) {
                retries.add(log.clone());
            }
        }
        firsts.into_iter().for_each(|log| first.add(log));
        if first.tries.is_empty() {
            let name = names.iter().find(|name| **name == level.log);
            if let Some(name) = name {
                first.add(client::read(self.place.open(name)?).within(own));
            }
            if name.is_none() || own.is_some() && first.unnamed.is_empty() {
                self.notes.push(format!(
                    "level {}: neither {} nor a client's log of it{} is in the archive: what clients saw is not known",
                    level.load,
                    level.log,
                    if own.is_some() { ", of its time," } else { "" }
                ));
            }
        }
        let monitored = self.monitored(&level, own, names)?;
        Ok(LevelFiles { level, first, retries, monitored })
    }

    // first tries, and later ones
    fn clients_logs(
        &mut self,
        level: &Level,
        own: Option<Window>,
        names: &[String],
    ) -> Result<(Vec<ClientLog>, Vec<ClientLog>), ArchiveError> {
        let (mut firsts, mut later): (Vec<ClientLog>, Vec<ClientLog>) = (Vec::new(), Vec::new());
        let (mut unknown_firsts, mut unknown_later) = (None, None);
        for name in names {
            let Some(kind) = client::kind(name, level) else { continue };
            let log = client::read(self.place.open(name)?);
            let (logs, unknown) = match kind {
                client::Kind::First => (&mut firsts, &mut unknown_firsts),
                client::Kind::Retries => (&mut later, &mut unknown_later),
            };
            match own.map_or(Some(true), |own| log.lies_in(own)) {
                Some(true) => logs.push(log),
                Some(false) => {}
                None => *unknown = Some(name),
            }
        }
        for (logs, unknown, what) in
            [(&mut firsts, unknown_firsts, "first tries"), (&mut later, unknown_later, "retries")]
        {
            // a part of the hosts would be counted for all
            let Some(name) = unknown else { continue };
            logs.clear();
            self.notes.push(format!(
                "level {} (line {} of {}): its load came more than once, and times in {name} do not tell of which of \
                 them it is: clients' logs of its {what} are left out",
                level.load,
                level.line,
                place::MEASUREMENT_LOG
            ));
        }
        if firsts.is_empty() {
            // what is a copy of the first tries cannot be told
            later.clear();
        }
        Ok((firsts, later))
    }

    fn monitored(
        &mut self,
        level: &Level,
        own: Option<Window>,
        names: &[String],
    ) -> Result<Vec<Monitored>, ArchiveError> {
        let status = level.status_data();
        let Some(name) = names.iter().find(|name| **name == status) else { return Ok(Vec::new()) };
        let left_out = match monitoring::read(self.place.open(name)?) {
            Ok(found) if own.is_none() => return Ok(found),
            Ok(_) => format!("level {} came more than once, and it is of one of them", level.load),
            Err(words) => words,
        };
        let note = format!("{}: {left_out}: left out", self.place.shown(name));
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const LOGS: &str = "50-concurrent-exec-container-host-client-logs";

    // a level of 2 hosts at 12:00, one at 13:00, and one of 3 hosts at 14:00
    fn archive() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let row = |load: u32, at: i64, passed: u32| {
            format!(
                "experiment/reg-average.py 'Execute registration' 'r/50-concurrent-exec-{load}.log',r/x.log,0,{at}.5,{}.5,k,s,r,\
                 results.items.passed={passed}\r\n",
                at + 60
            )
        };
        let rows = row(2, 1_775_304_000, 2) + &row(2, 1_775_307_600, 2) + &row(3, 1_775_311_200, 3);
        fs::write(dir.path().join("measurement.log"), rows).unwrap();
        fs::create_dir(dir.path().join("sosreport")).unwrap();
        dir
    }

    // one host of a machine that drives clients, at this hour
    fn log(dir: &Path, machine: &str, file: &str, time: &str) {
        let play = format!(
            "TASK [Register - timings] ***\nok: [{machine}.1] => {{\n    \"msg\": \"Execute registration {time}:01.5 to \
             {time}:44.5 taking 43.0 seconds\"\n}}\n"
        );
        let root = dir.join(LOGS).join(machine).join("root");
        fs::create_dir_all(&root).unwrap();
        fs::write(root.join(file), play).unwrap();
    }

    fn load(dir: &Path) -> (Vec<usize>, String) {
        let archive = Archive::load(dir, &HttpOptions::default()).unwrap();
        (archive.levels.iter().map(|files| files.first.tries.len()).collect(), archive.notes.join("; "))
    }

    #[test]
    fn logs_of_a_load_that_came_twice_are_told_apart_by_their_times() {
        let dir = archive();
        log(dir.path(), "c1", "out_2_registration.log", "2026-04-04 12:00");
        log(dir.path(), "c2", "out_2_registration.log", "2026-04-04 12:00");
        log(dir.path(), "c3", "out_2_registration.log", "2026-04-04 13:00");
        log(dir.path(), "c1", "out_3_registration.log", "2026-04-04 14:00");
        fs::write(dir.path().join("50-concurrent-exec-2-Execute registration.log.json"), "{}").unwrap();
        let (tries, notes) = load(dir.path());
        assert_eq!(tries, [2, 1, 1], "{notes}");
        assert!(notes.contains("level 2 came more than once, and it is of one of them: left out"), "{notes}");
    }

    #[test]
    fn a_log_that_may_be_of_either_level_is_in_neither() {
        let dir = archive();
        log(dir.path(), "c1", "out_2_registration.log", "2026-04-04 12:00");
        let failed = dir.path().join(LOGS).join("c2/root");
        fs::create_dir_all(&failed).unwrap();
        fs::write(failed.join("out_2_registration.log"), "fatal: [c2.1]: FAILED! => {\n").unwrap();
        log(dir.path(), "c1", "out_3_registration.log", "2026-04-04 14:00");
        let (tries, notes) = load(dir.path());
        assert_eq!(tries, [0, 0, 1], "{notes}");
        assert!(
            notes.contains("level 2 (line 1 of measurement.log): its load came more than once"),
            "{notes}"
        );
        assert!(notes.contains("c2/root/out_2_registration.log do not tell"), "{notes}");
    }
}
