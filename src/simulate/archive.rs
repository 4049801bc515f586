//! A run of levels of load: what a run archive holds beside its sosreports, as it is written by the run itself.
//!
//! Each level's hosts are told to register at the same time, and reach the Satellite as fast as Gunther's law lets them.
//! A level is written when the next one begins: measurement.log's rows, the clients' logs, the run's log of the level, its status data.

use super::error::SimulateError;
use super::host::Host;
use super::place::{Output, Place};
use super::plan::{Plan, SECOND};
use super::truth::SessionTruth;
use crate::cli::Addresses;
use crate::registration::session::Uuid;
use serde::Serialize;
use std::fmt::Write as _;

/// A registration from its first request to the last: measured, near enough for the law.
const REGISTRATION: i64 = 33 * SECOND;
/// Each client starts so long after the one before.
const STAGGER: i64 = SECOND / 50;
/// Retries start so long after a level, a turn of them takes so long, and the next level waits for this.
const RETRIES: i64 = 90 * SECOND;
const TURN: i64 = 100 * SECOND;
const PAUSE: i64 = 420 * SECOND;
/// Machines that drive clients.
const CONTAINERS: usize = 2;
const FOLDER: &str = "50-concurrent-exec-container-host-client-logs";
const RUN: &str = "run-2026-04-04T10:00:00+00:00";
/// The highest attempt of a host.
pub const MOST_ATTEMPTS: u16 = 3;

/// A level that is to come.
#[derive(Clone, Copy, Debug)]
pub struct Planned {
    /// Hosts.
    pub load: u32,
    /// Number of the first one.
    first: u64,
    /// Its clients start, microseconds UTC.
    start: i64,
    /// From the first host that reaches the Satellite to the last, microseconds.
    span: i64,
}

/// The law that throughput follows: lambda, sigma, kappa.
pub type LawTruth = [f64; 3];

/// Reads `--archive` and `--archive-law`.
///
/// # Errors
/// Names the option, and what to give instead.
pub fn plan(levels: &[u32], law: &[f64], start: i64) -> Result<Vec<Planned>, SimulateError> {
    let refused = |option, value: String, problem, way_out: &str| SimulateError::Option {
        option,
        value,
        problem,
        way_out: way_out.to_owned(),
    };
    if let Some(bad) = levels.iter().find(|n| !(1..=100_000).contains(*n)) {
        return Err(refused(
            "--archive",
            bad.to_string(),
            "a level has from 1 to 100000 hosts",
            "give LOAD,...",
        ));
    }
    let [lambda, sigma, kappa] = *law else {
        let given = law.len().to_string();
        return Err(refused("--archive-law", given, "the law has three figures", "give LAMBDA,SIGMA,KAPPA"));
    };
    if !(1e-4..=0.03).contains(&lambda) || !(0.0..=1.0).contains(&sigma) || !(0.0..=1.0).contains(&kappa) {
        let given = format!("{lambda},{sigma},{kappa}");
        let way_out =
            "give lambda from 0.0001 to 0.03 (a registration alone takes 33 s), sigma and kappa from 0 to 1";
        return Err(refused("--archive-law", given, "a figure is out of its range", way_out));
    }
    let (mut planned, mut first, mut start): (Vec<Planned>, u64, i64) = (Vec::new(), 0, start);
    for load in levels {
        let n = f64::from(*load);
        let seconds = (1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0)) / lambda;
        let length = (seconds * SECOND as f64) as i64;
        planned.push(Planned { load: *load, first, start, span: (length - REGISTRATION).max(0) });
        first += u64::from(*load);
        start += length + PAUSE;
        if start - planned[0].start > 30 * 86_400 * SECOND || first > 1_000_000 {
            let given = levels.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            let way_out = "give fewer or lower levels, or a smaller sigma and kappa with --archive-law";
            return Err(refused(
                "--archive",
                given,
                "the run would last more than 30 days or take a million hosts",
                way_out,
            ));
        }
    }
    Ok(planned)
}

impl Planned {
    /// When the host with this number reaches the Satellite; `unit` is from 0 to 1.
    fn arrival(&self, number: u64, unit: f64) -> i64 {
        let share = (number.saturating_sub(self.first) as f64 + unit) / f64::from(self.load);
        self.start + (share * self.span as f64) as i64 + STAGGER
    }

    // its client started before it reached the Satellite
    fn client_start(&self, number: u64, asked: i64) -> i64 {
        (self.start + number.saturating_sub(self.first) as i64 * STAGGER).min(asked - STAGGER)
    }

