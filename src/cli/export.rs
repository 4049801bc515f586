//! `reginfra export`.

use super::history::Chosen;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Whose document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// OPL's status data of one run; a file that is there is extended in place
    StatusData,
    /// Apache Otava's CSV of many runs, with an otava.yaml
    OtavaCsv,
    /// Orion's OpenSearch documents of many runs as a bulk request, with an orion.yaml
    Orion,
    /// Horreum's JSON of one run
    Horreum,
    /// OpenMetrics text of one run, which node_exporter's textfile collector reads too
    Openmetrics,
}

/// `reginfra export`.
#[derive(Debug, Args)]
#[command(after_help = "\
Without --group every way in is written (otava-csv: all registrations), without --stat every
statistic (otava-csv: p50).

Examples:
  reginfra export runs/night-20 --format status-data --output \"$STATUS_DATA_FILE\"
  reginfra export runs --format otava-csv --output otava --stat p50 --stat p95
  reginfra export runs --format orion --output orion --name registration-40
  reginfra export runs/night-20 --format horreum --output run.json
  reginfra export runs/night-20 --format openmetrics --output /var/lib/node_exporter/textfile/reginfra.prom

Exit codes: 0 written; 2 misuse, unreadable input, or a document that cannot be extended; 3 nothing
to write.")]
pub struct ExportArgs {
    /// Which runs, and which of their figures.
    #[command(flatten)]
    pub chosen: Chosen,
    /// Whose document
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub format: ExportFormat,
    /// The file to write, of otava-csv and orion the folder; without it one file goes to stdout
    #[arg(short, long, value_name = "PATH", required_if_eq_any = [("format", "otava-csv"), ("format", "orion")])]
    pub output: Option<PathBuf>,
    /// What the tracker calls these runs
    #[arg(long, value_name = "NAME", default_value = "registration", value_parser = parse_name)]
    pub name: String,
}

// it becomes the name of a test, a key and part of a file in other programs
fn parse_name(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if text.is_empty() || !text.chars().all(allowed) {
        return Err("give letters, digits, - and _".to_owned());
    }
    Ok(text.to_owned())
}
