//! What a line says, where a registration metric needs it.

use super::address::Address;
use super::clock::{DateCache, offset_secs};
use super::request::Kind;
use crate::registration::session::Uuid;
use memchr::{memchr, memmem, memrchr};

/// `Started POST "/rhsm/consumers?owner=Default_Organization&activation_keys=AK" for 10.10.1.11 at 2026-04-04 12:00:01 +0200`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started<'a> {
    /// Method.
    pub method: &'a [u8],
    /// Path with query.
    pub path: &'a [u8],
    /// Source address.
    pub address: Address,
    /// Local time in seconds since 1970.
    pub local_secs: i64,
    /// Seconds east of UTC; none where the line does not say.
    pub offset: Option<i32>,
}

impl<'a> Started<'a> {
    /// Reads a Started line; none where it is cut or another line.
    pub fn parse(text: &'a [u8], dates: &mut DateCache) -> Option<Self> {
        let rest = text.strip_prefix(b"Started ")?;
        let method_end = rest.iter().take(16).position(|b| *b == b' ')?;
        let (method, rest) = rest.split_at(method_end);
        let rest = rest.strip_prefix(b" \"")?.trim_ascii_end();
        let (head, local_secs, offset) = split_time(rest, dates)?;
        let quote = memrchr(b'"', head)?;
        let address = head[quote..].strip_prefix(b"\" for ")?;
        Some(Self { method, path: &head[..quote], address: Address::parse(address), local_secs, offset })
    }
}

// the time is the last thing in the line; its form tells its length
fn split_time<'a>(rest: &'a [u8], dates: &mut DateCache) -> Option<(&'a [u8], i64, Option<i32>)> {
    let n = rest.len();
    // ` at 2026-04-04 12:00:01 +0200`, ` at 2026-04-04 12:00:01 UTC`
    for (len, zone) in [(29, 5), (27, 3)] {
        if n > len && rest[n - len..].starts_with(b" at ") {
            let local = dates.local_secs(&rest[n - len + 4..])?;
            return Some((&rest[..n - len], local, Some(offset_secs(&rest[n - zone..])?)));
        }
    }
    // no offset: ` at 2026-04-04 12:00:01`
    if n > 23 && rest[n - 23..].starts_with(b" at ") {
        return Some((&rest[..n - 23], dates.local_secs(&rest[n - 19..])?, None));
    }
    // before 2014: ` at Tue Oct 15 07:29:20 -0700 2013`
    if n > 34 && rest[n - 34..].starts_with(b" at ") {
        let t = &rest[n - 30..];
        let months = b"JanFebMarAprMayJunJulAugSepOctNovDec";
        let month = months.chunks(3).position(|m| m == &t[4..7])? + 1;
        let day = if t[8] == b' ' { b'0' } else { t[8] };
        let iso = [
            &t[26..30],
            b"-",
            &[b'0' + (month / 10) as u8, b'0' + (month % 10) as u8],
            b"-",
            &[day, t[9]],
            b" ",
            &t[11..19],
        ]
        .concat();
        return Some((&rest[..n - 34], dates.local_secs(&iso)?, Some(offset_secs(&t[20..25])?)));
    }
    None
}

/// What a method and path are to a registration, and the consumer UUID in the path.
pub fn classify(method: &[u8], path: &[u8]) -> (Kind, Uuid) {
    if let Some(rest) = path.strip_prefix(b"/rhsm") {
        return classify_rhsm(method, rest);
    }
    match path.strip_prefix(b"/register") {
        Some([] | [b'?', ..]) if method == b"GET" => (Kind::Script, Uuid::NONE),
        Some([] | [b'?', ..]) if method == b"POST" => (Kind::HostRegister, Uuid::NONE),
        _ if path.starts_with(b"/unattended/built") => (Kind::Built, Uuid::NONE),
        _ if path.starts_with(b"/redhat_access/r/insights") => (Kind::Insights, Uuid::NONE),
        _ => (Kind::Other, Uuid::NONE),
    }
}

