//! `metrics -i INVENTORY` alone: logs of real sshd on loopback, whole and failing in every way.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../support/mod.rs"]
mod support;

mod failures;
mod journal;
mod reading;
mod server;
mod validate;
