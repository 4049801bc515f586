//! `reginfra compare`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What makes `compare` exit 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompareFailOn {
    /// Anything got worse
    Regression,
    /// More attempts failed
    ErrorRate,
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
A run is anything that `reginfra metrics` reads - a log or a folder of logs, a sosreport, an inventory (.ini, .yml, .yaml:
over SSH), an http(s) URL - or a folder that `reginfra metrics --save` kept.

Examples:
  reginfra compare runs/before runs/after
  reginfra compare before/production.log after/production.log -i inventory.ini
  reginfra compare --before runs/a1 runs/a2 runs/a3 --after runs/b1 runs/b2 runs/b3
  reginfra compare runs/before runs/after --threshold 5% --threshold consumer_create_ms=10%
  reginfra compare runs/before runs/after --fail-on regression --format github

Exit codes: 0 compared; 1 what --fail-on names was found; 2 misuse or unreadable input; 3 nothing to compare,
under --fail-on also where a verdict had to be refused.")]
pub struct CompareArgs {
    /// The run before, and the run after
    #[arg(value_name = "BEFORE AFTER", num_args = 2, required_unless_present = "before", conflicts_with_all = ["before", "after"])]
    pub sides: Vec<String>,
    /// Runs before
    #[arg(long, value_name = "RUN", num_args = 1.., requires = "after")]
    pub before: Vec<String>,
    /// Runs after
    #[arg(long, value_name = "RUN", num_args = 1.., requires = "before")]
    pub after: Vec<String>,
    /// Ansible inventory that tells the groups of logs and sosreports
    #[arg(short, long, value_name = "PATH")]
    pub inventory: Option<PathBuf>,
    /// A change of up to so much is none: of every metric, or METRIC=PERCENT of one; may be repeated
    #[arg(long, value_name = "[METRIC=]PERCENT", value_parser = parse_threshold)]
    pub threshold: Vec<Threshold>,
    /// Exit 1 where this is found; may be repeated
    #[arg(long, value_name = "WHAT")]
    pub fail_on: Vec<CompareFailOn>,
    /// How the answer is written
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: CompareFormat,
}

// `5%`, `consumer_create_ms=10%`, `0.5 %`
fn parse_threshold(text: &str) -> Result<Threshold, String> {
    let (metric, number) = match text.split_once('=') {
        Some((metric, number)) => (Some(metric.trim().to_owned()), number),
        None => (None, text),
    };
    let number = number.trim();
    let Some(percent) = number.strip_suffix('%') else {
        return Err(format!("'{number}' has no %: write {number}%"));
    };
    let percent: f64 = percent.trim().parse().map_err(|_| format!("'{percent}' is no number"))?;
    if !(0.0..=1000.0).contains(&percent) {
        return Err("give a percentage from 0 to 1000".to_owned());
    }
    Ok(Threshold { metric, share: percent / 100.0 })
}