// what stands behind /rhsm/consumers/UUID
fn below_consumer(method: &[u8], rest: &[u8]) -> Kind {
    let path = &rest[..memchr(b'?', rest).unwrap_or(rest.len())];
    match (method, path) {
        (b"GET", b"/compliance") => Kind::Compliance,
        (b"GET", b"/certificates/serials") => Kind::Serials,
        (b"GET", b"/certificates") => Kind::Certificates,
        (b"GET", b"/accessible_content") => Kind::AccessibleContent,
        (b"GET" | b"PUT", b"/content_overrides") => Kind::ContentOverrides,
        (b"GET", b"/release") => Kind::Release,
        (b"PUT", b"/profiles") => Kind::Profiles,
        _ => Kind::Consumer,
    }
}

fn classify_rhsm(method: &[u8], path: &[u8]) -> (Kind, Uuid) {
    let ends = |rest: &[u8]| matches!(rest, [] | [b'?', ..]);
    if let Some(rest) = path.strip_prefix(b"/consumers") {
        if ends(rest) && method == b"POST" {
            return (Kind::Create, Uuid::NONE);
        }
        if let Some((uuid, rest)) = leading_uuid(rest) {
            let kind = match method {
                b"GET" if ends(rest) => Kind::ConsumerGet,
                b"PUT" if ends(rest) => Kind::Facts,
                _ => below_consumer(method, rest),
            };
            return (kind, uuid);
        }
    } else if let Some(rest) = path.strip_prefix(b"/systems") {
        if let Some((uuid, rest)) = leading_uuid(rest) {
            let repos = method == b"PUT" && rest.strip_prefix(b"/enabled_repos").is_some_and(ends);
            return (if repos { Kind::EnabledRepos } else { Kind::Consumer }, uuid);
        }
    } else if path.strip_prefix(b"/status").is_some_and(ends) && method == b"GET" {
        return (Kind::Status, Uuid::NONE);
    } else if let Some(rest) = path.strip_prefix(b"/environments/") {
        let consumers = memchr(b'/', rest)
            .is_some_and(|slash| rest[slash..].strip_prefix(b"/consumers").is_some_and(ends));
        if consumers && method == b"POST" {
            return (Kind::Create, Uuid::NONE);
        }
    }
    if path.is_empty() || matches!(path[0], b'/' | b'?') {
        (Kind::Rhsm, Uuid::NONE)
    } else {
        (Kind::Other, Uuid::NONE)
    }
}

fn leading_uuid(rest: &[u8]) -> Option<(Uuid, &[u8])> {
    let rest = rest.strip_prefix(b"/")?;
    let uuid = Uuid::parse(rest.get(..36)?)?;
    matches!(rest.get(36), None | Some(b'/' | b'?')).then(|| (uuid, &rest[36..]))
}

/// `Completed 201 Created in 3256ms (Views: 0.2ms | ActiveRecord: 880.4ms | Allocations: 83301)` as status and milliseconds.
pub fn completed(text: &[u8]) -> Option<(u16, u32)> {
    let rest = text.strip_prefix(b"Completed ")?;
    let [a, b, c, b' ', ..] = rest else { return None };
    let mut status = 0;
    for digit in [a, b, c] {
        status = status * 10 + u16::from(digit.is_ascii_digit().then(|| digit - b'0')?);
    }
    // the reason phrase is short and holds no " in "
    let at = match rest.get(4..10) {
        Some(b"OK in ") => 10,
        _ => rest[..rest.len().min(64)].windows(4).position(|w| w == b" in ")? + 4,
    };
    let mut ms = 0u32;
    let mut digits = 0;
    for (i, b) in rest[at..].iter().enumerate() {
        match b {
            b'0'..=b'9' => {
                ms = ms.saturating_mul(10).saturating_add(u32::from(b - b'0'));
                digits += 1;
            }
            b'm' if digits > 0 && rest.get(at + i + 1) == Some(&b's') => return Some((status, ms)),
            _ => return None,
        }
    }
    None
}

