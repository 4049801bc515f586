//! Values of an inventory to those of templates and back; how Jinja in Python writes values into text.

use crate::inventory::python::number;
use crate::inventory::value::{Map, Value as Raw};
use indexmap::IndexMap;
use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind};

/// Into a template. What stands there is not rendered any more.
pub fn to_jinja(value: &Raw) -> Value {
    match value {
        Raw::Null => Value::from(()),
        Raw::Bool(b) => Value::from(*b),
        Raw::Int(n) => Value::from(*n),
        Raw::Big(digits) => digits.parse::<i128>().map_or_else(|_| Value::from(digits.as_str()), Value::from),
        Raw::Float(x) => Value::from(*x),
        Raw::Text(text) | Raw::Unsafe(text) => Value::from(text.as_str()),
        Raw::Vault(vaulted) => Value::from(vaulted.ciphertext.as_str()),
        Raw::List(items) => Value::from(items.iter().map(to_jinja).collect::<Vec<_>>()),
        Raw::Map(map) => mapping(map.iter().map(|(key, value)| (key.clone(), to_jinja(value)))),
    }
}

/// A mapping in its order.
pub fn mapping(pairs: impl Iterator<Item = (String, Value)>) -> Value {
    Value::from(pairs.map(|(key, value)| (Value::from(key), value)).collect::<IndexMap<Value, Value>>())
}

/// Out of a template. What is undefined in it is an error in words.
pub fn from_jinja(value: &Value) -> Result<Raw, String> {
    if let Some(text) = value.as_str() {
        return Ok(Raw::Text(text.to_owned()));
    }
    match value.kind() {
        ValueKind::None => Ok(Raw::Null),
        ValueKind::Undefined => Err("a part of it is undefined".to_owned()),
        ValueKind::Bool => Ok(Raw::Bool(value.is_true())),
        ValueKind::Number => Ok(number_of(value)),
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter().map_err(|e| e.to_string())?;
            items.map(|item| from_jinja(&item)).collect::<Result<_, _>>().map(Raw::List)
        }
        ValueKind::Map => {
            let mut map = Map::new();
            for key in value.try_iter().map_err(|e| e.to_string())? {
                let item = value.get_item(&key).map_err(|e| e.to_string())?;
                map.insert(key.to_string(), from_jinja(&item)?);
            }
            Ok(Raw::Map(map))
        }
        _ => Err(format!("it is no value that a variable can have: {value}")),
    }
}

fn number_of(value: &Value) -> Raw {
    if value.is_integer() {
        let int = i64::try_from(value.clone());
        return int.map_or_else(|_| Raw::Big(value.to_string()), Raw::Int);
    }
    f64::try_from(value.clone()).map_or(Raw::Null, Raw::Float)
}

/// A value as Python's `str()` writes it. What is undefined is an error.
pub fn text_of(value: &Value) -> Result<String, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    if let Some(plain) = value.as_str() {
        return Ok(plain.to_owned());
    }
    let mut text = String::new();
    repr(value, &mut text)?;
    Ok(text)
}

fn repr(value: &Value, text: &mut String) -> Result<(), Error> {
    if let Some(plain) = value.as_str() {
        let quote = if plain.contains('\'') && !plain.contains('"') { '"' } else { '\'' };
        text.push(quote);
        for c in plain.chars() {
            match c {
                '\\' => text.push_str("\\\\"),
                '\n' => text.push_str("\\n"),
                '\t' => text.push_str("\\t"),
                '\r' => text.push_str("\\r"),
                c if c.is_ascii_control() => text.push_str(&format!("\\x{:02x}", u32::from(c))),
                c if c == quote => text.extend(['\\', c]),
                c => text.push(c),
            }
        }
        text.push(quote);
        return Ok(());
    }
    match value.kind() {
        ValueKind::None => text.push_str("None"),
        ValueKind::Bool => text.push_str(if value.is_true() { "True" } else { "False" }),
        ValueKind::Number if !value.is_integer() => {
            text.push_str(&f64::try_from(value.clone()).map_or_else(|_| value.to_string(), number::repr));
        }
        ValueKind::Seq | ValueKind::Iterable => {
            text.push('[');
            for (at, item) in value.try_iter()?.enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                repr(&item, text)?;
            }
            text.push(']');
        }
        ValueKind::Map => {
            text.push('{');
            for (at, key) in value.try_iter()?.enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                repr(&key, text)?;
                text.push_str(": ");
                repr(&value.get_item(&key)?, text)?;
            }
            text.push('}');
        }
        ValueKind::Invalid => return value.get_attr("").map(drop),
        _ => text.push_str(&value.to_string()),
    }
    Ok(())
}
