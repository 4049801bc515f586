//! Filters of values: booleans and numbers, lists and mappings.

use super::{defined, filter, wrong};
use crate::inventory::python::number::python_int;
use crate::inventory::render::convert;
use indexmap::IndexMap;
use minijinja::value::{Kwargs, Rest, Value, ValueKind};
use minijinja::{Environment, Error};

pub fn add(env: &mut Environment<'_>) {
    filter(env, "bool", bool);
    filter(env, "int", int);
    filter(env, "ternary", ternary);
    filter(env, "mandatory", mandatory);
    filter(env, "extract", extract);
    filter(env, "combine", combine);
    filter(env, "dict2items", dict2items);
    filter(env, "items2dict", items2dict);
    filter(env, "flatten", flatten);
    filter(env, "union", |a: Value, b: Value| in_order(&a, Some(&b), |_| true));
    filter(env, "intersect", |a: Value, b: Value| {
        let other = list(&b)?;
        in_order(&a, None, |item| other.contains(item))
    });
    filter(env, "difference", |a: Value, b: Value| {
        let other = list(&b)?;
        in_order(&a, None, |item| !other.contains(item))
    });
}

/// `yes`, `on`, `1` and `true` in either case are true, other text false.
pub fn bool(value: &Value) -> Result<bool, Error> {
    if let Some(text) = defined(value)?.as_str() {
        let text = text.to_lowercase();
        return Ok(matches!(text.as_str(), "yes" | "on" | "1" | "true"));
    }
    Ok(*value == Value::from(true) || *value == Value::from(1))
}

/// A whole number; the default (0) where it is none.
fn int(value: &Value, default: Option<Value>, base: Option<u32>, options: Kwargs) -> Result<Value, Error> {
    let default = default.or(options.get("default")?);
    let base = base.or(options.get("base")?);
    options.assert_all_used()?;
    let other = || default.unwrap_or_else(|| Value::from(0));
    if let Some(text) = defined(value)?.as_str() {
        let base = base.unwrap_or(10);
        let whole = if base == 10 { python_int(text) } else { with_base(text.trim(), base) };
        if let Some(number) = whole {
            return Ok(Value::from(number));
        }
        let float = text.trim().parse::<f64>().ok().filter(|x| x.is_finite() && x.abs() < 9e15);
        return Ok(float.map_or_else(other, |x| Value::from(x.trunc() as i64)));
    }
    match value.kind() {
        ValueKind::Bool => Ok(Value::from(i64::from(value.is_true()))),
        ValueKind::Number if value.is_integer() => Ok(value.clone()),
        ValueKind::Number => {
            let float = f64::try_from(value.clone()).ok().filter(|x| x.is_finite() && x.abs() < 9e15);
            Ok(float.map_or_else(other, |x| Value::from(x.trunc() as i64)))
        }
        _ => Ok(other()),
    }
}

fn with_base(text: &str, base: u32) -> Option<i64> {
    let prefix = match base {
        16 => "0x",
        8 => "0o",
        2 => "0b",
        _ => "",
    };
    let digits = text.strip_prefix(prefix).unwrap_or(text);
    (2..=36).contains(&base).then(|| i64::from_str_radix(digits, base).ok()).flatten()
}

/// The first where the value is true, else the second; a third where it is none.
fn ternary(value: &Value, yes: Value, no: Value, none: Option<Value>) -> Result<Value, Error> {
    match none {
        Some(none) if defined(value)?.is_none() => Ok(none),
        _ => Ok(if defined(value)?.is_true() { yes } else { no }),
    }
}

/// The value, where there is one.
fn mandatory(value: Value, words: Option<String>) -> Result<Value, Error> {
    if value.is_undefined() {
        return Err(wrong(words.unwrap_or_else(|| "a mandatory variable is undefined".to_owned())));
    }
    Ok(value)
}

/// What a container has under a key, then under further ones. Undefined where it has none.
fn extract(key: Value, container: Value, more: Option<Value>) -> Result<Value, Error> {
    let mut found = defined(&container)?.get_item(&key)?;
    let more = match more {
        None => Vec::new(),
        Some(more) if more.kind() == ValueKind::Seq => list(&more)?,
        Some(more) => vec![more],
    };
    for key in more {
        if found.is_undefined() {
            break;
        }
        found = found.get_item(&key)?;
    }
    Ok(found)
}

fn mapping(value: &Value) -> Result<IndexMap<Value, Value>, Error> {
    if defined(value)?.kind() != ValueKind::Map {
        return Err(wrong(format!("a mapping is needed here, not {}", value.kind())));
    }
    value.try_iter()?.map(|key| value.get_item(&key).map(|item| (key, item))).collect()
}

