//! `reginfra report`.

use super::compare::{Threshold, parse_percentile, parse_threshold};
use super::source::{self, SourceArgs};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// One page with charts, that needs nothing beside it
    #[default]
    Html,
    /// For an issue or a wiki
    Markdown,
}

/// One run, and what it is held against.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  reginfra report --log /var/log/foreman -i inventory.ini -o report.html
  reginfra report runs/after -o report.html                   a run that `metrics --save` kept
  reginfra report runs/after --before runs/before -o report.html
  reginfra report runs/after --before runs/a1 runs/a2 runs/a3 -o report.html
  reginfra report runs/after --history runs --where level=40 -o report.html
  reginfra report --sosreport-dir CASE -o report.html --title 'Storm of 4 April'
  reginfra report runs/after --format markdown                for an issue

The page loads nothing from anywhere, works without JavaScript, and prints.

Exit codes: 0 done; 1 a Satellite is missing from the answer; 2 misuse or unreadable input; 3 nothing to
analyse, and nothing is written.")]
#[command(group(source::needed(&["run"])))]
pub struct ReportArgs {
    /// The run: a folder that `reginfra metrics --save` kept, or a log, a sosreport, an inventory, a URL
    #[arg(value_name = "RUN", conflicts_with_all = ["log", "sosreport", "sosreport_dir"])]
    pub run: Option<String>,
    /// What is read.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Refused, with the way out
    #[arg(long, value_name = "DIR|URL", hide = true, value_parser = no_archive)]
    pub archive: Option<String>,
    /// The run that it is held against, kept or to be read; several tell how much runs differ by themselves
    #[arg(long, value_name = "RUN", num_args = 1..)]
    pub before: Vec<String>,
    /// Beside --before, a change of up to so much is none: of every metric, or METRIC=PERCENT of one; may be repeated
    #[arg(long, value_name = "[METRIC=]PERCENT", value_parser = parse_threshold, requires = "before")]
    pub threshold: Vec<Threshold>,
    /// Beside --before, the same from a file (YAML: `all: 5%`, `consumer_create_ms: 10%`); --threshold goes before it
    #[arg(long, value_name = "FILE", requires = "before")]
    pub thresholds: Option<PathBuf>,
    /// Beside --before, the percentile of timings that is judged beside the whole distribution; runs that are too short
    /// for it have no verdict. Without it 95, where values suffice
    #[arg(long, value_name = "P", value_parser = parse_percentile, requires = "before")]
    pub percentile: Option<f64>,
    /// Kept runs, or folders of them: how figures went from run to run, and where they changed for good
    #[arg(long, value_name = "DIR|FILE", num_args = 1..)]
    pub history: Vec<PathBuf>,
    /// Beside --history, only runs with this label; may be repeated
    #[arg(long = "where", value_name = "KEY=VALUE", requires = "history")]
    pub with: Vec<String>,
    /// Beside --history, changes that are known, with the reason of each (YAML)
    #[arg(long, value_name = "FILE", requires = "history")]
    pub ack: Option<PathBuf>,
    /// Where it goes; - is stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
    /// How it is written
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: ReportFormat,
    /// What stands at its head
    #[arg(long, value_name = "TEXT", default_value = "Host registrations", value_parser = parse_title)]
    pub title: String,
    /// Targets and the changes that metrics lead to, instead of the built-in ones (YAML)
    #[arg(long, value_name = "FILE")]
    pub targets: Option<PathBuf>,
}

/// Why an archive is no run for a report, and the way out.
pub(crate) fn is_no_run(archive: &str) -> String {
    let report = source::report_of_archive(archive);
    format!("a report is of one run: {report}, or compare two archives with `reginfra compare`")
}

fn no_archive(archive: &str) -> Result<String, String> {
    Err(is_no_run(archive))
}

fn parse_title(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("a page needs a heading: give it words, or leave --title out".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::cli::Cli;
    use clap::Parser;

    fn refused(words: [&str; 2]) -> String {
        let line = ["reginfra", "report", "--log", "x"];
        let error = Cli::try_parse_from(line.into_iter().chain(words)).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{error}");
        error.to_string()
    }

    #[test]
    fn a_title_without_words_is_refused_and_one_with_words_is_taken() {
        for title in ["", " \t"] {
            assert!(refused(["--title", title]).contains("leave --title out"), "{title:?}");
        }
        let taken = Cli::try_parse_from(["reginfra", "report", "--log", "x", "--title", "Storm"]);
        assert!(taken.is_ok(), "{taken:?}");
    }
}
