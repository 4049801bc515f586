//! Who is who: an Ansible inventory (INI) in, the topology out.
//!
//! Reads one file and contacts nothing. Ignores group_vars and host_vars, connection settings and ports:
//! only names, addresses, locations and groups decide how a host came to the Satellite.

mod hosts;
pub mod ini;
pub mod topology;

pub use ini::IniProblem;
pub use topology::{Capsule, Host, LoadBalancer, RexMode, Role, Topology};

use std::path::PathBuf;

/// Why an inventory cannot be used, whose fault it is and the way out.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// The file cannot be opened or read.
    #[error("{path}: cannot read the inventory: {source}; check the path and its permissions", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A folder was given.
    #[error("{path}: is a folder; name the one INI file in it that lists the hosts", path = .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// YAML was given.
    #[error(
        "{path}:{line}: this looks like a YAML inventory, which is not read yet; give the INI form \
         ([satellite6], [capsules], [capsule_lbs], ...)", path = .path.display()
    )]
    Yaml {
        /// The file.
        path: PathBuf,
        /// The line that tells, from 1.
        line: usize,
    },
    /// JSON or a program was given.
    #[error("{path}:1: this looks like {what}, which is neither read nor run; give an INI inventory", path = .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it looks like.
        what: &'static str,
    },
    /// Bytes that no text has.
    #[error("{path}:{line}: is not text (it holds a NUL byte); give an INI inventory", path = .path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The line with the first NUL byte, from 1.
        line: usize,
    },
    /// A line is not what Ansible's INI takes.
    #[error("{path}:{line}: {problem}", path = .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: IniProblem,
    },
    /// No host is named.
    #[error("{path}: names no host; list the Satellite under [satellite6] and capsules under [capsules]", path = .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}
