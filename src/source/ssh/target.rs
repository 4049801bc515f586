//! A host's variables in, how it is reached out; nothing is contacted.
//!
//! Follows Ansible's ssh connection: `ansible_host`, `ansible_port`, `ansible_user`, `ansible_ssh_private_key_file`,
//! `ansible_ssh_args`, `ansible_ssh_common_args`, `ansible_ssh_extra_args`, `ansible_host_key_checking`,
//! `ansible_become`, `ansible_become_user`, `ansible_become_method`. Ours are `reginfra_log` (where the log lies) and
//! `reginfra_unit` (which unit's journal). Passwords are ignored: ssh runs without prompts.

use super::failure::{Failure, Reason};
use super::quote;

/// What a host is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostRole {
    /// Its log is production.log.
    Satellite,
    /// Its log is proxy.log.
    Capsule,
    /// Its cache is asked; no log of it is read.
    LoadBalancer,
}

impl HostRole {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Satellite => "satellite",
            Self::Capsule => "capsule",
            Self::LoadBalancer => "load-balancer",
        }
    }

    /// The folder and the name of its log, the unit whose journal has it otherwise.
    pub const fn usual(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Satellite => ("/var/log/foreman", "production.log", "foreman"),
            Self::Capsule => ("/var/log/foreman-proxy", "proxy.log", "foreman-proxy"),
            Self::LoadBalancer => ("/var/log", "haproxy.log", "haproxy"),
        }
    }
}

/// How a host is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteHost {
    /// As the inventory names it.
    pub name: String,
    /// What it is.
    pub role: HostRole,
    /// What ssh is given.
    pub address: String,
    /// Where not ssh's own default decides.
    pub port: Option<u16>,
    /// Where not ssh's own default decides.
    pub user: Option<String>,
    /// Private key as it is written; `~` is HOME, relative paths are relative to where we run, as with Ansible.
    pub key: Option<String>,
    /// Whether a host key must be known.
    pub host_key_checking: bool,
    /// Arguments of the user's for ssh, split.
    pub args: Vec<String>,
    /// Whom sudo turns into; none where the user logs in as that.
    pub become_user: Option<String>,
    /// Folder or file of the log.
    pub log: String,
    /// Unit whose journal has the log where there is no file.
    pub unit: String,
}

/// Gives a variable of the host, rendered; an error says why it cannot be.
pub type Variable<'a> = &'a dyn Fn(&str) -> Result<Option<String>, String>;

impl RemoteHost {
    /// From the host's variables.
    ///
    /// # Errors
    /// A variable that cannot be used, with its name.
    pub fn new(name: &str, role: HostRole, variable: Variable<'_>) -> Result<Self, Failure> {
        let first = |names: &[&str]| first_of(names, variable);
        if let Some(connection) = first(&["ansible_connection"])?
            && !matches!(connection.as_str(), "ssh" | "smart" | "paramiko" | "paramiko_ssh")
        {
            let words = format!("ansible_connection is {connection}, and logs are read over ssh only");
            let way_out = "leave it out, or read the log with --log".to_owned();
            return Err(Failure { reason: Reason::Settings, words, way_out });
        }
        // of two names of one thing Ansible takes the one that it lists last
        let address = first(&["ansible_ssh_host", "ansible_host"])?.unwrap_or_else(|| name.to_owned());
        let user = first(&["ansible_ssh_user", "ansible_user"])?;
        let key = first(&["ansible_ssh_private_key_file", "ansible_private_key_file"])?;
        check("ansible_host", &address, is_address)?;
        check("ansible_user", user.as_deref().unwrap_or("a"), is_user)?;
        // ssh reads the option as a line of its configuration
        let is_key = |key: &str| !key.contains('"') && !key.chars().any(char::is_control);
        check("ansible_ssh_private_key_file", key.as_deref().unwrap_or_default(), is_key)?;
        let become_user = become_user(user.as_deref(), &first)?;
        check("ansible_become_user", become_user.as_deref().unwrap_or("a"), is_user)?;
        let (folder, _, unit) = role.usual();
        let log = first(&["reginfra_log"])?.unwrap_or_else(|| folder.to_owned());
        check("reginfra_log", &log, |log| log.starts_with('/') && !log.chars().any(char::is_control))?;
        let unit = first(&["reginfra_unit"])?.unwrap_or_else(|| unit.to_owned());
        check("reginfra_unit", &unit, |unit| !unit.starts_with('-') && !unit.chars().any(char::is_control))?;
        Ok(Self {
            name: name.to_owned(),
            role,
            port: first(&["ansible_ssh_port", "ansible_port"])?.map(|p| port(&p)).transpose()?,
            host_key_checking: first(&["ansible_ssh_host_key_checking", "ansible_host_key_checking"])?
                .is_none_or(|v| is_true(&v)),
            args: args(&first)?,
            address,
            user,
            key,
            become_user,
            log,
            unit,
        })
    }
}

type First<'a> = &'a dyn Fn(&[&str]) -> Result<Option<String>, Failure>;

fn first_of(names: &[&str], variable: Variable<'_>) -> Result<Option<String>, Failure> {
    for name in names {
        match variable(name) {
            Ok(Some(value)) if !value.trim().is_empty() => return Ok(Some(value.trim().to_owned())),
            Ok(_) => {}
            Err(why) => return Err(Failure::new(Reason::Settings, why)),
        }
    }
    Ok(None)
}

fn args(first: First<'_>) -> Result<Vec<String>, Failure> {
    let mut all = Vec::new();
    for name in ["ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args"] {
        let Some(text) = first(&[name])? else { continue };
        all.extend(quote::split(&text).map_err(|why| wrong(name, &text, &why.to_string()))?);
    }
    Ok(all)
}

