//! The command line: clap types only.

pub mod bench_verdicts;
pub mod compare;

use crate::timestamp::{Timestamp, UtcOffset};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

mod cache;
mod render;
mod validate;

pub use cache::{CacheArgs, CacheFailOn, CacheOptions};
pub use render::RenderArgs;
pub use validate::{FailLevel, FindingsFormat, ValidateArgs};

/// Where the time of a host registration goes, and whether the infrastructure in front of the capsules is right.
#[derive(Debug, Parser)]
#[command(name = "reginfra", version, max_term_width = 100, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Registration metrics from production.log: timings and call counts, joined by request id and consumer UUID
    Metrics(Box<MetricsArgs>),
    /// Say what changed between two runs, with known error rates
    Compare(Box<compare::CompareArgs>),
    /// How often verdicts of compare are wrong, and changes missed: draws hundreds of pairs
    #[command(hide = true)]
    BenchVerdicts(bench_verdicts::BenchVerdictsArgs),
    /// Ask the load balancers' script caches (Redis, Valkey) how they are doing
    Cache(CacheArgs),
    /// Who is who in an Ansible inventory: Satellite, capsules, load balancers; or its variables as JSON
    Inventory(InventoryArgs),
    /// Write the files that the roles would write: HAProxy, the script cache, its address on the capsules
    Render(RenderArgs),
    /// What `haproxy -c` does not say: configurations of HAProxy, caches and capsules, and the inventory, judged
    Validate(Box<ValidateArgs>),
    /// Write a storm of registrations with known truth, in the real formats
    Simulate(SimulateArgs),
    /// Print shell completions
    Completions {
        /// The shell to complete for
        shell: clap_complete::Shell,
    },
    /// Write the man pages
    Man {
        /// Folder to write reginfra.1, reginfra-metrics.1, ... into; without it reginfra.1 goes to stdout
        #[arg(long, value_name = "DIR")]
        output: Option<PathBuf>,
    },
}

/// `reginfra metrics`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  reginfra metrics --log /var/log/foreman                     the whole rotated set of this Satellite
  reginfra metrics --log production.log -i inventory.ini      groups told by the inventory
  zcat production.log-*.gz | reginfra metrics --log -         from a pipe
  reginfra metrics -i inventory.ini                           over SSH, all its Satellites and capsules at once
  reginfra metrics --sosreport sosreport-*.tar.xz             Satellites and capsules, told apart
  reginfra metrics --sosreport-dir CASE -i inventory.ini      all sosreports of a folder
  reginfra metrics --sosreport-dir https://files.example.com/case/ --ca-file ca.pem
  reginfra metrics --log DIR --since 2026-04-04T12:00:00+02:00 --until 2026-04-04T13:00:00+02:00
  reginfra metrics --log DIR --json --sessions sessions.jsonl > metrics.json
  reginfra metrics --log DIR --save runs/before               keep the run for a comparison
  reginfra metrics --compare runs/before runs/after           what changed between two runs
  reginfra metrics --log DIR --fail-on target                 exit 1 where a target is missed
  reginfra metrics --log DIR -i inventory.ini --cache-stats   and how the caches are doing

For web servers: REGINFRA_HTTP_TOKEN, or REGINFRA_HTTP_USER and REGINFRA_HTTP_PASSWORD, or netrc; HTTPS_PROXY, NO_PROXY.

