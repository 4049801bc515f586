//! What is read: options that every command has which reads logs.

use crate::timestamp::{Timestamp, UtcOffset};
use clap::{ArgGroup, Args};
use std::path::PathBuf;

/// Logs, sosreports, hosts of an inventory, and how to read them.
#[derive(Clone, Debug, Args)]
pub struct SourceArgs {
    /// Logs: files, folders (the whole rotated set) or - for stdin; production.log and capsules' proxy.log, plain,
    /// gzip, xz, zstd and bzip2 are told by content
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub log: Vec<PathBuf>,
    /// Sosreports: archives (.tar, .tar.xz, .tar.gz, .tar.bz2, .tar.zst, told by content), unpacked ones, URLs of archives
    #[arg(long, value_name = "PATH|URL", num_args = 1..)]
    pub sosreport: Vec<PathBuf>,
    /// Folders of sosreports: archives and unpacked ones of this machine, or a web server's listing of archives
    #[arg(long, value_name = "DIR|URL", num_args = 1..)]
    pub sosreport_dir: Vec<PathBuf>,
    /// Take any certificate of a web server
    #[arg(long)]
    pub no_verify_ssl: bool,
    /// Authorities whose certificates web servers may have (PEM), instead of the system's
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Bytes that an archive may unpack to; without it 100 GiB, and past 1 GiB no more than 250 times its size
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..))]
    pub unpack_limit: Option<u64>,
    /// Ansible inventory: which host is Satellite, capsule or load balancer. Beside --log or sosreports none of them is
    /// read; alone its Satellites and capsules are read over SSH
    #[arg(short, long, value_name = "PATH")]
    pub inventory: Option<PathBuf>,
    /// Take the inventory from this machine's ansible-inventory, which reads vaults, scripts and plugins
    #[arg(long, requires = "inventory")]
    pub via_ansible: bool,
    /// Only registrations whose create starts at or after this: seconds since 1970 or RFC 3339
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    pub since: Option<Timestamp>,
    /// Only registrations whose create starts before this: seconds since 1970 or RFC 3339
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    pub until: Option<Timestamp>,
    /// Hosts that are read over SSH at the same time; without it all of them, 64 at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub parallel: Option<u16>,
    /// Seconds after which a host that sends nothing is given up
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub host_timeout: u32,
    /// Over SSH: only the newest so many bytes of each host's log, as they lie there (500M, 2G)
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes)]
    pub max_size: Option<u64>,
    /// The offset from UTC of lines that do not tell it (as +02:00); without it they have the log's first one
    #[arg(long, value_name = "OFFSET", value_parser = UtcOffset::parse, allow_hyphen_values = true)]
    pub utc_offset: Option<UtcOffset>,
    /// No table and no progress; errors are still told
    #[arg(short, long)]
    pub quiet: bool,
    /// Threads that read the log
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
    /// Bytes that a thread reads at once
    #[arg(long, value_name = "BYTES", hide = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub chunk_size: Option<u32>,
    /// Bytes of archives' requests and capsules' logs that wait in memory before they wait on disk
    #[arg(long, value_name = "BYTES", hide = true)]
    pub store_size: Option<u64>,
}

/// One of the sources, or of `others`, must be there.
pub fn needed(others: &[&'static str]) -> ArgGroup {
    let sources = ["log", "sosreport", "sosreport_dir", "inventory"];
    ArgGroup::new("what").args(sources.iter().chain(others).copied()).required(true).multiple(true)
}

/// How a run's archive is read where a level's log is meant.
pub(crate) fn report_of_archive(run: &str) -> String {
    let run = run.trim_end_matches('/');
    format!("take its {run}/sosreport with --sosreport-dir, --since and --until of a level")
}

// `500M`: bytes, or kB, MB, GB by thousands as tables show them
fn parse_bytes(text: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim().to_ascii_lowercase().trim_end_matches('b') {
        "" => 1,
        "k" => 1_000,
        "m" => 1_000_000,
        "g" => 1_000_000_000,
        "t" => 1_000_000_000_000,
        _ => return Err(format!("'{unit}' is no unit: give bytes, or a number with k, M, G or T")),
    };
    let bytes = number.parse::<u64>().ok().and_then(|n| n.checked_mul(factor)).filter(|n| *n > 0);
    bytes.ok_or_else(|| "give a number above 0, as 500M".to_owned())
}