/// What an audit line of a facet says of the consumer UUID: (old, new).
///
/// ```text
/// Katello::Host::SubscriptionFacet (46) create event on uuid 8d1c2f60-...
/// Katello::Host::SubscriptionFacet (46) update event on uuid OLD, NEW
/// Host::Base (1689) update event on uuid OLD, NEW      (the facets' label before Foreman 3.4)
/// ```
pub fn audit_uuid(text: &[u8]) -> Option<(Uuid, Uuid)> {
    let facet = text.starts_with(b"Katello::Host::") || text.starts_with(b"Host::Base (");
    if !facet {
        return None;
    }
    let event = audit_event(text)?;
    if let Some(uuid) = event.strip_prefix(b"create event on uuid ") {
        return Some((Uuid::NONE, Uuid::parse(uuid.get(..36)?)?));
    }
    let value = event.strip_prefix(b"update event on uuid ")?;
    // an empty OLD leaves `, NEW`
    let comma = memchr(b',', value)?;
    let new = Uuid::parse(value.get(comma + 2..comma + 38)?)?;
    Some((Uuid::parse(&value[..comma]).unwrap_or_default(), new))
}

/// `Host::Base (123) create event on name host1.example.com`, `Host::Managed (2) update event on name old, new`.
pub fn audit_host(text: &[u8]) -> Option<&str> {
    if !text.starts_with(b"Host::") {
        return None;
    }
    host_name(audit_event(text)?.strip_prefix(b"create event on name ")?)
}

// what stands behind the record: `Host::Base (123) ...`
fn audit_event(text: &[u8]) -> Option<&[u8]> {
    text[memchr(b')', text)? + 1..].strip_prefix(b" ")
}

/// `Candlepin returned different consumer uuid than requested (OLD), updating uuid in subscription_facet.`
pub fn candlepin_other_uuid(text: &[u8]) -> Option<Uuid> {
    let rest = text.strip_prefix(b"Candlepin returned different consumer uuid than requested (")?;
    Uuid::parse(rest.get(..36)?)
}

/// `Import facts for 'host1.example.com' completed. Added: 1, Updated: 2, Deleted 0 facts`
pub fn fact_import_host(text: &[u8]) -> Option<&str> {
    let rest = text.strip_prefix(b"Import facts for '")?;
    host_name(&rest[..memchr(b'\'', rest)?])
}

/// `unattended: host1.example.com is built!` (Foreman's UnattendedController; `Built!` before 2013)
pub fn built_host(text: &[u8]) -> Option<&str> {
    let rest = text.strip_prefix(b"unattended: ")?.trim_ascii_end();
    let host = rest.strip_suffix(b" is built!").or_else(|| rest.strip_suffix(b" is Built!"))?;
    host_name(host)
}

/// `Host host1.example.com registered through load balancer lb1.example.com` as (host, load balancer?, name).
pub fn registered_through(text: &[u8]) -> Option<(&str, bool, &str)> {
    let rest = text.strip_prefix(b"Host ")?;
    let at = memmem::find(rest, b" registered through ")?;
    let (host, way) = (host_name(&rest[..at])?, &rest[at + 20..]);
    if let Some(lb) = way.strip_prefix(b"load balancer ") {
        return Some((host, true, host_name(lb)?));
    }
    let proxy = way.strip_prefix(b"unknown proxy ").or_else(|| way.strip_prefix(b"proxy ")).unwrap_or(way);
    Some((host, false, host_name(proxy)?))
}

fn host_name(text: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(text).ok()?.trim();
    (!text.is_empty() && text.len() <= 255 && !text.contains(char::is_whitespace)).then_some(text)
}

