//! Inventories: held against the real `ansible-inventory --list`, and the commands that read them.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod generate;
mod parity;
