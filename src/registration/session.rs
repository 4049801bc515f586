//! One registration: what its keys gave, packed so that a million of them fit in memory.

use crate::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Eight lower-case hex digits, first one highest, as a number.
#[inline(always)]
pub fn hex8(digits: u64) -> Option<u64> {
    // letters a-f have bit 6: take 9 more for them; then every nibble is checked at once
    let letters = digits >> 6 & 0x0101_0101_0101_0101;
    let nibbles = (digits & 0x0f0f_0f0f_0f0f_0f0f) + letters * 9;
    let back = nibbles + 0x3030_3030_3030_3030 + letters * 0x27;
    // a letter's nibble is 10 to 15, a digit's 0 to 9: `:` and the backtick fail here
    let over_nine = (nibbles + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
    if back != digits || nibbles & 0xf0f0_f0f0_f0f0_f0f0 != 0 || over_nine != letters {
        return None;
    }
    // eight nibbles, one a byte, into 32 bits
    let pairs = (nibbles | nibbles >> 4) & 0x00ff_00ff_00ff_00ff;
    let quads = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    Some((quads | quads >> 16) & 0xffff_ffff)
}

/// A consumer UUID; zero stands for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Uuid(pub u128);

impl Uuid {
    /// No UUID is known.
    pub const NONE: Self = Self(0);

    /// Reads `8d1c2f60-1f5e-4a3b-9a57-0c3b8f1f2d11` (36 bytes, either case); anything else is none.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let t: &[u8; 36] = text.try_into().ok()?;
        if t[8] != b'-' || t[13] != b'-' || t[18] != b'-' || t[23] != b'-' {
            return None;
        }
        let parts = [
            [t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7]],
            [t[9], t[10], t[11], t[12], t[14], t[15], t[16], t[17]],
            [t[19], t[20], t[21], t[22], t[24], t[25], t[26], t[27]],
            [t[28], t[29], t[30], t[31], t[32], t[33], t[34], t[35]],
        ];
        let mut value = 0u128;
        for part in parts {
            // bit 5 makes letters lower case and leaves digits alone
            let digits = u64::from_be_bytes(part) | 0x2020_2020_2020_2020;
            value = value << 32 | u128::from(hex8(digits)?);
        }
        (value != 0).then_some(Self(value))
    }

    /// Whether there is one.
    pub const fn is_some(self) -> bool {
        self.0 != 0
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let v = self.0;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            v >> 96,
            v >> 80 & 0xffff,
            v >> 64 & 0xffff,
            v >> 48 & 0xffff,
            v & 0xffff_ffff_ffff
        )
    }
}

/// Milliseconds that may be missing, in four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ms(u32);

impl Ms {
    /// There is no value.
    pub const NONE: Self = Self(u32::MAX);

    /// A value; what does not fit is held at the largest that does.
    pub fn some(ms: u64) -> Self {
        Self(u32::try_from(ms).unwrap_or(u32::MAX).min(u32::MAX - 1))
    }

    /// The value in milliseconds, where there is one.
    pub const fn get(self) -> Option<u32> {
        if self.0 == u32::MAX { None } else { Some(self.0) }
    }
}

impl Default for Ms {
    fn default() -> Self {
        Self::NONE
    }
}

/// How a host came to the Satellite (design: words).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Straight to the Satellite.
    SatelliteSsh,
    /// Through a standalone capsule, remote execution by SSH.
    CapsuleSsh,
    /// Through a standalone capsule, remote execution by MQTT.
    CapsuleMqtt,
    /// Through the load balancer of a pool of capsules.
    LbSsh,
    /// No key decides.
    #[default]
    Unknown,
}

impl Group {
    /// Every group, in the order in which tables show them.
    pub const ALL: [Self; 5] =
        [Self::SatelliteSsh, Self::CapsuleSsh, Self::CapsuleMqtt, Self::LbSsh, Self::Unknown];

    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SatelliteSsh => "satellite-ssh",
            Self::CapsuleSsh => "capsule-ssh",
            Self::CapsuleMqtt => "capsule-mqtt",
            Self::LbSsh => "lb-ssh",
            Self::Unknown => "unknown",
        }
    }

    /// The name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::SatelliteSsh => "Satellite (ssh)",
            Self::CapsuleSsh => "Standalone capsules (ssh)",
            Self::CapsuleMqtt => "Standalone capsules (mqtt)",
            Self::LbSsh => "Load-balanced capsules (ssh)",
            Self::Unknown => "Way in not known",
        }
    }
}

