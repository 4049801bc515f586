//! The command line of `reginfra render`.

use crate::render::{Part, Target};
use clap::Args;
use std::path::PathBuf;

/// `reginfra render`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  reginfra render haproxy -i inventory.ini                     every load balancer's files, to stdout
  reginfra render haproxy -i inventory.ini --host lb1.example.com --set haproxy_registration_fall=3
  reginfra render cache -i inventory.ini --vars vault.yml --via-ansible --output out
  reginfra render haproxy -i inventory.ini --output out --diff  what would change in out
  reginfra render cache-url -i inventory.ini --host cap1.example.com --current registration.yml --diff

Values have Ansible's precedence: the role's defaults, the inventory with group_vars and host_vars, the role's vars,
--vars and --set. Where no password is given, @REGISTRATION_CACHE_PASSWORD@ stands for it.

Exit codes: 0 done; 2 misuse, values that the role would refuse, or an inventory that cannot be read;
3 no host in the group whose files these are.")]
pub struct RenderArgs {
    /// Which files
    #[arg(value_name = "WHAT")]
    pub what: Part,
    /// Ansible inventory: a file (INI, YAML, JSON) or a folder of them; group_vars and host_vars beside it are read
    #[arg(short, long, value_name = "PATH")]
    pub inventory: PathBuf,
    /// Take the inventory from this machine's ansible-inventory, which reads vaults, scripts and plugins, and open
    /// what is encrypted in --vars with its ansible-vault
    #[arg(long)]
    pub via_ansible: bool,
    /// One host only
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
    /// A variable that wins over all others, as text; or several in JSON, with their types (Ansible's -e); may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// A file of such variables (YAML or JSON); may be repeated, and --set wins over it
    #[arg(long, value_name = "FILE")]
    pub vars: Vec<PathBuf>,
    /// The system that the hosts run
    #[arg(long, value_name = "SYSTEM", default_value = "el9")]
    pub target: Target,
    /// Of cache-url: registration.yml as it is on the capsule; all that is not ours stays
    #[arg(long, value_name = "FILE")]
    pub current: Option<PathBuf>,
    /// Write each file as DIR/HOST/PATH
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Write nothing; show what would change in --output, or in --current
    #[arg(long)]
    pub diff: bool,
}
