//! Storms with known truth: what the program answers is held against what happened.

#![allow(clippy::unwrap_used, clippy::panic)]

mod capsules;
mod control;
mod fits;
mod held;
mod layouts;
mod schemas;
mod seams;
mod sosreports;
mod storms;
#[path = "../support/mod.rs"]
mod support;
