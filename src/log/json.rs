//! JSON lines: Foreman's own `json` layout and the journal's `-o json`.
//!
//! ```text
//! {"timestamp":"2026-04-04T12:00:01.123456+02:00","level":"INFO","logger":"app","message":"Started ...","mdc":{"request":"3f9c1a2b-..."},"ndc":[]}
//! {"__REALTIME_TIMESTAMP":"1775304001123456","SYSLOG_IDENTIFIER":"foreman","_PID":"1632","MESSAGE":"2026-04-04T12:00:01 [I|app|3f9c1a2b] Started ..."}
//! ```

use super::assemble::strip_escapes;
use super::line::{self, Skip};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default)]
    message: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "MESSAGE")]
    journal_message: Option<JournalText<'a>>,
    #[serde(borrow, default)]
    mdc: Option<Mdc<'a>>,
    // a shipper may write numbers
    #[serde(borrow, default)]
    level: Option<&'a RawValue>,
    #[serde(borrow, default)]
    logger: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "REQUEST")]
    journal_request: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "__REALTIME_TIMESTAMP")]
    realtime: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "SYSLOG_IDENTIFIER")]
    identifier: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Mdc<'a> {
    #[serde(borrow, default)]
    request: Option<Cow<'a, str>>,
}

// the journal writes an array of bytes where a message is not plain UTF-8 text
#[derive(Deserialize)]
#[serde(untagged)]
enum JournalText<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Bytes(Vec<u8>),
}

/// A JSON line's message and what it names.
#[derive(Debug, PartialEq, Eq)]
pub struct JsonLine<'a> {
    /// The message; it can hold several lines.
    pub message: Cow<'a, [u8]>,
    /// The request, where a field names it; else the message has Foreman's own prefix.
    pub request: Option<u64>,
    /// The journal's time in microseconds since 1970.
    pub realtime_us: Option<i64>,
    /// Fields say what `Line::trouble` does.
    pub trouble: bool,
}

/// Reads a JSON line; none where it is cut, has no message, or is another program's.
pub fn parse(text: &[u8]) -> Result<JsonLine<'_>, Skip> {
    let wire: Wire<'_> = serde_json::from_slice(text).map_err(|_| Skip::BadJson)?;
    let journal = wire.journal_message.is_some() || wire.realtime.is_some();
    if let Some(skip) =
        wire.identifier.as_deref().filter(|_| journal).and_then(|id| line::other_program(id.as_bytes()))
    {
        return Err(skip);
    }
    let message = match (wire.journal_message, wire.message) {
        (Some(JournalText::Text(Cow::Borrowed(text))), _) | (None, Some(Cow::Borrowed(text))) => {
            Cow::Borrowed(text.as_bytes())
        }
        (Some(JournalText::Text(Cow::Owned(text))), _) | (None, Some(Cow::Owned(text))) => {
            Cow::Owned(text.into_bytes())
        }
        (Some(JournalText::Bytes(bytes)), _) => Cow::Owned(bytes),
        (None, None) => return Err(Skip::BadJson),
    };
    let request = wire.mdc.and_then(|mdc| mdc.request).or(wire.journal_request);
    Ok(JsonLine {
        message: without_escapes(message),
        request: request.and_then(|id| line::request_id(id.as_bytes())),
        realtime_us: wire.realtime.and_then(|t| t.parse().ok()),
        trouble: line::is_trouble(word(wire.level), word(wire.logger)),
    })
}

// JSON writes an escape as \u001b, the journal as a number: only what was decoded shows it
fn without_escapes(message: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    if memchr::memchr(0x1b, &message).is_none() {
        return message;
    }
    let mut plain = Vec::with_capacity(message.len());
    strip_escapes(&message, &mut plain);
    Cow::Owned(plain)
}

// without its quotes
fn word(value: Option<&RawValue>) -> &[u8] {
    value.map_or("", |value| value.get().trim_matches('"')).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foremans_own_layout_names_the_request_in_a_field() {
        let line = br#"{"timestamp":"2026-04-04T12:00:01.1+02:00","level":"INFO","logger":"app","message":"Started GET \"/x\"","mdc":{"request":"3f9c1a2b-1f5e-4a3b-9a57-0c3b8f1f2d11"},"ndc":[]}"#;
        let got = parse(line).unwrap();
        assert_eq!((&got.message[..], got.request), (&b"Started GET \"/x\""[..], Some(0x3f9c_1a2b)));
    }

    #[test]
    fn the_journal_has_microseconds_and_can_write_bytes() {
        let line = br#"{"__REALTIME_TIMESTAMP":"1775304001123456","SYSLOG_IDENTIFIER":"foreman","MESSAGE":[72,105,255]}"#;
        let got = parse(line).unwrap();
        assert_eq!((&got.message[..], got.realtime_us), (&[72u8, 105, 255][..], Some(1_775_304_001_123_456)));
        let other =
            br#"{"__REALTIME_TIMESTAMP":"1","SYSLOG_IDENTIFIER":"systemd","MESSAGE":"Started Foreman"}"#;
        assert_eq!(parse(other), Err(Skip::OtherProgram));
    }

    #[test]
    fn colours_in_a_message_are_taken_off() {
        for line in [
            &br#"{"message":"\u001b[1;32mStarted\u001b[0m GET","mdc":{"request":"3f9c1a2b"}}"#[..],
            br#"{"SYSLOG_IDENTIFIER":"foreman","__REALTIME_TIMESTAMP":"1","MESSAGE":[27,91,51,50,109,83,116,97,114,116,101,100,27,91,109,32,71,69,84]}"#,
        ] {
            assert_eq!(&parse(line).unwrap().message[..], b"Started GET");
        }
    }

    #[test]
    fn a_level_of_any_form_loses_no_line() {
        for (level, trouble) in
            [("\"WARN\"", true), ("\"error\"", true), ("3", false), ("null", false), ("[]", false)]
        {
            let line = format!(r#"{{"message":"x","logger":"app","level":{level}}}"#);
            assert_eq!(parse(line.as_bytes()).map(|l| l.trouble), Ok(trouble), "{level}");
        }
    }

    #[test]
    fn cut_or_foreign_json_says_so() {
        for bad in [&br#"{"message":"Star"#[..], b"{}", br#"{"consumer_uuid":null}"#, b"{\"message\":1}"] {
            assert_eq!(parse(bad), Err(Skip::BadJson), "{}", String::from_utf8_lossy(bad));
        }
    }
}
