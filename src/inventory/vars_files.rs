//! group_vars and host_vars beside an inventory: the names of its groups and hosts in, their variables out.
//!
//! A group or a host has one file (no ending, .yml, .yaml, .json: the first that there is) or a folder of them,
//! read in the order of names, folders inside it too. Groups that no host is in are not looked for, as in Ansible.

use super::data::ALL;
use super::error::InventoryError;
use super::model::Parts;
use super::value::Map;
use super::variables::{self, Vaults};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// In the order in which they are looked for.
const ENDINGS: [&str; 4] = ["", ".yml", ".yaml", ".json"];

/// Folders inside each other; links can make a ring of them.
const MAX_DEPTH: usize = 20;

/// Reads all of them into the parts.
pub(super) fn load(parts: &mut Parts, source: &Path) -> Result<(), InventoryError> {
    let base = if source.is_dir() { source } else { source.parent().unwrap_or(Path::new("")) };
    let base = if base.as_os_str().is_empty() { Path::new(".") } else { base };
    let base = std::fs::canonicalize(base).unwrap_or_else(|_| base.to_owned());
    let (groups, hosts) = (base.join("group_vars"), base.join("host_vars"));
    if groups.is_dir() && !parts.data.hosts.is_empty() {
        let direct = parts.data.hosts.values().flat_map(|h| h.groups.iter().copied());
        let mut used: BTreeSet<usize> = parts.data.ancestors(direct).into_iter().collect();
        used.insert(ALL);
        for place in used {
            if let Some(vars) = vars_of(&groups, parts.data.group_name(place))? {
                parts.group_files.insert(place, vars);
            }
        }
    }
    if hosts.is_dir() {
        for place in 0..parts.data.hosts.len() {
            if let Some(vars) = vars_of(&hosts, parts.data.host_name(place))? {
                parts.host_files.insert(place, vars);
            }
        }
    }
    Ok(())
}

/// The variables of one name; none where there are no files.
fn vars_of(folder: &Path, name: &str) -> Result<Option<Map>, InventoryError> {
    if name.starts_with('/') || name.contains('\0') {
        return Ok(None);
    }
    let mut files = Vec::new();
    for ending in ENDINGS {
        let path = folder.join(format!("{name}{ending}"));
        if path.is_dir() {
            files_of(&path, 0, &mut files)?;
        } else if path.exists() {
            files.push(path);
        } else {
            continue;
        }
        break;
    }
    let mut vars = Map::new();
    for file in &files {
        if !file.is_file() {
            let what = "is no regular file; variables are read from files and folders only".to_owned();
            return Err(InventoryError::Unusable { path: file.to_owned(), what });
        }
        vars.extend(variables::of_file(file, Vaults::Closed)?);
    }
    Ok((!files.is_empty()).then_some(vars))
}

fn files_of(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), InventoryError> {
    let read = |source| InventoryError::Read { path: folder.to_owned(), source };
    if depth > MAX_DEPTH {
        let what = "folders lie too deep inside each other; take the ring of links away".to_owned();
        return Err(InventoryError::Unusable { path: folder.to_owned(), what });
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(read)? {
        names.push(entry.map_err(read)?.file_name());
    }
    names.sort();
    for name in names {
        let text = name.to_string_lossy();
        if text.starts_with('.') || text.ends_with('~') {
            continue;
        }
        let path = folder.join(&name);
        let ending = path.extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
        if path.is_dir() {
            if ending.is_empty() {
                files_of(&path, depth + 1, files)?;
            }
        } else if path.is_file() && ENDINGS.contains(&ending.as_str()) {
            files.push(path);
        }
    }
    Ok(())
}
