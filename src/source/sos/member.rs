//! Which members of a sosreport matter, told from their names: a name in, what it is and whose it is out.
//!
//! ```text
//! sosreport-HOST-2026-04-04-abc/var/log/foreman/production.log-20260403.gz
//! sosreport-HOST-2026-04-04-abc/sos_strings/foreman/var.log.foreman.production.log.tailed
//! sosreport-HOST-2026-04-04-abc/sos_commands/foreman/journalctl_--no-pager_--unit_foreman.service
//! sosreport-HOST-2026-04-04-abc/sos_commands/foreman/foreman-debug/var/log/foreman/production.log
//! ```

/// What a member is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// production.log or one of its rotated set, or the tail of one that was too long.
    ProductionLog,
    /// The journal of unit foreman.
    ForemanJournal,
    /// proxy.log, likewise.
    ProxyLog,
    /// The journal of unit foreman-proxy.
    ProxyJournal,
    /// Says the host's name; of several the smaller number counts.
    HostName(u8),
    /// `etc/localtime`, a link to the zone.
    LocalTime,
    /// The output of timedatectl.
    TimeDateCtl,
    /// The output of date.
    Date,
    /// A load balancer's configuration or log.
    LoadBalancer,
    /// An archive in the archive.
    Archive,
}

/// A member that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// The folder of the sosreport that it belongs to, with a slash behind it where it is not empty.
    pub report: &'a str,
    /// What it is.
    pub role: Role,
}

// where production.log lies below the top of a report, deepest first
const FOREMAN: [&str; 4] =
    ["sos_commands/foreman/foreman-debug/var/log/foreman/", "var/log/foreman/", "log/foreman/", "foreman/"];
const FOREMAN_PROXY: [&str; 4] = [
    "sos_commands/foreman/foreman-debug/var/log/foreman-proxy/",
    "var/log/foreman-proxy/",
    "log/foreman-proxy/",
    "foreman-proxy/",
];
// whole names that tell of the host
const ABOUT: [(&str, Role); 10] = [
    ("sos_commands/host/hostname_-f", Role::HostName(0)),
    ("sos_commands/host/hostname", Role::HostName(1)),
    ("sos_commands/general/hostname", Role::HostName(1)),
    ("etc/hostname", Role::HostName(2)),
    ("etc/localtime", Role::LocalTime),
    ("sos_commands/systemd/timedatectl", Role::TimeDateCtl),
    ("sos_commands/date/date", Role::Date),
    ("sos_commands/general/date", Role::Date),
    ("etc/haproxy/haproxy.cfg", Role::LoadBalancer),
    ("var/log/haproxy.log", Role::LoadBalancer),
];
const ARCHIVES: [&str; 10] =
    [".tar", ".tar.xz", ".tar.gz", ".tar.bz2", ".tar.zst", ".txz", ".tgz", ".tbz", ".tbz2", ".tzst"];

/// No packed report is smaller: bytes.
pub const SMALLEST_ARCHIVE: u64 = 512;

/// Whether a name looks like that of an archive.
pub fn is_archive_name(name: &str) -> bool {
    ARCHIVES.iter().any(|ending| name.ends_with(ending))
}

/// Whether a name leads out of its archive or folder.
pub fn leads_out(path: &str) -> bool {
    path.starts_with('/') || path.split('/').any(|part| part == "..")
}

/// What a member is; none where it does not matter. `path` is relative.
pub fn member(path: &str) -> Option<Member<'_>> {
    let (folder, name) =
        path.rsplit_once('/').map_or(("", path), |(_, name)| (&path[..path.len() - name.len()], name));
    if name.starts_with("production.log") {
        return log_below(folder, &FOREMAN, Role::ProductionLog);
    }
    if name.starts_with("proxy.log") {
        return log_below(folder, &FOREMAN_PROXY, Role::ProxyLog);
    }
    if let Some(tailed) = name.strip_suffix(".tailed") {
        return tail(folder, tailed);
    }
    if let Some(role) = journal(name) {
        let report = before(folder, "sos_commands/").or_else(|| before(folder, "sos_strings/"))?;
        return Some(Member { report, role });
    }
    if let Some((ending, role)) = ABOUT.iter().find(|(ending, _)| ends_at_part(path, ending)) {
        return Some(Member { report: &path[..path.len() - ending.len()], role: *role });
    }
    // a link in the top folder in most reports, a file in some
    if (name == "hostname" || name == "date") && folder.matches('/').count() <= 1 {
        let role = if name == "date" { Role::Date } else { Role::HostName(1) };
        return Some(Member { report: folder, role });
    }
    archive(folder, name)
}

fn log_below<'a>(folder: &'a str, places: &[&str], role: Role) -> Option<Member<'a>> {
    let place = places.iter().find(|place| ends_at_part(folder, place));
    let report = match place {
        Some(place) => &folder[..folder.len() - place.len()],
        // somebody's own archive of a few logs
        None if folder.matches('/').count() <= 1 => folder,
        None => return None,
    };
    Some(Member { report, role })
}

