//! `reginfra inventory`: an inventory's path in; who is who, or its variables as JSON, out.

use super::say;
use crate::cli::InventoryArgs;
use crate::inventory::value::{Map, Value};
use crate::inventory::{HostView, Inventory, InventoryError, Topology, listing};
use crate::report::atomic::write_beside;
use crate::report::table::TableStyle;
use crate::report::topology;
use anyhow::bail;
use std::collections::HashMap;
use std::path::Path;

/// Prints what was asked for.
///
/// # Errors
/// The inventory cannot be read or rendered, has no such host; stdout cannot be written.
pub fn run(args: &InventoryArgs) -> anyhow::Result<()> {
    let inventory = load(&args.inventory, args.via_ansible)?;
    let stdout = Path::new("-");
    if let Some(name) = &args.host {
        let Some(host) = inventory.host(name) else {
            bail!("{}: has no host {name}; its hosts: {}", args.inventory.display(), some_hosts(&inventory));
        };
        let vars = Value::Map(variables(host, args.rendered)?);
        return Ok(write_beside(stdout, |out| {
            serde_json::to_writer_pretty(&mut *out, &vars)?;
            writeln!(out)
        })?);
    }
    if args.json {
        // all of them first: an error must not come in the middle of the output
        let rendered = if args.rendered { all_rendered(&inventory)? } else { HashMap::new() };
        let vars = |name: &str| match rendered.get(name) {
            Some(vars) => vars.clone(),
            None => inventory.host(name).map(HostView::variables).unwrap_or_default(),
        };
        for warning in inventory.warnings() {
            say(&format!("warning: {warning}"));
        }
        return Ok(write_beside(stdout, |out| listing::write(out, &inventory, &vars))?);
    }
    let text = topology::render(&inventory, &Topology::of(&inventory)?, &TableStyle::for_stdout());
    Ok(write_beside(stdout, |out| out.write_all(text.as_bytes()))?)
}

/// An inventory, read here or by Ansible, whose words on stderr are shown.
pub(super) fn load(path: &Path, via_ansible: bool) -> Result<Inventory, InventoryError> {
    if !via_ansible {
        return Inventory::load(path);
    }
    let (inventory, told) = Inventory::via_ansible(path)?;
    for line in told {
        say(&format!("ansible-inventory: {line}"));
    }
    Ok(inventory)
}

fn variables(host: HostView<'_>, rendered: bool) -> Result<Map, InventoryError> {
    if rendered { host.rendered_variables() } else { Ok(host.variables()) }
}

fn all_rendered(inventory: &Inventory) -> Result<HashMap<String, Map>, InventoryError> {
    let hosts = inventory.hosts().filter_map(|name| inventory.host(name));
    hosts.map(|host| Ok((host.name().to_owned(), host.rendered_variables()?))).collect()
}

/// The first of them, for a message.
fn some_hosts(inventory: &Inventory) -> String {
    let mut names: Vec<&str> = inventory.hosts().take(5).collect();
    if inventory.hosts().len() > names.len() {
        names.push("...");
    }
    names.join(", ")
}

/// A host's variable as ssh takes it: text, templates in it rendered.
///
/// # Errors
/// A template that cannot be rendered, in words.
pub fn host_text(inventory: &Inventory, host: &str, name: &str) -> Result<Option<String>, String> {
    let Some(host) = inventory.host(host) else { return Ok(None) };
    Ok(host.value(name).map_err(|error| error.to_string())?.and_then(|value| match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }))
}
