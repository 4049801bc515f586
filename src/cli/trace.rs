//! `reginfra trace`.

use super::source::{self, SourceArgs};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// How traces are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TraceFormat {
    /// A waterfall; without a registration where the time of all of them goes
    #[default]
    Text,
    /// docs/trace.schema.json
    Json,
    /// A sequence diagram for an issue or a wiki
    Mermaid,
    /// A sequence diagram as a picture
    Svg,
    /// Chrome's trace format, for Perfetto and chrome://tracing
    Chrome,
}

/// What to trace, and how.
#[derive(Debug, Args)]
#[command(after_help = "\
The registration comes before --log, which takes every word behind it for a path. A short host name will do where only
one host has it. Without a registration: where the time of all of them goes, on average and at P95.

Examples:
  reginfra trace host1.example.com --log /var/log/foreman     each attempt of a host, request by request
  reginfra trace 8d1c2f60-1f5e-4a3b-9a57-0c3b8f1f2d11 --log production.log -i inventory.ini
  reginfra trace --slowest 3 --log /var/log/foreman           the slowest registrations
  reginfra trace --log /var/log/foreman -i inventory.ini      where the time goes, by phase and group
  reginfra trace host1 --log DIR --format svg -o host1.svg    a sequence diagram
  reginfra trace --slowest 20 --log DIR --format chrome -o trace.json    for https://ui.perfetto.dev

Exit codes: 0 done; 1 a Satellite is missing from the answer; 2 misuse or unreadable input, a name that several hosts
have; 3 nothing to trace, or no registration of that name.")]
#[command(group(source::needed(&[])))]
pub struct TraceArgs {
    /// The registration: the consumer's UUID or the host's name
    #[arg(value_name = "UUID|HOST")]
    pub registration: Option<String>,
    /// The slowest registrations instead, by the time from their first request to their last
    #[arg(long, value_name = "N", conflicts_with = "registration", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub slowest: Option<u32>,
    /// Refused, with the way out
    #[arg(long, value_name = "DIR|URL", hide = true, value_parser = no_archive)]
    pub archive: Option<String>,
    /// How the answer is written
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: TraceFormat,
    /// Write to a file, whole or not at all, instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// What is read.
    #[command(flatten)]
    pub source: SourceArgs,
}

fn no_archive(run: &str) -> Result<String, String> {
    Err(format!("traces are of a log: {}", source::report_of_archive(run)))
}