    /// When its next attempt starts, where one fails at `at`.
    pub fn retry(&self, attempt: u16, at: i64, unit: f64) -> i64 {
        let turn = self.start + self.span + REGISTRATION + RETRIES + i64::from(attempt - 1) * TURN;
        (turn + (unit * 20.0 * SECOND as f64) as i64).max(at + SECOND)
    }

    /// End of its retries.
    pub const fn end(&self) -> i64 {
        self.start + self.span + REGISTRATION + PAUSE
    }
}

/// The level of the host with this number.
pub fn level_of(levels: &[Planned], number: u64) -> Option<&Planned> {
    levels.get(levels.partition_point(|level| level.first <= number).checked_sub(1)?)
}

/// When the host with this number arrives.
pub fn arrival(levels: &[Planned], number: u64, unit: f64) -> Option<i64> {
    level_of(levels, number).map(|level| level.arrival(number, unit))
}

/// A try as its client saw it.
struct Seen {
    number: u64,
    address: String,
    name: String,
    uuid: u128,
    attempt: u16,
    start: i64,
    end: i64,
    passed: bool,
}

/// A level in truth_archive.json.
#[derive(Serialize)]
struct LevelTruth {
    level: u32,
    since_us: Option<i64>,
    until_us: Option<i64>,
    passed: u64,
    failed: u64,
    retries: u64,
    retried_passed: u64,
    retried_failed: u64,
    given_up: u64,
    client_ms_sum: u64,
}

/// truth_archive.json.
#[derive(Serialize)]
struct ArchiveTruth<'a> {
    lambda: f64,
    sigma: f64,
    kappa: f64,
    levels: &'a [LevelTruth],
}

/// Writes levels as they end.
pub struct ArchiveWriter {
    place: Place,
    levels: Vec<Planned>,
    law: LawTruth,
    measurement: Output,
    /// The level whose tries are being kept.
    current: usize,
    seen: Vec<Seen>,
    truth: Vec<LevelTruth>,
    files: u64,
}

