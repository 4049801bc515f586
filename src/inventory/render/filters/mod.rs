//! Ansible's filters and tests that minijinja lacks or has in another way, those that are simple and sure.
//!
//! Each is there by its short name and as `ansible.builtin.NAME`.

mod data;
mod patterns;
mod tests;
mod text;

use minijinja::value::{FunctionArgs, FunctionResult};
use minijinja::{Environment, Error, ErrorKind};
use std::borrow::Cow;

/// Adds them.
pub fn add(env: &mut Environment<'_>) {
    data::add(env);
    patterns::add(env);
    text::add(env);
    tests::add(env);
}

fn filter<F, Rv, Args>(env: &mut Environment<'_>, name: &'static str, f: F)
where
    F: minijinja::functions::Function<Rv, Args> + Clone,
    Rv: FunctionResult,
    Args: for<'a> FunctionArgs<'a>,
{
    env.add_filter(name, f.clone());
    env.add_filter(format!("ansible.builtin.{name}"), f);
}

fn test<F, Rv, Args>(env: &mut Environment<'_>, name: &'static str, f: F)
where
    F: minijinja::functions::Function<Rv, Args> + Clone,
    Rv: FunctionResult,
    Args: for<'a> FunctionArgs<'a>,
{
    env.add_test(name, f.clone());
    env.add_test(format!("ansible.builtin.{name}"), f);
}

fn wrong(words: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, words)
}

/// The value, unless it is undefined.
fn defined(value: &minijinja::Value) -> Result<&minijinja::Value, Error> {
    if value.is_undefined() { Err(Error::from(ErrorKind::UndefinedError)) } else { Ok(value) }
}
