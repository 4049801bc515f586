//! A folder in, the files in it that are ours out.

use super::super::check::Input;
use super::super::kind::{Kind, kind_of};
use super::sets::{Named, Set};
use super::{CollectError, read_file};
use crate::validate::files::FileId;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Folders inside each other; links can make a ring of them.
const MAX_DEPTH: usize = 12;
/// A folder with more files is no folder of configurations.
const MAX_FILES: usize = 20_000;

/// All files below a folder, by name; hidden ones are left out.
pub(super) fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
    below(folder, 0, into);
}

fn below(folder: &Path, depth: usize, into: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut names: Vec<_> = entries.flatten().map(|e| e.file_name()).collect();
    names.sort();
    for name in names.iter().filter(|n| !n.to_string_lossy().starts_with('.')) {
        let path = folder.join(name);
        match std::fs::metadata(&path) {
            Ok(meta) if meta.is_dir() && depth < MAX_DEPTH => below(&path, depth + 1, into),
            Ok(meta) if meta.is_file() && meta.len() <= super::MAX_BYTES && into.len() < MAX_FILES => {
                into.push(path)
            }
            _ => {}
        }
    }
}

/// Takes what is ours: each `haproxy.cfg` with its conf.d is a set, so are the `.cfg` files of a folder without one.
pub(super) fn take(
    input: &mut Input,
    folder: &Path,
    kind: Option<Kind>,
    named: &mut Named,
) -> Result<(), CollectError> {
    std::fs::read_dir(folder).map_err(|source| CollectError::Read { path: folder.to_owned(), source })?;
    let mut paths = Vec::new();
    walk(folder, &mut paths);
    let mut haproxy: BTreeMap<PathBuf, Vec<(FileId, bool)>> = BTreeMap::new();
    for path in paths {
        let Ok(file) = read_file(&path) else { continue };
        // a drop-in may hold a single line that tells nothing
        let told = if is_drop_in(&path) { Some(Kind::Haproxy) } else { kind_of(&file.name, &file.bytes) };
        let Some(found) = told.filter(|k| kind.is_none_or(|want| want == *k)) else { continue };
        let is_cfg = path.extension().is_some_and(|e| e == "cfg");
        match found {
            Kind::Inventory => {}
            Kind::Haproxy if !is_cfg => {}
            Kind::Haproxy => {
                let main = path.file_name().is_some_and(|n| n == "haproxy.cfg");
                let id = input.files.add(file);
                haproxy
                    .entry(path.parent().unwrap_or(Path::new("")).to_owned())
                    .or_default()
                    .push((id, main));
            }
            found => named.add(input.files.add(file), found),
        }
    }
    let mains: Vec<PathBuf> =
        haproxy.iter().filter(|(_, f)| f.iter().any(|(_, main)| *main)).map(|(p, _)| p.clone()).collect();
    for (place, files) in &haproxy {
        let parent = place.parent().unwrap_or(Path::new(""));
        if place.file_name().is_some_and(|n| n == "conf.d") && mains.iter().any(|m| m == parent) {
            continue;
        }
        let mut set: Vec<FileId> = files.iter().filter(|(_, main)| *main).map(|(id, _)| *id).collect();
        if set.is_empty() {
            named.fragments(files.iter().map(|(id, _)| *id));
            continue;
        }
        let drop_ins = haproxy.get(&place.join("conf.d")).into_iter().flatten();
        set.extend(drop_ins.map(|(id, _)| *id));
        input.sets.push(Set::Haproxy(set));
    }
    Ok(())
}

/// `conf.d/NAME.cfg` beside a haproxy.cfg.
fn is_drop_in(path: &Path) -> bool {
    let place = path.parent().filter(|p| p.file_name().is_some_and(|n| n == "conf.d"));
    let main = place.and_then(Path::parent).map(|above| above.join("haproxy.cfg"));
    path.extension().is_some_and(|e| e == "cfg") && main.is_some_and(|main| main.is_file())
}
