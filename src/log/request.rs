//! A request as its lines give it, whole or in part.

use super::address::Address;
use crate::registration::session::Uuid;
use serde::{Deserialize, Serialize};

/// What a request is to a registration, told from method and path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Kind {
    /// The Started line has not been seen.
    #[default]
    Unseen,
    /// Outside /rhsm and /register.
    Other,
    /// GET /register.
    Script,
    /// POST /register.
    HostRegister,
    /// POST /rhsm/consumers, POST /rhsm/environments/ENV/consumers.
    Create,
    /// PUT /rhsm/consumers/UUID.
    Facts,
    /// GET /rhsm/consumers/UUID/compliance.
    Compliance,
    /// GET /rhsm/consumers/UUID.
    ConsumerGet,
    /// Any other request with a consumer UUID in its path.
    Consumer,
    /// GET /rhsm/status.
    Status,
    /// /rhsm without a UUID.
    Rhsm,
    /// GET /rhsm/consumers/UUID/certificates/serials.
    Serials,
    /// GET /rhsm/consumers/UUID/certificates.
    Certificates,
    /// GET /rhsm/consumers/UUID/accessible_content.
    AccessibleContent,
    /// GET or PUT /rhsm/consumers/UUID/content_overrides.
    ContentOverrides,
    /// GET /rhsm/consumers/UUID/release.
    Release,
    /// PUT /rhsm/consumers/UUID/profiles.
    Profiles,
    /// PUT /rhsm/systems/UUID/enabled_repos.
    EnabledRepos,
    /// /unattended/built: the host says that its own script is through.
    Built,
    /// /redhat_access/r/insights: insights-client through the Satellite.
    Insights,
}

impl Kind {
    /// How many kinds there are.
    pub const COUNT: usize = Self::Insights as usize + 1;

    /// A consumer's UUID stands in its path.
    pub const fn has_uuid(self) -> bool {
        matches!(
            self,
            Self::Facts
                | Self::Compliance
                | Self::ConsumerGet
                | Self::Consumer
                | Self::Serials
                | Self::Certificates
                | Self::AccessibleContent
                | Self::ContentOverrides
                | Self::Release
                | Self::Profiles
                | Self::EnabledRepos
        )
    }

    /// Outside /rhsm and /register.
    pub const fn is_other(self) -> bool {
        matches!(self, Self::Other | Self::Built | Self::Insights)
    }
}

/// What the lines between Started and Completed said, where a metric needs it.
///
/// Which field counts depends on the kind: where Started lies in another block, every field is filled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// The host's name in an audit line, a fact import or Katello's word on the way in.
    pub host: Option<Box<str>>,
    /// The host's name in Parameters.
    pub param_host: Option<Box<str>>,
    /// The consumer UUID that a create ended with (audit lines of the facets).
    pub uuid: Uuid,
    /// The consumer UUID that it replaced (`update event on uuid OLD, NEW`).
    pub old_uuid: Uuid,
    /// The consumer UUID in Parameters of POST /register.
    pub param_uuid: Uuid,
    /// Host and port of the `url` parameter of POST /register.
    pub param_url: Option<Box<str>>,
    /// Host and port of the `url` in the query of GET /register.
    pub query_url: Option<Box<str>>,
    /// `setup_remote_execution_pull=true` in the query of GET /register: remote execution by MQTT.
    pub pull: bool,
    /// The load balancer or proxy of Katello's own line `Host NAME registered through ...`.
    pub through: Option<Through>,
    /// The client's release from contentTags, such as `rhel-9`.
    pub client_os: Option<Box<str>>,
    /// The first lines that say what went wrong.
    pub trouble: Vec<Box<str>>,
    /// The Completed line of a request that failed.
    pub refusal: Option<Box<str>>,
}

/// Lines of a request that say what went wrong, and characters of each, that are kept.
const TROUBLE: usize = 3;
const LONGEST: usize = 240;

/// Katello's own word on the way a host came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Through {
    /// `registered through load balancer LB`.
    LoadBalancer(Box<str>),
    /// `registered through unknown proxy P`, or through one that it knows.
    Proxy(Box<str>),
}

/// Where a host's name stands in the text of its block (`Block::hosts`): one is seldom asked for, so it gets no memory of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostAt {
    from: u32,
    /// 0: none.
    len: u8,
}

impl HostAt {
    /// Puts a name behind the others, in lower case.
    pub fn put(hosts: &mut String, host: &str) -> Self {
        let (Ok(from), Ok(len)) = (u32::try_from(hosts.len()), u8::try_from(host.len())) else {
            return Self::default();
        };
        hosts.push_str(host);
        hosts[from as usize..].make_ascii_lowercase();
        Self { from, len }
    }

    /// Whether there is one.
    pub const fn is_some(self) -> bool {
        self.len > 0
    }

    fn of(self, hosts: &str) -> Option<&str> {
        let from = self.from as usize;
        hosts.get(from..from + usize::from(self.len)).filter(|host| !host.is_empty())
    }
}