Exit codes: 0 done; 1 a target is missed under --fail-on target, or a Satellite is missing from
the answer; 2 misuse or unreadable input; 3 nothing to analyse.")]
pub struct MetricsArgs {
    /// Logs: files, folders (the whole rotated set) or - for stdin; production.log and capsules' proxy.log, plain,
    /// gzip, xz, zstd and bzip2 are told by content
    #[arg(
        long,
        value_name = "PATH",
        num_args = 1..,
        required_unless_present_any = ["inventory", "sosreport", "sosreport_dir", "compare"]
    )]
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
    /// Ansible inventory: which host is Satellite, capsule or load balancer. Beside --log or sosreports nothing is
    /// contacted but caches, where --cache-stats is given; alone its Satellites and capsules are read over SSH
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
    /// Ask each load balancer's cache of the inventory, too
    #[arg(long, requires = "inventory")]
    pub cache_stats: bool,
    /// Print the answer as JSON (docs/metrics.schema.json)
    #[arg(long)]
    pub json: bool,
    /// Write one JSON object a registration (docs/sessions.schema.json)
    #[arg(long, value_name = "FILE")]
    pub sessions: Option<PathBuf>,
    /// Keep the run in a folder: metrics.json, sessions.jsonl, requests.jsonl, labels.json
    #[arg(long, value_name = "DIR")]
    pub save: Option<PathBuf>,
    /// A label to keep beside a saved run, as KEY=VALUE; may be repeated
    #[arg(long, value_name = "KEY=VALUE", requires = "save")]
    pub label: Vec<String>,
    /// Exit 1 where this is found
    #[arg(long, value_name = "WHAT")]
    pub fail_on: Option<FailOn>,
    /// Targets and the changes that metrics lead to, instead of the built-in ones (YAML)
    #[arg(long, value_name = "FILE")]
    pub targets: Option<PathBuf>,
    /// What changed between two runs: the same as `reginfra compare BEFORE AFTER`, which has more options
    #[arg(
        long,
        value_names = ["BEFORE", "AFTER"],
        num_args = 2,
        conflicts_with_all = [
            "log", "sosreport", "sosreport_dir", "since", "until", "max_size", "cache_stats", "sessions", "save", "label",
            "fail_on", "quiet"
        ]
    )]
    pub compare: Vec<String>,
    /// No table and no progress; errors are still told
    #[arg(short, long)]
    pub quiet: bool,
    /// Threads that read the log
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
    /// Bytes that a thread reads at once
    #[arg(long, value_name = "BYTES", hide = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub chunk_size: Option<u32>,
    /// Bytes of an archive's requests that wait in memory before they wait on disk
    #[arg(long, value_name = "BYTES", hide = true)]
    pub store_size: Option<u64>,
    /// How to ask caches.
    #[command(flatten)]
    pub cache: CacheOptions,
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

/// `reginfra inventory`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  reginfra inventory -i inventory.ini                         who is who, and what is missing
  reginfra inventory -i inventories/lab --json                as ansible-inventory --list shows it
  reginfra inventory -i inventory.ini --json --rendered       with {{ }} filled in
  reginfra inventory -i inventory.ini --host cap1.example.com --rendered
  reginfra inventory -i inventory.aws_ec2.yml --via-ansible   plugins, scripts, vaults

Exit codes: 0 done; 2 misuse or an inventory that cannot be read.")]
pub struct InventoryArgs {
    /// Ansible inventory: a file (INI, YAML, JSON) or a folder of them; group_vars and host_vars beside it are read
    #[arg(short, long, value_name = "PATH")]
    pub inventory: PathBuf,
    /// Print groups and variables as JSON, in the shape of ansible-inventory --list
    #[arg(long)]
    pub json: bool,
    /// Print the variables of one host as JSON
    #[arg(long, value_name = "NAME", conflicts_with = "json")]
    pub host: Option<String>,
    /// Fill in {{ }} in the JSON; the view for people has it filled in always
    #[arg(long)]
    pub rendered: bool,
    /// Ask this machine's ansible-inventory, which reads vaults, scripts and plugins; runs what the inventory names
    #[arg(long)]
    pub via_ansible: bool,
}

/// What makes `metrics` exit 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// A target of any group is missed
    Target,
}

/// `reginfra simulate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  reginfra simulate storm --sessions 1000 --rate 40 --seed 7
  reginfra simulate storm --sessions 500 --mix satellite-ssh=1,lb-ssh=3 --addresses client --rotate 3
  reginfra simulate slower --sessions 1000 --rate 40 --seed 8 --scale consumer_create_ms=1.25
  reginfra metrics --log storm -i storm/inventory.ini
  reginfra simulate --sessions 1000000 --rate 200 --noise 0 --stdout | reginfra metrics --log -

