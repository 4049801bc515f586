//! A path in, an inventory out: a file in INI, YAML or JSON, or a folder of them, and the variables beside it.
//!
//! Which reader a file gets is decided as Ansible does it: by its ending, then by which reader takes it. Nothing
//! is run: a script, a plugin's configuration and a vault are errors that name `--via-ansible`.

use super::data::Data;
use super::error::{InventoryError, Problem};
use super::files::{absolute, read_text};
use super::ini;
use super::model::{Inventory, Parts};
use super::value::Value;
use super::vars_files;
use super::words;
use super::yaml::build::{Builder, Key};
use super::yaml::groups::Reader;
use super::yaml::node::{self, Kind, Node};
use std::path::Path;

/// Folders inside each other; links can make a ring of them.
const MAX_DEPTH: usize = 20;

/// Endings that Ansible leaves out of a folder.
const IGNORED_ENDINGS: [&str; 12] =
    [".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry"];

/// Reads the inventory at `path`, group_vars and host_vars beside it too.
pub(super) fn load(path: &Path) -> Result<Inventory, InventoryError> {
    let mut reading = Reading { data: Data::new(), warnings: Vec::new() };
    reading.source(path, 0)?;
    reading.finish(path, Some(path))
}

/// Reads a text as the file `path` would be read, without what lies beside it.
pub(super) fn parse(text: &str, path: &Path) -> Result<Inventory, InventoryError> {
    let mut reading = Reading { data: Data::new(), warnings: Vec::new() };
    reading.text(text, path, false)?;
    reading.finish(path, None)
}

struct Reading {
    data: Data,
    warnings: Vec<String>,
}

impl Reading {
    fn finish(mut self, path: &Path, beside: Option<&Path>) -> Result<Inventory, InventoryError> {
        let whole = |problem| InventoryError::Whole { path: path.to_owned(), problem };
        self.data.settle().map_err(whole)?;
        let mut parts = Parts::new(path, self.data, self.warnings);
        if let Some(path) = beside {
            vars_files::load(&mut parts, path)?;
        }
        parts.check_names();
        Ok(Inventory::new(parts))
    }

