//! Ansible's tests (`x is ...`).

use super::data::bool;
use super::{defined, test};
use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error};

pub fn add(env: &mut Environment<'_>) {
    test(env, "contains", |value: &Value, item: Value| {
        Ok::<_, Error>(match (defined(value)?.as_str(), item.as_str()) {
            (Some(text), Some(part)) => text.contains(part),
            _ => value.try_iter()?.any(|each| each == item),
        })
    });
    test(env, "truthy", |value: &Value, options: Kwargs| truthy(value, &options));
    test(env, "falsy", |value: &Value, options: Kwargs| truthy(value, &options).map(|yes| !yes));
    test(env, "all", |value: &Value| Ok::<_, Error>(value.try_iter()?.all(|each| each.is_true())));
    test(env, "any", |value: &Value| Ok::<_, Error>(value.try_iter()?.any(|each| each.is_true())));
}

fn truthy(value: &Value, options: &Kwargs) -> Result<bool, Error> {
    let convert = options.get::<Option<bool>>("convert_bool")?.unwrap_or(false);
    options.assert_all_used()?;
    let words = ["yes", "on", "1", "true", "y", "t", "no", "off", "0", "false", "n", "f"];
    if convert && value.as_str().is_some_and(|text| words.contains(&text.to_lowercase().as_str())) {
        return bool(value);
    }
    Ok(defined(value)?.is_true())
}
