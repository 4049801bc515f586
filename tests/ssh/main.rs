//! Over SSH: `metrics -i INVENTORY` alone and `cache --cache-ssh`. Logs of real sshd on loopback, whole and failing in every way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/mod.rs"]
mod support;

mod cache;
#[path = "../cache/server.rs"]
#[allow(dead_code)]
mod cache_server;
mod failures;
mod journal;
mod journald;
mod memory;
mod reading;
mod same_storm;
mod server;
mod sudo;
mod validate;
mod variables;
mod ways;
#[path = "../support/web.rs"]
#[allow(dead_code)]
mod web;