/// What a figure rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// A key names it.
    Exact,
    /// Time or apportioning; never mixed in silently.
    Inferred,
    /// Nothing in the log tells.
    #[default]
    Missing,
}

impl Evidence {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Inferred => "inferred",
            Self::Missing => "missing",
        }
    }
}

/// What decided a session's group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WayIn {
    /// `POST /register` of this consumer: its `url` parameter, or that it has none (a host that came straight).
    Url,
    /// Katello's own line `Host NAME registered through ...`.
    KatelloLine,
    /// The address that the create came from: a capsule's, a load balancer's, or one that fetched its script straight.
    Address,
    /// The inventory: the address is no capsule's, and hosts behind capsules do not show theirs in this log.
    Inventory,
}

impl WayIn {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::KatelloLine => "katello-line",
            Self::Address => "address",
            Self::Inventory => "inventory",
        }
    }
}

/// Why an attempt failed (design: error classes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ErrorClass {
    /// No Completed line although the log goes on.
    #[serde(rename = "timeout/no-response")]
    NoResponse,
    /// 401, 403.
    #[serde(rename = "auth-failure")]
    Auth,
    /// 429.
    #[serde(rename = "rate-limited")]
    RateLimited,
    /// 5xx.
    #[serde(rename = "server-error")]
    Server,
    /// Any other 4xx.
    #[serde(rename = "client-error")]
    Client,
}

impl ErrorClass {
    /// Every class, in the order in which tables show them.
    pub const ALL: [Self; 5] = [Self::NoResponse, Self::Auth, Self::RateLimited, Self::Server, Self::Client];

    /// The class of a final HTTP status; success has none.
    pub const fn of_status(status: u16) -> Option<Self> {
        match status {
            401 | 403 => Some(Self::Auth),
            429 => Some(Self::RateLimited),
            500..=599 => Some(Self::Server),
            400..=499 => Some(Self::Client),
            _ => None,
        }
    }

    /// The name in JSON and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoResponse => "timeout/no-response",
            Self::Auth => "auth-failure",
            Self::RateLimited => "rate-limited",
            Self::Server => "server-error",
            Self::Client => "client-error",
        }
    }
}

/// A name kept once in `Names`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameId(pub u32);

impl NameId {
    /// There is no name.
    pub const NONE: Self = Self(u32::MAX);
}

impl Default for NameId {
    fn default() -> Self {
        Self::NONE
    }
}

/// One attempt of one host, anchored on the request that creates the consumer.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// The consumer; none where a failed attempt never got one.
    pub uuid: Uuid,
    /// Start of the create.
    pub started_at: Timestamp,
    /// End of the last request that belongs to the session.
    pub ended_at: Timestamp,
    /// The host's name.
    pub host: NameId,
    /// The capsule (its name in the inventory, else its address or url host); none where it came straight or only the load balancer is known.
    pub capsule: NameId,
    /// The client's release from contentTags, such as `rhel-9`.
    pub client_os: NameId,
    /// HTTP status of the create; 0 without a Completed line.
    pub create_status: u16,
    /// Which attempt of this host in the log, from 1.
    pub attempt: u16,
    /// POST /rhsm/consumers, where it succeeded.
    pub consumer_create: Ms,
    /// GET /register, where only one candidate was possible.
    pub script_fetch: Ms,
    /// POST /register, where it succeeded.
    pub host_register: Ms,
    /// The first successful PUT /rhsm/consumers/UUID after the create.
    pub fact_update: Ms,
    /// GET /register as the capsule answered it; inferred, as its place in a session is.
    pub capsule_script_fetch: Ms,
    /// POST /register as the capsule answered it, where it succeeded.
    pub capsule_host_register: Ms,
    /// What `capsule_host_register` rests on.
    pub capsule_register_evidence: Evidence,
    /// GET /rhsm/consumers/UUID/compliance.
    pub compliance_calls: u16,
    /// GET /rhsm/status, where only one candidate was possible; `u16::MAX` is none.
    pub status_calls: u16,
    /// GET /rhsm/consumers/UUID.
    pub redundant_consumer_gets: u16,
    /// How the host came.
    pub group: Group,
    /// What the group rests on.
    pub group_evidence: Evidence,
    /// What decided the group.
    pub way_in: Option<WayIn>,
    /// Why it failed; none for a success.
    pub error: Option<ErrorClass>,
}