// sos_strings/PLUGIN/var.log.foreman.production.log.tailed
fn tail<'a>(folder: &'a str, name: &str) -> Option<Member<'a>> {
    let report = before(folder, "sos_strings/")?;
    let role = if name.contains("foreman.production.log") {
        Role::ProductionLog
    } else if name.contains("foreman-proxy.proxy.log") {
        Role::ProxyLog
    } else {
        journal(name)?
    };
    Some(Member { report, role })
}

// journalctl_--no-pager_--unit_foreman.service
fn journal(name: &str) -> Option<Role> {
    if !name.contains("journalctl_") {
        return None;
    }
    let (_, unit) = name.split_once("unit_")?;
    let rest = |unit: &str| matches!(unit.bytes().next(), None | Some(b'.' | b'_'));
    if unit.strip_prefix("foreman-proxy").is_some_and(rest) {
        Some(Role::ProxyJournal)
    } else {
        unit.strip_prefix("foreman").is_some_and(rest).then_some(Role::ForemanJournal)
    }
}

// archives that a report's own folders hold by the hundred are not looked into
fn archive<'a>(folder: &'a str, name: &str) -> Option<Member<'a>> {
    let named = ["sosreport", "sos-", "foreman-debug"].iter().any(|start| name.starts_with(start));
    let may_be_one = is_archive_name(name) && (named || is_shallow(folder));
    may_be_one.then_some(Member { report: folder, role: Role::Archive })
}

fn is_shallow(folder: &str) -> bool {
    folder.matches('/').count() <= 2 && !folder.contains("/var/") && !folder.contains("/etc/")
}

/// What a member without any such name may be by its place: an archive, if its content says so.
pub fn unnamed(path: &str) -> Option<Member<'_>> {
    let folder = path.rfind('/').map_or("", |at| &path[..=at]);
    is_shallow(folder).then_some(Member { report: folder, role: Role::Archive })
}

fn before<'a>(folder: &'a str, part: &str) -> Option<&'a str> {
    let at = folder.find(part)?;
    (at == 0 || folder.as_bytes()[at - 1] == b'/').then_some(&folder[..at])
}

fn ends_at_part(path: &str, ending: &str) -> bool {
    path.strip_suffix(ending).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str) -> Option<(&str, Role)> {
        member(path).map(|m| (m.report, m.role))
    }

    #[test]
    fn logs_are_told_from_their_names() {
        for path in [
            "s/var/log/foreman/production.log",
            "s/var/log/foreman/production.log-20260404.gz",
            "s/var/log/foreman/production.log.1",
            "s/sos_strings/foreman/var.log.foreman.production.log.tailed",
            "s/sos_commands/foreman/foreman-debug/var/log/foreman/production.log",
            "s/production.log",
        ] {
            assert_eq!(told(path), Some(("s/", Role::ProductionLog)), "{path}");
        }
        assert_eq!(told("var/log/foreman-proxy/proxy.log-20160525.gz"), Some(("", Role::ProxyLog)));
        let journal = |unit| format!("s/sos_commands/foreman/journalctl_--no-pager_--unit_{unit}");
        assert_eq!(told(&journal("foreman.service")), Some(("s/", Role::ForemanJournal)));
        assert_eq!(told(&journal("foreman")), Some(("s/", Role::ForemanJournal)));
        assert_eq!(told(&journal("foreman-proxy.service_--since_1")), Some(("s/", Role::ProxyJournal)));
        assert_eq!(told(&journal("foreman-tasks.service")), None);
    }

    #[test]
    fn several_reports_in_one_folder_are_told_apart() {
        assert_eq!(told("all/a/var/log/foreman/production.log"), Some(("all/a/", Role::ProductionLog)));
        assert_eq!(told("all/b/etc/hostname"), Some(("all/b/", Role::HostName(2))));
        assert_eq!(told("s/hostname"), Some(("s/", Role::HostName(1))));
        assert_eq!(told("s/usr/share/foreman/hostname"), None);
    }

    #[test]
    fn only_archives_that_may_be_reports_are_looked_into() {
        assert_eq!(told("col/sosreport-a-2026.tar.xz"), Some(("col/", Role::Archive)));
        assert_eq!(told("s/sos_commands/foreman/foreman-debug.tar.xz").map(|t| t.1), Some(Role::Archive));
        assert_eq!(told("s/var/lib/pulp/media/artifact.tar.gz"), None);
        assert_eq!(told("s/var/log/foreman/cron.log"), None);
        // whatever its name
        let may_be = |path| unnamed(path).map(|m| (m.report, m.role));
        assert_eq!(may_be("col/attachment 1"), Some(("col/", Role::Archive)));
        assert_eq!(may_be("attachment"), Some(("", Role::Archive)));
        assert_eq!(may_be("s/var/log/messages"), None);
        assert_eq!(may_be("s/sos_commands/foreman/dump"), None);
    }

    #[test]
    fn names_that_lead_out_are_told() {
        assert!(leads_out("/etc/passwd") && leads_out("a/../../b") && !leads_out("a/..b/c"));
    }
}