impl ArchiveWriter {
    /// Opens measurement.log.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create(place: &Place, plan: &Plan<'_>) -> Result<Option<Self>, SimulateError> {
        let Some(law) = plan.law.filter(|_| !plan.levels.is_empty()) else { return Ok(None) };
        Ok(Some(Self {
            place: place.clone(),
            levels: plan.levels.clone(),
            law,
            measurement: place.file("measurement.log", 16 << 10)?,
            current: 0,
            seen: Vec::new(),
            truth: Vec::new(),
            files: 2,
        }))
    }

    /// A registration is over.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn over(
        &mut self,
        host: &Host,
        session: &SessionTruth,
        at: i64,
        passed: bool,
    ) -> Result<(), SimulateError> {
        let Some(index) = self.levels.partition_point(|l| l.first <= host.number).checked_sub(1) else {
            return Ok(());
        };
        while self.current < index {
            self.flush()?;
        }
        let start = match session.attempt {
            1 => self.levels[index].client_start(host.number, session.asked),
            _ => session.asked - STAGGER,
        };
        let mut address = Vec::new();
        host.push_address(&mut address, Addresses::Client, false, &[]);
        self.seen.push(Seen {
            number: host.number,
            address: String::from_utf8_lossy(&address).into_owned(),
            name: session.host.clone(),
            uuid: session.uuid,
            attempt: session.attempt,
            start,
            end: at + SECOND / 5,
            passed,
        });
        Ok(())
    }

    /// Writes what is left, and the truth; gives the number of files.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn finish(mut self) -> Result<u64, SimulateError> {
        while self.current < self.levels.len() {
            self.flush()?;
        }
        let Self { place, measurement, truth, law: [lambda, sigma, kappa], files, .. } = self;
        measurement.finish()?;
        let truth = ArchiveTruth { lambda, sigma, kappa, levels: &truth };
        let text = serde_json::to_string_pretty(&truth)
            .map_err(|e| SimulateError::io("write", "truth_archive.json")(e.into()))?;
        put(&place, "truth_archive.json", &text)?;
        Ok(files)
    }

    fn flush(&mut self) -> Result<(), SimulateError> {
        let level = self.levels[self.current];
        self.current += 1;
        let mut seen = std::mem::take(&mut self.seen);
        seen.sort_by_key(|one| (one.number, one.attempt));
        let log = format!("50-concurrent-exec-{}", level.load);
        for container in 0..CONTAINERS {
            let own: Vec<&Seen> =
                seen.iter().filter(|one| one.number as usize % CONTAINERS == container).collect();
            self.client_logs(level.load, container, &own)?;
        }
        put(&self.place, &format!("{log}.log"), &run_log(&seen))?;
        let first: Vec<&Seen> = seen.iter().filter(|one| one.attempt == 1).collect();
        let passed: Vec<&Seen> = first.iter().copied().filter(|one| one.passed).collect();
        let since = passed.iter().map(|one| one.start).min();
        let until = passed.iter().map(|one| one.end).max();
        let sum: f64 = passed.iter().map(|one| one.seconds()).sum();
        let path = format!("{RUN}/{log}.log");
        let report = format!("{log}-Execute registration.log");
        let (n, mean) = (passed.len(), sum / passed.len().max(1) as f64);
        let rc = i32::from(passed.is_empty());
        let epoch = |us: Option<i64>| us.map_or_else(String::new, |us| format!("{:.6}", us as f64 / 1e6));
        let (from, to) = (epoch(since), epoch(until));
        put(
            &self.place,
            &report,
            &format!(
                "min in {path}: {from}\nmax in {path}: {to}\nExecute registration in {path}: {sum:.6} / {n} = {mean:.6}\n"
            ),
        )?;
        put(&self.place, &format!("{report}.json"), &status_data(level.load, n, mean, &from, &to))?;
        self.files += 3;
        let versions = "katello-4.16.0-1.el9.noarch,satellite-6.17.0-1.el9sat.noarch";
        let (begin, end) = (level.start / SECOND - 5, level.end() / SECOND - 10);
        let rows = format!(
            "\"ansible-playbook --forks 100 -i conf/contperf/inventory.ini -e \"\"size={}\"\" playbooks/tests/concurrent_tasks.yaml\",\
             {path},0,{begin},{end},{versions},{RUN}\r\n\
             experiment/reg-average.py 'Execute registration' '{path}',{RUN}/{report},{rc},{from},{to},{versions},{RUN},\
             results.items.duration={sum:.6} results.items.passed={n} results.items.avg_duration={mean:.6} results.items.report_rc={rc}\r\n",
            level.load
        );
        self.measurement.write(rows.as_bytes())?;
        self.truth.push(truth(level.load, &seen, since, until));
        Ok(())
    }

    // as the retries' loop leaves them: a copy before each turn, and the last turn's own
    fn client_logs(&mut self, load: u32, container: usize, seen: &[&Seen]) -> Result<(), SimulateError> {
        let base = format!("{FOLDER}/container{}.example.com/root/out_{load}_registration", container + 1);
        let mut name = format!("{base}.log");
        for attempt in 1..=MOST_ATTEMPTS {
            let turn: Vec<&Seen> = seen.iter().copied().filter(|one| one.attempt == attempt).collect();
            if turn.is_empty() {
                break;
            }
            let play = play(&turn);
            put(&self.place, &name, &play)?;
            self.files += 1;
            let fails = turn.iter().filter(|one| !one.passed).count();
            if fails > 0 {
                put(&self.place, &format!("{base}_retries.log.{fails}"), &play)?;
                self.files += 1;
            }
            name = format!("{base}_retries.log");
        }
        Ok(())
    }
}

fn truth(level: u32, seen: &[Seen], since_us: Option<i64>, until_us: Option<i64>) -> LevelTruth {
    let first = || seen.iter().filter(|one| one.attempt == 1);
    let later = |number| move |one: &&Seen| one.number == number && one.attempt > 1;
    let failed: Vec<u64> = first().filter(|one| !one.passed).map(|one| one.number).collect();
    let through = |number: &&u64| seen.iter().filter(later(**number)).any(|one| one.passed);
    let again = |number: &&u64| seen.iter().any(|one| later(**number)(&one));
    let retried_passed = failed.iter().filter(through).count() as u64;
    let retried = failed.iter().filter(again).count() as u64;
    LevelTruth {
        level,
        since_us,
        until_us,
        passed: first().filter(|one| one.passed).count() as u64,
        failed: failed.len() as u64,
        retries: seen.iter().filter(|one| one.attempt > 1).count() as u64,
        retried_passed,
        retried_failed: retried - retried_passed,
        given_up: failed.len() as u64 - retried,
        client_ms_sum: first()
            .filter(|one| one.passed)
            .map(|one| (one.seconds() * 1000.0).round() as u64)
            .sum(),
    }
}