Writes DIR/production.log (and its rotated set), DIR/capsules/NAME/proxy.log, DIR/inventory.ini,
DIR/truth.json and DIR/truth_sessions.jsonl. The same options give the same bytes.
With --stdout (or - for DIR) production.log is written to standard output as the storm goes on; the other
files are in DIR as before, or nowhere where there is none. Whoever reads it may stop at any time: that ends
the storm, and DIR is left as it was.")]
pub struct SimulateArgs {
    /// Folder to write into; it must not hold anything yet. `-`: no folder, the log goes to standard output
    #[arg(required_unless_present = "stdout")]
    pub dir: Option<PathBuf>,
    /// Write production.log to standard output
    #[arg(long)]
    pub stdout: bool,
    /// Registrations (attempts of the storm's hosts, failed ones and retries included)
    #[arg(long, default_value_t = 300, value_name = "N")]
    pub sessions: u64,
    /// Registrations started a second
    #[arg(long, default_value_t = 8.0, value_name = "R")]
    pub rate: f64,
    /// Seed of every random choice
    #[arg(long, default_value_t = 1, value_name = "S")]
    pub seed: u64,
    /// Start of the storm (seconds since 1970 or RFC 3339)
    #[arg(long, default_value = "2026-04-04T10:00:00Z", value_name = "TIME", value_parser = Timestamp::parse)]
    pub start: Timestamp,
    /// The Satellite's offset from UTC
    #[arg(long, default_value = "+02:00", value_name = "OFFSET", value_parser = UtcOffset::parse, allow_hyphen_values = true)]
    pub utc_offset: UtcOffset,
    /// From the middle of the storm on the offset is this one (daylight saving)
    #[arg(long, value_name = "OFFSET", value_parser = UtcOffset::parse, allow_hyphen_values = true)]
    pub utc_offset_after: Option<UtcOffset>,
    /// Shares of the ways in, as GROUP=WEIGHT,...
    #[arg(long, default_value = "satellite-ssh=1,capsule-ssh=1,capsule-mqtt=1,lb-ssh=3", value_name = "MIX")]
    pub mix: String,
    /// Capsules behind the load balancer
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub pool: u16,
    /// What address the Satellite logs for /rhsm calls that came through a capsule
    #[arg(long, default_value = "proxied", value_name = "WHICH")]
    pub addresses: Addresses,
    /// Share of attempts that fail (0 to 1); two thirds of them are tried again
    #[arg(long, default_value_t = 0.02, value_name = "SHARE")]
    pub failures: f64,
    /// Share of hosts that were registered before and get a new UUID (0 to 1)
    #[arg(long, default_value_t = 0.05, value_name = "SHARE")]
    pub reregistrations: f64,
    /// Requests of hosts that are registered already and of people, for each request of the storm
    #[arg(long, default_value_t = 0.3, value_name = "RATIO")]
    pub noise: f64,
    /// Seconds of background before and after the storm
    #[arg(long, default_value_t = 120, value_name = "SECONDS")]
    pub lead: u32,
    /// Makes requests slower or faster, as METRIC=FACTOR,...: consumer_create_ms, fact_update_ms, host_register_ms,
    /// script_fetch_ms, all. The same seed with another scale is the same storm on another Satellite
    #[arg(long, default_value = "", hide_default_value = true, value_name = "METRIC=FACTOR")]
    pub scale: String,
    /// Capsules answer GET /register from a warm script cache (only misses reach the Satellite)
    #[arg(long)]
    pub warm_cache: bool,
    /// Capsules' clocks differ from the Satellite's by up to so many seconds
    #[arg(long, default_value_t = 0.0, value_name = "SECONDS")]
    pub clock_skew: f64,
    /// Layout of production.log
    #[arg(long, default_value = "multiline-request", value_name = "LAYOUT")]
    pub layout: SimulatedLayout,
    /// Form of the capsules' logs
    #[arg(long, default_value = "file", value_name = "FORM")]
    pub capsule_layout: CapsuleLayout,
    /// The capsules' offset from UTC, where it is not the Satellite's
    #[arg(long, value_name = "OFFSET", value_parser = UtcOffset::parse, allow_hyphen_values = true)]
    pub capsule_utc_offset: Option<UtcOffset>,
    /// Capsules pass the ids of their requests on to the Satellite
    #[arg(long)]
    pub pass_ids: bool,
    /// Whether capsules write lines of their script cache
    #[arg(long, default_value = "seed", value_name = "WHETHER")]
    pub cache_lines: CacheLines,
    /// Files in the rotated set of production.log, the current one included
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub rotate: u16,
    /// Names of rotated files
    #[arg(long, default_value = "dateext", value_name = "NAMES")]
    pub rotate_names: RotateNames,
    /// What happens at the seam of two rotated files (copytruncate)
    #[arg(long, default_value = "clean", value_name = "SEAM")]
    pub seam: Seam,
    /// How rotated files are compressed; the newest of them stays plain (delaycompress)
    #[arg(long, default_value = "gz", value_name = "HOW")]
    pub compress: Compress,
    /// Sosreports of the Satellite and each capsule too, in DIR/sos
    #[arg(long, value_name = "FORM")]
    pub sos: Option<SosForm>,
    /// What is odd about the sosreports
    #[arg(long, value_name = "WHAT,...", value_delimiter = ',', requires = "sos")]
    pub sos_odd: Vec<SosOddity>,
    /// No audit lines (the audit logger is off)
    #[arg(long)]
    pub no_audit: bool,
    /// No POST /register (subscription-manager alone)
    #[arg(long)]
    pub no_host_register: bool,
}

