//! `reginfra compare`.

use super::SourceArgs;
use crate::compare::thresholds::parse_share;
use crate::timestamp::UtcOffset;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What makes `compare` exit 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompareFailOn {
    /// Any figure got worse
    Regression,
    /// A timing got worse
    Timing,
    /// More calls or script fetches a registration, or a lower hit rate
    Calls,
    /// More attempts failed
    ErrorRate,
    /// Fewer registrations a second
    Throughput,
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CompareFormat {
    /// A table
    #[default]
    Text,
    /// docs/compare.schema.json
    Json,
    /// For an issue or a wiki
    Markdown,
    /// Annotations of a GitHub workflow
    Github,
}

/// A threshold of one metric, or of all.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// None is all.
    pub metric: Option<String>,
    /// 0.05 is 5 %.
    pub share: f64,
}

/// Two sides.
#[derive(Debug, Args)]
#[command(after_help = "\
A run is anything that `reginfra metrics` reads - a log or a folder of logs, a sosreport or a folder of them, an inventory
(.ini, .yml, .yaml: over SSH), an http(s) URL - or a folder that `reginfra metrics --save` kept. A label level=NAME, concurrency=N or batch=N
of a kept run says what load was asked for. A folder or listing that holds measurement.log is a run's archive: levels of
load that both sides have are compared one by one; a kept run goes with the level that its label names (docs/archives.md).

Examples:
  reginfra compare runs/before runs/after
  reginfra compare before/production.log after/production.log -i inventory.ini
  reginfra compare --before runs/a1 runs/a2 runs/a3 --after runs/b1 runs/b2 runs/b3
  reginfra compare runs/before runs/after --threshold 5% --threshold consumer_create_ms=10%
  reginfra compare runs/before runs/after --fail-on regression --format github
  reginfra compare runs/before runs/after --percentile 99 --format json
  reginfra compare run-17 run-18 --fail-on regression        archives, level by level

Exit codes: 0 compared; 1 what --fail-on names was found, or a Satellite is missing from the answer; 2 misuse or
unreadable input; 3 nothing to compare, under --fail-on also where a verdict had to be refused or a run is not complete.")]
pub struct CompareArgs {
    /// The run before, and the run after
    #[arg(value_name = "RUN", num_args = 2.., required_unless_present = "before", conflicts_with_all = ["before", "after"])]
    pub sides: Vec<String>,
    /// Runs before; several tell how much runs differ by themselves
    #[arg(long, value_name = "RUN", num_args = 1.., requires = "after")]
    pub before: Vec<String>,
    /// Runs after
    #[arg(long, value_name = "RUN", num_args = 1.., requires = "before")]
    pub after: Vec<String>,
    /// What sources need beside their path.
    #[command(flatten)]
    pub reading: CompareReading,
    /// A change of up to so much is none: of every metric, or METRIC=PERCENT of one; may be repeated
    #[arg(long, value_name = "[METRIC=]PERCENT", value_parser = parse_threshold)]
    pub threshold: Vec<Threshold>,
    /// The same from a file (YAML: `all: 5%`, `consumer_create_ms: 10%`); --threshold goes before it
    #[arg(long, value_name = "FILE")]
    pub thresholds: Option<PathBuf>,
    /// The percentile of timings that is shown and judged beside the whole distribution; runs that are too short for
    /// it have no verdict. Without it 95, where values suffice
    #[arg(long, value_name = "P", value_parser = parse_percentile)]
    pub percentile: Option<f64>,
    /// Exit 1 where this is found; may be repeated
    #[arg(long, value_name = "WHAT")]
    pub fail_on: Vec<CompareFailOn>,
    /// The changes that metrics lead to, instead of the built-in ones (YAML)
    #[arg(long, value_name = "FILE")]
    pub targets: Option<PathBuf>,
    /// How the answer is written
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: CompareFormat,
}

/// What sources need beside their path.
#[derive(Debug, Default, Args)]
pub struct CompareReading {
    /// Ansible inventory that tells the groups of logs and sosreports
    #[arg(short, long, value_name = "PATH")]
    pub inventory: Option<PathBuf>,
    /// Take inventories from this machine's ansible-inventory, which reads vaults, scripts and plugins
    #[arg(long)]
    pub via_ansible: bool,
    /// Take any certificate of a web server
    #[arg(long)]
    pub no_verify_ssl: bool,
    /// Authorities whose certificates web servers may have (PEM), instead of the system's
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Bytes that an archive may unpack to; without it 100 GiB, and past 1 GiB no more than 250 times its size
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..))]
    pub unpack_limit: Option<u64>,
    /// The offset from UTC of lines that do not tell it (as +02:00)
    #[arg(long, value_name = "OFFSET", value_parser = UtcOffset::parse, allow_hyphen_values = true)]
    pub utc_offset: Option<UtcOffset>,
}

impl CompareReading {
    /// The same of a command that has all options of reading.
    pub fn of(source: &SourceArgs) -> Self {
        Self {
            inventory: source.inventory.clone(),
            via_ansible: source.via_ansible,
            no_verify_ssl: source.no_verify_ssl,
            ca_file: source.ca_file.clone(),
            unpack_limit: source.unpack_limit,
            utc_offset: source.utc_offset,
        }
    }
}

// `5%`, `consumer_create_ms=10%`, `0.5 %`
pub(super) fn parse_threshold(text: &str) -> Result<Threshold, String> {
    let (metric, number) = match text.split_once('=') {
        Some((metric, number)) => (Some(metric.trim().to_owned()), number),
        None => (None, text),
    };
    Ok(Threshold { metric, share: parse_share(number)? })
}

// `99`, `P99`, `99.9` as a share
pub(super) fn parse_percentile(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_start_matches(['p', 'P']);
    let percentile: f64 = number.parse().map_err(|_| format!("'{number}' is no number"))?;
    if !(50.0..=99.9).contains(&percentile) {
        return Err("give a percentile from 50 to 99.9".to_owned());
    }
    Ok(percentile / 100.0)
}
