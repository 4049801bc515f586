//! Registrations in, figures out.

pub mod answer;
pub mod cache;
pub mod capsules;
pub mod distribution;
pub mod measure;
pub mod targets;
