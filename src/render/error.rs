//! Why nothing is rendered: whose fault it is, and the way out.

use crate::inventory::InventoryError;
use std::path::PathBuf;

/// Why nothing is rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The group has no host.
    #[error("{path}: no host in [{group}], so there is no file to render", path = .path.display())]
    NoHost {
        /// The group whose hosts have such files.
        group: &'static str,
        /// The inventory.
        path: PathBuf,
    },
    /// `--host` names none of the group's.
    #[error(
        "{host} is {}: name one of the group's hosts",
        if *.known { format!("not in [{group}]") } else { format!("nowhere in the inventory, let alone in [{group}]") }
    )]
    NoSuchHost {
        /// The host that was asked for.
        host: String,
        /// The group whose hosts have such files.
        group: &'static str,
        /// Whether the inventory has it at all.
        known: bool,
    },
    /// What the role's preflight would refuse; each sentence names host, variable and way out.
    #[error("{}", .0.join("\nerror: "))]
    Problems(Vec<String>),
    /// The inventory's values cannot be rendered.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    /// `--set` is not what Ansible's `-e` takes.
    #[error("--set '{given}': {problem}")]
    Set {
        /// As it was given.
        given: String,
        /// What is wrong with it, and the form that is taken.
        problem: String,
    },
    /// A mode or a path of a role makes no sense: a fault of the program.
    #[error("{host}: {what} comes to {value}, which is none: please report it")]
    Odd {
        /// The host.
        host: String,
        /// Which one.
        what: String,
        /// What it came to.
        value: String,
    },
}
