//! `reginfra cache`, and how `metrics` asks caches.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// How to ask caches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Caches")]
pub struct CacheOptions {
    /// A snapshot taken before the run (cache --save): what happened since is shown
    #[arg(long, value_name = "FILE")]
    pub cache_before: Option<PathBuf>,
    /// Log in as this user [default: registration_cache_monitor]
    #[arg(long, value_name = "USER")]
    pub cache_user: Option<String>,
    /// A file whose first line is the user's password; else REGINFRA_CACHE_PASSWORD, then the inventory's
    /// registration_cache_monitor_password, then REDISCLI_AUTH
    #[arg(long, value_name = "FILE")]
    pub cache_password_file: Option<PathBuf>,
    /// Port [default: the inventory's registration_cache_port, else 6379]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub cache_port: Option<u16>,
    /// Speak TLS (rediss) [default: the inventory's registration_cache_tls]
    #[arg(long)]
    pub cache_tls: bool,
    /// Certificates (PEM) that vouch for the caches, instead of the system's
    #[arg(long, value_name = "FILE")]
    pub cache_ca_file: Option<PathBuf>,
    /// Ask each cache through SSH to its load balancer (ansible_host, ansible_user ... of the inventory): for machines
    /// that its firewall keeps out. A password that the role made is read there
    #[arg(long)]
    pub cache_ssh: bool,
    /// Seconds to wait for a connection, and for each reply [default: 5]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u8).range(1..=60))]
    pub cache_timeout: Option<u8>,
}

/// `reginfra cache`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  reginfra cache -i inventory.ini                             hit rate, memory, capsules, findings
  reginfra cache -i inventory.ini --save before.json          keep a snapshot before a run
  reginfra cache -i inventory.ini --cache-before before.json  and what happened since
  reginfra cache -i inventory.ini --cache-ssh                 where the firewall lets only capsules in
  reginfra cache -i inventory.ini --json --fail-on finding    for a pipeline

The password never stands on the command line: --cache-password-file, REGINFRA_CACHE_PASSWORD in
the environment, registration_cache_monitor_password in the inventory, or REDISCLI_AUTH.

Exit codes: 0 at least one cache was read; 1 a finding, or a cache that could not be read, under --fail-on finding;
2 misuse, or no cache could be read; 3 no load balancer in the inventory.")]
pub struct CacheArgs {
    /// Ansible inventory; each host of the group capsule_lbs has a cache
    #[arg(short, long, value_name = "PATH")]
    pub inventory: PathBuf,
    /// Take the inventory from this machine's ansible-inventory, which reads vaults, scripts and plugins
    #[arg(long)]
    pub via_ansible: bool,
    /// Print what was found as JSON (docs/cache.schema.json)
    #[arg(long)]
    pub json: bool,
    /// Keep what was found, for --cache-before
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Exit 1 where this is found
    #[arg(long, value_name = "WHAT")]
    pub fail_on: Option<CacheFailOn>,
    /// How to ask.
    #[command(flatten)]
    pub options: CacheOptions,
}

/// What makes `cache` exit 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CacheFailOn {
    /// Anything that keeps a cache from working, or a cache that cannot be read
    Finding,
}