    fn source(&mut self, path: &Path, depth: usize) -> Result<(), InventoryError> {
        let read = |source| InventoryError::Read { path: path.to_owned(), source };
        let unusable = |what: &str| InventoryError::Unusable { path: path.to_owned(), what: what.to_owned() };
        let meta = std::fs::metadata(path).map_err(read)?;
        if !meta.is_dir() {
            return self.file(path, is_executable(&meta));
        }
        if depth > MAX_DEPTH {
            return Err(unusable("folders lie too deep inside each other; take the ring of links away"));
        }
        let mut names = Vec::new();
        for entry in std::fs::read_dir(path).map_err(read)? {
            names.push(entry.map_err(read)?.file_name());
        }
        names.sort();
        let mut files = 0;
        for name in names.iter().filter(|name| !is_ignored(&name.to_string_lossy())) {
            self.source(&path.join(name), depth + 1)?;
            files += 1;
        }
        if files == 0 && depth == 0 {
            return Err(unusable(
                "holds no inventory file; .cfg, .md, .txt, hidden and backup files are not read, as in Ansible",
            ));
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, executable: bool) -> Result<(), InventoryError> {
        let file = absolute(path);
        let folder = file.parent().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
        self.data.source = Some((file.to_string_lossy().into_owned(), folder));
        let bytes = super::files::read_bytes(path)?;
        if executable && (bytes.starts_with(b"#!") || bytes.contains(&0)) {
            return Err(only_ansible(path, 1, "is a program that makes an inventory, which is not run here"));
        }
        let text = read_text(path, bytes)?;
        self.text(&text, path, executable)
    }

    fn text(&mut self, text: &str, path: &Path, executable: bool) -> Result<(), InventoryError> {
        if text.starts_with("$ANSIBLE_VAULT;") {
            return Err(only_ansible(path, 1, "is encrypted with ansible-vault"));
        }
        let ending = path.extension().map(|e| e.to_string_lossy().into_owned());
        if ending.as_deref() == Some("toml") {
            return Err(only_ansible(path, 1, "is a TOML inventory, which is not read here"));
        }
        let named_yaml = ending.as_deref().is_some_and(|e| matches!(e, "yml" | "yaml" | "json"));
        let yaml = if named_yaml || ending.is_none() { self.yaml(text, path) } else { Ok(false) };
        match yaml {
            Ok(true) => return Ok(()),
            Err(error @ InventoryError::OnlyAnsible { .. }) => return Err(error),
            _ => {}
        }
        let ini = self.ini(text, path);
        match (yaml, ini) {
            (_, Ok(())) => Ok(()),
            (Err(yaml), Err(_)) if named_yaml || looks_like_yaml(text) => Err(yaml),
            (_, Err(_)) if text.starts_with("#!") && !executable => Err(only_ansible(
                path,
                1,
                "looks like a program that makes an inventory, and may not be run (chmod +x)",
            )),
            (Ok(false), Err(_)) if named_yaml => {
                let problem = "a YAML inventory is a mapping of groups, as all:, then hosts: below it";
                Err(InventoryError::line(path, 1, node::yaml(problem)))
            }
            (_, Err(ini)) => Err(ini),
        }
    }

    /// Whether it was a YAML inventory.
    fn yaml(&mut self, text: &str, path: &Path) -> Result<bool, InventoryError> {
        let wrong = |(line, problem)| InventoryError::line(path, line, problem);
        let Some(document) = node::document(text).map_err(wrong)? else { return Ok(false) };
        if !matches!(&document.kind, Kind::Map(pairs) if !pairs.is_empty()) {
            return Ok(false);
        }
        let mut builder = Builder::new(path);
        if let Some((line, plugin)) = plugin_of(&mut builder, &document).map_err(wrong)? {
            return Err(only_ansible(
                path,
                line,
                &format!("is the configuration of the inventory plugin {plugin}"),
            ));
        }
        let mut reader = Reader { data: &mut self.data, builder, warnings: Vec::new() };
        reader.document(&document).map_err(wrong)?;
        let told = reader.warnings;
        self.warnings
            .extend(told.into_iter().map(|(line, words)| format!("{}:{line}: {words}", path.display())));
        Ok(true)
    }

    fn ini(&mut self, text: &str, path: &Path) -> Result<(), InventoryError> {
        if text.starts_with('\u{feff}') {
            let mark = "it begins with a byte order mark, which Ansible takes for a name";
            return Err(InventoryError::line(path, 1, Problem::NotText(mark)));
        }
        ini::read(text, &mut self.data).map_err(|e| InventoryError::line(path, e.line, e.problem))
    }
}

pub(super) fn only_ansible(path: &Path, line: usize, what: &str) -> InventoryError {
    InventoryError::OnlyAnsible { path: path.to_owned(), line, what: what.to_owned() }
}

/// `plugin: ...` at the top: the line and the plugin's name.
fn plugin_of(builder: &mut Builder<'_>, document: &Node) -> Result<Option<(usize, String)>, node::Wrong> {
    let key = Key { text: "plugin".to_owned(), is_text: true };
    let Some(node) = builder.entries(document)?.get(&key).cloned() else { return Ok(None) };
    let value = builder.value(&node)?;
    let name = match &value {
        Value::Text(name) | Value::Unsafe(name) => super::error::shortened(name),
        other => other.kind().to_owned(),
    };
    Ok(value.is_truthy().then_some((node.line, name)))
}

fn is_ignored(name: &str) -> bool {
    name.starts_with('.')
        || matches!(name, "host_vars" | "group_vars" | "vars_plugins")
        || IGNORED_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

#[cfg(unix)]
fn is_executable(meta: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    meta.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &std::fs::Metadata) -> bool {
    false
}

/// The first line that says something is `---` or `name:`; an INI host never ends in a colon.
fn looks_like_yaml(text: &str) -> bool {
    let mut lines = words::lines(text).map(str::trim_end);
    let first = lines.find(|line| !line.trim().is_empty() && !line.trim_start().starts_with(['#', ';']));
    first.is_some_and(|line| {
        let line = line.split(" #").next().unwrap_or(line).trim_end();
        line == "---"
            || line.starts_with("--- ")
            || line.starts_with('{')
            || line.ends_with(':')
            || line.starts_with("- ")
    })
}
