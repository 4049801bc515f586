//! The roles: their variables and templates as they are shipped, and which files each writes.
//!
//! tests/render holds the lists here against the roles' tasks.

use super::error::RenderError;
use super::{RenderedFile, values};
use crate::inventory::HostView;
use crate::inventory::engine::TemplateFile;
use crate::inventory::scope::Evaluation;
use crate::inventory::value::{Map, Value};
use std::collections::BTreeSet;

/// The variable by which capsule_cache_url is told what registration.yml holds.
pub(super) const CURRENT: &str = "__capsule_cache_url_current";

/// What stands for passwords that nobody gave, and the variable that gives one.
const PLACEHOLDERS: [(&str, &str); 2] = [
    ("@REGISTRATION_CACHE_PASSWORD@", "registration_cache_password"),
    ("@REGISTRATION_CACHE_MONITOR_PASSWORD@", "registration_cache_monitor_password"),
];

/// A role whose files are rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// HAProxy on the load balancers
    Haproxy,
    /// The script cache (Redis, Valkey) on the load balancers
    Cache,
    /// registration.yml on the capsules, with the address of the cache
    CacheUrl,
}

/// A file of a role, each field as the role's task has it.
#[derive(Debug)]
pub struct RoleFile {
    /// The template's name.
    pub template: &'static str,
    /// Where it goes; a template.
    pub path: &'static str,
    /// Its mode.
    pub mode: &'static str,
    /// Its owner and its group, templates; none where they stay as they are.
    pub owner: Option<(&'static str, &'static str)>,
    /// The condition under which there is such a file; what only a run can know is left out of it.
    pub when: Option<&'static str>,
}

macro_rules! shipped {
    ($role:literal, $($file:literal),*) => {
        Shipped {
            folder: concat!("templates/", $role),
            defaults: (
                concat!("roles/", $role, "/defaults/main.yml"),
                include_str!(concat!("../../roles/", $role, "/defaults/main.yml")),
            ),
            vars: (
                concat!("roles/", $role, "/vars/main.yml"),
                include_str!(concat!("../../roles/", $role, "/vars/main.yml")),
            ),
            templates: &[$(($file, include_str!(concat!("../../templates/", $role, "/", $file)))),*],
        }
    };
}

/// A role's files as they are in the source.
struct Shipped {
    folder: &'static str,
    defaults: TemplateFile,
    vars: TemplateFile,
    templates: &'static [TemplateFile],
}

static HAPROXY: Shipped = shipped!("haproxy", "haproxy.cfg.j2", "limits.conf.j2", "sysctl.conf.j2");
static CACHE: Shipped = shipped!(
    "registration_cache",
    "reginfra.conf.j2",
    "reginfra-users.conf.j2",
    "service.conf.j2",
    "firewall.xml.j2"
);
static CACHE_URL: Shipped = shipped!("capsule_cache_url", "registration.yml.j2");

const ROOT: Option<(&str, &str)> = Some(("root", "root"));
/// The cache reads its files as its own group.
const CACHES: Option<(&str, &str)> = Some(("root", "{{ __registration_cache_program.user }}"));

const fn file(
    template: &'static str,
    path: &'static str,
    mode: &'static str,
    owner: Option<(&'static str, &'static str)>,
    when: Option<&'static str>,
) -> RoleFile {
    RoleFile { template, path, mode, owner, when }
}

static HAPROXY_FILES: [RoleFile; 3] = [
    file("sysctl.conf.j2", "{{ __haproxy_sysctl_file }}", "0644", ROOT, Some("haproxy_sysctl | length > 0")),
    file("limits.conf.j2", "{{ __haproxy_drop_in }}", "0644", ROOT, None),
    file("haproxy.cfg.j2", "{{ __haproxy_file }}", "0640", ROOT, None),
];
static CACHE_FILES: [RoleFile; 4] = [
    file(
        "firewall.xml.j2",
        "{{ __registration_cache_firewall_file }}",
        "0644",
        ROOT,
        Some("registration_cache_firewalld | bool"),
    ),
    file("reginfra-users.conf.j2", "{{ __registration_cache_program.users_file }}", "0640", CACHES, None),
    file("reginfra.conf.j2", "{{ __registration_cache_program.file }}", "0640", CACHES, None),
    file("service.conf.j2", "{{ __registration_cache_drop_in }}", "0644", ROOT, None),
];
static CACHE_URL_FILES: [RoleFile; 1] = [file(
    "registration.yml.j2",
    "{{ capsule_cache_url_file }}",
    "{{ 'o-rwx' if __capsule_cache_url_balancer else omit }}",
    None,
    None,
)];

