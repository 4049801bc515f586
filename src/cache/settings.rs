//! Whom to ask and as whom: the topology, the inventory's variables, options and the environment in, endpoints out.
//!
//! Variables of a load balancer: `registration_cache_monitor_password`, `registration_cache_port`,
//! `registration_cache_tls` (those of the role registration_cache). A password never comes from a command line.

use super::capsules::MONITOR;
use super::tls;
use crate::inventory::{Inventory, LoadBalancer, Topology};
use crate::source::ssh::target::RemoteHost;
use rustls::RootCertStore;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Redis's and Valkey's own.
pub const PORT: u16 = 6379;

/// The longest password; ACL files take more, nobody has more.
const MAX_PASSWORD: u64 = 4096;

/// Why caches cannot be asked, and the way out.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The password's file.
    #[error("{path}: cannot read the cache's password: {source}; check the path and its permissions", path = .path.display())]
    PasswordFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Nothing in it, or too much.
    #[error("{path}: {what}; put the password on its first line", path = .path.display())]
    NoPassword {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
    /// A port that is none.
    #[error("{host}: registration_cache_port is no port: '{value}'; give a number from 1 to 65535")]
    Port {
        /// The load balancer.
        host: String,
        /// The value.
        value: String,
    },
    /// The authorities' file.
    #[error("{path}: {words}; --cache-ca-file takes PEM certificates", path = .path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        words: String,
    },
    /// No certificate on this machine.
    #[error(
        "no certificate authority of this system can be read ({0}); give the cache's own with --cache-ca-file"
    )]
    NoAuthorities(String),
}

/// A password: never shown, not even when debugging.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// For the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(...)")
    }
}

/// A cache to ask.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Name of its load balancer.
    pub load_balancer: String,
    /// Location of its pool.
    pub location: Option<String>,
    /// Capsules of its pool.
    pub pool: Vec<String>,
    /// Address, or a name where the inventory has no address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// As whom.
    pub user: String,
    /// With which password; without one only an open cache answers.
    pub password: Option<Secret>,
    /// Who may vouch for it; none is without TLS.
    pub authorities: Option<Arc<RootCertStore>>,
    /// Through which host it is asked; none is directly.
    pub through: Option<Through>,
}

/// The way to a cache through its load balancer.
#[derive(Clone, Debug)]
pub struct Through {
    /// The load balancer.
    pub host: RemoteHost,
    /// The file there that holds the monitoring user's password, where the role made it.
    pub password_file: String,
}

impl Endpoint {
    /// `10.0.0.5:6379`, `[2001:db8::5]:6379`.
    pub fn address(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

/// What the command line and the environment say; all of it may be missing.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Instead of the role's monitoring user.
    pub user: Option<String>,
    /// Instead of the inventory's port.
    pub port: Option<u16>,
    /// A file with the password.
    pub password_file: Option<PathBuf>,
    /// `REGINFRA_CACHE_PASSWORD`.
    pub password: Option<Secret>,
    /// `REDISCLI_AUTH`, which wins over nothing else.
    pub last_password: Option<Secret>,
    /// TLS although the inventory does not say so.
    pub tls: bool,
    /// Authorities instead of the system's.
    pub authorities: Option<PathBuf>,
}

impl Wishes {
    /// Adds what the environment says. An empty variable says nothing.
    #[must_use]
    pub fn with_environment(self) -> Self {
        let secret = |name| std::env::var(name).ok().filter(|v| !v.is_empty()).map(Secret::new);
        Self { password: secret("REGINFRA_CACHE_PASSWORD"), last_password: secret("REDISCLI_AUTH"), ..self }
    }
}

/// Variables by host, and what a reader must know about them.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    by_host: BTreeMap<String, BTreeMap<String, String>>,
    /// Values that cannot be used as they stand.
    pub warnings: Vec<String>,
}

