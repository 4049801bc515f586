//! Filters that make text: Python's forms, hashes, encodings.

use super::{defined, filter, wrong};
use crate::inventory::python::number;
use crate::inventory::render::convert;
use crate::inventory::yaml::{build::Builder, json};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Environment, Error};
use sha2::{Digest, Sha256};
use std::path::Path;

pub fn add(env: &mut Environment<'_>) {
    filter(env, "string", convert::text_of);
    filter(env, "join", join);
    filter(env, "hash", hash);
    filter(env, "b64encode", |value: &Value| Ok::<_, Error>(BASE64.encode(convert::text_of(value)?)));
    filter(env, "b64decode", b64decode);
    filter(env, "urlencode", urlencode);
    filter(env, "quote", quote);
    filter(env, "to_json", to_json);
    filter(env, "from_json", from_json);
    filter(env, "basename", |path: String| path.rsplit('/').next().map(str::to_owned));
    filter(env, "dirname", |path: String| {
        path.rsplit_once('/')
            .map_or(String::new(), |(dir, _)| if dir.is_empty() { "/".to_owned() } else { dir.to_owned() })
    });
}

/// Items as Python's `str()` has them, with something between.
fn join(value: &Value, between: Option<&str>, options: Kwargs) -> Result<String, Error> {
    let between = between.or(options.get("d")?).unwrap_or("");
    let attribute = options.get::<Option<&str>>("attribute")?;
    options.assert_all_used()?;
    let text = |item: Value| match attribute {
        Some(path) => convert::text_of(&path.split('.').try_fold(item, |value, key| value.get_attr(key))?),
        None => convert::text_of(&item),
    };
    let texts: Vec<String> = match defined(value)?.as_str() {
        Some(letters) => letters.chars().map(String::from).collect(),
        None => value.try_iter()?.map(text).collect::<Result<_, _>>()?,
    };
    Ok(texts.join(between))
}

fn hash(value: &Value, kind: Option<&str>) -> Result<String, Error> {
    match kind {
        Some("sha256") => {
            let digest = Sha256::digest(convert::text_of(value)?.as_bytes());
            Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
        }
        other => Err(wrong(format!("hash('{}') is not known here: sha256 is", other.unwrap_or("sha1")))),
    }
}

fn b64decode(value: &Value) -> Result<String, Error> {
    let text = convert::text_of(value)?;
    let bytes = BASE64.decode(text.trim()).map_err(|why| wrong(format!("b64decode: {why}")))?;
    String::from_utf8(bytes).map_err(|_| wrong("b64decode: it is no text in UTF-8"))
}

/// As Jinja does: a slash stays.
fn urlencode(value: &Value) -> Result<String, Error> {
    if matches!(value.kind(), ValueKind::Map | ValueKind::Seq | ValueKind::Iterable) {
        return Err(wrong("urlencode: text is needed here, no list or mapping"));
    }
    let mut out = String::new();
    for byte in convert::text_of(value)?.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    Ok(out)
}

/// Python's `shlex.quote`.
fn quote(value: &Value) -> Result<String, Error> {
    let text = convert::text_of(value)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return Ok(text);
    }
    Ok(format!("'{}'", text.replace('\'', "'\"'\"'")))
}

/// Python's `json.dumps`.
fn to_json(value: &Value, options: Kwargs) -> Result<String, Error> {
    let sorted = options.get::<Option<bool>>("sort_keys")?.unwrap_or(false);
    let ascii = options.get::<Option<bool>>("ensure_ascii")?.unwrap_or(true);
    options.assert_all_used()?;
    let mut out = String::new();
    json_into(defined(value)?, sorted, ascii, &mut out)?;
    Ok(out)
}

fn json_into(value: &Value, sorted: bool, ascii: bool, out: &mut String) -> Result<(), Error> {
    if let Some(text) = value.as_str() {
        json_text(text, ascii, out);
        return Ok(());
    }
    match defined(value)?.kind() {
        ValueKind::None => out.push_str("null"),
        ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::Number if value.is_integer() => out.push_str(&value.to_string()),
        ValueKind::Number => {
            out.push_str(&f64::try_from(value.clone()).map_or_else(|_| value.to_string(), number::repr));
        }
        ValueKind::Seq | ValueKind::Iterable => {
            out.push('[');
            for (at, item) in value.try_iter()?.enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                json_into(&item, sorted, ascii, out)?;
            }
            out.push(']');
        }
        ValueKind::Map => {
            let mut keys: Vec<Value> = value.try_iter()?.collect();
            if sorted {
                keys.sort();
            }
            out.push('{');
            for (at, key) in keys.iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                json_text(&convert::text_of(key)?, ascii, out);
                out.push_str(": ");
                json_into(&value.get_item(key)?, sorted, ascii, out)?;
            }
            out.push('}');
        }
        _ => return Err(wrong(format!("to_json: {value} has no form in JSON"))),
    }
    Ok(())
}

fn json_text(text: &str, ascii: bool, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if u32::from(c) < 0x20 || (ascii && !c.is_ascii()) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

fn from_json(value: &Value) -> Result<Value, Error> {
    let text = convert::text_of(value)?;
    let node = json::document(&text).ok_or_else(|| wrong("from_json: it is no JSON"))?;
    let value = Builder::new(Path::new("")).value(&node);
    value.map(|value| convert::to_jinja(&value)).map_err(|(_, why)| wrong(format!("from_json: {why}")))
}
