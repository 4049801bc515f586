//! What a variable of an inventory can be, as Ansible has it.
//!
//! Text that Ansible renders, text that it must not (`!unsafe`) and text that only the vault's password opens are
//! kept apart. Keys of mappings are text, as `ansible-inventory --list` writes them.

use indexmap::IndexMap;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use std::path::PathBuf;

/// Variables by name, in the order in which they were first set.
pub type Map = IndexMap<String, Value>;

/// A variable's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// None, null.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number past 64 bits, in decimal digits.
    Big(String),
    /// A number with a fraction; may be infinite or none at all.
    Float(f64),
    /// Text; `{{ }}` in it is a template.
    Text(String),
    /// Text in which `{{ }}` is just that (`!unsafe`).
    Unsafe(String),
    /// Text that the vault's password opens.
    Vault(Vaulted),
    /// A list.
    List(Vec<Value>),
    /// A mapping.
    Map(Map),
}

/// A value encrypted in place (`!vault`), and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vaulted {
    /// `$ANSIBLE_VAULT;...` and the lines below it.
    pub ciphertext: String,
    /// The file that holds it.
    pub path: PathBuf,
    /// Its line, from 1; 0 where that is not known.
    pub line: usize,
}

/// The key by which `ansible-inventory` marks text that is not to be rendered.
pub(super) const UNSAFE_KEY: &str = "__ansible_unsafe";
/// The key by which `ansible-inventory` marks text of a vault.
pub(super) const VAULT_KEY: &str = "__ansible_vault";

impl Value {
    /// What Python's `bool()` says of it.
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(b) => *b,
            Self::Int(n) => *n != 0,
            Self::Float(x) => *x != 0.0,
            Self::Text(s) | Self::Unsafe(s) => !s.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Big(_) | Self::Vault(_) => true,
        }
    }

    /// What it is, for messages.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Big(_) | Self::Float(_) => "a number",
            Self::Text(_) | Self::Unsafe(_) | Self::Vault(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }

    /// As plain JSON, without the marks of `!unsafe` and the vault; infinite numbers become text.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Null => Json::Null,
            Self::Bool(b) => Json::Bool(*b),
            Self::Int(n) => Json::from(*n),
            Self::Big(digits) => serde_json::from_str(digits).unwrap_or_else(|_| Json::from(digits.as_str())),
            Self::Float(x) => {
                serde_json::Number::from_f64(*x).map_or_else(|| Json::from(not_finite(*x)), Json::Number)
            }
            Self::Text(s) | Self::Unsafe(s) => Json::from(s.as_str()),
            Self::Vault(v) => Json::from(v.ciphertext.as_str()),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(map) => map.iter().map(|(k, v)| (k.clone(), v.to_json())).collect(),
        }
    }
}

/// JSON has no such numbers; Python's words for them.
fn not_finite(x: f64) -> &'static str {
    if x.is_nan() {
        "NaN"
    } else if x > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// As `ansible-inventory --list` writes it: keys sorted, `!unsafe` and the vault marked.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => out.serialize_unit(),
            Self::Bool(b) => out.serialize_bool(*b),
            Self::Int(n) => out.serialize_i64(*n),
            Self::Big(digits) => match serde_json::value::RawValue::from_string(digits.clone()) {
                Ok(raw) => raw.serialize(out),
                Err(_) => out.serialize_str(digits),
            },
            Self::Float(x) if x.is_finite() => out.serialize_f64(*x),
            Self::Float(x) => out.serialize_str(not_finite(*x)),
            Self::Text(s) => out.serialize_str(s),
            Self::Unsafe(s) => marked(out, UNSAFE_KEY, s),
            Self::Vault(v) => marked(out, VAULT_KEY, &v.ciphertext),
            Self::List(items) => {
                let mut list = out.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Self::Map(map) => sorted(out, map),
        }
    }
}

fn marked<S: Serializer>(out: S, key: &str, text: &str) -> Result<S::Ok, S::Error> {
    let mut map = out.serialize_map(Some(1))?;
    map.serialize_entry(key, text)?;
    map.end()
}

fn sorted<S: Serializer>(out: S, map: &Map) -> Result<S::Ok, S::Error> {
    let mut entries: Vec<(&String, &Value)> = map.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    let mut map = out.serialize_map(Some(entries.len()))?;
    for (key, value) in entries {
        map.serialize_entry(key, value)?;
    }
    map.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_sorted_keys_and_marks() {
        let value = Value::Map(Map::from_iter([
            ("b".to_owned(), Value::Unsafe("{{ x }}".into())),
            ("a".to_owned(), Value::List(vec![Value::Big("9".repeat(30)), Value::Float(f64::INFINITY)])),
        ]));
        let nines = "9".repeat(30);
        assert_eq!(
            serde_json::to_string(&value).unwrap(),
            format!("{{\"a\":[{nines},\"Infinity\"],\"b\":{{\"__ansible_unsafe\":\"{{{{ x }}}}\"}}}}")
        );
        assert_eq!(value.to_json()["b"], "{{ x }}");
    }
}
