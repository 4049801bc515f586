//! `reginfra cache`: the load balancers' caches by themselves, and what `metrics --cache-stats` shares with it.

use super::say;
use crate::cache::settings::{Endpoint, Through, Wishes, endpoints, variables_of};
use crate::cache::wire::Limits;
use crate::cache::{CacheRow, Snapshot, read_all};
use crate::cli::{CacheArgs, CacheFailOn, CacheOptions};
use crate::command::inventory::host_text;
use crate::inventory::{Inventory, Topology};
use crate::report::table::{self, TableStyle};
use crate::report::{atomic, cache as wire};
use crate::source::ssh::target::{HostRole, RemoteHost};
use anyhow::{anyhow, bail};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

/// Where the role keeps a monitoring user's password that it made, and the variable that says otherwise.
const MADE_PASSWORD: &str = "/etc/reginfra/registration_cache_monitor_password";
const PASSWORD_FILE: &str = "registration_cache_monitor_password_file";

/// Nothing to ask (design: exit codes).
const NOTHING: u8 = 3;

/// What is needed to ask, gathered before anything is contacted.
pub struct Plan {
    endpoints: Vec<Endpoint>,
    before: BTreeMap<String, Snapshot>,
    topology: Topology,
    limits: Limits,
    /// What a reader must know.
    pub warnings: Vec<String>,
}

impl Plan {
    /// From options, environment and inventory; nothing is contacted.
    ///
    /// # Errors
    /// A file that cannot be read or used, a port that is none.
    pub fn new(inventory: &Inventory, topology: &Topology, options: &CacheOptions) -> anyhow::Result<Self> {
        let wishes = Wishes {
            user: options.cache_user.clone(),
            port: options.cache_port,
            password_file: options.cache_password_file.clone(),
            tls: options.cache_tls,
            authorities: options.cache_ca_file.clone(),
            ..Wishes::default()
        }
        .with_environment();
        let before = options.cache_before.as_deref().map(wire::load).transpose()?.unwrap_or_default();
        let variables = variables_of(inventory, &topology.load_balancers);
        let mut endpoints = endpoints(topology, &variables, &wishes)?;
        if options.cache_ssh {
            for endpoint in &mut endpoints {
                endpoint.through = Some(through(inventory, &endpoint.load_balancer)?);
            }
        }
        let mut warnings = variables.warnings;
        if wishes.password_file.is_some() || wishes.password.is_some() {
            // the value that is not resolved is not needed either
            warnings.retain(|warning| !warning.contains("_monitor_password"));
        }
        let known = |name: &str| before.is_empty() || before.contains_key(name);
        warnings.extend(endpoints.iter().filter(|e| !known(&e.load_balancer)).map(|e| {
            format!("{}: the snapshot of before does not hold its cache: no difference", e.load_balancer)
        }));
        let limits = options.cache_timeout.map_or_else(Limits::default, |s| Limits::of_seconds(s.into()));
        Ok(Self { endpoints, before, topology: topology.clone(), limits, warnings })
    }

    /// Whether there is no cache to ask.
    pub fn is_empty(&self) -> bool {
        self.endpoints.is_empty()
    }

    /// Asks every cache.
    pub fn ask(&self) -> Vec<CacheRow> {
        read_all(&self.endpoints, &self.topology, &self.before, self.limits)
    }
}

// the way to a load balancer, from its variables
fn through(inventory: &Inventory, name: &str) -> anyhow::Result<Through> {
    let text = |variable: &str| host_text(inventory, name, variable);
    let host = RemoteHost::new(name, HostRole::LoadBalancer, &text)
        .map_err(|failure| anyhow!("{name}: {failure}"))?;
    let given = text(PASSWORD_FILE).map_err(|words| anyhow!("{words}"))?;
    Ok(Through { host, password_file: given.unwrap_or_else(|| MADE_PASSWORD.to_owned()) })
}

/// What stderr says of a cache that could not be read.
pub fn failure_of(row: &CacheRow) -> Option<String> {
    let error = row.result.as_ref().err()?;
    // most errors begin with the address already
    let told = error.to_string();
    let told = told.strip_prefix(&format!("{}: ", row.address)).unwrap_or(&told);
    Some(format!("cache of {} ({}): {told}; {}", row.load_balancer, row.address, error.way_out()))
}

/// Runs it; the exit code says what came of it.
///
/// # Errors
/// Misuse, and files that cannot be read or written.
pub fn run(args: &CacheArgs) -> anyhow::Result<ExitCode> {
    let inventory = super::inventory::load(&args.inventory, args.via_ansible)?;
    let topology = Topology::of(&inventory)?;
    let plan = Plan::new(&inventory, &topology, &args.options)?;
    if args.json && args.save.as_deref() == Some(Path::new("-")) {
        bail!("--json and --save - both write to stdout: name a file for --save");
    }
    for warning in &plan.warnings {
        say(&format!("warning: {warning}"));
    }
    if plan.is_empty() {
        say(&format!("error: no load balancer in {}: list it in [capsule_lbs]", args.inventory.display()));
        return Ok(ExitCode::from(NOTHING));
    }
    let rows = plan.ask();
    let failures: Vec<String> = rows.iter().filter_map(failure_of).collect();
    for failure in &failures {
        say(&format!("error: {failure}"));
    }
    if let Some(path) = &args.save {
        atomic::write_beside(path, |out| wire::write(out, &rows))?;
    }
    let stdout = Path::new("-");
    if args.json {
        atomic::write_beside(stdout, |out| wire::write(out, &rows))?;
    } else if args.save.as_deref() != Some(stdout) {
        let text = table::render_caches(&rows, &TableStyle::for_stdout());
        atomic::write_beside(stdout, |out| out.write_all(text.as_bytes()))?;
    }
    let finding = failures.len() < rows.len() && rows.iter().any(|row| !row.findings.is_empty());
    Ok(match args.fail_on {
        _ if failures.len() == rows.len() => ExitCode::from(2),
        Some(CacheFailOn::Finding) if finding || !failures.is_empty() => ExitCode::from(1),
        _ => ExitCode::SUCCESS,
    })
}
