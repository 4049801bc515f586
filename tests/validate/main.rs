//! `reginfra validate`: every rule by its fixtures, fixes, formats, and what it is given.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/mod.rs"]
mod support;

mod fixes;
mod fixtures;
mod formats;
mod haproxy;
mod inputs;
mod properties;
mod rules;
mod samples;
