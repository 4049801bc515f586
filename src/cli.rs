//! The command line: clap types only.

pub mod bench_verdicts;
pub mod compare;
pub mod export;
pub mod history;
pub mod report;

use crate::timestamp::{Timestamp, UtcOffset};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

mod cache;
mod render;
pub mod source;
pub mod trace;
mod validate;

pub use cache::{CacheArgs, CacheFailOn, CacheOptions};
pub use render::RenderArgs;
pub use source::SourceArgs;
pub use trace::TraceArgs;
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
    /// Every request of a registration in order, and where the time of all of them goes
    Trace(Box<TraceArgs>),
    /// Say where the figures of a series of kept runs changed
    History(Box<history::HistoryArgs>),
    /// Write what trackers ingest: OPL's status data, Otava, Orion, Horreum, OpenMetrics
    Export(Box<export::ExportArgs>),
    /// One page of a run for people: charts, tables, what it rests on; or Markdown for an issue
    Report(Box<report::ReportArgs>),
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
  reginfra metrics --archive run-2026-04-04 -i inventory.ini  levels of load of a run, and where throughput ends
  reginfra metrics --log DIR --since 2026-04-04T12:00:00+02:00 --until 2026-04-04T13:00:00+02:00
  reginfra metrics --log DIR --json --sessions sessions.jsonl > metrics.json
  reginfra metrics --log DIR --save runs/before               keep the run for a comparison
  reginfra metrics --log DIR --parquet lake --run nightly-17  tables for DuckDB, Spark, ClickHouse
  reginfra metrics --compare runs/before runs/after           what changed between two runs
  reginfra metrics --log DIR --fail-on target                 exit 1 where a target is missed
  reginfra metrics --log DIR -i inventory.ini --cache-stats   and how the caches are doing

For web servers: REGINFRA_HTTP_TOKEN, or REGINFRA_HTTP_USER and REGINFRA_HTTP_PASSWORD, or netrc. Their proxies:
HTTPS_PROXY for https:, HTTP_PROXY for http:, ALL_PROXY where that is not set; none for the hosts in NO_PROXY.

Exit codes: 0 done; 1 a target is missed under --fail-on target, or a Satellite is missing from
the answer; 2 misuse or unreadable input; 3 nothing to analyse.")]
#[command(group(source::needed(&["compare", "archive"])))]
pub struct MetricsArgs {
    /// What is read.
    #[command(flatten)]
    pub source: SourceArgs,
    /// A run archive, or the URL of its listing: measurement.log, sosreport/, logs of concurrent-exec. Each level of
    /// load is measured by itself, and throughput against load (docs/archives.md)
    #[arg(
        long,
        value_name = "DIR|URL",
        conflicts_with_all = ["log", "sosreport", "sosreport_dir", "since", "until", "max_size"]
    )]
    pub archive: Option<PathBuf>,
    /// Ask each load balancer's cache of the inventory, too
    #[arg(long, requires = "inventory")]
    pub cache_stats: bool,
    /// Print the answer as JSON (docs/metrics.schema.json)
    #[arg(long)]
    pub json: bool,
    /// Write one JSON object a registration (docs/sessions.schema.json)
    #[arg(long, value_name = "FILE")]
    pub sessions: Option<PathBuf>,
    /// Keep the run in a folder: metrics.json, sessions.jsonl, requests.jsonl, traces.jsonl, labels.json
    #[arg(long, value_name = "DIR")]
    pub save: Option<PathBuf>,
    /// Write registrations and their requests as Parquet, a folder a run and day, for other engines (docs/parquet.md)
    #[arg(long, value_name = "DIR")]
    pub parquet: Option<PathBuf>,
    /// Name of the run in --parquet; a run of that name is replaced [default: the time of its first registration]
    #[arg(long, value_name = "NAME", requires = "parquet")]
    pub run: Option<String>,
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
            "log", "sosreport", "sosreport_dir", "archive", "since", "until", "max_size", "parallel", "host_timeout",
            "threads", "chunk_size", "store_size", "sessions", "save", "parquet", "run", "label", "fail_on", "quiet",
            "cache_stats", "cache_before", "cache_user", "cache_password_file", "cache_port", "cache_tls",
            "cache_ca_file", "cache_ssh", "cache_timeout"
        ]
    )]
    pub compare: Vec<String>,
    /// How to ask caches.
    #[command(flatten)]
    pub cache: CacheOptions,
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
  reginfra simulate uneven --sessions 1500 --rate 8 --batch 50 --slow-phases 20 --releases 9=3,10=1
  reginfra metrics --log storm -i storm/inventory.ini
  reginfra simulate run --archive 8,16,32,64,128,256 --seed 7
  reginfra simulate slower-run --archive 64,128,256 --seed 8 --scale consumer_create_ms=1.5 --scale-levels 256
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
    /// Hosts come in batches of so many, each within a tenth of the time until the next batch; the last of a batch waits
    /// 1.6 times as long as the first for each answer. 0: they come evenly
    #[arg(long, default_value_t = 0, value_name = "N", conflicts_with = "archive")]
    pub batch: u32,
    /// So many phases of equal length, each slower or faster than the others: every answer takes as many times as long
    /// (log-normal, sigma 0.3; truth.json has them). 0: none
    #[arg(long, default_value_t = 0, value_name = "N", conflicts_with = "archive",
        value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub slow_phases: u32,
    /// Shares of the clients' releases, as EL=WEIGHT,...
    #[arg(long, default_value = "8=1,9=2,10=1", value_name = "RELEASES")]
    pub releases: String,
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
    /// --scale is of hosts of these levels of --archive alone
    #[arg(long, value_name = "LOAD,...", value_delimiter = ',', requires_all = ["archive", "scale"])]
    pub scale_levels: Vec<u32>,
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
    /// Sosreports of the Satellite, each capsule and the load balancer too, in DIR/sos; proxy.log is rotated as
    /// --rotate says, and is the journal of unit foreman-proxy where --capsule-layout is one
    #[arg(long, value_name = "FORM")]
    pub sos: Option<SosForm>,
    /// A run archive of these levels of load: measurement.log, sosreport/, clients' logs, status data
    #[arg(long, value_name = "LOAD,...", value_delimiter = ',', conflicts_with_all = ["sessions", "rate"])]
    pub archive: Vec<u32>,
    /// The law of its throughput (Gunther's): a host alone a second, what waits for its turn, what hosts cost each other
    #[arg(
        long,
        value_name = "LAMBDA,SIGMA,KAPPA",
        value_delimiter = ',',
        default_value = "0.025,0.01,0.00002",
        requires = "archive"
    )]
    pub archive_law: Vec<f64>,
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
    /// production.log, or the journal, was too long: its end lies in sos_strings, and a link leads there
    Tailed,
    /// Names are hidden by --clean
    Clean,
    /// One archive holds them all, as a collector packs them
    Nested,
    /// An old report: the log lies below foreman-debug
    ForemanDebug,
    /// A Satellite in containers: the log is the journal of unit foreman (see --layout)
    Journal,
    /// Only the link etc/localtime tells the offset from UTC
    Localtime,
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