/// A hash of a text. The seed is fixed: nothing may change from run to run.
pub fn hash(text: &[u8]) -> u64 {
    const K: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93];
    let fold = |a: u64, b: u64| {
        let wide = u128::from(a) * u128::from(b);
        wide as u64 ^ (wide >> 64) as u64
    };
    let take = |hash: u64, bytes: &[u8; 16]| {
        let both = u128::from_le_bytes(*bytes);
        fold(both as u64 ^ K[0], (both >> 64) as u64 ^ hash)
    };
    let hash = text.len() as u64 ^ K[1];
    let hash = match text.last_chunk() {
        // the last 16 bytes may overlap those before
        Some(last) => {
            let (before, _) = text[..text.len() - 1].as_chunks::<16>();
            take(before.iter().fold(hash, take), last)
        }
        None => {
            let mut padded = [0; 16];
            padded[..text.len()].copy_from_slice(text);
            take(hash, &padded)
        }
    };
    fold(hash, K[1])
}

/// A hash of a Completed line, never 0: its end has the figures that two lines hardly share.
pub fn completed_tag(text: &[u8], status: u16, ms: u32) -> u32 {
    let end = &text[text.len().saturating_sub(32)..];
    (hash(end).wrapping_add(u64::from(status) << 32 | u64::from(ms)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        >> 32) as u32
        | 1
}

/// A 32-bit hash of a text, never 0.
pub fn tag(text: &[u8]) -> u32 {
    (hash(text) >> 32) as u32 | 1
}

/// The same of a Started line: beside the request id, its end (last of the path, source, time) tells whether two are the same.
pub fn started_tag(text: &[u8]) -> u32 {
    tag(&text[text.len().saturating_sub(64)..]) ^ (text.len() as u32) << 1
}

/// How many lines journald dropped, in whatever form of the journal; 0 where another unit's or nothing is said.
///
/// ```text
/// Aug 10 07:19:29 sat systemd-journald[412]: Suppressed 1204 messages from foreman.service
/// ```
#[cold]
pub fn suppressed(line: &[u8]) -> u64 {
    let Some(at) = memmem::find(line, b"Suppressed ") else { return 0 };
    let rest = &line[at + b"Suppressed ".len()..];
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, rest) = rest.split_at(digits);
    if !rest.starts_with(b" messages from foreman") || memmem::find(line, b"journald").is_none() {
        return 0;
    }
    std::str::from_utf8(number).ok().and_then(|n| n.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "8d1c2f60-1f5e-4a3b-9a57-0c3b8f1f2d11";

    #[test]
    fn a_started_line_gives_method_path_address_and_time() {
        let line = br#"Started POST "/rhsm/consumers?owner=O&activation_keys=a%22k" for 10.10.1.11 at 2026-04-04 12:00:01 +0200"#;
        let s = Started::parse(line, &mut DateCache::default()).unwrap();
        assert_eq!((s.method, s.path), (&b"POST"[..], &b"/rhsm/consumers?owner=O&activation_keys=a%22k"[..]));
        assert_eq!(s.address.to_string(), "10.10.1.11");
        assert_eq!((s.local_secs, s.offset), (1_775_304_001, Some(7200)));
    }

    #[test]
    fn older_and_odd_times_of_started_lines_are_read() {
        let mut dates = DateCache::default();
        for (time, secs, offset) in [
            ("Tue Oct 15 07:29:20 -0700 2013", 1_381_822_160, Some(-25_200)),
            ("Sat Apr  4 12:00:01 +0200 2026", 1_775_304_001, Some(7200)),
            ("2026-04-04 12:00:01 UTC", 1_775_304_001, Some(0)),
            ("2026-04-04 12:00:01", 1_775_304_001, None),
        ] {
            let line = format!("Started GET \"/rhsm/status\" for ::1 at {time}");
            let s = Started::parse(line.as_bytes(), &mut dates).unwrap();
            assert_eq!((s.local_secs, s.offset), (secs, offset), "{time}");
        }
    }

    #[test]
    fn a_cut_started_line_is_none() {
        let line = br#"Started GET "/rhsm/status" for 10.1.1.1 at 2026-04-04 12:00:01 +0200"#;
        for end in 0..line.len() {
            if let Some(s) = Started::parse(&line[..end], &mut DateCache::default()) {
                assert_eq!(s.offset, None, "cut at {end}");
            }
        }
    }

    #[test]
    fn a_host_that_says_it_is_built_is_named() {
        for text in ["unattended: h1.example.com is built!", "unattended: h1.example.com is Built! "] {
            assert_eq!(built_host(text.as_bytes()), Some("h1.example.com"));
        }
        assert_eq!(built_host(b"unattended: unable to find a host is built"), None);
    }

    #[test]
    fn paths_are_classified() {
        let uuid = Uuid::parse(UUID.as_bytes()).unwrap();
        for (method, path, kind, with_uuid) in [
            ("POST", "/rhsm/consumers".to_owned(), Kind::Create, false),
            ("POST", "/rhsm/consumers?owner=O".to_owned(), Kind::Create, false),
            ("POST", "/rhsm/environments/abc123/consumers?activation_keys=x".to_owned(), Kind::Create, false),
            ("GET", "/rhsm/environments/abc123".to_owned(), Kind::Rhsm, false),
            ("GET", format!("/rhsm/consumers/{UUID}"), Kind::ConsumerGet, true),
            ("GET", format!("/rhsm/consumers/{UUID}?x=1"), Kind::ConsumerGet, true),
            ("PUT", format!("/rhsm/consumers/{UUID}"), Kind::Facts, true),
            ("PUT", format!("/rhsm/consumers/{UUID}/profiles"), Kind::Profiles, true),
            ("PUT", format!("/rhsm/consumers/{UUID}/packages"), Kind::Consumer, true),
            ("GET", format!("/rhsm/consumers/{UUID}/certificates/serials"), Kind::Serials, true),
            ("GET", format!("/rhsm/consumers/{UUID}/certificates?serials=1,2"), Kind::Certificates, true),
            ("GET", format!("/rhsm/consumers/{UUID}/accessible_content"), Kind::AccessibleContent, true),
            ("PUT", format!("/rhsm/consumers/{UUID}/content_overrides"), Kind::ContentOverrides, true),
            ("GET", format!("/rhsm/consumers/{UUID}/release"), Kind::Release, true),
            ("POST", "/unattended/built?token=a".to_owned(), Kind::Built, false),
            ("GET", "/redhat_access/r/insights/v1/branch_info".to_owned(), Kind::Insights, false),
            ("DELETE", format!("/rhsm/consumers/{UUID}"), Kind::Consumer, true),
            ("GET", format!("/rhsm/consumers/{UUID}/compliance"), Kind::Compliance, true),
            ("GET", format!("/rhsm/consumers/{UUID}/compliance_x"), Kind::Consumer, true),
            ("PUT", format!("/rhsm/systems/{UUID}/enabled_repos"), Kind::EnabledRepos, true),
            ("GET", format!("/rhsm/systems/{UUID}/enabled_repos"), Kind::Consumer, true),
            ("GET", format!("/rhsm/consumers/{UUID}0"), Kind::Rhsm, false),
            ("GET", "/rhsm/status".to_owned(), Kind::Status, false),
            ("GET", "/rhsm/".to_owned(), Kind::Rhsm, false),
            ("GET", "/rhsmx".to_owned(), Kind::Other, false),
            ("GET", "/register?url=x".to_owned(), Kind::Script, false),
            ("POST", "/register".to_owned(), Kind::HostRegister, false),
            ("GET", "/register/health".to_owned(), Kind::Other, false),
            ("GET", "/hosts".to_owned(), Kind::Other, false),
        ] {
            let want = (kind, if with_uuid { uuid } else { Uuid::NONE });
            assert_eq!(classify(method.as_bytes(), path.as_bytes()), want, "{method} {path}");
        }
    }

    #[test]
    fn completed_lines_of_every_rails_are_read() {
        for (text, want) in [
            (
                "Completed 201 Created in 3256ms (Views: 0.2ms | ActiveRecord: 880.4ms | Allocations: 83301)",
                Some((201, 3256)),
            ),
            (
                "Completed 200 OK in 1041ms (Views: 0.5ms | ActiveRecord: 119.6ms (328 queries, 87 cached) | GC: 148.6ms)",
                Some((200, 1041)),
            ),
            ("Completed 301 Moved Permanently in 2ms (ActiveRecord: 0.0ms)", Some((301, 2))),
            ("Completed 500 Internal Server Error in 8443ms", Some((500, 8443))),
            ("Completed 200 OK in 75ms (Views: 5.0ms | ActiveRecord: 45.8ms", Some((200, 75))),
            ("Completed 200 OK in 75", None),
            ("Completed 200 OK in 75m", None),
            ("Completed in 3ms (DB: 0) | 302 Found [http://192.168.50.6/]", None),
        ] {
            assert_eq!(completed(text.as_bytes()), want, "{text}");
        }
    }

    #[test]
    fn audit_lines_give_the_consumer_uuid_and_what_it_replaced() {
        let (old, new) = (Uuid(1), Uuid::parse(UUID.as_bytes()).unwrap());
        for (text, want) in [
            (
                format!("Katello::Host::SubscriptionFacet (46) create event on uuid {UUID}"),
                Some((Uuid::NONE, new)),
            ),
            (
                format!("Katello::Host::ContentFacet (46) update event on uuid {old}, {UUID}"),
                Some((old, new)),
            ),
            (format!("Host::Base (1689) update event on uuid {old}, {UUID}"), Some((old, new))),
            (
                format!("Katello::Host::SubscriptionFacet (46) update event on uuid , {UUID}"),
                Some((Uuid::NONE, new)),
            ),
            (format!("Katello::Host::SubscriptionFacet (46) destroy event on uuid {UUID}"), None),
            ("Host::Base (2) create event on uuid ".to_owned(), None),
            ("Katello::Host::SubscriptionFacet (46) update event on uuid ".to_owned(), None),
            (format!("Katello::Pool (33) create event on uuid {UUID}"), None),
        ] {
            assert_eq!(audit_uuid(text.as_bytes()), want, "{text}");
        }
    }

    #[test]
    fn other_lines_name_the_host() {
        assert_eq!(
            audit_host(b"Host::Base (123) create event on name h1.example.com"),
            Some("h1.example.com")
        );
        assert_eq!(audit_host(b"Nic::Managed (2) create event on name h1"), None);
        assert_eq!(
            fact_import_host(b"Import facts for 'h1.example.com' completed. Added: 1"),
            Some("h1.example.com")
        );
        assert_eq!(
            registered_through(b"Host h1 registered through load balancer lb1.example.com"),
            Some(("h1", true, "lb1.example.com"))
        );
        assert_eq!(
            registered_through(b"Host h1 registered through unknown proxy p"),
            Some(("h1", false, "p"))
        );
        assert_eq!(candlepin_other_uuid(format!("Candlepin returned different consumer uuid than requested ({UUID}), updating uuid in subscription_facet.").as_bytes()), Uuid::parse(UUID.as_bytes()));
    }

    #[test]
    fn what_journald_dropped_is_counted_in_every_form() {
        let text =
            b"Aug 10 07:19:29 sat systemd-journald[412]: Suppressed 1204 messages from foreman.service";
        assert_eq!(suppressed(text), 1204);
        let json = br#"{"MESSAGE":"Suppressed 7 messages from foreman.service","SYSLOG_IDENTIFIER":"systemd-journald","N_DROPPED":"7"}"#;
        assert_eq!(suppressed(json), 7);
        for other in [
            &b"Aug 10 07:19:29 sat systemd-journald[412]: Suppressed 5 messages from cron.service"[..],
            b"Aug 10 07:19:29 sat other[412]: Suppressed 5 messages from foreman.service",
            b"systemd-journald: Suppressed 99999999999999999999 messages from foreman.service",
            b"systemd-journald: Suppressed ",
        ] {
            assert_eq!(suppressed(other), 0, "{}", String::from_utf8_lossy(other));
        }
    }
}
