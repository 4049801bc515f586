//! The Parameters line: Ruby's hash syntax, of which four values matter.
//!
//! `  Parameters: {"type"=>"system", "name"=>"h1.example.com", "facts"=>"[FILTERED]", "contentTags"=>["rhel-9", "rhel-9-x86_64"]}`

use super::request::{Details, Kind};
use crate::registration::session::Uuid;
use memchr::{memchr, memchr2, memmem};

/// `Parameters: {"id"=>"8d1c2f60-1f5e-4a3b-9a57-0c3b8f1f2d11"}`: most are like this one, which holds nothing for `details`.
#[inline]
pub fn only_an_id(text: &[u8]) -> bool {
    let id = text.strip_prefix(br#"Parameters: {"id"=>""#).and_then(|rest| rest.strip_suffix(br#""}"#));
    id.is_some_and(|id| id.len() == 36 && memchr(b'"', id).is_none())
}

/// Reads what a create or a host registration needs out of its Parameters.
pub fn details(text: &[u8], kind: Kind) -> Details {
    let mut found = Details { param_host: string_value(text, b"\"name\"=>\""), ..Details::default() };
    if matches!(kind, Kind::Create | Kind::Unseen) {
        found.client_os = client_os(text);
    }
    if matches!(kind, Kind::HostRegister | Kind::Unseen) {
        found.param_uuid = raw_value(text, b"\"uuid\"=>\"").and_then(Uuid::parse).unwrap_or_default();
        found.param_url = raw_value(text, b"\"url\"=>\"").and_then(url_host);
    }
    found
}

fn raw_value<'a>(text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let at = memmem::find(text, key)? + key.len();
    let value = &text[at..];
    // what Ruby escapes has a backslash: none of our values holds one
    let end = memchr2(b'"', b'\\', value)?;
    (value[end] == b'"').then(|| &value[..end])
}

fn string_value(text: &[u8], key: &[u8]) -> Option<Box<str>> {
    let value = std::str::from_utf8(raw_value(text, key)?).ok()?;
    (!value.is_empty() && value.len() <= 255).then(|| value.to_ascii_lowercase().into())
}

/// `"contentTags"=>["rhel-10", "rhel-10-x86_64"]` as `rhel-10`: the release without the architecture.
fn client_os(text: &[u8]) -> Option<Box<str>> {
    let key = b"\"contentTags\"=>[";
    let at = memmem::find(text, key)? + key.len();
    let list = &text[at..at + memchr(b']', &text[at..])?];
    let list = std::str::from_utf8(list).ok()?;
    let tag = list.split(',').map(|tag| tag.trim().trim_matches('"')).find(|tag| {
        let mut parts = tag.splitn(3, '-').skip(1);
        parts.next().is_some_and(|release| release.starts_with(|c: char| c.is_ascii_digit()))
    })?;
    let mut parts = tag.splitn(3, '-');
    let (name, release) = (parts.next()?, parts.next()?);
    Some(format!("{name}-{release}").into())
}

/// Host and port of `https://capsule1.example.com:9090/`, lower case; anything else is none.
pub fn url_host(url: &[u8]) -> Option<Box<str>> {
    let url = std::str::from_utf8(url).ok()?;
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    (!host.is_empty() && host.len() <= 255).then(|| host.to_ascii_lowercase().into())
}

/// The `url` and `setup_remote_execution_pull` parameters of a query: `/register?...&url=https%3A%2F%2Fcapsule%3A9090`.
pub fn query_details(path: &[u8]) -> Option<Box<Details>> {
    let query = &path[memchr(b'?', path)? + 1..];
    let mut found = Details::default();
    for pair in query.split(|b| *b == b'&') {
        if let Some(value) = pair.strip_prefix(b"url=") {
            found.query_url = url_host(&percent_decode(value));
        } else if let Some(value) = pair.strip_prefix(b"setup_remote_execution_pull=") {
            found.pull = value == b"true" || value == b"1";
        }
    }
    (found.query_url.is_some() || found.pull).then(|| Box::new(found))
}