/// Of a file whose mode only loses what others may do.
const NOT_FOR_OTHERS: u32 = 0o640;

impl Part {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Haproxy, Self::Cache, Self::CacheUrl];

    /// The role's name.
    pub const fn role(self) -> &'static str {
        match self {
            Self::Haproxy => "haproxy",
            Self::Cache => "registration_cache",
            Self::CacheUrl => "capsule_cache_url",
        }
    }

    /// The inventory's group whose hosts have its files.
    pub const fn group(self) -> &'static str {
        match self {
            Self::Haproxy | Self::Cache => "capsule_lbs",
            Self::CacheUrl => "capsules",
        }
    }

    /// What the role writes, in its order.
    pub const fn files(self) -> &'static [RoleFile] {
        match self {
            Self::Haproxy => &HAPROXY_FILES,
            Self::Cache => &CACHE_FILES,
            Self::CacheUrl => &CACHE_URL_FILES,
        }
    }

    /// The variable that holds the sentences of its preflight.
    pub(super) const fn problems(self) -> &'static str {
        match self {
            Self::Haproxy => "__haproxy_problems",
            Self::Cache => "__registration_cache_problems",
            Self::CacheUrl => "__capsule_cache_url_problems",
        }
    }

    pub(super) const fn templates(self) -> &'static [TemplateFile] {
        self.shipped().templates
    }

    pub(super) const fn template_folder(self) -> &'static str {
        self.shipped().folder
    }

    /// The role's defaults and variables.
    pub(super) fn variables(self) -> Result<(Map, Map), RenderError> {
        let Shipped { defaults, vars, .. } = self.shipped();
        Ok((values::yaml(defaults.0, defaults.1)?, values::yaml(vars.0, vars.1)?))
    }

    const fn shipped(self) -> &'static Shipped {
        match self {
            Self::Haproxy => &HAPROXY,
            Self::Cache => &CACHE,
            Self::CacheUrl => &CACHE_URL,
        }
    }

    /// Which passwords nobody gave.
    pub(super) fn placeholder_warning(self, files: &[RenderedFile]) -> Option<String> {
        let mut words = Vec::new();
        for (placeholder, variable) in PLACEHOLDERS {
            let hosts: BTreeSet<&str> =
                files.iter().filter(|f| f.text.contains(placeholder)).map(|f| f.host.as_str()).collect();
            if let Some(first) = hosts.first() {
                let more =
                    if hosts.len() > 1 { format!(" and {} more", hosts.len() - 1) } else { String::new() };
                words
                    .push(format!("{placeholder} stands in files of {first}{more}: {variable} is not given"));
            }
        }
        let words = words.join("; ");
        (!words.is_empty())
            .then(|| format!("{words}; the role makes such a password once, on the load balancer"))
    }
}

impl RoleFile {
    /// The file for a host; none where it has none.
    pub(super) fn render(
        &self,
        evaluation: &Evaluation,
        host: HostView<'_>,
    ) -> Result<Option<RenderedFile>, RenderError> {
        if let Some(when) = self.when
            && !evaluation.text(host, &format!("{{{{ {when} }}}}"), when)?.is_truthy()
        {
            return Ok(None);
        }
        let text_of = |text: &str| match evaluation.text(host, text, text)? {
            Value::Text(text) if !text.is_empty() => Ok(text),
            other => Err(RenderError::Odd {
                host: host.name().to_owned(),
                what: text.to_owned(),
                value: other.to_json().to_string(),
            }),
        };
        let owner = match self.owner {
            Some((owner, group)) => Some((text_of(owner)?, text_of(group)?)),
            None => None,
        };
        Ok(Some(RenderedFile {
            host: host.name().to_owned(),
            path: text_of(self.path)?,
            mode: u32::from_str_radix(self.mode, 8).unwrap_or(NOT_FOR_OTHERS),
            owner,
            text: evaluation.file(host, self.template)?,
        }))
    }
}
