//! `--cache-stats`: the load balancers' caches, asked while the log is read.

use super::say;
use crate::cache::CacheRow;
use crate::cli::{CacheOptions, MetricsArgs};
use crate::command::cache::{Plan, failure_of};
use crate::inventory::Inventory;
use crate::inventory::topology::Topology;
use crate::metrics::answer::Answer;
use anyhow::bail;

/// How caches are to be asked; none where that is not wanted.
pub fn plan(
    args: &MetricsArgs,
    inventory: Option<&Inventory>,
    topology: Option<&Topology>,
) -> anyhow::Result<Option<Plan>> {
    let (Some(inventory), Some(topology), true) = (inventory, topology, args.cache_stats) else {
        if args.cache != CacheOptions::default() {
            bail!("the options about caches go with --cache-stats: add it, or leave them out");
        }
        return Ok(None);
    };
    let plan = Plan::new(inventory, topology, &args.cache)?;
    for warning in &plan.warnings {
        say(&format!("warning: {warning}"));
    }
    if plan.is_empty() {
        say(&format!("note: no load balancer in {}: there is no cache to ask", inventory.source().display()));
        return Ok(None);
    }
    Ok(Some(plan))
}

/// A cache that could not be read is missing from the answer as a file would be.
pub fn add(answer: &mut Answer, rows: Vec<CacheRow>) {
    for failure in rows.iter().filter_map(failure_of) {
        say(&format!("warning: {failure}"));
        answer.coverage.unreadable.push(failure);
        answer.coverage.complete = false;
    }
    answer.cache = Some(rows);
}
