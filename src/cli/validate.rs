//! The command line of `reginfra validate`.

use crate::validate::kind::Kind;
use crate::validate::rules;
use crate::validate::target::Target;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// `reginfra validate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  reginfra validate /etc/haproxy                              haproxy.cfg and conf.d as one
  reginfra validate haproxy.cfg --target el9                  what EL 9 takes
  reginfra validate /etc/redis -i inventory.ini               with what the inventory knows
  reginfra validate -i inventory.ini                          the inventory, and what the roles would write
  reginfra validate -i inventory.ini --host lb.example.com    that host's real files, over SSH, read only
  reginfra validate haproxy.cfg --diff                        what --fix would change
  reginfra validate haproxy.cfg --fix                         corrects what is sure
  reginfra validate . --format sarif > reginfra.sarif

A comment takes a finding out: # reginfra: ignore[RULE] REASON (behind the line, or on the line before).
docs/rules has each rule with its reason.

Exit codes: 0 nothing at or above --fail-level; 1 findings; 2 misuse, or something that cannot be read; 3 nothing to
validate.")]
pub struct ValidateArgs {
    /// Files, folders, or - for stdin: told by name and content; HAProxy's files count as one set
    #[arg(value_name = "PATH", required_unless_present = "inventory")]
    pub paths: Vec<PathBuf>,
    /// Ansible inventory: rules that need it run too; alone it is judged itself, with what the roles would write
    #[arg(short, long, value_name = "PATH")]
    pub inventory: Option<PathBuf>,
    /// Take the inventory from this machine's ansible-inventory, which reads vaults, scripts and plugins
    #[arg(long, requires = "inventory")]
    pub via_ansible: bool,
    /// Look at the files of this host of the inventory, over SSH; may be repeated
    #[arg(long, value_name = "NAME", requires = "inventory", conflicts_with = "paths")]
    pub host: Vec<String>,
    /// The system that the files are for
    #[arg(long, value_name = "SYSTEM")]
    pub target: Option<Target>,
    /// What the files are, where neither name nor content tells
    #[arg(long, value_name = "KIND")]
    pub kind: Option<Kind>,
    /// How findings are written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: FindingsFormat,
    /// Exit 1 from this on
    #[arg(long, value_name = "LEVEL", default_value = "warning")]
    pub fail_level: FailLevel,
    /// Correct what is sure, then say what is left; every other byte stays
    #[arg(long, conflicts_with = "host")]
    pub fix: bool,
    /// Show what --fix would change, and change nothing
    #[arg(long, conflicts_with = "fix")]
    pub diff: bool,
    /// Run this rule only; may be repeated
    #[arg(long, value_name = "RULE", value_parser = known_rule)]
    pub rule: Vec<String>,
    /// Do not run this rule; may be repeated
    #[arg(long, value_name = "RULE", value_parser = known_rule)]
    pub no_rule: Vec<String>,
    /// HAProxy's program, whose own parser is asked too; 'none' asks none [default: the installed one]
    #[arg(long, value_name = "PROGRAM")]
    pub haproxy: Option<std::ffi::OsString>,
    /// Seconds after which a host that sends nothing is given up
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub host_timeout: u32,
}

fn known_rule(id: &str) -> Result<String, String> {
    match rules::by_id(id) {
        Some(rule) => Ok(rule.id.to_owned()),
        None => Err(format!("there is no such rule{}", rules::meant(id))),
    }
}

/// How `validate` writes findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FindingsFormat {
    /// For people
    Text,
    /// docs/validate.schema.json
    Json,
    /// SARIF 2.1.0
    Sarif,
    /// Annotations of GitHub's workflows
    Github,
}

/// From which findings on `validate` exits 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailLevel {
    /// Errors
    Error,
    /// Errors and warnings
    Warning,
    /// Anything
    Advice,
}