/// The variables that matter here, of every load balancer. The one place that takes them from the inventory.
pub fn variables_of(inventory: &Inventory, balancers: &[LoadBalancer]) -> Variables {
    let mut found = Variables::default();
    for balancer in balancers {
        let mut kept = BTreeMap::new();
        let host = inventory.host(&balancer.name);
        let names = host.map(|host| host.variables().into_keys()).into_iter().flatten();
        for key in names.filter(|key| key.starts_with("registration_cache_")) {
            match host.map(|host| host.value(&key)) {
                Some(Ok(Some(value))) => {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    if !text.trim().is_empty() && !value.is_null() {
                        kept.insert(key, text.trim().to_owned());
                    }
                }
                Some(Err(error)) => {
                    found
                        .warnings
                        .push(format!("{error}; or give it by --cache-password-file or the environment"));
                }
                _ => {}
            }
        }
        found.by_host.insert(balancer.name.clone(), kept);
    }
    found
}

/// An endpoint for each load balancer of the topology.
///
/// # Errors
/// A file that cannot be read, a port that is none.
pub fn endpoints(
    topology: &Topology,
    variables: &Variables,
    wishes: &Wishes,
) -> Result<Vec<Endpoint>, SettingsError> {
    let given = match &wishes.password_file {
        Some(path) => Some(password_from(path)?),
        None => wishes.password.clone(),
    };
    let nothing = BTreeMap::new();
    let of = |name: &str| variables.by_host.get(name).unwrap_or(&nothing);
    let wants_tls =
        |name: &str| wishes.tls || of(name).get("registration_cache_tls").is_some_and(|value| is_true(value));
    let mut authorities = None;
    if topology.load_balancers.iter().any(|b| wants_tls(&b.name)) {
        authorities = Some(Arc::new(authorities_of(wishes.authorities.as_deref())?));
    }
    let endpoint = |balancer: &LoadBalancer| {
        let own = of(&balancer.name);
        let inventory = own.get("registration_cache_monitor_password").map(Secret::new);
        Ok(Endpoint {
            load_balancer: balancer.name.clone(),
            location: balancer.location.clone(),
            pool: balancer.pool.clone(),
            // private_ip where there is one: what the cache binds
            host: balancer.addresses.first().map_or_else(|| name_of(balancer), ToString::to_string),
            port: port_of(balancer, own, wishes)?,
            user: wishes.user.clone().unwrap_or_else(|| MONITOR.to_owned()),
            password: given.clone().or(inventory).or_else(|| wishes.last_password.clone()),
            authorities: authorities.clone().filter(|_| wants_tls(&balancer.name)),
            through: None,
        })
    };
    topology.load_balancers.iter().map(endpoint).collect()
}

fn name_of(balancer: &LoadBalancer) -> String {
    balancer.aliases.first().unwrap_or(&balancer.name).clone()
}

fn port_of(
    balancer: &LoadBalancer,
    own: &BTreeMap<String, String>,
    wishes: &Wishes,
) -> Result<u16, SettingsError> {
    match (wishes.port, own.get("registration_cache_port")) {
        (Some(port), _) => Ok(port),
        (None, None) => Ok(PORT),
        (None, Some(value)) => value
            .parse()
            .ok()
            .filter(|port| *port > 0)
            .ok_or_else(|| SettingsError::Port { host: balancer.name.clone(), value: value.clone() }),
    }
}

fn is_true(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "1")
}

fn authorities_of(file: Option<&Path>) -> Result<RootCertStore, SettingsError> {
    tls::authorities(file).map_err(|words| match file {
        Some(path) => SettingsError::Authorities { path: path.to_owned(), words },
        None => SettingsError::NoAuthorities(words),
    })
}

