//! What the roles would write, for each host of the inventory, looked at as if it lay there.

use crate::render::{Part, RenderError, Request, render};
use crate::validate::collect::take_remote;
use crate::validate::{Input, Target};
use std::collections::BTreeMap;

/// A capsule's file as the installer writes it: the role adds its line to it.
const INSTALLED: &str = "---\n:enabled: https\n";

/// Takes the files in; says what could not be rendered.
pub(super) fn take(input: &mut Input, target: Option<Target>) -> Vec<String> {
    let Some(facts) = input.facts.clone() else { return Vec::new() };
    let mut failed = Vec::new();
    let mut files: BTreeMap<String, Vec<(String, Vec<u8>)>> = BTreeMap::new();
    for part in [Part::Haproxy, Part::Cache, Part::CacheUrl] {
        let mut request = Request::new(part, target.unwrap_or_default());
        request.current = (part == Part::CacheUrl).then(|| INSTALLED.to_owned());
        match render(&facts.inventory, &request) {
            Ok(rendered) => {
                for file in rendered.files.into_iter().filter(|f| is_configuration(&f.path)) {
                    files.entry(file.host).or_default().push((file.path, file.text.into_bytes()));
                }
            }
            Err(RenderError::NoHost { .. }) => {}
            Err(error) => failed.push(format!("what the roles would write is not known: {error}")),
        }
    }
    for (host, files) in files {
        take_remote(input, &host, files);
    }
    failed
}

/// HAProxy's, a cache's, a capsule's; units, limits and firewall rules are none.
fn is_configuration(path: &str) -> bool {
    path.ends_with(".cfg")
        || path.ends_with("/registration.yml")
        || path.ends_with(".conf") && ["/etc/redis", "/etc/valkey"].iter().any(|p| path.starts_with(p))
}