impl Session {
    /// `status_calls` has no value.
    pub const NO_COUNT: u16 = u16::MAX;

    /// Whether the consumer was created and no later step was seen to fail for good.
    pub const fn success(&self) -> bool {
        self.error.is_none()
    }

    /// How long its create took that was answered with an error: what got no consumer ends with it.
    pub fn failed_create_ms(&self) -> Option<u32> {
        let ms = self.ended_at.ms_since(self.started_at);
        (self.create_status >= 400).then(|| u32::try_from(ms).unwrap_or(0))
    }

    /// Consumer create and fact update of this session together, where both have a value.
    pub fn create_and_facts(&self) -> Option<u32> {
        Some(self.consumer_create.get()?.saturating_add(self.fact_update.get()?))
    }
}

/// Names kept once, in one block of memory.
#[derive(Debug, Default)]
pub struct Names {
    bytes: String,
    ends: Vec<u32>,
    index: hashbrown::HashTable<u32>,
}

impl Names {
    fn hash(text: &str) -> u64 {
        crate::log::text::hash(text.as_bytes())
    }

    fn slice<'a>(bytes: &'a str, ends: &[u32], id: u32) -> &'a str {
        let end = ends[id as usize] as usize;
        let start = if id == 0 { 0 } else { ends[id as usize - 1] as usize };
        &bytes[start..end]
    }

    /// The id of `text`, made where it is new. The empty text has none.
    pub fn intern(&mut self, text: &str) -> NameId {
        if text.is_empty() || self.bytes.len() + text.len() > u32::MAX as usize {
            return NameId::NONE;
        }
        let hash = Self::hash(text);
        let Self { bytes, ends, index } = self;
        if let Some(id) = index.find(hash, |id| Self::slice(bytes, ends, *id) == text) {
            return NameId(*id);
        }
        let id = ends.len() as u32;
        bytes.push_str(text);
        ends.push(bytes.len() as u32);
        index.insert_unique(hash, id, |id| Self::hash(Self::slice(bytes, ends, *id)));
        NameId(id)
    }

    /// The id of a name that is kept already.
    pub fn find(&self, text: &str) -> NameId {
        let found = self.index.find(Self::hash(text), |id| Self::slice(&self.bytes, &self.ends, *id) == text);
        found.map_or(NameId::NONE, |id| NameId(*id))
    }

    /// The text behind an id; none for `NameId::NONE`.
    pub fn get(&self, id: NameId) -> Option<&str> {
        ((id.0 as usize) < self.ends.len()).then(|| Self::slice(&self.bytes, &self.ends, id.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_reads_and_shows_the_same() {
        let text = "8d1c2f60-1f5e-4a3b-9a57-0c3b8f1f2d11";
        assert_eq!(Uuid::parse(text.as_bytes()).unwrap().to_string(), text);
        assert_eq!(Uuid::parse(b"8d1c2f60"), None);
        assert_eq!(Uuid::parse(b"8d1c2f60-1f5e-4a3b-9a57_0c3b8f1f2d11"), None);
    }

    #[test]
    fn a_name_is_kept_once() {
        let mut names = Names::default();
        let a = names.intern("host1.example.com");
        let b = names.intern("host2.example.com");
        assert_eq!(names.intern("host1.example.com"), a);
        assert_eq!((names.get(a), names.get(b)), (Some("host1.example.com"), Some("host2.example.com")));
        assert_eq!(names.get(NameId::NONE), None);
    }

    #[test]
    fn error_classes_follow_the_status() {
        assert_eq!(ErrorClass::of_status(201), None);
        for (status, name) in
            [(401, "auth-failure"), (429, "rate-limited"), (503, "server-error"), (422, "client-error")]
        {
            assert_eq!(ErrorClass::of_status(status).unwrap().name(), name);
        }
    }
}