fn percent_decode(value: &[u8]) -> Vec<u8> {
    let hex = |b: u8| (b as char).to_digit(16).map(|d| d as u8);
    let mut out = Vec::with_capacity(value.len());
    let mut i = 0;
    while i < value.len() {
        match (value[i], value.get(i + 1), value.get(i + 2)) {
            (b'%', Some(&a), Some(&b)) => match (hex(a), hex(b)) {
                (Some(a), Some(b)) => {
                    out.push(a << 4 | b);
                    i += 2;
                }
                _ => out.push(b'%'),
            },
            (b, _, _) => out.push(b),
        }
        i += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_create_names_the_host_and_its_release() {
        let text = br#"  Parameters: {"type"=>"system", "name"=>"h1.example.com", "facts"=>"[FILTERED]", "installedProducts"=>[{"productId"=>"479", "productName"=>"Red Hat Enterprise Linux for x86_64"}], "contentTags"=>["rhel-10", "rhel-10-x86_64"], "owner"=>"O"}"#;
        let d = details(text, Kind::Create);
        assert_eq!(
            (d.param_host.as_deref(), d.client_os.as_deref()),
            (Some("h1.example.com"), Some("rhel-10"))
        );
    }

    #[test]
    fn a_host_registration_names_consumer_and_way() {
        let text = br#"  Parameters: {"uuid"=>"8d1c2f60-1f5e-4a3b-9a57-0c3b8f1f2d11", "url"=>"https://Capsule1.example.com:9090/", "host"=>{"name"=>"h1"}}"#;
        let d = details(text, Kind::HostRegister);
        assert!(d.param_uuid.is_some());
        assert_eq!(
            (d.param_url.as_deref(), d.param_host.as_deref()),
            (Some("capsule1.example.com:9090"), Some("h1"))
        );
    }

    #[test]
    fn what_is_passed_over_as_an_id_holds_nothing() {
        let passed = |text: &str| only_an_id(text.as_bytes());
        assert!(passed(r#"Parameters: {"id"=>"8d1c2f60-1f5e-4a3b-9a57-0c3b8f1f2d11"}"#));
        for other in [
            r#"Parameters: {"id"=>"8d1c2f60-1f5e-4a3b-9a57-0c3b8f1f2d11", "name"=>"h1"}"#,
            // as long as the one above
            r#"Parameters: {"id"=>"1", "name"=>"host1.example.org", "b"=>"2"}"#,
            r#"Parameters: {"id"=>"1234567", "name"=>"h1.example.com.""}"#,
            r#"Parameters: {"id"=>"8d1c2f60-1f5e-4a3b-9a57-0c3b8f1f2d1"#,
        ] {
            assert!(!passed(other), "{other}");
        }
    }

    #[test]
    fn a_value_that_is_cut_or_escaped_is_none() {
        assert_eq!(details(br#"  Parameters: {"name"=>"h1.exam"#, Kind::Create).param_host, None);
        assert_eq!(details(br#"  Parameters: {"name"=>"h\"1"}"#, Kind::Create).param_host, None);
        assert_eq!(details(br#"  Parameters: {"uuid"=>"no"}"#, Kind::HostRegister).param_uuid, Uuid::NONE);
    }

    #[test]
    fn the_query_of_the_script_tells_the_way() {
        let d = query_details(b"/register?activation_keys=a+b&setup_remote_execution_pull=true&url=https%3A%2F%2Fc1.example.com%3A9090").unwrap();
        assert_eq!((d.query_url.as_deref(), d.pull), (Some("c1.example.com:9090"), true));
        assert_eq!(query_details(b"/register?activation_keys=ak"), None);
        assert_eq!(query_details(b"/register?url=%zz%").unwrap().query_url.as_deref(), Some("%zz%"));
    }

    #[test]
    fn content_tags_without_a_release_are_none() {
        for (tags, want) in [
            (r#"["rhel-9-x86_64"]"#, Some("rhel-9")),
            (r#"["sap", "rhel-8"]"#, Some("rhel-8")),
            ("[]", None),
            (r#"["x86_64"]"#, None),
        ] {
            let text = format!("  Parameters: {{\"contentTags\"=>{tags}}}");
            assert_eq!(details(text.as_bytes(), Kind::Create).client_os.as_deref(), want, "{tags}");
        }
    }
}
