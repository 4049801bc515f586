//! Who is who: an Ansible inventory in, hosts with their variables and the topology out.
//!
//! Reads INI, YAML and JSON, folders of them, group_vars and host_vars as Ansible does, and contacts nothing.
//! Ignores what only Ansible can tell (scripts, plugins, vaults) unless `via_ansible` asks it.

mod data;
pub mod error;
mod files;
mod hosts;
mod ini;
pub mod listing;
mod load;
pub mod model;
mod program;
mod python;
mod render;
mod roles;
pub mod topology;
pub mod value;
pub mod variables;
mod vars_files;
mod via_ansible;
mod words;
mod yaml;

pub use error::InventoryError;
pub use model::{HostView, Inventory};
pub(crate) use render::{engine, scope};
pub use topology::{Capsule, Host, LoadBalancer, RexMode, Role, Topology};

/// The names that a host pattern stands for (`cap[1:3].example.com`); none where it is no pattern.
pub fn names_of(pattern: &str) -> Vec<String> {
    hosts::expand(pattern).map(|(names, _)| names).unwrap_or_default()
}
