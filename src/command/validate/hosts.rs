//! A host of the inventory in, its real files out: read over SSH, nothing is changed there.

use crate::inventory::HostView;
use crate::source::ssh::files::{RemoteFile, read};
use crate::source::ssh::target::{HostRole, RemoteHost};
use crate::validate::collect::take_remote;
use crate::validate::{Input, Target};
use anyhow::bail;
use std::time::Duration;

/// Where HAProxy, Redis, Valkey and smart-proxy have their configurations.
const PATTERNS: [&str; 10] = [
    "/etc/os-release",
    "/etc/haproxy/haproxy.cfg",
    "/etc/haproxy/conf.d/*.cfg",
    "/etc/redis.conf",
    "/etc/redis-reginfra*.conf",
    "/etc/redis/redis.conf",
    "/etc/redis/reginfra*.conf",
    "/etc/valkey/valkey.conf",
    "/etc/valkey/reginfra*.conf",
    "/etc/foreman-proxy/settings.d/registration.yml",
];

/// Where foremanctl's smart-proxy has its registration.yml.
const SECRETS: [&str; 1] = ["foreman-proxy-registration-yml"];

/// What came of a host.
pub(super) struct Fetched {
    /// The system that it runs.
    pub target: Option<Target>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Takes a host's files in; the inner error says why the host could not be read.
pub(super) fn fetch(input: &mut Input, name: &str, patience: u32) -> anyhow::Result<Result<Fetched, String>> {
    let Some(facts) = input.facts.clone() else { bail!("--host needs -i") };
    let Some(view) = facts.inventory.host(name) else {
        let hosts: Vec<&str> = facts.inventory.hosts().take(5).collect();
        bail!("{}: has no host {name}; its hosts: {}", facts.inventory.source().display(), hosts.join(", "));
    };
    let told = |failure: crate::source::ssh::failure::Failure| format!("{name}: {failure}");
    // the role only says where a log lies, which is not asked for here
    let files = RemoteHost::new(name, HostRole::Capsule, &|key| variable(view, key))
        .and_then(|host| read(&host, &PATTERNS, &SECRETS, Duration::from_secs(patience.into())));
    Ok(files.map_err(told).map(|files| taken(input, name, files)))
}

fn taken(input: &mut Input, name: &str, files: Vec<RemoteFile>) -> Fetched {
    let mut notes = Vec::new();
    let mut target = None;
    let mut ours = Vec::new();
    for file in files {
        match file.bytes {
            None => notes.push(format!("{name}:{}: may not be read: set ansible_become=true", file.path)),
            Some(bytes) if file.path.ends_with("/etc/os-release") => {
                target = target_of(&String::from_utf8_lossy(&bytes))
            }
            Some(bytes) => ours.push((file.path, bytes)),
        }
    }
    if ours.is_empty() {
        notes.push(format!(
            "{name}: has no configuration of HAProxy, Redis, Valkey or smart-proxy where packages put them"
        ));
    }
    // units of Debian do not read it
    let el = target.is_none_or(Target::is_el);
    ours.retain(|(path, _)| el || !path.contains("/conf.d/"));
    take_remote(input, name, ours);
    Fetched { target, notes }
}

fn variable(view: HostView<'_>, key: &str) -> Result<Option<String>, String> {
    match view.value(key) {
        Ok(None | Some(serde_json::Value::Null)) => Ok(None),
        Ok(Some(serde_json::Value::String(text))) => Ok(Some(text)),
        Ok(Some(other)) => Ok(Some(other.to_string())),
        Err(error) => Err(error.to_string()),
    }
}

/// `ID="rhel"`, `ID_LIKE="rhel centos fedora"`, `VERSION_ID="9.6"`.
fn target_of(os_release: &str) -> Option<Target> {
    let value = |key: &str| {
        let line = os_release.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix('='))?;
        Some(line.trim().trim_matches(['"', '\'']))
    };
    let el = [value("ID"), value("ID_LIKE")].into_iter().flatten().any(|v| v.split(' ').any(|w| w == "rhel"));
    let major = value("VERSION_ID")?.split('.').next()?;
    match (el, value("ID")?, major) {
        (true, _, "8") => Some(Target::El8),
        (true, _, "9") => Some(Target::El9),
        (true, _, "10") => Some(Target::El10),
        (_, "debian", "12") => Some(Target::Debian12),
        (_, "debian", "13") => Some(Target::Debian13),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_told_by_os_release() {
        assert_eq!(target_of("ID=\"rhel\"\nVERSION_ID=\"9.6\"\n"), Some(Target::El9));
        assert_eq!(
            target_of("ID=\"almalinux\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"10.0\"\n"),
            Some(Target::El10)
        );
        assert_eq!(target_of("ID=debian\nVERSION_ID=\"12\"\n"), Some(Target::Debian12));
        assert_eq!(target_of("ID=fedora\nVERSION_ID=41\n"), None);
    }
}
