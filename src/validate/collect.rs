//! Paths in, files and the sets that they form out: HAProxy's files merged as `-f` merges them, a cache's includes
//! followed, each registration.yml by itself.
//!
//! A folder is looked through for what is ours; what is not is left out without a word. Files that are named must
//! be told what they are, or tell it.

mod folder;
mod includes;
mod sets;

pub use sets::Set;

use super::check::Input;
use super::facts::Facts;
use super::files::{FileId, Origin, SourceFile};
use super::kind::{Kind, kind_of};
use super::target::Target;
use crate::inventory::{Inventory, InventoryError};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// No configuration is as long.
pub(super) const MAX_BYTES: u64 = 32 << 20;

/// Why a path cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// It cannot be opened or read.
    #[error("{path}: cannot read it: {source}; check the path and its permissions", path = .path.display())]
    Read {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is longer than any configuration.
    #[error("{path}: is longer than {} MiB, which no configuration is", MAX_BYTES >> 20, path = .path.display())]
    TooLong {
        /// The path.
        path: PathBuf,
    },
    /// Nothing tells what it is.
    #[error("{path}: cannot tell what this is; say it with --kind haproxy|cache|registration|inventory", path = .path.display())]
    Unknown {
        /// The path.
        path: PathBuf,
    },
    /// The inventory cannot be used.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
}

/// What is gathered from paths.
#[derive(Debug, Default)]
pub struct Gathered {
    /// What a reader must know.
    pub notes: Vec<String>,
    /// What could not be looked at.
    pub refused: Vec<CollectError>,
}

/// Takes paths in: files, folders, `-` for standard input.
pub fn collect(input: &mut Input, paths: &[PathBuf], kind: Option<Kind>, target: Option<Target>) -> Gathered {
    let mut gathered = Gathered::default();
    let mut named = sets::Named::default();
    for path in paths {
        let done = if path != Path::new("-") && path.is_dir() {
            folder::take(input, path, kind, &mut named)
        } else {
            take_file(input, path, kind, &mut named)
        };
        if let Err(error) = done {
            gathered.refused.push(error);
        }
    }
    named.settle(input, target, &mut gathered.notes);
    gathered
}

fn take_file(
    input: &mut Input,
    path: &Path,
    kind: Option<Kind>,
    named: &mut sets::Named,
) -> Result<(), CollectError> {
    let file = read_file(path)?;
    let unknown = || CollectError::Unknown { path: path.to_owned() };
    let kind = kind.or_else(|| kind_of(&file.name, &file.bytes)).ok_or_else(unknown)?;
    if kind == Kind::Inventory {
        return take_inventory(input, path, file);
    }
    named.add(input.files.add(file), kind);
    Ok(())
}

/// A file that is an inventory itself is looked at as one.
fn take_inventory(input: &mut Input, path: &Path, file: SourceFile) -> Result<(), CollectError> {
    if input.facts.is_none() {
        let inventory = match file.origin {
            Origin::Disk(_) => Inventory::load(path)?,
            _ => Inventory::parse(&file.text(), Path::new("-"))?,
        };
        let id = input.files.add(file);
        let beside = inventory_files(input, path)
            .into_iter()
            .filter(|i| input.files.get(*i).name != path.to_string_lossy());
        let sources = std::iter::once(id).chain(beside.collect::<Vec<_>>()).collect();
        input.facts = Some(Arc::new(Facts::new(inventory, sources)?));
    }
    input.judge_inventory = true;
    Ok(())
}

/// What `-i` gives.
///
/// # Errors
/// The inventory names no host.
pub fn take_facts(input: &mut Input, path: &Path, inventory: Inventory) -> Result<(), CollectError> {
    let mut sources = inventory_files(input, path);
    if sources.is_empty() {
        // a place for what stands in no file that could be read here
        let nothing = SourceFile::new(
            path.to_string_lossy(),
            Origin::Host(path.to_string_lossy().into_owned()),
            Vec::new(),
        );
        sources.push(input.files.add(nothing));
    }
    input.facts = Some(Arc::new(Facts::new(inventory, sources)?));
    Ok(())
}

/// A host's files: paths there, or names of podman's secrets, and their bytes.
pub fn take_remote(input: &mut Input, host: &str, files: Vec<(String, Vec<u8>)>) {
    let mut named = sets::Named::default();
    for (path, bytes) in files {
        let kind = if path.ends_with(".cfg") {
            Kind::Haproxy
        } else if path.ends_with("registration.yml") || path.ends_with("registration-yml") {
            Kind::Registration
        } else {
            Kind::Cache
        };
        let name = format!("{host}:{path}");
        let mut file = SourceFile::new(name.clone(), Origin::Host(name), bytes);
        file.host = Some(host.to_owned());
        named.add(input.files.add(file), kind);
    }
    named.settle(input, None, &mut Vec::new());
}

/// The files of an inventory, and the variables beside it.
fn inventory_files(input: &mut Input, path: &Path) -> Vec<FileId> {
    let mut paths = Vec::new();
    if path.is_dir() {
        folder::walk(path, &mut paths);
    } else if path.is_file() {
        paths.push(path.to_owned());
        let beside = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        for name in ["host_vars", "group_vars"] {
            folder::walk(&beside.join(name), &mut paths);
        }
    }
    let files = paths.iter().filter_map(|path| read_file(path).ok());
    files.map(|file| input.files.add(file)).collect()
}

pub(super) fn read_file(path: &Path) -> Result<SourceFile, CollectError> {
    let wrong = |source| CollectError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let (name, origin) = if path == Path::new("-") {
        std::io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(wrong)?;
        ("<stdin>".to_owned(), Origin::Stdin)
    } else {
        let file = std::fs::File::open(path).map_err(wrong)?;
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(wrong)?;
        (path.to_string_lossy().into_owned(), Origin::Disk(path.to_owned()))
    };
    if bytes.len() as u64 > MAX_BYTES {
        return Err(CollectError::TooLong { path: path.to_owned() });
    }
    Ok(SourceFile::new(name, origin, bytes))
}