/// A request, or the part of it that one block of the log holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Request {
    /// First 8 hex digits of the request id as a number; other forms are hashed.
    pub id: u64,
    /// Start in microseconds since 1970 (UTC). Without a Started line: the local time of the line that ended it.
    pub start_us: i64,
    /// Consumer UUID of the path.
    pub uuid: Uuid,
    /// Where it came from.
    pub address: Address,
    /// A hash of the Started line; 0 where none has been seen.
    pub started_tag: u32,
    /// A hash of the Completed line; 0 where none has been seen.
    pub completed_tag: u32,
    /// Duration in the Completed line.
    pub duration_ms: u32,
    /// Status in the Completed line; 0 where none has been seen.
    pub status: u16,
    /// What it is to a registration.
    pub kind: Kind,
    /// The host that a fact update names.
    pub host: HostAt,
    /// What the lines in between said.
    pub details: Option<Box<Details>>,
}

impl Request {
    /// A Started line has been seen.
    pub const fn started(&self) -> bool {
        self.started_tag != 0
    }

    /// A Completed line has been seen.
    pub const fn completed(&self) -> bool {
        self.completed_tag != 0
    }

    /// End in microseconds since 1970 (UTC).
    pub const fn end_us(&self) -> i64 {
        self.start_us.saturating_add(self.duration_ms as i64 * 1000)
    }

    /// Whether the final status is a success.
    pub const fn success(&self) -> bool {
        self.status >= 200 && self.status < 400
    }

    /// A line has named its host.
    pub fn names_host(&self) -> bool {
        self.host.is_some() || self.details.as_ref().is_some_and(|details| details.host.is_some())
    }

    /// The host that it names comes along: its block is left behind.
    pub fn keep_host(&mut self, hosts: &str) {
        if let Some(host) = std::mem::take(&mut self.host).of(hosts) {
            self.details.get_or_insert_default().host.get_or_insert_with(|| host.into());
        }
    }

    /// Adds what a later part of the same request holds. What was said first stays.
    pub fn merge(&mut self, later: Self) {
        if !self.started() && later.started() {
            self.start_us = later.start_us;
            self.uuid = later.uuid;
            self.address = later.address;
            self.started_tag = later.started_tag;
            self.kind = later.kind;
        }
        if !self.completed() && later.completed() {
            self.completed_tag = later.completed_tag;
            self.duration_ms = later.duration_ms;
            self.status = later.status;
        }
        if let Some(details) = later.details {
            match &mut self.details {
                Some(mine) => mine.merge(*details),
                none => *none = Some(details),
            }
        }
    }
}

impl Details {
    /// Of a line that says what went wrong.
    pub fn of_trouble(text: &[u8]) -> Self {
        Self { trouble: vec![shown(text)], ..Self::default() }
    }

    /// Of the Completed line of a request that failed.
    pub fn of_refusal(text: &[u8]) -> Self {
        Self { refusal: Some(shown(text)), ..Self::default() }
    }

    /// Another line that says what went wrong would be kept.
    pub const fn has_room(&self) -> bool {
        self.trouble.len() < TROUBLE
    }

    /// What of it tells why the request failed.
    pub fn split_off_failure(&mut self) -> Self {
        Self { trouble: std::mem::take(&mut self.trouble), refusal: self.refusal.take(), ..Self::default() }
    }

    /// Lines of a request that failed, as the log has them.
    pub fn take_failure(&mut self) -> Vec<Box<str>> {
        let mut lines = std::mem::take(&mut self.trouble);
        lines.extend(self.refusal.take());
        lines
    }

    /// Adds what a later line of the same request said.
    pub fn merge(&mut self, later: Self) {
        self.host = self.host.take().or(later.host);
        self.param_host = self.param_host.take().or(later.param_host);
        // a UUID that changes inside the request: the last one is the consumer's
        if later.uuid.is_some() {
            self.uuid = later.uuid;
        }
        if !self.old_uuid.is_some() {
            self.old_uuid = later.old_uuid;
        }
        if !self.param_uuid.is_some() {
            self.param_uuid = later.param_uuid;
        }
        self.param_url = self.param_url.take().or(later.param_url);
        self.query_url = self.query_url.take().or(later.query_url);
        self.pull |= later.pull;
        self.through = self.through.take().or(later.through);
        self.client_os = self.client_os.take().or(later.client_os);
        for line in later.trouble {
            // where files overlap a line can stand twice
            if self.has_room() && !self.trouble.contains(&line) {
                self.trouble.push(line);
            }
        }
        self.refusal = self.refusal.take().or(later.refusal);
    }
}

fn shown(text: &[u8]) -> Box<str> {
    let text = String::from_utf8_lossy(&text[..text.len().min(4 * LONGEST)]);
    let plain = text.trim().chars().take(LONGEST).map(|c| if c.is_control() { '.' } else { c });
    plain.collect::<String>().into()
}
