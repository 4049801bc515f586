//! Files of the roles: held against the real Ansible, and taken by the real HAProxy, Redis and Valkey.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/mod.rs"]
mod support;

#[allow(dead_code, reason = "a part of it is used here")]
#[path = "../cache/server.rs"]
mod cache_server;
mod commands;
mod expressions;
mod generate;
mod parity;
mod playbook;
mod programs;
mod roles;
mod snapshots;
mod values;