/// Source addresses in the Satellite's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Addresses {
    /// The capsule's
    Proxied,
    /// The client's own
    Client,
}

/// Layouts that `simulate` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SimulatedLayout {
    /// Foreman's default: continuation lines carry the request id
    MultilineRequest,
    /// Continuation lines carry a bar only
    Multiline,
    /// Continuation lines are unmarked
    Pattern,
    /// One JSON object a line
    Json,
    /// journalctl's short text form
    Journal,
    /// journalctl -o json
    JournalJson,
}

/// Forms of a capsule's log that `simulate` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CapsuleLayout {
    /// proxy.log, as smart-proxy writes it to a file
    File,
    /// journalctl's short text form
    Journal,
    /// journalctl -o json
    JournalJson,
}

/// Whether capsules write cache=HIT and MISS lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CacheLines {
    /// One seed in two
    Seed,
    /// They do
    Yes,
    /// They do not
    No,
}

/// How sosreports are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SosForm {
    /// .tar.xz
    Xz,
    /// .tar.gz
    Gz,
    /// .tar.bz2
    Bz2,
    /// .tar.zst
    Zst,
    /// .tar
    Tar,
    /// Unpacked
    Folder,
}

/// What real sosreports have that makes them hard to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SosOddity {
    /// production.log was too long: its end lies in sos_strings, and a link leads there
    Tailed,
    /// Names are hidden by --clean
    Clean,
    /// One archive holds them all, as a collector packs them
    Nested,
    /// An old report: the log lies below foreman-debug
    ForemanDebug,
    /// A Satellite in containers: the log is the journal of unit foreman (see --layout)
    Journal,
}

/// Names of rotated files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RotateNames {
    /// production.log-20260404
    Dateext,
    /// production.log.1
    Numbered,
}

/// The seam of two rotated files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Seam {
    /// Every line stands once
    Clean,
    /// The last lines of a file stand again at the start of the next
    Doubled,
    /// Some lines are lost
    Lost,
}

/// Compression of rotated files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Compress {
    /// gzip
    Gz,
    /// xz
    Xz,
    /// zstd
    Zst,
    /// not at all
    None,
}