/// The first line of a file.
fn password_from(path: &Path) -> Result<Secret, SettingsError> {
    let failed = |source| SettingsError::PasswordFile { path: path.to_owned(), source };
    let wrong = |what| SettingsError::NoPassword { path: path.to_owned(), what };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(MAX_PASSWORD).read_to_end(&mut bytes).map_err(failed)?;
    let text = String::from_utf8(bytes).map_err(|_| wrong("is not text"))?;
    match text.lines().next().map(|line| line.trim_end_matches('\r')) {
        None | Some("") => Err(wrong("its first line is empty")),
        Some(line) => Ok(Secret::new(line)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const INVENTORY: &str = "\
[satellite6]
sat private_ip=10.0.0.9
[capsules]
cap1 private_ip=10.0.0.1
[capsule_lbs]
lb1.example.com private_ip=10.0.0.5 registration_cache_port=6380 registration_cache_monitor_password='a #b'
lb2.example.com private_ip6=2001:db8::5 registration_cache_monitor_password=\"{{ vaulted }}\"
lb3.example.com
[location_brno]
cap1
lb1.example.com
";

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn endpoints_of(inventory: &str, wishes: &Wishes) -> Result<(Vec<Endpoint>, Vec<String>), SettingsError> {
        let file = file(inventory);
        let inventory = Inventory::load(file.path()).unwrap();
        let topology = Topology::of(&inventory).unwrap();
        let variables = variables_of(&inventory, &topology.load_balancers);
        Ok((endpoints(&topology, &variables, wishes)?, variables.warnings))
    }

    #[test]
    fn the_inventory_says_where_and_with_which_password() {
        let (found, warnings) = endpoints_of(INVENTORY, &Wishes::default()).unwrap();
        let shown: Vec<_> = found.iter().map(|e| (e.address(), e.password.clone().map(|p| p.0))).collect();
        assert_eq!(
            shown,
            [
                ("10.0.0.5:6380".to_owned(), Some("a #b".to_owned())),
                ("[2001:db8::5]:6379".to_owned(), None),
                ("lb3.example.com:6379".to_owned(), None),
            ]
        );
        assert_eq!((found[0].user.as_str(), found[0].pool.as_slice()), (MONITOR, &["cap1".to_owned()][..]));
        assert!(
            warnings.len() == 1
                && warnings[0].contains("lb2.example.com: the variable registration_cache_monitor")
        );
    }

    #[test]
    fn a_file_wins_over_the_environment_and_that_over_the_inventory() {
        let passwords = |wishes: &Wishes| {
            let (found, _) = endpoints_of(INVENTORY, wishes).unwrap();
            found.into_iter().map(|e| e.password.map_or_else(String::new, |p| p.0)).collect::<Vec<_>>()
        };
        let last = Wishes { last_password: Some(Secret::new("last")), ..Wishes::default() };
        assert_eq!(passwords(&last), ["a #b", "last", "last"]);
        let own = Wishes { password: Some(Secret::new("own")), ..last };
        assert_eq!(passwords(&own), ["own", "own", "own"]);
        let file = file("from file\r\nnot this\n");
        let own = Wishes { password_file: Some(file.path().to_owned()), ..own };
        assert_eq!(passwords(&own), ["from file"; 3]);
    }

    #[test]
    fn what_cannot_be_used_is_named_with_a_way_out() {
        let wrong = INVENTORY.replace("6380", "70000");
        let told = endpoints_of(&wrong, &Wishes::default()).unwrap_err().to_string();
        assert!(told.contains("lb1.example.com: registration_cache_port is no port: '70000'"), "{told}");
        let empty = file("\nx\n");
        for (path, part) in
            [(empty.path(), "first line is empty"), (Path::new("/nowhere/p"), "/nowhere/p: cannot")]
        {
            let wishes = Wishes { password_file: Some(path.to_owned()), ..Wishes::default() };
            let told = endpoints_of(INVENTORY, &wishes).unwrap_err().to_string();
            assert!(told.contains(part), "{told}");
        }
        let wishes = Wishes { tls: true, authorities: Some(empty.path().to_owned()), ..Wishes::default() };
        let told = endpoints_of(INVENTORY, &wishes).unwrap_err().to_string();
        assert!(told.contains("holds no certificate"), "{told}");
    }

    #[test]
    fn a_password_is_never_shown() {
        let (found, _) = endpoints_of(INVENTORY, &Wishes::default()).unwrap();
        assert!(!format!("{found:?}").contains("a #b"));
    }
}