fn become_user(user: Option<&str>, first: First<'_>) -> Result<Option<String>, Failure> {
    if !first(&["ansible_become", "ansible_sudo"])?.is_some_and(|v| is_true(&v)) {
        return Ok(None);
    }
    if let Some(method) = first(&["ansible_become_method"])?
        && !matches!(method.as_str(), "sudo" | "ansible.builtin.sudo")
    {
        return Err(wrong("ansible_become_method", &method, "only sudo is used here"));
    }
    let wanted = first(&["ansible_sudo_user", "ansible_become_user"])?.unwrap_or_else(|| "root".to_owned());
    Ok((user != Some(wanted.as_str())).then_some(wanted))
}

fn port(text: &str) -> Result<u16, Failure> {
    let number = text.parse().ok().filter(|p| *p > 0);
    number.ok_or_else(|| wrong("ansible_port", text, "a port is a number from 1 to 65535"))
}

fn check(name: &str, value: &str, fits: impl Fn(&str) -> bool) -> Result<(), Failure> {
    if fits(value) {
        Ok(())
    } else {
        Err(wrong(name, value, "that is refused before it reaches ssh or a shell"))
    }
}

fn wrong(name: &str, value: &str, why: &str) -> Failure {
    let value: String = value.chars().take(60).collect();
    Failure::new(Reason::Settings, format!("{name} is {value:?}: {why}"))
}

// the user's ssh configuration may put it into a command line of its own (ProxyCommand with %h)
fn is_address(address: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%' | '[' | ']');
    !address.is_empty() && !address.starts_with('-') && address.chars().all(fits)
}

// what OpenSSH itself refuses since 9.6
fn is_user(user: &str) -> bool {
    let fits = |c: char| !c.is_control() && !c.is_whitespace() && !"'`\"$\\;&<>|(){}".contains(c);
    !user.is_empty() && !user.starts_with('-') && user.chars().all(fits)
}

fn is_true(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "y" | "on" | "1" | "t")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(vars: &[(&str, &str)]) -> Result<RemoteHost, Failure> {
        let variable = |name: &str| Ok(vars.iter().find(|(k, _)| *k == name).map(|(_, v)| (*v).to_owned()));
        RemoteHost::new("sat.example.com", HostRole::Satellite, &variable)
    }

    #[test]
    fn variables_say_how_a_host_is_reached() {
        let bare = host(&[]).unwrap();
        assert_eq!((bare.address.as_str(), bare.port, bare.user), ("sat.example.com", None, None));
        assert_eq!((bare.become_user, bare.host_key_checking), (None, true));
        let full = host(&[
            ("ansible_host", "fe80::1%eth0"),
            ("ansible_port", "2222"),
            ("ansible_user", "admin"),
            ("ansible_become", "yes"),
            ("ansible_ssh_common_args", "-J 'jump host'"),
            ("ansible_ssh_extra_args", "-o X=y"),
            ("ansible_host_key_checking", "False"),
        ])
        .unwrap();
        assert_eq!((full.address.as_str(), full.port), ("fe80::1%eth0", Some(2222)));
        assert_eq!(full.args, ["-J", "jump host", "-o", "X=y"]);
        assert_eq!((full.become_user.as_deref(), full.host_key_checking), (Some("root"), false));
    }

    #[test]
    fn of_two_names_the_one_that_ansible_takes_counts() {
        let both = host(&[
            ("ansible_host", "10.0.0.1"),
            ("ansible_ssh_host", "10.0.0.2"),
            ("ansible_port", "1001"),
            ("ansible_ssh_port", "1002"),
            ("ansible_user", "a"),
            ("ansible_ssh_user", "b"),
        ])
        .unwrap();
        assert_eq!(
            (both.address.as_str(), both.port, both.user.as_deref()),
            ("10.0.0.2", Some(1002), Some("b"))
        );
    }

    #[test]
    fn root_needs_no_sudo() {
        let root = host(&[("ansible_user", "root"), ("ansible_become", "true")]).unwrap();
        assert_eq!(root.become_user, None);
        let other =
            host(&[("ansible_user", "root"), ("ansible_become", "1"), ("ansible_become_user", "foreman")]);
        assert_eq!(other.unwrap().become_user.as_deref(), Some("foreman"));
    }

    #[test]
    fn what_could_reach_a_shell_or_be_taken_for_an_option_is_refused() {
        for (name, value) in [
            ("ansible_host", "-oProxyCommand=touch x"),
            ("ansible_host", "a;b"),
            ("ansible_host", "a b"),
            ("ansible_host", "a\u{7}b"),
            ("ansible_host", "$(id)"),
            ("ansible_user", "-l"),
            ("ansible_user", "a`id`"),
            ("ansible_port", "22x"),
            ("ansible_port", "0"),
            ("ansible_port", "70000"),
            ("ansible_ssh_private_key_file", "a\nProxyCommand x"),
            ("ansible_ssh_private_key_file", "a\" b"),
            ("ansible_ssh_common_args", "-o 'a"),
            ("ansible_connection", "local"),
            ("reginfra_log", "relative"),
            ("reginfra_unit", "--file=x"),
        ] {
            let failure = host(&[(name, value)]).unwrap_err();
            assert_eq!(failure.reason, Reason::Settings, "{name}={value}");
            assert!(failure.words.contains(name), "{failure}");
        }
        let failure = RemoteHost::new("-x", HostRole::Capsule, &|_| Ok(None)).unwrap_err();
        assert!(failure.words.contains("\"-x\""), "{failure}");
    }
}