impl Seen {
    fn seconds(&self) -> f64 {
        (self.end - self.start) as f64 / SECOND as f64
    }

    // `Execute registration 2026-04-04 12:00:01.123456 to 2026-04-04 12:00:44.500000 taking 43.4 seconds`
    fn line(&self) -> String {
        let time = |us: i64| {
            let text =
                jiff::Timestamp::from_microsecond(us).map_or_else(|_| String::new(), |at| format!("{at:.6}"));
            text.trim_end_matches('Z').replace('T', " ")
        };
        format!(
            "Execute registration {} to {} taking {} seconds",
            time(self.start),
            time(self.end),
            self.seconds()
        )
    }
}

// host-registration.yaml on the clients, task by task
fn play(seen: &[&Seen]) -> String {
    let mut out = "\nPLAY [Register content host] ****\n\nTASK [Register] ****\n".to_owned();
    for one in seen {
        let _ = writeln!(out, "changed: [{}]", one.address);
    }
    out.push_str("\nTASK [Register - output] ****\n");
    for one in seen {
        let _ = writeln!(
            out,
            "{}",
            if one.passed {
                format!("ok: [{}] => {{", one.address)
            } else {
                format!("fatal: [{}]: FAILED! => {{", one.address)
            }
        );
        out.push_str("    \"registration.stdout_lines\": [\n");
        if one.uuid != 0 {
            let _ = writeln!(out, "        \"The system has been registered with ID: {}\",", Uuid(one.uuid));
            let _ = writeln!(out, "        \"The registered system name is: {}\",", one.name);
        }
        if !one.passed {
            out.push_str("        \"curl: (22) The requested URL returned error\",\n");
        }
        let _ = writeln!(
            out,
            "        \"-\",\n        \"Return code: {}\",\n        \"-----\"\n    ]\n}}",
            if one.passed { 0 } else { 22 }
        );
    }
    out.push_str("\nTASK [Register - timings] ****\n");
    for one in seen.iter().filter(|one| one.passed) {
        let _ = writeln!(out, "ok: [{}] => {{\n    \"msg\": \"{}\"\n}}", one.address, one.line());
    }
    out.push_str("\nPLAY RECAP ****\n");
    for one in seen {
        let _ = writeln!(
            out,
            "{:<26} : ok={} changed=1 unreachable=0 failed={} skipped=0 rescued=0 ignored=0",
            one.address,
            if one.passed { 4 } else { 1 },
            u8::from(!one.passed)
        );
    }
    out
}

// the run's own log: times of first tries without their hosts
fn run_log(seen: &[Seen]) -> String {
    let mut out = "\nTASK [concurrent_task : registration - Show timings] ****\n".to_owned();
    for container in 0..CONTAINERS {
        let _ = writeln!(out, "ok: [container{}.example.com] => {{", container + 1);
        out.push_str("    \"_concurrent_task_clients_yaml_grepper_timings.stdout_lines\": [\n");
        let own = seen.iter().filter(|one| one.number as usize % CONTAINERS == container);
        for one in own.filter(|one| one.attempt == 1 && one.passed) {
            let _ = writeln!(out, "        \"{}\",", one.line());
        }
        out.push_str("    ]\n}\n");
    }
    out
}

// as OPL's status_data.py leaves it; the load average grows with the level
fn status_data(load: u32, passed: usize, mean: f64, since: &str, until: &str) -> String {
    let block = |mean: f64| serde_json::json!({"min": mean / 2.0, "max": mean * 2.0, "mean": mean, "median": mean, "percentile95": mean * 1.5, "samples": 40});
    let n = f64::from(load);
    let data = serde_json::json!({
        "name": format!("default/50-concurrent-exec-{load}-Execute registration"),
        "id": RUN,
        "started": since,
        "ended": until,
        "result": "PASS",
        "results": {"items": {"passed": passed, "avg_duration": mean}},
        "measurements": {"satellite": {
            "load": {"load": {"shortterm": block(n / 8.0)}},
            "memory": {"memory-used": block(8e9 + n * 1e6)},
            "processes-Puma-Worker": {"ps_cputime": {"user": block(n / 4.0)}},
        }},
    });
    format!("{data:#}\n")
}

fn put(place: &Place, name: &str, text: &str) -> Result<(), SimulateError> {
    let mut file = place.file(name, 64 << 10)?;
    file.write(text.as_bytes())?;
    file.finish()
}
