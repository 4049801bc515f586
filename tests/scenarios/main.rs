//! Small logs written by hand, each with the answer that it must get.

#![allow(clippy::unwrap_used, clippy::panic)]

mod attempts;
mod ends;
mod keys;
mod log;
#[path = "../support/mod.rs"]
mod support;
mod ways;
