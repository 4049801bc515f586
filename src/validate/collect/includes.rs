//! A cache's includes: the files that they lead to.
//!
//! A file below another root (`lb1/etc/redis/reginfra.conf`, as `render --output` writes) includes what lies below
//! that root, never this machine's own `/etc`.

use super::super::check::Input;
use super::super::files::{FileId, Origin};
use super::super::read::cache::directives;
use super::read_file;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// What each include of each file leads to.
pub type Includes = HashMap<(FileId, String), FileId>;

/// Follows the includes of caches' files; takes files in that are not there yet.
pub(super) fn follow(input: &mut Input, roots: &[FileId]) -> Includes {
    let mut found = Includes::new();
    let mut open: Vec<FileId> = roots.to_vec();
    let mut seen: Vec<FileId> = Vec::new();
    while let Some(id) = open.pop() {
        if seen.contains(&id) || seen.len() > 200 {
            continue;
        }
        seen.push(id);
        let names: Vec<String> = directives(&input.files, id, &mut Vec::new())
            .iter()
            .filter(|d| d.name == "include")
            .flat_map(|d| d.values().iter().map(|w| w.text.clone()).collect::<Vec<_>>())
            .collect();
        for name in names {
            if let Some(next) = target(input, id, &name) {
                found.insert((id, name), next);
                open.push(next);
            }
        }
    }
    found
}

fn target(input: &mut Input, id: FileId, name: &str) -> Option<FileId> {
    let path = match &input.files.get(id).origin {
        Origin::Stdin => return None,
        Origin::Host(own) => {
            let host = own.split_once(':').map(|(host, _)| host.to_owned())?;
            let wanted = format!("{host}:{name}");
            return input.files.iter().find(|(_, f)| f.name == wanted).map(|(id, _)| id);
        }
        Origin::Disk(own) => place(own, name)?,
    };
    let same = |f: &crate::validate::files::SourceFile| matches!(&f.origin, Origin::Disk(p) if *p == path);
    if let Some((id, _)) = input.files.iter().find(|(_, f)| same(f)) {
        return Some(id);
    }
    read_file(&path).ok().map(|file| input.files.add(file))
}

fn place(own: &Path, name: &str) -> Option<PathBuf> {
    let folder = own.parent().unwrap_or(Path::new(""));
    let Some(below) = name.strip_prefix('/') else { return Some(folder.join(name)) };
    if own.starts_with("/etc") {
        return Some(PathBuf::from(name));
    }
    let beside = folder.join(Path::new(name).file_name()?);
    let roots = own.ancestors().filter(|a| a.file_name().is_some_and(|n| n == "etc"));
    let rooted = roots.filter_map(Path::parent).map(|root| root.join(below)).find(|p| p.is_file());
    rooted.or_else(|| beside.is_file().then_some(beside))
}
