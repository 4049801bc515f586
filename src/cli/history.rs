//! `reginfra history`.

use crate::compare::thresholds::parse_share;
use crate::history::series::SUBJECTS;
use crate::registration::session::Group;
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What makes `history` exit 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HistoryFailOn {
    /// Any change that is not acknowledged
    Change,
    /// A change for the worse that is not acknowledged
    Regression,
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum HistoryFormat {
    /// A line a figure
    #[default]
    Text,
    /// docs/history.schema.json
    Json,
}

/// Which runs, and which of their figures.
#[derive(Debug, Args)]
pub struct Chosen {
    /// Kept runs, folders of them, or files of `reginfra metrics --json`
    #[arg(value_name = "DIR|FILE", required = true, num_args = 1..)]
    pub runs: Vec<PathBuf>,
    /// Only runs with this label; may be repeated
    #[arg(long = "where", value_name = "KEY=VALUE")]
    pub with: Vec<String>,
    /// Only this figure; may be repeated. Without it all that runs have
    #[arg(long, value_name = "METRIC", value_parser = PossibleValuesParser::new(SUBJECTS.map(|s| s.name())))]
    pub metric: Vec<String>,
    /// Only this way in; may be repeated
    #[arg(long, value_name = "GROUP", value_parser = PossibleValuesParser::new(groups()))]
    pub group: Vec<String>,
    /// The statistic of timings; may be repeated. Calls and shares are averages
    #[arg(long, value_name = "STATISTIC", value_parser = PossibleValuesParser::new(statistics()))]
    pub stat: Vec<String>,
}

/// `reginfra history`.
#[derive(Debug, Args)]
#[command(after_help = "\
Runs stand in the order of their label time (`metrics --label time=2026-04-04T10:00:00Z`), else of
their first registration. Without --group all registrations are looked at together, without --stat
the median (p50) of timings.

Examples:
  reginfra history runs                                       every kept run below runs
  reginfra history runs --where level=40 --group all --group lb-ssh
  reginfra history runs --metric consumer_create_ms --stat p50 --stat p95
  reginfra history runs --ack known-changes.yaml --fail-on regression
  reginfra history runs --format json --significance 1%

A file of known changes (--ack) is a list of `- id: ID` and `reason: WORDS`.

Exit codes: 0 looked through, changes or not; 1 what --fail-on names was found; 2 misuse or
unreadable input; 3 nothing to look through, or runs of several loads, under --fail-on also where
a run could not be read, nobody registered in the newest, a change had no verdict, or no figure,
or one named by --metric, has enough runs.")]
pub struct HistoryArgs {
    /// Which runs, and which of their figures.
    #[command(flatten)]
    pub chosen: Chosen,
    /// Changes that are known, with the reason of each (YAML); they are not told again
    #[arg(long, value_name = "FILE")]
    pub ack: Option<PathBuf>,
    /// The chance that a history without any change has a finding, over all figures together
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = parse_significance)]
    pub significance: f64,
    /// Runs before, between and after changes, at least
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(2..=1000))]
    pub min_segment: u16,
    /// Exit 1 where this is found; may be repeated
    #[arg(long, value_name = "WHAT")]
    pub fail_on: Vec<HistoryFailOn>,
    /// How the answer is written
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: HistoryFormat,
}

fn groups() -> Vec<&'static str> {
    std::iter::once("all").chain(Group::ALL.into_iter().map(Group::name)).collect()
}

fn statistics() -> Vec<&'static str> {
    crate::metrics::answer::Statistic::ALL.into_iter().map(|s| s.name()).collect()
}

// the shuffles of a test cannot show less than 0.1 %
fn parse_significance(text: &str) -> Result<f64, String> {
    let share = parse_share(text)?;
    if !(0.001..=0.2).contains(&share) {
        return Err("give a percentage from 0.1% to 20%".to_owned());
    }
    Ok(share)
}