fn list(value: &Value) -> Result<Vec<Value>, Error> {
    Ok(defined(value)?.try_iter()?.collect())
}

/// One mapping of several; the later one wins.
fn combine(first: Value, others: Rest<Value>, options: Kwargs) -> Result<Value, Error> {
    let recursive = options.get::<Option<bool>>("recursive")?.unwrap_or(false);
    let list_merge = options.get::<Option<&str>>("list_merge")?.unwrap_or("replace");
    if list_merge != "replace" {
        return Err(wrong(format!("combine: list_merge='{list_merge}' is not known here")));
    }
    options.assert_all_used()?;
    let mut all = Vec::new();
    collect_mappings(&first, &mut all)?;
    for other in others.iter() {
        collect_mappings(other, &mut all)?;
    }
    let mut combined = IndexMap::new();
    for one in all {
        merge(&mut combined, one, recursive)?;
    }
    Ok(Value::from(combined))
}

/// Lists of mappings count as their members, None as nothing.
fn collect_mappings(value: &Value, into: &mut Vec<IndexMap<Value, Value>>) -> Result<(), Error> {
    match defined(value)?.kind() {
        ValueKind::None => Ok(()),
        ValueKind::Seq | ValueKind::Iterable => {
            value.try_iter()?.try_for_each(|item| collect_mappings(&item, into))
        }
        _ => mapping(value).map(|map| into.push(map)),
    }
}

fn merge(
    into: &mut IndexMap<Value, Value>,
    from: IndexMap<Value, Value>,
    recursive: bool,
) -> Result<(), Error> {
    for (key, value) in from {
        match into.get(&key) {
            Some(old) if recursive && old.kind() == ValueKind::Map && value.kind() == ValueKind::Map => {
                let mut inner = mapping(old)?;
                merge(&mut inner, mapping(&value)?, true)?;
                into.insert(key, Value::from(inner));
            }
            _ => {
                into.insert(key, value);
            }
        }
    }
    Ok(())
}

fn dict2items(value: Value, options: Kwargs) -> Result<Value, Error> {
    let (key_name, value_name) = names(&options)?;
    let pairs = mapping(&value)?.into_iter();
    let item = |(key, value)| {
        Value::from(IndexMap::from([
            (Value::from(key_name.as_str()), key),
            (Value::from(value_name.as_str()), value),
        ]))
    };
    Ok(Value::from(pairs.map(item).collect::<Vec<_>>()))
}

fn items2dict(value: Value, options: Kwargs) -> Result<Value, Error> {
    let (key_name, value_name) = names(&options)?;
    let mut map = IndexMap::new();
    for item in list(&value)? {
        let (key, value) = (item.get_attr(&key_name)?, item.get_attr(&value_name)?);
        map.insert(defined(&key)?.clone(), defined(&value)?.clone());
    }
    Ok(Value::from(map))
}

fn names(options: &Kwargs) -> Result<(String, String), Error> {
    let key = options.get::<Option<String>>("key_name")?.unwrap_or_else(|| "key".to_owned());
    let value = options.get::<Option<String>>("value_name")?.unwrap_or_else(|| "value".to_owned());
    options.assert_all_used()?;
    Ok((key, value))
}

/// Lists inside a list, opened; None is left out.
fn flatten(value: Value, levels: Option<u32>, options: Kwargs) -> Result<Value, Error> {
    let levels = levels.or(options.get("levels")?).unwrap_or(u32::MAX);
    options.assert_all_used()?;
    let mut flat = Vec::new();
    flatten_into(&value, levels, &mut flat)?;
    Ok(Value::from(flat))
}

fn flatten_into(value: &Value, levels: u32, flat: &mut Vec<Value>) -> Result<(), Error> {
    for item in list(value)? {
        let is_null = item.is_none() || matches!(item.as_str(), Some("None" | "null"));
        match item.kind() {
            _ if is_null => {}
            ValueKind::Seq | ValueKind::Iterable if levels > 0 => flatten_into(&item, levels - 1, flat)?,
            _ => flat.push(item),
        }
    }
    Ok(())
}

/// Each once, in the order in which they come. Python's sets have no order: sort what is written to a file.
fn in_order(a: &Value, b: Option<&Value>, keep: impl Fn(&Value) -> bool) -> Result<Value, Error> {
    let mut found: Vec<Value> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for item in list(a)?.into_iter().chain(b.map(list).transpose()?.unwrap_or_default()) {
        if keep(&item) && seen.insert(convert::text_of(&item)?) {
            found.push(item);
        }
    }
    Ok(Value::from(found))
}
